//! Checklists in a file.

use muster_core::incident::checklist::{ITEMS_MAX, Seen, WORDS_CHARS_MAX};
use muster_store::org::document::checklist::{Checklist, Item};
use muster_store::org::document::text::short;

use super::super::read::Cursor;

pub fn checklist(cursor: Cursor<'_>) -> Checklist {
    let fields = cursor.fields(&["name", "title", "role", "services", "items"]);
    Checklist {
        name: fields.name("name"),
        title: fields.optional("title").map(|title| title.checked(check_words)),
        role: fields.optional_name("role"),
        services: fields.list("services", |service| service.name()),
        items: fields.optional("items").map(|items| {
            let read = items.list(item);
            if read.len() > ITEMS_MAX {
                items.note(format!("a checklist has at most {ITEMS_MAX} items"));
            }
            read
        }),
    }
}

fn item(cursor: Cursor<'_>) -> Item {
    let fields = cursor.fields(&["id", "text", "ticks_on", "repeats"]);
    Item {
        id: fields.name("id"),
        text: fields.required("text").map(|text| text.checked(check_words)).unwrap_or_default(),
        ticks_on: fields.optional("ticks_on").map(|what| what.checked(check_seen)),
        repeats: fields.optional("repeats").and_then(|flag| flag.flag()).unwrap_or(false),
    }
}

fn check_seen(text: &str) -> Result<(), String> {
    if Seen::from_name(text).is_some() {
        return Ok(());
    }
    let known: Vec<_> = Seen::NAMES.iter().map(|(_, name)| format!("`{name}`")).collect();
    Err(format!("`{}` is nothing that Muster sees; it sees {}", short(text), known.join(", ")))
}

fn check_words(text: &str) -> Result<(), String> {
    if text.trim().is_empty() {
        return Err("this is blank".to_owned());
    }
    if text.chars().count() > WORDS_CHARS_MAX {
        return Err(format!("this is longer than {WORDS_CHARS_MAX} characters"));
    }
    Ok(())
}
