//! Letters as real programs send them.

use muster_core::alerting::signal::{Action, Signal};
use muster_core::org::service::Mapping;
use muster_integrations::sources::{Arrival, CompiledMapping, Request, email};

use super::{NOW, parse, reasons, shown};

const CRON: &[u8] = include_bytes!("../../fixtures/email/cron.eml");
const ALERTMANAGER: &[u8] = include_bytes!("../../fixtures/email/alertmanager-html-only.eml");
const SWAKS: &[u8] = include_bytes!("../../fixtures/email/utf8-subject.eml");

fn read(bytes: &[u8]) -> Signal {
    let parsed = parse(&email::SOURCE, email::MEDIA_TYPE, bytes).expect("a letter");
    assert_eq!(parsed.reply.status, 202);
    parsed.signals.into_iter().next().expect("a signal")
}

#[test]
fn what_cron_mails_is_an_alert() {
    insta::assert_snapshot!(shown(&[read(CRON)]));
}

#[test]
fn a_letter_in_nothing_but_html_is_read_as_its_words() {
    let signal = read(ALERTMANAGER);
    assert_eq!(signal.summary, "[FIRING:1] (MailAlert h1 critical)");
    assert_eq!(signal.dedup_key, "(MailAlert h1 critical)");
    let text = signal.details["text"].as_str().expect("a text");
    assert!(text.contains("alertname = MailAlert"), "{text}");
    assert!(!text.contains('<') && !text.contains("font-family"), "no markup, no style: {text}");
}

#[test]
fn subjects_and_bodies_in_any_alphabet_are_read() {
    assert_eq!(read(SWAKS).summary, "🚨 disk full");
    let latin =
        b"Subject: =?iso-8859-1?Q?=DCberlast?=\r\nContent-Type: text/plain; charset=windows-1252\r\n\
          Content-Transfer-Encoding: 8bit\r\n\r\nStra\xdfe \x80 5\r\n";
    let signal = read(latin);
    assert_eq!(signal.summary, "Überlast");
    assert_eq!(signal.details["text"], "Straße € 5");
    let japanese = b"Subject: =?ISO-2022-JP?B?GyRCPmM7MhsoQg==?=\r\n\r\nx\r\n";
    assert_eq!(read(japanese).summary, "障参");
    let raw = "Subject: Überlast\r\n\r\nx\r\n".as_bytes();
    assert_eq!(read(raw).summary, "Überlast");
}

#[test]
fn the_tag_of_the_address_is_the_key_unless_the_letter_says_its_own() {
    let headers = [
        (email::TAG.to_owned(), "disk-db1".to_owned()),
        ("x-spf".to_owned(), "pass (db1)".to_owned()),
        ("x-envelope-from".to_owned(), "root@db1".to_owned()),
    ];
    let with = |body: &[u8]| {
        let request = Request { query: "", headers: &headers, content_type: "", body };
        let mapping = CompiledMapping::default();
        let arrival = Arrival { now: NOW.parse().unwrap(), chance: [1; 10], mapping: &mapping };
        let parsed = (email::SOURCE.parse)(&request, &arrival).expect("a letter");
        parsed.signals.into_iter().next().expect("a signal")
    };
    let signal = with(CRON);
    assert_eq!(signal.dedup_key, "disk-db1");
    assert_eq!(
        (&signal.details["spf"], &signal.details["envelope_from"]),
        (&"pass (db1)".into(), &"root@db1".into())
    );
    let own = with(b"Subject: x\r\nX-Muster-Dedup: mine\r\nX-Muster-Action: resolve\r\n\r\n");
    assert_eq!((own.action, &*own.dedup_key), (Action::Resolve, "mine"));
}

#[test]
fn a_mapping_reads_the_letter() {
    let fields = vec![
        ("severity".to_owned(), "body.text.contains('exit 2') ? 'critical' : 'info'".to_owned()),
        ("dedup_key".to_owned(), "body.from".to_owned()),
    ];
    let mapping = CompiledMapping::new(&Mapping { fields }).expect("a mapping");
    let parsed = super::parse_with(&email::SOURCE, "", "", CRON, &mapping).expect("a letter");
    let signal = &parsed.signals[0];
    assert_eq!((&*signal.severity, &*signal.dedup_key), ("critical", "root@db1"));
}

#[test]
fn without_a_subject_the_first_line_is_the_summary() {
    assert_eq!(read(b"From: a@b\r\n\r\n\r\n  disk full\r\nmore\r\n").summary, "disk full");
    let nothing = read(b"From: a@b\r\n\r\n");
    assert_eq!(nothing.summary, "A letter without words");
    assert!(!nothing.dedup_key.is_empty());
    assert_eq!(reasons(parse(&email::SOURCE, "", b" \r\n")).len(), 1);
}
