//! What is searched, as it is stored: each text without capitals and the words it is made of, both
//! made by [`muster_core::words`], so that either engine finds the same. A word is found by its
//! beginning in an index; whether a text says all that was asked for is then read from the folded
//! text itself, so that a word too many in the index finds nothing too many.
//!
//! Incidents and changes are gone through in the transaction that writes them. Alerts and timeline entries are
//! gone through soon after, by [`index_next`], so that no alert waits for it.

use jiff::Timestamp;
use muster_core::change::record::Change;
use muster_core::incident::lifecycle::Incident;
use muster_core::words::{fold, words};
use sqlx::FromRow;
use uuid::Uuid;

use crate::args;
use crate::change::{plan, search as change_search};
use crate::db::rows::{self, Column, Kind as Travels};
use crate::db::{Db, Result, Sql, Tx, Value};

/// The most texts of a kind that are gone through in one transaction.
pub const TEXTS_MAX: i64 = 200;
/// The longest sign of a label, in characters.
const SIGN_CHARS_MAX: usize = 200;

/// What can be found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// An incident.
    Incident,
    /// An alert.
    Alert,
    /// An entry of a timeline.
    Entry,
    /// A change.
    Change,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Incident, Self::Alert, Self::Entry, Self::Change];
    /// Every kind with its name in store and API.
    pub const NAMES: &[(Self, &'static str)] = &[
        (Self::Incident, "incident"),
        (Self::Alert, "alert"),
        (Self::Entry, "entry"),
        (Self::Change, "change"),
    ];

    /// The name in store and API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Incident => "incident",
            Self::Alert => "alert",
            Self::Entry => "entry",
            Self::Change => "change",
        }
    }

    /// The kind of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    fn table(self) -> &'static str {
        match self {
            Self::Incident => "incident",
            Self::Alert => "alert",
            Self::Entry => "timeline_entry",
            Self::Change => "change",
        }
    }
}

/// A label that an alert has to have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// Its name.
    pub name: String,
    /// Its value; any where this is nothing.
    pub value: Option<String>,
    /// Whether no alert may have it instead.
    pub negated: bool,
}

/// What a text of an incident is folded to.
pub(crate) fn folded_of(incident: &Incident) -> String {
    let summary = incident.summary.as_deref().unwrap_or_default();
    fold(&format!("{}\n{summary}", incident.title))
}

/// Keeps the words of incidents; those of earlier texts stay, and find nothing.
pub(crate) async fn keep_incidents<'a>(
    tx: &mut Tx,
    incidents: impl Iterator<Item = &'a Incident>,
) -> Result<()> {
    let texts = incidents.map(|incident| Text {
        id: incident.id.0,
        folded: folded_of(incident),
        signs: Vec::new(),
    });
    keep(tx, Kind::Incident, texts.collect()).await
}

/// Keeps the words of a change; those of earlier wordings stay, and find nothing.
pub(crate) async fn keep_change(tx: &mut Tx, change: &Change) -> Result<()> {
    let folded = change_search::folded_of(&change.plan);
    keep(tx, Kind::Change, vec![Text { id: change.id.0, folded, signs: Vec::new() }]).await
}

struct Text {
    id: Uuid,
    folded: String,
    signs: Vec<String>,
}

async fn keep(tx: &mut Tx, kind: Kind, texts: Vec<Text>) -> Result<()> {
    const COLUMNS: [Column; 3] =
        [("kind", Travels::Text), ("word", Travels::Text), ("subject_id", Travels::Uuid)];
    let mut found: Vec<(String, Uuid)> = Vec::new();
    for text in texts {
        let all = words(&text.folded).into_iter().chain(text.signs);
        found.extend(all.map(|word| (word, text.id)));
    }
    // In the order of the index, so that two writers take its places in one order.
    found.sort();
    found.dedup();
    let rows = found.into_iter().map(|(word, id)| args![kind.name(), word, id]).collect();
    let once = "ON CONFLICT (kind, word, subject_id) DO NOTHING";
    rows::insert(tx, "search_word", &COLUMNS, rows, once).await
}

/// The sign under which a label is found; words never have an equals sign.
fn sign(name: &str, value: &str) -> String {
    format!("{name}={value}").chars().take(SIGN_CHARS_MAX).collect()
}

