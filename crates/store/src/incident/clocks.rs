//! The clocks of an incident as they are stored: one text, empty while none of them has anything to
//! say. Its form has a version, because rows outlive releases.

use jiff::Timestamp;
use muster_core::id::{ServiceId, TeamId, UserId};
use muster_core::incident::clocks::{Clocks, engage, management, rotation, second_set, silence};
use muster_core::incident::roster::{self, Health, Stay};
use serde::{Deserialize, Serialize};

use crate::db::{Result, StoreError};

/// The form that is written. A form that cannot be read by the version before gets a new number.
const VERSION: u32 = 1;

#[derive(Serialize, Deserialize)]
struct Stored {
    version: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    management: Option<Management>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rotation: Option<Rotation>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    awaited: Vec<Awaited>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    present: Vec<Present>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    second_set_at: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    silence: Option<Silence>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    missing: Vec<String>,
}

/// Instants are microseconds UTC here and below.
#[derive(Serialize, Deserialize)]
struct Management {
    #[serde(default)]
    rung: u32,
    /// None once the top was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    next_at: Option<i64>,
}

#[derive(Serialize, Deserialize)]
struct Rotation {
    leg: String,
    turn: u32,
    due_at: i64,
}

#[derive(Serialize, Deserialize)]
struct Silence {
    since: i64,
    due_at: i64,
}

#[derive(Serialize, Deserialize)]
struct Awaited {
    user: String,
    paged_at: i64,
    due_at: i64,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    late: bool,
}

#[derive(Serialize, Deserialize)]
struct Present {
    user: String,
    at: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    paged_at: Option<i64>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    late: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    team: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    checks: Vec<Check>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    release: Option<Release>,
}

#[derive(Serialize, Deserialize)]
struct Check {
    service: String,
    health: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    note: Option<String>,
    at: i64,
}

#[derive(Serialize, Deserialize)]
struct Release {
    at: i64,
    by: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    waived: Option<String>,
}

fn check(check: &roster::Check) -> Check {
    Check {
        service: check.service.to_string(),
        health: check.health.name().to_owned(),
        note: check.note.clone(),
        at: check.at.as_microsecond(),
    }
}

fn release(release: &roster::Release) -> Release {
    Release {
        at: release.at.as_microsecond(),
        by: release.by.clone(),
        waived: release.waived.clone(),
    }
}

/// The stored text.
pub(super) fn write(clocks: &Clocks) -> String {
    if *clocks == Clocks::default() {
        return String::new();
    }
    let management = match clocks.management {
        management::State::Idle => None,
        management::State::Climbing { rung, next_at } => {
            Some(Management { rung, next_at: Some(next_at.as_microsecond()) })
        }
        management::State::Ended => Some(Management { rung: 0, next_at: None }),
    };
    let rotation = match clocks.rotation {
        rotation::State::Idle => None,
        rotation::State::Running { leg, turn, due_at } => {
            Some(Rotation { leg: leg.name().to_owned(), turn, due_at: due_at.as_microsecond() })
        }
    };
    let awaited = clocks.engage.awaited.iter().map(|one| Awaited {
        user: one.user.to_string(),
        paged_at: one.paged_at.as_microsecond(),
        due_at: one.due_at.as_microsecond(),
        late: one.is_late,
    });
    let present = clocks.engage.present.iter().map(|one| Present {
        user: one.user.to_string(),
        at: one.at.as_microsecond(),
        paged_at: one.paged_at.map(Timestamp::as_microsecond),
        late: one.is_late,
        team: one.stay.team.map(|team| team.to_string()),
        checks: one.stay.checks.iter().map(check).collect(),
        release: one.stay.release.as_ref().map(release),
    });
    let stored = Stored {
        version: VERSION,
        management,
        rotation,
        awaited: awaited.collect(),
        present: present.collect(),
        second_set_at: clocks.second_set.next_at().map(Timestamp::as_microsecond),
        silence: match clocks.silence {
            silence::State::Idle => None,
            silence::State::Listening { since, due_at } => {
                Some(Silence { since: since.as_microsecond(), due_at: due_at.as_microsecond() })
            }
        },
        missing: clocks.missing.iter().map(ToString::to_string).collect(),
    };
    serde_json::to_string(&stored).unwrap_or_default()
}

