//! A term of a query with its place, and the small things that every reading of one needs.

use muster_core::query::{Comparison, NotUnderstood, Part, Says};
use muster_store::search::Kind;

use super::key;

/// The most values after one key, separated by commas.
const VALUES_MAX: usize = 50;

/// A term with its place, for complaints.
pub(super) struct Term<'a> {
    pub(super) position: usize,
    pub(super) negated: bool,
    pub(super) key: &'a str,
    pub(super) comparison: Comparison,
    pub(super) value: &'a str,
}

impl<'a> Term<'a> {
    /// The term of a part; words are put aside.
    pub(super) fn of(
        part: &'a Part,
        words: &mut Vec<String>,
    ) -> Result<Option<Self>, NotUnderstood> {
        let Part { position, negated, says } = part;
        match says {
            Says::Words(_) if *negated => {
                let message = "words cannot be excluded; only `-key:value` can";
                Err(NotUnderstood::at(*position, message))
            }
            Says::Words(text) if muster_core::words::words(text).is_empty() => {
                let message = format!("`{text}` has neither a letter nor a digit to look for");
                Err(NotUnderstood::at(*position, message))
            }
            Says::Words(text) => {
                words.push(text.clone());
                Ok(None)
            }
            Says::Term { key, comparison, value } => Ok(Some(Self {
                position: *position,
                negated: *negated,
                key,
                comparison: *comparison,
                value,
            })),
        }
    }

    pub(super) fn wrong(&self, why: impl std::fmt::Display) -> NotUnderstood {
        let message = format!("`{}:{}`: {why}", self.key, self.value);
        NotUnderstood::at(self.position, message)
    }

    /// The complaint that a key means nothing among these.
    pub(super) fn unknown(&self, kind: Kind) -> NotUnderstood {
        let known: Vec<_> = key::of(kind).map(|key| key.name).collect();
        let message = match key::named(self.key) {
            Some(key) => format!(
                "`{}` narrows {}, not {}; use {}",
                self.key,
                key.kinds_in_words(),
                key::in_words(kind),
                known.join(", ")
            ),
            None => format!("`{}` is nothing to search by; use {}", self.key, known.join(", ")),
        };
        NotUnderstood::at(self.position, message)
    }

    /// The value, compared for equality.
    pub(super) fn is(&self) -> Result<&'a str, NotUnderstood> {
        match self.comparison {
            Comparison::Is => Ok(self.value),
            _ => Err(self.wrong(
                "only `sev`, `age` and fields of numbers or days are compared with < and >",
            )),
        }
    }

    /// Refuses a minus.
    pub(super) fn plain(&self) -> Result<(), NotUnderstood> {
        if self.negated { Err(self.wrong("this key cannot be excluded")) } else { Ok(()) }
    }

    /// Each of the values that commas separate.
    pub(super) fn each<T>(
        &self,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Result<Vec<T>, NotUnderstood> {
        let values: Vec<_> = self.is()?.split(',').collect();
        if values.len() > VALUES_MAX {
            return Err(self.wrong(format!("at most {VALUES_MAX} values")));
        }
        values.into_iter().map(|value| read(value.trim()).map_err(|why| self.wrong(why))).collect()
    }
}

pub(super) fn set<T: PartialEq>(
    place: &mut Option<T>,
    term: &Term<'_>,
    value: T,
) -> Result<(), NotUnderstood> {
    if place.as_ref().is_some_and(|known| *known != value) {
        return Err(term.wrong(format!("`{}` was given before with another value", term.key)));
    }
    *place = Some(value);
    Ok(())
}

pub(super) fn narrow<T: PartialEq>(place: &mut Option<Vec<T>>, these: Vec<T>) {
    match place {
        Some(known) => known.retain(|one| these.contains(one)),
        None => *place = Some(these),
    }
}

pub(super) fn named<T: Copy>(name: &str, names: &[(T, &'static str)]) -> Result<T, String> {
    let found = names.iter().find(|(_, known)| known.eq_ignore_ascii_case(name));
    found.map(|(value, _)| *value).ok_or_else(|| {
        let known: Vec<_> = names.iter().map(|(_, name)| *name).collect();
        format!("use one of {}", known.join(", "))
    })
}
