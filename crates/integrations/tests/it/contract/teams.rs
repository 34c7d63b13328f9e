//! The "when a Teams webhook request is received" trigger of Microsoft's Workflows, and the
//! Adaptive Cards that it takes: version 1.4, no inputs, 28 KB with everything around it. The
//! address is the secret, and acceptance is a 202 without a body.

use serde_json::{Value, json};

use super::judge::{Answer, Broken, Request, Rules};

/// The path and query of a workflow's address.
pub const TARGET: &str = "/workflows/8f0c9d2e/triggers/manual/paths/invoke?api-version=2016-06-01&\
                          sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig=Zm9yLXRlc3RzLW9ubHk";

/// What the whole message may weigh, in bytes.
pub const MESSAGE_BYTES_MAX: usize = 28 * 1024;

#[derive(Default)]
pub struct Teams {
    /// Every card that was taken.
    pub cards: Vec<Value>,
}

fn broken(status: u16, code: &str) -> Broken {
    let body = json!({"error": {"code": code, "message": "See code."}});
    Broken { rule: code.to_owned(), answer: Answer::json(status, &body) }
}

fn card_broken(rule: &str) -> Broken {
    broken(400, rule)
}

impl Rules for Teams {
    fn judge(&mut self, request: &Request) -> Result<Answer, Broken> {
        let (path, query) = TARGET.split_once('?').expect("a query");
        if request.path() != path {
            return Err(broken(404, "WorkflowNotFound"));
        }
        let pairs = |query: &str| -> Vec<(String, String)> {
            form_urlencoded::parse(query.as_bytes()).into_owned().collect()
        };
        if pairs(request.query()) != pairs(query) {
            return Err(broken(401, "DirectApiInvalidAuthorizationScheme"));
        }
        if request.method != "POST" {
            return Err(broken(405, "TriggerRequestMethodNotValid"));
        }
        let kind = request.header("content-type").unwrap_or_default();
        if !kind.starts_with("application/json") {
            return Err(broken(400, "TriggerInputContentTypeNotSupported"));
        }
        if request.body.len() > MESSAGE_BYTES_MAX {
            return Err(broken(413, "RequestEntityTooLarge"));
        }
        let body: Value = serde_json::from_str(&request.body)
            .map_err(|_| broken(400, "InvalidRequestContent"))?;
        if body["type"] != "message" {
            return Err(broken(400, "TriggerInputSchemaMismatch"));
        }
        let attachments = body["attachments"].as_array().map(Vec::as_slice).unwrap_or_default();
        let [attachment] = attachments else {
            return Err(broken(400, "TriggerInputSchemaMismatch"));
        };
        if attachment["contentType"] != "application/vnd.microsoft.card.adaptive" {
            return Err(card_broken("only Adaptive Cards are taken"));
        }
        card(&attachment["content"])?;
        self.cards.push(attachment["content"].clone());
        Ok(Answer::new(202, ""))
    }
}

fn card(card: &Value) -> Result<(), Broken> {
    if card["type"] != "AdaptiveCard" {
        return Err(card_broken("not an AdaptiveCard"));
    }
    let version = card["version"].as_str().unwrap_or_default();
    if !["1.0", "1.1", "1.2", "1.3", "1.4"].contains(&version) {
        return Err(card_broken("a version that Workflows does not take"));
    }
    let body = card["body"].as_array().filter(|body| !body.is_empty());
    let body = body.ok_or_else(|| card_broken("an empty card"))?;
    body.iter().try_for_each(element)?;
    let none = Vec::new();
    let actions = card["actions"].as_array().unwrap_or(&none);
    if actions.len() > 6 {
        return Err(card_broken("more than 6 actions"));
    }
    for action in actions {
        // A workflow has nobody who would receive a submission.
        if action["type"] != "Action.OpenUrl" {
            return Err(card_broken("an action that a workflow cannot take"));
        }
        if action["title"].as_str().is_none_or(str::is_empty) {
            return Err(card_broken("an action without a title"));
        }
        web(&action["url"])?;
    }
    Ok(())
}

fn element(element: &Value) -> Result<(), Broken> {
    match element["type"].as_str() {
        Some("TextBlock") => {
            let text = element["text"].as_str().ok_or_else(|| card_broken("no text"))?;
            one_of(element, "size", &["default", "small", "medium", "large", "extraLarge"])?;
            one_of(element, "weight", &["default", "lighter", "bolder"])?;
            colour(element)?;
            // A TextBlock is Markdown, where a text from outside could pass for a link.
            let is_markup = text.contains(['[', ']', '*', '_', '`', '<', '\\']);
            if is_markup { Err(card_broken("markup in a TextBlock")) } else { functions(text) }
        }
        Some("RichTextBlock") => {
            let none = Vec::new();
            let runs = element["inlines"].as_array().unwrap_or(&none);
            if runs.is_empty() {
                return Err(card_broken("no text"));
            }
            for run in runs {
                if run["type"] != "TextRun" {
                    return Err(card_broken("an inline that is no TextRun"));
                }
                colour(run)?;
                functions(run["text"].as_str().ok_or_else(|| card_broken("no text"))?)?;
                if let Some(action) = run.get("selectAction") {
                    web(&action["url"])?;
                }
            }
            Ok(())
        }
        Some("FactSet") => {
            for fact in element["facts"].as_array().into_iter().flatten() {
                for name in ["title", "value"] {
                    let text = fact[name].as_str().ok_or_else(|| card_broken("no text"))?;
                    if text.contains(['[', ']', '*', '_', '`', '<', '\\']) {
                        return Err(card_broken("markup in a FactSet"));
                    }
                }
            }
            Ok(())
        }
        Some("Container") => {
            let items = element["items"].as_array().ok_or_else(|| card_broken("no items"))?;
            one_of(
                element,
                "style",
                &["default", "emphasis", "good", "attention", "warning", "accent"],
            )?;
            items.iter().try_for_each(self::element)
        }
        _ => Err(card_broken("an element of no known type")),
    }
}

fn colour(element: &Value) -> Result<(), Broken> {
    let known = ["default", "dark", "light", "accent", "good", "warning", "attention"];
    one_of(element, "color", &known)
}

fn one_of(element: &Value, name: &str, known: &[&str]) -> Result<(), Broken> {
    match element.get(name).map(|value| value.as_str().unwrap_or_default()) {
        Some(value) if !known.contains(&value) => Err(card_broken("a word that is not known")),
        _ => Ok(()),
    }
}

/// `{{DATE(...)}}` and `{{TIME(...)}}` are carried out wherever they stand.
fn functions(text: &str) -> Result<(), Broken> {
    if text.contains("{{") { Err(card_broken("a function in a text")) } else { Ok(()) }
}

fn web(url: &Value) -> Result<(), Broken> {
    let url = url.as_str().unwrap_or_default();
    let is_web = url.starts_with("https://") || url.starts_with("http://");
    if is_web { Ok(()) } else { Err(card_broken("an address that is not of the web")) }
}
