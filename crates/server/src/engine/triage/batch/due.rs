//! Alerts that are looked at again because an instant has come: the end of a window, a pause, a
//! guard, a silence, or of the cause that muted them.

use jiff::Timestamp;
use muster_core::alerting::alert::{AlertStatus, Latest};
use muster_core::alerting::guard::Record;
use muster_core::alerting::hold::{Held, Hold};
use muster_core::alerting::silence;
use muster_core::id::{AlertId, IncidentId};
use muster_core::incident::timeline::Actor;
use muster_store::alerting::alert::{self, AlertRow};
use muster_store::alerting::held::{self, Amended};
use muster_store::{StoreError, Tx, timer};
use uuid::Uuid;

use super::case::Case;
use super::{Batch, quiet};
use crate::app::App;

/// Looks at these alerts again, as of `at`, and sets when each next needs it.
pub(crate) async fn reconsider(
    app: &App,
    tx: &mut Tx,
    ids: &[Uuid],
    at: Timestamp,
) -> Result<(), StoreError> {
    let snapshot = app.snapshot();
    let directory = &*snapshot.directory;
    let rows = alert::get_all(tx, ids).await?;
    let firing = rows.iter().filter(|row| row.status != AlertStatus::Resolved.name());
    let cases: Vec<_> = firing
        .filter_map(|row| Some((row, Case::of_alert(&snapshot, directory, row, at)?)))
        .collect();
    let looked_at: Vec<_> = cases.iter().map(|(_, case)| case).collect();
    let mut batch = Batch::load(app, tx, directory, &looked_at, at).await?;
    // What is over, gone or can page nobody needs no further look.
    let done: Vec<_> =
        ids.iter().filter(|id| !cases.iter().any(|(row, _)| row.id == **id)).copied().collect();
    timer::clear(tx, timer::Kind::Alert, &done).await?;
    for (row, case) in &cases {
        batch.look_again(tx, row, case, at).await?;
    }
    batch.commit(tx).await
}

impl Batch<'_> {
    async fn look_again(
        &mut self,
        tx: &mut Tx,
        row: &AlertRow,
        case: &Case<'_>,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let id = AlertId(row.id);
        let status = AlertStatus::from_name(&row.status).unwrap_or(AlertStatus::Open);
        let last_at = Timestamp::from_microsecond(row.last_at).unwrap_or(at);
        let latest = Latest {
            id,
            status,
            incident: row.incident_id.map(IncidentId),
            last_at,
            held: row.held.as_deref().and_then(Held::from_name),
            flaps: u32::try_from(row.flaps).unwrap_or(0),
        };
        let after = case.service.auto_resolve_after;
        let over_at = silence::over_at(after, last_at);
        if let (Some(after), Some(over_at)) = (after, over_at)
            && over_at <= at
        {
            let decision = format!("{}; {}", row.decision, quiet::fell_silent(after));
            self.amended.insert(id, Amended { decision, ..as_it_is(row) });
            self.recover(tx, Some(latest), case, at, &Actor::System).await?;
            self.timers.insert(id, None);
            return Ok(());
        }
        if !latest.held.is_some_and(quiet::may_end) {
            self.timers.insert(id, over_at);
            return Ok(());
        }
        let firings = held::read_firings(row.firings.as_deref());
        let record = Record { first_at: case.received_at, firings: &firings };
        let fate = self.judge(tx, case, id, record, at).await?;
        self.becomes(latest, case, fate, firings);
        Ok(())
    }
}

/// The alert without any change.
fn as_it_is(row: &AlertRow) -> Amended {
    let held = row.held.as_deref().and_then(Held::from_name);
    let hold = held.map(|held| Hold {
        held,
        until: row.held_until.and_then(|at| Timestamp::from_microsecond(at).ok()),
        by: row.held_by,
        because: row.not_paged.clone().unwrap_or_default(),
    });
    Amended {
        id: AlertId(row.id),
        severity: row.severity.and_then(|level| u8::try_from(level).ok()),
        incident: row.incident_id.map(IncidentId),
        hold,
        firings: held::read_firings(row.firings.as_deref()),
        not_paged: row.not_paged.clone(),
        decision: row.decision.clone(),
    }
}
