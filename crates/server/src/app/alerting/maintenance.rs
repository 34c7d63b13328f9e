//! Maintenance windows (`D12`): planning one, ending it before its time, extending it, and what it
//! would mute. What it mutes is decided by triage; here its alerts are only told when to be looked
//! at again.

use jiff::{SignedDuration, Timestamp};
use muster_core::alerting::maintenance::{LENGTH_MAX, Maintenance, REASON_CHARS_MAX, WINDOWS_MAX};
use muster_core::alerting::rule::{Rule, Subject};
use muster_core::id::{IntegrationId, MaintenanceId, ServiceId};
use muster_core::incident::restriction::Viewer;
use muster_core::incident::status_page::TITLE_CHARS_MAX;
use muster_core::incident::timeline::Actor;
use muster_core::time::format_duration;
use muster_store::alerting::alert::{self, AlertRow, Filter};
use muster_store::alerting::maintenance::{self as windows, MaintenanceRow};
use muster_store::alerting::{alert as store_alert, held};
use muster_store::{Lane, StoreError, audit};
use serde_json::json;

use crate::app::App;
use crate::ids;

/// How far back a preview looks.
pub const PREVIEW_LOOKS_BACK: SignedDuration = SignedDuration::from_hours(7 * 24);
/// The most alerts that a preview looks at, the newest of them.
const PREVIEW_ALERTS_MAX: i64 = 2_000;

/// A window that somebody wants.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Why, in words.
    pub reason: String,
    /// Alerts of these services; none means of any, and then there must be a rule.
    pub services: Vec<ServiceId>,
    /// Only those that match this CEL rule.
    pub when: Option<String>,
    /// From then on.
    pub from: Timestamp,
    /// Up to, but not at, then.
    pub to: Timestamp,
    /// What status pages call it (`U5`); they show no window without.
    pub public_title: Option<String>,
}

