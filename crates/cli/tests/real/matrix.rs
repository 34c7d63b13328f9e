//! Matrix with a real homeserver: Synapse from PyPI with Muster as its application service. A page
//! arrives in a direct room, its edit says who has it, and a reaction in the room acknowledges.

use std::process::{Command, Stdio};

use muster_store::Engine;
use serde_json::{Value, json};

use super::world::{Process, World, free_port, request, wait_for};

/// Where `scripts/setup.sh test` puts the Python packages that Debian does not have.
const BIN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/test-venv/bin");
/// The person's password on the homeserver.
const PASSWORD: &str = "correct horse battery staple";

fn organization(homeserver: u16) -> String {
    format!(
        r#"
organization: {{ name: Shop, timezone: UTC }}
providers:
  - name: matrix
    type: matrix
    url: "http://127.0.0.1:{homeserver}"
    token: application-service-token
    homeserver_token: homeserver-token
users:
  - name: mia
    full_name: Mia Room
    email: mia@example.com
    role: responder
    timezone: UTC
    contact_methods: [ {{ name: matrix, type: matrix, address: "@mia:localhost" }} ]
    notification_rules: {{ high: [ {{ after: 0m, method: matrix }} ] }}
escalation_policies:
  - {{ name: mia, steps: [ {{ after: 0m, targets: [ {{ user: mia }} ] }} ] }}
services:
  - name: letters
    escalation_policy: mia
    grouping: none
    severity_map: [ {{ when: 'severity == "critical"', severity: 1 }} ]
    integrations: [ {{ name: in, type: pagerduty, key: letters-events-key }} ]
catch_all: {{ escalation_policy: mia }}
"#
    )
}

/// A homeserver with one inhabitant, `@mia:localhost`, whose token signs her in.
struct Homeserver {
    port: u16,
    token: String,
    _process: Process,
}

impl Homeserver {
    /// Starts it with Muster as its application service.
    fn start(world: &World, port: u16) -> Self {
        let at = |name: &str| world.path().join(name).display().to_string();
        let service = format!(
            r##"
id: muster
url: http://127.0.0.1:{}/callback/matrix
as_token: application-service-token
hs_token: homeserver-token
sender_localpart: muster
rate_limited: false
namespaces: {{ users: [], aliases: [ {{ regex: "#muster-.*", exclusive: true }} ], rooms: [] }}
"##,
            world.port
        );
        let service = world.file("muster-service.yaml", &service).display().to_string();
        let config = json!({
            "server_name": "localhost", "report_stats": false, "trusted_key_servers": [],
            "pid_file": at("synapse.pid"), "media_store_path": at("media"),
            "signing_key_path": at("signing.key"),
            "listeners": [{ "port": port, "type": "http", "bind_addresses": ["127.0.0.1"],
                            "resources": [{ "names": ["client"] }] }],
            "database": { "name": "sqlite3", "args": { "database": at("synapse.db") } },
            "registration_shared_secret": "shared", "bcrypt_rounds": 4,
            "macaroon_secret_key": "macaroons", "form_secret": "forms",
            "app_service_config_files": [service],
        });
        let config = world.file("homeserver.yaml", &config.to_string()).display().to_string();
        let synapse = |more: &[&str]| {
            let mut command = Command::new(format!("{BIN}/python"));
            command.args(["-m", "synapse.app.homeserver", "-c", &config]).args(more);
            command.current_dir(world.path()).stdout(Stdio::null());
            let log = std::fs::File::create(world.path().join("synapse.log"));
            command.stderr(log.expect("the temporary directory takes files"));
            command
        };
        let made = synapse(&["--generate-keys"]).status();
        assert!(made.expect("Synapse is there (scripts/setup.sh test)").success());
        let process = Process(synapse(&[]).spawn().expect("Synapse starts"));
        wait_for("the homeserver", || {
            let answer = request(port, "GET", "/_matrix/client/versions", "", None).ok()?;
            (answer.0 == 200).then_some(())
        });
        let registered = Command::new(format!("{BIN}/register_new_matrix_user"))
            .args(["-c", &config, "-u", "mia", "-p", PASSWORD, "--no-admin"])
            .arg(format!("http://127.0.0.1:{port}"))
            .output()
            .expect("the script is part of Synapse");
        let complaint = String::from_utf8_lossy(&registered.stderr);
        assert!(registered.status.success(), "{complaint}");
        let mut homeserver = Self { port, token: String::new(), _process: process };
        let user = json!({ "type": "m.id.user", "user": "mia" });
        let login = json!({ "type": "m.login.password", "identifier": user, "password": PASSWORD });
        let session = homeserver.ask("POST", "login", Some(&login));
        session["access_token"].as_str().expect("a token").clone_into(&mut homeserver.token);
        homeserver
    }

