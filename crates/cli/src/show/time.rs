//! Times as people say them, and as they type them.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use muster_store::org::document::text::Length;
use serde_json::Value;

/// An instant that an answer names.
pub fn instant(value: &Value) -> Option<Timestamp> {
    value.as_str()?.parse().ok()
}

/// How long ago, in one unit: `4m`.
pub fn age(now: Timestamp, at: Timestamp) -> String {
    short(now.duration_since(at))
}

/// How long, in its largest unit: `4m`.
pub fn short(length: SignedDuration) -> String {
    let seconds = length.as_secs().max(0);
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3_600 => format!("{}m", seconds / 60),
        3_600..172_800 => format!("{}h", seconds / 3_600),
        _ => format!("{}d", seconds / 86_400),
    }
}

/// How long, in its two largest units: `4m 10s`.
pub fn length(seconds: i64) -> String {
    let seconds = seconds.max(0);
    let (days, hours) = (seconds / 86_400, seconds / 3_600 % 24);
    let (minutes, rest) = (seconds / 60 % 60, seconds % 60);
    let two = |a: i64, a_unit: &str, b: i64, b_unit: &str| match b {
        0 => format!("{a}{a_unit}"),
        _ => format!("{a}{a_unit} {b}{b_unit}"),
    };
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{rest}s"),
        (0, 0, _) => two(minutes, "m", rest, "s"),
        (0, ..) => two(hours, "h", minutes, "m"),
        _ => two(days, "d", hours, "h"),
    }
}

/// An instant in the terminal's zone: `2026-11-21 04:12`.
pub fn minute(at: Timestamp) -> String {
    at.to_zoned(zone()).strftime("%Y-%m-%d %H:%M").to_string()
}

/// An instant in the terminal's zone, with the zone: `2026-11-21 04:12:04 CET`.
pub fn second(at: Timestamp) -> String {
    at.to_zoned(zone()).strftime("%Y-%m-%d %H:%M:%S %Z").to_string()
}

/// The time of an instant in the terminal's zone: `04:12:04`.
pub fn clock(at: Timestamp) -> String {
    at.to_zoned(zone()).strftime("%H:%M:%S").to_string()
}

/// An instant that an answer names, to the minute; empty where it names none.
pub fn minute_of(value: &Value) -> String {
    instant(value).map(minute).unwrap_or_default()
}

/// Reads an instant as people type it: with a zone, or in the terminal's.
///
/// # Errors
/// When it is no instant.
pub fn read(text: &str) -> Result<Timestamp, String> {
    if let Ok(at) = text.parse() {
        return Ok(at);
    }
    let local = text.trim().replacen(' ', "T", 1).parse::<DateTime>();
    let at = local.ok().and_then(|local| local.to_zoned(zone()).ok());
    at.map(|at| at.timestamp()).ok_or_else(|| {
        format!("`{text}` is not a time; write 2026-11-21T09:00 or 2026-11-21T09:00:00Z")
    })
}

/// Reads a length of time as people type it.
///
/// # Errors
/// When it is none.
pub fn read_length(text: &str) -> Result<SignedDuration, String> {
    let length: Length = text.parse().map_err(|error| format!("{error}"))?;
    if length.0.is_zero() {
        return Err("no time at all; write for example 30m, 1h or 2d".to_owned());
    }
    Ok(length.0)
}

fn zone() -> TimeZone {
    TimeZone::system()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_said_in_units_that_fit() {
        let said = |seconds| short(SignedDuration::from_secs(seconds));
        assert_eq!([said(-3), said(59), said(240), said(7_200)], ["0s", "59s", "4m", "2h"]);
        assert_eq!(said(3 * 86_400), "3d");
        assert_eq!(length(250), "4m 10s");
        assert_eq!(length(7_260), "2h 1m");
        assert_eq!(length(90_000), "1d 1h");
        assert_eq!(length(60), "1m");
    }

    #[test]
    fn times_are_read_as_people_type_them() {
        let at = read("2026-11-21T09:00:00Z").unwrap();
        assert_eq!(at.to_string(), "2026-11-21T09:00:00Z");
        assert!(read("2026-11-21 09:00").is_ok() && read("2026-11-21T09:00").is_ok());
        assert!(read("tomorrow").is_err());
        assert_eq!(read_length("1h30m").unwrap(), SignedDuration::from_mins(90));
        assert!(read_length("0s").is_err() && read_length("soon").is_err());
    }
}
