//! Checklists (`C1`, `C2`): what must not be forgotten, a list for each role, seen by everybody. An
//! item is ticked by a person or, where it says so, by itself as soon as the timeline tells of the
//! thing. What ticks by itself is read off the timeline and never stored, so that a list that appears
//! late has everything that already happened; what people did by hand is a [`Mark`].

use std::sync::LazyLock;

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::timeline::Kind;
use crate::id::{ServiceId, UserId};

/// The most items of one list.
pub const ITEMS_MAX: usize = 100;
/// The longest text of an item and of a note, in characters.
pub const WORDS_CHARS_MAX: usize = 500;
/// The most marks that one incident remembers.
pub const MARKS_MAX: usize = 1_000;

/// A thing that Muster sees happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Seen {
    /// The incident was opened or declared.
    Opened,
    /// Somebody was paged.
    Paged,
    /// A place or a list was told.
    Notified,
    /// Somebody joined.
    CheckedIn,
    /// Somebody was asked beyond those who were asked first.
    Escalated,
    /// Somebody has it.
    Acknowledged,
    /// The severity changed.
    SeverityChanged,
    /// Somebody came to a role.
    RoleAssigned,
    /// A role was handed over.
    HandedOver,
    /// The cause is known.
    CauseIdentified,
    /// Customers are well again.
    ServiceRestored,
    /// It is over.
    Resolved,
    /// It was reviewed.
    Closed,
}

names!(Seen {
    Opened = "opened",
    Paged = "paged",
    Notified = "notified",
    CheckedIn = "checked_in",
    Escalated = "escalated",
    Acknowledged = "acknowledged",
    SeverityChanged = "severity_changed",
    RoleAssigned = "role_assigned",
    HandedOver = "handed_over",
    CauseIdentified = "cause_identified",
    ServiceRestored = "service_restored",
    Resolved = "resolved",
    Closed = "closed",
});

impl Seen {
    /// The kinds of entries that may tell of it.
    pub const KINDS: [Kind; 18] = [
        Kind::Declared,
        Kind::Opened,
        Kind::Paged,
        Kind::Told,
        Kind::UpdateSent,
        Kind::GroupEngaged,
        Kind::CheckedIn,
        Kind::Escalated,
        Kind::StepEntered,
        Kind::ManagementAsked,
        Kind::HelpAsked,
        Kind::Acknowledged,
        Kind::SeverityChanged,
        Kind::RoleAssigned,
        Kind::StatusChanged,
        Kind::Resolved,
        Kind::Reopened,
        Kind::Merged,
    ];

    /// Whether an entry tells of it.
    pub fn is_told_by(self, kind: Kind, data: &Map<String, Value>) -> bool {
        let moved_to =
            |status: &str| kind == Kind::StatusChanged && data.get("to") == Some(&status.into());
        let number = |name: &str| data.get(name).and_then(Value::as_i64).unwrap_or(1);
        match self {
            Self::Opened => matches!(kind, Kind::Declared | Kind::Opened),
            Self::Paged => kind == Kind::Paged,
            Self::Notified => matches!(kind, Kind::Told | Kind::GroupEngaged | Kind::UpdateSent),
            Self::CheckedIn => kind == Kind::CheckedIn,
            Self::Escalated => match kind {
                Kind::Escalated | Kind::ManagementAsked | Kind::HelpAsked => true,
                Kind::StepEntered => number("step") > 1 || number("round") > 1,
                _ => false,
            },
            Self::Acknowledged => kind == Kind::Acknowledged,
            Self::SeverityChanged => kind == Kind::SeverityChanged,
            Self::RoleAssigned => kind == Kind::RoleAssigned,
            Self::HandedOver => {
                kind == Kind::RoleAssigned && data.get("how") == Some(&"handed_over".into())
            }
            Self::CauseIdentified => moved_to("identified"),
            Self::ServiceRestored => moved_to("restored") || kind == Kind::Resolved,
            Self::Resolved => kind == Kind::Resolved,
            Self::Closed => moved_to("closed"),
        }
    }
}

/// A list of what must not be forgotten.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checklist {
    /// Unique.
    pub name: String,
    /// For people.
    pub title: String,
    /// The name of the role that goes through it; everybody where there is none.
    pub role: Option<String>,
    /// The services that it is for; any where there is none.
    pub services: Vec<ServiceId>,
    /// In order.
    pub items: Vec<Item>,
}

/// One thing that must not be forgotten.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Unique within its list.
    pub id: String,
    /// In words.
    pub text: String,
    /// What ticks it by itself.
    pub ticks_on: Option<Seen>,
    /// Whether each time counts.
    pub repeats: bool,
}

impl Checklist {
    /// The lists that every organisation has (`C2`).
    pub fn defaults() -> Vec<Self> {
        DEFAULTS.clone()
    }

