//! Calling in: a number to call or text that pages the on-call of a service. A caller presses a key
//! or texts `page checkout disk is full`; who is unknown may do so where the configuration allows
//! it, and nobody more often than it allows. Every call is written down, callers as digests.

use jiff::SignedDuration;
use muster_core::incident::lifecycle::Command;
use muster_core::incident::restriction::Viewer;
use muster_core::incident::timeline::Actor;
use muster_core::oncall::schedule::on_call_at;
use muster_core::org::directory::{CallingIn, Directory};
use muster_core::org::service::Service;
use muster_core::org::user::User;
use muster_integrations::channels::callback::{Answered, CallIn, Callback};
use muster_store::incident::incident as store_incident;
use muster_store::oncall::callback::{self as store_callback, NewCallIn};
use muster_store::{Lane, StoreError, audit};
use serde_json::json;

use super::owners;
use super::words::{self, Told};
use crate::app::App;
use crate::app::incident::command::Refused;
use crate::app::incident::declare::Report;
use crate::app::link;
use crate::app::oncall::chat;
use crate::ids;

/// The time in which calls are counted.
const WINDOW: SignedDuration = SignedDuration::from_hours(1);
/// So many times what one number may call is what all unknown numbers together may.
const ALL_CALLERS: i64 = 6;

impl App {
    /// Makes sense of a line of words.
    pub(super) async fn understand(
        &self,
        via: &str,
        callback: &Callback,
        line: &str,
        answered: &mut Answered,
    ) -> Result<Told, StoreError> {
        let (verb, rest) = line.trim().split_once(char::is_whitespace).unwrap_or((line.trim(), ""));
        match verb.to_lowercase().as_str() {
            "page" => self.text_in(via, callback, rest.trim()).await,
            "show" => self.show(callback, rest.trim(), answered).await,
            "who" => Ok(self.who(callback, rest.trim())),
            verb if callback.channel == "email" && chat::BY_MAIL.contains(&verb) => {
                self.as_in_a_chat(callback, line).await
            }
            _ => Ok(Told::Help),
        }
    }

    /// Words of a chat, in the name of whoever has the mailbox.
    async fn as_in_a_chat(&self, callback: &Callback, line: &str) -> Result<Told, StoreError> {
        let snapshot = self.snapshot();
        let directory = &snapshot.directory;
        match owners(directory, callback).first() {
            Some((user, _)) => {
                let taken = "taken by mail";
                self.obey_words(directory, user, line, taken).await.map(Told::Said)
            }
            None => Ok(Told::Nobody),
        }
    }

    /// What an incident of the person is, for somebody who wants to hear it again.
    async fn show(
        &self,
        callback: &Callback,
        which: &str,
        answered: &mut Answered,
    ) -> Result<Told, StoreError> {
        let snapshot = self.snapshot();
        let Some((_, standing)) = self.person(&snapshot.directory, callback).await? else {
            return Ok(Told::Nobody);
        };
        let lines: Vec<_> = match which.parse::<i64>() {
            Ok(number) => {
                answered.incident = Some(number);
                let one = standing.iter().find(|one| one.incident.number == number);
                one.map(|one| words::line(&one.incident)).into_iter().collect()
            }
            Err(_) => standing.iter().take(3).map(|one| words::line(&one.incident)).collect(),
        };
        Ok(if lines.is_empty() { Told::NothingOpen } else { Told::About(lines.join(". ")) })
    }

