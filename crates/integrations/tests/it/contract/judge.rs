//! The listener behind every contract: it reads a request whole, asks the provider's rules, and
//! writes what they say. Answers that a test plants (an outage, a limit of rate) go first.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// The largest request that is read, in bytes.
const REQUEST_BYTES_MAX: usize = 4 * 1024 * 1024;

/// A request as it came, or as a test makes it up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    pub method: String,
    /// With the query, as it stands in the request line.
    pub target: String,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Request {
    pub fn new(method: &str, target: &str) -> Self {
        let (method, target) = (method.to_owned(), target.to_owned());
        Self { method, target, headers: Vec::new(), body: String::new() }
    }

    /// The same with a header, in place of one of that name.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.set(name, value);
        self
    }

    /// The same with a JSON body.
    pub fn with_json(mut self, body: &Value) -> Self {
        self.body = body.to_string();
        self
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        let mut named = self.headers.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name));
        named.next().map(|(_, value)| value.as_str())
    }

    pub fn set(&mut self, name: &str, value: &str) {
        self.drop_header(name);
        self.headers.push((name.to_owned(), value.to_owned()));
    }

    pub fn drop_header(&mut self, name: &str) {
        self.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
    }

    pub fn path(&self) -> &str {
        self.target.split_once('?').map_or(&self.target, |(path, _)| path)
    }

    pub fn query(&self) -> &str {
        self.target.split_once('?').map_or("", |(_, query)| query)
    }

    /// The body as JSON; null where it is none.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or(Value::Null)
    }

    /// Changes the JSON body.
    pub fn edit(&mut self, change: impl FnOnce(&mut Value)) {
        let mut body = self.json();
        change(&mut body);
        self.body = body.to_string();
    }
}

/// What a provider answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Answer {
    pub fn new(status: u16, body: impl ToString) -> Self {
        Self { status, headers: Vec::new(), body: body.to_string() }
    }

    pub fn json(status: u16, body: &Value) -> Self {
        Self::new(status, body).with("content-type", "application/json")
    }

    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }
}

/// A request that breaks a rule: which, and what the provider answers to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    pub rule: String,
    pub answer: Answer,
}

/// The rules of one provider, with what it remembers of earlier requests.
pub trait Rules: Send + 'static {
    fn judge(&mut self, request: &Request) -> Result<Answer, Broken>;
}

/// One request and what became of it.
#[derive(Debug, Clone)]
pub struct Seen {
    pub request: Request,
    /// The rule that it broke.
    pub broken: Option<String>,
}

struct Inside<R> {
    rules: R,
    planted: VecDeque<Answer>,
    seen: Vec<Seen>,
}

/// A running contract.
pub struct Contract<R> {
    pub address: SocketAddr,
    inside: Arc<Mutex<Inside<R>>>,
    count: watch::Receiver<usize>,
}

impl<R: Rules> Contract<R> {
    pub async fn start(rules: R) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let inside = Inside { rules, planted: VecDeque::new(), seen: Vec::new() };
        let inside = Arc::new(Mutex::new(inside));
        let (counted, count) = watch::channel(0);
        let shared = inside.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, shared.clone(), counted.clone()));
            }
        });
        Self { address, inside, count }
    }

    /// Where the provider's API begins.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    fn lock(&self) -> MutexGuard<'_, Inside<R>> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next request is answered so, whatever it asks.
    pub fn plant(&self, answer: Answer) {
        self.lock().planted.push_back(answer);
    }

    /// Looks at, or changes, what the provider remembers.
    pub fn rules<T>(&self, with: impl FnOnce(&mut R) -> T) -> T {
        with(&mut self.lock().rules)
    }

    /// Everything that came so far.
    pub fn seen(&self) -> Vec<Seen> {
        self.lock().seen.clone()
    }

    /// The rules that were broken so far: none, for an adapter that is right.
    pub fn broken(&self) -> Vec<String> {
        self.lock().seen.iter().filter_map(|seen| seen.broken.clone()).collect()
    }

    /// Waits until so many requests were answered, and gives all of them.
    pub async fn wait_for(&self, count: usize) -> Vec<Seen> {
        let mut counted = self.count.clone();
        counted.wait_for(|seen| *seen >= count).await.expect("the listener still runs");
        self.seen()
    }
}

async fn serve<R: Rules>(
    mut stream: TcpStream,
    inside: Arc<Mutex<Inside<R>>>,
    counted: watch::Sender<usize>,
) {
    let Some(request) = read(&mut stream).await else { return };
    let answer = {
        let mut inside = inside.lock().unwrap_or_else(PoisonError::into_inner);
        let (broken, answer) = match inside.planted.pop_front() {
            Some(planted) => (None, planted),
            None => match inside.rules.judge(&request) {
                Ok(answer) => (None, answer),
                Err(Broken { rule, answer }) => (Some(rule), answer),
            },
        };
        inside.seen.push(Seen { request, broken });
        answer
    };
    let mut head = format!(
        "HTTP/1.1 {} Status\r\ncontent-length: {}\r\nconnection: close\r\n",
        answer.status,
        answer.body.len()
    );
    for (name, value) in &answer.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    // A client that went away needs no answer.
    let _ = stream.write_all(format!("{head}\r\n{}", answer.body).as_bytes()).await;
    counted.send_modify(|count| *count += 1);
}

/// Reads a request with a known length.
async fn read(stream: &mut TcpStream) -> Option<Request> {
    let mut read = Vec::new();
    let mut chunk = [0; 8192];
    loop {
        if let Some(request) = whole(&read) {
            return Some(request);
        }
        let count = stream.read(&mut chunk).await.ok().filter(|count| *count > 0)?;
        read.extend_from_slice(&chunk[..count]);
        if read.len() > REQUEST_BYTES_MAX {
            return None;
        }
    }
}

fn whole(read: &[u8]) -> Option<Request> {
    let end = read.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&read[..end]).into_owned();
    let mut lines = head.lines();
    let mut first = lines.next()?.split(' ');
    let mut request = Request::new(first.next()?, first.next()?);
    for line in lines {
        let (name, value) = line.split_once(':')?;
        request.headers.push((name.to_owned(), value.trim().to_owned()));
    }
    let length = request.header("content-length").and_then(|text| text.parse().ok()).unwrap_or(0);
    let body = &read[end + 4..];
    (body.len() >= length).then(|| {
        request.body = String::from_utf8_lossy(&body[..length]).into_owned();
        request
    })
}

/// Shows that a contract refuses a request for breaking exactly one rule: the correct request is
/// taken, the same with the mistake is not.
#[track_caller]
pub fn assert_refused<R: Rules>(
    mut rules: impl FnMut() -> R,
    correct: &Request,
    mistake: impl FnOnce(&mut Request),
    rule: &str,
) {
    let taken = rules().judge(correct);
    assert!(taken.is_ok(), "the correct request is refused: {taken:?}");
    let mut wrong = correct.clone();
    mistake(&mut wrong);
    match rules().judge(&wrong) {
        Ok(answer) => panic!("the mistake is not noticed: {answer:?}"),
        Err(broken) => assert_eq!(broken.rule, rule),
    }
}

/// One small test for each planted mistake: its name, what is changed in the correct request, and
/// the rule that must notice.
macro_rules! mistakes {
    ($rules:expr, $correct:expr; $($name:ident: $mistake:expr => $rule:expr;)+) => {
        $(
            #[test]
            fn $name() {
                $crate::contract::judge::assert_refused($rules, &$correct, $mistake, $rule);
            }
        )+
    };
}
pub(crate) use mistakes;
