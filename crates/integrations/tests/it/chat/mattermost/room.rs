//! Mistakes about channels that the contract of Mattermost must notice.

use serde_json::{Value, json};

use crate::contract::judge::{Request, Rules as _, mistakes};
use crate::contract::mattermost::room::{Room, TEAM};
use crate::contract::mattermost::{ANA, Mattermost, TOKEN};

const ROOM: &str = "room1room1room1room1room10";

fn call(method: &str, target: &str, body: &Value) -> Request {
    Request::new(method, target)
        .with("authorization", &format!("Bearer {TOKEN}"))
        .with("content-type", "application/json")
        .with_json(body)
}

fn create() -> Request {
    let body = json!({ "team_id": TEAM, "name": "inc-42", "display_name": "inc-42", "type": "P" });
    call("POST", "/api/v4/channels", &body)
}

fn header() -> Request {
    let target = format!("/api/v4/channels/{ROOM}/patch");
    call("PUT", &target, &json!({ "header": "SEV1 · [incident](https://example.com/)" }))
}

fn member() -> Request {
    call("POST", &format!("/api/v4/channels/{ROOM}/members"), &json!({ "user_id": ANA }))
}

fn with_room() -> Mattermost {
    let room = Room { name: "inc-1".to_owned(), ..Room::default() };
    let rooms = [(ROOM.to_owned(), room)].into();
    Mattermost { rooms, names_taken: vec!["town-square".to_owned()], ..Mattermost::default() }
}

fn archived() -> Mattermost {
    let mut server = with_room();
    if let Some(room) = server.rooms.get_mut(ROOM) {
        room.is_archived = true;
    }
    server
}

mistakes! { with_room, create();
    no_team: |r| r.edit(|b| b["team_id"] = Value::Null) => "model.channel.is_valid.team_id.app_error";
    the_name_of_a_team: |r| r.edit(|b| b["team_id"] = json!("shop")) => "model.channel.is_valid.team_id.app_error";
    a_capital: |r| r.edit(|b| b["name"] = json!("Inc-42")) => "model.channel.is_valid.2_or_more.app_error";
    a_name_that_is_too_long: |r| r.edit(|b| b["name"] = json!("x".repeat(65))) => "model.channel.is_valid.2_or_more.app_error";
    no_name_for_people: |r| r.edit(|b| b["display_name"] = Value::Null) => "model.channel.is_valid.display_name.app_error";
    a_type_in_words: |r| r.edit(|b| b["type"] = json!("private")) => "model.channel.is_valid.type.app_error";
    the_name_of_somebody_else: |r| r.edit(|b| b["name"] = json!("town-square")) => "store.sql_channel.save_channel.exists.app_error";
    no_token: |r| r.drop_header("authorization") => "api.context.session_expired.app_error";
}

mistakes! { with_room, header();
    a_header_that_is_too_long: |r| r.edit(|b| b["header"] = json!("x".repeat(1025))) => "model.channel.is_valid.header.app_error";
    a_channel_that_does_not_exist: |r| r.target = format!("/api/v4/channels/{ANA}/patch") => "api.context.404.app_error";
}

mistakes! { with_room, member();
    the_name_of_a_person: |r| r.edit(|b| b["user_id"] = json!("@ana")) => "api.context.invalid_body_param.app_error";
    a_stranger: |r| r.edit(|b| b["user_id"] = json!(TEAM)) => "app.user.missing_account.const";
}

#[test]
fn what_is_archived_takes_nothing_until_it_is_restored() {
    let restore = call("POST", &format!("/api/v4/channels/{ROOM}/restore"), &json!({}));
    let mut server = archived();
    for call in [header(), member()] {
        let broken = server.judge(&call).err().map(|broken| broken.rule);
        assert_eq!(broken.as_deref(), Some("api.channel.delete_channel.deleted.app_error"));
    }
    assert!(server.judge(&restore).is_ok());
    assert!(server.judge(&header()).is_ok() && server.judge(&restore).is_err());
}

#[test]
fn a_channel_is_as_private_as_it_was_asked_for() {
    let mut server = with_room();
    assert!(server.judge(&create()).is_ok());
    let made = server.rooms.values().find(|room| room.name == "inc-42");
    assert!(made.is_some_and(|room| room.is_private) && !server.rooms[ROOM].is_private);
}
