//! What an incident that was just declared may duplicate. It is declared in any case; this only says
//! how to make one of two.

use serde_json::Value;

use crate::api::Api;
use crate::command::incident::field;
use crate::show;

/// Names what may be the same trouble, on standard error.
///
/// # Errors
/// When the server does not answer.
pub async fn warn(api: &Api, declared: &Value) -> anyhow::Result<()> {
    let number = field(declared, "number")?;
    let title = declared["title"].as_str().unwrap_or_default();
    let service = declared["service"].as_str().unwrap_or_default();
    let path = ["incidents", "duplicates"];
    let list = api.get(&path, &[("title", title), ("service", service)]).await?;
    for likely in show::items(&list) {
        let other = &likely["incident"];
        if other["number"] == *number {
            continue;
        }
        eprintln!(
            "muster: it may be the same as #{} {} ({}); to make them one: \
             muster incident merge {number} --into {}",
            other["number"],
            other["title"].as_str().unwrap_or_default(),
            show::names(&likely["because"]),
            other["number"],
        );
    }
    Ok(())
}
