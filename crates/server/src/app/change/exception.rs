//! Exceptions to the matrix of changes (`X7`): nominated, agreed to, announced to the team, and revoked in
//! the transaction in which a change under one is marked as the cause of an incident. What was to be
//! done under it and has not begun is asked about anew then.

use std::collections::BTreeSet;

use jiff::Timestamp;
use muster_core::change::exception::{
    self, Earned, Ending, Exception, Nomination, Refusal, Standing, clean_runs,
};
use muster_core::change::lifecycle;
use muster_core::change::plan::Plan;
use muster_core::change::record::{By, Change, Surroundings};
use muster_core::change::risk::History;
use muster_core::id::{ChangeId, ExceptionId, UserId};
use muster_core::incident::lifecycle::Incident;
use muster_core::incident::severity::Level;
use muster_core::incident::timeline::Actor;
use muster_core::org::directory::Directory;
use muster_store::change::{exception as store, record as changes};
use muster_store::event::{self, NewEvent};
use muster_store::{Lane, StoreError, Tx, audit};
use serde_json::json;

use crate::app::App;
use crate::ids;

/// The most closed changes that are looked at for the runs of an exception.
const RUNS_LOOKED_AT_MAX: i64 = 500;
/// The most changes that are asked about anew when an exception is revoked.
const ASKED_ANEW_MAX: i64 = 500;
/// How often something is tried again when somebody else was faster.
const TRIES_MAX: u32 = 5;

/// Why nothing was done.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// There is no such exception.
    #[error("there is no such exception")]
    Unknown,
    /// One like it is there.
    #[error("EXC-{0} is for the same kind of change already")]
    Same(i64),
    /// A rule is against it.
    #[error(transparent)]
    Refusal(#[from] Refusal),
    /// The store does not answer.
    #[error("the store does not answer: {0}")]
    Store(#[from] StoreError),
}

impl Refused {
    fn may_pass(&self) -> bool {
        matches!(self, Self::Store(StoreError::Conflict { .. } | StoreError::GaveWay { .. }))
    }
}

/// What somebody does about an exception.
#[derive(Debug, Clone)]
pub enum Command {
    /// Agree to it.
    Agree,
    /// Reject or withdraw it, with a reason.
    GiveUp(Ending, String),
}

/// How changes like a plan went, and what they are spared.
#[derive(Debug, Clone, Default)]
pub struct Past {
    /// How they went.
    pub history: History,
    /// The exceptions of their class.
    pub exceptions: Vec<Earned>,
}

impl Past {
    /// What a decision about such a plan looks at; what is in its way is put in by whoever looks for it.
    pub fn around<'a>(
        &'a self,
        directory: &'a Directory,
        incident: Option<Level>,
    ) -> Surroundings<'a> {
        Surroundings {
            directory,
            history: self.history,
            incident,
            conflicts: &[],
            exceptions: &self.exceptions,
        }
    }
}

impl App {
    /// How changes like a plan went before, and what they are spared.
    ///
    /// # Errors
    /// When the store refuses.
    pub async fn past_of(&self, plan: &Plan) -> Result<Past, StoreError> {
        let mut tx = self.db.snapshot().await?;
        let snapshot = self.snapshot();
        self.past_in(&mut tx, &snapshot.directory, plan, self.now()).await
    }

    /// The exceptions that are not over, of one class, with what is earned of each.
    pub(super) async fn exceptions_of(
        &self,
        tx: &mut Tx,
        directory: &Directory,
        class: &str,
        now: Timestamp,
    ) -> Result<Vec<Earned>, StoreError> {
        let mut earned = Vec::new();
        for exception in store::living(tx, class).await? {
            let runs = self.runs_of(tx, directory, &exception, now).await?;
            earned.push(Earned { exception, runs });
        }
        Ok(earned)
    }

