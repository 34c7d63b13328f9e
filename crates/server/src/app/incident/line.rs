//! An incident in one line, as people write it in a chat or as the subject of a letter:
//! `sev2 on checkout: card payments fail`. The title alone is enough.

use muster_core::id::ServiceId;
use muster_core::incident::severity::Level;
use muster_core::org::directory::Directory;

/// What a line declares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Declared<'a> {
    /// How bad it is, if it says so.
    pub severity: Option<Level>,
    /// What is affected, if it says so.
    pub service: Option<ServiceId>,
    /// What is wrong; never empty.
    pub title: &'a str,
}

/// Takes a line apart.
///
/// # Errors
/// In words, where it says nothing or names what does not exist.
pub fn read<'a>(directory: &Directory, text: &'a str) -> Result<Declared<'a>, String> {
    let mut declared = Declared { severity: None, service: None, title: text.trim() };
    if let Some((word, rest)) = first_word(declared.title)
        && let Some(number) = word.to_lowercase().strip_prefix("sev").map(ToOwned::to_owned)
        && let Ok(number) = number.parse::<u8>()
    {
        let level = Level::new(number).filter(|level| directory.knows_severity(*level));
        let Some(level) = level else { return Err(format!("There is no severity {number}.")) };
        (declared.severity, declared.title) = (Some(level), rest);
    }
    if let Some((on, rest)) = first_word(declared.title)
        && on.eq_ignore_ascii_case("on")
        && let Some((name, rest)) = first_word(rest)
    {
        let plain = name.trim_end_matches(':');
        match directory.services.named(plain) {
            Some(service) => (declared.service, declared.title) = (Some(service.id), rest),
            // `on Monday nobody could pay` is a title; `on chekout: nobody can pay` is a slip.
            None if plain.len() < name.len() => {
                return Err(format!("There is no service {plain}."));
            }
            None => {}
        }
    }
    if declared.title.is_empty() {
        return Err("Say what is wrong: sev2 on checkout: card payments fail.".to_owned());
    }
    Ok(declared)
}

/// The first word and what comes after it.
fn first_word(text: &str) -> Option<(&str, &str)> {
    let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    (!word.is_empty()).then_some((word, rest.trim_start()))
}
