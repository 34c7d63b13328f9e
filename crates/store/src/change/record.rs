//! Changes (`X1`, `X4`) as they are stored: one row each with the plan as a document, beside it what is
//! looked up: the services, who is asked now, the wordings and the decisions, and what happened.

use jiff::Timestamp;
use muster_core::change::approval::Decision;
use muster_core::change::plan::Part;
use muster_core::change::policy::Approver;
use muster_core::change::record::{
    Change, Entry, Kind, Origin, Outcome, Override, Run, State, Tick,
};
use muster_core::change::risk::History;
use muster_core::id::{ChangeId, EntryId, ServiceId, TeamId, UserId};
use muster_core::incident::timeline::Actor;
use sqlx::FromRow;
use uuid::Uuid;

use super::{plan, search};
use crate::args;
use crate::db::rows::{self, Column, Kind as Travels};
use crate::db::{Db, Result, Sql, StoreError, Tx, Value};
use crate::incident::incident::marks;
use crate::incident::timeline::actor;

#[derive(FromRow)]
struct ChangeRow {
    id: Uuid,
    number: i64,
    state: String,
    submitter_id: Uuid,
    revision: i64,
    origin: String,
    excuse: String,
    plan: String,
    assessment: Option<String>,
    outcome: Option<String>,
    created_at: i64,
    submitted_at: Option<i64>,
    approved_at: Option<i64>,
    asked_at: Option<i64>,
    started_at: Option<i64>,
    ended_at: Option<i64>,
    closed_at: Option<i64>,
    checked_at: Option<i64>,
    aborted_at: Option<i64>,
    version: i64,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, number, state, submitter_id, revision, origin, excuse, plan, assessment, outcome,
                 created_at, submitted_at, approved_at, asked_at, started_at, ended_at, closed_at, checked_at,
                 aborted_at, version
             FROM change ",
            $rest
        )
    };
}

/// Selects whole changes; a condition follows.
pub(super) const SELECT: &str = select!("");

#[derive(FromRow)]
struct DecisionRow {
    change_id: Uuid,
    approver: String,
    team_id: Option<Uuid>,
    user_id: Uuid,
    on_behalf_of: Option<Uuid>,
    is_approval: bool,
    reason: String,
    revision: i64,
    at: i64,
    is_void: bool,
}

#[derive(FromRow)]
struct OverrideRow {
    change_id: Uuid,
    conflict: String,
    text: String,
    reason: String,
    actor_kind: String,
    actor_id: Option<Uuid>,
    actor_name: String,
    at: i64,
}

impl OverrideRow {
    fn read(self) -> Result<Override> {
        Ok(Override {
            key: self.conflict,
            text: self.text,
            reason: self.reason,
            by: actor(&self.actor_kind, self.actor_id, self.actor_name)
                .ok_or_else(|| corrupt("an unknown actor"))?,
            at: instant(self.at)?,
        })
    }
}

#[derive(FromRow)]
struct TickRow {
    change_id: Uuid,
    run: String,
    place: i64,
    actor_kind: String,
    actor_id: Option<Uuid>,
    actor_name: String,
    at: i64,
}

impl TickRow {
    fn read(self) -> Result<Tick> {
        Ok(Tick {
            run: Run::from_name(&self.run).ok_or_else(|| corrupt("an unknown run"))?,
            place: count(self.place)?,
            by: actor(&self.actor_kind, self.actor_id, self.actor_name)
                .ok_or_else(|| corrupt("an unknown actor"))?,
            at: instant(self.at)?,
        })
    }
}

/// Which changes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// In one of these states.
    pub states: Vec<State>,
    /// Touching this service.
    pub service: Option<ServiceId>,
    /// Submitted or done by this person.
    pub of: Option<UserId>,
    /// Waiting for one of these people to decide.
    pub asked: Vec<UserId>,
    /// Not done by this person.
    pub not_technician: Option<UserId>,
    /// Planned to be under way at some time from then on.
    pub from: Option<Timestamp>,
    /// Planned to begin before then.
    pub to: Option<Timestamp>,
    /// With a smaller number.
    pub before: Option<i64>,
    /// Found by a query.
    pub query: search::Filter,
}

fn corrupt(what: &str) -> StoreError {
    StoreError::Corrupt(format!("a change with {what}"))
}

fn instant(micros: i64) -> Result<Timestamp> {
    Timestamp::from_microsecond(micros).map_err(|_| corrupt("no instant"))
}

