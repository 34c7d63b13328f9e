//! The timeline as it is stored: only ever added to, and never a reason for an incident's version
//! to change.

use jiff::Timestamp;
use muster_core::id::{EntryId, IncidentId, UserId};
use muster_core::incident::restriction::Viewer;
use muster_core::incident::timeline::{Actor, Entry, Kind as EntryKind};
use muster_core::incident::writing::Stored;
use sqlx::FromRow;
use uuid::Uuid;

use super::{incident, restriction};
use crate::args;
use crate::db::rows::{self, Column, Kind};
use crate::db::{Db, Result, Sql, StoreError, Tx, Value};
use crate::search;

/// An entry as it is stored.
#[derive(Debug, Clone, FromRow)]
pub struct EntryRow {
    /// See [`EntryId`]; later entries sort after earlier ones.
    pub id: Uuid,
    /// See [`IncidentId`].
    pub incident_id: Uuid,
    /// When it happened, microseconds UTC.
    pub at: i64,
    /// When it was written down, microseconds UTC.
    pub recorded_at: i64,
    /// The name of a [`muster_core::incident::timeline::Kind`].
    pub kind: String,
    /// `user`, `integration`, `token`, `workflow` or `system`.
    pub actor_kind: String,
    /// The person, if it was one.
    pub actor_id: Option<Uuid>,
    /// What they were called then.
    pub actor_name: String,
    /// A sentence for people.
    pub text: String,
    /// A JSON object.
    pub data: String,
}

/// Who did something, as it is stored; none for a kind that no release has written.
pub(crate) fn actor(kind: &str, id: Option<Uuid>, name: String) -> Option<Actor> {
    match (kind, id) {
        ("user", Some(id)) => Some(Actor::User { id: UserId(id), name }),
        ("integration", _) => Some(Actor::Integration { label: name }),
        ("token", _) => Some(Actor::Token { name }),
        ("workflow", _) => Some(Actor::Workflow { name }),
        ("system", _) => Some(Actor::System),
        _ => None,
    }
}

impl EntryRow {
    /// The entry in the terms of the core.
    ///
    /// # Errors
    /// When a column holds what no release has written.
    pub fn read(&self) -> Result<Stored> {
        let corrupt = |what: &str| StoreError::Corrupt(format!("a timeline entry of {what}"));
        let instant =
            |micros| Timestamp::from_microsecond(micros).map_err(|_| corrupt("no instant"));
        let actor = actor(&self.actor_kind, self.actor_id, self.actor_name.clone())
            .ok_or_else(|| corrupt(&format!("actor {}", self.actor_kind)))?;
        let entry = Entry {
            id: Some(EntryId(self.id)),
            at: instant(self.at)?,
            kind: EntryKind::from_name(&self.kind)
                .ok_or_else(|| corrupt(&format!("kind {}", self.kind)))?,
            actor,
            text: self.text.clone(),
            data: serde_json::from_str(&self.data).unwrap_or_default(),
        };
        Ok(Stored { id: EntryId(self.id), recorded_at: instant(self.recorded_at)?, entry })
    }
}

/// An entry with its place.
#[derive(Debug, Clone, FromRow)]
pub struct PlacedRow {
    /// The entry.
    #[sqlx(flatten)]
    pub entry: EntryRow,
    /// Its place in the order of writing down, counted from 1.
    pub seq: i64,
}

/// Adds entries of incidents, each under the id made for it.
pub async fn append(
    tx: &mut Tx,
    entries: &[(EntryId, IncidentId, Entry)],
    recorded_at: Timestamp,
) -> Result<()> {
    const COLUMNS: [Column; 10] = [
        ("id", Kind::Uuid),
        ("incident_id", Kind::Uuid),
        ("at", Kind::Int),
        ("recorded_at", Kind::Int),
        ("kind", Kind::Text),
        ("actor_kind", Kind::Text),
        ("actor_id", Kind::Uuid),
        ("actor_name", Kind::Text),
        ("text", Kind::Text),
        ("data", Kind::Text),
    ];
    let clean = |text: &str| text.replace('\0', "\u{fffd}");
    let entries: Vec<_> = entries
        .iter()
        .map(|(id, incident, entry)| {
            args![
                *id,
                *incident,
                entry.at,
                recorded_at,
                entry.kind.name(),
                entry.actor.kind(),
                entry.actor.user(),
                clean(entry.actor.name()),
                clean(&entry.text),
                serde_json::Value::Object(entry.data.clone()).to_string()
            ]
        })
        .collect();
    rows::insert(tx, "timeline_entry", &COLUMNS, entries, "").await
}

