//! What people write to Muster in a chat: who is on call, taking time on call in one step (`O14`),
//! paging a standard alias (`O1`). Everything is asked of the gate in the name of whoever wrote it,
//! who is known by an address that an administrator wrote down or that was verified. Answers to
//! pages are not read here.

use jiff::Timestamp;
use muster_core::id::{PageId, ServiceId, UserId};
use muster_core::incident::timeline::Actor;
use muster_core::oncall::alias::{self, Alias};
use muster_core::oncall::schedule::{self, Override, Schedule};
use muster_core::org::access::{self, Action, Object};
use muster_core::org::directory::Directory;
use muster_core::org::provider::Provider;
use muster_core::org::user::{Address, User};
use muster_core::time::parse_duration;
use muster_integrations::channels::callback::{About, Ask, Callback};
use muster_store::oncall::callback as store_callback;
use muster_store::oncall::delivery;
use muster_store::{Lane, StoreError};

use super::overrides::Wanted;
use super::{NotPlanned, shift_of};
use crate::app::App;
use crate::app::incident::command::Refused;
use crate::app::incident::declare::Report;
use crate::app::link::token;

mod declare;
mod incident;
mod join;

/// The most schedules that a bare `who` names.
const SCHEDULES_MAX: usize = 15;
/// The most pages that one message of a provider is about.
const PAGES_MAX: usize = 50;
/// What can also be written by mail, besides what phones understand.
pub(crate) const BY_MAIL: [&str; 4] = ["take", "here", "volunteer", "need"];
/// Why somebody has time on call that they took in a chat.
const TAKEN: &str = "taken in a chat";
/// What is said to somebody whose address belongs to nobody.
const STRANGER: &str = "Muster does not know you here. Ask an administrator to write this address \
                        down as one of your contact methods.";
/// What can be written.
const HELP: &str = "\
ack 42, resolve 42, escalate 42, decline 42: answer a page by the number of its incident\n\
ack all: take everything that you are paged for\n\
here 42: you are there; volunteer 42: you can help\n\
note 42 TEXT, role 42 scribe, severity 42 1 WHY: work on it as in the app\n\
health 42 healthy, leave 42: say how your services are, and that you go\n\
bridge 42, eta 42 45m: where people meet, and when it may be over\n\
need manager, need expert 42 TEXT: ask for help; person, team, expert, manager or a name\n\
who checkout: who is on call for a service, a schedule or an alias\n\
take payments-primary 4h: be on call yourself from now on\n\
declare TEXT, declare sev2 on checkout: TEXT: declare an incident, the worst severity unless said\n\
page checkout-primary TEXT: page whoever is on call, or a person by name";

