//! The RSS feed of a status page: what was said, the latest first. Readers take a description for
//! HTML, so what people wrote is escaped once more within it.

use askama::filters::{Escaper as _, Html};
use rss::{Channel, Guid, Item};

use crate::app::incident::status_page::View;

/// The most items, the latest.
const ITEMS_MAX: usize = 50;

/// The feed of what a page shows.
pub(super) fn of(view: &View, url: &str) -> String {
    let mut said: Vec<_> = view
        .posts
        .iter()
        .flat_map(|post| post.updates.iter().map(move |update| (post, update)))
        .collect();
    said.sort_by_key(|(_, update)| std::cmp::Reverse((update.at, update.id)));
    let items = said.into_iter().take(ITEMS_MAX).map(|(post, update)| Item {
        title: Some(format!("{}: {}", update.stage.words(), post.title)),
        link: Some(format!("{url}/history#{}", post.id)),
        description: Some(escaped(&update.text)),
        guid: Some(Guid { value: update.id.simple().to_string(), permalink: false }),
        pub_date: Some(date(update.at)),
        ..Item::default()
    });
    let about = view.page.description.clone();
    let channel = Channel {
        title: view.page.title.clone(),
        link: url.to_owned(),
        description: about.unwrap_or_else(|| format!("How {} is.", view.page.title)),
        last_build_date: view.posts.iter().map(|post| post.updated_at).max().map(date),
        items: items.collect(),
        ..Channel::default()
    };
    channel.to_string()
}

/// RFC 2822, as RSS wants it.
fn date(at: jiff::Timestamp) -> String {
    jiff::fmt::rfc2822::to_string(&at.to_zoned(jiff::tz::TimeZone::UTC)).unwrap_or_default()
}

fn escaped(text: &str) -> String {
    let mut html = String::new();
    // Writing into a text cannot fail.
    let _ = Html.write_escaped_str(&mut html, text);
    html.replace('\n', "<br>")
}
