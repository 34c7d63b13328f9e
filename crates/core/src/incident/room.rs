//! The room of an incident in a chat (`E7`): what it shall be, how it stands, and the next single step
//! between the two. Whoever takes the steps asks again after each, so that what was interrupted goes
//! on where it was. This file knows no chat's protocol and decides about nothing but the room.

use jiff::{SignedDuration, Timestamp};

use crate::id::EntryId;

/// The longest name of a room, in characters: what every chat takes.
pub const NAME_CHARS_MAX: usize = 60;
/// The longest template of a name, in characters.
pub const TEMPLATE_CHARS_MAX: usize = 200;
/// The longest topic, in characters.
pub const TOPIC_CHARS_MAX: usize = 250;
/// The most people who are invited at once.
pub const INVITED_AT_ONCE: usize = 30;
/// The most people of one room.
pub const INVITED_MAX: usize = 500;
/// How many names are tried where one is taken.
pub const NAMES_MAX: u32 = 9;
/// How often a step fails before people are told.
pub const FAILURES_TOLD: u32 = 5;
/// How often a step is tried before the room is given up: some hours.
pub const FAILURES_MAX: u32 = 300;

/// The room that a process asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Whose chat.
    pub provider: String,
    /// In which team of it, where it has several.
    pub team: Option<String>,
    /// What makes the name.
    pub template: String,
    /// How long after the end of the incident it is archived.
    pub archive_after: SignedDuration,
    /// Whether whoever is released leaves it, also where everybody may read it.
    pub removes_released: bool,
}

/// A room as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Room {
    /// Whose chat.
    pub provider: String,
    /// In which team of it.
    pub team: Option<String>,
    /// The chat's own id, once it is open.
    pub id: Option<String>,
    /// What it is called.
    pub name: String,
    /// How many names were taken by others.
    pub taken: u32,
    /// What its topic says.
    pub topic: String,
    /// Who was invited, by their addresses.
    pub invited: Vec<String>,
    /// Whom the chat does not let go.
    pub kept: Vec<String>,
    /// What was told in it last.
    pub posted: Option<EntryId>,
    /// Whether only those see it who were invited.
    pub is_private: bool,
    /// Whether the chat does not bring it back from the archive.
    pub is_lost: bool,
    /// Whether it is archived.
    pub is_archived: bool,
    /// What went wrong last.
    pub trouble: Option<String>,
    /// Whether there is no room and will be none.
    pub is_given_up: bool,
    /// Failures since the last success.
    pub failures: u32,
    /// Until when the chat is let be after a failure.
    pub retry_at: Option<Timestamp>,
}

/// What a room shall be.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Wanted {
    /// What it is to be called.
    pub name: String,
    /// What its topic is to say, before the link.
    pub topic: String,
    /// Where the incident is read.
    pub link: String,
    /// Who is to be in it, by their addresses.
    pub people: Vec<String>,
    /// Who is not to be in it any more, by their addresses.
    pub gone: Vec<String>,
    /// What is to be told next, if anything.
    pub post: Option<(EntryId, String)>,
    /// Whether nobody else may read it: the incident is restricted.
    pub is_private: bool,
    /// When it is to be archived; never while the incident is not closed.
    pub over_at: Option<Timestamp>,
}

/// One thing to ask of a chat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Make a room.
    Open {
        /// What it is called.
        name: String,
        /// Whether only those see it who are invited.
        is_private: bool,
    },
    /// Put that into its topic.
    Topic {
        /// What it says.
        text: String,
        /// Where the incident is read.
        link: String,
    },
    /// Invite these people.
    Invite(Vec<String>),
    /// Let that one go.
    Remove(String),
    /// Say that.
    Post(EntryId, String),
    /// Put it away.
    Archive,
    /// Take it out again.
    Reopen,
}

/// What a chat did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// It did it; with the id of a room that was made.
    Done(Option<String>),
    /// The name belongs to another room.
    NameTaken,
    /// It never will.
    Refused(String),
}

impl Room {
    /// The room of a plan, of which there is nothing yet.
    pub fn planned(plan: &Plan) -> Self {
        Self { provider: plan.provider.clone(), team: plan.team.clone(), ..Self::default() }
    }

