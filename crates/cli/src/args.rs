//! What can be typed, and what it starts.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::command::{
    alert, alias, apply, backup, bench, calendar, change, check, completions, contacts, cover,
    demo, doctor, export, group, heartbeat, incident, leave, maintenance, message,
    notification_list, oncall, page, preview, provider, release, restore, schedule, search, serve,
    service, shadow, sim, status, template, token, user, workflow,
};
use crate::failure::conclude;
use crate::settings::{Global, Settings};

/// Alerts, on-call, paging and incidents, in one binary.
#[derive(Debug, Parser)]
#[command(name = "muster", version, max_term_width = 100)]
pub struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the server
    Serve(serve::Serve),
    /// Try Muster with a made-up organisation and trouble that unfolds while you watch
    Demo(demo::Demo),
    /// Apply a configuration file
    Apply(apply::Apply),
    /// Print the configuration as a file
    Export,
    /// Check a configuration file and its routing tests, without any store
    Check(check::Check),
    /// Make, list and revoke API tokens
    #[command(subcommand)]
    Token(token::Token),
    /// List people and set their passwords
    #[command(subcommand)]
    User(user::User),
    #[command(subcommand)]
    Workflow(workflow::Workflow),
    /// Plan, agree to and do changes
    #[command(subcommand)]
    Change(change::Change),
    #[command(subcommand)]
    Template(template::Template),
    /// See and change how people are reached
    #[command(subcommand)]
    Contacts(contacts::Contacts),
    /// Work on incidents
    #[command(subcommand, visible_alias = "inc")]
    Incident(incident::Incident),
    /// Show who is on call, or change it
    Oncall(oncall::Oncall),
    /// Look at schedules and shifts, prove that somebody is reached at every time ahead, undo changes
    #[command(subcommand)]
    Schedule(schedule::Schedule),
    /// Ask others to take a shift, and answer them
    #[command(subcommand)]
    Cover(cover::Cover),
    /// Say when somebody is away
    #[command(subcommand)]
    Leave(leave::Leave),
    /// Show shifts in a calendar program, and read leave from one
    #[command(subcommand)]
    Calendar(calendar::Calendar),
    #[command(subcommand)]
    Service(service::Service),
    #[command(subcommand)]
    Group(group::Group),
    #[command(subcommand)]
    Status(status::Status),
    #[command(subcommand)]
    NotificationList(notification_list::NotificationList),
    /// Show whom an alias such as page-checkout-primary reaches
    Alias(alias::Alias),
    /// Show who would be paged by an escalation policy, when and by what
    Preview(preview::Preview),
    /// Page a person or an alias
    Page(page::Page),
    /// Look at alerts
    #[command(subcommand)]
    Alert(alert::Alert),
    /// Look at raw messages and take them through triage again
    #[command(subcommand)]
    Message(message::Message),
    /// Look at who carries messages, and whether they know us
    #[command(subcommand)]
    Provider(provider::Provider),
    /// Plan maintenance, during which alerts are recorded and page nobody
    #[command(subcommand)]
    Maintenance(maintenance::Maintenance),
    /// Look at heartbeat monitors
    #[command(subcommand)]
    Heartbeat(heartbeat::Heartbeat),
    /// Look at what is tried out in shadow mode, and forecast pages per shift
    #[command(subcommand)]
    Shadow(shadow::Shadow),
    /// Search incidents, alerts, timelines and changes
    Search(search::Search),
    /// Write a backup, also while serving
    Backup(backup::Backup),
    /// Restore a backup into an empty store, which then is held
    Restore(restore::Restore),
    /// Let a held installation send again
    Release,
    /// Look whether everything is in order, and say what to do where it is not
    Doctor,
    /// Run the engine's decisions in a world full of faults and check every invariant
    Sim(sim::Sim),
    /// Measure speed on this machine
    #[command(subcommand)]
    Bench(bench::Bench),
    /// Print a completion script for a shell
    Completions(completions::Completions),
}

/// Reads the command line and does what it says.
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    conclude(start(cli))
}

fn start(cli: Cli) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let outcome = runtime.block_on(obey(cli));
    // Whoever still waits for a terminal's input must not hold up the end.
    runtime.shutdown_background();
    outcome
}

async fn obey(cli: Cli) -> anyhow::Result<()> {
    // Not every command has settings, and a broken file is no matter for those.
    let settings = || Settings::read(cli.global.clone());
    match cli.command {
        Command::Serve(serve) => serve.run(&settings()?).await,
        Command::Demo(demo) => demo.run().await,
        Command::Apply(apply) => apply.run(&settings()?).await,
        Command::Export => export::run(&settings()?).await,
        Command::Change(change) => change.run(&settings()?).await,
        Command::Check(check) => check.run(&settings()?),
        Command::Token(token) => token.run(&settings()?).await,
        Command::User(user) => user.run(&settings()?).await,
        Command::Workflow(workflow) => workflow.run(&settings()?).await,
        Command::Template(template) => template.run(&settings()?).await,
        Command::Contacts(contacts) => contacts.run(&settings()?).await,
        Command::Incident(incident) => incident.run(&settings()?).await,
        Command::Oncall(oncall) => oncall.run(&settings()?).await,
        Command::Schedule(schedule) => schedule.run(&settings()?).await,
        Command::Cover(cover) => cover.run(&settings()?).await,
        Command::Leave(leave) => leave.run(&settings()?).await,
        Command::Calendar(calendar) => calendar.run(&settings()?).await,
        Command::Service(service) => service.run(&settings()?).await,
        Command::Group(group) => group.run(&settings()?).await,
        Command::Status(status) => status.run(&settings()?).await,
        Command::NotificationList(list) => list.run(&settings()?).await,
        Command::Alias(alias) => alias.run(&settings()?).await,
        Command::Preview(preview) => preview.run(&settings()?).await,
        Command::Page(page) => page.run(&settings()?).await,
        Command::Alert(alert) => alert.run(&settings()?).await,
        Command::Message(message) => message.run(&settings()?).await,
        Command::Provider(provider) => provider.run(&settings()?).await,
        Command::Maintenance(maintenance) => maintenance.run(&settings()?).await,
        Command::Heartbeat(heartbeat) => heartbeat.run(&settings()?).await,
        Command::Shadow(shadow) => shadow.run(&settings()?).await,
        Command::Search(search) => search.run(&settings()?).await,
        Command::Backup(backup) => backup.run(&settings()?).await,
        Command::Restore(restore) => restore.run(&settings()?).await,
        Command::Release => release::run(&settings()?).await,
        Command::Doctor => doctor::run(&settings()?).await,
        Command::Sim(sim) => sim.run(&settings()?),
        Command::Bench(bench) => bench.run(&settings()?).await,
        Command::Completions(completions) => completions.run(),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_contradicts_itself_nowhere() {
        super::Cli::command().debug_assert();
    }
}
