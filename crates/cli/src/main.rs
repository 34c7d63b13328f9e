//! The binary `muster`: the server, and everything that people do from a terminal. One file per
//! subcommand; whatever a command decides is decided in the crates below.

use std::process::ExitCode;

mod api;
mod args;
mod bench;
mod command;
mod demo;
mod doctor;
mod failure;
mod http;
mod operator;
mod session;
mod settings;
mod show;
mod store;

fn main() -> ExitCode {
    args::run()
}
