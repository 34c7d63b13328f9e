//! What Twilio posts to us, signed as it signs: read when the signature fits, refused when anything
//! of it was changed on the way.

use muster_core::org::language::Language;
use muster_integrations::channels::callback::{
    About, AnswerTo, Answered, Ask, CallIn, Callback, CallbackRequest, Choice, Refused,
};
use muster_integrations::channels::{read_callback, reply};

use super::adapter::provider;
use super::signature::sign;
use super::{ACCOUNT, ANA, OURS, TOKEN, twiml};
use crate::support::now;

const BASE: &str = "https://muster.example.com/callback/phones/";

/// A request as Twilio posts it.
fn posted(path: &str, form: &[(&str, &str)]) -> CallbackRequest {
    let url = format!("{BASE}{path}");
    let (rest, query) = path.split_once('?').unwrap_or((path, ""));
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
    CallbackRequest {
        method: "POST".to_owned(),
        rest: rest.to_owned(),
        query: query.to_owned(),
        headers: vec![
            ("content-type".to_owned(), "application/x-www-form-urlencoded".to_owned()),
            ("x-twilio-signature".to_owned(), sign(TOKEN, &url, form)),
        ],
        url,
        body: body.into_bytes(),
    }
}

fn text(body: &str) -> Vec<(&str, &str)> {
    vec![
        ("MessageSid", "SM1"),
        ("AccountSid", ACCOUNT),
        ("From", ANA),
        ("To", OURS),
        ("Body", body),
        ("NumMedia", "0"),
    ]
}

fn key(digits: &str) -> Vec<(&str, &str)> {
    vec![
        ("CallSid", "CA1"),
        ("AccountSid", ACCOUNT),
        ("From", OURS),
        ("To", ANA),
        ("Direction", "outbound-api"),
        ("Digits", digits),
    ]
}

fn read(path: &str, form: &[(&str, &str)]) -> Callback {
    read_callback(&provider(None), &posted(path, form), now()).expect("a callback")
}

fn is_forged(request: &CallbackRequest) -> bool {
    matches!(read_callback(&provider(None), request, now()), Err(Refused::Forged(_)))
}

#[test]
fn a_reply_is_read_with_its_sender() {
    let callback = read("sms", &text("1 42"));
    assert_eq!(callback.from.as_deref(), Some(ANA));
    assert_eq!((callback.channel, callback.reference.as_deref()), ("sms", Some("SM1")));
    let ask = Ask::Answer { choice: Choice::Acknowledge, about: About::Number(42) };
    assert_eq!(callback.asks, [ask]);
    // Umlauts and emoji are signed as they are, before they are written into the form.
    assert_eq!(read("sms", &text("Störung 😀")).asks, [Ask::Words("Störung 😀".to_owned())]);
}

#[test]
fn stop_and_start_are_heard_and_stop_is_not_answered() {
    let stop = read("sms", &text("STOP"));
    assert_eq!(stop.asks, [Ask::Stop]);
    let AnswerTo::Fixed(reply) = stop.answer else { panic!("no answer to STOP") };
    assert_eq!(twiml::judge(&reply.body), Ok(vec![]));
    assert_eq!(read("sms", &text("start")).asks, [Ask::Start]);
    let opted = [text("Arrêt"), vec![("OptOutType", "STOP")]].concat();
    assert_eq!(read("sms", &opted).asks, [Ask::Stop]);
}

#[test]
fn keys_answer_the_page_that_was_read_out() {
    let cases = [
        ("keys?about=42", "1", Choice::Acknowledge, About::Number(42)),
        ("keys?about=42", "2", Choice::Resolve, About::Number(42)),
        ("keys?about=42", "3", Choice::Escalate, About::Number(42)),
        ("keys?about=all", "1", Choice::Acknowledge, About::Everything),
    ];
    for (path, digits, choice, about) in cases {
        let callback = read(path, &key(digits));
        assert_eq!(callback.from.as_deref(), Some(ANA), "the number that was called");
        assert_eq!(callback.asks, [Ask::Answer { choice, about }]);
    }
    for other in ["4", "9", "#", ""] {
        let asks = read("keys?about=42", &key(other)).asks;
        assert_eq!(asks, [Ask::Words("show 42".to_owned())], "{other}");
    }
}

#[test]
fn receipts_say_what_will_not_arrive() {
    for (status, failed) in [
        ("queued", false),
        ("sent", false),
        ("delivered", false),
        ("undelivered", true),
        ("failed", true),
    ] {
        let form = [("MessageSid", "SM1"), ("MessageStatus", status), ("ErrorCode", "30003")];
        let callback = read("status/dlv_0001", &form);
        let receipt = Ask::Receipt {
            reference: "dlv_0001".to_owned(),
            status: status.to_owned(),
            failed,
            detail: Some("error 30003".to_owned()),
        };
        assert_eq!((callback.from, callback.asks), (None, vec![receipt]));
    }
    for (status, failed) in
        [("ringing", false), ("completed", false), ("busy", true), ("no-answer", true)]
    {
        let asks = read("status/dlv_0001", &[("CallSid", "CA1"), ("CallStatus", status)]).asks;
        assert!(
            matches!(&asks[..], [Ask::Receipt { failed: is, .. }] if *is == failed),
            "{status}"
        );
    }
}

