//! `muster change`: what was done to services, and what is meant to be done.

use crate::settings::Settings;

mod audit;
mod calendar;
mod conflict;
mod event;
mod exception;
mod gate;
mod notice;
mod record;
mod replay;

/// Plan, agree to and do changes; look at their calendar, and at what is in their way.
#[derive(Debug, clap::Subcommand)]
#[command(disable_help_subcommand = true)]
pub enum Change {
    #[command(flatten)]
    Record(record::Record),
    /// Have a change approved, begin it, run a command, and say how it went
    Gate(gate::Gate),
    /// Show what is in the way of a change, and when nothing would be
    Conflicts(conflict::Conflicts),
    /// Let a change go on although something is in its way
    Override(conflict::Override),
    /// Find the next time at which nothing is in the way of a change
    NextSlot(conflict::NextSlot),
    /// Show the calendar, with freezes, bad incidents and gaps of the on-call
    Calendar(calendar::Calendar),
    /// Write the calendar as files, to be read while the server is down
    Export(calendar::Export),
    /// Print the weekly audit per team: quality, notice, times, what was emergent, what broke
    Audit(audit::Audit),
    /// Hold a configuration against past changes: what it would have asked of them
    Replay(replay::Replay),
    /// Kinds of changes that are held to less than the matrix asks for
    #[command(subcommand)]
    Exception(exception::Exception),
    /// Show whom a change was told, why, and how the messages went
    Notices(notice::Notices),
    /// Show or choose how somebody hears of changes to what their services depend on
    Digest(notice::Digest),
    /// What pipelines and tools report to have changed
    #[command(subcommand)]
    Event(event::Event),
}

impl Change {
    /// Does what was asked.
    ///
    /// # Errors
    /// When the store or server fails or refuses, or a file cannot be written.
    pub async fn run(self, settings: &Settings) -> anyhow::Result<()> {
        match self {
            Self::Record(record) => record.run(settings).await,
            Self::Gate(gate) => gate.run(settings).await,
            Self::Conflicts(conflicts) => conflicts.run(settings).await,
            Self::Override(over) => over.run(settings).await,
            Self::NextSlot(slot) => slot.run(settings).await,
            Self::Calendar(calendar) => calendar.run(settings).await,
            Self::Export(export) => export.run(settings).await,
            Self::Audit(audit) => audit.run(settings).await,
            Self::Replay(replay) => replay.run(settings).await,
            Self::Exception(exception) => exception.run(settings).await,
            Self::Notices(notices) => notices.run(settings).await,
            Self::Digest(digest) => digest.run(settings).await,
            Self::Event(event) => event.run(settings).await,
        }
    }
}
