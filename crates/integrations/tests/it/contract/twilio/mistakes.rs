//! Mistakes planted into requests and documents that Twilio would take: each is refused with the
//! code that names it.

use super::{ACCOUNT, ANA, OURS, STOPPED, Verdict, judge, request, twiml};
use crate::support::http::Received;

const CALLBACK: &str = "https://muster.example.com/callback/twilio/status/dlv_0001/1";
const SAY: &str = r#"<Response><Gather input="dtmf" numDigits="1" timeout="5" method="POST" action="https://muster.example.com/callback/twilio/keys?incident=42"><Say language="de-DE">St&#246;rung &amp; Alarm</Say></Gather></Response>"#;

fn message() -> Vec<(&'static str, &'static str)> {
    vec![("To", ANA), ("From", OURS), ("Body", "42 Sev1: Disk full"), ("StatusCallback", CALLBACK)]
}

fn call() -> Vec<(&'static str, &'static str)> {
    vec![
        ("To", ANA),
        ("From", OURS),
        ("Twiml", SAY),
        ("Timeout", "30"),
        ("StatusCallback", CALLBACK),
        ("StatusCallbackEvent", "initiated"),
        ("StatusCallbackEvent", "completed"),
    ]
}

/// The form with one value replaced.
fn with<'a>(
    mut form: Vec<(&'a str, &'a str)>,
    name: &str,
    value: &'a str,
) -> Vec<(&'a str, &'a str)> {
    for pair in form.iter_mut().filter(|pair| pair.0 == name) {
        pair.1 = value;
    }
    form
}

/// The form with one value left out.
fn without<'a>(form: Vec<(&'a str, &'a str)>, name: &str) -> Vec<(&'a str, &'a str)> {
    form.into_iter().filter(|pair| pair.0 != name).collect()
}

/// The request with something in its head replaced.
fn head(from: &str, to: &str) -> Received {
    let mut mistaken = request("Messages", &message());
    assert!(mistaken.head.contains(from), "{from}");
    mistaken.head = mistaken.head.replace(from, to);
    mistaken
}

/// The request with something in its body replaced, as it stands on the wire.
fn body(from: &str, to: &str) -> Received {
    let mut mistaken = request("Messages", &message());
    assert!(mistaken.body.contains(from), "{from}");
    mistaken.body = mistaken.body.replace(from, to);
    mistaken
}

fn assert_refused(mistakes: Vec<(&str, Received, u16, u32)>) {
    for (mistake, request, status, code) in mistakes {
        assert_eq!(judge(&request), Verdict::Refused { status, code }, "{mistake}");
    }
}

#[test]
fn what_keeps_to_the_rules_is_taken() {
    for (resource, form) in [("Messages", message()), ("Calls", call())] {
        let verdict = judge(&request(resource, &form));
        assert!(matches!(verdict, Verdict::Created { .. }), "{resource}: {verdict:?}");
    }
    let longest = "x".repeat(1600);
    let verdict = judge(&request("Messages", &with(message(), "Body", &longest)));
    assert!(matches!(verdict, Verdict::Created { .. }), "{verdict:?}");
}

#[test]
fn mistakes_of_the_request_are_refused() {
    assert_refused(vec![
        ("another token", head("QUMw", "QUMx"), 401, 20003),
        ("no credentials", head("authorization", "x-authorization"), 401, 20003),
        ("a bearer token", head("Basic", "Bearer"), 401, 20003),
        ("another account in the path", head(ACCOUNT, "AC00"), 404, 20404),
        ("another version of the API", head("2010-04-01", "2010-04-15"), 404, 20404),
        ("no .json", head("Messages.json", "Messages"), 404, 20404),
        ("GET", head("POST", "GET"), 405, 20004),
        ("JSON", head("application/x-www-form-urlencoded", "application/json"), 400, 21604),
        ("a plus that is not escaped", body("%2B49", "+49"), 400, 21211),
        ("a broken escape", body("%2B49", "%ZZ49"), 400, 20001),
        ("Latin-1 instead of UTF-8", body("Disk", "Pl%E4tze"), 400, 20001),
        ("raw umlauts", body("Disk", "Plätze"), 400, 20001),
        ("a raw colon", body("%3A", ":"), 400, 20001),
        ("a name in lower case", body("Body=", "body="), 400, 20001),
        ("a name that stands twice", body("Body=", "To=%2B491715550009&Body="), 400, 20001),
    ]);
}