    /// Who is on call for a service or schedule; only for those who are somebody here.
    fn who(&self, callback: &Callback, of: &str) -> Told {
        let snapshot = self.snapshot();
        let directory = &snapshot.directory;
        if owners(directory, callback).is_empty() {
            return Told::Nobody;
        }
        let now = self.now();
        let people: Vec<_> = if let Some(schedule) = directory.schedules.named(of) {
            on_call_at(schedule, now).into_iter().map(|shift| shift.user).collect()
        } else if let Some(service) = directory.services.named(of) {
            let alias = format!("page-{}-primary", service.name);
            muster_core::oncall::alias::Alias::parse(&alias)
                .and_then(|alias| muster_core::oncall::alias::resolve(directory, &alias, now))
                .unwrap_or_default()
        } else {
            return Told::NoService { name: short(of), known: names(directory.services.iter()) };
        };
        let name = |id| directory.users.get(id).map(|user: &User| user.full_name.clone());
        Told::OnCall { of: of.to_owned(), people: people.into_iter().filter_map(name).collect() }
    }

    /// `page checkout disk is full` in a text message.
    async fn text_in(
        &self,
        via: &str,
        callback: &Callback,
        text: &str,
    ) -> Result<Told, StoreError> {
        let snapshot = self.snapshot();
        let directory = &snapshot.directory;
        let (name, what) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        let caller = owners(directory, callback).first().map(|(user, _)| *user);
        let open = match &directory.calling_in {
            Some(calls) if caller.is_none() && calls.unknown_callers => offered(directory, calls),
            _ if caller.is_none() => return Ok(Told::NoCalls),
            // Whoever is somebody here may page for any service, as in the app (`D4`).
            _ => directory.services.iter().collect(),
        };
        let Some(service) = open.iter().find(|service| service.name.eq_ignore_ascii_case(name))
        else {
            return Ok(Told::NoService { name: short(name), known: names(open.into_iter()) });
        };
        let title = if what.trim().is_empty() { "Called in".to_owned() } else { what.to_owned() };
        let by = called_by(caller, callback);
        self.page_for(via, callback, service, caller, title, format!("Texted in {by}.")).await
    }

    /// One step of a call.
    pub(super) async fn called_in(
        &self,
        via: &str,
        callback: &Callback,
        step: &CallIn,
        answered: &mut Answered,
    ) -> Result<Told, StoreError> {
        let snapshot = self.snapshot();
        let directory = &snapshot.directory;
        let caller = owners(directory, callback).first().map(|(user, _)| *user);
        let Some(calls) = &directory.calling_in else { return Ok(Told::NoCalls) };
        if caller.is_none() && !calls.unknown_callers {
            return Ok(Told::NoCalls);
        }
        let services = offered(directory, calls);
        let menu = |answered: &mut Answered| {
            answered.asks_back = true;
            Told::Menu {
                organization: directory.name.clone(),
                services: names(services.iter().copied()),
            }
        };
        match step {
            CallIn::Rings => Ok(menu(answered)),
            CallIn::Chose(digit) => {
                let at = usize::try_from(*digit).ok().and_then(|digit| digit.checked_sub(1));
                let Some(service) = at.and_then(|at| services.get(at)) else {
                    return Ok(menu(answered));
                };
                let by = called_by(caller, callback);
                let (title, summary) = (format!("Call {by}"), "Called in; a voicemail may follow.");
                let told = self
                    .page_for(via, callback, service, caller, title, summary.to_owned())
                    .await?;
                Ok(match told {
                    Told::Paging { number, service, .. } => {
                        answered.incident = Some(number);
                        Told::Paging { number, service, records: true }
                    }
                    other => other,
                })
            }
            CallIn::Recorded { incident, url, seconds } => {
                self.keep_voicemail(callback, caller, *incident, url, *seconds).await
            }
        }
    }

