use proptest::prelude::*;
use serde_json::json;

use super::*;

fn signal() -> Signal {
    let mut signal = Signal::trigger("disk-web1", "disk 99% full on web1");
    signal.severity = "critical".into();
    signal.source = "web1".into();
    signal.labels = vec![("env".into(), "prod".into()), ("job".into(), "node".into())];
    let Value::Object(details) = json!({
        "free": 3, "used": 99.5, "mounts": ["/", "/var"], "nested": { "deep": "yes" }, "none": null
    }) else {
        panic!("an object");
    };
    signal.details = details;
    signal
}

fn evaluate(text: &str) -> Result<bool, String> {
    let signal = signal();
    let subject = Subject { signal: &signal, integration: "nagios", service: "storage" };
    Rule::parse(text).unwrap_or_else(|refused| panic!("{text}: {refused}")).evaluate(&subject)
}

fn refusal(text: &str) -> String {
    Rule::parse(text).expect_err("the rule was taken").0
}

#[test]
fn every_field_of_a_signal_can_be_asked_for() {
    for text in [
        r#"severity == "critical""#,
        r#"severity in ["critical", "error"] && source == "web1""#,
        r#"summary.contains("disk") && summary.startsWith("disk") && summary.endsWith("web1")"#,
        r#"summary.matches("^disk [0-9]+%")"#,
        r#"matches(summary, r"\d+%")"#,
        r#"labels.env == "prod" && labels["job"] == "node""#,
        r#"has(labels.env) && !has(labels.team) && "env" in labels && !("team" in labels)"#,
        r#"has(labels.team) ? labels.team == "x" : true"#,
        r#"labels.exists(name, name == "env")"#,
        r#"labels.all(name, labels[name].size() >= 4)"#,
        "size(labels) == 2",
        "details.free < 5 && details.used > 99.0 && details.free == 3.0",
        r#"details.nested.deep == "yes" && details.none == null"#,
        r#"details.mounts.exists(mount, mount.matches("^/v"))"#,
        r#"details.mounts.filter(m, m != "/").map(m, m + "/log") == ["/var/log"]"#,
        r#"dedup_key == "disk-web1" && integration == "nagios" && service == "storage""#,
        r#"component == "" && group == "" && class == """#,
        r#"type(details.free) == int && severity.upperAscii() == "CRITICAL""#,
        "true",
    ] {
        assert_eq!(evaluate(text), Ok(true), "{text}");
    }
}

