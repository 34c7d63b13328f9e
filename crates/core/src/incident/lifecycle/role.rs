//! Roles within the life of an incident (`R1` to `R5`): who is engaged when the process of the
//! severity starts, who takes, is given, leaves and hands over a role, and who is told. Boundaries
//! are spoken of, once, and keep nobody from anything.

use jiff::Timestamp;

use super::{Decision, Effect, How, Status, Superseded, Surroundings, WrongMove};
use crate::id::UserId;
use crate::incident::clocks::engage;
use crate::incident::role::assignment::{self, Engaged, Offer};
use crate::incident::role::boundary::{self, Boundary};
use crate::incident::role::relief::{self, Relief};
use crate::incident::role::{Part, Role, has_rotation, on_call};
use crate::incident::severity::Urgency;
use crate::incident::timeline::{Actor, Entry, Kind};

/// What people ask about roles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ask {
    /// Take a role, or give it to somebody. Unless it is shared, whoever held it holds it no longer.
    Assign {
        /// The role's name.
        role: String,
        /// Who.
        user: UserId,
    },
    /// Leave a role, or take somebody out of it.
    Leave {
        /// The role's name.
        role: String,
        /// Who.
        user: UserId,
    },
    /// Ask somebody to take a role over (`R5`).
    Offer {
        /// The role's name.
        role: String,
        /// Who hands it over.
        from: UserId,
        /// Who is to have it.
        to: UserId,
        /// What they must know; never blank.
        brief: String,
    },
    /// Take over what was offered; only the receiver does.
    Accept {
        /// The role's name.
        role: String,
        /// The receiver.
        user: UserId,
    },
    /// Refuse what was offered, or take the offer back.
    Decline {
        /// The role's name.
        role: String,
        /// The receiver.
        user: UserId,
        /// In words.
        reason: Option<String>,
    },
}

/// Why roles do not allow it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Wrong {
    /// There is no such role.
    #[error("there is no role `{role}`")]
    NoSuchRole {
        /// What was asked for.
        role: String,
    },
    /// The person does not hold it.
    #[error("{name} is not {role}")]
    NotHeld {
        /// The person.
        name: String,
        /// The role in words.
        role: String,
    },
    /// Somebody hands over to themselves, or to whoever holds it too.
    #[error("{name} is {role} already")]
    HeldAlready {
        /// The person.
        name: String,
        /// The role in words.
        role: String,
    },
    /// A hand-over without a brief.
    #[error("say in a few words what {name} must know: a role is handed over with a brief")]
    NoBrief {
        /// The receiver.
        name: String,
    },
    /// Nothing was offered to the person.
    #[error("nobody offered {name} to be {role}")]
    NotOffered {
        /// The person.
        name: String,
        /// The role in words.
        role: String,
    },
    /// Only the receiver accepts.
    #[error("only {name} can accept this: a hand-over is accepted by whoever takes over")]
    NotTheReceiver {
        /// The receiver.
        name: String,
    },
}

impl Decision {
    /// Whether anything changed.
    pub(super) fn ask_about_role(
        &mut self,
        ask: Ask,
        actor: &Actor,
        around: &Surroundings<'_>,
        now: Timestamp,
    ) -> Result<bool, WrongMove> {
        self.require_open()?;
        let changed = match ask {
            Ask::Assign { role, user } => self.assign_role(&role, user, actor, around, now)?,
            Ask::Leave { role, user } => self.leave_role(&role, user, actor, around, now)?,
            Ask::Offer { role, from, to, brief } => {
                self.offer_role(&role, (from, to), brief.trim(), actor, around, now)?
            }
            Ask::Accept { role, user } => self.accept_role(&role, user, actor, around, now)?,
            Ask::Decline { role, user, reason } => {
                self.decline_role(&role, user, reason.as_deref(), actor, around, now)?
            }
        };
        self.worked(actor, around, now);
        Ok(changed)
    }

