//! Whom a change touches along the dependencies, and when they hear of it (`X13`): whoever answers for a
//! service that cannot work without the changed one is told once a day what touches them, and at once
//! what does so within 24 hours. Instead of an avalanche, everybody chooses. Who is on the list of the
//! changed service itself hears each time, and is none of this file's.

use std::collections::{BTreeSet, HashMap};

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::id::{ServiceId, TeamId, UserId};
use crate::oncall::alias::{self, Alias, Line};
use crate::oncall::list::NotificationList;
use crate::org::dependency;
use crate::org::directory::Directory;

/// How soon a change touches somebody that they are told of at once.
pub const SOON: SignedDuration = SignedDuration::from_hours(24);
/// The hour of the reader's day at which the digest comes.
pub const DIGEST_HOUR: i8 = 8;
/// What the name of a service's list of changes ends with.
const LIST_SUFFIX: &str = "-change-notify";

/// How somebody wants to hear of changes to what their services need.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Wish {
    /// Not at all.
    Off,
    /// Once a day, and at once what is soon.
    #[default]
    Digest,
    /// Each as it is known.
    AtOnce,
}

names!(Wish { Off = "off", Digest = "digest", AtOnce = "at_once" });

/// What is told of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum News {
    /// The reader is asked to agree.
    Asked,
    /// The same again.
    Reminded,
    /// Somebody disagreed.
    Rejected,
    /// It stands in the calendar.
    Scheduled,
    /// Its time is another one.
    Moved,
    /// It became emergent.
    Emergent,
    /// Something is in its way.
    Blocked,
    /// It goes on all the same.
    Overridden,
    /// It began.
    Started,
    /// It is taken back.
    Aborted,
    /// It is done.
    Finished,
    /// It will not be done.
    Cancelled,
    /// Its time passed.
    Expired,
}

names!(News {
    Asked = "asked",
    Reminded = "reminded",
    Rejected = "rejected",
    Scheduled = "scheduled",
    Moved = "moved",
    Emergent = "emergent",
    Blocked = "blocked",
    Overridden = "overridden",
    Started = "started",
    Aborted = "aborted",
    Finished = "finished",
    Cancelled = "cancelled",
    Expired = "expired",
});

impl News {
    /// What a change does, after its name.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Asked => "waits for you",
            Self::Reminded => "still waits for you",
            Self::Rejected => "was rejected",
            Self::Scheduled => "is scheduled",
            Self::Moved => "was moved",
            Self::Emergent => "is emergent",
            Self::Blocked => "is held up",
            Self::Overridden => "goes on although something is in its way",
            Self::Started => "has begun",
            Self::Aborted => "is taken back",
            Self::Finished => "is done",
            Self::Cancelled => "was cancelled",
            Self::Expired => "expired",
        }
    }

    /// Whether whoever is on the list of the changed service hears of it.
    pub fn is_for_lists(self) -> bool {
        matches!(
            self,
            Self::Scheduled
                | Self::Moved
                | Self::Started
                | Self::Aborted
                | Self::Finished
                | Self::Cancelled
                | Self::Expired
        )
    }

    /// Whether it takes back what was announced, so that it is news only to whoever heard that.
    pub fn is_correction(self) -> bool {
        matches!(self, Self::Moved | Self::Cancelled | Self::Expired)
    }

    /// Whether it touches neighbours: what is announced and taken back, and what begins without ever
    /// having been announced.
    pub fn is_for_neighbours(self, was_announced: bool) -> bool {
        match self {
            Self::Scheduled => true,
            Self::Started => !was_announced,
            Self::Moved | Self::Cancelled | Self::Expired => was_announced,
            _ => false,
        }
    }
}

/// Why somebody hears of the changes to what a service needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Because {
    /// Their team owns it.
    Team(TeamId),
    /// They are on call for it when the change begins.
    OnCall,
    /// They are on its list of changes.
    Subscribed,
}

/// Somebody whom a change touches along the dependencies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reader {
    /// Who.
    pub user: UserId,
    /// Why.
    pub because: Because,
    /// From the service that is theirs to the changed one, each depending on the next.
    pub path: Vec<ServiceId>,
}

/// When somebody is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Telling {
    /// Never.
    Nothing,
    /// Now.
    AtOnce,
    /// With the digest of then.
    Digest(Timestamp),
}

/// The name of a service's list of changes.
pub fn list_name(service: &str) -> String {
    format!("{service}{LIST_SUFFIX}")
}

/// The service in what has the form of such a name.
pub fn service_in(list: &str) -> Option<&str> {
    list.strip_suffix(LIST_SUFFIX).filter(|service| !service.is_empty())
}

/// The lists of changes of these services, each once.
pub fn lists(
    directory: &Directory,
    services: impl Iterator<Item = ServiceId>,
) -> Vec<&NotificationList> {
    let wanted: BTreeSet<_> = services.collect();
    let lists = directory.change_lists.iter();
    lists.filter(|list| list.services.iter().any(|id| wanted.contains(id))).collect()
}

