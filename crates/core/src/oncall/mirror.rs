//! Who is on call, kept in step in a chat (`E7`): the people of a user group and the topic of a channel
//! follow a schedule. This file says the next single step between how the chat stands and how it shall;
//! it knows no chat's protocol.

use jiff::{SignedDuration, Timestamp};

/// How long what a chat refuses for good is let be before it is asked for again: somebody may have
/// given it the right that it lacked.
pub const REFUSED_WAIT: SignedDuration = SignedDuration::from_hours(1);

/// What a schedule keeps in step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Whose chat.
    pub provider: String,
    /// The group whose people are those who are on call, by the chat's own id.
    pub group: Option<String>,
    /// The channel whose topic names them, by the chat's own id.
    pub channel: Option<String>,
}

/// How the chat shall stand.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Wanted {
    /// Who is on call, by their addresses.
    pub people: Vec<String>,
    /// The same in words.
    pub topic: String,
}

/// One thing to ask of a chat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// These are all the people of a group.
    Fill {
        /// The group.
        group: String,
        /// Their addresses.
        people: Vec<String>,
    },
    /// Put that into the topic of a channel.
    Name {
        /// The channel.
        channel: String,
        /// What it says.
        topic: String,
    },
}

/// How the chat stands, as far as Muster made it so.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Mirror {
    /// The people of the group.
    pub group: Side,
    /// The topic of the channel.
    pub channel: Side,
}

/// How one of the two stands.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Side {
    /// What the chat did last.
    pub done: Option<Step>,
    /// What stands between it and what it shall be.
    pub trouble: Option<Trouble>,
}

/// Why a chat is not in step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// What it said.
    pub why: String,
    /// What it refused for good. Another step is not held up by it.
    pub refused: Option<Step>,
    /// Failures since the last success.
    pub failures: u32,
    /// When it is asked again.
    pub retry_at: Timestamp,
}

/// What a chat said to a step that it did not take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// In its own words.
    pub why: String,
    /// Whether the same will be refused again.
    pub is_for_good: bool,
    /// When to ask again.
    pub retry_at: Timestamp,
}

impl Plan {
    /// What the chat shall have done.
    ///
    /// A group is never emptied: a chat takes no empty one, and where nobody is on call, or nobody who
    /// is has an address there, it stays with whoever had it last.
    pub fn steps(&self, wanted: &Wanted) -> Vec<Step> {
        let people = Some(&wanted.people).filter(|people| !people.is_empty());
        let fill = self.group.clone().zip(people).map(|(group, people)| {
            let people = people.clone();
            Step::Fill { group, people }
        });
        let name = self.channel.clone().map(|channel| {
            let topic = wanted.topic.clone();
            Step::Name { channel, topic }
        });
        fill.into_iter().chain(name).collect()
    }
}

impl Mirror {
    /// What to ask for at `now`; nothing where the chat is in step, or is let be for a while.
    pub fn next(&self, plan: &Plan, wanted: &Wanted, now: Timestamp) -> Option<Step> {
        plan.steps(wanted)
            .into_iter()
            .find(|step| self.side(step).due_at(step).is_some_and(|at| at <= now))
    }

    /// When the chat is asked again although nobody's shift changes.
    pub fn again_at(&self, plan: &Plan, wanted: &Wanted) -> Option<Timestamp> {
        plan.steps(wanted).iter().filter_map(|step| self.side(step).due_at(step)).min()
    }

    /// The people that Muster put into a group.
    pub fn people_of(&self, group: &str) -> &[String] {
        match &self.group.done {
            Some(Step::Fill { group: known, people }) if known == group => people,
            _ => &[],
        }
    }

    /// How it stands after a step. Says too whether there is trouble that was not there before.
    #[must_use]
    pub fn after(mut self, step: Step, answer: Result<(), Refusal>) -> (Self, bool) {
        let side = match step {
            Step::Fill { .. } => &mut self.group,
            Step::Name { .. } => &mut self.channel,
        };
        let before = side.trouble.take();
        let is_new = match answer {
            Ok(()) => {
                side.done = Some(step);
                false
            }
            Err(Refusal { why, is_for_good, retry_at }) => {
                let is_new = before.as_ref().is_none_or(|before| before.why != why);
                let failures = before.map_or(0, |before| before.failures).saturating_add(1);
                let refused = is_for_good.then_some(step);
                side.trouble = Some(Trouble { why, refused, failures, retry_at });
                is_new
            }
        };
        (self, is_new)
    }

    /// What stands between the chat and the plan, of what the plan still asks for.
    pub fn trouble(&self, plan: &Plan) -> Vec<&Trouble> {
        let group = self.group.trouble.as_ref().filter(|_| plan.group.is_some());
        let channel = self.channel.trouble.as_ref().filter(|_| plan.channel.is_some());
        group.into_iter().chain(channel).collect()
    }

