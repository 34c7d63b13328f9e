//! Transactions of the outbox: a delivery is claimed, sent and answered. The claim looks again at
//! whether the page is still wanted; bundling, retries and the next method are the real decisions.

use jiff::{SignedDuration, Timestamp};

use super::Sabotage;
use super::incident::Context;
use super::node::By;
use super::store::{Fact, Key, Store};
use crate::id::{ContactMethodId, ServiceId};
use crate::oncall::bundle::{self, Limit, Sent};
use crate::oncall::page::{self, Answer, DeliveryState, PageState, Progress};

/// How long what went out is remembered for bundling.
const RECENT_KEPT: SignedDuration = SignedDuration::from_mins(3);

/// Deliveries that go out in one message, each with the fence of its claim.
pub(super) type Parcel = Vec<(u64, i64)>;

impl Store {
    /// Claims a due delivery. What comes back is to be sent; nothing comes back when the page is no
    /// longer wanted, the method is gone, or the message waits for its digest.
    pub(super) fn claim_delivery(&mut self, cx: &Context<'_>, id: u64) -> Parcel {
        let key = Key::Delivery(id);
        let Some((fence, interrupted)) = self.claim_timer(key, cx.now) else { return vec![] };
        self.seq += 1;
        let Some(row) = self.deliveries.get_mut(&id) else {
            self.clear_timer(key);
            return vec![];
        };
        if interrupted {
            row.seen.expired += 1;
        }
        let (page, method, state) = (row.page, row.method, row.state);
        if !self.is_wanted(cx, page) {
            self.end_delivery(id, DeliveryState::Cancelled);
            return vec![];
        }
        if !self.exists(cx, page, method) {
            self.end_delivery(id, DeliveryState::Failed);
            self.start_next_method(cx, page);
            self.settle(cx, page);
            return vec![];
        }
        if state == DeliveryState::Scheduled
            && let Some(until) = self.hold_until(cx, method, page)
        {
            if let Some(row) = self.deliveries.get_mut(&id) {
                row.state = DeliveryState::Bundled;
            }
            self.bundled += 1;
            self.set_timer(key, until, cx.now);
            return vec![];
        }
        let mut parcel = vec![(id, fence)];
        if state == DeliveryState::Bundled {
            self.add_bundled(cx, method, &mut parcel);
        }
        for (delivery, _) in &parcel {
            self.begin_attempt(cx, *delivery, method);
        }
        parcel
    }

    fn is_wanted(&self, cx: &Context<'_>, page: u64) -> bool {
        let Some(row) = self.pages.get(&page) else { return false };
        row.state != PageState::Superseded || cx.is_sabotaged(Sabotage::KeepPagesAfterAck)
    }

    fn exists(&self, cx: &Context<'_>, page: u64, method: ContactMethodId) -> bool {
        let user = self.pages.get(&page).and_then(|row| cx.directory.users.get(row.user));
        user.is_some_and(|user| user.contact_method(method).is_some())
    }

    fn hold_until(
        &mut self,
        cx: &Context<'_>,
        method: ContactMethodId,
        page: u64,
    ) -> Option<Timestamp> {
        let oldest = cx.now.checked_sub(RECENT_KEPT).unwrap_or(Timestamp::MIN);
        self.recent.entry(method).or_default().retain(|(at, _)| *at > oldest);
        let service = self.service_of(page)?;
        // What is no longer remembered was about some other incident.
        let service_of = |id: &u64| {
            let row = self.deliveries.get(id)?;
            self.service_of(row.page)
        };
        let sent: Vec<_> = self
            .recent
            .get(&method)?
            .iter()
            .map(|(at, id)| Sent { at: *at, service: service_of(id).unwrap_or(service) })
            .collect();
        let limit = Limit::default();
        if sent.len() < limit.singles {
            return None;
        }
        // Whatever waits for a digest is due within the window.
        let end = cx.now.checked_add(limit.window).unwrap_or(Timestamp::MAX);
        let waiting: Vec<_> = self
            .queue
            .iter()
            .take_while(|(at, _)| *at <= end)
            .filter_map(|(_, key)| match key {
                Key::Delivery(id) => self.deliveries.get(id),
                Key::Incident(_) | Key::Alert(_) | Key::Request(_) | Key::Inbox => None,
            })
            .filter(|row| row.state == DeliveryState::Bundled && row.method == method)
            .filter_map(|row| self.service_of(row.page))
            .collect();
        bundle::hold_until(limit, &sent, &waiting, service, cx.now)
    }

    fn service_of(&self, page: u64) -> Option<ServiceId> {
        let incident = self.pages.get(&page)?.incident;
        self.incidents.get(&incident).map(|row| row.state.service)
    }

