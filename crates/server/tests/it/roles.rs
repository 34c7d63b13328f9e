//! Roles in an incident: who is engaged when the process starts and when the severity changes, who
//! takes, is given, leaves and hands over, what is warned of, and that whoever holds a role says when
//! it is over.

use jiff::SignedDuration;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Client, World, on_both_stores};

const ROLES: &str = "/api/v1/incidents/1/roles";

/// Lea is on call as incident lead, Sky as scribe; Tess tests. `severities` are replaced where given.
pub async fn with_rotations(world: &World, severities: &str) {
    with_leads(world, "lea", severities).await;
}

/// The same with these people taking turns as incident lead.
async fn with_leads(world: &World, leads: &str, severities: &str) {
    let person = |name: &str| {
        let url = world.phone(name);
        format!(
            "- name: {name}\n  full_name: {name} Room\n  email: {name}@example.com\n  \
             role: responder\n  contact_methods: [ {{ name: phone, type: webhook, url: \"{url}\" }} ]\n"
        )
    };
    let rotation = |name: &str, role: &str, person: &str| {
        format!(
            "- name: {name}\n  role: {role}\n  layers:\n  - name: all\n    rotation: \
             {{ every: 1w, handoff: \"Mon 09:00\", start: 2026-01-05, participants: [{person}] }}\n"
        )
    };
    let people = world.admin().get("/api/v1/config/export").await.text;
    let users = people.split("teams:").next().unwrap().trim_end();
    let old = people.split("\nschedules:").nth(1).map_or("", |rest| {
        let end = rest.find("\nescalation_policies").unwrap_or(rest.len());
        &rest[..end]
    });
    let text = format!(
        "{users}\n{}{}{}\nschedules:{old}\n{}{}{severities}",
        person("lea"),
        person("sky"),
        person("tess"),
        rotation("leads", "incident_lead", leads),
        rotation("scribes", "scribe", "sky"),
    );
    let answer = world.admin().send(Method::POST, "/api/v1/config/apply", text).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    for name in ["ana", "bo", "lea", "sky", "tess", "sam"] {
        world.give_password(name).await;
    }
}

pub async fn declare(client: &Client<'_>, world: &World, severity: u8) {
    let body =
        json!({ "title": "Nobody can check out", "service": "checkout", "severity": severity });
    let answer = client.post("/api/v1/incidents", body).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    world.settle().await;
}

pub async fn said(client: &Client<'_>, kind: &str) -> Vec<String> {
    let timeline = client.read("/api/v1/incidents/1/timeline?limit=500").await;
    let entries = timeline["items"].as_array().unwrap().iter();
    let of_kind = entries.filter(|entry| entry["kind"] == kind);
    of_kind.map(|entry| entry["text"].as_str().unwrap().to_owned()).collect()
}

fn reasons(world: &World, person: &str) -> Vec<String> {
    let messages = world.phones.of(person);
    let pages = messages.iter().filter(|message| message["type"] == "page");
    pages.map(|message| message["page"]["reason"].as_str().unwrap().to_owned()).collect()
}

pub fn told(world: &World, person: &str) -> Vec<String> {
    let messages = world.phones.of(person);
    let notices = messages.iter().filter(|message| message["type"] == "notification");
    notices.map(|message| message["notification"]["subject"].as_str().unwrap().to_owned()).collect()
}

fn role<'a>(roles: &'a Value, name: &str) -> &'a Value {
    roles["roles"].as_array().unwrap().iter().find(|role| role["role"] == name).unwrap()
}

