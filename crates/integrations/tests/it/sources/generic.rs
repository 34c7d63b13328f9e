use muster_core::alerting::signal::{Action, Signal};
use muster_core::org::service::Mapping;
use muster_integrations::sources::generic::{MARK, SOURCE};
use muster_integrations::sources::{CompiledMapping, Refusal};
use serde_json::json;

use super::{parse, parse_recorded, parse_with, reasons, shown};

const NAGIOS_PROBLEM: &[u8] = include_bytes!("../../fixtures/nagios/problem.http");
const NAGIOS_RECOVERY: &[u8] = include_bytes!("../../fixtures/nagios/recovery.http");
const ICINGA_RECOVERY: &[u8] = include_bytes!("../../fixtures/icinga/recovery.http");

fn mapping(fields: &[(&str, &str)]) -> CompiledMapping {
    let fields =
        fields.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
    CompiledMapping::new(&Mapping { fields }).expect("a valid mapping")
}

fn only(result: Result<muster_integrations::sources::Parsed, Refusal>) -> Signal {
    let mut parsed = result.expect("taken");
    assert_eq!((parsed.reply.status, parsed.signals.len()), (202, 1));
    parsed.signals.remove(0)
}

#[test]
fn curl_commands_of_nagios_and_icinga_need_no_mapping() {
    let signals: String = [NAGIOS_PROBLEM, NAGIOS_RECOVERY, ICINGA_RECOVERY]
        .iter()
        .map(|text| shown(&parse_recorded(&SOURCE, text).signals))
        .collect();
    insta::assert_snapshot!(signals);
}

#[test]
fn the_same_fields_are_read_from_json_form_query_and_multipart() {
    let none = CompiledMapping::default();
    let multipart = "--xyz\r\nContent-Disposition: form-data; name=\"summary\"\r\n\r\nDisk full\r\n\
        --xyz\r\nContent-Disposition: form-data; name=\"dedup\"\r\n\r\ndisk\r\n\
        --xyz\r\nContent-Disposition: form-data; name=\"action\"\r\n\r\ndown\r\n--xyz--\r\n";
    let json = r#"{"summary":"Disk full","dedup":"disk","action":"down"}"#;
    let form = "summary=Disk+full&dedup=disk&action=down";
    for (content_type, query, body) in [
        ("application/json", "", json),
        ("text/plain", "", json),
        ("application/x-www-form-urlencoded", "", json),
        ("application/x-www-form-urlencoded", "", form),
        ("", form, "{}"),
        ("", form, ""),
        ("multipart/form-data; boundary=xyz", "", multipart),
        (
            "Multipart/Form-Data; charset=utf-8; boundary=\"xyz\"",
            "",
            &multipart.replace("\r\n", "\n"),
        ),
    ] {
        let signal = only(parse_with(&SOURCE, content_type, query, body.as_bytes(), &none));
        assert_eq!(signal.summary, "Disk full", "{content_type}");
        assert_eq!(signal.dedup_key, "disk");
        assert_eq!(signal.action, Action::Trigger);
    }
}

#[test]
fn every_common_word_for_an_action_is_understood() {
    let action = |word: &str| {
        let body = json!({ "summary": "x", "dedup": "k", "action": word }).to_string();
        only(parse(&SOURCE, "application/json", body.as_bytes())).action
    };
    for word in ["trigger", "FIRING", "problem", "down", "Alerting"] {
        assert_eq!(action(word), Action::Trigger, "{word}");
    }
    for word in ["acknowledge", "ACKNOWLEDGEMENT", "ack"] {
        assert_eq!(action(word), Action::Acknowledge, "{word}");
    }
    for word in ["resolve", "Resolved", "OK", "recovery", "up", "closed"] {
        assert_eq!(action(word), Action::Resolve, "{word}");
    }
    let body = br#"{"summary":"x","action":"frobnicate"}"#;
    let unknown = only(parse(&SOURCE, "application/json", body));
    assert_eq!(unknown.action, Action::Trigger);
    assert_eq!(
        unknown.details[MARK],
        json!(["action: `frobnicate` is unknown and taken for a trigger"])
    );
}

#[test]
fn a_mapping_makes_the_signal() {
    let mapping = mapping(&[
        ("summary", "body.monitor.name + ' is ' + body.heartbeat.msg"),
        ("action", "body.heartbeat.status == 0 ? 'trigger' : 'resolve'"),
        ("dedup", "'monitor-' + string(body.monitor.id)"),
        ("severity", "query.sev"),
        ("source", "headers['x-source']"),
        ("labels", "{'team': query.team, 'port': 443}"),
        ("links", "[body.monitor.url]"),
        ("details", "body.monitor"),
        ("occurred_at", "1763712000"),
    ]);
    let body = json!({
        "heartbeat": { "status": 0, "msg": "down" },
        "monitor": { "id": 7, "name": "Shop", "url": "https://shop.example.com" }
    });
    let parsed = parse_with(
        &SOURCE,
        "application/json",
        "sev=CRITICAL&team=web",
        body.to_string().as_bytes(),
        &mapping,
    );
    insta::assert_snapshot!(shown(&[only(parsed)]));
}

