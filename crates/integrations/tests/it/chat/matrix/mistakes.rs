//! Mistakes that the contract of a Matrix homeserver must notice.

use serde_json::{Value, json};

use crate::contract::judge::{Request, Rules as _, mistakes};
use crate::contract::matrix::{ANA, Matrix, TOKEN};

fn call(method: &str, path: &str, body: &Value) -> Request {
    Request::new(method, &format!("/_matrix/client/v3/{path}"))
        .with("authorization", &format!("Bearer {TOKEN}"))
        .with("content-type", "application/json")
        .with_json(body)
}

fn message() -> Request {
    let body = json!({
        "msgtype": "m.text", "body": "Disk full", "format": "org.matrix.custom.html",
        "formatted_body": "<strong>Disk &lt;full&gt;</strong><br/><a href=\"https://example.com/?a=1&amp;b=2\">page</a>"
    });
    call("PUT", "rooms/%21incidents%3Aexample.org/send/m.room.message/txn1", &body)
}

fn conversation() -> Request {
    let body = json!({"preset": "trusted_private_chat", "is_direct": true, "invite": [ANA], "room_alias_name": "muster-ana"});
    call("POST", "createRoom", &body)
}

fn html(text: &'static str) -> impl FnOnce(&mut Request) {
    move |request| request.edit(|body| body["formatted_body"] = json!(text))
}

mod a_message {
    use super::*;

    mistakes! { Matrix::default, message();
        no_token: |r| r.drop_header("authorization") => "no token";
        the_token_of_somebody_else: |r| r.set("authorization", "Bearer other") => "another token";
        a_token_in_the_query: |r| r.target.push_str("?access_token=x") => "a token in the query";
        a_path_of_no_version: |r| r.target = r.target.replace("/v3", "") => "no such endpoint";
        a_post: |r| r.method = "POST".to_owned() => "only PUT is idempotent";
        another_type_of_event: |r| r.target = r.target.replace("m.room.message", "m.room.text")
            => "another type of event";
        a_room_where_it_is_not: |r| r.target = r.target.replace("incidents", "other") => "not in that room";
        an_alias_for_a_room: |r| r.target = r.target.replace("%21", "%23") => "not a room id";
        a_transaction_id_that_is_too_long: |r| r.target.push_str(&"x".repeat(255)) => "not a transaction id";
        broken_json: |r| { r.body.pop(); } => "not JSON";
        a_list_for_a_body: |r| r.body = "[]".to_owned() => "not an object";
        more_than_an_event_holds: |r| r.edit(|b| b["body"] = json!("x".repeat(65_537))) => "event too large";
        nothing_to_say: |r| r.edit(|b| b["body"] = json!("")) => "a message without a body";
        a_message_of_no_known_type: |r| r.edit(|b| b["msgtype"] = json!("m.page"))
            => "a message of no known type";
        html_without_its_format: |r| r.edit(|b| b["format"] = Value::Null) => "a format that is not known";
        a_script: html("<script>alert(1)</script>") => "a tag that is not let pass";
        an_image: html("<img src=\"https://evil.example/\">") => "a tag that is not let pass";
        an_event_handler: html("<b onclick=\"x()\">x</b>") => "an attribute that is not let pass";
        a_link_to_a_script: html("<a href=\"javascript:x\">x</a>") => "an attribute that is not let pass";
        a_bare_ampersand: html("Tom & Jerry") => "a bare ampersand";
        a_bare_bracket: html("a < b") => "a bare bracket";
        a_relation_of_no_known_type: |r| r.edit(|b| b["m.relates_to"] = json!({"rel_type": "m.thing"}))
            => "a relation of no known type";
        a_reply_to_nothing: |r| r.edit(|b| b["m.relates_to"] = json!({"m.in_reply_to": {"event_id": "$x"}}))
            => "a reply to nothing";
        an_edit_of_nothing: |r| r.edit(|b| b["m.relates_to"] = json!({"rel_type": "m.replace", "event_id": "$x"}))
            => "an edit of an event that does not exist";
    }

    fn after_the_message(change: impl FnOnce(&mut Request)) -> String {
        let mut matrix = Matrix::default();
        matrix.judge(&message()).expect("the message");
        let mut next = message();
        change(&mut next);
        matrix.judge(&next).expect_err("refused").rule
    }

    #[test]
    fn a_transaction_id_for_another_text() {
        let rule = after_the_message(|r| r.edit(|b| b["body"] = json!("Another")));
        assert_eq!(rule, "a transaction that was used for another text");
    }

    #[test]
    fn an_edit_without_new_content() {
        let rule = after_the_message(|r| {
            r.target.push('x');
            r.edit(|b| b["m.relates_to"] = json!({"rel_type": "m.replace", "event_id": "$event1"}));
        });
        assert_eq!(rule, "an edit without its new content");
    }

    #[test]
    fn an_edit_without_fallback() {
        let rule = after_the_message(|r| {
            r.target.push('x');
            r.edit(|b| {
                b["m.relates_to"] = json!({"rel_type": "m.replace", "event_id": "$event1"});
                b["m.new_content"] = json!({"msgtype": "m.text", "body": "Acknowledged"});
            });
        });
        assert_eq!(rule, "an edit without a fallback");
    }
}

mod a_conversation {
    use super::*;

    mistakes! { Matrix::default, conversation();
        somebody_who_does_not_exist: |r| r.edit(|b| b["invite"] = json!(["@x:example.org"]))
            => "nobody of that name";
        nobody: |r| r.edit(|b| b["invite"] = json!([])) => "nobody of that name";
        a_room_that_everybody_reads: |r| r.edit(|b| b["preset"] = json!("public_chat"))
            => "a conversation that everybody reads";
        no_preset: |r| r.edit(|b| b["preset"] = Value::Null) => "no such preset";
        no_alias_to_find_it_by: |r| r.edit(|b| b["room_alias_name"] = Value::Null)
            => "an alias that is more than its local part";
        a_whole_alias: |r| r.edit(|b| b["room_alias_name"] = json!("#muster-ana:example.org"))
            => "an alias that is more than its local part";
        a_room_that_is_not_direct: |r| r.edit(|b| b["is_direct"] = json!(false))
            => "a conversation that is not marked direct";
    }
}

mod membership {
    use super::*;
    use crate::contract::matrix::{INVITED, ROOM};

    fn with_a_room() -> Matrix {
        let mut matrix = Matrix::default();
        matrix.judge(&conversation()).expect("the room");
        matrix.membership.insert("!direct0:example.org".to_owned(), "leave".to_owned());
        matrix
    }

    fn invite() -> Request {
        call("POST", "rooms/%21direct0%3Aexample.org/invite", &json!({"user_id": ANA}))
    }

    fn join() -> Request {
        call(
            "POST",
            &format!("join/{}", INVITED.replace('!', "%21").replace(':', "%3A")),
            &json!({}),
        )
    }

    mod invite_ {
        use super::*;

        mistakes! { with_a_room, invite();
            somebody_who_does_not_exist: |r| r.edit(|b| b["user_id"] = json!("@x:example.org"))
                => "nobody of that name";
            somebody_who_is_there: |r| r.target = r.target.replace("direct0", "other")
                => "already in the room";
        }
    }

    mistakes! { Matrix::default, join();
        a_room_that_did_not_invite: |r| r.target = format!("/_matrix/client/v3/join/{}", ROOM.replace('!', "%21"))
            => "not invited";
    }

    #[test]
    fn a_second_room_of_the_same_alias() {
        let refused = with_a_room().judge(&conversation()).expect_err("refused");
        assert_eq!(refused.rule, "an alias that is taken");
    }
}
