//! The load generator: one process with one thread that sends events over connections that stay
//! open, as fast as they are answered or at a steady rate, and takes the calls of webhooks, so that
//! sending and being called are read from one clock. It reads an order as a line of JSON and answers
//! with another, until its standard input ends.

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, HashSet};
use std::io::Write as _;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::LocalSet;

use super::figures::Times;
use super::organization::key;
use super::process;
use super::wire::Connection;

/// How long calls may stay away before they count as lost, in seconds.
const CALLS_AWAITED_SECONDS_MAX: u64 = 60;
/// The most events of one order.
const EVENTS_MAX: u64 = 5_000_000;
/// What the title of an event begins with; its number follows.
const MARK: &str = "bench-event-";
/// How many digits that number has.
const DIGITS: usize = 9;

/// What to send.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Order {
    /// To whom.
    pub(super) address: SocketAddr,
    /// Over so many connections.
    pub(super) connections: u64,
    /// For so long.
    pub(super) seconds: u64,
    /// The number of the first event; no two are the same.
    pub(super) first: u64,
    /// So many integrations, in turn.
    pub(super) keys: u64,
    /// Events per second; as fast as they are answered where it is left out.
    pub(super) rate: Option<u64>,
    /// How many people's webhooks every event is awaited at.
    pub(super) calls: u64,
    /// How long a webhook takes to answer.
    pub(super) answer_ms: u64,
}

/// What happened.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Outcome {
    /// The number of the next event.
    pub(super) next: u64,
    /// Events that were answered with 202.
    pub(super) accepted: u64,
    /// Events that were answered otherwise or not at all.
    pub(super) refused: u64,
    /// From the first event to the last answer.
    pub(super) seconds: f64,
    /// From the instant at which an event was sent, or was to be sent, to its answer.
    pub(super) answered: Times,
    /// From 202 to the call of the webhook.
    pub(super) called: Times,
    /// Accepted events for which no call came in time.
    pub(super) uncalled: u64,
}

/// Obeys orders until standard input ends.
///
/// # Errors
/// When the generator cannot listen, or an order cannot be understood.
pub fn run() -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    LocalSet::new().block_on(&runtime, async {
        let hooks = TcpListener::bind("127.0.0.1:0").await?;
        println!("{}", hooks.local_addr()?);
        let calls = Rc::new(Calls::default());
        tokio::task::spawn_local(listen(hooks, Rc::clone(&calls)));
        let mut orders = process::input();
        while let Some(order) = orders.recv().await {
            let outcome = obey(serde_json::from_str(&order)?, &calls).await?;
            let mut out = std::io::stdout().lock();
            writeln!(out, "{}", serde_json::to_string(&outcome)?)?;
            out.flush()?;
        }
        Ok(())
    })
}

/// When each event was accepted and called for.
#[derive(Default)]
struct Calls {
    awaited: RefCell<HashMap<u64, Awaited>>,
    open: Cell<u64>,
    times: RefCell<Vec<u32>>,
    /// How many people are called for each event.
    people: Cell<u64>,
    answer_ms: Cell<u64>,
}

/// One event: when it was answered, and who was called for it. A call may overtake the answer on its
/// way here.
#[derive(Default)]
struct Awaited {
    accepted: Option<Instant>,
    called: HashSet<u64>,
}

impl Calls {
    fn accepted(&self, event: u64) {
        let mut awaited = self.awaited.borrow_mut();
        let known = awaited.entry(event).or_default();
        known.accepted = Some(Instant::now());
        let called = known.called.len();
        self.times.borrow_mut().extend(std::iter::repeat_n(0, called));
        let left = self.people.get().saturating_sub(called as u64);
        self.open.set(self.open.get() + left);
        if left == 0 {
            awaited.remove(&event);
        }
    }