    fn assign_role(
        &mut self,
        name: &str,
        user: UserId,
        actor: &Actor,
        around: &Surroundings<'_>,
        now: Timestamp,
    ) -> Result<bool, WrongMove> {
        let role = known(around, name)?;
        if self.incident.roles.holds(user, name) {
            return Ok(false);
        }
        let takes = actor.user() == Some(user);
        let how = if takes { assignment::How::Taken } else { assignment::How::Given };
        self.put_into(role, user, how, actor, around, now);
        Ok(true)
    }

    fn leave_role(
        &mut self,
        name: &str,
        user: UserId,
        actor: &Actor,
        around: &Surroundings<'_>,
        now: Timestamp,
    ) -> Result<bool, WrongMove> {
        let title = around.directory.role_in_words(name);
        let person = around.person(user);
        if !self.incident.roles.end(name, user, now) {
            return Err(Wrong::NotHeld { name: person, role: title }.into());
        }
        let text = match actor.user() == Some(user) {
            true => format!("{person} is no longer {title}"),
            false => format!("{} took {person} out of being {title}", actor.name()),
        };
        self.note(
            Entry::new(now, Kind::RoleLeft, actor.clone(), text)
                .with("role", name)
                .with("user", person),
        );
        let number = self.incident.number;
        let subject = format!("Incident {number}: you are no longer {title}");
        self.inform(user, Urgency::High, subject, &format!("{} says so.", actor.name()), actor);
        self.roles_changed(around, now);
        Ok(true)
    }

    fn offer_role(
        &mut self,
        name: &str,
        (from, to): (UserId, UserId),
        brief: &str,
        actor: &Actor,
        around: &Surroundings<'_>,
        now: Timestamp,
    ) -> Result<bool, WrongMove> {
        let title = known(around, name)?.in_words();
        let (giver, receiver) = (around.person(from), around.person(to));
        let roles = &mut self.incident.roles;
        if !roles.holds(from, name) {
            return Err(Wrong::NotHeld { name: giver, role: title }.into());
        }
        if roles.holds(to, name) {
            return Err(Wrong::HeldAlready { name: receiver, role: title }.into());
        }
        if brief.is_empty() {
            return Err(Wrong::NoBrief { name: receiver }.into());
        }
        roles.offers.retain(|offer| offer.role != name || offer.from != from);
        let brief = brief.to_owned();
        let role = name.to_owned();
        roles.offers.push(Offer { role, from, to, brief: brief.clone(), at: now });
        let text = format!("{giver} asks {receiver} to take over as {title}: {brief}");
        self.note(
            Entry::new(now, Kind::HandOverOffered, actor.clone(), text)
                .with("role", name)
                .with("from", giver.clone())
                .with("to", receiver)
                .with("brief", brief.clone()),
        );
        let number = self.incident.number;
        let subject = format!("Incident {number}: take over as {title}?");
        let words = format!("{giver} asks you to take over as {title}, with this brief: {brief}");
        self.inform(to, Urgency::High, subject, &words, actor);
        Ok(true)
    }

    fn accept_role(
        &mut self,
        name: &str,
        user: UserId,
        actor: &Actor,
        around: &Surroundings<'_>,
        now: Timestamp,
    ) -> Result<bool, WrongMove> {
        let role = known(around, name)?;
        let person = around.person(user);
        if actor.user().is_some_and(|actor| actor != user) {
            return Err(Wrong::NotTheReceiver { name: person }.into());
        }
        let roles = &mut self.incident.roles;
        let Some(offer) = roles.offered_to(name, user).cloned() else {
            return Err(Wrong::NotOffered { name: person, role: role.in_words() }.into());
        };
        // A shared role has other holders, who keep it.
        roles.end(name, offer.from, now);
        self.put_into(role, user, assignment::How::HandedOver, actor, around, now);
        let giver = around.person(offer.from);
        if let Some(entry) = self.entries.iter_mut().rfind(|entry| entry.kind == Kind::RoleAssigned)
        {
            entry.text = format!("{person} took over from {giver} as {}", role.in_words());
            entry.data.insert("from".to_owned(), giver.into());
        }
        let number = self.incident.number;
        let subject = format!("Incident {number}: {person} took over as {}", role.in_words());
        self.inform(offer.from, Urgency::High, subject, "Your hand-over was accepted.", actor);
        Ok(true)
    }