    /// What is left out of a configuration is as in the default list of the name.
    pub fn default_of(name: &str) -> Option<&'static Self> {
        DEFAULTS.iter().find(|list| list.name == name)
    }

    /// Whether it is for a service.
    pub fn is_for(&self, service: ServiceId) -> bool {
        self.services.is_empty() || self.services.contains(&service)
    }
}

static DEFAULTS: LazyLock<Vec<Checklist>> = LazyLock::new(|| {
    let by_hand = |id: &str, text: &str| Item {
        id: id.to_owned(),
        text: text.to_owned(),
        ticks_on: None,
        repeats: false,
    };
    let seen = |id: &str, text: &str, seen| Item { ticks_on: Some(seen), ..by_hand(id, text) };
    let each = |id: &str, text: &str, what| Item { repeats: true, ..seen(id, text, what) };
    let list = |name: &str, title: &str, role: Option<&str>, items| Checklist {
        name: name.to_owned(),
        title: title.to_owned(),
        role: role.map(ToOwned::to_owned),
        services: Vec::new(),
        items,
    };
    vec![
        list(
            "front-line",
            "Front line",
            Some("front-line"),
            vec![
                seen("discovered", "The trouble was discovered", Seen::Opened),
                seen("ticket", "The incident is open", Seen::Opened),
                seen("first-engagement", "Somebody was engaged first", Seen::Paged),
                seen("first-notification", "The first notification went out", Seen::Notified),
                each("notification", "Each later notification went out", Seen::Notified),
                each("join", "Each who joined is written down", Seen::CheckedIn),
                each("escalation", "Each escalation was sent", Seen::Escalated),
                by_hand("contacts", "What customers report is written down"),
            ],
        ),
        list(
            "incident-lead",
            "Incident lead",
            Some("incident-lead"),
            vec![
                by_hand("scope", "Scope and impact are known"),
                seen("roles", "Roles are assigned", Seen::RoleAssigned),
                by_hand("channel", "Everybody knows the one place to talk"),
                each("escalation", "Whoever is missing was escalated to", Seen::Escalated),
                seen("cause", "The cause is identified", Seen::CauseIdentified),
                seen("restored", "The service is restored", Seen::ServiceRestored),
                seen("resolved", "It is tested and signed off", Seen::Resolved),
                by_hand("postmortem", "Postmortem and action items are assigned"),
            ],
        ),
        list(
            "resolver",
            "Resolver",
            Some("technical-lead"),
            vec![
                seen("joined", "You checked in", Seen::CheckedIn),
                by_hand("health", "The health of your own service is known"),
                by_hand("changes", "What changed lately was looked through"),
                by_hand("rollback", "A rollback was considered"),
                seen("cause", "The cause is identified", Seen::CauseIdentified),
                by_hand("verified", "The fix was verified, and can be taken back"),
                seen("restored", "The service is restored", Seen::ServiceRestored),
            ],
        ),
    ]
});

/// What somebody did to an item by hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// The list's name.
    pub list: String,
    /// The item.
    pub item: String,
    /// When.
    pub at: Timestamp,
    /// Who; a token that belongs to no person has none.
    pub user: Option<UserId>,
    /// What they were called then.
    pub name: String,
    /// Whether it is done, or not any more.
    pub is_done: bool,
    /// What they wrote besides.
    pub note: Option<String>,
}

/// What people did to the lists of one incident.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Marks {
    /// In order.
    pub marks: Vec<Mark>,
    /// Which prompts who does not want to see.
    pub dismissed: Vec<(String, UserId)>,
}

/// Something that was seen, with what the caller knows it by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Occurrence<E> {
    /// When.
    pub at: Timestamp,
    /// The entry's kind.
    pub kind: Kind,
    /// The entry's data.
    pub data: Map<String, Value>,
    /// The entry.
    pub entry: E,
}

/// Who ticked an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum By<E> {
    /// A person or a token.
    Hand {
        /// The person.
        user: Option<UserId>,
        /// What they were called then.
        name: String,
    },
    /// Muster, because of an entry.
    Muster(E),
}

/// How far an item is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress<E> {
    /// When it was ticked: the first time, or the last for one that repeats.
    pub at: Timestamp,
    /// By whom.
    pub by: By<E>,
    /// What they wrote besides.
    pub note: Option<String>,
    /// How often; one, unless it repeats.
    pub count: usize,
}