    /// What Mia's client asks of the client interface.
    fn ask(&self, method: &str, path: &str, body: Option<&Value>) -> Value {
        let path = format!("/_matrix/client/v3/{path}");
        let body = body.map(Value::to_string);
        let (status, answer) =
            request(self.port, method, &path, &self.token, body.as_deref()).expect("an answer");
        assert_eq!(status, 200, "{method} {path}: {answer}");
        serde_json::from_str(&answer).expect("a homeserver speaks JSON")
    }

    /// The room that Mia was invited to, which she enters.
    fn enter(&self) -> String {
        // The homeserver gives the same answer to the same question for a while.
        let mut since = String::new();
        let room = wait_for("an invitation", || {
            let sync = self.ask("GET", &format!("sync{since}"), None);
            since = format!("?since={}", sync["next_batch"].as_str()?);
            sync["rooms"]["invite"].as_object()?.keys().next().cloned()
        });
        self.ask("POST", &format!("join/{room}"), Some(&json!({})));
        room
    }

    /// The first message of a room that `wanted` fits.
    fn message(&self, room: &str, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        wait_for(what, || {
            let messages = self.ask("GET", &format!("rooms/{room}/messages?dir=b&limit=50"), None);
            let mut found = messages["chunk"].as_array()?.iter();
            found.find(|event| event["type"] == "m.room.message" && wanted(event)).cloned()
        })
    }
}

fn event(world: &World, key: &str) {
    let body = json!({
        "routing_key": "letters-events-key", "event_action": "trigger", "dedup_key": key,
        "payload": { "summary": format!("{key} <b>now</b>"), "source": "story", "severity": "critical" },
    });
    let body = body.to_string();
    let (status, body) =
        request(world.port, "POST", "/v2/enqueue", "", Some(&body)).expect("an answer");
    assert_eq!(status, 202, "{body}");
}

fn says(event: &Value, what: &str) -> bool {
    event["content"]["body"].as_str().is_some_and(|body| body.contains(what))
}

fn a_page_in_a_room(engine: Engine) {
    let port = free_port();
    let world = World::start(engine, |_| organization(port));
    let homeserver = Homeserver::start(&world, port);

    event(&world, "queue is full");
    let room = homeserver.enter();
    let page = homeserver.message(&room, "the page", |event| says(event, "queue is full"));
    assert_eq!(page["sender"], "@muster:localhost");
    let html = page["content"]["formatted_body"].as_str().expect("it has markup of its own");
    assert!(html.contains("&lt;b&gt;now") && !html.contains("<b>now"), "{html}");

    // Somebody else takes it, and the message says so.
    let (status, body) =
        world.http("POST", "/api/v1/incidents/1/acknowledge", Some("{}")).expect("an answer");
    assert_eq!(status, 200, "{body}");
    let edit = homeserver.message(&room, "the edit", |event| {
        event["content"]["m.relates_to"]["rel_type"] == "m.replace"
    });
    assert_eq!(edit["content"]["m.relates_to"]["event_id"], page["event_id"]);
    let new = &edit["content"]["m.new_content"]["body"];
    assert!(new.as_str().is_some_and(|text| text.contains("cknowledged by story")), "{new}");

    // The next page comes into the same room, and a reaction takes it.
    event(&world, "disk is full");
    let second = homeserver.message(&room, "the second page", |event| says(event, "disk is full"));
    let relation =
        json!({ "rel_type": "m.annotation", "event_id": second["event_id"], "key": "👍" });
    let reaction = json!({ "m.relates_to": relation });
    homeserver.ask("PUT", &format!("rooms/{room}/send/m.reaction/one"), Some(&reaction));
    wait_for("the acknowledgement", || {
        (world.get("/incidents/2")["status"] == "acknowledged").then_some(())
    });
    assert_eq!(world.get("/incidents/2")["assignee"], "mia");
    let ledger = world.all("/incidents/1/pages");
    assert_eq!(ledger[0]["deliveries"][0]["attempts"][0]["outcome"], "accepted");
}

#[test]
fn a_page_arrives_in_a_matrix_room_and_a_reaction_takes_it_on_sqlite() {
    a_page_in_a_room(Engine::Sqlite);
}

#[test]
fn a_page_arrives_in_a_matrix_room_and_a_reaction_takes_it_on_postgresql() {
    a_page_in_a_room(Engine::Postgres);
}
