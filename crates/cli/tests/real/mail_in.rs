//! Mail that comes in through Debian's Postfix: it takes letters from anybody and hands them to
//! Muster over LMTP, and it takes Muster's own letters and brings them to people. An alert by mail
//! becomes an incident and a page by mail, whose answer by mail acknowledges it.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use muster_store::Engine;

use super::mail::Post;
use super::world::{Process, World, free_port, wait_for};

const SBIN: &str = "/usr/lib/postfix/sbin";

/// A Postfix of the story's own, beside whatever the machine runs.
struct Postfix {
    _master: Process,
    port: u16,
}

impl Postfix {
    /// Starts it in a directory. Letters for `alerts.example.com` go to `lmtp`, those for
    /// `example.com` to `people`.
    fn start(dir: &Path, port: u16, lmtp: u16, people: u16) -> Self {
        let config = dir.join("config");
        for sub in ["config", "queue", "data"] {
            std::fs::create_dir_all(dir.join(sub)).expect("the temporary directory takes folders");
        }
        // Its daemons are not root and still have to get to their queue.
        for path in [dir, &config] {
            let open = std::fs::Permissions::from_mode(0o755);
            std::fs::set_permissions(path, open).expect("the directory is ours");
        }
        let (root, data) = (dir.display(), dir.join("data"));
        let main = format!(
            "compatibility_level = 3.6\n\
             queue_directory = {root}/queue\ndata_directory = {root}/data\n\
             daemon_directory = {SBIN}\ncommand_directory = /usr/sbin\n\
             inet_interfaces = 127.0.0.1\ninet_protocols = ipv4\n\
             myhostname = mx.example.com\nmydestination =\nalias_maps =\nlocal_recipient_maps =\n\
             mynetworks = 127.0.0.0/8\nsmtpd_relay_restrictions = permit_mynetworks, reject\n\
             relay_domains = alerts.example.com, example.com\nsmtp_host_lookup = native\n\
             transport_maps = inline:{{ {{ alerts.example.com = lmtp:inet:127.0.0.1:{lmtp} }}, \
             {{ example.com = smtp:[127.0.0.1]:{people} }} }}\n\
             maillog_file = {root}/mail.log\nmaillog_file_prefixes = {root}\n",
        );
        let services = [
            format!("127.0.0.1:{port} inet n - n - - smtpd"),
            "pickup unix n - n 60 1 pickup".to_owned(),
            "cleanup unix n - n - 0 cleanup".to_owned(),
            "qmgr unix n - n 1 1 qmgr".to_owned(),
            "rewrite unix - - n - - trivial-rewrite".to_owned(),
            "bounce unix - - n - 0 bounce".to_owned(),
            "defer unix - - n - 0 bounce".to_owned(),
            "trace unix - - n - 0 bounce".to_owned(),
            "proxymap unix - - n - - proxymap".to_owned(),
            "smtp unix - - n - - smtp".to_owned(),
            "relay unix - - n - - smtp".to_owned(),
            "lmtp unix - - n - - lmtp".to_owned(),
            "error unix - - n - - error".to_owned(),
            "retry unix - - n - - error".to_owned(),
            "anvil unix - - n - 1 anvil".to_owned(),
            "scache unix - - n - 1 scache".to_owned(),
            "postlog unix-dgram n - n - 1 postlogd".to_owned(),
        ];
        std::fs::write(config.join("main.cf"), main).expect("the directory is ours");
        std::fs::write(config.join("master.cf"), services.join("\n") + "\n").expect("as above");
        let owned = Command::new("chown").arg("postfix").arg(&data).status();
        assert!(owned.is_ok_and(|status| status.success()), "Postfix must be started by root");
        let check = Command::new("/usr/sbin/postfix").arg("-c").arg(&config).arg("check").output();
        let check = check.expect("postfix is installed (Debian: postfix)");
        assert!(check.status.success(), "{}", String::from_utf8_lossy(&check.stderr));
        let master = Command::new(format!("{SBIN}/master"))
            .args(["-d", "-c"])
            .arg(&config)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("postfix is installed");
        wait_for("Postfix", || TcpStream::connect(("127.0.0.1", port)).ok());
        Self { _master: Process(master), port }
    }

