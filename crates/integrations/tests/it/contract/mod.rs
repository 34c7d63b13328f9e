//! Providers as their published rules describe them: each file judges a request as the provider
//! would, answers as it would, and remembers what it saw. The rules are written from the provider's
//! documentation and never from our adapter, so that both can be wrong only in different ways. Each
//! is shown to notice planted mistakes, and is then what the adapter is driven against.

pub mod discord;
mod gotify;
pub mod judge;
pub mod matrix;
pub mod mattermost;
mod ntfy;
mod push;
pub mod pushover;
pub mod slack;
pub mod teams;
pub mod telegram;
mod twilio;
