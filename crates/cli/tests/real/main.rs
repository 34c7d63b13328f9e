//! Stories with the real binary, real clients, a real clock and real crashes. They wait for what
//! they expect with a deadline and never for a fixed time.

mod crash;
mod edge;
mod mail;
mod mail_in;
mod matrix;
mod monitoring;
mod push;
mod record;
mod status;
mod world;