/// An incident's entries as they happened, and those of one instant as they were written down,
/// after the instant and the id of `after`.
pub async fn as_it_happened(
    db: &Db,
    incident: IncidentId,
    after: Option<(Timestamp, EntryId)>,
    limit: i64,
) -> Result<Vec<PlacedRow>> {
    const SELECT: Sql = Sql::same(
        "SELECT id, incident_id, at, recorded_at, kind, actor_kind, actor_id, actor_name, text,
             data, seq
         FROM (SELECT *, row_number() OVER (ORDER BY id) AS seq
               FROM timeline_entry WHERE incident_id = ?) AS entry
         WHERE (at, id) > (?, ?) ORDER BY at, id LIMIT ?",
    );
    let (at, id) = after.map_or((i64::MIN, Uuid::nil()), |(at, id)| (at.as_microsecond(), id.0));
    db.fetch_all(&SELECT, args![incident, at, id, limit]).await
}

/// As [`as_it_happened`], from the newest entry back, before the instant and the id of `before`.
pub async fn newest_first(
    db: &Db,
    incident: IncidentId,
    before: Option<(Timestamp, EntryId)>,
    limit: i64,
) -> Result<Vec<PlacedRow>> {
    const SELECT: Sql = Sql::same(
        "SELECT id, incident_id, at, recorded_at, kind, actor_kind, actor_id, actor_name, text,
             data, seq
         FROM (SELECT *, row_number() OVER (ORDER BY id) AS seq
               FROM timeline_entry WHERE incident_id = ?) AS entry
         WHERE (at, id) < (?, ?) ORDER BY at DESC, id DESC LIMIT ?",
    );
    let (at, id) = before.map_or((i64::MAX, Uuid::max()), |(at, id)| (at.as_microsecond(), id.0));
    db.fetch_all(&SELECT, args![incident, at, id, limit]).await
}

/// The most entries that [`of_kinds`] returns.
const OF_KINDS_MAX: i64 = 10_000;

/// An incident's entries of some kinds, in the order of writing down.
pub async fn of_kinds(db: &Db, incident: IncidentId, kinds: &[&str]) -> Result<Vec<EntryRow>> {
    const SELECT: Sql = Sql::differs(
        "SELECT id, incident_id, at, recorded_at, kind, actor_kind, actor_id, actor_name, text, data
         FROM timeline_entry
         WHERE incident_id = ? AND kind IN (SELECT value FROM json_each(?)) ORDER BY id LIMIT ?",
        "SELECT id, incident_id, at, recorded_at, kind, actor_kind, actor_id, actor_name, text, data
         FROM timeline_entry WHERE incident_id = ? AND kind = ANY(?) ORDER BY id LIMIT ?",
    );
    let kinds = Value::TextList(kinds.iter().map(|kind| Some((*kind).to_owned())).collect());
    db.fetch_all(&SELECT, vec![incident.into(), kinds, OF_KINDS_MAX.into()]).await
}

/// One entry of an incident with its place.
pub async fn get(db: &Db, incident: IncidentId, entry: EntryId) -> Result<Option<PlacedRow>> {
    const SELECT: Sql = Sql::same(
        "SELECT id, incident_id, at, recorded_at, kind, actor_kind, actor_id, actor_name, text,
             data, (SELECT count(*) FROM timeline_entry AS before
                    WHERE before.incident_id = timeline_entry.incident_id
                        AND before.id <= timeline_entry.id) AS seq
         FROM timeline_entry WHERE incident_id = ? AND id = ?",
    );
    db.fetch_optional(&SELECT, args![incident, entry]).await
}

const BOUND_TEXT: &str =
    "SELECT id, incident_id, at, recorded_at, kind, actor_kind, actor_id, actor_name, text, data
     FROM timeline_entry
     WHERE incident_id = ? AND (id = ? OR kind IN
         ('hypothesis', 'hypothesis_moved', 'action', 'action_moved', 'corrected', 'pinned',
          'unpinned'))
     ORDER BY id";