fn count(number: i64) -> Result<u32> {
    u32::try_from(number).map_err(|_| corrupt("a count out of range"))
}

impl ChangeRow {
    fn read(
        self,
        decisions: Vec<Decision>,
        overrides: Vec<Override>,
        ticks: Vec<Tick>,
    ) -> Result<Change> {
        let at = |micros: Option<i64>| micros.map(instant).transpose();
        let outcome = self
            .outcome
            .as_deref()
            .map(|name| Outcome::from_name(name).ok_or_else(|| corrupt("an unknown outcome")));
        Ok(Change {
            id: ChangeId(self.id),
            number: self.number,
            state: State::from_name(&self.state).ok_or_else(|| corrupt("an unknown state"))?,
            plan: plan::read(&self.plan)?,
            revision: count(self.revision)?,
            submitter: UserId(self.submitter_id),
            origin: Origin::from_name(&self.origin).ok_or_else(|| corrupt("an unknown origin"))?,
            excuse: self.excuse,
            assessment: self.assessment.as_deref().map(plan::read_assessment).transpose()?,
            decisions,
            created_at: instant(self.created_at)?,
            submitted_at: at(self.submitted_at)?,
            approved_at: at(self.approved_at)?,
            asked_at: at(self.asked_at)?,
            started_at: at(self.started_at)?,
            ended_at: at(self.ended_at)?,
            closed_at: at(self.closed_at)?,
            outcome: outcome.transpose()?,
            checked_at: at(self.checked_at)?,
            overrides,
            aborted_at: at(self.aborted_at)?,
            ticks,
            version: self.version,
        })
    }
}

impl DecisionRow {
    fn read(self) -> Result<Decision> {
        Ok(Decision {
            approver: Approver::from_name(&self.approver)
                .ok_or_else(|| corrupt("an unknown approver"))?,
            team: self.team_id.map(TeamId),
            by: UserId(self.user_id),
            on_behalf_of: self.on_behalf_of.map(UserId),
            is_approval: self.is_approval,
            reason: self.reason,
            revision: count(self.revision)?,
            at: instant(self.at)?,
            is_void: self.is_void,
        })
    }
}

/// The next number for people. Nobody else draws one until the transaction ends.
pub async fn next_number(tx: &mut Tx) -> Result<i64> {
    const UPDATE: Sql =
        Sql::same("UPDATE counter SET value = value + 1 WHERE name = 'change' RETURNING value");
    let (number,): (i64,) = tx.fetch_one(&UPDATE, vec![]).await?;
    Ok(number)
}

/// The columns that change, in the order of [`changing`].
const CHANGING: &str = "state, title, service_id, class, technician_id, start_at, end_at, revision,
    origin, excuse, plan, assessment, tier, is_emergent, outcome, submitted_at, approved_at, asked_at,
    started_at, ended_at, closed_at, back_at, checked_at, exception, aborted_at, version, folded,
    incident_number";

fn changing(change: &Change) -> Result<Vec<Value>> {
    let assessment = change.assessment.as_ref();
    let written = assessment.map(plan::write_assessment).transpose()?;
    Ok(args![
        change.state.name(),
        &change.plan.title,
        change.plan.service,
        &change.plan.class,
        change.plan.technician,
        change.plan.start,
        change.plan.end,
        i64::from(change.revision),
        change.origin.name(),
        &change.excuse,
        plan::write(&change.plan)?,
        written,
        assessment.map(|one| i64::from(one.tier)),
        change.is_emergent(),
        change.outcome.map(Outcome::name),
        change.submitted_at,
        change.approved_at,
        change.asked_at,
        change.started_at,
        change.ended_at,
        change.closed_at,
        change.back_by(),
        change.checked_at,
        assessment.and_then(|one| one.exception),
        change.aborted_at,
        change.version,
        search::folded_of(&change.plan),
        change.plan.incident,
    ])
}

/// Stores a new change.
pub async fn insert(tx: &mut Tx, change: &Change) -> Result<()> {
    let marks = marks(32);
    let text = format!(
        "INSERT INTO change ({CHANGING}, id, number, submitter_id, created_at) VALUES ({marks})"
    );
    let mut values = changing(change)?;
    values.extend(args![change.id, change.number, change.submitter, change.created_at]);
    tx.execute(&Sql::built(text), values).await?;
    beside(tx, change).await
}

