//! What Twilio posts to us: texts, calls, keys that were pressed, and what became of messages.
//! Nothing is looked at before the signature fits the exact address and form.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use muster_core::org::channel::Channel;
use muster_core::org::provider::Provider;
use sha1::Sha1;

use super::speech;
use crate::channels::callback::{
    About, AnswerTo, Ask, CallIn, Callback, CallbackRequest, Choice, Refused, Reply,
};
use crate::channels::reply;

/// The most parameters of one request.
const PARAMETERS_MAX: usize = 200;

/// Statuses of messages and calls that say: this one will not arrive.
const FAILED: [&str; 5] = ["undelivered", "failed", "busy", "no-answer", "canceled"];

type Form = Vec<(String, String)>;

pub(super) fn read(provider: &Provider, request: &CallbackRequest) -> Result<Callback, Refused> {
    let posted: Form = match request.method.as_str() {
        "POST" => form_urlencoded::parse(&request.body).into_owned().take(PARAMETERS_MAX).collect(),
        _ => Form::new(),
    };
    verify(provider, request, &posted)?;
    let query: Form = form_urlencoded::parse(request.query.as_bytes()).into_owned().collect();
    // A number that is set up with GET carries everything in its address.
    let form = if posted.is_empty() { query.clone() } else { posted };
    let fields = Fields { form, query };
    match request.rest.split('/').collect::<Vec<_>>()[..] {
        ["sms"] => fields.text(),
        ["status", delivery] => fields.receipt(delivery),
        ["keys"] => fields.keys(),
        ["voice"] => fields.call(CallIn::Rings),
        ["menu"] => {
            let chose = CallIn::Chose(fields.digits()?);
            fields.call(chose)
        }
        ["voicemail"] => fields.voicemail(),
        _ => Err(Refused::Unreadable(format!("nothing is expected at `{}`", request.rest))),
    }
}

/// Checks `X-Twilio-Signature`: base64 of HMAC-SHA1, keyed with the account's token, over the exact
/// address and the posted parameters in the order of their names.
fn verify(provider: &Provider, request: &CallbackRequest, form: &Form) -> Result<(), Refused> {
    let forged = |why: &str| Refused::Forged(why.to_owned());
    let token = provider.setting("token");
    if token.is_empty() {
        return Err(forged("the provider has no token to check it with"));
    }
    let given =
        request.header("x-twilio-signature").ok_or_else(|| forged("it has no signature"))?;
    let given = STANDARD.decode(given).map_err(|_| forged("the signature is not base64"))?;
    let mut sorted: Vec<_> = form.iter().collect();
    sorted.sort();
    // Whether a port that goes without saying is written out depends on who writes.
    let addresses = [request.url.clone(), with_port(&request.url), without_port(&request.url)];
    let fits = addresses.iter().any(|address| {
        let Ok(mut mac) = Hmac::<Sha1>::new_from_slice(token.as_bytes()) else { return false };
        mac.update(address.as_bytes());
        for (name, value) in &sorted {
            mac.update(name.as_bytes());
            mac.update(value.as_bytes());
        }
        mac.verify_slice(&given).is_ok()
    });
    if fits { Ok(()) } else { Err(forged("the signature does not fit the address and the form")) }
}

fn split(url: &str) -> Option<(&str, &str, &str)> {
    let (scheme, rest) = url.split_once("://")?;
    let end = rest.find('/').unwrap_or(rest.len());
    Some((scheme, &rest[..end], &rest[end..]))
}

fn with_port(url: &str) -> String {
    match split(url) {
        Some((scheme, host, rest)) if !host.contains(':') => {
            let port = if scheme == "https" { 443 } else { 80 };
            format!("{scheme}://{host}:{port}{rest}")
        }
        _ => url.to_owned(),
    }
}

fn without_port(url: &str) -> String {
    match split(url) {
        Some((scheme, host, rest)) => {
            let host = host.split_once(':').map_or(host, |(host, _)| host);
            format!("{scheme}://{host}{rest}")
        }
        None => url.to_owned(),
    }
}

/// TwiML on the wire.
pub(super) fn document(body: String) -> Reply {
    Reply { status: 200, content_type: "text/xml; charset=utf-8", body }
}

struct Fields {
    form: Form,
    query: Form,
}

