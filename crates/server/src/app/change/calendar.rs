//! The calendar of changes (`X12`): what stands in a time, with the freezes and windows in which it does,
//! open incidents, and gaps of the on-call of what is changed. One gathering for the API, the page
//! that needs no script, the link for other programs, and the copy that outlives the server.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use muster_core::change::conflict;
use muster_core::change::record::{Change, State};
use muster_core::change::window::{Freeze, stretches};
use muster_core::id::ServiceId;
use muster_core::incident::lifecycle::Incident;
use muster_core::incident::restriction::Viewer;
use muster_core::oncall::cover::Span;
use muster_integrations::calendar::{self as ical, Event};
use muster_store::StoreError;
use muster_store::change::record as store;
use muster_store::incident::incident as store_incident;

use crate::app::App;

/// The most changes of one calendar.
pub const CHANGES_MAX: i64 = 1_000;
/// The most incidents of one calendar.
const INCIDENTS_MAX: i64 = 200;
/// The severities that are shown, from the worst to the least bad.
const SHOWN: (u8, u8) = (1, 2);
/// The most services whose on-call is looked at, where none is asked for.
const SERVICES_MAX: usize = 20;
/// How far back the link for other programs reaches.
const FEED_BACK: SignedDuration = SignedDuration::from_hours(28 * 24);
/// How far ahead it reaches.
const FEED_AHEAD: SignedDuration = SignedDuration::from_hours(366 * 24);
/// The states of what stands in the calendar, or stood there.
const STATES: [State; 10] = [
    State::Submitted,
    State::InReview,
    State::Approved,
    State::Scheduled,
    State::InProgress,
    State::RollingBack,
    State::Resolved,
    State::Monitored,
    State::RetroReview,
    State::Closed,
];

/// A window that is open.
#[derive(Debug, Clone)]
pub struct Open {
    /// Its name.
    pub name: String,
    /// When.
    pub span: Span,
}

/// A gap of the on-call.
#[derive(Debug, Clone, Copy)]
pub struct Gap {
    /// Of which service.
    pub service: ServiceId,
    /// When.
    pub span: Span,
    /// Whether the catch-all stands in.
    pub is_caught: bool,
}

/// A calendar.
#[derive(Debug, Clone)]
pub struct Calendar {
    /// What of.
    pub span: Span,
    /// In order of their beginning.
    pub changes: Vec<Change>,
    /// In order of their beginning.
    pub freezes: Vec<Freeze>,
    /// Windows of the service that was asked for.
    pub windows: Vec<Open>,
    /// As far as the viewer sees them.
    pub incidents: Vec<Incident>,
    /// Of the service that was asked for, or of what is changed.
    pub gaps: Vec<Gap>,
}