/// Stores what became of a change; `parts` are those that a new wording touched.
pub async fn update(tx: &mut Tx, change: &Change, parts: &[Part], now: Timestamp) -> Result<()> {
    const KEEP: Sql = Sql::same(
        "INSERT INTO change_revision (change_id, revision, plan, at)
         SELECT id, revision, plan, ? FROM change WHERE id = ? AND revision < ?
         ON CONFLICT (change_id, revision) DO NOTHING",
    );
    if !parts.is_empty() {
        tx.execute(&KEEP, args![now, change.id, i64::from(change.revision)]).await?;
    }
    let sets: Vec<_> = CHANGING.split(',').map(|column| format!("{} = ?", column.trim())).collect();
    let text = format!("UPDATE change SET {} WHERE id = ?", sets.join(", "));
    let mut values = changing(change)?;
    values.extend(args![change.id]);
    tx.execute(&Sql::built(text), values).await?;
    beside(tx, change).await
}

/// What is looked up beside the row.
async fn beside(tx: &mut Tx, change: &Change) -> Result<()> {
    crate::search::keep_change(tx, change).await?;
    const DECISIONS: Sql = Sql::same("DELETE FROM change_decision WHERE change_id = ?");
    const ASKED: Sql = Sql::same("DELETE FROM change_asked WHERE change_id = ?");
    const SERVICES: Sql = Sql::same("DELETE FROM change_service WHERE change_id = ?");
    const OVERRIDES: Sql = Sql::same("DELETE FROM change_override WHERE change_id = ?");
    const TICKS: Sql = Sql::same("DELETE FROM change_tick WHERE change_id = ?");
    for delete in [&DECISIONS, &ASKED, &SERVICES, &OVERRIDES, &TICKS] {
        tx.execute(delete, args![change.id]).await?;
    }
    const SERVICE: [Column; 2] = [("service_id", Travels::Uuid), ("change_id", Travels::Uuid)];
    let mut services: Vec<_> = change.plan.services().collect();
    services.sort();
    services.dedup();
    let values = services.into_iter().map(|service| args![service, change.id]).collect();
    rows::insert(tx, "change_service", &SERVICE, values, "").await?;
    const PERSON: [Column; 2] = [("user_id", Travels::Uuid), ("change_id", Travels::Uuid)];
    let open = change.open_requirements();
    let decided = |requirement: &&muster_core::change::approval::Requirement, user: &UserId| {
        change.decisions.iter().any(|one| {
            one.by == *user && one.is_approval && !one.is_void && requirement.is_decided_by(one)
        })
    };
    let mut people: Vec<_> = open
        .iter()
        .flat_map(|one| one.people.iter().copied().filter(|user| !decided(one, user)))
        .collect();
    people.sort();
    people.dedup();
    let values = people.into_iter().map(|user| args![user, change.id]).collect();
    rows::insert(tx, "change_asked", &PERSON, values, "").await?;
    const DECISION: [Column; 12] = [
        ("change_id", Travels::Uuid),
        ("position", Travels::Int),
        ("approver", Travels::Text),
        ("team_id", Travels::Uuid),
        ("user_id", Travels::Uuid),
        ("on_behalf_of", Travels::Uuid),
        ("is_approval", Travels::Bool),
        ("reason", Travels::Text),
        ("revision", Travels::Int),
        ("at", Travels::Int),
        ("is_void", Travels::Bool),
        ("technician_id", Travels::Uuid),
    ];
    let mut values = Vec::new();
    for (position, one) in change.decisions.iter().enumerate() {
        // A decision that is void was given about another wording, perhaps with another technician.
        let technician = change.plan.technician.filter(|_| !one.is_void);
        values.push(args![
            change.id,
            i64::try_from(position).unwrap_or(i64::MAX),
            one.approver.name(),
            one.team,
            one.by,
            one.on_behalf_of,
            one.is_approval,
            &one.reason,
            i64::from(one.revision),
            one.at,
            one.is_void,
            technician,
        ]);
    }
    rows::insert(tx, "change_decision", &DECISION, values, "").await?;
    overrides(tx, change).await?;
    ticks(tx, change).await
}