    async fn runs_of(
        &self,
        tx: &mut Tx,
        directory: &Directory,
        exception: &Exception,
        now: Timestamp,
    ) -> Result<u32, StoreError> {
        let terms = &directory.change_policy.exceptions;
        let since = now.checked_sub(terms.within).unwrap_or(Timestamp::MIN);
        let services = exception.services(directory);
        let runs = store::runs(tx, &exception.class, &services, since, RUNS_LOOKED_AT_MAX).await?;
        Ok(clean_runs(runs))
    }

    /// The exceptions with a smaller number, the newest first, with what is earned of each.
    ///
    /// # Errors
    /// When the store refuses.
    pub async fn exceptions(
        &self,
        before: Option<i64>,
        limit: i64,
    ) -> Result<Vec<Earned>, StoreError> {
        let now = self.now();
        let snapshot = self.snapshot();
        let listed = store::list(&self.db, before, limit).await?;
        let mut tx = self.db.snapshot().await?;
        let mut earned = Vec::with_capacity(listed.len());
        for exception in listed {
            let runs = self.runs_of(&mut tx, &snapshot.directory, &exception, now).await?;
            earned.push(Earned { exception, runs });
        }
        Ok(earned)
    }

    /// Nominates an exception, and asks those who must agree.
    ///
    /// # Errors
    /// See [`Refused`]; nothing was written then.
    pub async fn nominate_exception(&self, new: Nomination, by: &By) -> Result<Earned, Refused> {
        let id = ExceptionId(self.ids.next(self.now()));
        let mut tries = 0;
        loop {
            match self.try_to_nominate(id, &new, by).await {
                Err(refused) if refused.may_pass() && tries < TRIES_MAX => tries += 1,
                outcome => {
                    self.wake.all();
                    return outcome;
                }
            }
        }
    }

    async fn try_to_nominate(
        &self,
        id: ExceptionId,
        new: &Nomination,
        by: &By,
    ) -> Result<Earned, Refused> {
        let now = self.now();
        let snapshot = self.snapshot();
        let directory = &snapshot.directory;
        let mut exception = exception::nominate(id, new.clone(), by, directory, now)?;
        let mut tx = self.db.begin(Lane::Command).await?;
        // Drawing a number waits for whoever nominates the same at the same moment.
        exception.number = store::next_number(&mut tx).await?;
        let living = store::living(&mut tx, &exception.class).await?;
        let same = living
            .iter()
            .find(|one| (one.team, one.service) == (exception.team, exception.service));
        if let Some(same) = same {
            return Err(Refused::Same(same.number));
        }
        store::insert(&mut tx, &exception).await?;
        let actor = &by.actor;
        self.ask_about(&mut tx, directory, &exception, actor).await?;
        self.note_exception(&mut tx, &exception, "nominated", actor).await?;
        let runs = self.runs_of(&mut tx, directory, &exception, now).await?;
        tx.commit().await?;
        Ok(Earned { exception, runs })
    }

    /// Does what somebody asks of an exception.
    ///
    /// # Errors
    /// See [`Refused`]; nothing was changed then.
    pub async fn command_exception(
        &self,
        number: i64,
        command: &Command,
        by: &By,
    ) -> Result<Earned, Refused> {
        let mut tries = 0;
        loop {
            match self.try_to_command(number, command, by).await {
                Err(refused) if refused.may_pass() && tries < TRIES_MAX => tries += 1,
                outcome => {
                    self.wake.all();
                    return outcome;
                }
            }
        }
    }

