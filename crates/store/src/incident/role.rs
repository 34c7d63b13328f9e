//! The roles of an incident as they are stored: one text, empty where there is nothing to say. Its
//! form has a version, because rows outlive releases.

use jiff::Timestamp;
use muster_core::id::UserId;
use muster_core::incident::role::assignment::{Assignment, Engaged, How, Offer, Roles};
use muster_core::incident::role::boundary::Boundary;
use muster_core::incident::role::relief::Relief;
use serde::{Deserialize, Serialize};

use crate::db::{Result, StoreError};

/// The form that is written. A form that cannot be read by the version before gets a new number.
const VERSION: u32 = 1;

/// Instants are microseconds UTC.
#[derive(Serialize, Deserialize)]
struct Stored {
    version: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    declared_by: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    assignments: Vec<StoredAssignment>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    engaged: Vec<StoredEngaged>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    relief: Vec<StoredRelief>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    offers: Vec<StoredOffer>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    warned: Vec<(String, String)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    hand_over_at: Option<i64>,
}

#[derive(Serialize, Deserialize)]
struct StoredAssignment {
    role: String,
    user: String,
    since: i64,
    how: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    until: Option<i64>,
}

#[derive(Serialize, Deserialize)]
struct StoredEngaged {
    role: String,
    user: String,
    at: i64,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    paged: bool,
}

#[derive(Serialize, Deserialize)]
struct StoredRelief {
    role: String,
    asked: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    next_at: Option<i64>,
}

#[derive(Serialize, Deserialize)]
struct StoredOffer {
    role: String,
    from: String,
    to: String,
    brief: String,
    at: i64,
}

/// The stored text.
pub(super) fn write(roles: &Roles) -> String {
    if roles.is_empty() {
        return String::new();
    }
    let assignments = roles.assignments.iter().map(|one| StoredAssignment {
        role: one.role.clone(),
        user: one.user.to_string(),
        since: one.since.as_microsecond(),
        how: one.how.name().to_owned(),
        until: one.until.map(Timestamp::as_microsecond),
    });
    let engaged = roles.engaged.iter().map(|one| StoredEngaged {
        role: one.role.clone(),
        user: one.user.to_string(),
        at: one.at.as_microsecond(),
        paged: one.is_paged,
    });
    let relief = roles.relief.iter().map(|one| StoredRelief {
        role: one.role.clone(),
        asked: one.asked.iter().map(ToString::to_string).collect(),
        next_at: one.next_at.map(Timestamp::as_microsecond),
    });
    let offers = roles.offers.iter().map(|one| StoredOffer {
        role: one.role.clone(),
        from: one.from.to_string(),
        to: one.to.to_string(),
        brief: one.brief.clone(),
        at: one.at.as_microsecond(),
    });
    let warned = roles.warned.iter();
    let stored = Stored {
        version: VERSION,
        declared_by: roles.declared_by.map(|user| user.to_string()),
        assignments: assignments.collect(),
        engaged: engaged.collect(),
        relief: relief.collect(),
        offers: offers.collect(),
        warned: warned.map(|(what, who)| (what.name().to_owned(), who.to_string())).collect(),
        hand_over_at: roles.hand_over_at.map(Timestamp::as_microsecond),
    };
    serde_json::to_string(&stored).unwrap_or_default()
}

fn corrupt(why: impl std::fmt::Display) -> StoreError {
    StoreError::Corrupt(format!("unreadable roles: {why}"))
}

fn person(text: &str) -> Result<UserId> {
    text.parse().map_err(corrupt)
}

fn instant(micros: i64) -> Result<Timestamp> {
    Timestamp::from_microsecond(micros).map_err(corrupt)
}

/// The roles that a text tells of.
pub(super) fn read(text: &str) -> Result<Roles> {
    if text.is_empty() {
        return Ok(Roles::default());
    }
    let stored: Stored = serde_json::from_str(text).map_err(corrupt)?;
    let assignments = stored.assignments.into_iter().map(|one| {
        Ok(Assignment {
            user: person(&one.user)?,
            since: instant(one.since)?,
            how: How::from_name(&one.how).ok_or_else(|| corrupt("a way to come to a role"))?,
            until: one.until.map(instant).transpose()?,
            role: one.role,
        })
    });
    let engaged = stored.engaged.into_iter().map(|one| {
        let (user, at) = (person(&one.user)?, instant(one.at)?);
        Ok(Engaged { role: one.role, user, at, is_paged: one.paged })
    });
    let relief = stored.relief.into_iter().map(|one| {
        let asked = one.asked.iter().map(|user| person(user)).collect::<Result<_>>()?;
        Ok(Relief { role: one.role, asked, next_at: one.next_at.map(instant).transpose()? })
    });
    let offers = stored.offers.into_iter().map(|one| {
        let (from, to, at) = (person(&one.from)?, person(&one.to)?, instant(one.at)?);
        Ok(Offer { role: one.role, from, to, brief: one.brief, at })
    });
    let warned = stored.warned.iter().map(|(what, who)| {
        let what = Boundary::from_name(what).ok_or_else(|| corrupt("a boundary"))?;
        Ok((what, person(who)?))
    });
    Ok(Roles {
        declared_by: stored.declared_by.as_deref().map(person).transpose()?,
        assignments: assignments.collect::<Result<_>>()?,
        engaged: engaged.collect::<Result<_>>()?,
        relief: relief.collect::<Result<_>>()?,
        offers: offers.collect::<Result<_>>()?,
        warned: warned.collect::<Result<_>>()?,
        hand_over_at: stored.hand_over_at.map(instant).transpose()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOLDEN_V1: &str = include_str!("golden/roles-v1.json");

    #[test]
    fn what_the_first_release_wrote_is_read_and_written_back() {
        let roles = read(GOLDEN_V1.trim()).unwrap();
        assert_eq!((roles.assignments.len(), roles.held().count()), (2, 1));
        assert_eq!((roles.engaged.len(), roles.offers.len(), roles.warned.len()), (1, 1, 1));
        assert!(roles.declared_by.is_some() && roles.next_at().is_some());
        assert_eq!(write(&roles), GOLDEN_V1.trim());
    }

    #[test]
    fn nobody_takes_no_room_and_what_cannot_be_read_is_said() {
        assert_eq!(write(&Roles::default()), "");
        assert_eq!(read("").unwrap(), Roles::default());
        for text in ["{", r#"{"version":1,"warned":[["loud","x"]]}"#] {
            assert!(matches!(read(text), Err(StoreError::Corrupt(_))), "{text}");
        }
    }
}