/// Whom a change to `changed` that begins `at` touches along the dependencies, each once and by the
/// shortest way, but for those `besides`: the teams, those on call and the subscribers of what cannot
/// work without the changed services, up to [`dependency::STEPS_MAX`] steps away.
pub fn readers(
    directory: &Directory,
    changed: &[ServiceId],
    at: Timestamp,
    besides: &BTreeSet<UserId>,
) -> Vec<Reader> {
    let mut paths: Vec<Vec<ServiceId>> = Vec::new();
    for service in changed {
        paths.extend(ways_to(directory, *service));
    }
    paths.sort_by_key(Vec::len);
    let mut known = besides.clone();
    let mut services: BTreeSet<ServiceId> = changed.iter().copied().collect();
    let mut found = Vec::new();
    for path in paths {
        let Some(own) = path.first().filter(|id| services.insert(**id)) else { continue };
        for (user, because) in answers_for(directory, *own, at) {
            if known.insert(user) {
                found.push(Reader { user, because, path: path.clone() });
            }
        }
    }
    found
}

/// From everything that cannot work without a service, the way to it.
fn ways_to(directory: &Directory, service: ServiceId) -> Vec<Vec<ServiceId>> {
    let around = dependency::downstream(directory, service);
    let via: HashMap<_, _> = around.iter().map(|one| (one.service, one.via)).collect();
    let way = |from: ServiceId| {
        let mut path = vec![from];
        let mut last = from;
        // Each is one step nearer, so this ends at the service itself.
        while let Some(next) = via.get(&last) {
            path.push(*next);
            last = *next;
        }
        path
    };
    around.iter().map(|one| way(one.service)).collect()
}

/// Whoever answers for a service, the nearest reason first.
fn answers_for(directory: &Directory, service: ServiceId, at: Timestamp) -> Vec<(UserId, Because)> {
    let Some(service) = directory.services.get(service) else { return Vec::new() };
    let lists = lists(directory, std::iter::once(service.id)).into_iter();
    let subscribed =
        lists.flat_map(NotificationList::people).map(|user| (user, Because::Subscribed));
    let mut all: Vec<_> = subscribed.collect();
    for line in [Line::Primary, Line::Secondary] {
        let alias = Alias { service: service.name.clone(), line };
        let people = alias::resolve(directory, &alias, at).unwrap_or_default();
        all.extend(people.into_iter().map(|user| (user, Because::OnCall)));
    }
    if let Some(team) = service.team.and_then(|team| directory.teams.get(team)) {
        let people = team.members.iter().copied().chain(team.manager);
        all.extend(people.map(|user| (user, Because::Team(team.id))));
    }
    all
}

/// When somebody's next digest is: at [`DIGEST_HOUR`] by their clock, on a day of theirs that had none.
/// On the day on which clocks change that is as long away as that day is.
pub fn digest_at(last: Option<Timestamp>, zone: &TimeZone, now: Timestamp) -> Timestamp {
    let today = day(now, zone);
    let had = last.map(|at| day(at, zone)).filter(|had| *had >= today);
    let first = had.map_or(today, |had| had.tomorrow().unwrap_or(had));
    let morning = |day: Date| {
        let at = day.at(DIGEST_HOUR, 0, 0, 0).to_zoned(zone.clone()).ok()?;
        Some(at.timestamp()).filter(|at| *at > now)
    };
    // Only at the end of time is there no morning.
    morning(first)
        .or_else(|| morning(first.tomorrow().ok()?))
        .unwrap_or_else(|| now.checked_add(SOON).unwrap_or(Timestamp::MAX))
}

/// Whether somebody has had a digest on this day of theirs.
pub fn had_one_today(last: Option<Timestamp>, zone: &TimeZone, now: Timestamp) -> bool {
    last.is_some_and(|last| day(last, zone) >= day(now, zone))
}

fn day(at: Timestamp, zone: &TimeZone) -> Date {
    at.to_zoned(zone.clone()).date()
}

/// When somebody is told of a change that touches them at that time, or what was said of a time before:
/// the earlier of both. Exactly 24 hours is soon, and so is what begins before their next digest.
pub fn telling(
    wish: Wish,
    touches_at: Option<Timestamp>,
    last: Option<Timestamp>,
    zone: &TimeZone,
    now: Timestamp,
) -> Telling {
    match wish {
        Wish::Off => Telling::Nothing,
        Wish::AtOnce => Telling::AtOnce,
        Wish::Digest => {
            let digest = digest_at(last, zone, now);
            let soon = now.checked_add(SOON).unwrap_or(Timestamp::MAX).max(digest);
            match touches_at {
                Some(at) if at <= soon => Telling::AtOnce,
                _ => Telling::Digest(digest),
            }
        }
    }
}

#[cfg(test)]
mod tests;
