//! The load generator: one process with one thread that sends events over connections that stay
//! open, as fast as they are answered or at a steady rate, and takes the calls of webhooks, so that
//! sending and being called are read from one clock. It reads an order as a line of JSON and answers
//! with another, until its standard input ends.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
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
    /// Whether every event is awaited at a webhook.
    pub(super) calls: bool,
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
}

/// Which of the two came first, and when. The call may overtake the answer on its way here.
enum Awaited {
    Accepted(Instant),
    Called,
}

impl Calls {
    fn accepted(&self, event: u64) {
        let mut awaited = self.awaited.borrow_mut();
        match awaited.remove(&event) {
            Some(_) => self.times.borrow_mut().push(0),
            None => {
                awaited.insert(event, Awaited::Accepted(Instant::now()));
                self.open.set(self.open.get() + 1);
            }
        }
    }

    fn called(&self, event: u64) {
        let mut awaited = self.awaited.borrow_mut();
        match awaited.remove(&event) {
            Some(Awaited::Accepted(at)) => {
                self.times.borrow_mut().push(micros(at.elapsed()));
                self.open.set(self.open.get().saturating_sub(1));
            }
            Some(Awaited::Called) | None => {
                awaited.insert(event, Awaited::Called);
            }
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
    if running.order.calls {
        let patience = Instant::now() + Duration::from_secs(CALLS_AWAITED_SECONDS_MAX);
        while calls.open.get() > 0 && Instant::now() < patience {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
    let uncalled = if running.order.calls { calls.open.get() } else { 0 };
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
            if order.calls {
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

/// Answers every call with 200.
async fn answer(stream: TcpStream, calls: Rc<Calls>) {
    let _ = stream.set_nodelay(true);
    let mut connection = Connection::over(stream);
    while let Ok(Some(event)) = connection.message(|_, body| number(body)).await {
        if let Some(event) = event {
            calls.called(event);
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
            calls: true,
        };
        let mut request = Vec::new();
        write_request(&mut request, &order, 1_042);
        assert_eq!(number(&request), Some(1_042));
        let at = request.windows(4).position(|window| window == b"\r\n\r\n").unwrap() + 4;
        let event: serde_json::Value = serde_json::from_slice(&request[at..]).unwrap();
        assert_eq!(event["routing_key"], "bench-key-000002");
        assert_eq!(event["payload"]["custom_details"]["value_ms"], 2310);
    }
}