    async fn try_to_command(
        &self,
        number: i64,
        command: &Command,
        by: &By,
    ) -> Result<Earned, Refused> {
        let now = self.now();
        let snapshot = self.snapshot();
        let directory = &snapshot.directory;
        let actor = &by.actor;
        let mut tx = self.db.begin(Lane::Command).await?;
        let before = store::lock(&mut tx, number).await?.ok_or(Refused::Unknown)?;
        let runs = self.runs_of(&mut tx, directory, &before, now).await?;
        let mut exception = match command {
            Command::Agree => before.agree(by, directory, now)?.0,
            Command::GiveUp(ending, reason) => {
                before.give_up(*ending, reason, by, directory, now)?
            }
        };
        let what = match command {
            Command::Agree => "agreed",
            Command::GiveUp(ending, _) => ending.name(),
        };
        match &exception.end {
            Some(end) => {
                let text = format!("It was {} by {}: {}", end.ending.name(), end.by, end.reason);
                self.announce(&mut tx, directory, &exception, &text, actor).await?;
                self.ask_anew(&mut tx, directory, &exception, now).await?;
            }
            None if exception.review_at.is_some() => {
                let terms = &directory.change_policy.exceptions;
                exception.is_announced = exception.standing(runs, terms, now) == Standing::InForce;
                let text = standing_in_words(&exception, runs, directory);
                self.announce(&mut tx, directory, &exception, &text, actor).await?;
            }
            None => self.ask_about(&mut tx, directory, &exception, actor).await?,
        }
        store::update(&mut tx, &exception).await?;
        self.note_exception(&mut tx, &exception, what, actor).await?;
        tx.commit().await?;
        Ok(Earned { exception, runs })
    }

    /// Tells the teams whose exceptions a change that was closed just now earned, or lost.
    pub(super) async fn exceptions_earned(
        &self,
        tx: &mut Tx,
        directory: &Directory,
        change: &Change,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let terms = &directory.change_policy.exceptions;
        for earned in self.exceptions_of(tx, directory, &change.plan.class, now).await? {
            let Earned { mut exception, runs } = earned;
            let is_in_force = match exception.standing(runs, terms, now) {
                Standing::InForce => true,
                Standing::Earning => false,
                _ => continue,
            };
            if is_in_force == exception.is_announced {
                continue;
            }
            exception.is_announced = is_in_force;
            let text = standing_in_words(&exception, runs, directory);
            self.announce(tx, directory, &exception, &text, &Actor::System).await?;
            store::update(tx, &exception).await?;
            let what = if is_in_force { "earned" } else { "lost" };
            self.note_exception(tx, &exception, what, &Actor::System).await?;
        }
        Ok(())
    }

    /// Revokes the exception that a change was done under, because it caused an incident.
    ///
    /// # Errors
    /// When the store refuses.
    pub async fn revoke_exception(
        &self,
        tx: &mut Tx,
        directory: &Directory,
        change: ChangeId,
        incident: &Incident,
        actor: &Actor,
    ) -> Result<(), StoreError> {
        let now = self.now();
        if incident.practice {
            return Ok(());
        }
        let Some(change) = changes::lock_by_id(tx, change).await? else { return Ok(()) };
        let Some(number) = change.assessment.as_ref().and_then(|one| one.exception) else {
            return Ok(());
        };
        let Some(exception) = store::lock(tx, number).await? else { return Ok(()) };
        let is_restricted = incident.restriction.is_some();
        let caused = (incident.id, is_restricted);
        let revoked = exception.revoke(change.number, caused, actor.name(), now);
        let Some(exception) = revoked else { return Ok(()) };
        store::update(tx, &exception).await?;
        let reason = exception.end.as_ref().map_or("", |end| end.reason.as_str());
        let text = format!("It is revoked: {reason}");
        self.announce(tx, directory, &exception, &text, &Actor::System).await?;
        let actor = if is_restricted { &Actor::System } else { actor };
        self.note_exception(tx, &exception, "revoked", actor).await?;
        self.ask_anew(tx, directory, &exception, now).await
    }

