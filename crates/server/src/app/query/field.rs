//! What people look for in custom fields (`T2`): `field.cause:deploy`, `field.users_hit:>100`,
//! `field.cause:none`.

use muster_core::incident::field::{self, ANY, Field, Kind, NONE};
use muster_core::org::directory::Directory;
use muster_core::query::{Comparison, NotUnderstood};
use muster_store::incident::field::{Match, Wanted};

use super::term::Term;
use crate::app::incident::field::known;

/// The values that a term looks for; nothing where its key is no field's.
pub(super) fn wanted(
    directory: &Directory,
    term: &Term<'_>,
) -> Result<Option<Wanted>, NotUnderstood> {
    let Some(name) = term.key.strip_prefix("field.") else { return Ok(None) };
    let field = directory.field(name).ok_or_else(|| {
        let message = format!("there is no field `{name}`; {}", known(directory));
        NotUnderstood::at(term.position, message)
    })?;
    let wanted = |value, negated| Wanted { field: field.name.clone(), value, negated };
    let value = match (term.comparison, term.value) {
        (Comparison::Is, ANY) => return Ok(Some(wanted(Match::Any, term.negated))),
        (Comparison::Is, NONE) => return Ok(Some(wanted(Match::Any, !term.negated))),
        (Comparison::Is, _) => equal(directory, field, term)?,
        (comparison, text) if field.kind.is_ordered() => {
            let value = field::read(directory, field, text).map_err(|no| term.wrong(no.why))?;
            match value.number {
                Some(number) => Match::Number(comparison, number),
                None => Match::Text(comparison, value.text),
            }
        }
        _ => return Err(term.wrong("only numbers and days are compared with < and >")),
    };
    Ok(Some(wanted(value, term.negated)))
}

fn equal(directory: &Directory, field: &Field, term: &Term<'_>) -> Result<Match, NotUnderstood> {
    if field.kind == Kind::Text {
        return Ok(Match::Says(term.each(|text| Ok(text.to_owned()))?));
    }
    let values = term.each(|text| match field::read(directory, field, text) {
        Ok(value) => Ok(value.text),
        // Somebody who left, or a word that is no choice any more, may stand on old incidents.
        Err(_) if matches!(field.kind, Kind::Person | Kind::Choice) => Ok(text.to_owned()),
        Err(no) => Err(no.why),
    })?;
    Ok(Match::OneOf(values))
}
