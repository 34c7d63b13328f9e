//! Mistakes that the contract of Telegram must notice.

use serde_json::{Value, json};

use crate::contract::judge::{Request, mistakes};
use crate::contract::telegram::{ANA, BLOCKED, TOKEN, Telegram};

fn call(method: &str, body: &Value) -> Request {
    Request::new("POST", &format!("/bot{TOKEN}/{method}"))
        .with("content-type", "application/json")
        .with_json(body)
}

fn message() -> Request {
    call(
        "sendMessage",
        &json!({
            "chat_id": ANA,
            "text": "🔥 Disk <full> & page",
            "entities": [
                {"type": "bold", "offset": 3, "length": 11},
                {"type": "text_link", "offset": 17, "length": 4, "url": "https://example.com/"}
            ],
            "link_preview_options": {"is_disabled": true},
            "reply_markup": {"inline_keyboard": [
                [{"text": "Acknowledge", "callback_data": "a"}],
                [{"text": "Open", "url": "https://example.com/"}]
            ]}
        }),
    )
}

fn button(body: &mut Value) -> &mut Value {
    &mut body["reply_markup"]["inline_keyboard"][0][0]
}

fn formatted(mode: &str, text: &str) -> impl FnOnce(&mut Request) {
    move |request| {
        request.edit(|body| {
            body["parse_mode"] = json!(mode);
            body["entities"] = json!([]);
            body["text"] = json!(text);
        });
    }
}

mistakes! { Telegram::default, message();
    the_token_of_somebody_else: |r| r.target = "/bot1:x/sendMessage".to_owned() => "Unauthorized";
    no_token: |r| r.target = "/sendMessage".to_owned() => "Not Found";
    a_method_that_does_not_exist: |r| r.target = r.target.replace("send", "post") => "Not Found";
    a_form: |r| r.set("content-type", "text/plain") => "Bad Request: unsupported content type";
    broken_json: |r| { r.body.pop(); } => "Bad Request: can't parse JSON object";
    no_chat: |r| r.edit(|b| b["chat_id"] = Value::Null) => "Bad Request: chat_id is empty";
    a_chat_that_does_not_exist: |r| r.edit(|b| b["chat_id"] = json!(99)) => "Bad Request: chat not found";
    somebody_who_blocked_the_bot: |r| r.edit(|b| b["chat_id"] = json!(BLOCKED))
        => "Forbidden: bot was blocked by the user";
    nothing_to_say: |r| r.edit(|b| b["text"] = json!(" \n")) => "Bad Request: message text is empty";
    more_than_4096_characters: |r| r.edit(|b| b["text"] = json!("x".repeat(4097)))
        => "Bad Request: message is too long";
    an_entity_outside_of_the_text: |r| r.edit(|b| b["entities"][0]["length"] = json!(90))
        => "Bad Request: can't parse entities: outside of the text";
    an_entity_of_no_length: |r| r.edit(|b| b["entities"][0]["length"] = json!(0))
        => "Bad Request: can't parse entities: outside of the text";
    an_entity_counted_in_characters: |r| r.edit(|b| { b["entities"][0]["offset"] = json!(1); })
        => "Bad Request: can't parse entities: inside of a character";
    an_entity_without_offset: |r| r.edit(|b| b["entities"][0]["offset"] = Value::Null)
        => "Bad Request: can't parse entities: offset";
    an_entity_of_no_known_type: |r| r.edit(|b| b["entities"][0]["type"] = json!("heading"))
        => "Bad Request: can't parse entities: type";
    a_link_to_a_script: |r| r.edit(|b| b["entities"][1]["url"] = json!("javascript:x"))
        => "Bad Request: can't parse entities: url";
    html_that_is_not_escaped: formatted("HTML", "disk <full>")
        => "Bad Request: can't parse entities: unsupported tag";
    markdown_that_is_not_escaped: formatted("MarkdownV2", "db-1 is down.")
        => "Bad Request: can't parse entities: character is reserved and must be escaped";
    a_parse_mode_that_does_not_exist: formatted("rst", "x") => "Bad Request: unsupported parse_mode";
    data_of_more_than_64_bytes: |r| r.edit(|b| button(b)["callback_data"] = json!("x".repeat(65)))
        => "Bad Request: BUTTON_DATA_INVALID";
    data_of_more_than_64_bytes_in_fewer_characters: |r| r.edit(|b| button(b)["callback_data"] = json!("é".repeat(33)))
        => "Bad Request: BUTTON_DATA_INVALID";
    no_data: |r| r.edit(|b| button(b)["callback_data"] = json!("")) => "Bad Request: BUTTON_DATA_INVALID";
    a_button_that_does_nothing: |r| r.edit(|b| *button(b) = json!({"text": "x"}))
        => "Bad Request: BUTTON_TYPE_INVALID";
    a_button_without_words: |r| r.edit(|b| button(b)["text"] = json!(""))
        => "Bad Request: text buttons are unallowed in the inline keyboard";
    a_button_to_a_script: |r| r.edit(|b| *button(b) = json!({"text": "x", "url": "javascript:x"}))
        => "Bad Request: inline keyboard button URL is invalid";
    a_keyboard_that_is_none: |r| r.edit(|b| b["reply_markup"] = json!({"buttons": []}))
        => "Bad Request: object expected as reply markup";
    too_many_buttons: |r| r.edit(|b| { let one = button(b).clone(); b["reply_markup"]["inline_keyboard"] = json!(vec![vec![one; 8]; 13]); })
        => "Bad Request: reply markup is too long";
    an_edit_of_nothing: |r| { r.target = r.target.replace("sendMessage", "editMessageText"); r.edit(|b| b["message_id"] = json!(7)); }
        => "Bad Request: message to edit not found";
}

mod an_edit {
    use super::*;

    fn with_a_message() -> Telegram {
        let messages = [((ANA, 501), message().json())];
        Telegram { messages: messages.into(), queries: vec!["q1".to_owned()] }
    }

    fn edit() -> Request {
        call(
            "editMessageText",
            &json!({"chat_id": ANA, "message_id": 501, "text": "Acknowledged by Bo"}),
        )
    }

    mistakes! { with_a_message, edit();
        the_same_once_more: |r| r.edit(|b| {
            let id = b["message_id"].clone();
            *b = message().json();
            b["message_id"] = id;
        }) => "Bad Request: message is not modified";
    }

    mod an_answer {
        use super::*;

        fn answer() -> Request {
            call(
                "answerCallbackQuery",
                &json!({"callback_query_id": "q1", "text": "Acknowledged."}),
            )
        }

        mistakes! { with_a_message, answer();
            a_query_that_does_not_wait: |r| r.edit(|b| b["callback_query_id"] = json!("q2"))
                => "Bad Request: query is too old and response timeout expired or query ID is invalid";
            more_than_200_characters: |r| r.edit(|b| b["text"] = json!("x".repeat(201)))
                => "Bad Request: MESSAGE_TOO_LONG";
        }
    }
}
