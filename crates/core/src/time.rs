//! Durations as people write them in configuration and queries (`45s`, `5m`, `2h`, `1d`, `1w`).
//! It owns their parsing and printing and never asks what time it is.

use jiff::SignedDuration;

/// The longest duration that configuration may name: ten years, in seconds.
pub const DURATION_SECONDS_MAX: i64 = 10 * 366 * 86_400;

/// Why a text is not a duration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidDuration {
    /// The text is not a row of numbers with units.
    #[error("`{0}` is not a duration; write for example `45s`, `5m`, `2h`, `1d` or `1h30m`")]
    Form(String),
    /// The duration is beyond [`DURATION_SECONDS_MAX`].
    #[error("`{0}` is longer than ten years")]
    TooLong(String),
}

/// Reads `45s`, `5m`, `2h`, `1d`, `1w` or several of them together. A day is 24 hours and a week
/// seven of those: durations are lengths of time, not dates.
pub fn parse_duration(text: &str) -> Result<SignedDuration, InvalidDuration> {
    let form = || InvalidDuration::Form(text.chars().take(40).collect());
    let mut rest = text.trim();
    if rest.is_empty() {
        return Err(form());
    }
    let mut seconds = 0_i64;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).ok_or_else(form)?;
        let amount: i64 = rest[..digits].parse().map_err(|_| form())?;
        let unit = rest[digits..].chars().next().ok_or_else(form)?;
        let unit_seconds = match unit {
            's' => 1,
            'm' => 60,
            'h' => 3_600,
            'd' => 86_400,
            'w' => 604_800,
            _ => return Err(form()),
        };
        seconds = amount
            .checked_mul(unit_seconds)
            .and_then(|part| part.checked_add(seconds))
            .filter(|total| *total <= DURATION_SECONDS_MAX)
            .ok_or_else(|| InvalidDuration::TooLong(text.chars().take(40).collect()))?;
        rest = &rest[digits + unit.len_utf8()..];
    }
    Ok(SignedDuration::from_secs(seconds))
}

/// Prints a duration in the largest unit that holds it whole: `5m`, `90s`, `1d`. Zero is `0m`.
pub fn format_duration(duration: SignedDuration) -> String {
    let seconds = duration.as_secs();
    if seconds == 0 {
        return "0m".to_owned();
    }
    let (divisor, unit) = [(604_800, 'w'), (86_400, 'd'), (3_600, 'h'), (60, 'm')]
        .into_iter()
        .find(|(divisor, _)| seconds % divisor == 0)
        .unwrap_or((1, 's'));
    format!("{}{unit}", seconds / divisor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_written() {
        assert_eq!(parse_duration("45s"), Ok(SignedDuration::from_secs(45)));
        assert_eq!(parse_duration("1h30m"), Ok(SignedDuration::from_mins(90)));
        assert_eq!(parse_duration("1w"), Ok(SignedDuration::from_hours(168)));
        for wrong in ["", "5", "m", "5 m", "-5m", "5y", "99999999999999999999s"] {
            assert!(parse_duration(wrong).is_err(), "{wrong:?} was taken");
        }
        assert!(matches!(parse_duration("9999999d"), Err(InvalidDuration::TooLong(_))));
    }

    #[test]
    fn what_is_printed_reads_back_the_same() {
        for seconds in [0, 1, 59, 60, 90, 3_600, 5_400, 86_400, 604_800, 604_801] {
            let duration = SignedDuration::from_secs(seconds);
            assert_eq!(parse_duration(&format_duration(duration)), Ok(duration));
        }
    }
}
