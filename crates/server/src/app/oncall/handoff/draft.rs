//! Putting a handoff together from the record: what is open, what paged and came to nothing, what is
//! missing, held, planned or about to be changed, for the services whose policies ask the schedule. It reads and decides
//! nothing.

use std::collections::BTreeSet;

use jiff::Timestamp;
use muster_core::alerting::alert::AlertStatus;
use muster_core::alerting::heartbeat::State as Pulse;
use muster_core::id::{ServiceId, UserId};
use muster_core::incident::lifecycle::Incident;
use muster_core::incident::restriction::Viewer;
use muster_core::oncall::cover::Span;
use muster_core::oncall::handoff::{
    CHANGES_AHEAD, ChangeAhead, Draft, HeldAlert, Loud, Missing, Noisy, OpenIncident, SECTION_MAX,
    Window, noisy,
};
use muster_core::oncall::load::is_night;
use muster_core::oncall::reach::services_asking;
use muster_core::oncall::schedule::{self, Schedule};
use muster_core::org::directory::Directory;
use muster_store::alerting::{alert, heartbeat, maintenance};
use muster_store::change::calendar;
use muster_store::incident::incident as store_incident;
use muster_store::oncall::handoff as store_handoff;
use muster_store::oncall::page as store_page;
use muster_store::{Db, StoreError};

/// The most pages of one shift.
const CALLS_MAX: i64 = 20_000;
/// The most alerts that are looked at for noise.
const LOUD_MAX: i64 = 500;
/// The most of anything else that is looked at.
const ROWS_MAX: i64 = 200;

/// What the record says of a shift from `from` to `to`.
///
/// # Errors
/// When the store cannot be read.
pub(super) async fn of(
    db: &Db,
    directory: &Directory,
    schedule: &Schedule,
    (from, to): (Timestamp, Timestamp),
    now: Timestamp,
) -> Result<Draft, StoreError> {
    let services: Vec<ServiceId> =
        services_asking(directory, schedule.id).iter().map(|service| service.id).collect();
    let mut draft = Draft {
        at: now,
        incidents: incidents(db, directory, &services).await?,
        heartbeats: heartbeats(db, directory, &services).await?,
        maintenance: windows(db, directory, &services, now).await?,
        held: held(db, directory, &services).await?,
        changes: changes(db, directory, &services, ahead(schedule, to, now), now).await?,
        ..Draft::default()
    };
    let calls = store_page::calls(db, from, to.min(now), CALLS_MAX).await?;
    let mut about = BTreeSet::new();
    for call in calls.iter().filter(|call| services.contains(&ServiceId(call.service_id))) {
        let zone = directory.zone_of(UserId(call.user_id));
        let at = Timestamp::from_microsecond(call.created_at).unwrap_or_default();
        draft.pages += 1;
        draft.night_pages += u32::from(is_night(at, zone));
        about.insert(call.incident_id);
    }
    draft.call_outs = count(about.len() as i64);
    let loud = store_handoff::loud(db, &services, (from, to.min(now)), LOUD_MAX).await?;
    draft.noisy = noisy(loud.into_iter().map(|row| as_loud(directory, row)).collect());
    Ok(draft)
}

fn count(of: i64) -> u32 {
    u32::try_from(of).unwrap_or(u32::MAX)
}

fn service_name(directory: &Directory, id: ServiceId) -> String {
    let service = directory.services.get(id);
    service.map_or_else(|| "a former service".to_owned(), |service| service.name.clone())
}

fn as_loud(directory: &Directory, row: store_handoff::LoudRow) -> Loud {
    let alert = Noisy {
        service: service_name(directory, ServiceId(row.service_id)),
        summary: row.summary,
        pages: count(row.pages),
        firings: count(row.firings),
        unattended: count(row.unattended),
    };
    Loud { alert, flaps: count(row.flaps) }
}

async fn incidents(
    db: &Db,
    directory: &Directory,
    services: &[ServiceId],
) -> Result<Vec<OpenIncident>, StoreError> {
    let filter = store_incident::Filter {
        open: Some(true),
        services: Some(services.to_vec()),
        practice: Some(false),
        ..store_incident::Filter::default()
    };
    let mut open = store_incident::list(db, &Viewer::Anybody, &filter, ROWS_MAX).await?;
    open.sort_by_key(|incident| (incident.severity, std::cmp::Reverse(incident.number)));
    open.truncate(SECTION_MAX);
    Ok(open.iter().map(|incident| open_incident(directory, incident)).collect())
}

