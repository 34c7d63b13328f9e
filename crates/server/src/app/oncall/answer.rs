//! Answers that come back through a channel (`N4`): a button, a key, a reply. An address is matched
//! to the person who has it, what is asked is done through the same commands as everywhere else, in
//! that person's name, and what became of it is told in words. The same call of a provider again
//! changes nothing and hears the same.
//!
//! An address is weaker proof than a sign-in, so it answers only what its person was asked: the
//! incidents that they were paged for or have.

use muster_core::id::{IncidentId, PageId, UserId};
use muster_core::incident::lifecycle::{Command, Incident};
use muster_core::incident::restriction::Viewer;
use muster_core::incident::timeline::Actor;
use muster_core::org::directory::Directory;
use muster_core::org::language::Language;
use muster_core::org::user::{Address, ContactMethod, User};
use muster_integrations::channels::callback::{About, Answered, Ask, Callback, Choice};
use muster_store::incident::incident as store_incident;
use muster_store::oncall::callback as store_callback;
use muster_store::oncall::page as store_page;
use muster_store::{Lane, StoreError, audit};
use serde_json::json;

use crate::app::App;
use crate::app::incident::command::Refused;
use crate::app::link::{TOKEN_BYTES_MAX, digest};
use crate::ids;
use words::Told;

mod call_in;
mod words;

/// The most incidents that one person is looked up for.
const STANDING_MAX: i64 = 200;

impl App {
    /// Does what a callback asks for and says what became of it. `via` is who brought it: the
    /// provider's name in the configuration, or `mail`.
    ///
    /// # Errors
    /// When the store does not answer; nothing was done then that is not also told on the timeline,
    /// and the same call again is taken as new.
    pub async fn answer(&self, via: &str, callback: &Callback) -> Result<Answered, StoreError> {
        let Some(reference) = &callback.reference else {
            return self.answer_new(via, callback).await;
        };
        let mut tx = self.db.begin(Lane::Command).await?;
        if !store_callback::begin(&mut tx, via, reference, self.now()).await? {
            drop(tx);
            metrics::counter!("muster_callbacks_repeated_total").increment(1);
            let words = store_callback::seen(&self.db, via, reference).await?;
            let language = self.language(callback);
            return Ok(Answered { language, is_repeated: true, ..words.into() });
        }
        tx.commit().await?;
        let answered = self.answer_new(via, callback).await;
        let mut tx = self.db.begin(Lane::Command).await?;
        match &answered {
            Ok(answered) => {
                store_callback::end(&mut tx, via, reference, &answered.words).await?;
            }
            Err(_) => store_callback::forget(&mut tx, via, reference).await?,
        }
        tx.commit().await?;
        answered
    }

    async fn answer_new(&self, via: &str, callback: &Callback) -> Result<Answered, StoreError> {
        let language = self.language(callback);
        let mut answered = Answered { language, ..Answered::default() };
        let mut all = Vec::new();
        for ask in &callback.asks {
            match ask {
                Ask::Answer { choice, about } => {
                    all.extend(self.answer_pages(via, callback, *choice, about).await?);
                }
                Ask::Words(line) => {
                    all.push(self.understand(via, callback, line, &mut answered).await?);
                }
                Ask::Stop => {
                    self.opt(via, callback, true).await?;
                }
                Ask::Start => {
                    let is_known = self.opt(via, callback, false).await?;
                    all.push(if is_known { Told::Started } else { Told::Nobody });
                }
                Ask::Receipt { reference, status, failed, detail } => {
                    let receipt = crate::engine::Receipt { status, failed: *failed, detail };
                    crate::engine::take_receipt(self, reference, &receipt).await?;
                }
                Ask::CallIn(step) => {
                    all.push(self.called_in(via, callback, step, &mut answered).await?);
                }
                Ask::Nothing => {}
            }
        }
        let lines: Vec<_> = words::gathered(all).iter().map(|told| told.text(language)).collect();
        answered.words = lines.join("\n");
        Ok(answered)
    }

