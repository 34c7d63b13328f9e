//! The demonstration's organisation: the file beside this one, with dates that fit today.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, Timestamp};

/// Who the visitor is: an administrator who is on call for checkout.
pub const VISITOR: &str = "ana";

const TEMPLATE: &str = include_str!("organization.yaml");
const ZONE: &str = "Europe/Berlin";

/// The configuration for a demonstration that begins at `now`, with phones at that address.
///
/// # Errors
/// When the calendar ends.
pub fn yaml(now: Timestamp, phones: &str) -> anyhow::Result<String> {
    let local = now.to_zoned(TimeZone::get(ZONE)?);
    // Two people take turns, so after four weeks it is the first one's turn again, since three days.
    let week = local.date().checked_sub(Span::new().days(3 + 28))?;
    // The day's shift ends in about five hours; ten days before, it was the same person's.
    let shift_end = local.checked_add(SignedDuration::from_hours(5))?;
    let day = shift_end.date().checked_sub(Span::new().days(1 + 10))?;
    Ok(TEMPLATE
        .replace("PHONES", phones)
        .replace("WEEKDAY", &week.strftime("%a").to_string())
        .replace("WEEK_START", &week.to_string())
        .replace("SHIFT_END", &format!("{:02}:00", shift_end.hour()))
        .replace("DAY_START", &day.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use muster_core::oncall::schedule::on_call_at;
    use muster_server::app::org::config::{self, Surroundings};

    #[test]
    fn whenever_the_demonstration_begins_the_visitor_is_on_call() {
        for now in ["2026-11-21T03:00:00Z", "2026-03-29T00:30:00Z", "2026-10-25T23:30:00Z"] {
            let now: Timestamp = now.parse().unwrap();
            let text = yaml(now, "http://127.0.0.1:9").unwrap();
            let wanted = config::check(&text, None).unwrap_or_else(|found| panic!("{found:#?}"));
            let around = Surroundings { now, environment: &|_| None };
            let plan = config::plan_alone(&wanted, &around).unwrap();
            for (schedule, person) in [("payments-primary", VISITOR), ("platform-primary", "fay")] {
                let schedule = plan.directory.schedules.named(schedule).unwrap();
                let shifts = on_call_at(schedule, now);
                let on_call = plan.directory.users.get(shifts[0].user).unwrap();
                assert_eq!(on_call.name, person, "{now}");
            }
            assert!(plan.warnings.is_empty(), "{:?}", plan.warnings);
        }
    }
}