/// The steps that were done.
async fn ticks(tx: &mut Tx, change: &Change) -> Result<()> {
    const TICK: [Column; 7] = [
        ("change_id", Travels::Uuid),
        ("run", Travels::Text),
        ("place", Travels::Int),
        ("actor_kind", Travels::Text),
        ("actor_id", Travels::Uuid),
        ("actor_name", Travels::Text),
        ("at", Travels::Int),
    ];
    let values = change.ticks.iter().map(|one| {
        args![
            change.id,
            one.run.name(),
            i64::from(one.place),
            one.by.kind(),
            one.by.user(),
            one.by.name(),
            one.at,
        ]
    });
    rows::insert(tx, "change_tick", &TICK, values.collect(), "").await
}

/// What may be in its way all the same.
async fn overrides(tx: &mut Tx, change: &Change) -> Result<()> {
    const OVERRIDE: [Column; 9] = [
        ("change_id", Travels::Uuid),
        ("position", Travels::Int),
        ("conflict", Travels::Text),
        ("text", Travels::Text),
        ("reason", Travels::Text),
        ("actor_kind", Travels::Text),
        ("actor_id", Travels::Uuid),
        ("actor_name", Travels::Text),
        ("at", Travels::Int),
    ];
    let values = change.overrides.iter().enumerate().map(|(position, one)| {
        args![
            change.id,
            i64::try_from(position).unwrap_or(i64::MAX),
            &one.key,
            &one.text,
            &one.reason,
            one.by.kind(),
            one.by.user(),
            one.by.name(),
            one.at,
        ]
    });
    rows::insert(tx, "change_override", &OVERRIDE, values.collect(), "").await
}

/// Writes down what happened to a change.
pub async fn note(tx: &mut Tx, id: ChangeId, entries: &[(EntryId, Entry)]) -> Result<()> {
    const ENTRY: [Column; 8] = [
        ("id", Travels::Uuid),
        ("change_id", Travels::Uuid),
        ("at", Travels::Int),
        ("kind", Travels::Text),
        ("actor_kind", Travels::Text),
        ("actor_id", Travels::Uuid),
        ("actor_name", Travels::Text),
        ("text", Travels::Text),
    ];
    let values = entries.iter().map(|(entry_id, entry)| {
        let actor = &entry.actor;
        args![
            entry_id.0,
            id,
            entry.at,
            entry.kind.name(),
            actor.kind(),
            actor.user(),
            actor.name(),
            &entry.text,
        ]
    });
    rows::insert(tx, "change_entry", &ENTRY, values.collect(), "").await
}

/// One change, held until the transaction ends.
pub async fn lock(tx: &mut Tx, number: i64) -> Result<Option<Change>> {
    const SELECT: Sql =
        Sql::differs(select!("WHERE number = ?"), select!("WHERE number = ? FOR UPDATE"));
    let row: Option<ChangeRow> = tx.fetch_optional(&SELECT, args![number]).await?;
    whole(tx, row).await
}

/// As [`lock`], by its id.
pub async fn lock_by_id(tx: &mut Tx, id: ChangeId) -> Result<Option<Change>> {
    const SELECT: Sql = Sql::differs(select!("WHERE id = ?"), select!("WHERE id = ? FOR UPDATE"));
    let row: Option<ChangeRow> = tx.fetch_optional(&SELECT, args![id]).await?;
    whole(tx, row).await
}

/// One change by its id.
pub async fn by_id(tx: &mut Tx, id: ChangeId) -> Result<Option<Change>> {
    const SELECT: Sql = Sql::same(select!("WHERE id = ?"));
    let row: Option<ChangeRow> = tx.fetch_optional(&SELECT, args![id]).await?;
    whole(tx, row).await
}

/// One change.
pub async fn read(db: &Db, number: i64) -> Result<Option<Change>> {
    const SELECT: Sql = Sql::same(select!("WHERE number = ?"));
    let mut tx = db.snapshot().await?;
    let row: Option<ChangeRow> = tx.fetch_optional(&SELECT, args![number]).await?;
    whole(&mut tx, row).await
}

async fn whole(tx: &mut Tx, row: Option<ChangeRow>) -> Result<Option<Change>> {
    let Some(row) = row else { return Ok(None) };
    Ok(all(tx, vec![row]).await?.pop())
}