/// Why a window is not planned or changed.
#[derive(Debug, thiserror::Error)]
pub enum NotPlanned {
    /// A field is wrong.
    #[error("{1}")]
    Field(&'static str, String),
    /// There is no such window.
    #[error("there is no such window")]
    NoSuchWindow,
    /// The window is over.
    #[error("the window is over; plan a new one")]
    IsOver,
    /// There are too many.
    #[error("there are {WINDOWS_MAX} windows already; end some first")]
    TooMany,
    /// The store does not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What a window would mute.
#[derive(Debug, Clone, Default)]
pub struct Preview {
    /// Alerts of the last days that it would have muted, the newest first.
    pub recent: Vec<AlertRow>,
    /// How many of them still fire. Their incidents go on; what the window mutes is news.
    pub firing: usize,
    /// Whether more alerts came in than were looked at.
    pub is_cut: bool,
}

impl Wanted {
    /// The window, if it can be planned at `now`.
    fn check(&self, now: Timestamp, id: MaintenanceId) -> Result<Maintenance, NotPlanned> {
        let reason = self.reason.trim();
        if reason.is_empty() {
            return Err(NotPlanned::Field("reason", "say why".to_owned()));
        }
        if reason.chars().count() > REASON_CHARS_MAX {
            let message = format!("is longer than {REASON_CHARS_MAX} characters");
            return Err(NotPlanned::Field("reason", message));
        }
        if self.services.is_empty() && self.when.is_none() {
            let message =
                "name services, or give a rule in `when`; `when: \"true\"` mutes everything";
            return Err(NotPlanned::Field("services", message.to_owned()));
        }
        let when = match self.when.as_deref().map(Rule::parse) {
            Some(Err(refused)) => {
                return Err(NotPlanned::Field("when", format!("this rule is refused: {refused}")));
            }
            Some(Ok(rule)) => Some(rule),
            None => None,
        };
        check_span(self.from, self.to, now)?;
        let title = self.public_title.as_deref().unwrap_or_default();
        if title.chars().count() > TITLE_CHARS_MAX {
            let message = format!("is longer than {TITLE_CHARS_MAX} characters");
            return Err(NotPlanned::Field("public_title", message));
        }
        let (services, from, to) = (self.services.clone(), self.from, self.to);
        Ok(Maintenance { id, reason: reason.to_owned(), services, when, from, to })
    }
}

fn check_span(from: Timestamp, to: Timestamp, now: Timestamp) -> Result<(), NotPlanned> {
    if to <= now {
        return Err(NotPlanned::Field("to", "this is over already".to_owned()));
    }
    if to <= from {
        return Err(NotPlanned::Field("to", "the window ends before it begins".to_owned()));
    }
    if to.duration_since(from.max(now)) > LENGTH_MAX {
        let most = format_duration(LENGTH_MAX);
        let message = format!("a window is at most {most} long; extend it while it lasts");
        return Err(NotPlanned::Field("to", message));
    }
    Ok(())
}

impl App {
    /// Plans a window, or begins one at once.
    ///
    /// # Errors
    /// See [`NotPlanned`].
    pub async fn plan_maintenance(
        &self,
        wanted: &Wanted,
        actor: &Actor,
    ) -> Result<MaintenanceRow, NotPlanned> {
        let now = self.now();
        let id = MaintenanceId(self.ids.next(now));
        let window = wanted.check(now, id)?;
        let row = MaintenanceRow {
            id: id.0,
            reason: window.reason,
            services: windows::services_text(&window.services),
            matcher: wanted.when.clone(),
            public_title: wanted.public_title.clone(),
            starts_at: window.from.as_microsecond(),
            ends_at: window.to.as_microsecond(),
            created_by: actor.name().to_owned(),
            created_at: now.as_microsecond(),
            ended_by: None,
            version: 1,
        };
        let mut tx = self.db.begin(Lane::Command).await?;
        if windows::count(&mut tx, now).await? >= WINDOWS_MAX {
            return Err(NotPlanned::TooMany);
        }
        windows::insert(&mut tx, &row).await?;
        let data = json!({
            "reason": row.reason, "from": window.from.to_string(), "to": window.to.to_string(),
        });
        let object = ("maintenance", id.to_string());
        let entry = self.audit_entry(actor, "maintenance.plan", object, data);
        audit::append(&mut tx, &entry, ids::random()).await?;
        tx.commit().await?;
        self.wake.all();
        Ok(row)
    }

    /// Ends a window now: what it mutes and still fires pages at once.
    ///
    /// # Errors
    /// See [`NotPlanned`].
    pub async fn end_maintenance(
        &self,
        id: MaintenanceId,
        actor: &Actor,
    ) -> Result<MaintenanceRow, NotPlanned> {
        self.move_end(id, None, actor).await
    }

    /// Gives a window another end.
    ///
    /// # Errors
    /// See [`NotPlanned`].
    pub async fn extend_maintenance(
        &self,
        id: MaintenanceId,
        to: Timestamp,
        actor: &Actor,
    ) -> Result<MaintenanceRow, NotPlanned> {
        self.move_end(id, Some(to), actor).await
    }

    async fn move_end(
        &self,
        id: MaintenanceId,
        to: Option<Timestamp>,
        actor: &Actor,
    ) -> Result<MaintenanceRow, NotPlanned> {
        let now = self.now();
        let mut tx = self.db.begin(Lane::Command).await?;
        let row = windows::lock(&mut tx, id).await?.ok_or(NotPlanned::NoSuchWindow)?;
        if row.ends_at <= now.as_microsecond() {
            return Err(NotPlanned::IsOver);
        }
        let from = Timestamp::from_microsecond(row.starts_at).unwrap_or(now);
        if let Some(to) = to {
            check_span(from, to, now)?;
        }
        let ended_by = to.is_none().then(|| actor.name());
        let ends_at = to.unwrap_or(now);
        windows::set_end(&mut tx, id, ends_at, ended_by).await?;
        let why = muster_core::alerting::maintenance::words(&row.reason, ends_at);
        held::describe_held_by(&mut tx, id.0, ends_at, &why).await?;
        held::wake_held_by(&mut tx, &[id.0], ends_at, now).await?;
        let action = if to.is_some() { "maintenance.extend" } else { "maintenance.end" };
        let object = ("maintenance", id.to_string());
        let entry = self.audit_entry(actor, action, object, json!({ "to": ends_at.to_string() }));
        audit::append(&mut tx, &entry, ids::random()).await?;
        tx.commit().await?;
        self.wake.all();
        let ended_by = ended_by.map(str::to_owned);
        Ok(MaintenanceRow { ends_at: ends_at.as_microsecond(), ended_by, ..row })
    }

    /// What a window would mute, by the alerts of the last days.
    ///
    /// # Errors
    /// See [`NotPlanned`].
    pub async fn preview_maintenance(
        &self,
        viewer: &Viewer,
        wanted: &Wanted,
    ) -> Result<Preview, NotPlanned> {
        let now = self.now();
        let window = wanted.check(now, MaintenanceId(self.ids.next(now)))?;
        let services = (!window.services.is_empty()).then(|| window.services.clone());
        let filter = Filter { services, ..Filter::default() };
        let rows = alert::list(&self.db, viewer, &filter, PREVIEW_ALERTS_MAX).await?;
        let is_cut = i64::try_from(rows.len()).is_ok_and(|count| count == PREVIEW_ALERTS_MAX);
        let since = now.saturating_sub(PREVIEW_LOOKS_BACK).unwrap_or(now).as_microsecond();
        let is_recent = |row: &AlertRow| row.first_at >= since || row.status != "resolved";
        let recent: Vec<_> =
            rows.into_iter().filter(is_recent).filter(|row| self.is_about(&window, row)).collect();
        let firing = recent.iter().filter(|row| row.status != "resolved").count();
        Ok(Preview { recent, firing, is_cut })
    }

    fn is_about(&self, window: &Maintenance, row: &store_alert::AlertRow) -> bool {
        let snapshot = self.snapshot();
        let service = ServiceId(row.service_id);
        let inlet = snapshot.inlet(IntegrationId(row.integration_id));
        let name = snapshot.directory.services.get(service).map_or("", |service| &service.name);
        let signal = row.signal();
        let integration = inlet.map_or("", |inlet| &inlet.integration.name);
        window.is_about(service, &Subject { signal: &signal, integration, service: name })
    }
}
