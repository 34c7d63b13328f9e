//! Muster's server. `app` loads, decides and commits; `engine` carries accepted work forward; `api`,
//! `lifeline` and `mail` speak with programs, with people and with mail servers. The rules themselves are in the core.

pub mod api;
pub mod app;
pub mod bench;
pub mod callback;
pub mod clock;
pub mod engine;
pub mod http;
pub mod ids;
pub mod lifeline;
pub mod mail;
pub mod settings;
