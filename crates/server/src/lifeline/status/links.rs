//! Where the links of a status page lead: within this server, or within a copy that another one hands
//! out, which can only name this one for what a copy cannot do.

use std::sync::LazyLock;

use muster_core::incident::status_page::{StatusPage, Visibility};
use sha2::{Digest as _, Sha256};

use super::STYLE;
use crate::app::App;

/// The address of the style sheet; it changes with its content, so that it can be kept for ever.
static STYLE_PATH: LazyLock<String> = LazyLock::new(|| {
    let digest = Sha256::digest(STYLE.as_bytes());
    format!(
        "/status/style.css?v={:02x}{:02x}{:02x}{:02x}",
        digest[0], digest[1], digest[2], digest[3]
    )
});

/// Where the links of a page lead.
#[derive(Debug, Clone)]
pub(crate) struct Links {
    /// The style sheet.
    pub(super) style: String,
    /// The page itself.
    pub(super) page: String,
    /// All that was published.
    pub(super) history: String,
    /// The feed.
    pub(super) feed: String,
    /// The page for programs.
    pub(super) summary: String,
    /// Where the form to subscribe goes, where it works.
    pub(super) subscribe: Option<String>,
    /// Where webhooks subscribe.
    pub(super) webhook: Option<String>,
    /// The page that this is a copy of.
    pub(super) original: Option<String>,
    /// Whether search engines may list it.
    pub(super) is_public: bool,
}

impl Links {
    /// Within this server.
    pub(super) fn live(app: &App, page: &StatusPage) -> Self {
        let path = format!("/status/{}", page.slug);
        let has_mail = app.settings.smtp_url.is_some();
        Self {
            style: STYLE_PATH.clone(),
            history: format!("{path}/history"),
            feed: format!("{path}/feed.xml"),
            summary: format!("{path}/summary.json"),
            subscribe: has_mail.then(|| format!("{path}/subscribe")),
            webhook: Some(format!("{path}/subscribe")),
            page: path,
            original: None,
            is_public: page.visibility == Visibility::Public,
        }
    }

    /// Within a copy, whose files lie side by side.
    pub(super) fn within_copy(app: &App, page: &StatusPage) -> Self {
        Self {
            style: "style.css".to_owned(),
            page: "index.html".to_owned(),
            history: "history.html".to_owned(),
            feed: "feed.xml".to_owned(),
            summary: "summary.json".to_owned(),
            subscribe: None,
            webhook: None,
            original: Some(app.status_url(page)),
            is_public: page.visibility == Visibility::Public,
        }
    }

    /// For what belongs to no page.
    pub(super) fn of_none() -> Self {
        Self {
            style: STYLE_PATH.clone(),
            page: String::new(),
            history: String::new(),
            feed: String::new(),
            summary: String::new(),
            subscribe: None,
            webhook: None,
            original: None,
            is_public: false,
        }
    }
}