const BOUND: Sql = Sql::same(BOUND_TEXT);

/// The entries that say something about other entries ([`EntryKind::BOUND`]), and one more.
pub async fn bound(
    db: &Db,
    incident: IncidentId,
    besides: Option<EntryId>,
) -> Result<Vec<EntryRow>> {
    db.fetch_all(&BOUND, args![incident, besides.map_or(Uuid::nil(), |id| id.0)]).await
}

/// As [`bound`], within a transaction.
pub async fn bound_in(
    tx: &mut Tx,
    incident: IncidentId,
    besides: Option<EntryId>,
) -> Result<Vec<EntryRow>> {
    tx.fetch_all(&BOUND, args![incident, besides.map_or(Uuid::nil(), |id| id.0)]).await
}

/// Whether an entry is there.
pub async fn exists(tx: &mut Tx, entry: EntryId) -> Result<bool> {
    const SELECT: Sql = Sql::same("SELECT count(*) FROM timeline_entry WHERE id = ?");
    let (count,): (i64,) = tx.fetch_one(&SELECT, args![entry]).await?;
    Ok(count > 0)
}

/// An incident's entries in the order in which they were written down, after `after`.
pub async fn list(
    db: &Db,
    incident: IncidentId,
    after: Option<EntryId>,
    limit: i64,
) -> Result<Vec<EntryRow>> {
    const SELECT: Sql = Sql::same(
        "SELECT id, incident_id, at, recorded_at, kind, actor_kind, actor_id, actor_name, text, data
         FROM timeline_entry WHERE incident_id = ? AND id > ? ORDER BY id LIMIT ?",
    );
    let after = after.map_or(Uuid::nil(), |id| id.0);
    db.fetch_all(&SELECT, args![incident, after, limit]).await
}

/// An incident's first entry of some kinds after `after`, in the order of writing down.
pub async fn next_of_kinds(
    db: &Db,
    incident: IncidentId,
    after: Option<EntryId>,
    kinds: &[&str],
) -> Result<Option<EntryRow>> {
    const SELECT: Sql = Sql::differs(
        "SELECT id, incident_id, at, recorded_at, kind, actor_kind, actor_id, actor_name, text, data
         FROM timeline_entry
         WHERE incident_id = ? AND id > ? AND kind IN (SELECT value FROM json_each(?))
         ORDER BY id LIMIT 1",
        "SELECT id, incident_id, at, recorded_at, kind, actor_kind, actor_id, actor_name, text, data
         FROM timeline_entry WHERE incident_id = ? AND id > ? AND kind = ANY(?)
         ORDER BY id LIMIT 1",
    );
    let after = after.map_or(Uuid::nil(), |id| id.0);
    let kinds = Value::TextList(kinds.iter().map(|kind| Some((*kind).to_owned())).collect());
    db.fetch_optional(&SELECT, vec![incident.into(), after.into(), kinds]).await
}

/// An incident's newest entries, the newest first.
pub async fn newest(db: &Db, incident: IncidentId, limit: i64) -> Result<Vec<EntryRow>> {
    const SELECT: Sql = Sql::same(
        "SELECT id, incident_id, at, recorded_at, kind, actor_kind, actor_id, actor_name, text, data
         FROM timeline_entry WHERE incident_id = ? ORDER BY id DESC LIMIT ?",
    );
    db.fetch_all(&SELECT, args![incident, limit]).await
}

/// An incident's newest entries of one kind, the newest first.
pub async fn of_kind(
    db: &Db,
    incident: IncidentId,
    kind: EntryKind,
    limit: i64,
) -> Result<Vec<EntryRow>> {
    const SELECT: Sql = Sql::same(
        "SELECT id, incident_id, at, recorded_at, kind, actor_kind, actor_id, actor_name, text, data
         FROM timeline_entry WHERE incident_id = ? AND kind = ? ORDER BY id DESC LIMIT ?",
    );
    db.fetch_all(&SELECT, args![incident, kind.name(), limit]).await
}

