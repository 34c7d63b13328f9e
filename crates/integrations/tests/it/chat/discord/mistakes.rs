//! Mistakes that the contract of Discord must notice.

use serde_json::{Value, json};

use crate::contract::discord::{ANA, ANA_CHANNEL, Discord, SHY, SHY_CHANNEL, TOKEN};
use crate::contract::judge::{Request, Rules as _, mistakes};

fn call(method: &str, target: &str, body: &Value) -> Request {
    Request::new(method, target)
        .with("authorization", &format!("Bot {TOKEN}"))
        .with("user-agent", "DiscordBot (https://example.com, 1.0)")
        .with("content-type", "application/json")
        .with_json(body)
}

fn conversation() -> Request {
    call("POST", "/api/v10/users/@me/channels", &json!({"recipient_id": ANA}))
}

fn message() -> Request {
    let body = json!({
        "content": "**Disk full** [the page](<https://example.com/>)",
        "nonce": "0123456789012345678901234", "enforce_nonce": true,
        "allowed_mentions": {"parse": []}, "flags": 4,
        "components": [{"type": 1, "components": [
            {"type": 2, "style": 1, "label": "Acknowledge", "custom_id": "a"},
            {"type": 2, "style": 2, "label": "Decline", "custom_id": "d"},
            {"type": 2, "style": 5, "label": "Open", "url": "https://example.com/"}
        ]}]
    });
    call("POST", &format!("/api/v10/channels/{ANA_CHANNEL}/messages"), &body)
}

fn button(body: &mut Value) -> &mut Value {
    &mut body["components"][0]["components"][0]
}

mod a_conversation {
    use super::*;

    mistakes! { Discord::default, conversation();
        no_token: |r| r.drop_header("authorization") => "401: Unauthorized";
        a_bearer_token: |r| r.set("authorization", &format!("Bearer {TOKEN}")) => "401: Unauthorized";
        the_token_of_somebody_else: |r| r.set("authorization", "Bot other") => "401: Unauthorized";
        no_user_agent: |r| r.drop_header("user-agent") => "the user agent of no bot";
        the_user_agent_of_a_browser: |r| r.set("user-agent", "Mozilla/5.0") => "the user agent of no bot";
        a_path_of_no_version: |r| r.target = "/api/users/@me/channels".to_owned() => "404: Not Found";
        a_get: |r| r.method = "GET".to_owned() => "404: Not Found";
        broken_json: |r| { r.body.pop(); } => "invalid JSON";
        a_form: |r| r.set("content-type", "application/x-www-form-urlencoded")
            => "a content type that is not JSON";
        a_name_for_an_id: |r| r.edit(|b| b["recipient_id"] = json!("ana")) => "NUMBER_TYPE_COERCE";
        somebody_who_does_not_exist: |r| r.edit(|b| b["recipient_id"] = json!("10000000000000000"))
            => "Invalid Recipient(s)";
    }
}

mod a_message {
    use super::*;

    mistakes! { Discord::default, message();
        a_channel_that_does_not_exist: |r| r.target = r.target.replace(ANA_CHANNEL, "10000000000000000")
            => "Unknown Channel";
        somebody_who_takes_no_messages: |r| r.target = r.target.replace(ANA_CHANNEL, SHY_CHANNEL)
            => "Cannot send messages to this user";
        nothing_to_say: |r| r.edit(|b| b["content"] = json!("")) => "Cannot send an empty message";
        more_than_2000_characters: |r| r.edit(|b| b["content"] = json!("x".repeat(2001)))
            => "content: BASE_TYPE_MAX_LENGTH";
        mentions_that_are_not_forbidden: |r| r.edit(|b| { b.as_object_mut().unwrap().remove("allowed_mentions"); })
            => "a text from outside may mention people";
        a_mention: |r| r.edit(|b| b["content"] = json!("<@80351110224678912>")) => "content: a mention";
        a_link_to_a_script: |r| r.edit(|b| b["content"] = json!("[x](javascript:alert(1))"))
            => "content: a link that is not of the web";
        a_nonce_that_is_too_long: |r| r.edit(|b| b["nonce"] = json!("x".repeat(26))) => "nonce: too long";
        a_nonce_of_the_wrong_type: |r| r.edit(|b| b["nonce"] = json!(["x"])) => "nonce: type";
        a_button_outside_of_a_row: |r| r.edit(|b| b["components"] = json!([button(b)]))
            => "components: a button outside of a row";
        six_rows: |r| r.edit(|b| b["components"] = json!(vec![b["components"][0].clone(); 6]))
            => "components: more than 5 rows";
        six_buttons_in_a_row: |r| r.edit(|b| b["components"][0]["components"] = json!(vec![button(b).clone(); 6]))
            => "components: 1 to 5 in a row";
        an_empty_row: |r| r.edit(|b| b["components"][0]["components"] = json!([]))
            => "components: 1 to 5 in a row";
        an_id_twice: |r| r.edit(|b| button(b)["custom_id"] = json!("d"))
            => "components: COMPONENT_CUSTOM_ID_DUPLICATED";
        an_id_that_is_too_long: |r| r.edit(|b| button(b)["custom_id"] = json!("x".repeat(101)))
            => "components: custom_id";
        a_button_without_id: |r| r.edit(|b| button(b)["custom_id"] = Value::Null) => "components: custom_id";
        a_label_that_is_too_long: |r| r.edit(|b| button(b)["label"] = json!("x".repeat(81)))
            => "components: label";
        a_style_that_does_not_exist: |r| r.edit(|b| button(b)["style"] = json!(7)) => "components: style";
        a_button_to_a_script: |r| r.edit(|b| b["components"][0]["components"][2]["url"] = json!("javascript:x"))
            => "components: url";
        an_address_that_is_too_long: |r| r.edit(|b| b["components"][0]["components"][2]["url"] = json!(format!("https://example.com/{}", "x".repeat(500))))
            => "components: url";
        an_edit_of_nothing: |r| { r.method = "PATCH".to_owned(); r.target.push_str("/10000000000000000"); }
            => "Unknown Message";
    }

    #[test]
    fn a_nonce_for_another_message() {
        let mut discord = Discord::default();
        discord.judge(&message()).expect("the first");
        discord.judge(&message()).expect("the same again");
        let mut other = message();
        other.edit(|body| body["content"] = json!("another"));
        let refused = discord.judge(&other).expect_err("refused");
        assert_eq!(refused.rule, "a nonce that stands for another message");
        assert_eq!(discord.messages.len(), 1);
    }

    #[test]
    fn somebody_who_takes_no_messages_has_a_conversation_all_the_same() {
        let mut request = conversation();
        request.edit(|body| body["recipient_id"] = json!(SHY));
        assert!(Discord::default().judge(&request).is_ok());
    }
}
