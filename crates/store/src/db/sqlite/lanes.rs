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
