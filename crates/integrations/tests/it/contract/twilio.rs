//! Twilio's REST API of 2010-04-01 by its published rules: who may call, how the form is written,
//! what numbers, texts and addresses have to look like, and which error says what is wrong. The
//! codes are those of Twilio's error dictionary.

mod adapter;
mod callbacks;
mod mistakes;
mod signature;
mod twiml;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::support::http::{Answer, Received, Server};

pub const ACCOUNT: &str = "AC0123456789abcdef0123456789abcdef";
pub const TOKEN: &str = "0123456789abcdef0123456789abcdef";
/// Numbers of the ranges that are reserved for fiction.
pub const OURS: &str = "+15005550006";
pub const ANA: &str = "+491715550001";
/// Somebody who wrote STOP.
pub const STOPPED: &str = "+491715550002";

/// The longest text of a message, in characters.
const BODY_CHARS_MAX: usize = 1600;
/// The longest TwiML within a request, in characters.
const TWIML_CHARS_MAX: usize = 4000;
/// The longest address of a callback, in characters.
const URL_CHARS_MAX: usize = 4000;

const EVENTS: [&str; 4] = ["initiated", "ringing", "answered", "completed"];
const MESSAGE_PARAMETERS: [&str; 4] = ["To", "From", "Body", "StatusCallback"];
const CALL_PARAMETERS: [&str; 9] = [
    "To",
    "From",
    "Twiml",
    "Url",
    "Timeout",
    "StatusCallback",
    "StatusCallbackEvent",
    "StatusCallbackMethod",
    "Method",
];

/// What Twilio says to a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It will send the message or place the call.
    Created { sid: String, status: &'static str },
    /// It will not.
    Refused { status: u16, code: u32 },
}

impl Verdict {
    /// The answer on the wire.
    pub fn answer(&self) -> Answer {
        match self {
            Self::Created { sid, status } => Answer::with(
                201,
                "content-type: application/json\r\n",
                &format!(r#"{{"sid":"{sid}","status":"{status}","error_code":null}}"#),
            ),
            Self::Refused { status, code } => Answer::with(
                *status,
                "content-type: application/json\r\nretry-after: 7\r\n",
                &format!(
                    r#"{{"code":{code},"message":"refused","more_info":"https://www.twilio.com/docs/errors/{code}","status":{status}}}"#
                ),
            ),
        }
    }
}

type Judged<T> = Result<T, Verdict>;

fn refused<T>(status: u16, code: u32) -> Judged<T> {
    Err(Verdict::Refused { status, code })
}

/// Judges a request that would create a message or a call.
pub fn judge(request: &Received) -> Verdict {
    judged(request).unwrap_or_else(|refusal| refusal)
}

fn judged(request: &Received) -> Judged<Verdict> {
    let line = request.head.lines().next().unwrap_or_default();
    let [method, path, "HTTP/1.1"] = line.split(' ').collect::<Vec<_>>()[..] else {
        return refused(400, 20001);
    };
    let resource = path
        .strip_prefix("/2010-04-01/Accounts/")
        .and_then(|rest| rest.strip_prefix(ACCOUNT))
        .map_or_else(|| refused(404, 20404), Ok)?;
    let credentials = format!("Basic {}", STANDARD.encode(format!("{ACCOUNT}:{TOKEN}")));
    if request.header("authorization") != credentials {
        return refused(401, 20003);
    }
    if method != "POST" {
        return refused(405, 20004);
    }
    let form = form(request);
    match resource {
        "/Messages.json" => message(&form?),
        "/Calls.json" => call(&form?),
        _ => refused(404, 20404),
    }
}

type Form = Vec<(String, String)>;

/// The parameters; what is not written as a form has none.
fn form(request: &Received) -> Judged<Form> {
    let kind = request.header("content-type").split(';').next().unwrap_or_default();
    if !kind.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        return Ok(Form::new());
    }
    let mut form = Form::new();
    for pair in request.body.split('&').filter(|pair| !pair.is_empty()) {
        let Some((name, value)) = pair.split_once('=') else { return refused(400, 20001) };
        form.push((unescaped(name)?, unescaped(value)?));
    }
    Ok(form)
}

/// A text as it stood before it was written into the form (WHATWG, `x-www-form-urlencoded`): bytes
/// that have no place there, broken escapes and texts that are not UTF-8 are refused.
fn unescaped(text: &str) -> Judged<String> {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let pair = [rest.next().unwrap_or(0), rest.next().unwrap_or(0)];
                let pair = std::str::from_utf8(&pair)
                    .ok()
                    .filter(|pair| pair.chars().all(|digit| digit.is_ascii_hexdigit()));
                match pair.and_then(|pair| u8::from_str_radix(pair, 16).ok()) {
                    Some(byte) => byte,
                    None => return refused(400, 20001),
                }
            }
            byte if byte.is_ascii_alphanumeric() || b"*-._".contains(&byte) => byte,
            _ => return refused(400, 20001),
        });
    }
    String::from_utf8(bytes).map_or_else(|_| refused(400, 20001), Ok)
}

