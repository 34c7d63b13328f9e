//! Mistakes that the contract of Mattermost must notice.

use serde_json::{Value, json};

use crate::contract::judge::{Request, mistakes};
use crate::contract::mattermost::{ANA, ANA_CHANNEL, BOT, Mattermost, TOKEN};

fn call(method: &str, target: &str, body: &Value) -> Request {
    Request::new(method, target)
        .with("authorization", &format!("Bearer {TOKEN}"))
        .with("content-type", "application/json")
        .with_json(body)
}

fn direct() -> Request {
    call("POST", "/api/v4/channels/direct", &json!([BOT, ANA]))
}

/// A post such as the guide to interactive messages shows.
fn post() -> Request {
    let body = json!({
        "channel_id": ANA_CHANNEL,
        "message": "See [the page](https://example.com/).",
        "props": {"attachments": [{
            "fallback": "Disk full", "color": "#d24b4e", "title": "Disk full",
            "title_link": "https://example.com/", "text": "Incident 42",
            "actions": [
                {"id": "acknowledge", "name": "Acknowledge", "type": "button", "style": "primary",
                 "integration": {"url": "https://muster.example.com/callback/mm", "context": {"ask": "a"}}},
                {"id": "decline", "name": "Decline", "type": "button",
                 "integration": {"url": "https://muster.example.com/callback/mm", "context": {"ask": "d"}}}
            ]
        }]}
    });
    call("POST", "/api/v4/posts", &body)
}

fn attachment(body: &mut Value) -> &mut Value {
    &mut body["props"]["attachments"][0]
}

fn action(body: &mut Value) -> &mut Value {
    &mut attachment(body)["actions"][0]
}

mod conversation {
    use super::*;

    mistakes! { Mattermost::default, direct();
        no_token: |r| r.drop_header("authorization") => "api.context.session_expired.app_error";
        the_token_of_somebody_else: |r| r.set("authorization", "Bearer other")
            => "api.context.session_expired.app_error";
        a_path_of_no_version: |r| r.target = "/channels/direct".to_owned() => "api.context.404.app_error";
        a_get: |r| r.method = "GET".to_owned() => "api.context.404.app_error";
        broken_json: |r| { r.body.pop(); } => "api.context.invalid_body_param.app_error";
        one_person: |r| r.edit(|b| *b = json!([ANA])) => "api.context.invalid_body_param.app_error";
        a_name_for_an_id: |r| r.edit(|b| b[1] = json!("ana")) => "api.context.invalid_body_param.app_error";
        a_conversation_of_others: |r| r.edit(|b| b[0] = json!("x".repeat(26)))
            => "api.context.permissions.app_error";
        somebody_who_does_not_exist: |r| r.edit(|b| b[1] = json!("x".repeat(26)))
            => "app.user.missing_account.const";
    }
}

mod message {
    use super::*;

    mistakes! { Mattermost::default, post();
        no_channel: |r| r.edit(|b| b["channel_id"] = Value::Null)
            => "model.post.is_valid.channel_id.app_error";
        a_name_for_a_channel: |r| r.edit(|b| b["channel_id"] = json!("town-square"))
            => "model.post.is_valid.channel_id.app_error";
        a_channel_without_the_bot: |r| r.edit(|b| b["channel_id"] = json!("x".repeat(26)))
            => "api.context.permissions.app_error";
        a_message_that_is_too_long: |r| r.edit(|b| b["message"] = json!("x".repeat(16_384)))
            => "model.post.is_valid.msg.app_error";
        properties_that_are_too_long: |r| r.edit(|b| b["props"]["x"] = json!("x".repeat(800_000)))
            => "model.post.is_valid.props.app_error";
        properties_that_are_no_object: |r| r.edit(|b| b["props"] = json!("attachments"))
            => "api.context.invalid_body_param.app_error";
        nothing_to_say: |r| r.edit(|b| { b["message"] = json!(""); b["props"] = json!({}); })
            => "a post without words";
        a_shout_to_the_channel: |r| r.edit(|b| b["message"] = json!("@Channel wake up"))
            => "a mention of everybody";
        a_shout_in_the_attachment: |r| r.edit(|b| attachment(b)["text"] = json!("@here"))
            => "a mention of everybody";
        a_link_to_a_script: |r| r.edit(|b| b["message"] = json!("[x](javascript:alert(1))"))
            => "a link that is not of the web";
        no_fallback: |r| r.edit(|b| attachment(b)["fallback"] = Value::Null)
            => "an attachment without fallback";
        a_color_that_is_none: |r| r.edit(|b| attachment(b)["color"] = json!("red"))
            => "a color that is none";
        a_title_to_a_script: |r| r.edit(|b| attachment(b)["title_link"] = json!("javascript:x"))
            => "an address that is not of the web";
        an_id_with_an_underscore: |r| r.edit(|b| action(b)["id"] = json!("ack_42"))
            => "an action id with more than letters and digits";
        an_id_twice: |r| r.edit(|b| action(b)["id"] = json!("decline")) => "an action id twice";
        a_button_without_a_name: |r| r.edit(|b| action(b)["name"] = json!("")) => "an action without a name";
        a_button_of_no_known_type: |r| r.edit(|b| action(b)["type"] = json!("link"))
            => "an action of no known type";
        a_style_that_does_not_exist: |r| r.edit(|b| action(b)["style"] = json!("red"))
            => "a style that does not exist";
        a_button_that_leads_nowhere: |r| r.edit(|b| action(b)["integration"]["url"] = json!("/callback"))
            => "an address that is not of the web";
        a_button_without_context: |r| r.edit(|b| action(b)["integration"]["context"] = Value::Null)
            => "an action without context";
    }
}

mod patch {
    use super::*;

    mistakes! { with_a_post, change();
        a_post_that_does_not_exist: |r| r.target = format!("/api/v4/posts/{}/patch", "x".repeat(26))
            => "app.post.get.app_error";
        an_id_that_is_none: |r| r.target = "/api/v4/posts/1/patch".to_owned()
            => "api.context.invalid_url_param.app_error";
        a_post_for_a_patch: |r| r.method = "POST".to_owned() => "api.context.404.app_error";
    }

    const POST: &str = "post1post1post1post1post10";

    fn with_a_post() -> Mattermost {
        let posts = [(POST.to_owned(), json!({}))];
        let posts = posts.map(|(id, body)| (pad(&id), body)).into();
        Mattermost { posts, ..Mattermost::default() }
    }

    /// Ids have 26 characters.
    fn pad(id: &str) -> String {
        format!("{id:0<26}")
    }

    fn change() -> Request {
        let target = format!("/api/v4/posts/{}/patch", pad(POST));
        call("PUT", &target, &json!({"message": "Acknowledged by Bo"}))
    }
}