    /// What an answer is written in: phones hear the person's language, everything else is English.
    fn language(&self, callback: &Callback) -> Language {
        let snapshot = self.snapshot();
        let directory = &snapshot.directory;
        let is_phone = ["sms", "voice"].contains(&callback.channel);
        match owners(directory, callback).first() {
            _ if !is_phone => Language::English,
            Some((user, _)) => user.language,
            None => directory.calling_in.as_ref().map(|calls| calls.language).unwrap_or_default(),
        }
    }

    /// The person whom an address belongs to. Where several share a phone, it is whoever is asked
    /// for something.
    async fn person(
        &self,
        directory: &Directory,
        callback: &Callback,
    ) -> Result<Option<(User, Vec<Standing>)>, StoreError> {
        let mut found = None;
        for (user, _) in owners(directory, callback) {
            let standing = self.incidents_of(user.id).await?;
            let is_asked = standing.iter().any(|standing| standing.page.is_some());
            if found.is_none() || is_asked {
                found = Some((user.clone(), standing));
            }
            if is_asked {
                break;
            }
        }
        Ok(found)
    }

    /// The open incidents that a person was paged for or has, the most urgent first.
    async fn incidents_of(&self, user: UserId) -> Result<Vec<Standing>, StoreError> {
        let incidents = store_incident::of_person(&self.db, user, STANDING_MAX).await?;
        let waiting = store_page::waiting_for(&self.db, user, STANDING_MAX).await?;
        let page_of = |incident: IncidentId| {
            let page = waiting.iter().find(|page| page.incident_id == incident.0);
            page.map(|page| PageId(page.id))
        };
        let standing = incidents.into_iter().map(|incident| {
            let page = page_of(incident.id);
            Standing { incident, page }
        });
        Ok(standing.collect())
    }

    async fn answer_pages(
        &self,
        via: &str,
        callback: &Callback,
        choice: Choice,
        about: &About,
    ) -> Result<Vec<Told>, StoreError> {
        let snapshot = self.snapshot();
        if let About::PageToken(token) = about {
            let directory = &snapshot.directory;
            let told = self.answer_link(via, callback, directory, choice, token).await?;
            return Ok(vec![told]);
        }
        let Some((user, standing)) = self.person(&snapshot.directory, callback).await? else {
            return Ok(vec![Told::Nobody]);
        };
        let meant = match meant(&standing, choice, about) {
            Ok(meant) => meant,
            Err(told) => return Ok(vec![told]),
        };
        let mut done = Vec::new();
        for standing in meant {
            let Standing { incident, page } = standing;
            done.push(self.obey(via, callback, &user, choice, incident, *page).await?);
        }
        Ok(done)
    }

    /// Answers the page whose link ends in `token`: for whoever pressed the button if the address is
    /// somebody's, else for the person who was paged. Who holds the link may answer, as on its page.
    async fn answer_link(
        &self,
        via: &str,
        callback: &Callback,
        directory: &Directory,
        choice: Choice,
        token: &str,
    ) -> Result<Told, StoreError> {
        if token.len() > TOKEN_BYTES_MAX {
            return Ok(Told::Gone);
        }
        let Some(page) = store_page::by_token(&self.db, &digest(token)).await? else {
            return Ok(Told::Gone);
        };
        let incident =
            store_incident::get(&self.db, &Viewer::Engine, IncidentId(page.incident_id)).await?;
        // Of several who share an address it is the one who was asked.
        let pressers = owners(directory, callback);
        let asked = pressers.iter().find(|(user, _)| user.id.0 == page.user_id);
        let presser = asked.or(pressers.first()).map(|(user, _)| *user);
        let paged = directory.users.get(UserId(page.user_id));
        let (Some(incident), Some(user)) = (incident, presser.or(paged)) else {
            return Ok(Told::Gone);
        };
        self.obey(via, callback, user, choice, &incident, Some(PageId(page.id))).await
    }