impl Fields {
    fn get(&self, name: &str) -> Option<&str> {
        let found = self.form.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    fn need(&self, name: &str) -> Result<String, Refused> {
        let value = self.get(name).map(str::to_owned);
        value.ok_or_else(|| Refused::Unreadable(format!("it has no {name}")))
    }

    fn digits(&self) -> Result<u32, Refused> {
        let digits = self.get("Digits").unwrap_or("0");
        // A star or a hash means nothing here, like a zero.
        Ok(digits.parse().unwrap_or(0))
    }

    fn about(&self) -> About {
        let about = self.query.iter().find(|(name, _)| name == "about");
        match about.and_then(|(_, number)| number.parse().ok()) {
            Some(number) => About::Number(number),
            None => About::Everything,
        }
    }

    /// A text message.
    fn text(&self) -> Result<Callback, Refused> {
        let body = self.get("Body").unwrap_or_default();
        let asks = match self.get("OptOutType") {
            Some("STOP") => vec![Ask::Stop],
            Some("START") => vec![Ask::Start],
            _ => reply::opting(body).map_or_else(|| reply::read(body), |ask| vec![ask]),
        };
        // To whoever wrote STOP nothing may be sent, not even that.
        let answer = match asks[..] {
            [Ask::Stop] => AnswerTo::Fixed(document(speech::text_back(""))),
            _ => AnswerTo::Reply,
        };
        Ok(Callback {
            from: Some(self.need("From")?),
            channel: Channel::Sms.name(),
            reference: Some(self.need("MessageSid")?),
            asks,
            answer,
        })
    }

    /// What became of a message or call, which its address names by its delivery.
    fn receipt(&self, delivery: &str) -> Result<Callback, Refused> {
        let status = self.get("MessageStatus").or_else(|| self.get("CallStatus"));
        let status = status.ok_or_else(|| Refused::Unreadable("it has no status".to_owned()))?;
        let channel = if self.get("CallSid").is_some() { Channel::Voice } else { Channel::Sms };
        let detail = self.get("ErrorCode").map(|code| match self.get("ErrorMessage") {
            Some(message) => format!("error {code}: {message}"),
            None => format!("error {code}"),
        });
        let receipt = Ask::Receipt {
            reference: delivery.to_owned(),
            status: status.to_owned(),
            failed: FAILED.contains(&status),
            detail,
        };
        Ok(Callback {
            from: None,
            channel: channel.name(),
            reference: None,
            asks: vec![receipt],
            answer: AnswerTo::Fixed(document(speech::text_back(""))),
        })
    }

    /// A key that was pressed while a page was read out.
    fn keys(&self) -> Result<Callback, Refused> {
        let (digits, about) = (self.digits()?, self.about());
        let choice = match digits {
            1 => Some(Choice::Acknowledge),
            2 => Some(Choice::Resolve),
            3 => Some(Choice::Escalate),
            _ => None,
        };
        let ask = match (choice, about) {
            (Some(choice), about) => Ask::Answer { choice, about },
            (None, About::Number(number)) => Ask::Words(format!("show {number}")),
            (None, _) => Ask::Words("show all".to_owned()),
        };
        let call = self.need("CallSid")?;
        Ok(Callback {
            from: Some(self.person()?),
            channel: Channel::Voice.name(),
            reference: Some(format!("{call}/{digits}")),
            asks: vec![ask],
            answer: AnswerTo::Reply,
        })
    }

    /// Whose phone it is: of a call that we placed, the number that we called.
    fn person(&self) -> Result<String, Refused> {
        let is_ours = self.get("Direction").is_some_and(|way| way.starts_with("outbound"));
        self.need(if is_ours { "To" } else { "From" })
    }

    /// A step of a call that somebody placed to us.
    fn call(&self, step: CallIn) -> Result<Callback, Refused> {
        let call = self.need("CallSid")?;
        let step_name = match &step {
            CallIn::Rings => "rings".to_owned(),
            CallIn::Chose(digit) => format!("chose {digit}"),
            CallIn::Recorded { .. } => "recorded".to_owned(),
        };
        Ok(Callback {
            from: Some(self.need("From")?),
            channel: Channel::Voice.name(),
            reference: Some(format!("{call}/{step_name}")),
            asks: vec![Ask::CallIn(step)],
            answer: AnswerTo::Reply,
        })
    }

    fn voicemail(&self) -> Result<Callback, Refused> {
        let unreadable = |what: &str| Refused::Unreadable(what.to_owned());
        let incident = self.query.iter().find(|(name, _)| name == "incident");
        let incident = incident.and_then(|(_, number)| number.parse().ok());
        let incident = incident.ok_or_else(|| unreadable("it belongs to no incident"))?;
        let url = self.need("RecordingUrl")?;
        let seconds = self.get("RecordingDuration").and_then(|seconds| seconds.parse().ok());
        self.call(CallIn::Recorded { incident, url, seconds: seconds.unwrap_or(0) })
    }
}