    fn decline_role(
        &mut self,
        name: &str,
        user: UserId,
        reason: Option<&str>,
        actor: &Actor,
        around: &Surroundings<'_>,
        now: Timestamp,
    ) -> Result<bool, WrongMove> {
        let title = around.directory.role_in_words(name);
        let person = around.person(user);
        let roles = &mut self.incident.roles;
        let Some(offer) = roles.offered_to(name, user).cloned() else {
            return Err(Wrong::NotOffered { name: person, role: title }.into());
        };
        roles.offers.retain(|one| *one != offer);
        let giver = around.person(offer.from);
        let refused = actor.user().is_none_or(|actor| actor == user);
        let mut text = match refused {
            true => format!("{person} does not take over as {title}; {giver} stays"),
            false => format!("{person} need not take over as {title}; {giver} stays"),
        };
        if let Some(reason) = reason {
            text = format!("{text}: {reason}");
        }
        self.note(
            Entry::new(now, Kind::HandOverDeclined, actor.clone(), text.clone())
                .with("role", name)
                .with("from", giver)
                .with("to", person),
        );
        let number = self.incident.number;
        let subject = format!("Incident {number}: who is {title} stays the same");
        for concerned in [offer.from, user] {
            self.inform(concerned, Urgency::High, subject.clone(), &text, actor);
        }
        Ok(true)
    }

    /// Somebody holds a role now; whoever held it before, or is still asked for it, hears of it.
    pub(super) fn put_into(
        &mut self,
        role: &Role,
        user: UserId,
        how: assignment::How,
        actor: &Actor,
        around: &Surroundings<'_>,
        now: Timestamp,
    ) {
        let before = self.incident.roles.assign(&role.name, role.is_shared, user, how, now);
        self.responds(user);
        let (person, title) = (around.person(user), role.in_words());
        let mut text = match how {
            assignment::How::Given => format!("{} made {person} {title}", actor.name()),
            assignment::How::OnCall => format!("{person} is {title} now, being on call for it"),
            _ => format!("{person} is {title} now"),
        };
        let mut entry = Entry::new(now, Kind::RoleAssigned, actor.clone(), String::new())
            .with("role", role.name.clone())
            .with("user", person.clone())
            .with("how", how.name());
        let names: Vec<_> = before.iter().map(|user| around.person(*user)).collect();
        if !names.is_empty() {
            text = format!("{text}, in place of {}", names.join(", "));
            entry = entry.with("from", names);
        }
        entry.text = text;
        self.note(entry);
        let number = self.incident.number;
        let subject = format!("Incident {number}: you are {title}");
        self.inform(user, Urgency::High, subject, &duty_sheet(role), actor);
        for user in before {
            let subject = format!("Incident {number}: {person} is {title} now");
            self.inform(user, Urgency::High, subject, "You need not go on as that.", actor);
        }
        if !role.is_shared {
            self.dismiss(&role.name, &format!("{person} is {title}"), now);
        }
        self.roles_changed(around, now);
        self.start_updates(around, now);
        self.await_news(around, now);
    }

    /// Nobody else need come for a role: whoever was paged for it alone is left in peace.
    fn dismiss(&mut self, role: &str, why: &str, now: Timestamp) {
        let engaged = std::mem::take(&mut self.incident.roles.engaged);
        let (others, kept): (Vec<_>, Vec<_>) =
            engaged.into_iter().partition(|one| one.role == role);
        self.incident.roles.engaged = kept;
        self.incident.roles.relief.retain(|one| one.role != role);
        for one in others.into_iter().filter(|one| one.is_paged) {
            if !self.incident.roles.is_awaited(one.user) {
                self.engage(engage::Event::Excused { user: one.user }, now);
                let why = Superseded { how: How::Withdrawn, by: why.to_owned() };
                self.effects.push(Effect::SupersedeOf(one.user, why));
            }
        }
    }