impl App {
    /// The calendar of a time, of a service or of all.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn change_calendar(
        &self,
        viewer: &Viewer,
        span: Span,
        service: Option<ServiceId>,
    ) -> Result<Calendar, StoreError> {
        let snapshot = self.snapshot();
        let directory = &snapshot.directory;
        let filter = store::Filter {
            states: STATES.to_vec(),
            service,
            from: Some(span.from),
            to: Some(span.to),
            ..store::Filter::default()
        };
        let mut changes = store::list(&self.db, &filter, CHANGES_MAX).await?;
        changes.sort_by_key(|one| (one.plan.start, one.number));
        let bounds = &directory.change_policy.bounds;
        let tier = |id| {
            let service = directory.services.get(id).and_then(|service| service.tier);
            service.unwrap_or(muster_core::change::policy::TIER_USUAL)
        };
        let holds = |freeze: &&Freeze| {
            freeze.span().meets(span) && service.is_none_or(|id| freeze.holds_for(id, tier(id)))
        };
        let mut freezes: Vec<_> = bounds.freezes.iter().filter(holds).cloned().collect();
        freezes.sort_by(|a, b| (a.from, &a.name).cmp(&(b.from, &b.name)));
        let of_service = |id: ServiceId| {
            let windows = bounds.windows.iter();
            let windows =
                windows.filter(move |one| one.services.is_empty() || one.services.contains(&id));
            windows.flat_map(|one| {
                stretches(one, span)
                    .into_iter()
                    .map(|(from, to)| Open { name: one.name.clone(), span: Span { from, to } })
            })
        };
        let mut windows: Vec<_> = service.into_iter().flat_map(of_service).collect();
        windows.sort_by(|a, b| (a.span.from, &a.name).cmp(&(b.span.from, &b.name)));
        let looked_at: Vec<ServiceId> = match service {
            Some(id) => vec![id],
            None => {
                let touched = changes.iter().flat_map(|one| one.plan.services());
                touched.collect::<BTreeSet<_>>().into_iter().take(SERVICES_MAX).collect()
            }
        };
        let gaps = conflict::gaps(&looked_at, directory, span);
        let gap = |(service, span, is_caught)| Gap { service, span, is_caught };
        Ok(Calendar {
            span,
            changes,
            freezes,
            windows,
            incidents: self.incidents_within(viewer, span, service).await?,
            gaps: gaps.into_iter().map(gap).collect(),
        })
    }

    /// The changes of a service, or all of them, as an iCalendar file. What is drafted, was rejected,
    /// cancelled or expired is not in it.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn change_feed(&self, service: Option<ServiceId>) -> Result<String, StoreError> {
        let now = self.now();
        let snapshot = self.snapshot();
        let directory = &snapshot.directory;
        let name = |id| directory.services.get(id).map_or("a service", |one| one.name.as_str());
        let filter = store::Filter {
            states: STATES.to_vec(),
            service,
            from: Some(now.saturating_sub(FEED_BACK).unwrap_or(Timestamp::MIN)),
            to: Some(now.saturating_add(FEED_AHEAD).unwrap_or(Timestamp::MAX)),
            ..store::Filter::default()
        };
        let changes = store::list(&self.db, &filter, CHANGES_MAX).await?;
        let event = |change: &Change| {
            let technician = change.plan.technician.and_then(|id| directory.users.get(id));
            let who = technician.map_or("nobody yet", |user| user.full_name.as_str());
            Some(Event {
                uid: format!("{}@muster", change.id),
                sequence: change.version,
                stamp: now,
                from: change.plan.start?,
                to: change.plan.end?,
                summary: format!(
                    "CHG-{} {} ({})",
                    change.number,
                    change.plan.title,
                    name(change.plan.service)
                ),
                description: format!(
                    "{}. {who} does it. {}",
                    change.state.in_words(),
                    self.change_url(change.number)
                ),
            })
        };
        let mut events: Vec<_> = changes.iter().filter_map(event).collect();
        events.sort_by(|a, b| (a.from, &a.uid).cmp(&(b.from, &b.uid)));
        let title =
            service.map_or_else(|| "Changes".to_owned(), |id| format!("Changes: {}", name(id)));
        Ok(ical::write(&title, &events))
    }

    /// Bad incidents that were noticed within a time, or are open while it lasts; exercises aside.
    async fn incidents_within(
        &self,
        viewer: &Viewer,
        span: Span,
        service: Option<ServiceId>,
    ) -> Result<Vec<Incident>, StoreError> {
        let filter = store_incident::Filter {
            severity: Some(SHOWN),
            practice: Some(false),
            services: service.map(|id| vec![id]),
            ..store_incident::Filter::default()
        };
        let noticed =
            store_incident::Filter { from: Some(span.from), to: Some(span.to), ..filter.clone() };
        let mut found = store_incident::list(&self.db, viewer, &noticed, INCIDENTS_MAX).await?;
        let now: Timestamp = self.now();
        if span.from <= now && now < span.to {
            let open = store_incident::Filter { open: Some(true), ..filter };
            found.extend(store_incident::list(&self.db, viewer, &open, INCIDENTS_MAX).await?);
        }
        found.sort_by_key(|one| one.number);
        found.dedup_by_key(|one| one.number);
        Ok(found)
    }
}