impl Marks {
    /// How far an item is; `None` while it is not done. What was seen up to the moment in which
    /// somebody took the tick back does not count any more.
    pub fn progress<E: Clone>(
        &self,
        list: &str,
        item: &Item,
        seen: &[Occurrence<E>],
    ) -> Option<Progress<E>> {
        let of_item = |mark: &&Mark| mark.list == list && mark.item == item.id;
        let undone = self.marks.iter().filter(of_item).rfind(|mark| !mark.is_done);
        let undone_at = undone.map(|mark| mark.at);
        let after = undone.map_or(0, |undone| {
            self.marks.iter().position(|mark| std::ptr::eq(mark, undone)).map_or(0, |at| at + 1)
        });
        let by_hand = self.marks[after..].iter().filter(of_item).map(|mark| Progress {
            at: mark.at,
            by: By::Hand { user: mark.user, name: mark.name.clone() },
            note: mark.note.clone(),
            count: 1,
        });
        let told = seen.iter().filter(|one| {
            item.ticks_on.is_some_and(|what| what.is_told_by(one.kind, &one.data))
                && undone_at.is_none_or(|undone| one.at > undone)
        });
        let by_itself = told.map(|one| Progress {
            at: one.at,
            by: By::Muster(one.entry.clone()),
            note: None,
            count: 1,
        });
        let mut all: Vec<Progress<E>> = by_hand.chain(by_itself).collect();
        all.sort_by_key(|one| one.at);
        let count = all.len();
        match item.repeats {
            true => all.pop().map(|last| Progress { count, ..last }),
            false => all.into_iter().next(),
        }
    }

    /// Whether nobody did anything.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Writes down what somebody did; the oldest go where there is no room.
    pub fn add(&mut self, mark: Mark) {
        if self.marks.len() >= MARKS_MAX {
            self.marks.remove(0);
        }
        self.marks.push(mark);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    const ANA: UserId = UserId(Uuid::from_u128(1));

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(60 * minute).unwrap()
    }

    fn seen(minute: i64, kind: Kind, data: Value) -> Occurrence<i64> {
        let data = data.as_object().cloned().unwrap_or_default();
        Occurrence { at: at(minute), kind, data, entry: minute }
    }

    fn item(ticks_on: Option<Seen>, repeats: bool) -> Item {
        Item { id: "x".into(), text: "X".into(), ticks_on, repeats }
    }

    fn mark(minute: i64, is_done: bool) -> Mark {
        Mark {
            list: "lead".into(),
            item: "x".into(),
            at: at(minute),
            user: Some(ANA),
            name: "ana".into(),
            is_done,
            note: None,
        }
    }

    #[test]
    fn an_item_is_ticked_by_what_is_seen_and_each_time_counts_where_it_repeats() {
        let joins = [
            seen(1, Kind::CheckedIn, Value::Null),
            seen(4, Kind::CheckedIn, Value::Null),
            seen(5, Kind::Note, Value::Null),
        ];
        let marks = Marks::default();
        let once = marks.progress("lead", &item(Some(Seen::CheckedIn), false), &joins).unwrap();
        assert_eq!((once.at, once.by, once.count), (at(1), By::Muster(1), 1));
        let each = marks.progress("lead", &item(Some(Seen::CheckedIn), true), &joins).unwrap();
        assert_eq!((each.at, each.by, each.count), (at(4), By::Muster(4), 2));
        assert_eq!(marks.progress("lead", &item(Some(Seen::Resolved), false), &joins), None);
        assert_eq!(marks.progress("lead", &item(None, false), &joins), None);
    }

    #[test]
    fn a_tick_that_is_taken_back_counts_no_more_until_it_happens_again() {
        let item = item(Some(Seen::CheckedIn), true);
        let joins = [seen(1, Kind::CheckedIn, Value::Null), seen(9, Kind::CheckedIn, Value::Null)];
        let mut marks = Marks::default();
        marks.add(mark(2, true));
        assert_eq!(marks.progress("lead", &item, &joins[..1]).unwrap().count, 2);
        marks.add(mark(3, false));
        assert_eq!(marks.progress("lead", &item, &joins[..1]), None);
        assert_eq!(marks.progress("lead", &item, &joins).unwrap().by, By::Muster(9));
        marks.add(mark(3, true));
        let again = marks.progress("lead", &item, &joins[..1]).unwrap();
        assert_eq!((again.count, again.at), (1, at(3)), "a tick in the same moment counts");
        assert_eq!(marks.progress("other", &item, &[] as &[Occurrence<i64>]), None);
    }

    #[test]
    fn only_what_goes_beyond_the_first_step_is_an_escalation() {
        let step = |step: i64, round: i64| serde_json::json!({ "step": step, "round": round });
        for (data, escalates) in [(step(1, 1), false), (step(2, 1), true), (step(1, 2), true)] {
            let one = seen(1, Kind::StepEntered, data);
            assert_eq!(Seen::Escalated.is_told_by(one.kind, &one.data), escalates);
        }
        let moved = seen(1, Kind::StatusChanged, serde_json::json!({ "to": "restored" }));
        assert!(Seen::ServiceRestored.is_told_by(moved.kind, &moved.data));
        assert!(!Seen::CauseIdentified.is_told_by(moved.kind, &moved.data));
    }
}