    /// What to ask for next at `now`; nothing once it is as it shall be, or never will.
    ///
    /// A chat makes no open room private, and what a restricted incident says must not be read by
    /// others. So an open room is archived first of all, and a private one takes its place.
    pub fn next(&self, wanted: &Wanted, now: Timestamp) -> Option<Step> {
        if self.is_given_up {
            return None;
        }
        let is_going = wanted.over_at.is_none();
        let is_too_open = wanted.is_private && !self.is_private;
        if self.id.is_none() || (self.is_archived && (is_too_open || self.is_lost)) {
            let name = numbered(&wanted.name, self.taken);
            // Nobody needs a room for what is over.
            return is_going.then_some(Step::Open { name, is_private: wanted.is_private });
        }
        if self.is_archived {
            return is_going.then_some(Step::Reopen);
        }
        if is_too_open {
            return Some(Step::Archive);
        }
        // Before anything more is said.
        let leaves = |one: &&String| wanted.gone.contains(one) && !self.kept.contains(one);
        if let Some(one) = self.invited.iter().find(leaves) {
            return Some(Step::Remove(one.clone()));
        }
        if self.topic != wanted.topic {
            let (text, link) = (wanted.topic.clone(), wanted.link.clone());
            return Some(Step::Topic { text, link });
        }
        let room_for = INVITED_MAX.saturating_sub(self.invited.len()).min(INVITED_AT_ONCE);
        let missing = wanted.people.iter().filter(|one| !self.invited.contains(one));
        let missing: Vec<_> = missing.take(room_for).cloned().collect();
        if !missing.is_empty() {
            return Some(Step::Invite(missing));
        }
        if let Some((entry, text)) = &wanted.post {
            return Some(Step::Post(*entry, text.clone()));
        }
        wanted.over_at.is_some_and(|at| at <= now).then_some(Step::Archive)
    }

    /// The room after a step was answered.
    #[must_use]
    pub fn after(mut self, step: Step, answer: Answer) -> Self {
        if self.failures > 0 {
            (self.failures, self.trouble, self.retry_at) = (0, None, None);
        }
        if let Answer::Refused(why) = &answer {
            self.trouble = Some(why.clone());
        }
        match (step, answer) {
            (Step::Open { name, is_private }, Answer::Done(Some(id))) => {
                self = Self {
                    provider: self.provider,
                    team: self.team,
                    id: Some(id),
                    name,
                    is_private,
                    taken: self.taken,
                    // Whoever reads on in a room that replaces another has read what was told there.
                    posted: self.posted,
                    ..Self::default()
                };
            }
            (Step::Open { .. }, Answer::NameTaken) => {
                self.taken += 1;
                if self.taken >= NAMES_MAX {
                    self.trouble = Some("every name is taken".to_owned());
                    self.is_given_up = true;
                }
            }
            (Step::Open { .. }, Answer::Done(None) | Answer::Refused(_)) => self.is_given_up = true,
            // What is refused for good is not asked for again; the rest of the room goes on.
            (Step::Topic { text, .. }, _) => self.topic = text,
            (Step::Invite(people), _) => self.invited.extend(people),
            (Step::Remove(one), Answer::Done(_)) => self.invited.retain(|known| *known != one),
            (Step::Remove(one), _) => self.kept.push(one),
            (Step::Post(entry, _), _) => self.posted = Some(entry),
            (Step::Archive, Answer::Done(_)) => self.is_archived = true,
            // What cannot be put away is left, and told nothing more.
            (Step::Archive, _) => self.is_given_up = true,
            (Step::Reopen, Answer::Done(_)) => self.is_archived = false,
            // Some chats bring nothing back from the archive; a new room takes its place.
            (Step::Reopen, _) => self.is_lost = true,
        }
        self
    }

    /// The room after the chat did not do what it was asked and may do it at `retry_at`.
    #[must_use]
    pub fn failed(mut self, why: Option<String>, retry_at: Timestamp) -> Self {
        self.failures += 1;
        self.trouble = why;
        self.retry_at = Some(retry_at);
        self.is_given_up = self.failures >= FAILURES_MAX;
        self
    }

