//! Mistakes that the contract of Teams' Workflows must notice.

use serde_json::{Value, json};

use crate::contract::judge::{Request, mistakes};
use crate::contract::teams::{MESSAGE_BYTES_MAX, TARGET, Teams};

/// A card in its envelope, such as the documentation of Workflows shows.
fn correct() -> Request {
    Request::new("POST", TARGET).with("content-type", "application/json").with_json(&json!({
        "type": "message",
        "attachments": [{
            "contentType": "application/vnd.microsoft.card.adaptive",
            "contentUrl": null,
            "content": {
                "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
                "type": "AdaptiveCard",
                "version": "1.4",
                "body": [
                    {"type": "TextBlock", "text": "Page", "size": "large", "weight": "bolder"},
                    {"type": "RichTextBlock", "inlines": [
                        {"type": "TextRun", "text": "*anything* [at](all)", "color": "attention"}
                    ]},
                    {"type": "FactSet", "facts": [{"title": "Incident", "value": "42"}]}
                ],
                "actions": [
                    {"type": "Action.OpenUrl", "title": "Answer", "url": "https://example.com/p/token"}
                ]
            }
        }]
    }))
}

fn card(body: &mut Value) -> &mut Value {
    &mut body["attachments"][0]["content"]
}

fn run(body: &mut Value) -> &mut Value {
    &mut card(body)["body"][1]["inlines"][0]
}

mistakes! { Teams::default, correct();
    another_workflow: |r| r.target = TARGET.replace("8f0c9d2e", "00000000") => "WorkflowNotFound";
    an_address_without_signature: |r| r.target = TARGET.split("&sig").next().unwrap().to_owned()
        => "DirectApiInvalidAuthorizationScheme";
    a_signature_that_was_changed: |r| r.target.push('x') => "DirectApiInvalidAuthorizationScheme";
    a_get: |r| r.method = "GET".to_owned() => "TriggerRequestMethodNotValid";
    no_content_type: |r| r.drop_header("content-type") => "TriggerInputContentTypeNotSupported";
    a_form: |r| r.set("content-type", "application/x-www-form-urlencoded")
        => "TriggerInputContentTypeNotSupported";
    broken_json: |r| { r.body.pop(); } => "InvalidRequestContent";
    more_than_28_kilobytes: |r| r.edit(|b| run(b)["text"] = json!("x".repeat(MESSAGE_BYTES_MAX)))
        => "RequestEntityTooLarge";
    more_than_28_kilobytes_in_fewer_characters: |r| r.edit(|b| run(b)["text"] = json!("é".repeat(MESSAGE_BYTES_MAX / 2)))
        => "RequestEntityTooLarge";
    a_bare_card: |r| r.edit(|b| *b = card(b).clone()) => "TriggerInputSchemaMismatch";
    no_card: |r| r.edit(|b| b["attachments"] = json!([])) => "TriggerInputSchemaMismatch";
    a_message_card: |r| r.edit(|b| b["attachments"][0]["contentType"] = json!("application/vnd.microsoft.teams.card.o365connector"))
        => "only Adaptive Cards are taken";
    content_of_another_type: |r| r.edit(|b| card(b)["type"] = json!("HeroCard")) => "not an AdaptiveCard";
    a_version_that_is_too_new: |r| r.edit(|b| card(b)["version"] = json!("1.6"))
        => "a version that Workflows does not take";
    no_version: |r| r.edit(|b| card(b)["version"] = Value::Null) => "a version that Workflows does not take";
    an_empty_card: |r| r.edit(|b| card(b)["body"] = json!([])) => "an empty card";
    an_element_of_no_known_type: |r| r.edit(|b| card(b)["body"][0]["type"] = json!("Heading"))
        => "an element of no known type";
    a_link_from_outside_in_markdown: |r| r.edit(|b| card(b)["body"][0]["text"] = json!("[pay](https://evil.example)"))
        => "markup in a TextBlock";
    markdown_in_a_fact: |r| r.edit(|b| card(b)["body"][2]["facts"][0]["value"] = json!("**42**"))
        => "markup in a FactSet";
    a_function_from_outside: |r| r.edit(|b| run(b)["text"] = json!("{{DATE(2026-11-21T08:00:00Z)}}"))
        => "a function in a text";
    a_run_without_text: |r| r.edit(|b| run(b)["text"] = Value::Null) => "no text";
    a_colour_that_does_not_exist: |r| r.edit(|b| run(b)["color"] = json!("red")) => "a word that is not known";
    a_size_that_does_not_exist: |r| r.edit(|b| card(b)["body"][0]["size"] = json!("huge"))
        => "a word that is not known";
    a_button_that_submits: |r| r.edit(|b| card(b)["actions"][0]["type"] = json!("Action.Submit"))
        => "an action that a workflow cannot take";
    a_button_without_title: |r| r.edit(|b| card(b)["actions"][0]["title"] = json!(""))
        => "an action without a title";
    a_button_to_a_script: |r| r.edit(|b| card(b)["actions"][0]["url"] = json!("javascript:alert(1)"))
        => "an address that is not of the web";
    seven_buttons: |r| r.edit(|b| { let one = card(b)["actions"][0].clone(); card(b)["actions"] = json!(vec![one; 7]); })
        => "more than 6 actions";
}