/// The place of an entry among its incident's, counted from 1.
pub async fn place(db: &Db, incident: IncidentId, entry: EntryId) -> Result<i64> {
    const SELECT: Sql =
        Sql::same("SELECT count(*) FROM timeline_entry WHERE incident_id = ? AND id <= ?");
    let (place,): (i64,) = db.fetch_one(&SELECT, args![incident, entry]).await?;
    Ok(place)
}

/// What a search for entries is narrowed by; everything given must hold.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Any of these kinds.
    pub kinds: Option<Vec<EntryKind>>,
    /// Written by this person.
    pub author: Option<UserId>,
    /// Happened at or after.
    pub from: Option<Timestamp>,
    /// Happened before.
    pub to: Option<Timestamp>,
    /// Words of the text, in any case.
    pub words: Vec<String>,
    /// What their incidents are narrowed by.
    pub incident: incident::Filter,
    /// Written down before the one with this id.
    pub older_than: Option<Uuid>,
}

/// Entries of incidents that the viewer sees, the newest first.
pub async fn found(db: &Db, viewer: &Viewer, filter: &Filter, limit: i64) -> Result<Vec<EntryRow>> {
    let (sql, values) = finding(viewer, filter, limit);
    db.fetch_all(&sql, values).await
}

/// How many entries [`found`] would find, counted no further than `limit`.
pub async fn count(db: &Db, viewer: &Viewer, filter: &Filter, limit: i64) -> Result<usize> {
    let (sql, values) = selecting("id", viewer, filter, limit);
    let ids: Vec<(Uuid,)> = db.fetch_all(&sql, values).await?;
    Ok(ids.len())
}

/// The statement of [`found`].
pub fn finding(viewer: &Viewer, filter: &Filter, limit: i64) -> (Sql, Vec<Value>) {
    let columns =
        "id, incident_id, at, recorded_at, kind, actor_kind, actor_id, actor_name, text, data";
    selecting(columns, viewer, filter, limit)
}

fn selecting(columns: &str, viewer: &Viewer, filter: &Filter, limit: i64) -> (Sql, Vec<Value>) {
    let mut text = format!("SELECT {columns} FROM timeline_entry WHERE ");
    let mut values = vec![];
    let visible = restriction::visible(viewer, &mut values);
    let mut of = String::new();
    filter.incident.conditions(&mut of, &mut values);
    // Where the incidents are what narrows the most, their entries are found through them.
    let selective = !filter.words.is_empty() || filter.kinds.is_some() || filter.author.is_some();
    text.push_str(&if selective || filter.incident.is_empty() {
        format!(
            "EXISTS (SELECT 1 FROM incident
                     WHERE incident.id = timeline_entry.incident_id AND {visible}{of})"
        )
    } else {
        format!("incident_id IN (SELECT id FROM incident WHERE {visible}{of})")
    });
    if let Some(kinds) = &filter.kinds {
        let names: Vec<_> = kinds.iter().map(|kind| kind.name()).collect();
        text.push_str(&format!(" AND kind IN ({})", incident::marks(names.len())));
        values.extend(names.iter().map(|name| Value::from(*name)));
        let signs: Vec<_> = names.iter().map(|name| search::kind_sign(name)).collect();
        search::has_sign(search::Kind::Entry, &signs, &mut text, &mut values);
    }
    if let Some(author) = filter.author {
        text.push_str(" AND actor_id = ?");
        values.extend(args![author]);
        let sign = search::actor_sign(author.0);
        search::has_sign(search::Kind::Entry, &[sign], &mut text, &mut values);
    }
    search::within("at", (filter.from, filter.to), &mut text, &mut values);
    for words in &filter.words {
        search::says(search::Kind::Entry, words, &mut text, &mut values);
    }
    if let Some(older_than) = filter.older_than {
        text.push_str(" AND id < ?");
        values.extend(args![older_than]);
    }
    text.push_str(" ORDER BY id DESC LIMIT ?");
    values.extend(args![limit]);
    (Sql::built(text), values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_statement_reads_every_kind_that_says_something_about_another_entry() {
        for kind in EntryKind::BOUND {
            assert!(BOUND_TEXT.contains(&format!("'{}'", kind.name())), "{}", kind.name());
        }
    }
}