#[test]
fn a_missing_label_means_no_match_and_says_so() {
    for text in [r#"labels.team == "a""#, r#"labels.team != "a""#, r#"!(labels["team"] == "a")"#] {
        let why = evaluate(text).expect_err(text);
        assert!(why.contains("team"), "{why}");
    }
    let signal = signal();
    let subject = Subject { signal: &signal, integration: "", service: "" };
    assert!(!Rule::parse(r#"labels.team != "a""#).unwrap().matches(&subject));
    assert_eq!(evaluate(r#"labels.team == "a" || severity == "critical""#), Ok(true));
}

#[test]
fn a_wrong_type_is_an_answer_and_not_a_panic() {
    for text in [
        "severity",
        "details.free",
        "details.free && true",
        "severity + 1 == 2",
        "details.free.contains('x')",
        "labels.env.x.y == 1",
        "details.mounts[7] == 'x'",
        "details.free / 0 == 1",
        "9223372036854775807 + details.free > 0",
        "int(severity) == 1",
        "details.mounts.substring(1) == ''",
        "summary.substring(5000) == ''",
        "summary.charAt(-1) == ''",
        "severity.exists(x, true)",
    ] {
        let rule = Rule::parse(text).unwrap();
        let signal = signal();
        let subject = Subject { signal: &signal, integration: "", service: "" };
        assert!(rule.evaluate(&subject).is_err(), "{text}");
        assert!(!rule.matches(&subject));
    }
}

#[test]
fn what_does_not_exist_is_refused_by_name_when_the_rule_is_applied() {
    assert!(refusal("severtiy == 'critical'").contains("`severtiy`"));
    assert!(refusal("alert.severity == 'critical'").contains("`alert`"));
    assert!(refusal("labels.exists(x, y == 'a')").contains("`y`"));
    assert!(refusal("shout(severity) == 'A'").contains("`shout`"));
    assert!(refusal("severity.replace('a', 'bb') == 'A'").contains("`replace`"));
    assert!(refusal("'%s'.format([severity]) == 'A'").contains("`format`"));
    assert!(refusal("body.x == 1").contains("`body`"));
    assert!(refusal("Alert{name: 'x'} == 1").contains("`Alert"));
    assert!(refusal("labels.exists(x)").contains("`exists`"));
    assert!(refusal("severity ==").contains("line 1"));
    assert!(refusal("").contains("empty"));
    assert!(refusal("@budget == 1").contains("line 1"));
    assert!(refusal("`severity` == 'a'").contains("backticks"));
}

#[test]
fn a_loop_variable_may_carry_the_name_of_a_field() {
    assert_eq!(evaluate("details.mounts.exists(severity, severity == '/var')"), Ok(true));
    assert_eq!(
        evaluate("details.mounts.exists(severity, true) && severity == 'critical'"),
        Ok(true)
    );
}

#[test]
fn regular_expressions_are_checked_when_the_rule_is_applied() {
    assert!(refusal("summary.matches('(')").contains("not a regular expression"));
    assert!(refusal("summary.matches(labels.env)").contains("written out"));
    assert!(refusal(&format!("summary.matches('{}')", "a".repeat(600))).contains("longer than"));
    assert!(refusal(r"summary.matches('\\w{900}{900}')").contains("not a regular expression"));
    assert!(refusal(r"summary.matches('(\\w{50}){50}')").contains("not a regular expression"));
}

#[test]
fn hostile_texts_are_refused_before_they_hurt() {
    let deep = |open: &str, close: &str, times: usize| {
        format!("{}true{}", open.repeat(times), close.repeat(times))
    };
    for text in [
        deep("(", ")", 2000),
        deep("[", "]", 2000),
        deep("{1:", "}", 1000),
        deep("(", ")", 25),
        deep("!(", ")", 1000),
        "(".repeat(4000),
        ")".repeat(4000),
        format!("{}true", "!".repeat(4000)),
        format!("{}1 == 1", "-".repeat(4000)),
        format!("details{} == 1", ".a".repeat(2000)),
        format!("details{} == 1", "[0]".repeat(1300)),
        format!("severity{} == ''", ".trim()".repeat(500)),
        format!("1{} == 1", "+1".repeat(2000)),
        format!("1{}", " == 1".repeat(800)),
        format!("1{}", " in 1".repeat(800)),
        format!("{}true", "true ? true : ".repeat(290)),
        format!("{}true", "true && true ? true : ".repeat(180)),
        format!("\"{}\" == severity", "a".repeat(TEXT_BYTES_MAX)),
        format!("\"\\q{}\" == severity", "(".repeat(2000)),
        format!("\"{}", "(".repeat(2000)),
        format!("'{}\n' == severity", "(".repeat(2000)),
        format!("summary == summary{}", " + summary".repeat(40)),
        "details.mounts.map(a, details.mounts.map(b, details.mounts.map(c, c)))".to_owned(),
        format!("true{}", " && labels.all(x, true)".repeat(9)),
        "\u{0}".repeat(100),
        "ł".repeat(500),
        "severity == 'a' severity".to_owned(),
    ] {
        assert!(Rule::parse(&text).is_err(), "taken: {}", &text[..text.len().min(60)]);
    }
}

#[test]
fn brackets_inside_of_quotes_are_only_text() {
    let text =
        format!(r#"summary != "{}" && summary != r'\{}' "#, "(".repeat(500), "[".repeat(500));
    assert_eq!(evaluate(&text), Ok(true));
    assert_eq!(evaluate(r#"summary != """a "quoted" (((((""" // and a comment ((("#), Ok(true));
    assert_eq!(evaluate(r#"summary != "\"(\x41\u0041\101\\""#), Ok(true));
}

#[test]
fn a_long_but_flat_rule_is_fine() {
    let names: Vec<String> = (0..200).map(|n| format!("'host-{n}.example.com'")).collect();
    assert_eq!(evaluate(&format!("!(source in [{}])", names.join(","))), Ok(true));
    let terms = vec!["labels.env == 'prod'"; 100].join(" && ");
    assert_eq!(evaluate(&terms), Ok(true));
    let terms = vec!["labels.env == 'dev'"; 100].join(" || ");
    assert_eq!(evaluate(&terms), Ok(false));
}

#[test]
fn the_deepest_rules_that_are_taken_can_be_evaluated() {
    let deepest = BRACKETS_DEEP_MAX;
    for text in [
        format!("{}true{}", "(".repeat(deepest), ")".repeat(deepest)),
        format!("{}true{} != []", "[".repeat(deepest), "]".repeat(deepest)),
        format!("{}true{} == true", "bool(".repeat(deepest), ")".repeat(deepest)),
        format!("{}true", "!".repeat(DEPTH_MAX)),
        format!("{}true", "false ? false : ".repeat(DEPTH_MAX / 2)),
        format!("size(summary{}) >= 0", " + ''".repeat(ADDITIONS_MAX)),
        format!("0{} == 0", " - 0".repeat(DEPTH_MAX - 1)),
    ] {
        assert_eq!(evaluate(&text), Ok(true), "{text}");
    }
}

#[test]
fn loops_over_large_payloads_stop_at_the_bounds() {
    let mut signal = signal();
    let items: Vec<Value> = (0..20_000).map(Value::from).collect();
    signal.details.insert("items".into(), Value::Array(items));
    let subject = Subject { signal: &signal, integration: "", service: "" };
    for text in [
        "details.items.exists(a, a == -1)",
        "details.items.exists(a, details.items.exists(b, b == -1))",
        "size((details.items + details.items).map(a, a)) == 0",
        "details.mounts.exists(a, details.items.all(b, true))",
    ] {
        let why = Rule::parse(text).unwrap().evaluate(&subject).expect_err(text);
        assert!(why.contains("bounds"), "{text}: {why}");
    }
    let rule = Rule::parse("details.mounts.exists(a, a == '/')").unwrap();
    assert_eq!(rule.evaluate(&subject), Ok(true));
}

#[test]
fn only_the_entries_that_a_rule_names_are_made() {
    let rule = Rule::parse("details.free == 3 && 'env' in labels && severity != ''").unwrap();
    let signal = signal();
    let subject = Subject { signal: &signal, integration: "", service: "" };
    let seen = std::cell::RefCell::new(Vec::new());
    let result = rule.program.run(
        |name, wanted| {
            seen.borrow_mut().push((name.to_owned(), wanted.clone()));
            subject.bind(name, wanted)
        },
        |_| Ok(()),
    );
    assert_eq!(result, Ok(()));
    let only = |name: &str| Wanted::Entries([name.to_owned()].into());
    assert_eq!(
        seen.into_inner(),
        [
            ("details".to_owned(), only("free")),
            ("labels".to_owned(), only("env")),
            ("severity".to_owned(), Wanted::Whole),
        ]
    );
}

#[test]
fn an_expression_makes_json_of_a_request() {
    let body = json!({ "alert": { "name": "Disk", "tags": ["a", "b"] }, "n": 18_446_744_073_709_551_615_u64 });
    let query = [("team".to_owned(), "x".to_owned()), ("team".to_owned(), "y".to_owned())];
    let headers = [("x-source".to_owned(), "web1".to_owned())];
    let payload = Payload { body: &body, query: &query, headers: &headers };
    let make = |text: &str| Expression::parse(text).unwrap().evaluate(&payload);
    assert_eq!(make("body.alert.name + ' on ' + headers['x-source']"), Ok(json!("Disk on web1")));
    assert_eq!(make("query.team"), Ok(json!("y")));
    assert_eq!(make("body.alert"), Ok(body["alert"].clone()));
    assert_eq!(make("body.alert.tags.join('-')"), Ok(json!("a-b")));
    assert_eq!(make("body.n"), Ok(body["n"].clone()));
    assert_eq!(
        make("{'b': 1, 'a': [1.5, null, true]}"),
        Ok(json!({ "a": [1.5, null, true], "b": 1 }))
    );
    assert_eq!(make("has(body.missing) ? body.missing : 'none'"), Ok(json!("none")));
    assert!(make("body.missing").is_err());
    let text = json!("plain");
    let payload = Payload { body: &text, query: &[], headers: &[] };
    assert_eq!(Expression::parse("body").unwrap().evaluate(&payload), Ok(text.clone()));
    assert!(Expression::parse("severity").is_err());
}

#[test]
fn rules_are_shared_between_threads_and_cloned_cheaply() {
    fn shared<T: Send + Sync + Clone + 'static>() {}
    shared::<Rule>();
    shared::<Expression>();
    let rule = Rule::parse("severity == 'critical'").unwrap();
    let copy = rule.clone();
    assert!(Arc::ptr_eq(&rule.program, &copy.program));
    assert_eq!(copy.text(), "severity == 'critical'");
}

/// Pieces of rules, so that random texts get past the first character.
const PIECES: &[&str] = &[
    "severity",
    "labels",
    "details",
    "labels.env",
    "details.mounts",
    "x",
    "'prod'",
    "\"a\"",
    "r'\\d'",
    "1",
    "-9223372036854775808",
    "1.5",
    "0u",
    "true",
    "null",
    "==",
    "!=",
    "&&",
    "||",
    "!",
    "-",
    "+",
    "*",
    "/",
    "%",
    "<",
    ">=",
    "in",
    "?",
    ":",
    ",",
    ".",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ".size()",
    ".matches('^a')",
    ".exists(x, ",
    ".map(x, ",
    ".filter(x, ",
    "has(",
    "int(",
    "string(",
    ".split('')",
    ".substring(1)",
    "//",
    "\n",
    "'",
    "\\",
];

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 1_000, failure_persistence: None, ..ProptestConfig::default()
    })]

    #[test]
    fn any_text_is_refused_or_evaluated(
        pieces in prop::collection::vec(prop::sample::select(PIECES), 1..24),
        space in prop::sample::select(&["", " "][..]),
    ) {
        let signal = signal();
        let subject = Subject { signal: &signal, integration: "nagios", service: "storage" };
        if let Ok(rule) = Rule::parse(&pieces.join(space)) {
            prop_assert_ne!(rule.evaluate(&subject), Err("the expression engine failed on it".into()));
        }
    }

    #[test]
    fn any_characters_are_refused_or_evaluated(text in "\\PC{0,80}") {
        let _ = Rule::parse(&text);
    }
}
