//! The store as the simulator sees it: rows in memory, changed by transactions that take place whole
//! or not at all. Claims, fences and due instants are those of the real decisions; what the rows
//! mean is decided elsewhere.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::Timestamp;
use uuid::Uuid;

use super::input::Sent;
use super::record::{Audit, Replay};
use super::{Settled, SettledIncident};
use crate::alerting::alert::AlertStatus;
use crate::alerting::hold::Held;
use crate::engine::lease::{self, Claim};
use crate::id::{ContactMethodId, UserId};
use crate::incident::lifecycle::{How, Incident};
use crate::oncall::facts::Turns;
use crate::oncall::page::{DeliveryState, PageState};

/// What a timer belongs to. Deliveries come first where both are due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Key {
    Delivery(u64),
    Incident(u64),
    Alert(u64),
    /// A request to cover a shift.
    Request(u64),
    /// The inbox as a whole; its claim stands apart from the timers.
    Inbox,
}

/// The single instant at which something next needs attention.
#[derive(Debug, Clone, Copy)]
pub(super) struct Timer {
    pub due: Timestamp,
    /// When it was set, by the store's clock.
    pub set_at: Timestamp,
    /// Where it stands in the queue.
    queued_at: Timestamp,
    pub claim: Claim,
    /// Grows whenever the instant is set anew.
    pub generation: u64,
    /// The fence that was granted last, kept apart from `claim` to hold against it.
    pub granted: Option<i64>,
    /// The generation whose firing was committed last.
    pub fired: Option<u64>,
}

impl Timer {
    /// From when on somebody may claim it, as it looks at `now`.
    fn claimable_at(&self, now: Timestamp) -> Timestamp {
        held_until(self.claim, now).map_or(self.due, |until| until.max(self.due))
    }
}

