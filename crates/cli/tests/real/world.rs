//! A server process, the phones it pages, and a client that asks it things.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use muster_store::Engine;
use muster_store::testing::{self, Fresh, Place};
use serde_json::Value;

/// How long a story waits for anything it expects.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long it rests between two looks.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Looks again and again until `look` finds something; fails with `what` when patience ends.
pub fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let until = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < until, "waited in vain for {what}");
        thread::sleep(LOOK_EVERY);
    }
}

/// A port that was free a moment ago.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has ports");
    listener.local_addr().expect("a bound listener has an address").port()
}

/// A child process that ends with the story.
pub struct Process(pub Child);

impl Process {
    /// Ends it at once, without a word.
    pub fn kill(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// What a phone received.
#[derive(Debug, Clone)]
pub struct Received {
    /// The path that it was sent to: `/ana`.
    pub path: String,
    /// The body.
    pub body: Value,
}

/// A listener that stands for everybody's phones and for a thing that Prometheus watches.
#[derive(Clone)]
pub struct Phones {
    /// Where it listens.
    pub port: u16,
    received: Arc<Mutex<Vec<Received>>>,
    healthy: Arc<Mutex<bool>>,
}

impl Phones {
    /// Starts listening.
    pub fn listen() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has ports");
        let port = listener.local_addr().expect("bound").port();
        let phones = Self { port, received: Arc::default(), healthy: Arc::new(Mutex::new(true)) };
        let answering = phones.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let phones = answering.clone();
                thread::spawn(move || phones.answer(stream));
            }
        });
        phones
    }

    /// Everything received so far.
    pub fn received(&self) -> Vec<Received> {
        self.received.lock().expect("no story panics while holding it").clone()
    }

    /// The pages that one person received.
    pub fn pages(&self, person: &str) -> Vec<Value> {
        let path = format!("/{person}");
        let is_page = |r: &Received| r.path == path && r.body["type"] == "page";
        self.received().into_iter().filter(is_page).map(|received| received.body).collect()
    }

    /// Makes the watched thing well or unwell.
    pub fn set_healthy(&self, healthy: bool) {
        *self.healthy.lock().expect("not poisoned") = healthy;
    }

    fn answer(&self, mut stream: TcpStream) {
        let _ = stream.set_read_timeout(Some(Duration::from_secs(5)));
        while let Some((head, body)) = read_request(&mut stream) {
            let path = head.split_whitespace().nth(1).unwrap_or("/").to_owned();
            let text = if path == "/metrics" {
                let up = u8::from(*self.healthy.lock().expect("not poisoned"));
                format!("# TYPE shop_up gauge\nshop_up {up}\n")
            } else {
                let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
                let received = Received { path, body };
                self.received.lock().expect("not poisoned").push(received);
                String::new()
            };
            let answer = format!(
                "HTTP/1.1 200 OK\r\ncontent-type: text/plain; version=0.0.4\r\ncontent-length: {}\r\n\r\n{text}",
                text.len()
            );
            if stream.write_all(answer.as_bytes()).is_err() {
                return;
            }
        }
    }
}

/// Reads a request: its head and its body.
pub fn read_request(stream: &mut TcpStream) -> Option<(String, Vec<u8>)> {
    let mut bytes = Vec::new();
    let mut chunk = [0; 4096];
    let end = loop {
        if let Some(at) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break at + 4;
        }
        match stream.read(&mut chunk) {
            Ok(0) | Err(_) => return None,
            Ok(count) => bytes.extend_from_slice(&chunk[..count]),
        }
    };
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let length = head
        .lines()
        .find_map(|line| {
            line.to_ascii_lowercase().strip_prefix("content-length:")?.trim().parse().ok()
        })
        .unwrap_or(0_usize);
    let mut body = bytes.split_off(end);
    while body.len() < length {
        match stream.read(&mut chunk) {
            Ok(0) | Err(_) => return None,
            Ok(count) => body.extend_from_slice(&chunk[..count]),
        }
    }
    Some((head, body))
}

/// An installation: its store, its process when it runs, and an administrator's token.
pub struct World {
    /// Where it listens.
    pub port: u16,
    /// Everybody's phones.
    pub phones: Phones,
    /// A directory for the story's files.
    pub dir: tempfile::TempDir,
    store: Vec<String>,
    token: String,
    more: Vec<String>,
    server: Option<Process>,
    _database: Option<Fresh>,
}

impl World {
    /// An installation on the given engine with the configuration that `configure` writes, running.
    pub fn start(engine: Engine, configure: impl Fn(u16) -> String) -> Self {
        Self::start_with(engine, &[], configure)
    }

    /// The same with more arguments for the server.
    pub fn start_with(engine: Engine, more: &[&str], configure: impl Fn(u16) -> String) -> Self {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let (store, database) = match engine {
            Engine::Sqlite => {
                let data = dir.path().join("data").display().to_string();
                (vec!["--data".to_owned(), data], None)
            }
            Engine::Postgres => {
                let runtime = tokio::runtime::Runtime::new().expect("a runtime");
                let fresh = runtime.block_on(async {
                    let fresh = testing::fresh_unmigrated(Engine::Postgres).await;
                    fresh.db.close().await;
                    fresh
                });
                let Place::Url(url) = fresh.place().clone() else {
                    unreachable!("it is PostgreSQL")
                };
                (vec!["--database-url".to_owned(), url], Some(fresh))
            }
        };
        let phones = Phones::listen();
        let mut world = Self {
            port: free_port(),
            phones,
            dir,
            store,
            token: String::new(),
            more: more.iter().map(|each| (*each).to_owned()).collect(),
            server: None,
            _database: database,
        };
        let config = world.file("org.yaml", &configure(world.phones.port));
        world.muster(&["apply", "--yes", "-f", &config.display().to_string()]);
        world.token = world
            .muster(&["token", "create", "--name", "story", "--role", "admin"])
            .trim()
            .to_owned();
        world.serve();
        world
    }