#[test]
fn a_call_to_us_goes_step_by_step() {
    let call = [("CallSid", "CA2"), ("From", ANA), ("To", OURS), ("Direction", "inbound")];
    assert_eq!(read("voice", &call).asks, [Ask::CallIn(CallIn::Rings)]);
    let chose = [&call[..], &[("Digits", "2")]].concat();
    assert_eq!(read("menu", &chose).asks, [Ask::CallIn(CallIn::Chose(2))]);
    let url = "https://api.twilio.com/2010-04-01/Accounts/AC/Recordings/RE1";
    let left = [&call[..], &[("RecordingUrl", url), ("RecordingDuration", "34")]].concat();
    let recorded = CallIn::Recorded { incident: 42, url: url.to_owned(), seconds: 34 };
    assert_eq!(read("voicemail?incident=42", &left).asks, [Ask::CallIn(recorded)]);
}

#[test]
fn what_is_changed_on_the_way_is_refused() {
    let right = posted("keys?about=42", &key("1"));
    assert!(!is_forged(&right));
    let mut planted: Vec<(&str, CallbackRequest)> = Vec::new();
    let mut plant = |name, change: &dyn Fn(&mut CallbackRequest)| {
        let mut request = right.clone();
        change(&mut request);
        planted.push((name, request));
    };
    let in_body = |from: &'static str, to: &'static str| {
        move |request: &mut CallbackRequest| {
            let body = String::from_utf8(request.body.clone()).expect("a form");
            assert!(body.contains(from), "{from}");
            request.body = body.replace(from, to).into_bytes();
        }
    };
    plant("no signature", &|request| request.headers.truncate(1));
    plant("an empty signature", &|request| request.headers[1].1.clear());
    plant("a signature that is not base64", &|request| request.headers[1].1 = "!".to_owned());
    plant("a signature in hexadecimal", &|request| request.headers[1].1 = "00".repeat(20));
    plant("half a signature", &|request| request.headers[1].1.truncate(12));
    plant("another key", &in_body("Digits=1", "Digits=2"));
    plant("another person", &in_body("0001", "0002"));
    plant("a parameter more", &in_body("Digits=1", "Digits=1&X=1"));
    plant("a parameter less", &in_body("&Digits=1", ""));
    plant("a parameter twice", &in_body("Digits=1", "Digits=1&Digits=1"));
    plant("another name", &in_body("Digits", "digits"));
    plant("no form", &|request| request.body.clear());
    plant("another incident", &|request| request.url = request.url.replace("42", "43"));
    plant("another path", &|request| request.url = request.url.replace("keys", "menu"));
    plant("another host", &|request| request.url = request.url.replace("muster.", "evil."));
    plant("http", &|request| request.url = request.url.replace("https", "http"));
    plant("no query", &|request| request.url = format!("{BASE}keys"));
    plant("a query that was escaped again", &|request| request.url.push_str("%20"));
    plant("GET", &|request| request.method = "GET".to_owned());
    plant("another account's token", &|request| {
        request.headers[1].1 = sign("another", &request.url, &key("1"));
    });
    plant("the parameters in another order", &|request| {
        let reversed: String =
            key("1").iter().rev().map(|(name, value)| format!("{name}{value}")).collect();
        request.headers[1].1 = sign(TOKEN, &format!("{}{reversed}", request.url), &[]);
    });
    assert!(planted.len() >= 20);
    for (mistake, request) in planted {
        assert!(is_forged(&request), "{mistake}");
    }
    let mut open = provider(None);
    open.settings.remove("token");
    let unsigned = read_callback(&open, &posted("sms", &text("1")), now());
    assert!(matches!(unsigned, Err(Refused::Forged(_))), "a provider without a token");
}

#[test]
fn a_port_that_goes_without_saying_may_be_said() {
    let form = text("1");
    let mut request = posted("sms", &form);
    let written = request.url.replace(".com/", ".com:443/");
    request.headers[1].1 = sign(TOKEN, &written, &form);
    assert!(!is_forged(&request));
    request.url = request.url.replace(".com/", ".com:8443/");
    request.headers[1].1 = sign(TOKEN, &format!("{BASE}sms"), &form);
    assert!(!is_forged(&request));
}

#[test]
fn answers_are_documents_that_twilio_takes() {
    let answered = |words: &str, incident, asks_back| Answered {
        words: words.to_owned(),
        language: Language::German,
        incident,
        asks_back,
        is_repeated: false,
    };
    let call = [("CallSid", "CA2"), ("From", ANA), ("Digits", "1")];
    let said = |path: &str, form: &[(&str, &str)], answered: &Answered| {
        let reply = reply(&provider(None), &read(path, form), answered);
        assert_eq!(reply.content_type, "text/xml; charset=utf-8");
        twiml::judge_reply(&reply.body, &format!("{BASE}{path}")).expect("TwiML")
    };
    assert_eq!(said("sms", &text("1"), &answered("a & b < c", None, false)), ["message a & b < c"]);
    assert!(said("sms", &text("1"), &answered("", None, false)).is_empty());
    assert_eq!(
        said("keys?about=42", &key("1"), &answered("Erledigt.", None, false)),
        ["say de-DE Erledigt.", "say de-DE Erledigt.", "say de-DE Auf Wiederhören.", "hangup"]
    );
    let again = said("keys?about=42", &key("4"), &answered("Störung 42.", Some(42), false));
    assert_eq!(again[0], format!("gather {BASE}keys?about=42"));
    let menu = said("voice", &call, &answered("Drücke 1.", None, true));
    assert_eq!(menu[..2], [format!("gather {BASE}menu"), "say de-DE Drücke 1.".to_owned()]);
    let record = said("menu", &call, &answered("Sprich jetzt.", Some(7), false));
    assert_eq!(
        record[..2],
        ["say de-DE Sprich jetzt.".to_owned(), format!("record {BASE}voicemail?incident=7")]
    );
}