    /// Hands a letter over; Postfix queues it, whatever becomes of it.
    fn takes(&self, from: &str, to: &str, letter: &str) {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).expect("Postfix listens");
        stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a time limit");
        let mut reader = BufReader::new(stream);
        let mut says = |command: Option<String>, expected: &str| {
            if let Some(command) = command {
                reader.get_mut().write_all(command.as_bytes()).expect("Postfix listens");
            }
            let mut reply = String::new();
            reader.read_line(&mut reply).expect("Postfix answers");
            assert!(reply.starts_with(expected), "{reply}");
        };
        says(None, "220");
        says(Some("HELO client.example.com\r\n".to_owned()), "250");
        says(Some(format!("MAIL FROM:<{from}>\r\n")), "250");
        says(Some(format!("RCPT TO:<{to}>\r\n")), "250");
        says(Some("DATA\r\n".to_owned()), "354");
        says(Some(format!("{}\r\n.\r\n", letter.replace('\n', "\r\n"))), "250");
        says(Some("QUIT\r\n".to_owned()), "221");
    }
}

fn organization(_phones: u16) -> String {
    r#"
organization: { name: Shop, timezone: UTC }
users:
  - name: mia
    full_name: Mia Post
    email: mia@example.com
    role: responder
    timezone: UTC
    contact_methods: [ { name: mail, type: email, address: mia@example.com } ]
    notification_rules: { high: [ { after: 0m, method: mail } ] }
escalation_policies:
  - { name: mia, steps: [ { after: 0m, targets: [ { user: mia } ] } ] }
services:
  - name: letters
    escalation_policy: mia
    integrations: [ { name: in, type: email, key: letters-mail-key } ]
catch_all: { escalation_policy: mia }
"#
    .to_owned()
}

fn through_postfix(engine: Engine) {
    let people = Post::open();
    let (port, lmtp) = (free_port(), free_port());
    let dir = tempfile::tempdir().expect("a temporary directory");
    let postfix = Postfix::start(dir.path(), port, lmtp, people.port);
    let smtp = format!("smtp://127.0.0.1:{port}?tls=none");
    let lmtp = format!("127.0.0.1:{lmtp}");
    let more = ["--smtp-url", &smtp, "--lmtp-listen", &lmtp, "--mail-domain", "alerts.example.com"];
    let world = World::start_with(engine, &more, organization);

    let cron = include_str!("../../../integrations/tests/fixtures/email/cron.eml");
    postfix.takes("root@db1.example.com", "letters-mail-key+backup@alerts.example.com", cron);
    let mailbox = wait_for("the page in the mail", || {
        let text = people.text();
        let tag = text.split("Reply-To: ack+").nth(1)?.split('@').next()?.to_owned();
        Some(format!("ack+{tag}@alerts.example.com"))
    });
    let alert = &world.all("/alerts")[0];
    assert_eq!(alert["dedup_key"], "backup");
    assert_eq!(alert["details"]["text"], "backup failed: exit 2");
    assert_eq!(alert["details"]["envelope_from"], "root@db1.example.com");
    assert_eq!(world.get("/incidents/1")["status"], "triggered");

    let answer = "From: Mia <mia@example.com>\nSubject: Re: [SEV2] letters\n\nack\n\n> resolve\n";
    postfix.takes("mia@example.com", &mailbox, answer);
    wait_for("the acknowledgement", || {
        (world.get("/incidents/1")["status"] == "acknowledged").then_some(())
    });
    assert_eq!(world.get("/incidents/1")["assignee"], "mia");
    wait_for("what became of the answer, by mail", || {
        people.text().contains("You have 1.").then_some(())
    });

    // Muster refuses whom it does not know, and Postfix tells the sender.
    postfix.takes("mia@example.com", "nobody@alerts.example.com", "Subject: x\n\nx\n");
    wait_for("the bounce", || people.text().contains("5.1.1").then_some(()));
    assert_eq!(world.all("/incidents").len(), 1);
}

#[test]
fn an_alert_by_mail_pages_and_is_answered_by_mail_through_postfix_on_sqlite() {
    through_postfix(Engine::Sqlite);
}

#[test]
fn an_alert_by_mail_pages_and_is_answered_by_mail_through_postfix_on_postgresql() {
    through_postfix(Engine::Postgres);
}