    /// Everything else that waits for the same digest goes into it.
    fn add_bundled(&mut self, cx: &Context<'_>, method: ContactMethodId, parcel: &mut Parcel) {
        let due: Vec<_> = self
            .queue
            .iter()
            .take_while(|(at, _)| *at <= cx.now)
            .filter_map(|(_, key)| match key {
                Key::Delivery(id) => Some(*id),
                Key::Incident(_) | Key::Alert(_) | Key::Request(_) | Key::Inbox => None,
            })
            .filter(|id| {
                self.deliveries.get(id).is_some_and(|row| {
                    row.state == DeliveryState::Bundled
                        && row.method == method
                        && self.is_wanted(cx, row.page)
                })
            })
            .collect();
        for id in due {
            if let Some((fence, interrupted)) = self.claim_timer(Key::Delivery(id), cx.now) {
                if let Some(row) = self.deliveries.get_mut(&id) {
                    row.seen.expired += u32::from(interrupted);
                }
                parcel.push((id, fence));
            }
        }
    }

    fn begin_attempt(&mut self, cx: &Context<'_>, id: u64, method: ContactMethodId) {
        let Some(row) = self.deliveries.get_mut(&id) else { return };
        row.possible_repeat = row.seen.expired + row.seen.unknown > 0;
        row.attempts += 1;
        row.state = DeliveryState::Sending;
        let attempts = row.attempts;
        self.untried.remove(&(row.first_due_at, id));
        self.recent.entry(method).or_default().push((cx.now, id));
        if !cx.is_sabotaged(Sabotage::UnrecordedSend) || !id.is_multiple_of(25) {
            self.audit.send(id, attempts);
        }
        self.facts.push(Fact::Claimed { delivery: id });
    }

    /// A provider's answer to a delivery. `false` when the claim was lost meanwhile.
    pub(super) fn answered(
        &mut self,
        cx: &Context<'_>,
        (id, fence): (u64, i64),
        (answer, by): (&Answer, By),
        chance: f64,
    ) -> bool {
        let trusting = cx.is_sabotaged(Sabotage::IgnoreFence);
        if !self.may_finish(Key::Delivery(id), fence, trusting) {
            return false;
        }
        self.seq += 1;
        let Some(row) = self.deliveries.get_mut(&id) else { return false };
        match answer {
            Answer::Temporary { .. } => row.seen.temporary += u32::from(by != By::Nobody),
            Answer::Unknown => row.seen.unknown += 1,
            Answer::Accepted | Answer::Permanent => {}
        }
        let (page, method) = (row.page, row.method);
        let progress =
            Progress { state: row.state, attempts: row.attempts, first_due_at: row.first_due_at };
        let mut next = page::after_answer(progress, answer, chance, cx.now);
        next.start_next_method |= by == By::Nobody;
        if next.state != DeliveryState::Accepted
            && let Some(sent) = self.recent.get_mut(&method)
        {
            sent.retain(|(_, delivery)| *delivery != id);
        }
        let wanted = self.pages.get(&page).is_some_and(|row| row.state != PageState::Superseded);
        match next.retry_at {
            Some(at) if wanted => {
                if let Some(row) = self.deliveries.get_mut(&id) {
                    row.state = next.state;
                }
                self.set_timer(Key::Delivery(id), at, cx.now);
            }
            Some(_) => self.end_delivery(id, DeliveryState::Cancelled),
            None if cx.is_sabotaged(Sabotage::SendAgainAfterSuccess) && id.is_multiple_of(25) => {
                self.release_timer(Key::Delivery(id));
            }
            None => self.end_delivery(id, next.state),
        }
        if next.start_next_method && wanted {
            self.start_next_method(cx, page);
        }
        self.settle(cx, page);
        true
    }

    fn end_delivery(&mut self, id: u64, state: DeliveryState) {
        if let Some(row) = self.deliveries.get_mut(&id) {
            row.state = state;
            self.untried.remove(&(row.first_due_at, id));
        }
        self.clear_timer(Key::Delivery(id));
        self.facts.push(Fact::Ended { delivery: id });
    }

    /// The next method of a page starts now instead of at its own time.
    fn start_next_method(&mut self, cx: &Context<'_>, page: u64) {
        let Some(row) = self.pages.get(&page) else { return };
        let scheduled = |id: &&u64| {
            self.deliveries.get(id).is_some_and(|row| row.state == DeliveryState::Scheduled)
        };
        let Some(next) = row.deliveries.iter().find(scheduled).copied() else { return };
        let is_later =
            self.timers.get(&Key::Delivery(next)).is_some_and(|timer| timer.due > cx.now);
        if is_later {
            self.set_timer(Key::Delivery(next), cx.now, cx.now);
        }
    }

    fn settle(&mut self, cx: &Context<'_>, page: u64) {
        self.refresh_page(page);
        self.follow_up_all(cx);
    }
}