async fn all(tx: &mut Tx, rows: Vec<ChangeRow>) -> Result<Vec<Change>> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let text = format!(
        "SELECT change_id, approver, team_id, user_id, on_behalf_of, is_approval, reason, revision, at,
             is_void
         FROM change_decision WHERE change_id IN ({}) ORDER BY change_id, position",
        marks(rows.len())
    );
    let ids = || rows.iter().map(|row| Value::from(ChangeId(row.id))).collect();
    let mut decisions: Vec<DecisionRow> = tx.fetch_all(&Sql::built(text), ids()).await?;
    let text = format!(
        "SELECT change_id, conflict, text, reason, actor_kind, actor_id, actor_name, at
         FROM change_override WHERE change_id IN ({}) ORDER BY change_id, position",
        marks(rows.len())
    );
    let mut overrides: Vec<OverrideRow> = tx.fetch_all(&Sql::built(text), ids()).await?;
    let text = format!(
        "SELECT change_id, run, place, actor_kind, actor_id, actor_name, at
         FROM change_tick WHERE change_id IN ({}) ORDER BY change_id, at, run, place",
        marks(rows.len())
    );
    let mut ticks: Vec<TickRow> = tx.fetch_all(&Sql::built(text), ids()).await?;
    let mut changes = Vec::with_capacity(rows.len());
    for row in rows {
        let (own, others) = decisions.into_iter().partition(|one| one.change_id == row.id);
        decisions = others;
        let own: Vec<DecisionRow> = own;
        let own = own.into_iter().map(DecisionRow::read).collect::<Result<_>>()?;
        let (said, others) = overrides.into_iter().partition(|one| one.change_id == row.id);
        overrides = others;
        let said: Vec<OverrideRow> = said;
        let said = said.into_iter().map(OverrideRow::read).collect::<Result<_>>()?;
        let (done, others) = ticks.into_iter().partition(|one| one.change_id == row.id);
        ticks = others;
        let done: Vec<TickRow> = done;
        let done = done.into_iter().map(TickRow::read).collect::<Result<_>>()?;
        changes.push(row.read(own, said, done)?);
    }
    Ok(changes)
}

/// The changes that a filter leaves, the newest first.
pub async fn list(db: &Db, filter: &Filter, limit: i64) -> Result<Vec<Change>> {
    let mut text = select!("WHERE number < ?").to_owned();
    let mut values = args![filter.before.unwrap_or(i64::MAX)];
    if !filter.states.is_empty() {
        text.push_str(&format!(" AND state IN ({})", marks(filter.states.len())));
        values.extend(filter.states.iter().map(|state| Value::from(state.name())));
    }
    if let Some(service) = filter.service {
        text.push_str(" AND id IN (SELECT change_id FROM change_service WHERE service_id = ?)");
        values.extend(args![service]);
    }
    if let Some(user) = filter.of {
        text.push_str(" AND (submitter_id = ? OR technician_id = ?)");
        values.extend(args![user, user]);
    }
    if !filter.asked.is_empty() {
        text.push_str(&format!(
            " AND id IN (SELECT change_id FROM change_asked WHERE user_id IN ({}))",
            marks(filter.asked.len())
        ));
        values.extend(filter.asked.iter().map(|user| Value::from(*user)));
    }
    if let Some(user) = filter.not_technician {
        text.push_str(" AND (technician_id IS NULL OR technician_id <> ?)");
        values.extend(args![user]);
    }
    if let Some(from) = filter.from {
        text.push_str(" AND end_at > ?");
        values.extend(args![from]);
    }
    if let Some(to) = filter.to {
        text.push_str(" AND start_at < ?");
        values.extend(args![to]);
    }
    filter.query.conditions(&mut text, &mut values);
    text.push_str(" ORDER BY number DESC LIMIT ?");
    values.extend(args![limit]);
    selected(db, Sql::built(text), values).await
}

/// The changes that a statement made of [`SELECT`] selects.
pub(super) async fn selected(db: &Db, sql: Sql, values: Vec<Value>) -> Result<Vec<Change>> {
    let mut tx = db.snapshot().await?;
    let rows: Vec<ChangeRow> = tx.fetch_all(&sql, values).await?;
    all(&mut tx, rows).await
}

/// Changes by their ids, in no particular order.
pub async fn get_all(db: &Db, ids: &[ChangeId]) -> Result<Vec<Change>> {
    const SELECT: Sql = Sql::differs(
        select!("WHERE id IN (SELECT unhex(value) FROM json_each(?))"),
        select!("WHERE id = ANY(?)"),
    );
    let ids = Value::UuidList(ids.iter().map(|id| Some(id.0)).collect());
    let mut tx = db.snapshot().await?;
    let rows: Vec<ChangeRow> = tx.fetch_all(&SELECT, vec![ids]).await?;
    all(&mut tx, rows).await
}