/// When a claim ends, or ended. A claim from before the clock was set back holds nothing.
fn held_until(claim: Claim, now: Timestamp) -> Option<Timestamp> {
    claim.until.filter(|until| *until <= now || !lease::is_interrupted(claim, now))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MessageState {
    Pending,
    Done,
    SetAside,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Message {
    pub sent: Sent,
    pub received_at: Timestamp,
    /// When it was committed, by the store's clock.
    pub stored_at: Timestamp,
    pub state: MessageState,
    /// When it was dealt with, on the clock that never jumps.
    pub ended_at: Option<Timestamp>,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct AlertRow {
    pub integration: usize,
    pub key: u64,
    pub status: AlertStatus,
    pub incident: Option<u64>,
    pub last_at: Timestamp,
    pub count: u64,
    /// The newest message about it.
    pub newest_message: u64,
    pub touched_at: Timestamp,
    /// What it was opened by.
    pub sent: Sent,
    /// When it began to fire.
    pub first_at: Timestamp,
    /// What keeps it from paging, and the window that does.
    pub held: Option<(Held, Option<Uuid>)>,
}

#[derive(Debug)]
pub(super) struct IncidentRow {
    pub state: Incident,
    pub service: usize,
    /// The trouble that opened it.
    pub first_key: u64,
    pub first_alert_at: Timestamp,
    pub grouping_value: String,
    pub alerts: Vec<u64>,
    pub pages: Vec<u64>,
    /// Grows whenever the pages of before are withdrawn.
    pub activation: u32,
    /// The commit of the acknowledgement that holds.
    pub acknowledged_seq: Option<u64>,
    pub alarms: u32,
    /// The commit of the latest alarm.
    pub alarm_seq: u64,
    /// What its timeline alone says about it.
    pub replay: Replay,
    /// Pages that were committed with it.
    pub page_rows: u32,
    pub touched_at: Timestamp,
}

#[derive(Debug)]
pub(super) struct PageRow {
    pub incident: u64,
    pub user: UserId,
    pub step: Option<u32>,
    pub round: u32,
    pub activation: u32,
    pub state: PageState,
    /// How it was superseded, and whether it says by what.
    pub ended: Option<(How, bool)>,
    pub created_seq: u64,
    pub ended_seq: u64,
    pub deliveries: Vec<u64>,
}

#[derive(Debug)]
pub(super) struct DeliveryRow {
    pub page: u64,
    pub method: ContactMethodId,
    pub state: DeliveryState,
    pub attempts: u32,
    pub first_due_at: Timestamp,
    /// Whether the latest attempt is marked as a possible repeat.
    pub possible_repeat: bool,
    /// What the world saw, to hold against what was recorded.
    pub seen: Seen,
}

/// What happened to a delivery outside of the store.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Seen {
    /// Calls that reached the provider.
    pub calls: u32,
    /// Answers that said "later".
    pub temporary: u32,
    /// Attempts whose answer is unknown.
    pub unknown: u32,
    /// Claims that ran out unfinished.
    pub expired: u32,
}

/// Something that the invariants look at after the step in which it happened.
#[derive(Debug, Clone, Copy)]
pub(super) enum Fact {
    /// A client heard 2xx.
    Receipt { message: u64 },
    /// A claim's result was committed.
    Applied { key: Key, fence: i64, granted: Option<i64>, generation: u64, fired: Option<u64> },
    /// A delivery was claimed to be sent.
    Claimed { delivery: u64 },
    /// A provider was called.
    Called { delivery: u64 },
    /// A delivery was answered or ended.
    Ended { delivery: u64 },
    /// An incident was committed.
    Committed {
        incident: u64,
        version_before: i64,
        was_changed: bool,
        /// What the timeline had told before.
        told_before: Replay,
        alarms_before: u32,
    },
    /// A message was triaged.
    Triaged { message: u64 },
    /// An alert was opened.
    AlertOpened { integration: usize, key: u64 },
    /// An alert was looked at again.
    LookedAt { alert: u64 },
    /// Windows of maintenance ended before their time.
    WindowsEnded,
    /// Something was agreed about shifts, or asked, or put back.
    Planned,
    /// A person was asked.
    Reached { page: u64 },
    /// A node gave a message to a carrier.
    Carried { node: usize, carrier: usize },
    /// A node gave a message to nobody, because it leaves every carrier alone.
    Rested { node: usize },
    /// Something broke.
    Broke,
}

#[derive(Debug, Default)]
pub(super) struct Store {
    /// Grows with every commit.
    pub seq: u64,
    pub inbox: BTreeMap<u64, Message>,
    pub pending: BTreeSet<u64>,
    pub triage: Option<Claim>,
    /// The fence of the newest claim on triage, kept apart to hold against it.
    pub triage_granted: Option<i64>,
    /// When the latest claim on triage ended.
    pub triage_ended_at: Timestamp,
    pub alerts: BTreeMap<u64, AlertRow>,
    pub latest: HashMap<(usize, u64), u64>,
    pub incidents: BTreeMap<u64, IncidentRow>,
    /// Incidents that nobody has acknowledged, by service.
    pub triggered: [BTreeSet<u64>; 4],
    /// Who had the last turn of each team.
    pub turns: Turns,
    pub pages: BTreeMap<u64, PageRow>,
    pub deliveries: BTreeMap<u64, DeliveryRow>,
    pub timers: BTreeMap<Key, Timer>,
    /// What nodes look at to find due timers.
    pub queue: BTreeSet<(Timestamp, Key)>,
    /// Deliveries that were never tried, by when they should have been.
    pub untried: BTreeSet<(Timestamp, u64)>,
    /// What went out lately, by method.
    pub recent: HashMap<ContactMethodId, Vec<(Timestamp, u64)>>,
    pub audit: Audit,
    /// Deliveries that waited for a digest.
    pub bundled: u64,
    pub facts: Vec<Fact>,
    /// Pages that every method failed for and that nobody has followed up yet.
    pub unsettled: Vec<u64>,
    last_number: u64,
}

impl Store {
    /// A number that no row has.
    pub(super) fn number(&mut self) -> u64 {
        self.last_number += 1;
        self.last_number
    }

    /// Sets the instant at which something next needs attention. Whoever holds a claim on the old
    /// instant has lost it. A new row's fence begins above that of any row that stood there before.
    pub(super) fn set_timer(&mut self, key: Key, due: Timestamp, now: Timestamp) {
        let mut timer = self.timers.get(&key).copied().unwrap_or_else(|| {
            let claim = Claim { fence: now.as_microsecond(), until: None };
            let (set_at, queued_at) = (now, due);
            Timer { due, set_at, queued_at, claim, generation: 0, granted: None, fired: None }
        });
        (timer.due, timer.set_at) = (due, now);
        timer.claim = Claim { fence: timer.claim.fence + 1, until: None };
        timer.generation += 1;
        timer.granted = None;
        self.timers.insert(key, timer);
        self.enqueue(key, due);
    }

    /// Moves a timer to another place in the queue.
    pub(super) fn enqueue(&mut self, key: Key, at: Timestamp) {
        if let Some(timer) = self.timers.get_mut(&key) {
            self.queue.remove(&(timer.queued_at, key));
            timer.queued_at = at;
            self.queue.insert((at, key));
        }
    }

    pub(super) fn clear_timer(&mut self, key: Key) {
        if let Some(timer) = self.timers.remove(&key) {
            self.queue.remove(&(timer.queued_at, key));
        }
    }

    /// Puts every timer where it belongs by a clock that has jumped.
    pub(super) fn queue_again(&mut self, now: Timestamp) {
        let places: Vec<_> =
            self.timers.iter().map(|(key, timer)| (*key, timer.claimable_at(now))).collect();
        for (key, at) in places {
            self.enqueue(key, at);
        }
    }

    /// Claims a timer; gives the fence and whether an earlier claim was never finished.
    pub(super) fn claim_timer(&mut self, key: Key, now: Timestamp) -> Option<(i64, bool)> {
        let timer = self.timers.get_mut(&key)?;
        let interrupted = lease::is_interrupted(timer.claim, now);
        let taken = lease::claim(timer.due, timer.claim, now);
        if let Some(taken) = taken {
            timer.claim = taken;
            timer.granted = Some(taken.fence);
        }
        let at = timer.claimable_at(now);
        self.enqueue(key, at);
        taken.map(|taken| (taken.fence, interrupted))
    }

    /// Whether the result of a claim may be committed, noted as a fact if it is. `trusting` skips
    /// the question.
    pub(super) fn may_finish(&mut self, key: Key, fence: i64, trusting: bool) -> bool {
        let Some(timer) = self.timers.get_mut(&key) else { return false };
        if !trusting && !lease::holds(timer.claim, fence) {
            return false;
        }
        let Timer { granted, generation, fired, .. } = *timer;
        timer.fired = Some(generation);
        self.facts.push(Fact::Applied { key, fence, granted, generation, fired });
        true
    }

    /// Ends a claim and leaves the timer as it was.
    pub(super) fn release_timer(&mut self, key: Key) {
        if let Some(timer) = self.timers.get_mut(&key) {
            timer.claim.until = None;
            let at = timer.due;
            self.enqueue(key, at);
        }
    }

    /// The earliest instant at which a timer can be claimed.
    pub(super) fn earliest_timer(&self) -> Option<(Timestamp, Key)> {
        self.queue.first().copied()
    }

    /// The earliest instant at which triage can be claimed, as it looks at `now`.
    pub(super) fn earliest_triage(&self, now: Timestamp) -> Option<Timestamp> {
        self.pending.first()?;
        let held_until = self.triage.and_then(|claim| held_until(claim, now));
        Some(held_until.unwrap_or(Timestamp::MIN))
    }

    /// Whether a page is neither answered nor given up.
    pub(super) fn is_live(&self, page: u64) -> bool {
        self.pages
            .get(&page)
            .is_some_and(|page| matches!(page.state, PageState::Pending | PageState::Accepted))
    }

    /// How every trouble stands, by integration and key.
    pub(super) fn settled(&self) -> Vec<Settled> {
        let mut settled: Vec<_> = self
            .latest
            .iter()
            .filter_map(|((integration, key), alert)| {
                let alert = self.alerts.get(alert)?;
                let incident = alert.incident.and_then(|id| self.incidents.get(&id));
                Some(Settled {
                    integration: *integration,
                    key: *key,
                    is_open: alert.status == AlertStatus::Open,
                    count: alert.count,
                    incident: incident.map(|row| SettledIncident {
                        first_key: row.first_key,
                        status: row.state.status,
                        severity: row.state.severity,
                        alert_count: row.state.alert_count,
                        open_alert_count: row.state.open_alert_count,
                        reopened_count: row.state.reopened_count,
                    }),
                })
            })
            .collect();
        settled.sort_by_key(|settled| (settled.integration, settled.key));
        settled
    }

    /// Drops what ended before `before` and touches nothing that is open; gives what was dropped.
    pub(super) fn archive(&mut self, before: Timestamp) -> Vec<IncidentRow> {
        self.inbox.retain(|_, message| message.ended_at.is_none_or(|at| at >= before));
        let over = |row: &IncidentRow| !row.state.status.is_open() && row.touched_at < before;
        let ids: Vec<_> =
            self.incidents.iter().filter(|(_, row)| over(row)).map(|(id, _)| *id).collect();
        let rows: Vec<_> = ids.iter().filter_map(|id| self.incidents.remove(id)).collect();
        for page in rows.iter().flat_map(|row| &row.pages) {
            let deliveries = self.pages.remove(page).map(|page| page.deliveries);
            for delivery in deliveries.unwrap_or_default() {
                self.deliveries.remove(&delivery);
                self.clear_timer(Key::Delivery(delivery));
            }
        }
        let gone = |id: Option<u64>| id.is_none_or(|id| !self.incidents.contains_key(&id));
        let mut alerts = std::mem::take(&mut self.alerts);
        alerts.retain(|_, alert| {
            let open = alert.status.is_firing();
            open || alert.touched_at >= before || !gone(alert.incident)
        });
        self.latest.retain(|_, alert| alerts.contains_key(alert));
        self.alerts = alerts;
        self.recent.retain(|_, sent| !sent.is_empty());
        rows
    }
}