    /// Asks about everything anew that was to be done under an exception and has not begun.
    async fn ask_anew(
        &self,
        tx: &mut Tx,
        directory: &Directory,
        exception: &Exception,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let system = By { actor: Actor::System, is_admin: false };
        for before in store::ahead(tx, exception.number, ASKED_ANEW_MAX).await? {
            let mut past = self.past_in(tx, directory, &before.plan, now).await?;
            past.exceptions.retain(|one| one.exception.number != exception.number);
            let around = past.around(directory, None);
            let why = format!("{} is over", exception.title(directory));
            let (change, entries) = lifecycle::ask_anew(before.clone(), &why, &around, now);
            changes::update(tx, &change, &[], now).await?;
            self.put_change(tx, directory, Some(&before), &change, &entries, &system).await?;
        }
        Ok(())
    }

    /// Asks those who must agree to an exception now.
    async fn ask_about(
        &self,
        tx: &mut Tx,
        directory: &Directory,
        exception: &Exception,
        actor: &Actor,
    ) -> Result<(), StoreError> {
        let now = self.now();
        let sides = exception.open(now).into_iter();
        let people: BTreeSet<_> =
            sides.flat_map(|side| exception.deciders(side, directory, now)).collect();
        let given = [exception.manager, exception.owner].into_iter().flatten();
        let given: Vec<_> = given.map(|one| one.by).collect();
        let people = people.into_iter().filter(|user| !given.contains(user)).collect();
        let text = format!("Agree or say why not: {}", exception.justification);
        self.tell_of_exception(tx, directory, exception, people, ("waits for you", &text), actor)
            .await
    }

    /// Tells the team, its manager and the nominator.
    async fn announce(
        &self,
        tx: &mut Tx,
        directory: &Directory,
        exception: &Exception,
        text: &str,
        actor: &Actor,
    ) -> Result<(), StoreError> {
        let team = directory.teams.get(exception.team);
        let of_team = team.into_iter().flat_map(|team| team.members.iter().copied());
        let manager = team.and_then(|team| team.manager);
        let people = of_team.chain(manager).chain(std::iter::once(exception.nominator)).collect();
        self.tell_of_exception(tx, directory, exception, people, ("", text), actor).await
    }

    async fn tell_of_exception(
        &self,
        tx: &mut Tx,
        directory: &Directory,
        exception: &Exception,
        people: BTreeSet<UserId>,
        (what, text): (&str, &str),
        actor: &Actor,
    ) -> Result<(), StoreError> {
        let title = exception.title(directory);
        let subject = format!("Exception {title} {what}");
        let url = format!("{}/changes/exceptions", self.settings.public_url);
        let content = json!({ "subject": subject.trim(), "text": text, "url": url });
        for user in people.into_iter().filter(|user| Some(*user) != actor.user()) {
            self.tell_person(tx, directory, user, &content).await?;
        }
        Ok(())
    }

    /// Writes what happened to an exception into the audit log and the stream.
    async fn note_exception(
        &self,
        tx: &mut Tx,
        exception: &Exception,
        what: &str,
        actor: &Actor,
    ) -> Result<(), StoreError> {
        let object = ("change_exception", exception.id.to_string());
        let data = json!({ "number": exception.number, "class": exception.class });
        let entry = self.audit_entry(actor, &format!("change_exception.{what}"), object, data);
        audit::append(tx, &entry, ids::random()).await?;
        let news = NewEvent {
            kind: format!("change_exception.{what}"),
            incident_number: None,
            subject: exception.id.to_string(),
        };
        event::tell(tx, self.now(), &[news]).await
    }
}

/// What holds now, for the team.
fn standing_in_words(exception: &Exception, runs: u32, directory: &Directory) -> String {
    let terms = &directory.change_policy.exceptions;
    let row = &exception.row;
    if exception.is_announced {
        return format!(
            "It holds: changes of its kind are held to `{row}`, after {runs} clean runs"
        );
    }
    let needed = terms.clean_runs.saturating_sub(runs);
    format!(
        "It is to be earned: after {needed} more clean runs, changes of its kind are held to `{row}`"
    )
}
