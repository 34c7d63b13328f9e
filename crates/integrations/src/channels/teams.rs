//! Microsoft Teams, through a workflow that posts what its address receives: an Adaptive Card of
//! version 1.4 in its envelope, at most 28 KB. The address of the workflow is the secret and stands
//! as the person's or the channel's address. A workflow carries no answers back, so the card has a
//! link to answer by, and news comes as a card of its own.

use jiff::Timestamp;
use reqwest::Method;
use serde_json::{Value, json};

use super::call::Api;
use super::card::{Card, Line, Link, Tone, card, escaped};
use super::{Envelope, Outcome};
use crate::outbound::Outbound;

/// What a message may weigh, with room for what the service puts around it, in bytes.
const MESSAGE_BYTES_MAX: usize = 26 * 1024;
/// The most buttons of a card.
const ACTIONS_MAX: usize = 6;
/// The longest text, in characters.
const TEXT_CHARS_MAX: usize = 1000;

/// The body of a message.
pub fn render(envelope: &Envelope) -> Value {
    let mut card = card(envelope);
    // A card that is too heavy loses its last lines; its headline and links always fit.
    loop {
        let body = body(&card);
        if body.to_string().len() <= MESSAGE_BYTES_MAX || card.lines.pop().is_none() {
            return body;
        }
    }
}

fn body(card: &Card) -> Value {
    let colour = match card.tone {
        Tone::Asking => "attention",
        Tone::Settled => "good",
        Tone::Informing => "default",
    };
    let headline = json!({
        "type": "TextRun", "text": plain(&card.headline), "weight": "bolder", "size": "large",
        "color": colour
    });
    let mut elements = vec![json!({ "type": "RichTextBlock", "inlines": [headline] })];
    elements.extend(card.lines.iter().map(line));
    let action =
        |link: &Link| json!({ "type": "Action.OpenUrl", "title": link.label, "url": link.href });
    let actions: Vec<_> = card.links.iter().take(ACTIONS_MAX).map(action).collect();
    json!({
        "type": "message",
        "attachments": [{
            "contentType": "application/vnd.microsoft.card.adaptive",
            "contentUrl": null,
            "content": {
                "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
                "type": "AdaptiveCard",
                "version": "1.4",
                "fallbackText": plain(&card.headline),
                "msteams": { "width": "Full" },
                "body": elements,
                "actions": actions,
            }
        }]
    })
}

/// Runs of a rich text are no Markdown, so nothing in them can pass for a link.
fn line(line: &Line) -> Value {
    let mut run = json!({ "type": "TextRun", "text": plain(&line.text) });
    if let Some(href) = &line.href {
        run["selectAction"] = json!({ "type": "Action.OpenUrl", "url": href });
    }
    json!({ "type": "RichTextBlock", "inlines": [run] })
}

/// A text without the braces that Teams carries out as a function.
fn plain(text: &str) -> String {
    escaped(text, TEXT_CHARS_MAX, |c, out| {
        if c == '{' && out.ends_with('{') {
            out.push('\u{200b}');
        }
        out.push(c);
    })
}

/// Makes one attempt.
pub(super) async fn send(
    outbound: &Outbound,
    envelope: &Envelope,
    address: &str,
    now: Timestamp,
) -> Outcome {
    let api = match Api::new(outbound, None, now) {
        Ok(api) => api,
        Err(outcome) => return outcome,
    };
    let answer = match api.call(Method::POST, address, Some(&render(envelope))).await {
        Ok(answer) => answer,
        Err(outcome) => return outcome,
    };
    let code = answer.body["error"]["code"].as_str().unwrap_or_default();
    match answer.status {
        200..=299 => Outcome::accepted(answer.status),
        // The workflow was deleted or switched off, or its address was renewed.
        401 | 404 => answer.gone(code),
        _ if code == "WorkflowTriggerIsNotEnabled" => answer.gone(code),
        _ => answer.refusal(code),
    }
}
