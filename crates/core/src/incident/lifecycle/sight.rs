//! How an incident becomes restricted, who sees it then, and how it is for everybody again (`T4`).
//! Every change stands in the timeline with its reason. It may change at any time, long after the
//! end too.

use jiff::Timestamp;

use super::{Decision, Surroundings, WrongMove};
use crate::id::UserId;
use crate::incident::restriction::{NAMED_MAX, Named, Restriction};
use crate::incident::timeline::{Actor, Entry, Kind};

/// What people ask about who sees an incident.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ask {
    /// For named people alone from now on. Whoever asks is one of them.
    Restrict {
        /// Who else.
        named: Named,
        /// Why.
        reason: String,
    },
    /// Others see it.
    Change {
        /// Who too.
        add: Named,
        /// Who no longer.
        remove: Named,
    },
    /// For everybody again.
    Lift {
        /// Why.
        reason: String,
    },
    /// An administrator who is not on it looks all the same.
    Enter {
        /// Who.
        user: UserId,
        /// Why.
        reason: String,
    },
}

impl Decision {
    /// An incident that begins restricted says so, and is seen by whoever declared it.
    pub(super) fn begin_restricted(
        &mut self,
        actor: &Actor,
        around: &Surroundings<'_>,
        now: Timestamp,
    ) {
        let Some(restriction) = &mut self.incident.restriction else { return };
        let people = actor.user().into_iter().collect();
        restriction.named.add(&Named { people, groups: Vec::new() });
        let who = match restriction.named.is_empty() {
            true => "those who are engaged".to_owned(),
            false => words(around, &restriction.named),
        };
        let text = format!("Restricted to {who}: {}", restriction.reason);
        self.note(Entry::new(now, Kind::Restricted, actor.clone(), text));
    }

    /// Whether anything changed.
    pub(super) fn ask_about_sight(
        &mut self,
        ask: Ask,
        actor: &Actor,
        around: &Surroundings<'_>,
        now: Timestamp,
    ) -> Result<bool, WrongMove> {
        let entry = |kind, text: String| Entry::new(now, kind, actor.clone(), text);
        match ask {
            Ask::Restrict { mut named, reason } => {
                if self.incident.restriction.is_some() {
                    return Ok(false);
                }
                named.people.extend(actor.user().filter(|user| !named.people.contains(user)));
                require_named(&named)?;
                let text = format!("Restricted to {}: {reason}", words(around, &named));
                self.incident.restriction = Some(Restriction { named, reason, since: now });
                self.note(entry(Kind::Restricted, text));
            }
            Ask::Change { add, remove } => {
                let number = self.incident.number;
                let Some(restriction) = &mut self.incident.restriction else {
                    return Err(WrongMove::NotRestricted { number });
                };
                let before = restriction.named.clone();
                restriction.named.add(&add);
                restriction.named.remove(&remove);
                let after = restriction.named.clone();
                require_named(&after)?;
                let (come, gone) = (after.besides(&before), before.besides(&after));
                if come.is_empty() && gone.is_empty() {
                    return Ok(false);
                }
                let mut said = Vec::new();
                if !come.is_empty() {
                    said.push(format!("let in {}", words(around, &come)));
                }
                if !gone.is_empty() {
                    said.push(format!("took {} off", words(around, &gone)));
                }
                let text = format!("Who sees it: {}", said.join("; "));
                self.note(entry(Kind::AccessChanged, text));
            }
            Ask::Lift { reason } => {
                if self.incident.restriction.take().is_none() {
                    return Ok(false);
                }
                self.note(entry(Kind::Unrestricted, format!("No longer restricted: {reason}")));
            }
            Ask::Enter { user, reason } => {
                let number = self.incident.number;
                let Some(restriction) = &mut self.incident.restriction else {
                    return Err(WrongMove::NotRestricted { number });
                };
                if restriction.named.people.contains(&user) {
                    return Ok(false);
                }
                restriction.named.people.push(user);
                let text = format!("Let themselves in as an administrator: {reason}");
                self.note(entry(Kind::AccessTaken, text));
            }
        }
        Ok(true)
    }
}

/// Somebody must see it, and a list has an end.
fn require_named(named: &Named) -> Result<(), WrongMove> {
    if named.is_empty() {
        return Err(WrongMove::SeenByNobody);
    }
    if named.len() > NAMED_MAX {
        return Err(WrongMove::SeenByTooMany);
    }
    Ok(())
}

fn words(around: &Surroundings<'_>, named: &Named) -> String {
    let people = named.people.iter().map(|user| around.person(*user).to_owned());
    let groups = named.groups.iter().map(|group| {
        let group = around.directory.groups.get(*group);
        group.map_or_else(
            || "a deleted group".to_owned(),
            |group| format!("the group {}", group.name),
        )
    });
    people.chain(groups).collect::<Vec<_>>().join(", ")
}
