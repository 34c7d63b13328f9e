//! Heartbeat monitors at work (`D9`): pings and their absence become messages that go the way of
//! every other, in the transaction that writes how the monitor stands. So a silence is an alert
//! that is durable, counted once, guarded, muted and recovered like any other.

use jiff::Timestamp;
use muster_core::alerting::heartbeat::{
    self as rules, Heartbeat, NOTE_CHARS_MAX, News, Ping, RUN_CHARS_MAX, Turn,
};
use muster_core::alerting::signal::cut;
use muster_core::id::{HeartbeatId, IntegrationId, MessageId};
use muster_core::org::service::{Integration, Mapping};
use muster_integrations::sources::generic;
use muster_store::alerting::heartbeat::{self as store, NewPing};
use muster_store::inbox::{self, NewMessage};
use muster_store::{Lane, StoreError, Tx, timer};
use serde_json::json;
use uuid::Uuid;

use crate::app::{App, link};

/// The media type of what monitors say.
const JSON: &str = "application/json";

/// What came with a ping.
#[derive(Debug, Clone, Default)]
pub struct Came {
    /// What the run is called.
    pub run: Option<String>,
    /// What the program ended with.
    pub exit_code: Option<i64>,
    /// What else was said.
    pub note: Option<String>,
}

/// The integration that a monitor's own alerts come through. Nobody can send to it from outside.
pub fn integration(monitor: &Heartbeat) -> Integration {
    Integration {
        id: IntegrationId(monitor.id.0),
        name: monitor.name.clone(),
        source: generic::SOURCE.name.to_owned(),
        key: String::new(),
        service: Some(monitor.service),
        severity: monitor.severity,
        expect_every: None,
        mapping: Mapping::default(),
        secret: None,
        services: Vec::new(),
    }
}

/// What a monitor's integration is called for people.
pub fn label(monitor: &Heartbeat) -> String {
    let kind = if monitor.is_source { "silence of" } else { "heartbeat" };
    format!("{kind} {}", monitor.name)
}

impl App {
    /// The unguessable part of a monitor's address.
    pub fn heartbeat_key(&self, id: HeartbeatId) -> Uuid {
        let derived = link::derive(self.instance_key(), b"heartbeat", id.0.as_bytes());
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&derived[..16]);
        uuid::Builder::from_custom_bytes(bytes).into_uuid()
    }

    /// The key under which monitors are pinged by their names.
    pub fn ping_key(&self) -> String {
        let derived = link::derive(self.instance_key(), b"ping key", &[]);
        derived[..16].iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// A ping of a monitor.
    ///
    /// # Errors
    /// When the store does not answer; the ping then counts as not heard.
    pub async fn ping(
        &self,
        monitor: &Heartbeat,
        ping: Ping,
        came: &Came,
    ) -> Result<(), StoreError> {
        let mut tx = self.db.begin(Lane::Accept).await?;
        self.pinged(&mut tx, monitor, ping, came).await?;
        tx.commit().await?;
        self.wake.all();
        Ok(())
    }

    /// A ping that counts together with whatever else the transaction says.
    pub(crate) async fn pinged(
        &self,
        tx: &mut Tx,
        monitor: &Heartbeat,
        ping: Ping,
        came: &Came,
    ) -> Result<(), StoreError> {
        let now = self.now();
        let shortened = |text: &Option<String>, most| {
            text.clone().map(|mut text| {
                cut(&mut text, most);
                text
            })
        };
        let (run, note) =
            (shortened(&came.run, RUN_CHARS_MAX), shortened(&came.note, NOTE_CHARS_MAX));
        let before = store::lock(tx, monitor.id).await?;
        let before = before.as_ref().map(store::HeartbeatRow::standing).transpose()?;
        let turn = rules::heard(monitor, before, ping, run.as_deref(), now);
        let is_end = matches!(ping, Ping::Success | Ping::Fail);
        let kept = NewPing {
            id: self.ids.next(now),
            at: now,
            ping,
            run: run.as_deref(),
            exit_code: came.exit_code,
            duration: turn.standing.duration.filter(|_| is_end),
            note: note.as_deref(),
        };
        store::keep(tx, monitor.id, &kept).await?;
        self.turn(tx, monitor, turn, note.as_deref(), now).await
    }

    /// Messages of a source came in that must be heard of.
    pub(crate) async fn source_heard(
        &self,
        tx: &mut Tx,
        monitor: &Heartbeat,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let before = store::lock(tx, monitor.id).await?;
        let before = before.as_ref().map(store::HeartbeatRow::standing).transpose()?;
        let turn = rules::heard(monitor, before, Ping::Success, None, at);
        self.turn(tx, monitor, turn, None, at).await
    }

    /// Looks whether a monitor was heard of in time. `None` where it never was.
    pub(crate) async fn look_at(
        &self,
        tx: &mut Tx,
        monitor: &Heartbeat,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let Some(row) = store::lock(tx, monitor.id).await? else {
            return timer::clear(tx, timer::Kind::Heartbeat, &[monitor.id.0]).await;
        };
        let turn = rules::looked_at(monitor, row.standing()?, now);
        self.turn(tx, monitor, turn, None, now).await
    }

    async fn turn(
        &self,
        tx: &mut Tx,
        monitor: &Heartbeat,
        turn: Turn,
        note: Option<&str>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        store::put(tx, monitor.id, &turn.standing).await?;
        match turn.next {
            Some(at) => timer::set(tx, timer::Kind::Heartbeat, monitor.id.0, at, now).await?,
            None => timer::clear(tx, timer::Kind::Heartbeat, &[monitor.id.0]).await?,
        }
        let Some(news) = turn.news else { return Ok(()) };
        let body = match news {
            News::Down(summary) => json!({
                "action": "trigger", "dedup_key": "silence", "summary": summary,
                "source": monitor.name, "class": "heartbeat", "details": { "said": note },
            }),
            News::Up => json!({
                "action": "resolve", "dedup_key": "silence",
                "summary": format!("{} is heard of again", monitor.name),
            }),
        };
        let message = NewMessage {
            id: MessageId(self.ids.next(now)),
            integration: IntegrationId(monitor.id.0),
            received_at: now,
            content_type: Some(JSON.to_owned()),
            request: None,
            body: body.to_string().into_bytes(),
        };
        inbox::accept(tx, vec![message]).await
    }
}
