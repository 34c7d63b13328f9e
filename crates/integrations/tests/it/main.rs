//! Sources against requests recorded from real clients, channels against real listeners.

mod changes;
mod chat;
mod contract;
mod email;
mod engagement;
mod mail;
mod outbound;
mod pushover;
mod sources;
mod support;
mod webhook;