    /// A person's webhook is called for an event; a repeat counts once.
    fn called(&self, event: u64, person: u64) {
        let mut awaited = self.awaited.borrow_mut();
        let known = awaited.entry(event).or_default();
        if !known.called.insert(person) {
            return;
        }
        let Some(accepted) = known.accepted else { return };
        let is_whole = known.called.len() as u64 >= self.people.get();
        self.times.borrow_mut().push(micros(accepted.elapsed()));
        self.open.set(self.open.get().saturating_sub(1));
        if is_whole {
            awaited.remove(&event);
        }
    }

    fn forget(&self) -> Vec<u32> {
        self.awaited.borrow_mut().clear();
        self.open.set(0);
        self.times.take()
    }
}

/// One order under way.
struct Running {
    order: Order,
    began: Instant,
    next: Cell<u64>,
    accepted: Cell<u64>,
    refused: Cell<u64>,
    answered: RefCell<Vec<u32>>,
    calls: Rc<Calls>,
}

async fn obey(order: Order, calls: &Rc<Calls>) -> anyhow::Result<Outcome> {
    calls.forget();
    calls.people.set(order.calls);
    calls.answer_ms.set(order.answer_ms);
    let running = Rc::new(Running {
        began: Instant::now(),
        next: Cell::new(order.first),
        accepted: Cell::new(0),
        refused: Cell::new(0),
        answered: RefCell::default(),
        calls: Rc::clone(calls),
        order,
    });
    let connections: Vec<_> = (0..running.order.connections)
        .map(|_| tokio::task::spawn_local(send(Rc::clone(&running))))
        .collect();
    for connection in connections {
        connection.await?;
    }
    let seconds = running.began.elapsed().as_secs_f64();
    if running.order.calls > 0 {
        let patience = Instant::now() + Duration::from_secs(CALLS_AWAITED_SECONDS_MAX);
        while calls.open.get() > 0 && Instant::now() < patience {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
    let uncalled = if running.order.calls > 0 { calls.open.get() } else { 0 };
    Ok(Outcome {
        next: running.next.get(),
        accepted: running.accepted.get(),
        refused: running.refused.get(),
        seconds,
        answered: Times::of(running.answered.take()),
        called: Times::of(calls.forget()),
        uncalled,
    })
}

/// Sends event after event over one connection.
async fn send(running: Rc<Running>) {
    let order = &running.order;
    let mut connection = None;
    let mut request = Vec::with_capacity(2_048);
    while let Some((event, due)) = running.take() {
        tokio::time::sleep_until(due.into()).await;
        // Late is late: what waits for a free connection counts.
        let started = if order.rate.is_some() { due } else { Instant::now() };
        write_request(&mut request, order, event);
        let answer = match exchange(&mut connection, order.address, &request).await {
            Ok(status) => status,
            Err(_) => {
                connection = None;
                0
            }
        };
        if answer == 202 {
            running.accepted.set(running.accepted.get() + 1);
            running.answered.borrow_mut().push(micros(started.elapsed()));
            if order.calls > 0 {
                running.calls.accepted(event);
            }
        } else {
            running.refused.set(running.refused.get() + 1);
            // Whoever is refused at once would otherwise only count refusals.
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

impl Running {
    /// The next event and when it is to be sent.
    fn take(&self) -> Option<(u64, Instant)> {
        let event = self.next.get();
        let nth = event - self.order.first;
        let due = match self.order.rate {
            Some(rate) => self.began + Duration::from_micros(nth * 1_000_000 / rate.max(1)),
            None => Instant::now(),
        };
        let end = self.began + Duration::from_secs(self.order.seconds);
        if due >= end || nth >= EVENTS_MAX {
            return None;
        }
        self.next.set(event + 1);
        Some((event, due))
    }
}

async fn exchange(
    connection: &mut Option<Connection>,
    address: SocketAddr,
    request: &[u8],
) -> std::io::Result<u16> {
    let connection = match connection {
        Some(connection) => connection,
        None => connection.insert(Connection::open(address).await?),
    };
    connection.ask(request).await
}

/// An event as a monitoring system sends it.
fn write_request(request: &mut Vec<u8>, order: &Order, event: u64) {
    let key = key(event % order.keys.max(1));
    let body = format!(
        "{{\"routing_key\":\"{key}\",\"event_action\":\"trigger\",\"dedup_key\":\"{event:0DIGITS$}\",\
         \"client\":\"Prometheus\",\"client_url\":\"https://prometheus.example.com/graph\",\
         \"payload\":{{\"summary\":\"{MARK}{event:0DIGITS$}: latency of checkout is above 2 s\",\
         \"source\":\"web-{}.example.com\",\"severity\":\"critical\",\"component\":\"checkout\",\
         \"group\":\"shop\",\"class\":\"latency\",\"custom_details\":{{\"region\":\"eu-central\",\
         \"threshold_ms\":2000,\"value_ms\":2310,\"firing\":\"1\"}}}},\
         \"links\":[{{\"href\":\"https://wiki.example.com/latency\",\"text\":\"Runbook\"}}]}}",
        event % 97
    );
    request.clear();
    // Writing into memory cannot fail.
    let _ = write!(
        request,
        "POST /v2/enqueue HTTP/1.1\r\nhost: {}\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n\r\n{body}",
        order.address,
        body.len()
    );
}

async fn listen(hooks: TcpListener, calls: Rc<Calls>) {
    loop {
        match hooks.accept().await {
            Ok((stream, _)) => {
                tokio::task::spawn_local(answer(stream, Rc::clone(&calls)));
            }
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }
}

/// Answers every call with 200, when the order's time for it has passed.
async fn answer(stream: TcpStream, calls: Rc<Calls>) {
    let _ = stream.set_nodelay(true);
    let mut connection = Connection::over(stream);
    let look = |head: &[u8], body: &[u8]| (number(body), person(head));
    while let Ok(Some((event, person))) = connection.message(look).await {
        if let Some(event) = event {
            calls.called(event, person.unwrap_or_default());
        }
        if calls.answer_ms.get() > 0 {
            tokio::time::sleep(Duration::from_millis(calls.answer_ms.get())).await;
        }
        if connection.write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await.is_err() {
            return;
        }
    }
}

/// The number of the event that a call is about.
fn number(body: &[u8]) -> Option<u64> {
    let mark = MARK.as_bytes();
    let at = body.windows(mark.len()).position(|window| window == mark)? + mark.len();
    std::str::from_utf8(body.get(at..at + DIGITS)?).ok()?.parse().ok()
}

/// The number of the person whose webhook is called: `POST /person-17 HTTP/1.1`.
fn person(head: &[u8]) -> Option<u64> {
    let line = std::str::from_utf8(head.split(|byte| *byte == b'\r').next()?).ok()?;
    line.split(' ').nth(1)?.rsplit_once('-')?.1.parse().ok()
}

fn micros(time: Duration) -> u32 {
    u32::try_from(time.as_micros()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_can_be_told_from_the_call_for_it() {
        let order = Order {
            address: "127.0.0.1:1".parse().unwrap(),
            connections: 1,
            seconds: 1,
            first: 0,
            keys: 10,
            rate: None,
            calls: 1,
            answer_ms: 0,
        };
        let mut request = Vec::new();
        write_request(&mut request, &order, 1_042);
        assert_eq!(number(&request), Some(1_042));
        let at = request.windows(4).position(|window| window == b"\r\n\r\n").unwrap() + 4;
        let event: serde_json::Value = serde_json::from_slice(&request[at..]).unwrap();
        assert_eq!(event["routing_key"], "bench-key-000002");
        assert_eq!(event["payload"]["custom_details"]["value_ms"], 2310);
        assert_eq!(person(b"POST /person-17 HTTP/1.1\r\nhost: x\r\n\r\n"), Some(17));
    }

    #[test]
    fn an_event_for_many_is_open_until_everybody_was_called() {
        let calls = Calls::default();
        calls.people.set(3);
        calls.called(7, 0);
        calls.accepted(7);
        calls.called(7, 1);
        calls.called(7, 1);
        assert_eq!(calls.open.get(), 1);
        calls.called(7, 2);
        assert_eq!((calls.open.get(), calls.forget().len()), (0, 3));
    }
}
