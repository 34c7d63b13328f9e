//! Muster's server. `app` loads, decides and commits; `engine` carries accepted work forward; `api`
//! and `lifeline` speak with programs and with people. The rules themselves are in the core.

pub mod api;
pub mod app;
pub mod bench;
pub mod callback;
pub mod clock;
pub mod engine;
pub mod http;
pub mod ids;
pub mod lifeline;
pub mod settings;