    /// The process of the severity starts: whoever is on call for the roles that it engages is asked
    /// to come (`R4`), unless the role is held or somebody is asked for it already.
    pub(super) fn start_process(
        &mut self,
        actor: &Actor,
        around: &Surroundings<'_>,
        now: Timestamp,
    ) {
        self.open_bridge(around, now);
        for wanted in around.severity.process.roles.iter().filter(|wanted| wanted.is_engaged) {
            let Some(role) = around.directory.role(&wanted.role) else { continue };
            let roles = &self.incident.roles;
            let is_asked = roles.engaged.iter().any(|one| one.role == role.name);
            if has_rotation(around.directory, role) && !is_asked && roles.is_vacant(&role.name) {
                self.engage_role(role, actor, around, now);
            }
        }
    }

    fn engage_role(
        &mut self,
        role: &Role,
        actor: &Actor,
        around: &Surroundings<'_>,
        now: Timestamp,
    ) {
        let title = role.in_words();
        let people = on_call(around.directory, role, self.incident.service, around.urgency(), now);
        let entry = |text: String| {
            Entry::new(now, Kind::RoleEngaged, Actor::System, text).with("role", role.name.clone())
        };
        if people.is_empty() {
            let text = format!("Nobody is on call as {title}");
            self.note(entry(text).with("users", Vec::<String>::new()));
            return;
        }
        let names: Vec<_> = people.iter().map(|user| around.person(*user)).collect();
        let text = format!("Engaged {} as {title}", names.join(", "));
        self.ask_to_come(role, &people, text, &format!("{title} on call"), (actor, around), now);
    }