fn value<'a>(form: &'a Form, name: &str) -> Option<&'a str> {
    form.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}

/// Only what the documentation lists, and each once, save for the events of a call.
fn check_names(form: &Form, known: &[&str]) -> Judged<()> {
    for (at, (name, _)) in form.iter().enumerate() {
        let is_twice = form[..at].iter().any(|(before, _)| before == name);
        if !known.contains(&name.as_str()) || (is_twice && name != "StatusCallbackEvent") {
            return refused(400, 20001);
        }
    }
    Ok(())
}

fn message(form: &Form) -> Judged<Verdict> {
    check_names(form, &MESSAGE_PARAMETERS)?;
    let Some(to) = value(form, "To") else { return refused(400, 21604) };
    let Some(from) = value(form, "From") else { return refused(400, 21603) };
    check_number(to)?;
    if from == to {
        return refused(400, 21266);
    }
    if from != OURS {
        return refused(400, 21606);
    }
    let body = value(form, "Body").unwrap_or_default();
    if body.trim().is_empty() {
        return refused(400, 21602);
    }
    if body.chars().count() > BODY_CHARS_MAX {
        return refused(400, 21617);
    }
    check_callback(form)?;
    if to == STOPPED {
        return refused(400, 21610);
    }
    Ok(Verdict::Created { sid: format!("SM{:0>32}", 1), status: "queued" })
}

fn call(form: &Form) -> Judged<Verdict> {
    check_names(form, &CALL_PARAMETERS)?;
    let Some(to) = value(form, "To") else { return refused(400, 21201) };
    let Some(from) = value(form, "From") else { return refused(400, 21213) };
    check_number(to)?;
    if from != OURS {
        return refused(400, 21210);
    }
    match (value(form, "Twiml"), value(form, "Url")) {
        (Some(twiml), None) if twiml.chars().count() > TWIML_CHARS_MAX => {
            return refused(400, 32018);
        }
        (Some(twiml), None) => {
            if let Err(twiml::Fault { code, .. }) = twiml::judge(twiml) {
                return refused(400, code);
            }
        }
        (None, Some(url)) if is_public_address(url) => {}
        _ => return refused(400, 21205),
    }
    if let Some(seconds) = value(form, "Timeout")
        && !seconds.parse().is_ok_and(|seconds: u32| (1..=600).contains(&seconds))
    {
        return refused(400, 20001);
    }
    check_callback(form)?;
    for (_, event) in form.iter().filter(|(name, _)| name == "StatusCallbackEvent") {
        if !EVENTS.contains(&event.as_str()) {
            return refused(400, 21626);
        }
    }
    Ok(Verdict::Created { sid: format!("CA{:0>32}", 1), status: "queued" })
}

/// E.164: a plus, then up to 15 digits of which the first is not 0.
fn check_number(number: &str) -> Judged<()> {
    let digits = number.strip_prefix('+').unwrap_or_default();
    let is_number = (8..=15).contains(&digits.len())
        && digits.bytes().all(|digit| digit.is_ascii_digit())
        && !digits.starts_with('0');
    if is_number { Ok(()) } else { refused(400, 21211) }
}

fn check_callback(form: &Form) -> Judged<()> {
    match value(form, "StatusCallback") {
        Some(url) if !is_public_address(url) => refused(400, 21609),
        _ => Ok(()),
    }
}

/// A whole address: scheme, host without underscores, path, and nothing that wants escaping.
fn is_public_address(url: &str) -> bool {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    let Some((host, path)) = rest.and_then(|rest| rest.split_once('/')) else { return false };
    let is_plain = |c: char| c.is_ascii_graphic() && !r#"<>"{}|\^`"#.contains(c);
    url.chars().count() <= URL_CHARS_MAX
        && !host.is_empty()
        && host.chars().all(|c| c.is_ascii_alphanumeric() || ".-:".contains(c))
        && path.chars().all(is_plain)
}

/// A request that Twilio takes.
pub fn request(resource: &str, form: &[(&str, &str)]) -> Received {
    let body: String = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
    Received {
        head: format!(
            "POST /2010-04-01/Accounts/{ACCOUNT}/{resource}.json HTTP/1.1\r\n\
             host: api.twilio.com\r\n\
             authorization: Basic {}\r\n\
             content-type: application/x-www-form-urlencoded\r\n\
             content-length: {}",
            STANDARD.encode(format!("{ACCOUNT}:{TOKEN}")),
            body.len()
        ),
        body,
    }
}

/// The provider, on a socket.
pub async fn serve() -> Server {
    Server::judging(|request| judge(request).answer()).await
}

#[tokio::test]
async fn the_verdict_is_the_answer_on_the_wire() {
    let server = serve().await;
    let form = [("To", STOPPED), ("From", OURS), ("Body", "Disk full")];
    let Received { head, body } = request("Messages", &form);
    let mut stream = TcpStream::connect(server.address).await.expect("a connection");
    stream.write_all(format!("{head}\r\n\r\n{body}").as_bytes()).await.expect("a listener");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    assert!(answer.contains(r#"{"code":21610,"#), "{answer}");
}
