//! The closing record on paper: printed by the command line, read again by poppler.

use std::process::Command;

use muster_store::Engine;

use super::world::World;

fn organization(phones: u16) -> String {
    format!(
        r#"
organization: {{ name: Shop, timezone: UTC }}
users:
  - name: ana
    full_name: Ana Łódzka
    email: ana@example.com
    role: admin
    timezone: UTC
    contact_methods: [ {{ name: phone, type: webhook, url: "http://127.0.0.1:{phones}/ana" }} ]
escalation_policies:
  - {{ name: ana, steps: [ {{ after: 0m, targets: [ {{ user: ana }} ] }} ] }}
services:
  - {{ name: letters, escalation_policy: ana, grouping: none }}
catch_all: {{ escalation_policy: ana }}
"#
    )
}

fn printed(engine: Engine) {
    let world = World::start(engine, organization);
    world.muster(&["incident", "declare", "Größe → 0 <b>für</b> alle", "--service", "letters"]);
    let long = "the index was rebuilt and nobody had told the database of it; ".repeat(6);
    for at in 0..40 {
        world.muster(&["incident", "note", "1", &format!("step {at}: {long}")]);
    }
    let file = world.path().join("record.pdf");
    let path = file.to_str().expect("a path in words");
    assert!(world.muster(&["incident", "record", "1", "--pdf", path]).contains("record.pdf"));

    let output = Command::new("pdftotext").args(["-layout", path, "-"]).output();
    let output = output.expect("poppler is installed (Debian: poppler-utils)");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    assert!(text.contains("Incident 1: Größe → 0 <b>für</b> alle"), "{text}");
    let order = ["Statistics", "Summary timeline", "Full timeline", "Communications timeline"];
    let places: Vec<_> = order.iter().map(|name| text.find(name).expect(name)).collect();
    assert!(places.is_sorted(), "{places:?}");
    for at in 0..40 {
        assert!(text.contains(&format!("step {at}: the index")), "step {at}: {text}");
    }
    let pages = text.matches('\u{c}').count();
    assert!(pages >= 3, "{pages} pages");
    assert!(text.contains(&format!("page {pages} of {pages}")), "{text}");
}

#[test]
fn the_record_is_printed_and_read_again() {
    printed(Engine::Sqlite);
}

#[test]
fn the_record_is_printed_and_read_again_on_postgresql() {
    printed(Engine::Postgres);
}