fn holders(roles: &Value, name: &str) -> Vec<String> {
    let holders = role(roles, name)["holders"].as_array().unwrap().iter();
    holders.map(|holder| holder["user"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn the_worst_severity_engages_lead_and_scribe_and_lesser_ones_do_not() {
    on_both_stores(async |world| {
        with_rotations(world, "").await;
        let ana = world.browser("ana").await;
        declare(&ana, world, 2).await;
        assert!(reasons(world, "lea").is_empty() && reasons(world, "sky").is_empty());
        let roles = ana.read(ROLES).await;
        assert_eq!(role(&roles, "incident-lead")["on_call"], json!(["lea"]));
        assert_eq!(roles["vacant"], json!(["incident-lead", "technical-lead"]));

        // The process of the new level starts at once, and only once.
        let worse = json!({ "severity": 1, "reason": "it is all of them" });
        ana.post("/api/v1/incidents/1/severity", worse).await;
        world.settle().await;
        assert_eq!(reasons(world, "lea"), ["incident lead on call"]);
        assert_eq!(reasons(world, "sky"), ["scribe on call"]);
        let engaged = ["Engaged lea as incident lead", "Engaged sky as scribe"];
        assert_eq!(said(&ana, "role_engaged").await, engaged);

        // Going down asks nobody else, and lets those go who were only asked.
        let sky = world.browser("sky").await;
        assert_eq!(sky.post("/api/v1/incidents/1/check-in", json!({})).await.status, 200);
        let better = json!({ "severity": 2, "reason": "it is only some" });
        ana.post("/api/v1/incidents/1/severity", better).await;
        world.settle().await;
        let roles = ana.read(ROLES).await;
        assert_eq!(holders(&roles, "scribe"), ["sky"], "what somebody holds stays theirs");
        assert_eq!(role(&roles, "incident-lead")["engaged"], json!([]));
        let last = world.phones.of("lea").last().unwrap().clone();
        assert_eq!(last["type"], "page.superseded", "{last}");
    })
    .await;
}

#[tokio::test]
async fn who_is_engaged_for_a_role_gets_it_by_acknowledging_and_the_others_are_still_asked() {
    on_both_stores(async |world| {
        with_rotations(world, "").await;
        let admin = world.admin();
        assert_eq!(world.event("trigger", "disk", "critical").await.status, 202);
        world.settle().await;
        let lea = world.browser("lea").await;
        let taken = lea.post("/api/v1/incidents/1/acknowledge", json!({})).await;
        assert_eq!(taken.json()["status"], "triggered", "{}", taken.text);
        assert_eq!(taken.json()["roles"][0]["user"], "lea");
        let text = "lea is incident lead now, being on call for it";
        assert_eq!(said(&admin, "role_assigned").await, [text]);
        world.settle().await;
        assert_eq!(told(world, "lea"), ["Incident 1: you are incident lead"]);

        // An acknowledgement by whoever was asked about the cause leaves the scribe's page alone.
        let ana = world.browser("ana").await;
        let taken = ana.post("/api/v1/incidents/1/acknowledge", json!({})).await;
        assert_eq!(
            (&taken.json()["status"], &taken.json()["assignee"]),
            (&json!("acknowledged"), &json!("ana"))
        );
        world.settle().await;
        let ended =
            |person: &str| world.phones.of(person).iter().any(|it| it["type"] == "page.superseded");
        assert!(!ended("sky"), "the scribe is still asked");
        let roles = admin.read(ROLES).await;
        assert_eq!(role(&roles, "scribe")["engaged"][0]["user"], "sky");
        assert!(holders(&roles, "technical-lead").is_empty(), "an acknowledgement gives no role");

        // Somebody else writes: the scribe on call can sleep.
        assert_eq!(ana.post(&format!("{ROLES}/scribe"), json!({ "user": "bo" })).await.status, 200);
        world.settle().await;
        assert!(ended("sky"));
    })
    .await;
}

#[tokio::test]
async fn a_role_is_taken_given_and_left_and_a_shared_one_has_many() {
    on_both_stores(async |world| {
        with_rotations(world, "").await;
        let (ana, bo) = (world.browser("ana").await, world.browser("bo").await);
        declare(&ana, world, 3).await;
        assert_eq!(ana.read(ROLES).await["vacant"], json!([]), "a small one wants no roles");
        let lead = format!("{ROLES}/incident-lead");
        let roles = ana.post(&lead, json!({})).await.json();
        assert_eq!(role(&roles, "incident-lead")["holders"][0]["how"], "taken");
        let roles = bo.post(&lead, json!({})).await.json();
        assert_eq!(holders(&roles, "incident-lead"), ["bo"]);
        world.settle().await;
        assert_eq!(told(world, "ana"), ["Incident 1: bo is incident lead now"]);
        for name in ["tess", "sky"] {
            let answer = bo.post(&format!("{ROLES}/tester"), json!({ "user": name })).await;
            assert_eq!(answer.status, 200, "{}", answer.text);
        }
        let roles = bo.read(ROLES).await;
        assert_eq!(holders(&roles, "tester"), ["tess", "sky"]);
        let roles =
            bo.post(&format!("{ROLES}/tester/leave"), json!({ "user": "sky" })).await.json();
        assert_eq!(holders(&roles, "tester"), ["tess"]);
        assert_eq!(roles["record"].as_array().unwrap().len(), 4);
        let again = bo.post(&format!("{ROLES}/tester/leave"), json!({ "user": "sky" })).await;
        assert_eq!(again.problem(409), "sky is not tester");
        assert_eq!(bo.post(&format!("{ROLES}/pilot"), json!({})).await.status, 404);
        let looker = world.browser("sam").await;
        assert_eq!(looker.post(&lead, json!({})).await.status, 403);
        assert_eq!(said(&bo, "role_left").await, ["bo took sky out of being tester"]);
    })
    .await;
}

#[tokio::test]
async fn a_lead_is_handed_over_with_a_brief_and_stays_until_it_is_accepted() {
    on_both_stores(async |world| {
        with_rotations(world, "").await;
        let (ana, bo) = (world.browser("ana").await, world.browser("bo").await);
        declare(&ana, world, 2).await;
        let lead = format!("{ROLES}/incident-lead");
        let over = format!("{lead}/hand-over");
        let vacant = ana.post(&over, json!({ "to": "bo", "brief": "all yours" })).await;
        assert!(vacant.problem(409).contains("give it to somebody instead"));
        ana.post(&lead, json!({})).await;
        let blank = ana.post(&over, json!({ "to": "bo", "brief": "  " })).await;
        assert_eq!(blank.status, 400, "{}", blank.text);
        let brief = "The cache is cold; the rollback has begun.";
        let offered = ana.post(&over, json!({ "to": "bo", "brief": brief })).await;
        assert_eq!(holders(&offered.json(), "incident-lead"), ["ana"], "{}", offered.text);
        assert_eq!(role(&offered.json(), "incident-lead")["offers"][0]["brief"], brief);
        world.settle().await;
        let words = world.phones.of("bo").last().unwrap().to_string();
        assert!(words.contains(brief), "{words}");
        let kept = said(&ana, "hand_over_offered").await;
        assert_eq!(kept, [format!("ana asks bo to take over as incident lead: {brief}")]);

        // Nobody accepts for bo, and declining leaves everything as it was.
        let tess = world.browser("tess").await;
        let meddled = tess.post(&format!("{lead}/accept"), json!({ "user": "bo" })).await;
        assert!(meddled.problem(409).contains("only bo can accept"));
        let declined = bo.post(&format!("{lead}/decline"), json!({ "reason": "I test" })).await;
        assert_eq!(holders(&declined.json(), "incident-lead"), ["ana"]);
        let gone = bo.post(&format!("{lead}/accept"), json!({})).await;
        assert_eq!(gone.problem(409), "nobody offered bo to be incident lead");

        ana.post(&over, json!({ "to": "bo", "brief": brief })).await;
        let accepted = bo.post(&format!("{lead}/accept"), json!({})).await;
        assert_eq!(holders(&accepted.json(), "incident-lead"), ["bo"], "{}", accepted.text);
        assert_eq!(accepted.json()["record"][1]["how"], "handed_over");
        let assigned = said(&ana, "role_assigned").await;
        assert_eq!(assigned.last().unwrap(), "bo took over from ana as incident lead");
    })
    .await;
}

#[tokio::test]
async fn whoever_declared_and_leads_is_asked_to_hand_over_after_fifteen_minutes_and_not_before() {
    on_both_stores(async |world| {
        with_rotations(world, "").await;
        let ana = world.browser("ana").await;
        declare(&ana, world, 3).await;
        ana.post(&format!("{ROLES}/incident-lead"), json!({})).await;
        world.advance(SignedDuration::new(14 * 60 + 59, 0)).await;
        assert_eq!(ana.read(ROLES).await["warnings"], json!([]));
        assert!(said(&ana, "role_warning").await.is_empty());
        world.advance(SignedDuration::from_secs(1)).await;
        let warnings = ana.read(ROLES).await["warnings"].clone();
        assert_eq!(warnings[0]["boundary"], "declarer_leads");
        assert_eq!(said(&ana, "role_warning").await.len(), 1);
        assert_eq!(told(world, "ana"), ["Incident 1: hand over the lead"]);
        world.advance(SignedDuration::from_hours(1)).await;
        assert_eq!(said(&ana, "role_warning").await.len(), 1, "it is said once");
    })
    .await;
}

#[tokio::test]
async fn whoever_does_not_come_for_a_role_is_followed_by_the_next_until_nobody_is_left() {
    on_both_stores(async |world| {
        // That week the turn is lea's; tess has the next, and bo manages the team.
        with_leads(world, "tess, lea", "").await;
        assert_eq!(world.event("trigger", "disk", "critical").await.status, 202);
        world.settle().await;
        let ana = world.browser("ana").await;
        ana.post("/api/v1/incidents/1/acknowledge", json!({})).await;
        let sky = world.browser("sky").await;
        sky.post("/api/v1/incidents/1/acknowledge", json!({})).await;
        assert_eq!(reasons(world, "lea"), ["incident lead on call"]);
        assert_eq!(
            role(&ana.read(ROLES).await, "incident-lead")["asks_next_at"],
            "2026-11-21T03:05:00Z"
        );
        world.advance(SignedDuration::from_secs(299)).await;
        assert!(reasons(world, "tess").is_empty(), "a second before the five minutes are over");
        world.advance(SignedDuration::from_secs(1)).await;
        assert_eq!(reasons(world, "tess"), ["incident lead: nobody else came"]);

        // Whoever says that they cannot is not waited for.
        let link = world.phones.of("tess").last().unwrap()["page"]["ack_url"].clone();
        let link = link.as_str().unwrap().strip_prefix(world.base()).unwrap().to_owned();
        let form = world.anybody().with("content-type", "application/x-www-form-urlencoded");
        let declined = form.send(Method::POST, &link, "action=decline").await;
        assert!(declined.status < 400, "{}", declined.text);
        world.settle().await;
        let engaged = said(&ana, "role_engaged").await;
        assert_eq!(
            engaged.last().unwrap(),
            "Nobody came as incident lead: asked bo",
            "{engaged:?}"
        );
        assert_eq!(reasons(world, "bo"), ["incident lead: nobody else came"]);

        world.advance(SignedDuration::from_mins(5)).await;
        let engaged = said(&ana, "role_engaged").await;
        assert_eq!(
            engaged.last().unwrap(),
            "Nobody came as incident lead, and nobody is left to ask"
        );
        assert_eq!(told(world, "ana"), ["Incident 1: nobody came as incident lead"]);
        assert_eq!(role(&ana.read(ROLES).await, "incident-lead")["asks_next_at"], json!(null));

        // Whoever was asked first may still come, by the link on the phone, though somebody has the
        // incident; then all the others are left in peace.
        let link = world.phones.of("lea")[0]["page"]["ack_url"].clone();
        let link = link.as_str().unwrap().strip_prefix(world.base()).unwrap().to_owned();
        let page = world.anybody().get(&link).await.text;
        assert!(page.contains("you are asked to come: incident lead on call"), "{page}");
        assert!(page.contains(">Acknowledge<") && page.contains(">Decline<"), "{page}");
        form.send(Method::POST, &link, "action=acknowledge").await;
        world.settle().await;
        let incident = ana.read("/api/v1/incidents/1").await;
        assert_eq!(incident["assignee"], "ana", "who has it stays the same");
        let roles = ana.read(ROLES).await;
        assert_eq!(holders(&roles, "incident-lead"), ["lea"]);
        assert_eq!(role(&roles, "incident-lead")["engaged"], json!([]));
    })
    .await;
}

#[tokio::test]
async fn boundaries_are_warned_of_and_keep_nobody_from_anything() {
    on_both_stores(async |world| {
        with_rotations(world, "").await;
        let (ana, bo) = (world.browser("ana").await, world.browser("bo").await);
        declare(&ana, world, 3).await;
        bo.post(&format!("{ROLES}/tester"), json!({})).await;
        let both = bo.post(&format!("{ROLES}/technical-assist"), json!({})).await;
        assert_eq!(both.status, 200, "{}", both.text);
        assert_eq!(both.json()["warnings"][0]["boundary"], "tester_is_technical");
        bo.post(&format!("{ROLES}/tester/leave"), json!({})).await;
        let alone = bo.post(&format!("{ROLES}/incident-lead"), json!({})).await;
        assert_eq!(alone.json()["warnings"][0]["boundary"], "lead_is_technical");
        bo.post(&format!("{ROLES}/technical-assist/leave"), json!({})).await;
        assert_eq!(bo.read(ROLES).await["warnings"], json!([]));
        let research = bo.post("/api/v1/incidents/1/research", json!({})).await;
        assert_eq!(research.status, 200, "{}", research.text);
        let roles = bo.read(ROLES).await;
        assert_eq!(roles["warnings"][0]["boundary"], "lead_troubleshoots");
        assert_eq!(said(&bo, "role_warning").await.len(), 3);

        // A technical action of whoever leads is the same, and is said of each once.
        ana.post(&format!("{ROLES}/incident-lead"), json!({})).await;
        let action = json!({
            "text": "Restart the cache", "why": "it is stale", "expected": "fewer errors", "undo": "none needed",
        });
        for _ in 0..2 {
            let written = ana.post("/api/v1/incidents/1/actions", action.clone()).await;
            assert!(written.status < 300, "{}", written.text);
        }
        assert_eq!(said(&bo, "role_warning").await.len(), 4);
    })
    .await;
}

#[tokio::test]
async fn the_last_recovery_restores_where_somebody_holds_a_role_and_resolves_where_nobody_does() {
    on_both_stores(async |world| {
        with_rotations(world, "").await;
        let ana = world.browser("ana").await;
        assert_eq!(world.event("trigger", "disk", "critical").await.status, 202);
        world.settle().await;
        ana.post(&format!("{ROLES}/technical-lead"), json!({})).await;
        assert_eq!(world.event("resolve", "disk", "critical").await.status, 202);
        world.settle().await;
        let incident = ana.read("/api/v1/incidents/1").await;
        assert_eq!(incident["status"], "restored");
        let moved = said(&ana, "status_changed").await;
        assert!(moved.last().unwrap().ends_with("whoever holds a role says when it is over"));
        let roles = ana.read(ROLES).await;
        let next = &role(&roles, "tester")["next_action"];
        assert_eq!(next, "Validate that it is truly over.");

        assert_eq!(world.event("trigger", "fan", "critical").await.status, 202);
        world.settle().await;
        ana.post("/api/v1/incidents/2/acknowledge", json!({})).await;
        assert_eq!(world.event("resolve", "fan", "critical").await.status, 202);
        world.settle().await;
        assert_eq!(ana.read("/api/v1/incidents/2").await["status"], "resolved");
    })
    .await;
}

#[tokio::test]
async fn roles_and_processes_are_configuration_with_places_for_what_is_wrong() {
    on_both_stores(async |world| {
        let severities = "severities:\n- level: 1\n  name: Outage\n  urgency: high\n  process:\n    \
                          roles:\n    - { role: pilot, required: true, engage: true }\n    \
                          hand_over_after: none\nroles:\n- name: pilot\n  title: Pilot\n  \
                          part: lead\n  rotation: { schedule: leads }\n";
        with_rotations(world, severities).await;
        let exported = world.admin().get("/api/v1/config/export").await.text;
        assert!(exported.contains("name: pilot") && exported.contains("hand_over_after: none"));
        let again = world.admin().send(Method::POST, "/api/v1/config/apply", exported).await;
        assert_eq!(again.json()["changes"], json!([]), "{}", again.text);
        let ana = world.browser("ana").await;
        declare(&ana, world, 1).await;
        assert_eq!(reasons(world, "lea"), ["pilot on call"]);
        assert!(reasons(world, "sky").is_empty(), "this process wants no scribe");
        let roles = ana.read(ROLES).await;
        assert_eq!((&roles["roles"][0]["role"], &roles["vacant"]), (&json!("pilot"), &json!(["pilot"])));

        for (wrong, place, why) in [
            ("roles: [ { name: x, part: boss } ]", "roles[0].part", "is not a part"),
            ("roles: [ { name: x, rotation: { schedule: y } } ]", "roles[0].rotation.schedule", "there is no schedule `y`"),
            ("roles: [ { name: x, rotation: { team: payments } } ]", "roles[0].rotation", "a rotation is"),
            ("severities: [ { level: 1, name: A, urgency: high, process: { roles: [ { role: y } ] } } ]",
             "severities[0].process.roles[0].role", "there is no role `y`"),
            ("severities: [ { level: 1, name: A, urgency: high, process: { roles: [ { role: scribe }, { role: scribe } ] } } ]",
             "severities[0].process.roles[1].role", "there is another role `scribe`"),
        ] {
            let answer = world.admin().send(Method::POST, "/api/v1/config/apply", wrong.to_owned()).await;
            assert_eq!(answer.status, 422, "{wrong}: {}", answer.text);
            assert!(answer.text.contains(place) && answer.text.contains(why), "{wrong}: {}", answer.text);
        }
    })
    .await;
}
