//! The demonstration, from its first words to the acknowledgement of its first page.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

use super::world::World;

/// The demonstration, ended with the story.
struct Demo(Child);

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The rest of the first line that holds `mark`.
fn rest_of(lines: &mut impl Iterator<Item = String>, mark: &str) -> String {
    let found = lines.find_map(|line| Some(line.split_once(mark)?.1.trim().to_owned()));
    found.unwrap_or_else(|| panic!("the demonstration never said {mark:?}"))
}

fn post(url: &str) -> String {
    let rest = url.strip_prefix("http://").expect("a plain address");
    let (host, path) = rest.split_once('/').expect("a path");
    let mut stream = TcpStream::connect(host).expect("it listens");
    write!(
        stream,
        "POST /{path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
    )
    .expect("it reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("it answers");
    answer
}

#[test]
fn a_page_rings_is_acknowledged_by_its_link_and_nothing_is_left_behind() {
    let world = World::new();
    let mut command = world.bare(&["demo", "--listen", "127.0.0.1:0"]);
    command.env("TMPDIR", world.path()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut demo = Demo(command.spawn().expect("the binary runs"));
    let out = demo.0.stdout.take().expect("a pipe");
    let mut lines = BufReader::new(out).lines().map_while(Result::ok);
    let app = rest_of(&mut lines, "app  ");
    assert!(app.ends_with("/app/"), "{app}");
    assert!(rest_of(&mut lines, "sign in  ").starts_with("ana / "));
    let data = rest_of(&mut lines, "muster --data ");
    let data = data.split_whitespace().next().expect("a directory").to_owned();

    let link = rest_of(&mut lines, "acknowledge: ");
    assert!(post(&link).starts_with("HTTP/1.1 200"), "the link acknowledges");
    let listed = world.bare(&["--data", &data, "incident", "list"]).output().expect("it runs");
    let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
    assert!(listed.contains("acknowledged") && listed.contains("ana"), "{listed}");
    let past = world.bare(&["--data", &data, "incident", "list", "status:closed"]).output();
    let past = past.expect("it runs");
    assert!(String::from_utf8_lossy(&past.stdout).lines().count() > 4);

    let pid = demo.0.id().to_string();
    assert!(Command::new("kill").args(["-INT", &pid]).status().expect("kill runs").success());
    assert_eq!(demo.0.wait().expect("it ends").code(), Some(0));
    let left = std::fs::read_dir(world.path()).expect("it is there").count();
    assert_eq!(left, 0, "nothing is left behind");
}