#[test]
fn a_mapping_that_does_not_work_out_leaves_a_mark_and_loses_nothing() {
    let mapping = mapping(&[
        ("summary", "body.missing.name"),
        ("severity", "body.items"),
        ("action", "'explode'"),
        ("dedup_key", "null"),
    ]);
    let body =
        br#"{"title":"Disk full","items":[1],"severity":"high","status":"problem","host":"web1"}"#;
    let signal = only(parse_with(&SOURCE, "application/json", "", body, &mapping));
    assert_eq!(signal.summary, "Disk full");
    assert_eq!(signal.severity, "high");
    assert_eq!(signal.action, Action::Trigger);
    assert_eq!(signal.dedup_key, "web1");
    let marks = signal.details[MARK].to_string();
    for field in
        ["summary: there is no `missing`", "severity: gives a list", "action: gives a text"]
    {
        assert!(marks.contains(field), "{marks}");
    }
}

#[test]
fn a_wrong_mapping_is_refused_when_it_is_applied() {
    let fields = [("summary", "body.x +"), ("colour", "'red'"), ("severity", "severity")];
    let fields = fields.iter().map(|(n, t)| ((*n).to_owned(), (*t).to_owned())).collect();
    let wrong = CompiledMapping::new(&Mapping { fields }).unwrap_err();
    let named: Vec<_> = wrong.iter().map(|wrong| wrong.field.as_str()).collect();
    assert_eq!(named, ["summary", "colour", "severity"]);
    assert!(wrong[1].to_string().starts_with("colour: is not a field; there are summary, details"));
}

#[test]
fn plain_text_and_odd_objects_still_become_alerts() {
    let signal = only(parse(&SOURCE, "text/plain", b"\n[FIRING] disk full\nmore"));
    assert_eq!(signal.summary, "[FIRING] disk full");
    assert_eq!(signal.details["body"], "[FIRING] disk full\nmore");
    let signal = only(parse(&SOURCE, "application/json", br#"{"n":5}"#));
    assert_eq!(signal.summary, r#"{"n":5}"#);
    assert_eq!(signal.dedup_key.len(), 36);
    let signal = only(parse(&SOURCE, "application/json", br#""just words""#));
    assert_eq!(signal.summary, "just words");
}

#[test]
fn a_list_of_objects_is_a_list_of_signals() {
    let body = br#"[{"summary":"a"},{"summary":"b"},{"action":"ok"}]"#;
    let parsed = parse(&SOURCE, "application/json", body).unwrap();
    assert_eq!(parsed.signals.len(), 2);
    assert_ne!(parsed.signals[0].dedup_key, parsed.signals[1].dedup_key);
    assert_eq!(
        parsed.signals[0].details["signals_not_understood"],
        json!(["dedup_key is required to resolve"])
    );
    let many = format!("[{}]", vec!["{\"a\":1}"; 20_500].join(","));
    let parsed = parse(&SOURCE, "application/json", many.as_bytes()).unwrap();
    assert_eq!(parsed.signals.len(), 20_000);
    assert_eq!(parsed.signals[19_999].details["signals_left_out"], 500);
}

#[test]
fn what_cannot_mean_anything_is_refused() {
    let json = "application/json";
    assert_eq!(
        reasons(parse(&SOURCE, json, b"")),
        ["neither the body nor the query says anything"]
    );
    assert_eq!(
        reasons(parse(&SOURCE, json, b"{}")),
        ["neither the body nor the query says anything"]
    );
    assert!(reasons(parse(&SOURCE, json, b"{\"a\":"))[0].contains("not JSON"));
    assert_eq!(
        reasons(parse(&SOURCE, json, br#"{"action":"ok"}"#)),
        ["dedup_key is required to resolve"]
    );
    let multipart = "multipart/form-data";
    assert!(reasons(parse(&SOURCE, multipart, b"x"))[0].contains("no boundary"));
    let multipart = "multipart/form-data; boundary=b";
    assert!(reasons(parse(&SOURCE, multipart, b"x"))[0].contains("does not begin"));
    assert!(reasons(parse(&SOURCE, multipart, b"--b\r\nA: b\r\n\r\nx"))[0].contains("cut off"));
    let refused = (SOURCE.refused)(&Refusal::malformed("why"));
    assert_eq!(refused.status, 400);
    assert_eq!(super::json(&refused)["errors"], json!(["why"]));
    assert_eq!((SOURCE.refused)(&Refusal::UnknownKey).status, 404);
    assert_eq!((SOURCE.refused)(&Refusal::Overloaded { retry_after_seconds: 1 }).status, 503);
}
