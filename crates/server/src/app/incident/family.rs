//! Families of incidents (`J5`, `T3`), from wherever somebody splits one: child efforts begin, come
//! back, join and leave, and end with their parent. Every move is one transaction that holds all the
//! incidents it changes.

use jiff::Timestamp;
use muster_core::id::{IncidentId, UserId};
use muster_core::incident::audience;
use muster_core::incident::family::{self, Effort};
use muster_core::incident::lifecycle::family as lifecycle;
use muster_core::incident::lifecycle::sight;
use muster_core::incident::lifecycle::{Command, Decision, Incident, Surroundings, WrongMove};
use muster_core::incident::timeline::{Actor, Entry, Kind};
use muster_core::org::directory::Directory;
use muster_store::incident::family as store;
use muster_store::incident::incident::{self as store_incident, Grouping};
use muster_store::{Lane, Tx, audit};
use serde_json::json;

use super::command::{Refused, TRIES_MAX, obey};
use super::facts;
use super::record::{self, Before};
use crate::app::App;
use crate::ids;

/// What is asked of a family.
enum Ask<'a> {
    Split { id: IncidentId, effort: &'a Effort, lead: Option<UserId> },
    Attach { to: IncidentId, speaks: bool },
    Detach,
    Rejoin { note: &'a str },
    ResolveAll { note: Option<String> },
}

impl App {
    /// Splits an effort off an incident, which becomes its parent.
    ///
    /// # Errors
    /// See [`Refused`].
    pub async fn split(
        &self,
        parent: IncidentId,
        effort: &Effort,
        lead: Option<UserId>,
        actor: &Actor,
    ) -> Result<Incident, Refused> {
        let id = IncidentId(self.ids.next(self.now()));
        self.insist_on(parent, &Ask::Split { id, effort, lead }, actor).await
    }

    /// Makes an incident a child effort of another one, or says whether it speaks for itself.
    ///
    /// # Errors
    /// See [`Refused`].
    pub async fn attach(
        &self,
        child: IncidentId,
        to: IncidentId,
        speaks: bool,
        actor: &Actor,
    ) -> Result<Incident, Refused> {
        self.insist_on(child, &Ask::Attach { to, speaks }, actor).await
    }

    /// Lets a child effort stand by itself.
    ///
    /// # Errors
    /// See [`Refused`].
    pub async fn detach(&self, child: IncidentId, actor: &Actor) -> Result<Incident, Refused> {
        self.insist_on(child, &Ask::Detach, actor).await
    }

    /// Ends a child effort by taking it back into its parent, with what it found.
    ///
    /// # Errors
    /// See [`Refused`].
    pub async fn rejoin(
        &self,
        child: IncidentId,
        note: &str,
        actor: &Actor,
    ) -> Result<Incident, Refused> {
        self.insist_on(child, &Ask::Rejoin { note }, actor).await
    }

    /// Resolves an incident with all of its open child efforts, or none of them.
    ///
    /// # Errors
    /// See [`Refused`].
    pub async fn resolve_family(
        &self,
        parent: IncidentId,
        note: Option<String>,
        actor: &Actor,
    ) -> Result<Incident, Refused> {
        self.insist_on(parent, &Ask::ResolveAll { note }, actor).await
    }

    async fn insist_on(
        &self,
        id: IncidentId,
        ask: &Ask<'_>,
        actor: &Actor,
    ) -> Result<Incident, Refused> {
        let mut tries = 0;
        loop {
            match self.attempt_family(id, ask, actor).await {
                Err(refused) if refused.may_pass() && tries < TRIES_MAX => tries += 1,
                outcome => {
                    self.wake.all();
                    return outcome;
                }
            }
        }
    }

    async fn attempt_family(
        &self,
        id: IncidentId,
        ask: &Ask<'_>,
        actor: &Actor,
    ) -> Result<Incident, Refused> {
        let now = self.now();
        let mut tx = self.db.begin(Lane::Command).await?;
        let incident = match ask {
            Ask::Split { id: child, effort, lead } => {
                self.split_in(&mut tx, id, *child, (effort, *lead), actor, now).await?
            }
            Ask::Attach { to, speaks } => {
                self.attach_in(&mut tx, id, *to, *speaks, actor, now).await?
            }
            Ask::Detach => self.detach_in(&mut tx, id, actor, now).await?,
            Ask::Rejoin { note } => self.rejoin_in(&mut tx, id, note, actor, now).await?,
            Ask::ResolveAll { note } => {
                self.resolve_in(&mut tx, id, note.clone(), actor, now).await?
            }
        };
        tx.commit().await?;
        Ok(incident)
    }

    async fn split_in(
        &self,
        tx: &mut Tx,
        parent: IncidentId,
        id: IncidentId,
        (effort, lead): (&Effort, Option<UserId>),
        actor: &Actor,
        now: Timestamp,
    ) -> Result<Incident, Refused> {
        let parent = store_incident::lock(tx, parent).await?.ok_or(Refused::NoSuchIncident)?;
        if let Some(known) = store_incident::read(tx, id).await? {
            return Ok(known);
        }
        lifecycle::may_have_child(&parent)?;
        let snapshot = self.snapshot();
        let directory = &snapshot.directory;
        let number = store_incident::next_number(tx).await?;
        let child = family::child(&parent, effort, (id, number), directory, now);
        let around = self.around(tx, directory, &child, now).await?;
        let decision = lifecycle::begin_effort(child, &parent, lead, actor, &around, now);
        let before = Before::New(Grouping::default());
        record::record(self, tx, directory, before, &decision, actor, now).await?;
        let child = decision.incident;
        let lead = lead.map(|lead| around.person(lead));
        let entry = lifecycle::split_off(&child, lead.as_deref(), actor, now);
        self.tell_relative(tx, directory, &parent, &child, entry, now).await?;
        Ok(child)
    }

    async fn attach_in(
        &self,
        tx: &mut Tx,
        child: IncidentId,
        parent: IncidentId,
        speaks: bool,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<Incident, Refused> {
        let (child, parent) = both(tx, child, parent).await?;
        if child.restriction.is_some() != parent.restriction.is_some() {
            return Err(WrongMove::RestrictedApart.into());
        }
        let snapshot = self.snapshot();
        let directory = &snapshot.directory;
        let around = self.around(tx, directory, &child, now).await?;
        let decision = lifecycle::attach(&child, &parent, speaks, actor, &around, now)?;
        if decision.entries.is_empty() {
            return Ok(child);
        }
        self.keep(tx, directory, &child, &decision, actor, now).await?;
        if child.parentage.is_none() {
            let text = format!("Incident {}, {} is a child effort now", child.number, child.title);
            let entry = Entry::new(now, Kind::Attached, actor.clone(), text);
            let entry = entry.with("incident", child.number);
            self.tell_relative(tx, directory, &parent, &child, entry, now).await?;
        }
        self.audit(tx, actor, "incident.attached", &child, &parent).await?;
        Ok(decision.incident)
    }

    async fn detach_in(
        &self,
        tx: &mut Tx,
        child: IncidentId,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<Incident, Refused> {
        let (child, parent) = with_parent(tx, child).await?;
        let snapshot = self.snapshot();
        let directory = &snapshot.directory;
        let around = self.around(tx, directory, &child, now).await?;
        let decision = lifecycle::detach(&child, &parent, actor, &around, now)?;
        self.keep(tx, directory, &child, &decision, actor, now).await?;
        let text = format!("Incident {} is no child effort any more", child.number);
        let entry = Entry::new(now, Kind::Detached, actor.clone(), text);
        let entry = entry.with("incident", child.number);
        self.tell_relative(tx, directory, &parent, &child, entry, now).await?;
        self.audit(tx, actor, "incident.detached", &child, &parent).await?;
        Ok(decision.incident)
    }

    async fn rejoin_in(
        &self,
        tx: &mut Tx,
        child: IncidentId,
        note: &str,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<Incident, Refused> {
        let (child, parent) = with_parent(tx, child).await?;
        let merge = Command::Merge { into: parent.id, into_number: parent.number };
        let merged = obey(self, tx, child.id, merge, actor, now).await?;
        let found = if note.is_empty() { String::new() } else { format!(": {note}") };
        let text = format!("Incident {}, {} came back{found}", child.number, child.title);
        let entry = Entry::new(now, Kind::Rejoined, actor.clone(), text);
        let entry = entry.with("incident", child.number);
        let snapshot = self.snapshot();
        self.tell_relative(tx, &snapshot.directory, &parent, &child, entry, now).await?;
        Ok(merged)
    }

    async fn resolve_in(
        &self,
        tx: &mut Tx,
        parent: IncidentId,
        note: Option<String>,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<Incident, Refused> {
        let mut ids = store::children(tx, parent).await?;
        ids.push(parent);
        ids.sort_unstable();
        let members = store_incident::lock_all(tx, &ids).await?;
        let whole = members.iter().find(|one| one.id == parent).ok_or(Refused::NoSuchIncident)?;
        for child in &members {
            let ends = child.id != parent && child.status.is_open() && whole.may_read_of(child);
            if ends {
                let with = format!("with its parent, incident {}", whole.number);
                let command = Command::Resolve { note: Some(with) };
                obey(self, tx, child.id, command, actor, now).await?;
            }
        }
        obey(self, tx, parent, Command::Resolve { note }, actor, now).await
    }

    async fn around<'a>(
        &self,
        tx: &mut Tx,
        directory: &'a Directory,
        incident: &Incident,
        now: Timestamp,
    ) -> Result<Surroundings<'a>, Refused> {
        let facts = facts::load(tx, directory, incident).await?;
        let around = Surroundings::new(directory, incident, incident.severity, &facts, now);
        around.ok_or(Refused::NotConfigured)
    }

    async fn keep(
        &self,
        tx: &mut Tx,
        directory: &Directory,
        incident: &Incident,
        decision: &Decision,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<(), Refused> {
        let before = Before::Version(incident.version);
        Ok(record::record(self, tx, directory, before, decision, actor, now).await?)
    }

    /// Writes into the timeline of one member what is about another one, if its readers may know.
    async fn tell_relative(
        &self,
        tx: &mut Tx,
        directory: &Directory,
        to: &Incident,
        about: &Incident,
        entry: Entry,
        now: Timestamp,
    ) -> Result<(), Refused> {
        if to.may_read_of(about) {
            record::note(self, tx, directory, to, &[entry], now).await?;
        }
        Ok(())
    }

    async fn audit(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        action: &str,
        child: &Incident,
        parent: &Incident,
    ) -> Result<(), Refused> {
        let object = ("incident", child.id.to_string());
        let entry =
            self.audit_entry(actor, action, object, json!({ "parent": parent.id.to_string() }));
        Ok(audit::append(tx, &entry, ids::random()).await?)
    }
}

/// Who leads a member, by name; where nobody does, who has it.
pub fn leads(directory: &Directory, member: &Incident) -> Vec<String> {
    let mut who = audience::leads(directory, member);
    if who.is_empty() {
        who.extend(member.assignee);
    }
    let users = who.iter().filter_map(|id| directory.users.get(*id));
    users.map(|user| user.name.clone()).collect()
}

/// The open incidents of the family of an incident besides itself, all of them held with it, so that
/// two who change something at once know of each other.
///
/// # Errors
/// See [`Refused`].
pub(super) async fn lock_open(tx: &mut Tx, id: IncidentId) -> Result<Vec<Incident>, Refused> {
    let incident = store_incident::read(tx, id).await?.ok_or(Refused::NoSuchIncident)?;
    let open = store::open_members(tx, incident.family()).await?;
    let mut ids: Vec<_> = open.iter().map(|member| member.id).filter(|one| *one != id).collect();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    ids.push(id);
    ids.sort_unstable();
    let mut held = store_incident::lock_all(tx, &ids).await?;
    held.retain(|member| member.id != id && member.status.is_open());
    Ok(held)
}

/// Posts what somebody changes, or means to, to the others of the family whose readers may know.
///
/// # Errors
/// When the store refuses.
pub(super) async fn tell_of_action(
    app: &App,
    tx: &mut Tx,
    directory: &Directory,
    of: &Incident,
    family: &[Incident],
    (entry, is_major): (&Entry, bool),
) -> Result<(), Refused> {
    let now = app.now();
    let Some(told) = lifecycle::told_of_action(of, entry, is_major, now) else { return Ok(()) };
    for member in family.iter().filter(|member| member.may_read_of(of)) {
        let decision = lifecycle::hear_of_action(member, &told, directory);
        let before = Before::Version(member.version);
        record::record(app, tx, directory, before, &decision, &entry.actor, now).await?;
    }
    Ok(())
}

/// The children of an incident that was merged go to the one that took its place, or to that one's
/// parent.
///
/// # Errors
/// See [`Refused`].
pub(super) async fn hand_children_over(
    app: &App,
    tx: &mut Tx,
    directory: &Directory,
    (from, into): (&Incident, IncidentId),
    actor: &Actor,
    now: Timestamp,
) -> Result<(), Refused> {
    let children = store::children(tx, from.id).await?;
    if children.is_empty() {
        return Ok(());
    }
    let into = store_incident::read(tx, into).await?.ok_or(Refused::NoSuchIncident)?;
    for child in store_incident::lock_all(tx, &children).await? {
        if child.id == into.id {
            let (number, into) = (from.number, into.number);
            return Err(WrongMove::from(lifecycle::Wrong::IntoChild { number, into }).into());
        }
        let decision = lifecycle::adopt(&child, (from.number, &into), actor, now);
        let before = Before::Version(child.version);
        record::record(app, tx, directory, before, &decision, actor, now).await?;
    }
    Ok(())
}

/// Who sees the children of a restricted incident changes with it.
///
/// # Errors
/// See [`Refused`].
pub(super) async fn restrict_children(
    app: &App,
    tx: &mut Tx,
    parent: &Incident,
    ask: &sight::Ask,
    actor: &Actor,
    now: Timestamp,
) -> Result<(), Refused> {
    if !matches!(ask, sight::Ask::Restrict { .. } | sight::Ask::Change { .. }) {
        return Ok(());
    }
    for child in store::children(tx, parent.id).await? {
        Box::pin(obey(app, tx, child, Command::Sight(ask.clone()), actor, now)).await?;
    }
    Ok(())
}

/// A child of a restricted incident is not everybody's: its timeline speaks of the parent.
///
/// # Errors
/// Says what to do first.
pub(super) async fn require_open_parent(tx: &mut Tx, child: &Incident) -> Result<(), Refused> {
    let Some(parentage) = child.parentage else { return Ok(()) };
    let parent = store_incident::read(tx, parentage.parent).await?;
    if parent.is_some_and(|parent| parent.restriction.is_some()) {
        let number = child.number;
        return Err(WrongMove::from(lifecycle::Wrong::ParentRestricted { number }).into());
    }
    Ok(())
}

/// A child with its parent, both held.
async fn with_parent(tx: &mut Tx, child: IncidentId) -> Result<(Incident, Incident), Refused> {
    let known = store_incident::read(tx, child).await?.ok_or(Refused::NoSuchIncident)?;
    let Some(parentage) = known.parentage else {
        return Err(WrongMove::from(lifecycle::Wrong::IsNoChild { number: known.number }).into());
    };
    both(tx, child, parentage.parent).await
}

/// Both incidents, held in the order of their ids.
async fn both(
    tx: &mut Tx,
    one: IncidentId,
    other: IncidentId,
) -> Result<(Incident, Incident), Refused> {
    if other < one {
        store_incident::lock(tx, other).await?;
    }
    let first = store_incident::lock(tx, one).await?.ok_or(Refused::NoSuchIncident)?;
    let second = store_incident::lock(tx, other).await?.ok_or(Refused::NoSuchIncident)?;
    Ok((first, second))
}
