//! Status pages in a file.

use std::collections::BTreeMap;

use muster_core::incident::severity::Level;
use muster_core::incident::status_page::{
    COMPONENTS_MAX, DESCRIPTION_CHARS_MAX, State, TITLE_CHARS_MAX, Visibility,
};
use muster_store::org::document::status_page::{Component, StatusPage};
use muster_store::org::document::text::short;

use super::super::read::Cursor;

/// The longest slug, in characters.
const SLUG_CHARS_MAX: usize = 60;
/// What addresses under `/status/` mean something else.
const RESERVED: [&str; 2] = ["subscription", "style.css"];

pub fn status_page(cursor: Cursor<'_>) -> StatusPage {
    let fields = cursor.fields(&[
        "name",
        "slug",
        "title",
        "description",
        "visibility",
        "timezone",
        "shows",
        "automatic",
        "components",
    ]);
    let page = StatusPage {
        name: fields.name("name"),
        slug: fields.optional("slug").map(|slug| slug.checked(check_slug)),
        title: fields.optional("title").map(|title| title.checked(check_title)),
        description: fields.optional("description").map(|text| text.checked(check_description)),
        visibility: fields.optional("visibility").map(|word| word.checked(check_visibility)),
        timezone: fields.parsed("timezone"),
        shows: fields.optional("shows").map(shows),
        automatic: fields.optional("automatic").and_then(|flag| flag.flag()).unwrap_or(false),
        components: fields.list("components", component),
    };
    if page.components.len() > COMPONENTS_MAX {
        fields.note_at("components", format!("a page has at most {COMPONENTS_MAX} components"));
    }
    if page.slug.is_none()
        && !page.name.is_empty()
        && let Err(why) = check_slug(&page.name)
    {
        fields.note_at("slug", format!("{why}; a page whose name is no address needs a `slug`"));
    }
    page
}

fn component(cursor: Cursor<'_>) -> Component {
    let fields = cursor.fields(&["name", "group", "description", "services"]);
    let name = fields.required("name").map(|name| name.checked(check_title));
    Component {
        name: name.unwrap_or_default(),
        group: fields.optional("group").map(|group| group.checked(check_title)),
        description: fields.optional("description").map(|text| text.checked(check_description)),
        services: fields.list("services", |service| service.name()),
    }
}

fn shows(cursor: Cursor<'_>) -> BTreeMap<String, String> {
    let entries = cursor.entries().into_iter();
    entries
        .map(|(level, state)| {
            if level.parse().ok().and_then(Level::new).is_none() {
                state.note(format!("`{}` is not the level of a severity", short(level)));
            }
            (level.to_owned(), state.checked(check_state))
        })
        .collect()
}

fn check_slug(text: &str) -> Result<(), String> {
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if RESERVED.contains(&text) {
        return Err(format!("`{text}` is an address of Muster's own"));
    }
    let is_address = text.chars().all(is_plain) && !text.starts_with('-') && !text.ends_with('-');
    if is_address && (1..=SLUG_CHARS_MAX).contains(&text.len()) {
        return Ok(());
    }
    Err(format!(
        "`{}` is no address: write 1 to {SLUG_CHARS_MAX} of a to z, 0 to 9 and `-`",
        short(text)
    ))
}

fn check_title(text: &str) -> Result<(), String> {
    if text.trim().is_empty() || text.chars().count() > TITLE_CHARS_MAX {
        return Err(format!(
            "`{}` is no title: write 1 to {TITLE_CHARS_MAX} characters",
            short(text)
        ));
    }
    Ok(())
}

fn check_description(text: &str) -> Result<(), String> {
    if text.chars().count() > DESCRIPTION_CHARS_MAX {
        return Err(format!("this is longer than {DESCRIPTION_CHARS_MAX} characters"));
    }
    Ok(())
}

fn check_visibility(text: &str) -> Result<(), String> {
    let known = || Visibility::NAMES.iter().map(|(_, name)| format!("`{name}`"));
    check_word(text, Visibility::from_name(text).is_some(), known())
}

fn check_state(text: &str) -> Result<(), String> {
    let meant = |state: &State| !matches!(state, State::UnderMaintenance);
    let known = State::NAMES.iter().filter(|(state, _)| meant(state));
    let is_known = State::from_name(text).is_some_and(|state| meant(&state));
    check_word(text, is_known, known.map(|(_, name)| format!("`{name}`")))
}

fn check_word(
    text: &str,
    is_known: bool,
    known: impl Iterator<Item = String>,
) -> Result<(), String> {
    if is_known {
        return Ok(());
    }
    let known: Vec<_> = known.collect();
    Err(format!("`{}` is not one of {}", short(text), known.join(", ")))
}
