//! Mistakes about channels that the contract of Slack must notice.

use serde_json::{Value, json};

use crate::contract::judge::{Request, Rules as _, mistakes};
use crate::contract::slack::room::Room;
use crate::contract::slack::{ANA, BO, Slack, TOKEN};

const ROOM: &str = "C0ROOM00001";

fn call(method: &str, body: &Value) -> Request {
    Request::new("POST", &format!("/api/conversations.{method}"))
        .with("authorization", &format!("Bearer {TOKEN}"))
        .with("content-type", "application/json; charset=utf-8")
        .with_json(body)
}

fn create() -> Request {
    call("create", &json!({ "name": "inc-42", "is_private": true }))
}

fn topic() -> Request {
    call("setTopic", &json!({ "channel": ROOM, "topic": "Tom &amp; Jerry" }))
}

fn invite() -> Request {
    call("invite", &json!({ "channel": ROOM, "users": format!("{ANA},{BO}") }))
}

/// A workspace with a channel of the app and one of somebody else.
fn with_room() -> Slack {
    let room = Room { name: "inc-1".to_owned(), ..Room::default() };
    let rooms = [(ROOM.to_owned(), room)].into();
    Slack { rooms, names_taken: vec!["general".to_owned()], ..Slack::default() }
}

fn archived() -> Slack {
    let mut slack = with_room();
    if let Some(room) = slack.rooms.get_mut(ROOM) {
        room.is_archived = true;
    }
    slack
}

mistakes! { with_room, create();
    no_name: |r| r.edit(|b| b["name"] = Value::Null) => "invalid_name_required";
    an_empty_name: |r| r.edit(|b| b["name"] = json!("")) => "invalid_name";
    a_capital: |r| r.edit(|b| b["name"] = json!("Inc-42")) => "invalid_name";
    a_blank: |r| r.edit(|b| b["name"] = json!("inc 42")) => "invalid_name";
    a_dot: |r| r.edit(|b| b["name"] = json!("inc.42")) => "invalid_name";
    a_name_that_is_too_long: |r| r.edit(|b| b["name"] = json!("x".repeat(81))) => "invalid_name";
    the_name_of_somebody_else: |r| r.edit(|b| b["name"] = json!("general")) => "name_taken";
    a_name_of_our_own: |r| r.edit(|b| b["name"] = json!("inc-1")) => "name_taken";
    a_word_for_whether_it_is_private: |r| r.edit(|b| b["is_private"] = json!("yes")) => "invalid_arguments";
    a_get: |r| r.method = "GET".to_owned() => "invalid_post_type";
    no_charset: |r| r.set("content-type", "application/json") => "missing_charset";
}

mistakes! { with_room, topic();
    a_channel_that_does_not_exist: |r| r.edit(|b| b["channel"] = json!("C0NOTHING")) => "channel_not_found";
    a_topic_that_is_too_long: |r| r.edit(|b| b["topic"] = json!("x".repeat(251))) => "too_long";
    an_ampersand: |r| r.edit(|b| b["topic"] = json!("Tom & Jerry")) => "unescaped: &";
}

mistakes! { with_room, invite();
    nobody: |r| r.edit(|b| b["users"] = json!("")) => "no_user";
    a_list: |r| r.edit(|b| b["users"] = json!([ANA])) => "no_user";
    a_stranger: |r| r.edit(|b| b["users"] = json!(format!("{ANA},U0NOBODY"))) => "user_not_found";
}

fn fill() -> Request {
    let mut request = call("x", &json!({ "usergroup": "S0ONCALL1", "users": ANA }));
    request.target = "/api/usergroups.users.update".to_owned();
    request
}

fn with_group() -> Slack {
    Slack { groups: [("S0ONCALL1".to_owned(), Vec::new())].into(), ..Slack::default() }
}

mistakes! { with_group, fill();
    a_group_that_does_not_exist: |r| r.edit(|b| b["usergroup"] = json!("S0NOTHING")) => "no_such_subteam";
    an_empty_group: |r| r.edit(|b| b["users"] = json!("")) => "no_users_provided";
    a_list_of_people: |r| r.edit(|b| b["users"] = json!([ANA])) => "no_users_provided";
    a_person_by_name: |r| r.edit(|b| b["users"] = json!("@ana")) => "invalid_users";
}

#[test]
fn what_is_archived_takes_nothing_and_a_bot_does_not_bring_it_back() {
    let channel = json!({ "channel": ROOM });
    for (call, rule) in [
        (topic(), "is_archived"),
        (invite(), "is_archived"),
        (call("archive", &channel), "already_archived"),
        (call("unarchive", &channel), "not_in_channel"),
    ] {
        assert!(call.target.ends_with("archive") || with_room().judge(&call).is_ok());
        let broken = archived().judge(&call).err().map(|broken| broken.rule);
        assert_eq!(broken.as_deref(), Some(rule));
    }
}

#[test]
fn a_channel_is_as_private_as_it_was_asked_for() {
    let mut slack = with_room();
    assert!(slack.judge(&create()).is_ok());
    let made = slack.rooms.values().find(|room| room.name == "inc-42");
    assert!(made.is_some_and(|room| room.is_private) && !slack.rooms[ROOM].is_private);
}