    /// Does one thing to one incident in the name of a person.
    async fn obey(
        &self,
        via: &str,
        callback: &Callback,
        user: &User,
        choice: Choice,
        incident: &Incident,
        page: Option<PageId>,
    ) -> Result<Told, StoreError> {
        let actor = Actor::User { id: user.id, name: user.name.clone() };
        let done = match (choice, page) {
            (Choice::Acknowledge, _) => {
                self.command(incident.id, Command::Acknowledge, &actor).await
            }
            (Choice::Resolve, _) => {
                self.command(incident.id, Command::Resolve { note: None }, &actor).await
            }
            (Choice::Escalate, _) => self.command(incident.id, Command::Escalate, &actor).await,
            (Choice::Decline, Some(page)) => self.decline(page, &actor).await,
            (Choice::Decline, None) => return Ok(Told::NothingOpen),
        };
        let number = incident.number;
        let told = match done {
            Ok(_) => Told::Done { choice, numbers: vec![number] },
            Err(Refused::Store(error)) => return Err(error),
            Err(refused) => Told::Refused { number, why: refused.to_string() },
        };
        let entry = self.audit_entry(
            &actor,
            "page.answered",
            ("incident", incident.id.to_string()),
            json!({
                "provider": via,
                "channel": callback.channel,
                "choice": words::choice_name(choice),
                "done": matches!(told, Told::Done { .. }),
            }),
        );
        let mut tx = self.db.begin(Lane::Command).await?;
        audit::append(&mut tx, &entry, ids::random()).await?;
        tx.commit().await?;
        Ok(told)
    }
}

/// An open incident that somebody was paged for or has.
#[derive(Debug)]
struct Standing {
    incident: Incident,
    /// The page that waits for an answer.
    page: Option<PageId>,
}

/// The people who have the address that a callback comes from, with the method. A phone is one
/// address however it is reached.
pub(super) fn owners<'a>(
    directory: &'a Directory,
    callback: &Callback,
) -> Vec<(&'a User, &'a ContactMethod)> {
    let Some(from) = callback.from.as_deref().filter(|from| !from.is_empty()) else {
        return Vec::new();
    };
    let fits = |method: &ContactMethod| match &method.address {
        Address::Email { mailbox } => {
            callback.channel == "email" && mailbox.eq_ignore_ascii_case(from)
        }
        Address::Direct { channel, address } => {
            let is_channel = channel.name() == callback.channel
                || (channel.is_phone() && ["sms", "voice"].contains(&callback.channel));
            is_channel && address == from
        }
        Address::Webhook { .. } => false,
    };
    let methods = directory
        .users
        .iter()
        .flat_map(|user| user.contact_methods.iter().map(move |method| (user, method)));
    methods.filter(|(_, method)| method.verified && fits(method)).collect()
}

/// Which of a person's incidents an answer means.
fn meant<'a>(
    standing: &'a [Standing],
    choice: Choice,
    about: &About,
) -> Result<Vec<&'a Standing>, Told> {
    let asked: Vec<_> = standing.iter().filter(|standing| standing.page.is_some()).collect();
    // Whoever has an incident already may say that it is over.
    let pool = match choice {
        Choice::Resolve => standing.iter().collect(),
        _ if asked.is_empty() => standing.iter().collect(),
        _ => asked,
    };
    let numbers = || standing.iter().map(|standing| standing.incident.number).collect::<Vec<_>>();
    match about {
        _ if standing.is_empty() => Err(Told::NothingOpen),
        About::Number(number) => {
            let found = standing.iter().find(|standing| standing.incident.number == *number);
            found.map(|found| vec![found]).ok_or_else(|| Told::NotYours {
                number: *number,
                yours: numbers(),
                choice,
            })
        }
        About::Everything => Ok(pool),
        About::OnlyOne | About::PageToken(_) | About::Message(_) => match pool[..] {
            [only] => Ok(vec![only]),
            [] => Err(Told::NothingOpen),
            _ => Err(Told::Which {
                of: pool.iter().map(|one| words::line(&one.incident)).collect(),
                first: pool[0].incident.number,
                choice,
            }),
        },
    }
}