/// Whether there are texts that have not been gone through.
pub async fn is_behind(db: &Db) -> Result<bool> {
    const SELECT: Sql = Sql::same(
        "SELECT (SELECT count(*) FROM (SELECT id FROM incident WHERE folded IS NULL LIMIT 1) AS a)
             + (SELECT count(*) FROM (SELECT id FROM alert WHERE folded IS NULL LIMIT 1) AS b)
             + (SELECT count(*) FROM (SELECT id FROM timeline_entry WHERE folded IS NULL LIMIT 1) AS c)
             + (SELECT count(*) FROM (SELECT id FROM change WHERE folded IS NULL LIMIT 1) AS d)",
    );
    let (behind,): (i64,) = db.fetch_one(&SELECT, vec![]).await?;
    Ok(behind > 0)
}

/// Goes through the newest texts that nobody has gone through, at most [`TEXTS_MAX`] of each kind;
/// says how many those were. What another node is going through is left to it.
pub async fn index_next(tx: &mut Tx) -> Result<usize> {
    let mut count = 0;
    for kind in Kind::ALL {
        let texts = match kind {
            Kind::Incident => unfolded_incidents(tx).await?,
            Kind::Alert => unfolded_alerts(tx).await?,
            Kind::Entry => unfolded_entries(tx).await?,
            Kind::Change => unfolded_changes(tx).await?,
        };
        count += texts.len();
        let columns = [("id", Travels::Uuid), ("folded", Travels::Text)];
        let folded = texts.iter().map(|text| args![text.id, &text.folded]).collect();
        rows::update(tx, kind.table(), &["id"], &columns, folded).await?;
        keep(tx, kind, texts).await?;
    }
    Ok(count)
}

async fn unfolded_incidents(tx: &mut Tx) -> Result<Vec<Text>> {
    const SELECT: Sql = Sql::differs(
        "SELECT id, title, coalesce(summary, '') FROM incident WHERE folded IS NULL
         ORDER BY id DESC LIMIT ?",
        "SELECT id, title, coalesce(summary, '') FROM incident WHERE folded IS NULL
         ORDER BY id DESC LIMIT ? FOR UPDATE SKIP LOCKED",
    );
    let rows: Vec<(Uuid, String, String)> = tx.fetch_all(&SELECT, args![TEXTS_MAX]).await?;
    let text = |(id, title, summary): (Uuid, String, String)| Text {
        id,
        folded: fold(&format!("{title}\n{summary}")),
        signs: Vec::new(),
    };
    Ok(rows.into_iter().map(text).collect())
}

async fn unfolded_alerts(tx: &mut Tx) -> Result<Vec<Text>> {
    const SELECT: Sql = Sql::differs(
        "SELECT id, summary, source, component, dedup_key, labels FROM alert WHERE folded IS NULL
         ORDER BY id DESC LIMIT ?",
        "SELECT id, summary, source, component, dedup_key, labels FROM alert WHERE folded IS NULL
         ORDER BY id DESC LIMIT ? FOR UPDATE SKIP LOCKED",
    );
    #[derive(FromRow)]
    struct AlertText {
        id: Uuid,
        summary: String,
        source: String,
        component: String,
        dedup_key: String,
        labels: String,
    }
    let rows: Vec<AlertText> = tx.fetch_all(&SELECT, args![TEXTS_MAX]).await?;
    let text = |row: AlertText| {
        let labels: Vec<(String, String)> = serde_json::from_str(&row.labels).unwrap_or_default();
        let texts = [row.summary, row.source, row.component, row.dedup_key];
        Text {
            id: row.id,
            folded: fold(&texts.join("\n")),
            signs: labels.iter().map(|(name, value)| sign(name, value)).collect(),
        }
    };
    Ok(rows.into_iter().map(text).collect())
}

async fn unfolded_entries(tx: &mut Tx) -> Result<Vec<Text>> {
    const SELECT: Sql = Sql::differs(
        "SELECT id, text, kind, actor_id FROM timeline_entry WHERE folded IS NULL
         ORDER BY id DESC LIMIT ?",
        "SELECT id, text, kind, actor_id FROM timeline_entry WHERE folded IS NULL
         ORDER BY id DESC LIMIT ? FOR UPDATE SKIP LOCKED",
    );
    let rows: Vec<(Uuid, String, String, Option<Uuid>)> =
        tx.fetch_all(&SELECT, args![TEXTS_MAX]).await?;
    let text = |(id, text, kind, actor): (Uuid, String, String, Option<Uuid>)| {
        let mut signs = vec![kind_sign(&kind)];
        signs.extend(actor.map(actor_sign));
        Text { id, folded: fold(&text), signs }
    };
    Ok(rows.into_iter().map(text).collect())
}

