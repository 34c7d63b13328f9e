//! Mistakes that the contract of Slack must notice.

use serde_json::{Value, json};

use crate::contract::judge::{Request, Rules as _, mistakes};
use crate::contract::slack::{ANA, ANA_CONVERSATION, Slack, TOKEN};

/// A message such as Slack's reference shows.
fn correct() -> Request {
    Request::new("POST", "/api/chat.postMessage")
        .with("authorization", &format!("Bearer {TOKEN}"))
        .with("content-type", "application/json; charset=utf-8")
        .with_json(&json!({
            "channel": ANA,
            "text": "Tom &amp; Jerry &lt;cat&gt;",
            "blocks": [
                {"type": "header", "text": {"type": "plain_text", "text": "A <plain> & simple head"}},
                {"type": "section", "block_id": "facts",
                 "text": {"type": "mrkdwn", "text": "See <https://example.com/a?b=1&amp;c=2|the page>."}},
                {"type": "actions", "block_id": "answer", "elements": [
                    {"type": "button", "action_id": "acknowledge", "value": "a:token", "style": "primary",
                     "text": {"type": "plain_text", "text": "Acknowledge"}},
                    {"type": "button", "action_id": "open", "url": "https://example.com/",
                     "text": {"type": "plain_text", "text": "Open"}}
                ]}
            ]
        }))
}

fn section(body: &mut Value) -> &mut Value {
    &mut body["blocks"][1]["text"]["text"]
}

fn button(body: &mut Value) -> &mut Value {
    &mut body["blocks"][2]["elements"][0]
}

fn plain(text: impl Into<String>) -> Value {
    json!({"type": "plain_text", "text": text.into()})
}

mistakes! { Slack::default, correct();
    no_token: |r| r.drop_header("authorization") => "not_authed";
    the_token_of_somebody_else: |r| r.set("authorization", "Bearer xoxb-other") => "invalid_auth";
    the_token_without_bearer: |r| r.set("authorization", TOKEN) => "invalid_auth";
    the_token_in_the_body: |r| r.edit(|b| b["token"] = json!(TOKEN)) => "invalid_auth";
    a_method_that_does_not_exist: |r| r.target = "/api/chat.send".to_owned() => "unknown_method";
    a_get: |r| r.method = "GET".to_owned() => "invalid_post_type";
    a_form: |r| r.set("content-type", "application/x-www-form-urlencoded") => "invalid_post_type";
    no_charset: |r| r.set("content-type", "application/json") => "missing_charset";
    broken_json: |r| { r.body.pop(); } => "invalid_json";
    a_list_for_a_body: |r| r.body = "[]".to_owned() => "json_not_object";
    no_channel: |r| r.edit(|b| b["channel"] = Value::Null) => "channel_not_found";
    a_channel_that_does_not_exist: |r| r.edit(|b| b["channel"] = json!("U0NOBODY")) => "channel_not_found";
    an_archived_channel: |r| r.edit(|b| b["channel"] = json!("C0ARCHIVED")) => "is_archived";
    no_text_to_notify_with: |r| r.edit(|b| b["text"] = Value::Null) => "no_text";
    a_text_that_is_too_long: |r| r.edit(|b| b["text"] = json!("x".repeat(40_001))) => "msg_too_long";
    an_ampersand: |r| r.edit(|b| b["text"] = json!("Tom & Jerry")) => "unescaped: &";
    a_closing_bracket: |r| r.edit(|b| b["text"] = json!("a > b")) => "unescaped: >";
    a_shout_to_the_channel: |r| r.edit(|b| *section(b) = json!("<!channel> wake up")) => "unescaped: <";
    a_mention: |r| r.edit(|b| *section(b) = json!("<@U0ANA12345>")) => "unescaped: <";
    a_link_that_runs_a_script: |r| r.edit(|b| *section(b) = json!("<javascript:alert(1)|x>")) => "unescaped: <";
    blocks_that_are_no_list: |r| r.edit(|b| b["blocks"] = json!({})) => "invalid_blocks_format";
    too_many_blocks: |r| r.edit(|b| b["blocks"] = json!(vec![json!({"type": "divider"}); 51]))
        => "invalid_blocks: more than 50";
    a_block_of_no_known_type: |r| r.edit(|b| b["blocks"][1]["type"] = json!("paragraph"))
        => "invalid_blocks: unsupported type";
    a_section_that_is_too_long: |r| r.edit(|b| *section(b) = json!("x".repeat(3001))) => "invalid_blocks: text";
    an_empty_section: |r| r.edit(|b| *section(b) = json!("")) => "invalid_blocks: text";
    a_header_in_mrkdwn: |r| r.edit(|b| b["blocks"][0]["text"] = json!({"type": "mrkdwn", "text": "head"}))
        => "invalid_blocks: kind of text";
    a_header_that_is_too_long: |r| r.edit(|b| b["blocks"][0]["text"] = plain("x".repeat(151)))
        => "invalid_blocks: text";
    a_button_in_mrkdwn: |r| r.edit(|b| button(b)["text"]["type"] = json!("mrkdwn"))
        => "invalid_blocks: kind of text";
    a_label_that_is_too_long: |r| r.edit(|b| button(b)["text"] = plain("x".repeat(76)))
        => "invalid_blocks: text";
    a_value_that_is_too_long: |r| r.edit(|b| button(b)["value"] = json!("x".repeat(2001)))
        => "invalid_blocks: value";
    an_action_id_that_is_too_long: |r| r.edit(|b| button(b)["action_id"] = json!("x".repeat(256)))
        => "invalid_blocks: action_id";
    an_action_id_twice: |r| r.edit(|b| button(b)["action_id"] = json!("open"))
        => "invalid_blocks: action_id twice";
    a_block_id_twice: |r| r.edit(|b| b["blocks"][2]["block_id"] = json!("facts"))
        => "invalid_blocks: block_id twice";
    a_style_that_does_not_exist: |r| r.edit(|b| button(b)["style"] = json!("success"))
        => "invalid_blocks: style";
    a_button_to_a_script: |r| r.edit(|b| button(b)["url"] = json!("javascript:alert(1)"))
        => "invalid_blocks: url";
    no_buttons_at_all: |r| r.edit(|b| b["blocks"][2]["elements"] = json!([])) => "invalid_blocks: elements";
    an_update_without_time_stamp: |r| r.target = "/api/chat.update".to_owned() => "invalid_arguments";
}

/// What `chat.update` refuses about a message that exists.
fn refused_update(channel: &str, ts: &str) -> String {
    let mut slack = Slack::default();
    slack.judge(&correct()).expect("the message");
    let mut update = correct();
    update.target = "/api/chat.update".to_owned();
    update.edit(|body| {
        body["channel"] = json!(channel);
        body["ts"] = json!(ts);
    });
    slack.judge(&update).expect_err("refused").rule
}

#[test]
fn an_update_of_a_message_that_does_not_exist() {
    assert_eq!(refused_update(ANA_CONVERSATION, "1795230724.999999"), "message_not_found");
}

#[test]
fn an_update_that_names_the_person_instead_of_the_conversation() {
    assert_eq!(refused_update(ANA, "1795230724.000001"), "channel_not_found");
}