    /// Declares an incident on behalf of a caller, who may not do so too often.
    async fn page_for(
        &self,
        via: &str,
        callback: &Callback,
        service: &Service,
        caller: Option<&User>,
        title: String,
        summary: String,
    ) -> Result<Told, StoreError> {
        let now = self.now();
        let snapshot = self.snapshot();
        let per_hour = snapshot.directory.calling_in.as_ref().map_or_else(
            || i64::from(CallingIn::CALLS_PER_HOUR_DEFAULT),
            |calls| i64::from(calls.calls_per_hour),
        );
        let number = self.caller_digest(callback);
        let since = now.saturating_sub(WINDOW).unwrap_or(now);
        let mut tx = self.db.begin(Lane::Command).await?;
        let (own, all) = store_callback::calls_since(&mut tx, &number, since).await?;
        drop(tx);
        if own >= per_hour || (caller.is_none() && all >= per_hour * ALL_CALLERS) {
            metrics::counter!("muster_calls_in_refused_total").increment(1);
            return Ok(Told::TooMany);
        }
        let actor = actor(caller, via);
        let report = Report {
            title,
            summary: Some(summary),
            service: Some(service.id),
            ..Report::default()
        };
        let incident = match self.declare(report, &actor).await {
            Ok(incident) => incident,
            Err(Refused::Store(error)) => return Err(error),
            Err(refused) => return Ok(Told::Refused { number: 0, why: refused.to_string() }),
        };
        let call = NewCallIn {
            id: self.ids.next(now),
            provider: via.to_owned(),
            caller: number,
            user: caller.map(|user| user.id),
            service: Some(service.id),
            incident: Some(incident.id),
        };
        let entry = self.audit_entry(
            &actor,
            "call_in.paged",
            ("incident", incident.id.to_string()),
            json!({ "provider": via, "channel": callback.channel, "service": service.name }),
        );
        let mut tx = self.db.begin(Lane::Command).await?;
        store_callback::put_call_in(&mut tx, &call, now).await?;
        audit::append(&mut tx, &entry, ids::random()).await?;
        tx.commit().await?;
        let service = service.name.clone();
        Ok(Told::Paging { number: incident.number, service, records: false })
    }

    /// Adds a recording to the incident that the same caller opened.
    async fn keep_voicemail(
        &self,
        callback: &Callback,
        caller: Option<&User>,
        number: i64,
        url: &str,
        seconds: u32,
    ) -> Result<Told, StoreError> {
        let Some(incident) = store_incident::by_number(&self.db, &Viewer::Engine, number).await?
        else {
            return Ok(Told::Gone);
        };
        let digest = self.caller_digest(callback);
        if !store_callback::has_called(&self.db, &digest, incident.id).await? {
            return Ok(Told::Gone);
        }
        let by = called_by(caller, callback);
        let text = format!("Voicemail {by}, {seconds} s: {url}");
        let actor = match caller {
            Some(user) => Actor::User { id: user.id, name: user.name.clone() },
            None => Actor::System,
        };
        match self.command(incident.id, Command::Note { text }, &actor).await {
            Ok(_) => Ok(Told::Kept),
            Err(Refused::Store(error)) => Err(error),
            Err(refused) => Ok(Told::Refused { number, why: refused.to_string() }),
        }
    }

    fn caller_digest(&self, callback: &Callback) -> [u8; 32] {
        let from = callback.from.as_deref().unwrap_or_default();
        link::derive(self.instance_key(), b"caller", from.as_bytes())
    }
}

fn actor(caller: Option<&User>, via: &str) -> Actor {
    match caller {
        Some(user) => Actor::User { id: user.id, name: user.name.clone() },
        None => Actor::Integration { label: format!("calls to {}", via) },
    }
}

/// The services that callers may choose from.
fn offered<'a>(directory: &'a Directory, calls: &CallingIn) -> Vec<&'a Service> {
    calls.services.iter().filter_map(|id| directory.services.get(*id)).collect()
}

fn names<'a>(services: impl Iterator<Item = &'a Service>) -> Vec<String> {
    services.map(|service| service.name.clone()).collect()
}

fn short(text: &str) -> String {
    text.chars().take(40).collect()
}

/// Who called, as those who are paged read it: a number is what one calls back.
fn called_by(caller: Option<&User>, callback: &Callback) -> String {
    match caller {
        Some(user) => format!("from {}", user.full_name),
        None => format!("from {}", short(callback.from.as_deref().unwrap_or("an unknown number"))),
    }
}