    /// Asks again at once for what failed or was refused.
    #[must_use]
    pub fn again(mut self, now: Timestamp) -> Self {
        for trouble in [&mut self.group.trouble, &mut self.channel.trouble].into_iter().flatten() {
            trouble.retry_at = now;
        }
        self
    }

    /// How often a step like this has failed since it last worked.
    pub fn failures(&self, step: &Step) -> u32 {
        self.side(step).trouble.as_ref().map_or(0, |trouble| trouble.failures)
    }

    fn side(&self, step: &Step) -> &Side {
        match step {
            Step::Fill { .. } => &self.group,
            Step::Name { .. } => &self.channel,
        }
    }
}

impl Side {
    /// From when on a step is asked for; never once it is done.
    fn due_at(&self, step: &Step) -> Option<Timestamp> {
        match &self.trouble {
            None if self.done.as_ref() == Some(step) => None,
            None => Some(Timestamp::MIN),
            Some(trouble) if trouble.refused.as_ref().is_some_and(|refused| refused != step) => {
                Some(Timestamp::MIN)
            }
            Some(trouble) => Some(trouble.retry_at),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn plan() -> Plan {
        let (group, channel) = (Some("S1".to_owned()), Some("C1".to_owned()));
        Plan { provider: "chat".to_owned(), group, channel }
    }

    fn wanted(who: &str) -> Wanted {
        Wanted { people: vec![who.to_owned()], topic: format!("On call: {who}") }
    }

    fn refusal(why: &str, is_for_good: bool) -> Result<(), Refusal> {
        let retry_at = NOW + REFUSED_WAIT;
        Err(Refusal { why: why.to_owned(), is_for_good, retry_at })
    }

    #[test]
    fn a_group_and_a_topic_follow_and_nothing_is_asked_for_twice() {
        let mut mirror = Mirror::default();
        let mut asked = Vec::new();
        for who in ["U1", "U1", "U2"] {
            while let Some(step) = mirror.next(&plan(), &wanted(who), NOW) {
                asked.push(step.clone());
                (mirror, _) = mirror.after(step, Ok(()));
            }
        }
        assert_eq!(asked.len(), 4, "{asked:?}");
        assert_eq!(mirror.people_of("S1"), ["U2"]);
        let moved = Plan { channel: Some("C2".to_owned()), ..plan() };
        assert!(matches!(mirror.next(&moved, &wanted("U2"), NOW), Some(Step::Name { .. })));
        assert_eq!(mirror.again_at(&plan(), &wanted("U2")), None);
    }

    #[test]
    fn a_group_is_never_emptied() {
        let nobody = Wanted { people: Vec::new(), topic: "On call: nobody".to_owned() };
        let steps = plan().steps(&nobody);
        assert!(matches!(&steps[..], [Step::Name { .. }]), "{steps:?}");
    }

    #[test]
    fn what_is_refused_is_said_once_and_asked_again_an_hour_later_or_when_there_is_news() {
        let fill = plan().steps(&wanted("U1")).remove(0);
        let (mirror, is_new) = Mirror::default().after(fill, refusal("missing_scope", true));
        assert!(is_new);
        let step = mirror.next(&plan(), &wanted("U1"), NOW).unwrap();
        assert!(matches!(step, Step::Name { .. }), "the topic is not held up");
        let (mirror, _) = mirror.after(step, Ok(()));
        assert_eq!(mirror.next(&plan(), &wanted("U1"), NOW), None);
        assert_eq!(mirror.again_at(&plan(), &wanted("U1")), Some(NOW + REFUSED_WAIT));
        let news = mirror.next(&plan(), &wanted("U2"), NOW).unwrap();
        assert!(matches!(news, Step::Fill { .. }), "{news:?}");
        let again = mirror.next(&plan(), &wanted("U1"), NOW + REFUSED_WAIT).unwrap();
        let (mirror, is_new) = mirror.after(again.clone(), refusal("missing_scope", true));
        assert!(!is_new, "nobody is told twice");
        assert_eq!((mirror.failures(&again), mirror.trouble(&plan()).len()), (2, 1));
        let (mirror, _) = mirror.after(again, Ok(()));
        assert_eq!(mirror.trouble(&plan()), Vec::<&Trouble>::new());
    }

    #[test]
    fn a_chat_that_is_busy_is_let_be_whatever_it_is_to_do() {
        let fill = plan().steps(&wanted("U1")).remove(0);
        let (mirror, _) = Mirror::default().after(fill, refusal("ratelimited", false));
        let step = mirror.next(&plan(), &wanted("U2"), NOW).unwrap();
        assert!(matches!(step, Step::Name { .. }), "{step:?}");
        let step = mirror.next(&plan(), &wanted("U2"), NOW + REFUSED_WAIT).unwrap();
        assert!(matches!(step, Step::Fill { .. }), "{step:?}");
    }
}