fn open_incident(directory: &Directory, incident: &Incident) -> OpenIncident {
    let present = incident.clocks.engage.here().map(|present| present.user);
    let mut responders: Vec<UserId> = incident.assignee.into_iter().chain(present).collect();
    let mut seen = BTreeSet::new();
    responders.retain(|user| seen.insert(*user));
    let name = |id: UserId| directory.users.get(id).map(|user| user.full_name.clone());
    OpenIncident {
        number: incident.number,
        title: incident.title.clone(),
        service: service_name(directory, incident.service),
        severity: incident.severity.number(),
        status: incident.status.name().to_owned(),
        responders: responders.into_iter().filter_map(name).collect(),
    }
}

async fn heartbeats(
    db: &Db,
    directory: &Directory,
    services: &[ServiceId],
) -> Result<Vec<Missing>, StoreError> {
    let mut missing = Vec::new();
    for row in heartbeat::all(db).await? {
        let monitor = directory.heartbeats.iter().find(|monitor| monitor.id.0 == row.id);
        let Some(monitor) = monitor.filter(|it| services.contains(&it.service)) else { continue };
        let standing = row.standing()?;
        if standing.state == Pulse::Down {
            missing.push(Missing { name: monitor.name.clone(), since: standing.since });
        }
    }
    missing.sort_by_key(|missing| missing.since);
    missing.truncate(SECTION_MAX);
    Ok(missing)
}

async fn windows(
    db: &Db,
    directory: &Directory,
    services: &[ServiceId],
    now: Timestamp,
) -> Result<Vec<Window>, StoreError> {
    let rows = maintenance::list(db, false, now, None, ROWS_MAX).await?;
    let mut windows: Vec<_> = rows
        .iter()
        .filter_map(|row| {
            let window = row.window()?;
            let about: Vec<_> =
                window.services.iter().filter(|id| services.contains(id)).copied().collect();
            let is_ours = window.services.is_empty() || !about.is_empty();
            is_ours.then(|| Window {
                reason: window.reason,
                services: about.iter().map(|id| service_name(directory, *id)).collect(),
                from: window.from,
                to: window.to,
            })
        })
        .collect();
    windows.sort_by_key(|window| window.from);
    windows.truncate(SECTION_MAX);
    Ok(windows)
}

/// The shift that comes, with what is left of the one that ends; a week where it is longer.
fn ahead(schedule: &Schedule, change: Timestamp, now: Timestamp) -> Span {
    let most = change.saturating_add(CHANGES_AHEAD).unwrap_or(Timestamp::MAX);
    let next = schedule::next_change(schedule, change).unwrap_or(most);
    Span { from: now, to: next.min(most) }
}

async fn changes(
    db: &Db,
    directory: &Directory,
    services: &[ServiceId],
    within: Span,
    now: Timestamp,
) -> Result<Vec<ChangeAhead>, StoreError> {
    if within.to <= within.from {
        return Ok(Vec::new());
    }
    let booked = calendar::booked(&mut db.snapshot().await?, within, now).await?;
    let mut changes = Vec::new();
    for one in booked {
        let of_ours = one.services.iter().filter(|id| services.contains(id));
        let names: Vec<_> = of_ours.map(|id| service_name(directory, *id)).collect();
        if !names.is_empty() {
            let Span { from, to } = one.span;
            let (number, title) = (one.number, one.title);
            changes.push(ChangeAhead { number, title, services: names, from, to });
        }
    }
    changes.sort_by_key(|change| (change.from, change.number));
    changes.truncate(SECTION_MAX);
    Ok(changes)
}

async fn held(
    db: &Db,
    directory: &Directory,
    services: &[ServiceId],
) -> Result<Vec<HeldAlert>, StoreError> {
    let filter = alert::Filter {
        statuses: Some(vec![AlertStatus::Suppressed]),
        services: Some(services.to_vec()),
        ..alert::Filter::default()
    };
    let rows = alert::list(db, &Viewer::Anybody, &filter, SECTION_MAX as i64).await?;
    let held = rows.into_iter().map(|row| HeldAlert {
        service: service_name(directory, ServiceId(row.service_id)),
        summary: row.summary,
        why: row.not_paged.unwrap_or_default(),
    });
    Ok(held.collect())
}
