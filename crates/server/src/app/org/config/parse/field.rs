//! Custom fields of incidents in a file (`T2`).

use muster_core::incident::field::{
    ANY, CHOICE_CHARS_MAX, CHOICES_MAX, DESCRIPTION_CHARS_MAX, Kind, NAME_CHARS_MAX, NONE,
    REQUIRED_FOR, TITLE_CHARS_MAX, is_name,
};
use muster_core::incident::lifecycle::Status;
use muster_core::words::fold;
use muster_store::org::document::field::Field;
use muster_store::org::document::text::short;

use super::super::read::{Cursor, Fields};

pub fn field(cursor: Cursor<'_>) -> Field {
    let fields = cursor.fields(&["name", "title", "description", "kind", "choices", "required"]);
    let kind = fields.optional("kind").map(|kind| kind.checked(check_kind));
    let holds_choice = kind.as_deref() == Some(Kind::Choice.name());
    Field {
        name: fields.required("name").map(|name| name.checked(check_name)).unwrap_or_default(),
        title: line(&fields, "title", TITLE_CHARS_MAX),
        description: line(&fields, "description", DESCRIPTION_CHARS_MAX),
        choices: choices(&fields, holds_choice),
        required: fields.optional("required").map(|status| status.checked(check_required)),
        kind,
    }
}

fn choices(fields: &Fields<'_>, wanted: bool) -> Vec<String> {
    let choices = fields.list("choices", |choice| choice.checked(check_choice));
    if !wanted {
        if !choices.is_empty() {
            fields.note_at("choices", "only a field of the kind `choice` has choices");
        }
        return Vec::new();
    }
    if choices.is_empty() || choices.len() > CHOICES_MAX {
        fields.note_at("choices", format!("a choice is one of 1 to {CHOICES_MAX} words"));
    }
    let mut folded: Vec<_> = choices.iter().map(|choice| fold(choice)).collect();
    folded.sort();
    if let Some(pair) = folded.windows(2).find(|pair| pair[0] == pair[1]) {
        fields.note_at("choices", format!("`{}` is here twice", short(&pair[0])));
    }
    choices
}

fn line(fields: &Fields<'_>, name: &str, chars_max: usize) -> Option<String> {
    let text = fields.optional(name).map(|text| {
        text.checked(|text| {
            if text.chars().count() > chars_max {
                return Err(format!("this is longer than {chars_max} characters"));
            }
            Ok(())
        })
    });
    text.filter(|text| !text.trim().is_empty())
}

fn check_name(text: &str) -> Result<(), String> {
    if is_name(text) {
        return Ok(());
    }
    Err(format!(
        "`{}` cannot be the name of a field: use at most {NAME_CHARS_MAX} small letters, digits, `_` \
         and `-`, a letter first",
        short(text)
    ))
}

fn check_kind(text: &str) -> Result<(), String> {
    if Kind::from_name(text).is_some() {
        return Ok(());
    }
    let known: Vec<_> = Kind::NAMES.iter().map(|(_, name)| *name).collect();
    Err(format!(
        "`{}` is nothing that a field holds; it is one of {}",
        short(text),
        known.join(", ")
    ))
}

fn check_required(text: &str) -> Result<(), String> {
    if Status::from_name(text).is_some_and(|status| REQUIRED_FOR.contains(&status)) {
        return Ok(());
    }
    let known = REQUIRED_FOR.map(Status::name).join(", ");
    Err(format!("a field is required for one of {known}, and `{}` is none of them", short(text)))
}

fn check_choice(text: &str) -> Result<(), String> {
    let length = text.chars().count();
    let is_line = text.trim() == text && !text.chars().any(char::is_control);
    if !is_line || !(1..=CHOICE_CHARS_MAX).contains(&length) {
        return Err(format!("a choice is a line of 1 to {CHOICE_CHARS_MAX} characters"));
    }
    if text.contains(',') {
        return Err("a choice has no comma, by which a search separates values".to_owned());
    }
    if [ANY, NONE].contains(&fold(text).as_str()) {
        return Err(format!("a search says `{text}` for something else; use another word"));
    }
    Ok(())
}
