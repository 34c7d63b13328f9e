//! What holding a role means: the duties and the next action of every default role as the incident
//! moves (`R3`), and what it costs people to hold them (`R4`).

use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::harness::{Client, on_both_stores};
use crate::roles::{declare, with_rotations};

const ROLES: &str = "/api/v1/incidents/1/roles";
const AUDIENCES: [(&str, &str); 3] = [
    ("communication-lead-internal", "colleagues"),
    ("communication-lead-external", "customers"),
    ("communication-lead-management", "upper management"),
];
const CAUSE: &str = "Look for the cause, and say that you do.";
const FIND: &str = "Find the cause, and say when it is known.";
const FIX: &str = "Carry out the fix: one major change at a time.";
const STAY: &str = "Stay until the testers have validated it.";
const OVER: &str = "Nothing: it is over. Thank you.";
const STAND_BY: &str = "Stand by until the technical roles ask for a test.";

/// The duties of the roles that speak to nobody outside.
const DUTIES: [(&str, &[&str]); 6] = [
    (
        "incident-lead",
        &[
            "Keep order and focus: restore the service first, analyse afterwards.",
            "Assign the roles and see that they are held.",
            "Engage the people it takes, and escalate where nothing moves.",
            "Set the priorities and help to decide; do not troubleshoot yourself.",
            "See that progress is written down and each audience hears of it.",
            "Sign off the end, and see that what follows has owners.",
        ],
    ),
    (
        "technical-lead",
        &[
            "Review the logs and graphs of the outage.",
            "Form the picture of the cause together with the technical assist.",
            "Give away what can be done beside you.",
            "Draft the fix and carry it out, one major change at a time.",
        ],
    ),
    (
        "technical-assist",
        &[
            "Take what the technical lead asks for, or find who can.",
            "Try other routes without disturbing the technical lead's.",
            "Coordinate further engineers who help.",
            "Tell the scribe what happens, so that nobody asks the technical lead.",
        ],
    ),
    (
        "scribe",
        &[
            "Keep the timeline: what happened when, roughly timed.",
            "Ask the technical assist after 30 to 60 minutes without news.",
            "Keep the communication leads up to date, also that nothing is new.",
            "Draft the summary timeline and the statistics at the end.",
        ],
    ),
    (
        "tester",
        &[
            "Test and give feedback when the technical roles ask for it.",
            "Validate with fresh eyes that it is truly over.",
            "Hold no technical role beside this one.",
        ],
    ),
    (
        "front-line",
        &[
            "Engage and notify, and write down who was engaged, joined and was released.",
            "Write down what customers and colleagues report.",
            "Watch for alerts and changes around the same time.",
            "Remind everybody, the lead too, that the service comes first.",
        ],
    ),
];

fn duties_of_speakers(audience: &str) -> Vec<String> {
    vec![
        format!("Answer the questions of {audience}."),
        "Send no update within 30 minutes of the last, and never none for 60.".to_owned(),
        "Ask the scribe for the latest before you write.".to_owned(),
        format!("Say it in the words of {audience}, not in those of the timeline."),
        "Note when, where and what was said.".to_owned(),
    ]
}

/// What is next while it is triggered, researched, identified, restored and resolved.
const NEXT: [(&str, [&str; 5]); 6] = [
    (
        "incident-lead",
        [
            "See that somebody works on the cause: nobody has taken it yet.",
            DUTIES[0].1[0],
            DUTIES[0].1[0],
            "Have the testers validate it, then sign it off.",
            "See that what follows has owners, then close it.",
        ],
    ),
    ("technical-lead", [CAUSE, FIND, FIX, STAY, OVER]),
    ("technical-assist", [CAUSE, FIND, FIX, STAY, OVER]),
    (
        "scribe",
        [
            DUTIES[3].1[0],
            DUTIES[3].1[0],
            DUTIES[3].1[0],
            DUTIES[3].1[0],
            "Draft the summary timeline and the statistics.",
        ],
    ),
    ("tester", [STAND_BY, STAND_BY, STAND_BY, "Validate that it is truly over.", OVER]),
    ("front-line", [DUTIES[5].1[0], DUTIES[5].1[0], DUTIES[5].1[0], DUTIES[5].1[0], OVER]),
];

fn of(roles: &Value, name: &str, field: &str) -> Value {
    let all = roles["roles"].as_array().unwrap();
    all.iter().find(|role| role["role"] == name).unwrap()[field].clone()
}

