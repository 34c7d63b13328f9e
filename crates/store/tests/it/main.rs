//! The store's stories, each told on both engines.

mod access;
mod audit;
mod backup;
mod change_event;
mod event;
mod facade;
mod health;
mod lease;
mod schema;

use jiff::Timestamp;

/// The instant of an RFC 3339 text.
fn t(text: &str) -> Timestamp {
    text.parse().expect("the test names an instant")
}