#[test]
fn mistakes_of_a_message_are_refused() {
    let long = "x".repeat(1601);
    let long_address = format!("https://muster.example.com/{}", "x".repeat(4000));
    let planted = [
        ("nobody", without(message(), "To"), 21604),
        ("from nobody", without(message(), "From"), 21603),
        ("nothing to say", without(message(), "Body"), 21602),
        ("only blanks", with(message(), "Body", " \n"), 21602),
        ("one character too many", with(message(), "Body", &long), 21617),
        ("a national number", with(message(), "To", "01715550001"), 21211),
        ("two zeros", with(message(), "To", "00491715550001"), 21211),
        ("a number for people", with(message(), "To", "+49 171 555 0001"), 21211),
        ("too many digits", with(message(), "To", "+4917155500010000"), 21211),
        ("a mailbox", with(message(), "To", "ana@example.com"), 21211),
        ("a number that is not ours", with(message(), "From", "+15005550007"), 21606),
        ("to ourselves", with(message(), "To", OURS), 21266),
        ("a callback without a host", with(message(), "StatusCallback", "/callback"), 21609),
        (
            "a callback with an underscore",
            with(message(), "StatusCallback", "https://a_b.example.com/c"),
            21609,
        ),
        ("a callback that is too long", with(message(), "StatusCallback", &long_address), 21609),
        (
            "a callback that wants escaping",
            with(message(), "StatusCallback", "https://example.com/a b"),
            21609,
        ),
        ("somebody who wrote STOP", with(message(), "To", STOPPED), 21610),
    ];
    let planted = planted.into_iter();
    assert_refused(
        planted.map(|(name, form, code)| (name, request("Messages", &form), 400, code)).collect(),
    );
}

#[test]
fn mistakes_of_a_call_are_refused() {
    let long = format!("<Response><Say>{}</Say></Response>", "x".repeat(4000));
    let planted = [
        ("nobody", without(call(), "To"), 21201),
        ("from nobody", without(call(), "From"), 21213),
        ("a number that is not ours", with(call(), "From", "+15005550007"), 21210),
        ("a short number", with(call(), "To", "+4911"), 21211),
        ("nothing to do", without(call(), "Twiml"), 21205),
        ("too much to do", with(call(), "Twiml", &long), 32018),
        (
            "TwiML that is not XML",
            with(call(), "Twiml", "<Response><Say>a & b</Say></Response>"),
            12100,
        ),
        ("an event that does not exist", with(call(), "StatusCallbackEvent", "delivered"), 21626),
        ("it rings for ever", with(call(), "Timeout", "900"), 20001),
        ("a text instead of TwiML", [call(), vec![("Body", "hello")]].concat(), 20001),
    ];
    let planted = planted.into_iter();
    assert_refused(
        planted.map(|(name, form, code)| (name, request("Calls", &form), 400, code)).collect(),
    );
}

#[test]
fn mistakes_of_a_document_are_refused() {
    assert_eq!(
        twiml::judge(SAY).unwrap(),
        [
            "gather https://muster.example.com/callback/twilio/keys?incident=42",
            "say de-DE Störung & Alarm"
        ]
    );
    let with = |from: &str, to: &str| {
        assert!(SAY.contains(from), "{from}");
        SAY.replace(from, to)
    };
    let long = "x".repeat(4097);
    let planted = [
        ("a raw ampersand", with("&amp;", "&"), 12100),
        ("a raw less-than", with("&amp;", "<"), 12100),
        ("an entity of HTML", with("&#246;", "&ouml;"), 12100),
        ("a control character", with("Alarm", "\u{1}"), 12100),
        ("another root", with("Response>", "Answer>"), 12100),
        ("a tag that is not closed", with("</Gather>", ""), 12100),
        ("a verb in lower case", with("Say", "say"), 12200),
        ("a verb that does not exist", with("Say", "Speak"), 12200),
        ("an attribute that does not exist", with("numDigits", "digits"), 12200),
        ("an attribute without quotes", with("\"1\"", "1"), 12100),
        ("a language that does not exist", with("de-DE", "de"), 13512),
        ("no digits", with("numDigits=\"1\"", "numDigits=\"0\""), 13314),
        ("no time", with("timeout=\"5\"", "timeout=\"0\""), 13313),
        ("another method", with("POST", "PUT"), 13312),
        ("keys that no telephone has", with("numDigits=\"1\"", "finishOnKey=\"x\""), 13310),
        ("an address without a host", with("https://muster.example.com/", "/"), 11100),
        ("nothing to say", with("St&#246;rung &amp; Alarm", " "), 13520),
        ("too much to say", with("Alarm", &long), 13520),
        ("text between the verbs", with("<Gather", "Press 1 <Gather"), 12200),
        ("recording while keys are awaited", with("</Say>", "</Say><Record/>"), 12200),
        ("SSML within the text", with("Alarm", "<b>Alarm</b>"), 12200),
        ("more than 64 kB", with("Alarm", &"x".repeat(65 * 1024)), 11750),
    ];
    for (mistake, document, code) in planted {
        let judged = twiml::judge(&document);
        assert_eq!(judged.as_ref().map_err(|fault| fault.code), Err(code), "{mistake}: {judged:?}");
    }
}
