//! Audiences in a file.

use jiff::SignedDuration;
use muster_core::incident::role::WORDS_CHARS_MAX;
use muster_core::incident::update::{CLOSEST, SILENT_MAX};
use muster_store::org::document::audience::{Audience, CHAIN, COVERING, To};
use muster_store::org::document::organization::Clock;
use muster_store::org::document::text::{Length, short};

use super::super::read::Cursor;
use super::escalation::place;
use crate::app::incident::draft;

/// The most channels of one audience.
const CHANNELS_MAX: usize = 20;
/// The shortest pace that can be configured.
const CLOSEST_MIN: SignedDuration = SignedDuration::from_mins(1);
/// The longest silence that can be configured.
const SILENT_MAX_MAX: SignedDuration = SignedDuration::from_hours(7 * 24);

pub fn audience(cursor: Cursor<'_>) -> Audience {
    let fields = cursor.fields(&[
        "name",
        "title",
        "lead",
        "to",
        "status_pages",
        "channels",
        "closest",
        "silent_max",
        "reviewed",
        "wording",
    ]);
    let audience = Audience {
        name: fields.name("name"),
        title: fields.optional("title").map(|title| title.checked(check_title)),
        lead: fields.optional("lead").map(|lead| match lead.is_word("none") {
            true => Clock::NONE,
            false => Clock::Runs(lead.name()),
        }),
        to: fields.optional("to").map(to),
        status_pages: fields.optional("status_pages").map(|pages| pages.list(|page| page.name())),
        channels: fields.optional("channels").map(|channels| {
            let list = channels.list(place);
            if list.len() > CHANNELS_MAX {
                channels.note(format!("there are at most {CHANNELS_MAX} channels here"));
            }
            list
        }),
        closest: fields.optional("closest").and_then(length),
        silent_max: fields.optional("silent_max").and_then(length),
        reviewed: fields.optional("reviewed").and_then(|flag| flag.flag()),
        wording: fields.optional("wording").map(|wording| wording.checked(draft::check)),
    };
    let of = |length: &Option<Length>, usual| length.as_ref().map_or(usual, |length| length.0);
    if of(&audience.closest, CLOSEST) > of(&audience.silent_max, SILENT_MAX) {
        cursor.note("`closest` must not be longer than `silent_max`: nobody could keep that pace");
    }
    audience
}

fn to(cursor: Cursor<'_>) -> To {
    if let Some(word) = [COVERING, CHAIN].into_iter().find(|word| cursor.is_word(word)) {
        return To::Word(word.to_owned());
    }
    To::Lists(cursor.list(|list| list.name()))
}

fn length(cursor: Cursor<'_>) -> Option<Length> {
    let length: Length = cursor.parsed()?;
    if (CLOSEST_MIN..=SILENT_MAX_MAX).contains(&length.0) {
        return Some(length);
    }
    cursor.note("this must be from 1m to 7d");
    None
}

fn check_title(text: &str) -> Result<(), String> {
    if text.trim().is_empty() || text.chars().count() > WORDS_CHARS_MAX {
        return Err(format!(
            "`{}` is no title: write 1 to {WORDS_CHARS_MAX} characters",
            short(text)
        ));
    }
    Ok(())
}