/// The changes that were submitted and began, or were to begin, from an instant up to another, with a
/// smaller number, the newest first.
pub async fn begun(
    db: &Db,
    (from, to): (Timestamp, Timestamp),
    before: Option<i64>,
    limit: i64,
) -> Result<Vec<Change>> {
    const SELECT: Sql = Sql::same(select!(
        "WHERE coalesce(started_at, start_at) >= ? AND coalesce(started_at, start_at) < ?
             AND submitted_at IS NOT NULL AND number < ?
         ORDER BY number DESC LIMIT ?"
    ));
    let mut tx = db.snapshot().await?;
    let values = args![from, to, before.unwrap_or(i64::MAX), limit];
    let rows: Vec<ChangeRow> = tx.fetch_all(&SELECT, values).await?;
    all(&mut tx, rows).await
}

/// What happened to a change, the oldest first.
pub async fn entries(db: &Db, id: ChangeId) -> Result<Vec<Entry>> {
    #[derive(FromRow)]
    struct EntryRow {
        at: i64,
        kind: String,
        actor_kind: String,
        actor_id: Option<Uuid>,
        actor_name: String,
        text: String,
    }
    const SELECT: Sql = Sql::same(
        "SELECT at, kind, actor_kind, actor_id, actor_name, text FROM change_entry
         WHERE change_id = ? ORDER BY id",
    );
    let rows: Vec<EntryRow> = db.fetch_all(&SELECT, args![id]).await?;
    let read = |row: EntryRow| {
        let who: Actor = actor(&row.actor_kind, row.actor_id, row.actor_name)
            .ok_or_else(|| corrupt("an unknown actor"))?;
        Ok(Entry {
            at: instant(row.at)?,
            kind: Kind::from_name(&row.kind).ok_or_else(|| corrupt("an unknown kind of entry"))?,
            actor: who,
            text: row.text,
        })
    };
    rows.into_iter().map(read).collect()
}

/// An earlier wording of a change.
pub async fn revision(
    db: &Db,
    id: ChangeId,
    revision: u32,
) -> Result<Option<muster_core::change::plan::Plan>> {
    const SELECT: Sql =
        Sql::same("SELECT plan FROM change_revision WHERE change_id = ? AND revision = ?");
    let row: Option<(String,)> = db.fetch_optional(&SELECT, args![id, i64::from(revision)]).await?;
    row.map(|(text,)| plan::read(&text)).transpose()
}

/// How the changes of a class to a service went since then. What they caused counts by the marks in
/// incidents.
pub async fn history(
    tx: &mut Tx,
    class: &str,
    service: ServiceId,
    since: Timestamp,
) -> Result<History> {
    const CLOSED: Sql = Sql::same(
        "SELECT outcome, count(*) FROM change
         WHERE class = ? AND service_id = ? AND closed_at > ? AND outcome IS NOT NULL GROUP BY outcome",
    );
    // Everybody reads what the risk is made of, so it counts only what everybody sees.
    const CAUSED: Sql = Sql::same(
        "SELECT incident.severity, count(*) FROM change_mark
         JOIN change ON change.id = change_mark.change_id
         JOIN incident ON incident.id = change_mark.incident_id
         WHERE change_mark.change_kind = 'planned' AND change_mark.mark = 'cause'
             AND NOT incident.restricted AND NOT incident.practice
             AND change.class = ? AND change.service_id = ? AND change.created_at > ?
         GROUP BY incident.severity",
    );
    let values = || args![class, service, since];
    let closed: Vec<(String, i64)> = tx.fetch_all(&CLOSED, values()).await?;
    let caused: Vec<(i64, i64)> = tx.fetch_all(&CAUSED, values()).await?;
    let mut history = History::default();
    for (outcome, number) in closed {
        let number = count(number)?;
        match Outcome::from_name(&outcome) {
            Some(Outcome::Success) => history.successes += number,
            Some(Outcome::Issues) => history.issues += number,
            Some(Outcome::Failed | Outcome::RolledBack) => history.failures += number,
            None => return Err(corrupt("an unknown outcome")),
        }
    }
    for (severity, number) in caused {
        let number = count(number)?;
        match severity {
            1 => history.sev1 += number,
            2 => history.sev2 += number,
            3 => history.sev3 += number,
            _ => {}
        }
    }
    Ok(history)
}
