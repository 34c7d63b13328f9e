//! Instants and periods that clients ask about. A `+` that a client left as it is in a query becomes
//! a blank there, and is read as the `+` it was meant as.

use jiff::{SignedDuration, Timestamp};

use super::error::ApiError;
use super::word::Instant;

/// The instant that a client wrote into `path`.
///
/// # Errors
/// When it is not RFC 3339.
pub fn instant(path: &str, written: &Instant) -> Result<Timestamp, ApiError> {
    let text = written.0.trim().replace(' ', "+");
    text.parse().map_err(|_| {
        ApiError::field(path, "must be an instant such as 2026-11-21T03:12:04Z (RFC 3339)")
    })
}

/// The instant that a client wrote into `path`, or else `otherwise`.
///
/// # Errors
/// When it is not RFC 3339.
pub fn instant_or(
    path: &str,
    written: Option<&Instant>,
    otherwise: Timestamp,
) -> Result<Timestamp, ApiError> {
    written.map_or(Ok(otherwise), |written| instant(path, written))
}

/// The period from `from` up to, but not at, `to`; of the length `usual` where an end is left open.
///
/// # Errors
/// When an end is not RFC 3339, or they are the wrong way round, or further apart than `longest`.
pub fn period(
    from: Option<&Instant>,
    to: Option<&Instant>,
    (usual, longest): (SignedDuration, SignedDuration),
    otherwise: impl FnOnce() -> (Timestamp, Timestamp),
) -> Result<(Timestamp, Timestamp), ApiError> {
    let from = from.map(|from| instant("from", from)).transpose()?;
    let to = to.map(|to| instant("to", to)).transpose()?;
    let (from, to) = match (from, to) {
        (Some(from), Some(to)) => (from, to),
        (Some(from), None) => (from, from.saturating_add(usual).unwrap_or(Timestamp::MAX)),
        (None, Some(to)) => (to.saturating_sub(usual).unwrap_or(Timestamp::MIN), to),
        (None, None) => otherwise(),
    };
    if from > to {
        return Err(ApiError::field("to", "must not be before `from`"));
    }
    if to.duration_since(from) > longest {
        let days = longest.as_hours() / 24;
        return Err(ApiError::field("from", format!("must be at most {days} days before `to`")));
    }
    Ok((from, to))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &str) -> Instant {
        Instant(text.to_owned())
    }

    #[test]
    fn an_offset_survives_a_query() {
        let utc: Timestamp = "2026-11-21T03:12:04Z".parse().unwrap();
        for text in
            ["2026-11-21T03:12:04Z", "2026-11-21T04:12:04 01:00", "2026-11-21T04:12:04+01:00"]
        {
            assert_eq!(instant("at", &written(text)).unwrap(), utc, "{text}");
        }
        assert!(instant("at", &written("yesterday")).is_err());
        assert!(instant("at", &written("2026-11-21")).is_err());
    }

    #[test]
    fn a_period_has_two_ends_in_order_and_is_bounded() {
        let day = SignedDuration::from_hours(24);
        let now: Timestamp = "2026-11-21T00:00:00Z".parse().unwrap();
        let ask = |from: Option<&str>, to: Option<&str>| {
            let (from, to) = (from.map(written), to.map(written));
            period(from.as_ref(), to.as_ref(), (day, day * 7), || (now - day, now))
        };
        assert_eq!(ask(None, None).unwrap(), (now - day, now));
        assert_eq!(ask(Some("2026-11-20T00:00:00Z"), None).unwrap(), (now - day, now));
        assert_eq!(ask(None, Some("2026-11-21T00:00:00Z")).unwrap(), (now - day, now));
        assert!(ask(Some("2026-11-21T00:00:00Z"), Some("2026-11-20T00:00:00Z")).is_err());
        assert!(ask(Some("2026-11-01T00:00:00Z"), Some("2026-11-20T00:00:00Z")).is_err());
    }
}
