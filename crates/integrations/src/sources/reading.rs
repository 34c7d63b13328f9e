//! What every source does alike: instants as clients write them, keys of a bounded length, and the
//! last touch that makes a signal fit to be stored.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::Offset;
use muster_core::alerting::signal::{DEDUP_KEY_BYTES_MAX, Link, SIGNALS_PER_MESSAGE_MAX, Signal};
use muster_core::id::uuid_v7;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::Arrival;

/// Numbers from here on are milliseconds since 1970, smaller ones are seconds.
const EPOCH_MILLIS_MIN: i64 = 100_000_000_000;
/// How much of a long key is kept in front of its digest, in bytes.
const KEY_PREFIX_BYTES: usize = 400;

/// The instant that a client wrote. A time without a zone is in UTC; the year 1, with which some
/// clients say "none", is nothing.
pub fn instant(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    let at = text
        .parse::<Timestamp>()
        .ok()
        .or_else(|| Timestamp::strptime("%Y-%m-%dT%H:%M:%S%.f%z", text).ok())
        .or_else(|| {
            let local: DateTime = text.parse().ok()?;
            Offset::UTC.to_timestamp(local).ok()
        })?;
    (at.to_zoned(jiff::tz::TimeZone::UTC).year() > 1).then_some(at)
}

/// The instant in a JSON value: a text, or seconds or milliseconds since 1970.
pub fn instant_of(value: &Value) -> Option<Timestamp> {
    match value {
        Value::String(text) => instant(text),
        Value::Number(number) => {
            #[expect(clippy::cast_possible_truncation, reason = "a fraction of a second is noise")]
            let whole = number.as_i64().or_else(|| number.as_f64().map(|real| real as i64))?;
            if whole >= EPOCH_MILLIS_MIN {
                Timestamp::from_millisecond(whole).ok()
            } else {
                Timestamp::from_second(whole).ok()
            }
        }
        _ => None,
    }
}

/// A key of bounded length: a long one keeps its beginning and is told apart by a digest.
pub fn bounded_key(key: &str) -> String {
    if key.len() <= DEDUP_KEY_BYTES_MAX {
        return key.to_owned();
    }
    let end = (0..=KEY_PREFIX_BYTES).rev().find(|at| key.is_char_boundary(*at)).unwrap_or(0);
    format!("{}…sha256:{}", &key[..end], hex(&Sha256::digest(key)))
}

/// A key for a signal that came without one; `at` is its place in the message.
pub fn invented_key(arrival: &Arrival<'_>, at: usize) -> String {
    let mut chance = arrival.chance;
    for (byte, place) in chance.iter_mut().rev().zip(at.to_le_bytes()) {
        *byte ^= place;
    }
    random_key(arrival.now, chance)
}

/// A key of that instant and chance.
pub fn random_key(now: Timestamp, chance: [u8; 10]) -> String {
    uuid_v7(now, chance).to_string()
}

/// The key of a set of labels, the same in any order.
pub fn key_of_labels(labels: &[(String, String)]) -> String {
    let mut sorted: Vec<_> = labels.iter().collect();
    sorted.sort();
    let mut digest = Sha256::new();
    for (name, value) in sorted {
        for part in [name, value] {
            digest.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_le_bytes());
            digest.update(part);
        }
    }
    hex(&digest.finalize()[..16])
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The signals fit to be stored: keys and fields within their limits, no zero characters (which one
/// of the stores cannot hold), and a mark where the message carried more signals than it may.
pub fn finished(mut signals: Vec<Signal>, carried: usize) -> Vec<Signal> {
    let left_out = carried.saturating_sub(SIGNALS_PER_MESSAGE_MAX);
    if left_out > 0
        && let Some(last) = signals.last_mut()
    {
        last.details.insert("signals_left_out".to_owned(), Value::from(left_out));
    }
    signals.into_iter().map(fitting).collect()
}

fn fitting(mut signal: Signal) -> Signal {
    for text in [
        &mut signal.dedup_key,
        &mut signal.summary,
        &mut signal.severity,
        &mut signal.source,
        &mut signal.component,
        &mut signal.group,
        &mut signal.class,
    ] {
        drop_zeros(text);
    }
    for (name, value) in &mut signal.labels {
        drop_zeros(name);
        drop_zeros(value);
    }
    for Link { href, text } in &mut signal.links {
        drop_zeros(href);
        drop_zeros(text);
    }
    signal.dedup_key = bounded_key(&signal.dedup_key);
    if let Some(key) = &mut signal.group_key {
        drop_zeros(key);
        *key = bounded_key(key);
    }
    signal.details = without_zeros(std::mem::take(&mut signal.details));
    signal.within_limits()
}

fn drop_zeros(text: &mut String) {
    if text.contains('\0') {
        *text = text.replace('\0', "\u{fffd}");
    }
}

fn without_zeros(object: Map<String, Value>) -> Map<String, Value> {
    object
        .into_iter()
        .map(|(mut name, mut value)| {
            drop_zeros(&mut name);
            drop_zeros_within(&mut value);
            (name, value)
        })
        .collect()
}

fn drop_zeros_within(value: &mut Value) {
    match value {
        Value::String(text) => drop_zeros(text),
        Value::Array(items) => items.iter_mut().for_each(drop_zeros_within),
        Value::Object(object) => *object = without_zeros(std::mem::take(object)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
