//! A mail server that speaks just enough SMTP and can fail at any step of the dialogue. It checks
//! that the client keeps to the order of commands.

use std::net::SocketAddr;

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// The steps of the dialogue.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Step {
    Greeting,
    Hello,
    From,
    To,
    Data,
    Message,
}

/// What goes wrong.
#[derive(Clone, Copy)]
pub enum Fault {
    None,
    /// Answers this at the step.
    Reply(Step, &'static str),
    /// Closes at the step instead of answering; a message is read first.
    Drop(Step),
    /// Never answers at the step; a message is read first.
    Silence(Step),
}

/// A message as it came.
#[derive(Debug)]
pub struct Received {
    pub from: String,
    pub to: String,
    pub message: String,
}

impl Received {
    /// A header with its continuation lines.
    pub fn header(&self, name: &str) -> String {
        let head = self.message.split("\r\n\r\n").next().unwrap_or_default();
        let unfolded = head.replace("\r\n ", " ").replace("\r\n\t", " ");
        unfolded
            .lines()
            .filter_map(|line| line.split_once(": "))
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map_or_else(String::new, |(_, value)| value.to_owned())
    }
}

pub struct Server {
    pub address: SocketAddr,
    messages: UnboundedReceiver<Received>,
}

impl Server {
    pub async fn start(fault: Fault) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let (sender, messages) = unbounded_channel();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let dialogue = Dialogue { stream: BufReader::new(stream), fault };
                tokio::spawn(dialogue.run(sender.clone()));
            }
        });
        Self { address, messages }
    }

    pub async fn received(&mut self) -> Received {
        self.messages.recv().await.expect("a message")
    }
}

struct Dialogue {
    stream: BufReader<TcpStream>,
    fault: Fault,
}

impl Dialogue {
    async fn run(mut self, sender: UnboundedSender<Received>) {
        // The dialogue ends early where the fault says so.
        self.walk(sender).await.unwrap_or_default();
    }

    async fn walk(&mut self, sender: UnboundedSender<Received>) -> Option<()> {
        self.answer(Step::Greeting, "220 mail.test ESMTP").await?;
        assert!(self.line().await?.starts_with("EHLO example.com"), "greets with its domain");
        self.answer(Step::Hello, "250-mail.test\r\n250 8BITMIME").await?;
        let from = self.line().await?;
        self.answer(Step::From, "250 ok").await?;
        let to = self.line().await?;
        self.answer(Step::To, "250 ok").await?;
        assert_eq!(self.line().await?, "DATA");
        self.answer(Step::Data, "354 go on").await?;
        let mut message = String::new();
        loop {
            let line = self.line().await?;
            if line == "." {
                break;
            }
            message += line.strip_prefix('.').unwrap_or(&line);
            message += "\r\n";
        }
        sender.send(Received { from, to, message }).ok()?;
        self.answer(Step::Message, "250 queued").await?;
        assert_eq!(self.line().await?, "QUIT");
        self.write("221 bye").await
    }

    async fn answer(&mut self, step: Step, usual: &str) -> Option<()> {
        match self.fault {
            Fault::Reply(at, reply) if at == step => {
                self.write(reply).await?;
                // Whatever the client says now, it is told goodbye.
                self.line().await?;
                self.write("221 bye").await?;
                None
            }
            Fault::Drop(at) if at == step => None,
            Fault::Silence(at) if at == step => {
                while self.line().await.is_some() {}
                None
            }
            _ => self.write(usual).await,
        }
    }

    async fn write(&mut self, reply: &str) -> Option<()> {
        self.stream.get_mut().write_all(format!("{reply}\r\n").as_bytes()).await.ok()
    }

    async fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        let count = self.stream.read_line(&mut line).await.ok()?;
        (count > 0).then(|| line.trim_end_matches(['\r', '\n']).to_owned())
    }
}