    /// Writes a file that the story needs.
    pub fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.dir.path().join(name);
        std::fs::write(&path, text).expect("the temporary directory takes files");
        path
    }

    /// Runs the command line on the store.
    pub fn muster(&self, arguments: &[&str]) -> String {
        let output = self.command(arguments).output().expect("the binary runs");
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "muster {arguments:?}: {complaint}");
        String::from_utf8(output.stdout).expect("the output is text")
    }

    /// Runs the command line against the running server until the story ends it.
    pub fn keep_running(&self, arguments: &[&str]) -> Process {
        let mut command = Command::new(env!("CARGO_BIN_EXE_muster"));
        let server = format!("http://127.0.0.1:{}", self.port);
        command.args(["--server", &server, "--token", &self.token]).args(arguments);
        command.current_dir(self.dir.path()).stdout(Stdio::null()).stderr(Stdio::null());
        Process(command.spawn().expect("the binary runs"))
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_muster"));
        command.args(&self.store).args(arguments).current_dir(self.dir.path());
        command
    }

    /// Starts the server and waits until it is ready.
    pub fn serve(&mut self) {
        let log = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.dir.path().join("server.log"))
            .expect("a log");
        let listen = format!("127.0.0.1:{}", self.port);
        let mut arguments = vec!["serve", "--listen", &listen, "--network-allow", "127.0.0.0/8"];
        arguments.extend(self.more.iter().map(String::as_str));
        let child = self
            .command(&arguments)
            .stdout(Stdio::null())
            .stderr(Stdio::from(log))
            .spawn()
            .expect("the binary runs");
        self.server = Some(Process(child));
        wait_for("the server to be ready", || {
            (self.http("GET", "/readyz", None).ok()?.0 == 200).then_some(())
        });
    }

    /// Ends the server at once, as a power cut would.
    pub fn kill(&mut self) {
        if let Some(mut server) = self.server.take() {
            server.kill();
        }
    }

    /// Asks the API and reads the answer.
    pub fn get(&self, path: &str) -> Value {
        let (status, body) = self.http("GET", &format!("/api/v1{path}"), None).expect("an answer");
        assert_eq!(status, 200, "GET {path}: {body}");
        serde_json::from_str(&body).expect("the API speaks JSON")
    }

    /// Every item of a paged list.
    pub fn all(&self, path: &str) -> Vec<Value> {
        let mut items = Vec::new();
        let mut cursor = String::new();
        let separator = if path.contains('?') { '&' } else { '?' };
        loop {
            let page = self.get(&format!("{path}{separator}limit=500{cursor}"));
            items.extend(page["items"].as_array().cloned().unwrap_or_default());
            match page["next"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return items,
            }
        }
    }

    /// One request; an error when the server is not there or goes away before it has answered.
    pub fn http(
        &self,
        method: &str,
        path: &str,
        body: Option<&str>,
    ) -> std::io::Result<(u16, String)> {
        request(self.port, method, path, &self.token, body)
    }

    /// Where the story's files are.
    pub fn path(&self) -> &Path {
        self.dir.path()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.kill();
        if thread::panicking() {
            let log =
                std::fs::read_to_string(self.dir.path().join("server.log")).unwrap_or_default();
            let tail: Vec<_> = log.lines().rev().take(40).collect();
            eprintln!("the end of the server's log:");
            tail.iter().rev().for_each(|line| eprintln!("  {line}"));
        }
    }
}

/// One HTTP/1.1 request on a connection of its own.
pub fn request(
    port: u16,
    method: &str,
    path: &str,
    token: &str,
    body: Option<&str>,
) -> std::io::Result<(u16, String)> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    let body = body.unwrap_or_default();
    let authorization = match token {
        "" => String::new(),
        token => format!("authorization: Bearer {token}\r\n"),
    };
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\nconnection: close\r\n{authorization}\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    let text = String::from_utf8_lossy(&answer).into_owned();
    let broken = || std::io::Error::new(std::io::ErrorKind::UnexpectedEof, "half an answer");
    let (head, rest) = text.split_once("\r\n\r\n").ok_or_else(broken)?;
    let status = head.split_whitespace().nth(1).and_then(|s| s.parse().ok()).ok_or_else(broken)?;
    let chunked = head.to_ascii_lowercase().contains("transfer-encoding: chunked");
    Ok((status, if chunked { unchunked(rest) } else { rest.to_owned() }))
}

fn unchunked(mut rest: &str) -> String {
    let mut body = String::new();
    while let Some((size, after)) = rest.split_once("\r\n") {
        let Ok(size) = usize::from_str_radix(size.trim(), 16) else { break };
        if size == 0 || after.len() < size {
            break;
        }
        body.push_str(&after[..size]);
        rest = after[size..].trim_start_matches("\r\n");
    }
    body
}