impl App {
    /// Rewrites a call of a provider in terms of what is configured: the sender's address as it is
    /// written down, and messages that were replied to as the pages that they were about.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn recognized(
        &self,
        provider: &Provider,
        mut callback: Callback,
    ) -> Result<Callback, StoreError> {
        let snapshot = self.snapshot();
        let sender = sender(&snapshot.directory, &callback)
            .map(|(user, address)| (user.id, address.to_owned()));
        if let Some((_, address)) = &sender {
            callback.from = Some(address.clone());
        }
        let mut asks = Vec::with_capacity(callback.asks.len());
        for ask in std::mem::take(&mut callback.asks) {
            let Ask::Answer { choice, about: About::Message(reference) } = ask else {
                asks.push(ask);
                continue;
            };
            let pages = delivery::pages_of_message(&self.db, &provider.name, &reference).await?;
            // A message that is not known was no page, so nothing is asked by what is said to it.
            asks.extend(pages.into_iter().take(PAGES_MAX).map(|page| {
                let is_own = sender.as_ref().is_some_and(|(user, _)| user.0 == page.user_id);
                let about = match is_own {
                    true => About::PageToken(token(self.instance_key(), PageId(page.page_id))),
                    false => About::Number(page.number),
                };
                Ask::Answer { choice, about }
            }));
        }
        if asks.is_empty() {
            asks.push(Ask::Nothing);
        }
        callback.asks = asks;
        Ok(callback)
    }

    /// Does what somebody wrote, if it is a line for this page and not an answer. Says what became
    /// of it. The same call again changes nothing and is told the same.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn chat(
        &self,
        provider: &Provider,
        callback: &Callback,
    ) -> Result<Option<String>, StoreError> {
        let [Ask::Words(text)] = callback.asks.as_slice() else { return Ok(None) };
        // Phones are answered in their own words, and by strangers where calling in is allowed.
        if ["sms", "voice"].contains(&callback.channel) {
            return Ok(None);
        }
        let snapshot = self.snapshot();
        let Some((user, _)) = sender(&snapshot.directory, callback) else {
            return Ok(Some(STRANGER.to_owned()));
        };
        let Some(reference) = &callback.reference else {
            return self.obey_words(&snapshot.directory, user, text, TAKEN).await.map(Some);
        };
        let name = &provider.name;
        let mut tx = self.db.begin(Lane::Command).await?;
        let is_new = store_callback::begin(&mut tx, name, reference, self.now()).await?;
        tx.commit().await?;
        if !is_new {
            return store_callback::seen(&self.db, name, reference).await.map(Some);
        }
        let words = self.obey_words(&snapshot.directory, user, text, TAKEN).await?;
        let mut tx = self.db.begin(Lane::Command).await?;
        store_callback::end(&mut tx, name, reference, &words).await?;
        tx.commit().await?;
        Ok(Some(words))
    }

    /// Does what a line of words asks for and says what became of it. `taken` is written down as
    /// the reason of time on call that is taken.
    pub(super) async fn obey_words(
        &self,
        directory: &Directory,
        user: &User,
        text: &str,
        taken: &str,
    ) -> Result<String, StoreError> {
        let (verb, rest) = text.trim().split_once(char::is_whitespace).unwrap_or((text.trim(), ""));
        let rest = rest.trim();
        match verb.to_lowercase().as_str() {
            "who" => Ok(who(directory, user, rest, self.now())),
            "here" => self.here_words(user, rest).await,
            "volunteer" => self.volunteer_words(user, rest).await,
            "need" => self.need_words(user, rest).await,
            "take" => self.take_words(directory, user, rest, taken).await,
            "page" => self.page_words(directory, user, rest).await,
            "declare" => self.declare_words(directory, user, rest).await,
            "" | "help" => Ok(HELP.to_owned()),
            verb => match self.incident_words(directory, user, verb, rest).await? {
                Some(words) => Ok(words),
                None => Ok(format!("Muster did not understand that. This can be written:\n{HELP}")),
            },
        }
    }

    /// `take SCHEDULE DURATION`.
    async fn take_words(
        &self,
        directory: &Directory,
        user: &User,
        text: &str,
        taken: &str,
    ) -> Result<String, StoreError> {
        let mut words = text.split_whitespace();
        let (Some(name), Some(length)) = (words.next(), words.next()) else {
            return Ok("Say where and how long: take payments-primary 4h".to_owned());
        };
        let Some(schedule) = directory.schedules.named(name) else {
            return Ok(format!("There is no schedule {name}."));
        };
        // A shift that several have: whose place.
        let instead_of = match (words.next(), words.next()) {
            (Some("for"), Some(name)) => match directory.users.named(name) {
                Some(holder) => Some(holder.id),
                None => return Ok(format!("There is no person {name}.")),
            },
            _ => None,
        };
        let length = match parse_duration(length) {
            Ok(length) => length,
            Err(error) => return Ok(format!("That did not work: {error}.")),
        };
        let object = shift_of(directory, schedule.id, user.id);
        if access::may(person(user), Action::Manage, object).is_err() {
            return Ok(format!("You do not take part in {name}, so you cannot take time in it."));
        }
        let from = self.now();
        let to = from.saturating_add(length).unwrap_or(Timestamp::MAX);
        let wanted = Wanted {
            schedule: schedule.id,
            span: Override { user: user.id, from, to, instead_of },
            reason: taken.to_owned(),
            split: true,
            everybody: false,
        };
        match self.add_override(wanted, &actor(user)).await {
            Ok(stored) => {
                Ok(format!("You are on call in {name} until {}.", local(user, stored.span.to)))
            }
            Err(NotPlanned::Store(error)) => Err(error),
            Err(refused) => Ok(format!("That did not work: {refused}.")),
        }
    }

    /// `page ALIAS|PERSON TEXT`.
    async fn page_words(
        &self,
        directory: &Directory,
        user: &User,
        text: &str,
    ) -> Result<String, StoreError> {
        let Some((name, message)) = text.split_once(char::is_whitespace) else {
            return Ok("Say whom and why: page checkout-primary checkout is slow".to_owned());
        };
        if access::may(person(user), Action::Create, Object::Incidents).is_err() {
            return Ok("You may not page anybody.".to_owned());
        }
        let (service, users) = match whom(directory, name, self.now()) {
            Ok(found) => found,
            Err(words) => return Ok(words),
        };
        let report = Report {
            title: message.trim().to_owned(),
            service,
            page: users.clone(),
            only: true,
            ..Report::default()
        };
        match self.declare(report, &actor(user)).await {
            Ok(incident) => Ok(format!(
                "{} asked about incident {}: {}",
                be_asked(directory, &users),
                incident.number,
                self.incident_url(incident.number)
            )),
            Err(Refused::Store(error)) => Err(error),
            Err(refused) => Ok(format!("That did not work: {refused}.")),
        }
    }
}

