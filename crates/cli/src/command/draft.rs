//! A document that is not in force yet, to be looked at first: the caller's own saved draft, or a file.
//! Nothing is saved here.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use serde_json::Value;

use super::apply;
use crate::api::Api;

/// What is looked at in place of what is in force.
#[derive(Debug, clap::Args)]
pub struct Draft {
    /// Your saved draft, or a file: a document, or a configuration that has it; - for standard input
    #[arg(long, value_name = "FILE", num_args = 0..=1)]
    draft: Option<Option<PathBuf>>,
}

/// A kind of document, by its names.
#[derive(Debug, Clone, Copy)]
pub struct Collection {
    /// In the paths of the API.
    pub path: &'static str,
    /// In a configuration file.
    pub section: &'static str,
    /// What one is called.
    pub noun: &'static str,
}

/// Schedules.
pub const SCHEDULES: Collection =
    Collection { path: "schedules", section: "schedules", noun: "schedule" };

/// Escalation policies.
pub const POLICIES: Collection = Collection {
    path: "escalation-policies",
    section: "escalation_policies",
    noun: "escalation policy",
};

impl Draft {
    /// The document to look at; none where what is in force is meant.
    ///
    /// # Errors
    /// When there is no such draft, or the file cannot be read or does not have the document.
    pub async fn document(
        &self,
        api: &Api,
        of: Collection,
        name: &str,
    ) -> anyhow::Result<Option<Value>> {
        match &self.draft {
            None => Ok(None),
            Some(Some(file)) => from_file(file, of, name).map(Some),
            Some(None) => saved(api, of, name).await.map(Some),
        }
    }
}

/// The caller's own saved draft.
///
/// # Errors
/// When the server refuses, or there is none.
async fn saved(api: &Api, of: Collection, name: &str) -> anyhow::Result<Value> {
    let mut answer = api.get(&[of.path, name, "document"], &[]).await?;
    match answer["draft"]["document"].take() {
        Value::Null => bail!("you have no draft of the {} `{name}`", of.noun),
        document => Ok(document),
    }
}

fn from_file(file: &Path, of: Collection, name: &str) -> anyhow::Result<Value> {
    let (text, file) = apply::read(file)?;
    let written: Value =
        serde_saphyr::from_str(&text).with_context(|| format!("{file} is no document"))?;
    within(written, of, name).with_context(|| format!("{file} has no {} `{name}`", of.noun))
}

/// The document itself, or the one of that name in a whole configuration.
fn within(written: Value, of: Collection, name: &str) -> Option<Value> {
    match written.get(of.section) {
        Some(section) => {
            section.as_array()?.iter().find(|each| each["name"].as_str() == Some(name)).cloned()
        }
        None => written.is_object().then_some(written),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_document_is_found_alone_and_within_a_configuration() {
        let alone = json!({ "layers": [] });
        assert_eq!(within(alone.clone(), SCHEDULES, "a"), Some(alone));
        let whole = json!({ "schedules": [ { "name": "a" }, { "name": "b", "role": "x" } ] });
        let found = within(whole.clone(), SCHEDULES, "b");
        assert_eq!(found, Some(json!({ "name": "b", "role": "x" })));
        assert_eq!(within(whole, SCHEDULES, "c"), None);
        assert_eq!(within(json!("text"), SCHEDULES, "a"), None);
    }
}
