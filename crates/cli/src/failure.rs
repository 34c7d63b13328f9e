//! How a command ends: done, refused or failed (1), or asked in a way that cannot be understood
//! (2). Whatever goes wrong is one clear line that says what is wrong and what to do.

use std::process::ExitCode;

/// The command cannot be understood as it was written.
#[derive(Debug)]
pub struct Usage(pub String);

impl std::fmt::Display for Usage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Usage {}

/// The command failed and has said everything about it already.
#[derive(Debug)]
pub struct Told;

impl std::fmt::Display for Told {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("it failed, as said before")
    }
}

impl std::error::Error for Told {}

/// A usage error, as an error of any command.
pub fn usage(text: impl Into<String>) -> anyhow::Error {
    Usage(text.into()).into()
}

/// Tells what went wrong, if anything did, and how the process ends.
pub fn conclude(outcome: anyhow::Result<()>) -> ExitCode {
    let Err(error) = outcome else { return ExitCode::SUCCESS };
    if error.is::<Told>() {
        return ExitCode::from(1);
    }
    eprintln!("muster: {}", in_one_line(&error));
    ExitCode::from(if error.is::<Usage>() { 2 } else { 1 })
}

/// An error and what led to it. Many errors already end in the words of their source.
pub fn in_one_line(error: &anyhow::Error) -> String {
    let mut parts: Vec<String> = Vec::new();
    for source in error.chain() {
        let text = source.to_string();
        if !parts.last().is_some_and(|last| last.ends_with(&text)) {
            parts.push(text);
        }
    }
    parts.join(": ")
}