/// The person that a call comes from, and their address as it is written down. Addresses that
/// nobody has verified prove nothing.
fn sender<'a>(directory: &'a Directory, callback: &Callback) -> Option<(&'a User, &'a str)> {
    let given: Vec<_> = callback.from.as_deref()?.split(' ').collect();
    directory.users.iter().find_map(|user| {
        let methods = user.contact_methods.iter().filter(|method| method.verified);
        let mut addresses = methods.filter_map(|method| match &method.address {
            Address::Direct { channel, address } if channel.name() == callback.channel => {
                Some(address.as_str())
            }
            _ => None,
        });
        addresses.find(|address| given.contains(address)).map(|address| (user, address))
    })
}

fn actor(user: &User) -> Actor {
    Actor::User { id: user.id, name: user.name.clone() }
}

fn person(user: &User) -> access::Caller {
    access::Caller::Person { id: user.id, role: user.role }
}

/// Whom a name pages: a standard alias, with or without its first word, or a person.
fn whom(
    directory: &Directory,
    name: &str,
    now: Timestamp,
) -> Result<(Option<ServiceId>, Vec<UserId>), String> {
    if let Some(alias) = alias_of(name)
        && let Some(users) = alias::resolve(directory, &alias, now)
    {
        let service = directory.services.named(&alias.service).map(|service| service.id);
        return match users.is_empty() {
            true => Err(format!("Nobody can be reached for {name}.")),
            false => Ok((service, users)),
        };
    }
    let user = directory.users.named(name.trim_start_matches('@'));
    user.map(|user| (None, vec![user.id])).ok_or_else(|| {
        format!("There is no {name}. Name a person or an alias such as checkout-primary.")
    })
}

/// `page-checkout-primary`, or `checkout-primary` for short.
fn alias_of(name: &str) -> Option<Alias> {
    Alias::parse(name).or_else(|| Alias::parse(&format!("page-{name}")))
}

/// Who is on call, in words: for a service, a schedule, an alias, or everywhere.
fn who(directory: &Directory, asker: &User, name: &str, now: Timestamp) -> String {
    if name.is_empty() {
        let lines = directory.schedules.iter().take(SCHEDULES_MAX);
        let lines: Vec<_> =
            lines.map(|schedule| on_schedule(directory, asker, schedule, now)).collect();
        return match lines.is_empty() {
            true => "There are no schedules.".to_owned(),
            false => lines.join("\n"),
        };
    }
    if let Some(service) = directory.services.named(name) {
        let lines = [alias::Line::Primary, alias::Line::Secondary, alias::Line::Escalation];
        let lines = lines.map(|line| {
            let users =
                alias::resolve(directory, &Alias { service: service.name.clone(), line }, now);
            format!("{}: {}", line.name(), names(directory, &users.unwrap_or_default()))
        });
        return lines.join("\n");
    }
    if let Some(schedule) = directory.schedules.named(name) {
        return on_schedule(directory, asker, schedule, now);
    }
    let users = alias_of(name).and_then(|alias| alias::resolve(directory, &alias, now));
    users.map_or_else(
        || format!("There is no service, schedule or alias {name}."),
        |users| format!("{name}: {}", names(directory, &users)),
    )
}

fn on_schedule(directory: &Directory, asker: &User, schedule: &Schedule, now: Timestamp) -> String {
    let shifts = schedule::on_call_at(schedule, now);
    let shifts: Vec<_> = shifts
        .iter()
        .map(|shift| {
            format!("{} until {}", names(directory, &[shift.user]), local(asker, shift.to))
        })
        .collect();
    let who = if shifts.is_empty() { "nobody".to_owned() } else { shifts.join(", ") };
    format!("{}: {who}", schedule.name)
}

fn names(directory: &Directory, users: &[UserId]) -> String {
    let name = |id: &UserId| directory.users.get(*id).map(|user| user.full_name.clone());
    let names: Vec<_> = users.iter().filter_map(name).collect();
    if names.is_empty() { "nobody".to_owned() } else { names.join(", ") }
}

fn be_asked(directory: &Directory, users: &[UserId]) -> String {
    let verb = if users.len() == 1 { "is" } else { "are" };
    format!("{} {verb}", names(directory, users))
}

/// An instant in the zone of whoever reads it.
fn local(reader: &User, at: Timestamp) -> String {
    if at == Timestamp::MAX {
        return "further notice".to_owned();
    }
    at.to_zoned(reader.timezone.clone()).strftime("%a %d %b %H:%M %Z").to_string()
}