async fn unfolded_changes(tx: &mut Tx) -> Result<Vec<Text>> {
    const SELECT: Sql = Sql::differs(
        "SELECT id, plan FROM change WHERE folded IS NULL ORDER BY id DESC LIMIT ?",
        "SELECT id, plan FROM change WHERE folded IS NULL ORDER BY id DESC LIMIT ?
         FOR UPDATE SKIP LOCKED",
    );
    let rows: Vec<(Uuid, String)> = tx.fetch_all(&SELECT, args![TEXTS_MAX]).await?;
    let text = |(id, document): (Uuid, String)| {
        // What cannot be read must not hold up what can.
        let plan = plan::read(&document).ok();
        let folded = plan.as_ref().map(change_search::folded_of).unwrap_or_default();
        Text { id, folded, signs: Vec::new() }
    };
    Ok(rows.into_iter().map(text).collect())
}

/// The sign under which timeline entries of a kind are found.
pub(crate) fn kind_sign(kind: &str) -> String {
    sign("kind", kind)
}

/// The sign under which what a person wrote is found.
pub(crate) fn actor_sign(actor: Uuid) -> String {
    sign("by", &actor.as_simple().to_string())
}

/// Adds the condition that the folded text of a row says these words, one after the other. The
/// longest of them is looked up by its beginning.
pub(crate) fn says(kind: Kind, text: &str, condition: &mut String, values: &mut Vec<Value>) {
    if let Some(word) = words(text).into_iter().max_by_key(|word| word.chars().count()) {
        condition.push_str(&format!(
            " AND id IN (SELECT subject_id FROM search_word
                         WHERE kind = '{}' AND word >= ? AND word < ?)",
            kind.name()
        ));
        values.extend(args![&word, beyond(&word)]);
    }
    condition.push_str(" AND folded LIKE ? ESCAPE '\\'");
    values.push(containing(text).into());
}

/// Adds the condition that a row has one of these signs.
pub(crate) fn has_sign(
    kind: Kind,
    signs: &[String],
    condition: &mut String,
    values: &mut Vec<Value>,
) {
    condition.push_str(&format!(
        " AND id IN (SELECT subject_id FROM search_word WHERE kind = '{}' AND word IN ({}))",
        kind.name(),
        crate::incident::incident::marks(signs.len())
    ));
    values.extend(signs.iter().map(|sign| Value::from(sign.as_str())));
}

/// A statement that selects alerts with a label, by their `column`.
pub(crate) fn labelled(column: &str, label: &Label, values: &mut Vec<Value>) -> String {
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    let (from, to, pair) = match &label.value {
        Some(value) => {
            let sign = sign(&label.name, value);
            (sign.clone(), sign, format!("[{},{}]", quoted(&label.name), quoted(value)))
        }
        None => {
            let sign = sign(&label.name, "");
            let end = beyond(&sign);
            (sign, end, format!("[{},", quoted(&label.name)))
        }
    };
    values.extend(args![from, to, pair]);
    // Whether a text occurs in another with its capitals is asked the same way of either engine.
    format!(
        "SELECT {column} FROM alert
         WHERE {column} IS NOT NULL
             AND id IN (SELECT subject_id FROM search_word
                        WHERE kind = 'alert' AND word >= ? AND word <= ?)
             AND replace(labels, ?, '') <> labels"
    )
}

/// Adds the condition that `at` lies within a period; the end does not.
pub(crate) fn within(
    at: &str,
    (from, to): (Option<Timestamp>, Option<Timestamp>),
    condition: &mut String,
    values: &mut Vec<Value>,
) {
    for (bound, comparison) in [(from, ">="), (to, "<")] {
        if let Some(bound) = bound {
            condition.push_str(&format!(" AND {at} {comparison} ?"));
            values.extend(args![bound]);
        }
    }
}

/// What comes after every word that begins like this one.
fn beyond(word: &str) -> String {
    format!("{word}{}", char::MAX)
}

/// A LIKE pattern for folded texts that contain `text`, escaped by a backslash.
pub(crate) fn containing(text: &str) -> String {
    let mut pattern = String::from("%");
    for c in fold(text).chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}