/// The clocks that a text tells of.
pub(super) fn read(text: &str) -> Result<Clocks> {
    if text.is_empty() {
        return Ok(Clocks::default());
    }
    let corrupt = |why: String| StoreError::Corrupt(format!("unreadable clocks: {why}"));
    let stored: Stored = serde_json::from_str(text).map_err(|error| corrupt(error.to_string()))?;
    let at =
        |micros| Timestamp::from_microsecond(micros).map_err(|error| corrupt(error.to_string()));
    let management = match stored.management {
        None => management::State::Idle,
        Some(Management { rung, next_at: Some(next_at) }) => {
            management::State::Climbing { rung, next_at: at(next_at)? }
        }
        Some(Management { next_at: None, .. }) => management::State::Ended,
    };
    let rotation = match stored.rotation {
        None => rotation::State::Idle,
        Some(Rotation { leg, turn, due_at }) => {
            let known = rotation::Leg::from_name(&leg);
            let leg = known.ok_or_else(|| corrupt(format!("a leg `{leg}`")))?;
            rotation::State::Running { leg, turn, due_at: at(due_at)? }
        }
    };
    let user = |text: &str| text.parse::<UserId>().map_err(|error| corrupt(error.to_string()));
    let awaited = stored.awaited.into_iter().map(|one| {
        let (paged_at, due_at) = (at(one.paged_at)?, at(one.due_at)?);
        Ok(engage::Awaited { user: user(&one.user)?, paged_at, due_at, is_late: one.late })
    });
    let present = stored.present.into_iter().map(|one| {
        let paged_at = one.paged_at.map(at).transpose()?;
        let stay = stay(&one)?;
        let (user, at) = (user(&one.user)?, at(one.at)?);
        Ok(engage::Present { user, at, paged_at, is_late: one.late, stay })
    });
    let engage = engage::State {
        awaited: awaited.collect::<Result<_>>()?,
        present: present.collect::<Result<_>>()?,
    };
    let second_set = match stored.second_set_at {
        None => second_set::State::Idle,
        Some(micros) => second_set::State::Waiting { at: at(micros)? },
    };
    let silence = match stored.silence {
        None => silence::State::Idle,
        Some(Silence { since, due_at }) => {
            silence::State::Listening { since: at(since)?, due_at: at(due_at)? }
        }
    };
    let missing = stored.missing.iter().map(|text| user(text)).collect::<Result<_>>()?;
    Ok(Clocks { management, rotation, engage, second_set, silence, missing })
}

fn stay(one: &Present) -> Result<Stay> {
    let corrupt = |why: String| StoreError::Corrupt(format!("unreadable clocks: {why}"));
    let at =
        |micros| Timestamp::from_microsecond(micros).map_err(|error| corrupt(error.to_string()));
    let team = one.team.as_ref().map(|team| team.parse::<TeamId>()).transpose();
    let checks = one.checks.iter().map(|check| {
        let service = check.service.parse::<ServiceId>();
        let health = Health::from_name(&check.health);
        Ok(roster::Check {
            service: service.map_err(|error| corrupt(error.to_string()))?,
            health: health.ok_or_else(|| corrupt(format!("a health `{}`", check.health)))?,
            note: check.note.clone(),
            at: at(check.at)?,
        })
    });
    let checks = checks.collect::<Result<_>>()?;
    let release = one.release.as_ref().map(|release| {
        let (by, waived) = (release.by.clone(), release.waived.clone());
        Ok::<_, StoreError>(roster::Release { at: at(release.at)?, by, waived })
    });
    let team = team.map_err(|error| corrupt(error.to_string()))?;
    Ok(Stay { team, checks, release: release.transpose()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOLDEN_V1: &str = include_str!("golden/clocks-v1.json");

    #[test]
    fn what_the_first_release_wrote_is_read_and_written_back() {
        let clocks = read(GOLDEN_V1.trim()).unwrap();
        assert!(matches!(clocks.management, management::State::Climbing { rung: 1, .. }));
        assert_eq!(clocks.engage.present.len(), 1);
        assert_eq!(write(&clocks), GOLDEN_V1.trim());
    }

    #[test]
    fn clocks_that_do_not_run_take_no_room() {
        assert_eq!(write(&Clocks::default()), "");
        assert_eq!(read("").unwrap(), Clocks::default());
    }

    #[test]
    fn a_stay_with_its_health_checks_and_its_end_is_read_back() {
        let text = concat!(
            r#"{"version":1,"present":[{"user":"usr_00000000000000000000000000000001","#,
            r#""at":1700000000000000,"team":"team_00000000000000000000000000000002","#,
            r#""checks":[{"service":"svc_00000000000000000000000000000003","health":"degraded","#,
            r#""note":"slow","at":1700000060000000}],"#,
            r#""release":{"at":1700000120000000,"by":"bo"}}]}"#
        );
        let clocks = read(text).unwrap();
        let stay = &clocks.engage.present[0].stay;
        assert_eq!(stay.checks[0].health, Health::Degraded);
        assert!(!clocks.engage.present[0].is_here());
        assert_eq!(write(&clocks), text);
    }

    #[test]
    fn a_chain_that_has_ended_stays_ended() {
        let ended = Clocks { management: management::State::Ended, ..Clocks::default() };
        assert_eq!(read(&write(&ended)).unwrap(), ended);
    }

    #[test]
    fn a_record_that_is_listened_to_is_read_back() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let (since, due_at) = (at(1_795_230_000), at(1_795_231_800));
        let silence = silence::State::Listening { since, due_at };
        let clocks = Clocks { silence, ..Clocks::default() };
        assert_eq!(read(&write(&clocks)).unwrap(), clocks);
    }

    #[test]
    fn what_cannot_be_read_is_said_and_not_guessed() {
        for text in ["{", r#"{"version":1,"rotation":{"leg":"x","turn":0,"due_at":0}}"#] {
            assert!(matches!(read(text), Err(StoreError::Corrupt(_))), "{text}");
        }
    }
}