    /// Asks people to come as something. Whoever is there already has it at once.
    fn ask_to_come(
        &mut self,
        role: &Role,
        people: &[UserId],
        text: String,
        reason: &str,
        (actor, around): (&Actor, &Surroundings<'_>),
        now: Timestamp,
    ) {
        let is_there = |user: &UserId| {
            self.incident.assignee == Some(*user)
                || actor.user() == Some(*user)
                || self.incident.clocks.engage.is_present(*user)
        };
        if let Some(user) = people.iter().copied().find(is_there) {
            self.put_into(role, user, assignment::How::OnCall, &Actor::System, around, now);
            return;
        }
        let names: Vec<_> = people.iter().map(|user| around.person(*user)).collect();
        self.note(
            Entry::new(now, Kind::RoleEngaged, Actor::System, text)
                .with("role", role.name.clone())
                .with("users", names),
        );
        for user in people.iter().copied() {
            let is_paged = !self.is_asked(user);
            if is_paged {
                self.page(around, user, None, 1, reason, now);
            }
            let role = role.name.clone();
            self.incident.roles.engaged.push(Engaged { role, user, at: now, is_paged });
        }
        let after = around.severity.process.ask_next_after;
        let next_at = after.and_then(|after| now.checked_add(after).ok());
        let relief = &mut self.incident.roles.relief;
        match relief.iter_mut().find(|one| one.role == role.name) {
            Some(one) => {
                one.asked.extend(people);
                one.next_at = next_at;
            }
            None => {
                let (role, asked) = (role.name.clone(), people.to_vec());
                relief.push(Relief { role, asked, next_at });
            }
        }
    }

    /// Whoever was asked to come as something has not: whoever has the next turn is asked, then the
    /// manager of the team, and when nobody is left whoever has the incident hears of it.
    fn ask_next(&mut self, name: &str, around: &Surroundings<'_>, now: Timestamp) {
        let relief = &mut self.incident.roles.relief;
        let Some(relief) = relief.iter_mut().find(|one| one.role == name) else { return };
        relief.next_at = None;
        let asked = relief.asked.clone();
        let Some(role) = around.directory.role(name) else { return };
        let (title, service) = (role.in_words(), self.incident.service);
        let next = relief::next(around.directory, role, service, around.urgency(), &asked, now);
        if let Some(user) = next {
            let text = format!("Nobody came as {title}: asked {}", around.person(user));
            let reason = format!("{title}: nobody else came");
            self.ask_to_come(role, &[user], text, &reason, (&Actor::System, around), now);
            return;
        }
        let text = format!("Nobody came as {title}, and nobody is left to ask");
        self.note(
            Entry::new(now, Kind::RoleEngaged, Actor::System, text)
                .with("role", name)
                .with("users", Vec::<String>::new()),
        );
        if let Some(user) = self.incident.assignee {
            let subject = format!("Incident {}: nobody came as {title}", self.incident.number);
            let words = "Nobody is left to ask. Take it yourself or give it to somebody.";
            self.inform(user, Urgency::High, subject, words, &Actor::System);
        }
    }

    /// Somebody cannot come as anything: where nobody who was asked no earlier may still come, the
    /// next one is asked.
    pub(super) fn cannot_come(&mut self, user: UserId, around: &Surroundings<'_>, now: Timestamp) {
        let roles = &mut self.incident.roles;
        let (theirs, others): (Vec<_>, Vec<_>) =
            std::mem::take(&mut roles.engaged).into_iter().partition(|one| one.user == user);
        roles.engaged = others;
        for one in theirs {
            let mut others = self.incident.roles.engaged.iter();
            let is_asked = others.any(|other| other.role == one.role && other.at >= one.at);
            if !is_asked && around.severity.process.ask_next_after.is_some() {
                self.ask_next(&one.role, around, now);
            }
        }
    }

    /// Whether somebody is asked about the incident already, also by this very decision.
    fn is_asked(&self, user: UserId) -> bool {
        let pages =
            |effect: &Effect| matches!(effect, Effect::Page { user: asked, .. } if *asked == user);
        let awaited = &self.incident.clocks.engage.awaited;
        awaited.iter().any(|one| one.user == user) || self.effects.iter().any(pages)
    }

    /// The severity is another one: its roles are engaged, and whoever is only asked for a role that
    /// it does not engage need not come. What somebody holds stays theirs.
    pub(super) fn process_changes(
        &mut self,
        actor: &Actor,
        around: &Surroundings<'_>,
        now: Timestamp,
    ) {
        let process = &around.severity.process;
        let roles = &self.incident.roles;
        let asked = roles.engaged.iter().map(|one| one.role.clone());
        let mut gone: Vec<String> =
            asked.chain(roles.relief.iter().map(|one| one.role.clone())).collect();
        gone.sort_unstable();
        gone.retain(|role| !process.engages(role));
        gone.dedup();
        for role in gone {
            self.dismiss(&role, &format!("{} does not ask for it", around.severity_words()), now);
        }
        self.start_process(actor, around, now);
        self.roles_changed(around, now);
        self.start_updates(around, now);
        self.await_news(around, now);
    }

    /// Whoever was paged for a role alone answers for that role: they are there, and the others go on
    /// being asked. Whether it was so.
    pub(super) fn comes_for_a_role(
        &mut self,
        actor: &Actor,
        around: &Surroundings<'_>,
        now: Timestamp,
    ) -> bool {
        let Some(user) = actor.user().filter(|user| self.incident.roles.is_awaited(*user)) else {
            return false;
        };
        if !self.check_in(user, actor, around, now) {
            self.fill_roles(user, around, now);
        }
        let by = format!("acknowledged by {}", actor.name());
        self.effects.push(Effect::SupersedeOf(user, Superseded { how: How::Acked, by }));
        true
    }

    /// Somebody came: what they were asked to come as is theirs, where nobody else has it.
    pub(super) fn fill_roles(&mut self, user: UserId, around: &Surroundings<'_>, now: Timestamp) {
        let asked = self.incident.roles.engaged.iter().filter(|one| one.user == user);
        let names: Vec<String> = asked.map(|one| one.role.clone()).collect();
        self.incident.roles.engaged.retain(|one| one.user != user);
        for name in names {
            let Some(role) = around.directory.role(&name) else { continue };
            if role.is_shared || self.incident.roles.is_vacant(&name) {
                self.put_into(role, user, assignment::How::OnCall, &Actor::System, around, now);
            }
        }
    }

    /// As [`Decision::engage`], but whoever was paged for a role is still waited for.
    pub(super) fn engage_but_roles(&mut self, event: engage::Event, now: Timestamp) {
        let awaited = self.incident.clocks.engage.awaited.clone();
        self.engage(event, now);
        let roles = &self.incident.roles;
        let engage = &mut self.incident.clocks.engage;
        for one in awaited.into_iter().filter(|one| roles.is_awaited(one.user)) {
            if !engage.awaited.contains(&one) && !engage.is_present(one.user) {
                engage.awaited.push(one);
            }
        }
    }

    /// Every alert recovered while people hold roles: it is for them to say that it is over.
    pub(super) fn restored_by_itself(&mut self, around: &Surroundings<'_>, now: Timestamp) {
        if self.incident.status >= Status::Restored {
            return;
        }
        self.move_to(Status::Restored, &Actor::System, now);
        if let Some(entry) = self.entries.last_mut() {
            entry.text = format!(
                "{}: every alert recovered; whoever holds a role says when it is over",
                entry.text
            );
        }
        self.clocks_follow(around, now);
        self.roles_changed(around, now);
    }

    /// A person works on the cause; whoever leads should not (`R2`).
    pub(super) fn works_on_the_cause(
        &mut self,
        actor: &Actor,
        around: &Surroundings<'_>,
        now: Timestamp,
    ) {
        let Some(user) = actor.user() else { return };
        let warning = (Boundary::LeadTroubleshoots, user);
        let roles = &self.incident.roles;
        let leads = boundary::plays(roles, &around.directory.roles, user, Part::Lead);
        if leads && !roles.warned.contains(&warning) {
            self.warn(warning, around, now);
        }
    }

    /// Who holds what has changed: the clock of the hand-over follows, and what is crossed is said.
    fn roles_changed(&mut self, around: &Surroundings<'_>, now: Timestamp) {
        let (known, after) = (&around.directory.roles, around.severity.process.hand_over_after);
        let roles = &self.incident.roles;
        let leads = boundary::declarer_leads(roles, known).filter(|(user, _)| {
            self.incident.status < Status::Restored
                && !roles.warned.contains(&(Boundary::DeclarerLeads, *user))
        });
        let at = leads.zip(after).and_then(|((_, since), after)| since.checked_add(after).ok());
        let crossed = boundary::crossed(roles, known, after, now);
        let is_over = self.incident.status >= Status::Restored;
        for warning in crossed {
            let is_late = is_over && warning.0 == Boundary::DeclarerLeads;
            if !self.incident.roles.warned.contains(&warning) && !is_late {
                self.warn(warning, around, now);
            }
        }
        self.incident.roles.hand_over_at = at.filter(|at| *at > now);
    }

    /// The time in which whoever declared was to hand over has passed. Whether it had.
    pub(super) fn roles_fired(&mut self, around: &Surroundings<'_>, now: Timestamp) -> bool {
        let is_due = self.incident.roles.next_at().is_some_and(|at| at <= now);
        if is_due {
            self.roles_changed(around, now);
            let due = |relief: &&Relief| relief.next_at.is_some_and(|at| at <= now);
            let relief = self.incident.roles.relief.iter().filter(due);
            for role in relief.map(|one| one.role.clone()).collect::<Vec<_>>() {
                self.ask_next(&role, around, now);
            }
        }
        is_due
    }

    fn warn(
        &mut self,
        (boundary, user): (Boundary, UserId),
        around: &Surroundings<'_>,
        now: Timestamp,
    ) {
        self.incident.roles.warned.push((boundary, user));
        let person = around.person(user);
        let text = format!("{person} {}", boundary.advice());
        self.note(
            Entry::new(now, Kind::RoleWarning, Actor::System, text.clone())
                .with("boundary", boundary.name())
                .with("user", person),
        );
        if boundary == Boundary::DeclarerLeads {
            let subject = format!("Incident {}: hand over the lead", self.incident.number);
            self.inform(user, Urgency::High, subject, &text, &Actor::System);
        }
    }
}

fn known<'a>(around: &Surroundings<'a>, name: &str) -> Result<&'a Role, Wrong> {
    around.directory.role(name).ok_or_else(|| Wrong::NoSuchRole { role: name.to_owned() })
}

/// The duties of a role, a line each.
fn duty_sheet(role: &Role) -> String {
    if role.duties.is_empty() {
        return "Nothing is written down about what that asks of you.".to_owned();
    }
    let duties: Vec<_> = role.duties.iter().map(|duty| format!("- {duty}")).collect();
    format!("Your duties:\n{}", duties.join("\n"))
}
