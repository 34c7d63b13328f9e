//! One thing that many want, handed on by priority. Those who wait stand in lanes; a lower lane is
//! served only when no higher one waits, except that a lane passed over [`PASSED_OVER_MAX`] times is
//! served next. It knows nothing of databases.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use crate::db::{Lane, Result, StoreError};

/// How often a waiting lane may be passed over before it is served regardless of priority.
pub(super) const PASSED_OVER_MAX: u32 = 16;
/// How many may wait in one lane; more are refused at once.
const WAITING_MAX: usize = 10_000;

/// The lanes before one thing of type `T`, which may have been lost and is then `None`.
#[derive(Debug)]
pub(super) struct Lanes<T>(Mutex<State<T>>);

#[derive(Debug)]
struct State<T> {
    /// The thing while nobody holds it.
    idle: Option<Option<T>>,
    queues: [Queue<T>; Lane::ALL.len()],
}

#[derive(Debug)]
struct Queue<T> {
    waiting: VecDeque<oneshot::Sender<Pass<T>>>,
    passed_over: u32,
}

/// The right to use the thing until dropped, which hands it on.
#[derive(Debug)]
pub(super) struct Pass<T> {
    lanes: Arc<Lanes<T>>,
    item: Option<T>,
    /// Whether dropping this hands the thing on. A pass that could not be delivered does not.
    live: bool,
}

impl<T> Lanes<T> {
    pub(super) fn new(item: Option<T>) -> Arc<Self> {
        let queues =
            Lane::ALL.map(|_| Queue { waiting: VecDeque::with_capacity(8), passed_over: 0 });
        Arc::new(Self(Mutex::new(State { idle: Some(item), queues })))
    }

    /// Waits for a turn in `lane`.
    pub(super) async fn enter(self: &Arc<Self>, lane: Lane) -> Result<Pass<T>> {
        let turn = {
            let mut state = self.state();
            if let Some(item) = state.idle.take() {
                return Ok(Pass { lanes: Arc::clone(self), item, live: true });
            }
            let queue = &mut state.queues[lane as usize];
            // Those who gave up are cleared out first, so that only the living count.
            if queue.waiting.len() >= WAITING_MAX {
                queue.waiting.retain(|waiter| !waiter.is_closed());
            }
            if queue.waiting.len() >= WAITING_MAX {
                return Err(StoreError::unavailable("too many writes are waiting"));
            }
            let (sender, receiver) = oneshot::channel();
            queue.waiting.push_back(sender);
            receiver
        };
        turn.await.map_err(|_| StoreError::unavailable("the writer is gone"))
    }

    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hands the thing to whoever is next, or puts it down.
    fn hand_on(self: &Arc<Self>, mut item: Option<T>) {
        let mut state = self.state();
        while let Some(waiter) = state.next() {
            let pass = Pass { lanes: Arc::clone(self), item, live: true };
            match waiter.send(pass) {
                Ok(()) => return,
                Err(mut undelivered) => {
                    undelivered.live = false;
                    item = undelivered.item.take();
                }
            }
        }
        state.idle = Some(item);
    }
}

impl<T> State<T> {
    fn next(&mut self) -> Option<oneshot::Sender<Pass<T>>> {
        let waits = |queue: &Queue<T>| !queue.waiting.is_empty();
        let starved = |queue: &Queue<T>| waits(queue) && queue.passed_over >= PASSED_OVER_MAX;
        let chosen =
            self.queues.iter().position(starved).or_else(|| self.queues.iter().position(waits))?;
        for (at, queue) in self.queues.iter_mut().enumerate() {
            if at == chosen || queue.waiting.is_empty() {
                queue.passed_over = 0;
            } else {
                queue.passed_over += 1;
            }
        }
        self.queues[chosen].waiting.pop_front()
    }
}

impl<T> Pass<T> {
    /// The thing, if it is still there.
    pub(super) fn item(&mut self) -> &mut Option<T> {
        &mut self.item
    }
}

impl<T> Drop for Pass<T> {
    fn drop(&mut self) {
        if self.live {
            let item = self.item.take();
            self.lanes.hand_on(item);
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::task::JoinHandle;

    use super::*;

    const WAITS_TO_SETTLE: usize = 20;

    #[tokio::test]
    async fn those_who_wait_are_served_by_lane_and_then_in_order() {
        let lanes = Lanes::new(Some(Vec::new()));
        let held = lanes.enter(Lane::Cleanup).await.unwrap();
        let mut waiting = Vec::new();
        for (name, lane) in [
            ("clean", Lane::Cleanup),
            ("triage", Lane::Triage),
            ("accept 1", Lane::Accept),
            ("ack", Lane::Command),
            ("accept 2", Lane::Accept),
            ("page", Lane::Outbox),
        ] {
            waiting.push(enter(&lanes, lane, name).await);
        }
        drop(held);
        let order = finish(&lanes, waiting).await;
        assert_eq!(order, ["ack", "page", "accept 1", "accept 2", "triage", "clean"]);
    }

    #[tokio::test]
    async fn a_lane_that_is_passed_over_again_and_again_is_served_in_the_end() {
        let lanes = Lanes::new(Some(Vec::new()));
        let held = lanes.enter(Lane::Command).await.unwrap();
        let mut waiting = vec![enter(&lanes, Lane::Cleanup, "clean").await];
        for _ in 0..2 * PASSED_OVER_MAX {
            waiting.push(enter(&lanes, Lane::Command, "ack").await);
        }
        drop(held);
        let order = finish(&lanes, waiting).await;
        let served = order.iter().position(|name| *name == "clean");
        assert_eq!(served, Some(PASSED_OVER_MAX as usize));
    }

    #[tokio::test]
    async fn whoever_gives_up_waiting_is_passed_by() {
        let lanes = Lanes::new(Some(Vec::new()));
        let held = lanes.enter(Lane::Command).await.unwrap();
        let gone = enter(&lanes, Lane::Command, "gone").await;
        let there = enter(&lanes, Lane::Cleanup, "there").await;
        gone.abort();
        assert!(gone.await.is_err());
        drop(held);
        assert_eq!(finish(&lanes, vec![there]).await, ["there"]);
    }

    #[tokio::test]
    async fn what_was_lost_is_reported_to_the_next() {
        let lanes = Lanes::new(Some(Vec::<&str>::new()));
        let mut held = lanes.enter(Lane::Command).await.unwrap();
        held.item().take();
        drop(held);
        let mut next = lanes.enter(Lane::Command).await.unwrap();
        assert!(next.item().is_none());
    }

    async fn enter(
        lanes: &Arc<Lanes<Vec<&'static str>>>,
        lane: Lane,
        name: &'static str,
    ) -> JoinHandle<()> {
        let lanes = Arc::clone(lanes);
        let waiting = tokio::spawn(async move {
            let mut pass = lanes.enter(lane).await.unwrap();
            if let Some(order) = pass.item() {
                order.push(name);
            }
        });
        // The test has one thread, so yielding lets the task take its place in the queue.
        for _ in 0..WAITS_TO_SETTLE {
            tokio::task::yield_now().await;
        }
        waiting
    }

    async fn finish(
        lanes: &Arc<Lanes<Vec<&'static str>>>,
        waiting: Vec<JoinHandle<()>>,
    ) -> Vec<&'static str> {
        for task in waiting {
            task.await.unwrap();
        }
        lanes.enter(Lane::Cleanup).await.unwrap().item().take().unwrap_or_default()
    }
}