    /// The room when somebody asks that it be tried again at once.
    #[must_use]
    pub fn tried_again(self, plan: Option<&Plan>) -> Self {
        if self.id.is_none() {
            return plan.map_or(self, Self::planned);
        }
        Self {
            failures: 0,
            retry_at: None,
            trouble: None,
            is_given_up: false,
            taken: 0,
            kept: Vec::new(),
            ..self
        }
    }
}

/// A name as every chat takes it: lower case, digits, hyphens; anything else becomes a hyphen.
pub fn slug(text: &str) -> String {
    let mut name = String::new();
    for c in text.trim().chars().flat_map(char::to_lowercase) {
        let c = if c.is_ascii_alphanumeric() || c == '_' { c } else { '-' };
        if c != '-' || (!name.is_empty() && !name.ends_with('-')) {
            name.push(c);
        }
    }
    let mut name: String = name.chars().take(NAME_CHARS_MAX).collect();
    name.truncate(name.trim_end_matches('-').len());
    name
}

/// The name, with a number where others have it.
fn numbered(name: &str, taken: u32) -> String {
    if taken == 0 {
        return name.to_owned();
    }
    let short: String = name.chars().take(NAME_CHARS_MAX - 3).collect();
    format!("{short}-{}", taken + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn wanted() -> Wanted {
        Wanted {
            name: "inc-42".to_owned(),
            topic: "SEV1".to_owned(),
            link: "https://muster.example.com/incidents/42".to_owned(),
            people: vec!["U1".to_owned()],
            gone: Vec::new(),
            post: Some((EntryId(Uuid::from_u128(7)), "Declared".to_owned())),
            is_private: false,
            over_at: None,
        }
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn names(step: &Step) -> &'static str {
        match step {
            Step::Open { .. } => "open",
            Step::Topic { .. } => "topic",
            Step::Invite(_) => "invite",
            Step::Remove(_) => "remove",
            Step::Post(..) => "post",
            Step::Archive => "archive",
            Step::Reopen => "reopen",
        }
    }

    /// Takes steps until nothing is left; what was told is not told again.
    fn settle(mut room: Room, wanted: &Wanted) -> (Room, Vec<&'static str>) {
        let mut wanted = wanted.clone();
        let mut taken = Vec::new();
        while let Some(step) = room.next(&wanted, at(0)) {
            taken.push(names(&step));
            if matches!(step, Step::Post(..)) {
                wanted.post = None;
            }
            room = room.after(step, Answer::Done(Some("C1".to_owned())));
            assert!(taken.len() < 20, "{taken:?}");
        }
        (room, taken)
    }

    #[test]
    fn a_room_is_opened_filled_and_put_away_and_taken_out_again() {
        let (room, steps) = settle(Room::default(), &wanted());
        assert_eq!(steps, ["open", "topic", "invite", "post"]);
        let over =
            Wanted { over_at: Some(at(9)), post: None, topic: "over".to_owned(), ..wanted() };
        let (room, steps) = settle(room, &over);
        assert_eq!(steps, ["topic"], "people go on talking for a while");
        assert_eq!(room.next(&over, at(9)), Some(Step::Archive));
        let over = Wanted { over_at: Some(at(0)), ..over };
        let (room, steps) = settle(room, &over);
        assert_eq!(steps, ["archive"]);
        assert!(settle(room.clone(), &over).1.is_empty());
        let again = Wanted { post: None, ..wanted() };
        assert_eq!(settle(room.clone(), &again).1, ["reopen", "topic"]);
        let refused = room.after(Step::Reopen, Answer::Refused("not_in_channel".to_owned()));
        assert_eq!(settle(refused, &again).1, ["open", "topic", "invite"]);
    }

    #[test]
    fn whoever_leaves_is_let_go_before_anything_more_is_said_and_may_come_again() {
        let (room, _) = settle(Room::default(), &wanted());
        let left = Wanted { people: Vec::new(), gone: vec!["U1".to_owned()], ..wanted() };
        let (gone, steps) = settle(room.clone(), &left);
        assert_eq!(steps, ["remove", "post"]);
        assert_eq!(settle(gone, &Wanted { post: None, ..wanted() }).1, ["invite"]);
        let step = Step::Remove("U1".to_owned());
        let kept = room.after(step, Answer::Refused("missing_scope".to_owned()));
        assert_eq!(settle(kept.clone(), &left).1, ["post"], "it is not asked for again");
        assert_eq!(settle(kept.tried_again(None), &left).1, ["remove", "post"]);
    }

    #[test]
    fn a_name_that_is_taken_gets_a_number_and_in_the_end_there_is_none() {
        let mut room = Room::default();
        let mut tried = Vec::new();
        while let Some(step @ Step::Open { .. }) = room.next(&wanted(), at(0)) {
            if let Step::Open { name, .. } = &step {
                tried.push(name.clone());
            }
            room = room.after(step, Answer::NameTaken);
        }
        assert_eq!(tried[..3], ["inc-42", "inc-42-2", "inc-42-3"]);
        assert!(tried.len() == NAMES_MAX as usize && room.is_given_up);
    }

    #[test]
    fn what_a_chat_refuses_is_remembered_and_holds_nothing_else_up() {
        let (room, _) = settle(Room::default(), &wanted());
        let step = Step::Topic { text: "new".to_owned(), link: String::new() };
        let room = room.after(step, Answer::Refused("missing_scope".to_owned()));
        assert_eq!(room.trouble.as_deref(), Some("missing_scope"));
        assert!(!room.is_given_up);
        let open = Step::Open { name: "x".into(), is_private: false };
        let refused = Room::default().after(open, Answer::Refused("missing_scope".into()));
        assert!(refused.is_given_up && refused.next(&wanted(), at(0)).is_none());
        let again = refused.tried_again(None);
        assert_eq!(again.next(&wanted(), at(0)).as_ref().map(names), None, "no process names one");
        let plan = Plan {
            provider: "chat".into(),
            team: None,
            template: "x".into(),
            archive_after: SignedDuration::ZERO,
            removes_released: false,
        };
        let again = again.tried_again(Some(&plan));
        assert_eq!(again.next(&wanted(), at(0)).as_ref().map(names), Some("open"));
    }

    #[test]
    fn a_chat_that_fails_is_let_be_for_a_while_and_given_up_in_the_end() {
        let mut room = Room::default().failed(Some("busy".to_owned()), at(30));
        assert_eq!((room.retry_at, room.is_given_up), (Some(at(30)), false));
        let step = room.next(&wanted(), at(30)).unwrap();
        let done = room.clone().after(step, Answer::Done(Some("C1".to_owned())));
        assert_eq!((done.retry_at, done.trouble, done.failures), (None, None, 0));
        for _ in 1..FAILURES_MAX {
            room = room.failed(Some("busy".to_owned()), at(60));
        }
        assert!(room.is_given_up);
    }

    #[test]
    fn a_room_that_all_could_read_is_put_away_and_replaced_once_an_incident_is_restricted() {
        let (room, _) = settle(Room::default(), &wanted());
        let secret = Wanted { is_private: true, topic: "hush".to_owned(), post: None, ..wanted() };
        let step = room.next(&secret, at(0)).unwrap();
        assert_eq!(step, Step::Archive, "before anything else is said");
        let room = room.after(step, Answer::Done(None));
        let name = "inc-42".to_owned();
        let step = room.next(&secret, at(0)).unwrap();
        assert_eq!(step, Step::Open { name, is_private: true });
        let room = room.after(step, Answer::NameTaken);
        let (room, steps) = settle(room, &secret);
        assert_eq!(steps, ["open", "topic", "invite"]);
        assert!(room.is_private && !room.is_archived && room.name == "inc-42-2");
        let lifted = Wanted { is_private: false, ..secret };
        assert_eq!(room.next(&lifted, at(0)), None, "it stays among those who were there");
    }

    #[test]
    fn a_name_is_made_of_what_every_chat_takes() {
        assert_eq!(slug("  Inc #42: Zahlung schlägt fehl! "), "inc-42-zahlung-schl-gt-fehl");
        assert_eq!(slug("---"), "");
        assert!(slug(&"x".repeat(200)).len() == NAME_CHARS_MAX);
        assert!(numbered(&"x".repeat(NAME_CHARS_MAX), 4).chars().count() <= NAME_CHARS_MAX);
    }

    #[test]
    fn nobody_needs_a_room_for_what_is_over() {
        let over = Wanted { over_at: Some(at(9)), ..wanted() };
        assert_eq!(Room::default().next(&over, at(0)), None);
    }
}
