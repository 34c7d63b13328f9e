//! Lists: paged by a cursor that stands for the last item seen, never by an offset, so that what is
//! added in the meantime neither repeats nor hides anything.

use std::collections::BTreeMap;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use utoipa::openapi::schema::ArrayItems;
use utoipa::openapi::{Ref, RefOr, Schema};
use utoipa::{IntoParams, ToSchema};

use super::error::ApiError;

/// How many items a list has unless asked otherwise.
const LIMIT_DEFAULT: u32 = 50;
/// The most items of one answer.
pub const LIMIT_MAX: u32 = 500;
/// The longest cursor that is looked at, in bytes.
const CURSOR_BYTES_MAX: usize = 1_024;

/// Which part of a list.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Paging {
    /// How many items at most: 1 to 500, 50 unless given.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u32>,
    /// Where the last part ended, from its `next`.
    cursor: Option<String>,
}

/// Which part of a list, narrowed by a query.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Search {
    /// What to look for: `state:open sev:<=2 service:checkout "words of the title"`.
    pub q: Option<String>,
    /// How many items at most: 1 to 500, 50 unless given.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u32>,
    /// Where the last part ended, from its `next`.
    cursor: Option<String>,
}

impl Search {
    /// The part that is asked for.
    pub fn paging(&self) -> Paging {
        Paging { limit: self.limit, cursor: self.cursor.clone() }
    }
}

impl Paging {
    /// The part that a longer query asks for.
    pub fn new(limit: Option<u32>, cursor: Option<String>) -> Self {
        Self { limit, cursor }
    }

    /// How many items are asked for.
    ///
    /// # Errors
    /// When it is beyond the limits.
    pub fn limit(&self) -> Result<u32, ApiError> {
        let limit = self.limit.unwrap_or(LIMIT_DEFAULT);
        if (1..=LIMIT_MAX).contains(&limit) {
            return Ok(limit);
        }
        Err(ApiError::field("limit", format!("must be from 1 to {LIMIT_MAX}")))
    }

    /// The same, with at most `most` items where more are asked for.
    #[must_use]
    pub fn at_most(mut self, most: u32) -> Self {
        self.limit =
            self.limit.map(|limit| if limit <= LIMIT_MAX { limit.min(most) } else { limit });
        self
    }

    /// One more than is asked for, which shows whether there is a next part.
    ///
    /// # Errors
    /// When it is beyond the limits.
    pub fn limit_and_one(&self) -> Result<i64, ApiError> {
        Ok(i64::from(self.limit()?) + 1)
    }

    /// The key of the last item seen.
    ///
    /// # Errors
    /// When the cursor is not one of this list's.
    pub fn after<K: FromStr>(&self) -> Result<Option<K>, ApiError> {
        let Some(cursor) = self.cursor.as_deref().filter(|cursor| !cursor.is_empty()) else {
            return Ok(None);
        };
        let key = (cursor.len() <= CURSOR_BYTES_MAX)
            .then(|| URL_SAFE_NO_PAD.decode(cursor).ok())
            .flatten()
            .and_then(|bytes| String::from_utf8(bytes).ok())
            .and_then(|key| key.parse().ok());
        match key {
            Some(key) => Ok(Some(key)),
            None => Err(ApiError::field("cursor", "is not a cursor of this list")),
        }
    }

    /// A list of rows that were read with [`Paging::limit_and_one`]; `key` names the place of a row.
    ///
    /// # Errors
    /// When the limit is beyond the limits.
    pub fn list<R, T, K: ToString>(
        &self,
        mut rows: Vec<R>,
        key: impl Fn(&R) -> K,
        item: impl FnMut(R) -> T,
    ) -> Result<List<T>, ApiError> {
        let limit = usize::try_from(self.limit()?).unwrap_or(usize::MAX);
        let more = rows.len() > limit;
        rows.truncate(limit);
        let last = rows.last().filter(|_| more);
        let next = last.map(|row| URL_SAFE_NO_PAD.encode(key(row).to_string()));
        Ok(List { items: rows.into_iter().map(item).collect(), next })
    }

    /// The part that is asked for of rows that are all at hand, in the order of `key`.
    ///
    /// # Errors
    /// When the limit or the cursor is wrong.
    pub fn part<R, T, K: ToString + FromStr + PartialOrd>(
        &self,
        rows: impl IntoIterator<Item = R>,
        key: impl Fn(&R) -> K,
        item: impl FnMut(R) -> T,
    ) -> Result<List<T>, ApiError> {
        let after: Option<K> = self.after()?;
        let limit = usize::try_from(self.limit_and_one()?).unwrap_or(usize::MAX);
        let rows = rows
            .into_iter()
            .filter(|row| after.as_ref().is_none_or(|after| key(row) > *after))
            .take(limit)
            .collect();
        self.list(rows, key, item)
    }
}

/// A part of a list.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct List<T> {
    /// The items of this part.
    pub items: Vec<T>,
    /// The cursor of the next part; null at the end.
    #[schema(required)]
    pub next: Option<String>,
}

impl<T> List<T> {
    /// A list that is whole.
    pub fn whole(items: Vec<T>) -> Self {
        Self { items, next: None }
    }
}

/// Names the items of lists in the API's description instead of spelling them out in each list, so
/// that what is made of it knows that an item of a list is the same thing as one by itself.
pub(super) fn name_items(schemas: &mut BTreeMap<String, RefOr<Schema>>) {
    let mut found = Vec::new();
    for (name, schema) in schemas.iter_mut() {
        let Some(of) = name.strip_prefix("List_") else { continue };
        let RefOr::T(Schema::Object(list)) = schema else { continue };
        let Some(RefOr::T(Schema::Array(array))) = list.properties.get_mut("items") else {
            continue;
        };
        if let ArrayItems::RefOrSchema(item) = &mut array.items {
            let spelled_out = std::mem::replace(&mut **item, Ref::from_schema_name(of).into());
            found.push((of.to_owned(), spelled_out));
        }
    }
    for (name, schema) in found {
        schemas.entry(name).or_insert(schema);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(limit: Option<u32>, cursor: Option<String>) -> Paging {
        Paging { limit, cursor }
    }

    #[test]
    fn walking_by_the_cursor_sees_every_item_once() {
        let mut seen = Vec::new();
        let mut cursor = None;
        loop {
            let part = asked(Some(3), cursor).part(1..=10_i64, |n| *n, |n| n).unwrap();
            seen.extend(part.items);
            cursor = part.next;
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(seen, (1..=10).collect::<Vec<_>>());
    }

    #[test]
    fn a_limit_or_cursor_out_of_bounds_is_a_clear_error() {
        assert!(asked(Some(0), None).limit().is_err());
        assert!(asked(Some(501), None).limit().is_err());
        for wrong in ["!", "bm8", "____"] {
            let asked = asked(None, Some(wrong.to_owned()));
            assert!(asked.after::<i64>().is_err(), "{wrong}");
        }
    }
}