async fn check(client: &Client<'_>, place: usize) {
    let roles = client.read(ROLES).await;
    for (role, next) in NEXT {
        assert_eq!(of(&roles, role, "next_action"), next[place], "{role}, {place}");
    }
    for (role, audience) in AUDIENCES {
        let first = format!("Answer the questions of {audience}.");
        let next = match place {
            3 => "Tell your audience that the service is restored.",
            4 => "Tell your audience that it is over, and note what was said.",
            _ => &first,
        };
        assert_eq!(of(&roles, role, "next_action"), next, "{role}, {place}");
    }
}

#[tokio::test]
async fn every_default_role_has_its_duties_and_a_next_action_in_every_state() {
    on_both_stores(async |world| {
        with_rotations(world, "").await;
        let ana = world.browser("ana").await;
        declare(&ana, world, 3).await;
        let roles = ana.read(ROLES).await;
        for (role, duties) in DUTIES {
            assert_eq!(of(&roles, role, "duties"), json!(duties), "{role}");
        }
        for (role, audience) in AUDIENCES {
            assert_eq!(of(&roles, role, "duties"), json!(duties_of_speakers(audience)), "{role}");
        }
        assert_eq!(roles["roles"].as_array().unwrap().len(), DUTIES.len() + AUDIENCES.len());
        check(&ana, 0).await;
        for (place, step) in ["research", "identify", "restore", "resolve"].iter().enumerate() {
            let moved = ana.post(&format!("/api/v1/incidents/1/{step}"), json!({})).await;
            assert_eq!(moved.status, 200, "{step}: {}", moved.text);
            check(&ana, place + 1).await;
        }
    })
    .await;
    on_both_stores(async |world| {
        with_rotations(world, "").await;
        let ana = world.browser("ana").await;
        declare(&ana, world, 1).await;
        let next = of(&ana.read(ROLES).await, "incident-lead", "next_action");
        let missing = "Find somebody for: incident lead, technical lead, scribe, communication lead, \
                       internal, tester.";
        assert_eq!(next, missing);
    })
    .await;
}

async fn roles_of(client: &Client<'_>, query: &str) -> Vec<(String, Vec<Value>)> {
    let report = client.read(&format!("/api/v1/reports/on-call?{query}")).await;
    let people = report["people"].as_array().unwrap().iter();
    let people = people.map(|person| {
        let roles = person["roles"].as_array().unwrap().clone();
        (person["user"].as_str().unwrap().to_owned(), roles)
    });
    people.filter(|(_, roles)| !roles.is_empty()).collect()
}

#[tokio::test]
async fn the_fairness_report_tells_who_carried_which_role_for_how_long() {
    on_both_stores(async |world| {
        with_rotations(world, "").await;
        let (ana, sky) = (world.browser("ana").await, world.browser("sky").await);
        // It is 04:00 in Berlin.
        declare(&ana, world, 3).await;
        ana.post(&format!("{ROLES}/incident-lead"), json!({})).await;
        sky.post(&format!("{ROLES}/scribe"), json!({})).await;
        world.advance(SignedDuration::from_hours(3)).await;
        let handed = ana.post(&format!("{ROLES}/incident-lead/leave"), json!({})).await;
        assert_eq!(handed.status, 200, "{}", handed.text);
        world.advance(SignedDuration::from_hours(1)).await;
        let second = json!({ "title": "Slow", "service": "checkout", "severity": 3 });
        assert_eq!(ana.post("/api/v1/incidents", second).await.status, 201);
        world.settle().await;
        sky.post("/api/v1/incidents/2/roles/scribe", json!({})).await;
        world.advance(SignedDuration::from_hours(1)).await;

        let boss = world.with_role("manager");
        let query = "from=2026-11-21T00:00:00Z&to=2026-11-22T00:00:00Z";
        let told = roles_of(&boss, query).await;
        let role = |role: &str, title: &str, hours: i64, night: i64, incidents: i64| {
            json!({ "role": role, "title": title, "held_seconds": hours * 3_600,
                    "night_seconds": night * 3_600, "incidents": incidents })
        };
        let scribe = role("scribe", "Scribe", 5, 2, 2);
        assert_eq!(
            told,
            [
                ("ana".to_owned(), vec![role("incident-lead", "Incident lead", 3, 2, 1)]),
                ("sky".to_owned(), vec![scribe.clone()]),
            ]
        );
        // Of one's own, and not of others.
        assert_eq!(roles_of(&sky, query).await, [("sky".to_owned(), vec![scribe])]);
        let schedule = format!("{query}&schedule=leads");
        assert!(roles_of(&boss, &schedule).await.is_empty(), "a schedule is no incident");
        let before = "from=2026-11-20T00:00:00Z&to=2026-11-21T00:00:00Z";
        assert!(roles_of(&boss, before).await.is_empty());
        let team = roles_of(&boss, &format!("{query}&team=payments")).await;
        assert_eq!(team.len(), told.len());
    })
    .await;
}
