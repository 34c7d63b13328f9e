//! Contact methods as people manage them (`O8`): their own beside those of the configuration, shown
//! to work by a code, tested, disabled by STOP and enabled by START; with the rules that choose
//! among them, the language, and the quiet hours. A change counts as a change of configuration, so
//! that every node reads it.

use jiff::{SignedDuration, Timestamp};
use muster_core::id::{ContactMethodId, DeliveryId};
use muster_core::incident::severity::Urgency;
use muster_core::incident::timeline::Actor;
use muster_core::oncall::contact::{
    self as rules, CODE_GOOD_FOR, Code, METHODS_MAX, WrongCode, WrongRules,
};
use muster_core::org::channel::Channel;
use muster_core::org::language::Language;
use muster_core::org::quiet::QuietHours;
use muster_core::org::user::{ContactMethod, NotificationRule, User};
use muster_integrations::channels::callback::Callback;
use muster_store::event::{self, NewEvent};
use muster_store::oncall::contact as store_contact;
use muster_store::oncall::delivery::{Kind, NewDelivery};
use muster_store::org::config::{self, Change, RECORD_CONFLICT};
use muster_store::{Lane, StoreError, Tx, audit};
use serde_json::{Value, json};

use super::answer::owners;
use crate::app::App;
use crate::app::incident::record;
use crate::app::link::derive;
use crate::ids;

pub mod overlay;
pub mod words;

/// How often a change that another one overtook looks again.
const TRIES_MAX: u32 = 5;
/// Why a method gets nothing after STOP.
const STOPPED: &str = "the person wrote STOP";

/// Why nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum NotChanged {
    /// There is no such method.
    #[error("there is no such contact method")]
    Missing,
    /// The configuration says so, and only there it can be changed.
    #[error("this method stands in the configuration and is changed there")]
    Configured,
    /// Something that was given is wrong.
    #[error("{why}")]
    Wrong {
        /// What.
        field: &'static str,
        /// What would be right.
        why: String,
    },
    /// The code is.
    #[error(transparent)]
    Code(#[from] WrongCode),
    /// The rules are.
    #[error(transparent)]
    Rules(#[from] WrongRules),
    /// The store does not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl NotChanged {
    fn is_overtaken(&self) -> bool {
        matches!(self, Self::Store(error) if error.is_conflict_on(RECORD_CONFLICT)
            || matches!(error, StoreError::GaveWay { .. }))
    }

    fn wrong(field: &'static str, why: impl Into<String>) -> Self {
        Self::Wrong { field, why: why.into() }
    }
}

/// What a person wants of pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Preferences {
    /// The language of text messages and calls; the configuration's where none is given.
    pub language: Option<Language>,
    /// When what can wait does wait; the configuration's where none is given.
    pub quiet_hours: Option<QuietHours>,
}

impl App {
    /// Whether messages of a channel can go out at all.
    pub fn carries(&self, channel: Channel) -> bool {
        let snapshot = self.snapshot();
        self.channels.is_set_up(channel)
            || snapshot.directory.providers_of(channel).next().is_some()
    }

    /// Adds a contact method, and sends a code to it.
    ///
    /// # Errors
    /// See [`NotChanged`].
    pub async fn add_contact_method(
        &self,
        user: &User,
        name: &str,
        channel: Channel,
        address: &str,
        actor: &Actor,
    ) -> Result<ContactMethodId, NotChanged> {
        let (name, address) = (name.trim(), address.trim());
        self.check_new(user, name, channel, address)?;
        let id = ContactMethodId(self.ids.next(self.now()));
        let sealed = self
            .seal_address(id.0.as_bytes(), address)
            .map_err(|error| NotChanged::wrong("address", error.to_string()))?;
        let data = json!({ "method": name, "type": channel.name() });
        let name = name.to_owned();
        let wanted = Wanted::Add { id, name, channel, sealed };
        self.change_contacts(user, actor, "contact_method.added", data, wanted).await?;
        Ok(id)
    }

    fn check_new(
        &self,
        user: &User,
        name: &str,
        channel: Channel,
        address: &str,
    ) -> Result<(), NotChanged> {
        const NAME_CHARS_MAX: usize = 64;
        let is_name = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
        let length = name.chars().count();
        if length == 0 || length > NAME_CHARS_MAX || !name.chars().all(is_name) {
            return Err(NotChanged::wrong("name", "a name has letters, digits, `-`, `_` and `.`"));
        }
        if user.contact_methods.iter().any(|method| method.name == name) {
            return Err(NotChanged::wrong("name", "you have a method of this name"));
        }
        if channel == Channel::Push {
            return Err(NotChanged::wrong("type", "browsers register themselves"));
        }
        channel.check_address(address).map_err(|why| NotChanged::wrong("address", why))?;
        if !self.carries(channel) {
            let why = format!("nobody carries messages by {} here", channel.name());
            return Err(NotChanged::wrong("type", why));
        }
        Ok(())
    }

    /// Removes a person's own contact method.
    ///
    /// # Errors
    /// See [`NotChanged`]; refused where urgent pages would be left with nothing that wakes anybody.
    pub async fn remove_contact_method(
        &self,
        user: &User,
        name: &str,
        actor: &Actor,
    ) -> Result<(), NotChanged> {
        let method = own(user, name)?;
        let left: Vec<_> =
            user.rules_high.iter().filter(|rule| rule.method != method.id).copied().collect();
        if left.len() < user.rules_high.len() {
            rules::check_rules(user, &left, true)?;
        }
        let data = json!({ "method": name });
        self.change_contacts(user, actor, "contact_method.removed", data, Wanted::Remove(method.id))
            .await
    }

    /// Sends another code.
    ///
    /// # Errors
    /// See [`NotChanged`].
    pub async fn send_contact_code(
        &self,
        user: &User,
        name: &str,
        actor: &Actor,
    ) -> Result<(), NotChanged> {
        let method = own(user, name)?;
        let data = json!({ "method": name });
        let wanted = Wanted::SendCode(method.clone());
        self.change_contacts(user, actor, "contact_method.code_sent", data, wanted).await
    }

    /// Verifies a method by the code that came back.
    ///
    /// # Errors
    /// See [`NotChanged`]; a wrong code is counted.
    pub async fn verify_contact_method(
        &self,
        user: &User,
        name: &str,
        code: &str,
        actor: &Actor,
    ) -> Result<(), NotChanged> {
        let method = own(user, name)?;
        if let Err(wrong) = self.try_code(method.id, code).await? {
            return Err(wrong.into());
        }
        let data = json!({ "method": name });
        let wanted = Wanted::Verify(method.id);
        self.change_contacts(user, actor, "contact_method.verified", data, wanted).await
    }

    /// Compares a code with the one that was sent, and counts a wrong one.
    async fn try_code(
        &self,
        method: ContactMethodId,
        given: &str,
    ) -> Result<Result<(), WrongCode>, NotChanged> {
        let now = self.now();
        let mut tx = self.db.begin(Lane::Command).await?;
        store_contact::lock_method(&mut tx, method).await?.ok_or(NotChanged::Missing)?;
        let sent = store_contact::code(&mut tx, method).await?.map(|code| as_code(&code));
        let given: String = given.chars().filter(char::is_ascii_digit).take(32).collect();
        let is_right = sent.is_some_and(|sent| self.contact_code(method, sent.sent_at) == given);
        let outcome = rules::check_code(sent, is_right, now);
        if outcome.is_err() && !is_right {
            store_contact::count_wrong_code(&mut tx, method).await?;
        }
        tx.commit().await?;
        Ok(outcome)
    }

    /// The code that was sent to a method at an instant.
    pub fn contact_code(&self, method: ContactMethodId, sent_at: Timestamp) -> String {
        let mut object = method.0.as_bytes().to_vec();
        object.extend_from_slice(&sent_at.as_microsecond().to_be_bytes());
        let [a, b, c, d, e, f, g, h, ..] = derive(self.instance_key(), b"contact code", &object);
        rules::digits(u64::from_be_bytes([a, b, c, d, e, f, g, h]))
    }

    /// Lets a method that was disabled get messages again.
    ///
    /// # Errors
    /// See [`NotChanged`].
    pub async fn enable_contact_method(
        &self,
        user: &User,
        name: &str,
        actor: &Actor,
    ) -> Result<(), NotChanged> {
        let method = user.contact_methods.iter().find(|method| method.name == name);
        let method = method.ok_or(NotChanged::Missing)?;
        let data = json!({ "method": name });
        let wanted = Wanted::Enable(method.id);
        self.change_contacts(user, actor, "contact_method.enabled", data, wanted).await
    }

    /// Keeps the rules that a person chose for an urgency; without any, those of the configuration
    /// hold again.
    ///
    /// # Errors
    /// See [`NotChanged`].
    pub async fn choose_rules(
        &self,
        user: &User,
        urgency: Urgency,
        chosen: &[(SignedDuration, String)],
        actor: &Actor,
    ) -> Result<(), NotChanged> {
        let mut wanted = Vec::new();
        for (after, name) in chosen {
            let method = user.contact_methods.iter().find(|method| method.name == *name);
            let method = method
                .ok_or_else(|| NotChanged::wrong("method", format!("you have no method {name}")))?;
            wanted.push(NotificationRule { after: *after, method: method.id });
        }
        wanted.sort_by_key(|rule| rule.after);
        rules::check_rules(user, &wanted, urgency == Urgency::High)?;
        let lines: Vec<_> = wanted.iter().map(|rule| (rule.after, rule.method)).collect();
        let data = json!({ "urgency": urgency.name(), "rules": lines.len() });
        let wanted = Wanted::Rules { urgency, lines };
        self.change_contacts(user, actor, "notification_rules.chosen", data, wanted).await
    }

    /// Keeps a person's language and quiet hours.
    ///
    /// # Errors
    /// See [`NotChanged`].
    pub async fn choose_preferences(
        &self,
        user: &User,
        preferences: Preferences,
        actor: &Actor,
    ) -> Result<(), NotChanged> {
        let Preferences { language, quiet_hours } = preferences;
        if quiet_hours.is_some_and(|quiet| quiet.from == quiet.to) {
            let why = "quiet hours that end when they begin would be the whole day";
            return Err(NotChanged::wrong("quiet_hours", why));
        }
        let minutes =
            |time: jiff::civil::Time| i64::from(time.hour()) * 60 + i64::from(time.minute());
        let quiet = quiet_hours.map(|quiet| (minutes(quiet.from), minutes(quiet.to)));
        let language = language.map(Language::name);
        let data = json!({ "language": language, "quiet_hours": quiet.is_some() });
        let wanted = Wanted::Preferences { language, quiet };
        self.change_contacts(user, actor, "preferences.chosen", data, wanted).await
    }

    /// Somebody wrote STOP or START: their methods of that address are disabled or enabled. Says
    /// whether the address is somebody's.
    ///
    /// # Errors
    /// When the store does not answer.
    pub(super) async fn opt(
        &self,
        via: &str,
        callback: &Callback,
        stops: bool,
    ) -> Result<bool, StoreError> {
        let snapshot = self.snapshot();
        let owners = owners(&snapshot.directory, callback);
        // A number that gets no texts may still be called.
        let methods =
            owners.iter().filter(|(_, method)| method.address.channel() == callback.channel);
        let mut found = false;
        for (user, method) in methods {
            found = true;
            let actor = Actor::User { id: user.id, name: user.name.clone() };
            let data = json!({ "method": method.name, "provider": via });
            let action = if stops { "contact_method.stopped" } else { "contact_method.started" };
            let wanted = match stops {
                true => Wanted::Disable(method.id, STOPPED.to_owned()),
                false => Wanted::Enable(method.id),
            };
            let changed = self.change_contacts(user, &actor, action, data, wanted).await;
            match changed {
                Err(NotChanged::Store(error)) => return Err(error),
                Err(other) => tracing::error!("STOP or START was not kept: {other}"),
                Ok(()) => {}
            }
        }
        Ok(found)
    }

    /// A provider said that an address is gone, or that its person wants nothing: the method is
    /// disabled, which its person sees.
    ///
    /// # Errors
    /// When the store does not answer.
    pub(crate) async fn disable_method(
        &self,
        method: ContactMethodId,
        why: &str,
    ) -> Result<(), StoreError> {
        let snapshot = self.snapshot();
        let mut users = snapshot.directory.users.iter();
        let Some(user) = users.find(|user| user.contact_method(method).is_some()) else {
            return Ok(());
        };
        let name = user.contact_method(method).map(|method| method.name.clone());
        let data = json!({ "method": name, "because": why });
        let wanted = Wanted::Disable(method, why.to_owned());
        let action = "contact_method.disabled";
        let changed = self.change_contacts(user, &Actor::System, action, data, wanted).await;
        match changed {
            Err(NotChanged::Store(error)) => Err(error),
            _ => Ok(()),
        }
    }

    /// Changes something about how a person is reached: counted as a change of configuration,
    /// written down, told to those who watch, and in force from then on.
    async fn change_contacts(
        &self,
        user: &User,
        actor: &Actor,
        action: &str,
        data: Value,
        wanted: Wanted,
    ) -> Result<(), NotChanged> {
        let mut tries = 0;
        loop {
            match self.try_change(user, actor, action, data.clone(), &wanted).await {
                Err(error) if error.is_overtaken() && tries < TRIES_MAX => tries += 1,
                outcome => break outcome?,
            }
        }
        if let Err(error) = self.reload().await {
            // It is stored and will be read at the next chance; until then the old one is in force.
            tracing::error!("a changed contact method is not in force yet: {error:#}");
        }
        Ok(())
    }

    async fn try_change(
        &self,
        user: &User,
        actor: &Actor,
        action: &str,
        data: Value,
        wanted: &Wanted,
    ) -> Result<(), NotChanged> {
        let now = self.now();
        let mut tx = self.db.begin(Lane::Command).await?;
        let revision = config::revision(&mut tx).await? + 1;
        let summary = json!({ "changes": [{
            "action": "update", "kind": "user", "name": user.name, "fields": ["contacts"],
        }] });
        let recorded = Change { revision, at: now, actor: actor.name().to_owned(), summary };
        config::record(&mut tx, &recorded).await?;
        perform(self, &mut tx, user, wanted, now).await?;
        let entry = self.audit_entry(actor, action, ("user", user.id.to_string()), data);
        audit::append(&mut tx, &entry, ids::random()).await?;
        let subject = user.id.to_string();
        let news = NewEvent { kind: "user.changed".to_owned(), incident_number: None, subject };
        event::tell(&mut tx, now, &[news]).await?;
        tx.commit().await?;
        Ok(())
    }
}

/// What is to change.
enum Wanted {
    Add { id: ContactMethodId, name: String, channel: Channel, sealed: Vec<u8> },
    Remove(ContactMethodId),
    SendCode(ContactMethod),
    Verify(ContactMethodId),
    Enable(ContactMethodId),
    Disable(ContactMethodId, String),
    Rules { urgency: Urgency, lines: Vec<(SignedDuration, ContactMethodId)> },
    Preferences { language: Option<&'static str>, quiet: Option<(i64, i64)> },
}

async fn perform(
    app: &App,
    tx: &mut Tx,
    user: &User,
    wanted: &Wanted,
    now: Timestamp,
) -> Result<(), NotChanged> {
    match wanted {
        Wanted::Add { id, name, channel, sealed } => {
            let methods_max = i64::try_from(METHODS_MAX).unwrap_or(i64::MAX);
            if store_contact::count_methods(tx, user.id).await? >= methods_max {
                return Err(NotChanged::wrong("name", format!("at most {METHODS_MAX} methods")));
            }
            let kind = channel.name();
            match store_contact::insert_method(tx, *id, user.id, name, kind, sealed, now).await {
                Err(error) if error.is_conflict_on(store_contact::NAME_CONFLICT) => {
                    return Err(NotChanged::wrong("name", "you have a method of this name"));
                }
                outcome => outcome?,
            }
            send_code(app, tx, user, *id, name, *channel, now).await?;
        }
        Wanted::Remove(id) => store_contact::remove_method(tx, *id).await?,
        Wanted::SendCode(method) => {
            store_contact::lock_method(tx, method.id).await?.ok_or(NotChanged::Missing)?;
            let code = store_contact::code(tx, method.id).await?.map(|code| as_code(&code));
            rules::may_send_code(code, now)?;
            let channel = method.address.kind();
            send_code(app, tx, user, method.id, &method.name, channel, now).await?;
        }
        Wanted::Verify(id) => store_contact::set_verified(tx, *id, now).await?,
        Wanted::Enable(id) => {
            store_contact::unblock(tx, *id).await?;
        }
        Wanted::Disable(id, why) => {
            store_contact::block(tx, *id, why, now).await?;
        }
        Wanted::Rules { urgency, lines } => {
            store_contact::put_rules(tx, user.id, *urgency, lines).await?;
        }
        Wanted::Preferences { language, quiet } => {
            store_contact::put_preference(tx, user.id, *language, *quiet, now).await?;
        }
    }
    Ok(())
}

/// A method that the person manages.
fn own<'a>(user: &'a User, name: &str) -> Result<&'a ContactMethod, NotChanged> {
    let method = user.contact_methods.iter().find(|method| method.name == name);
    let method = method.ok_or(NotChanged::Missing)?;
    if method.is_own { Ok(method) } else { Err(NotChanged::Configured) }
}

fn as_code(row: &store_contact::CodeRow) -> Code {
    let at = |micros| Timestamp::from_microsecond(micros).unwrap_or(Timestamp::MIN);
    Code {
        sent_at: at(row.sent_at),
        expires_at: at(row.expires_at),
        attempts: row.attempts,
        sent: row.sent,
    }
}

/// Puts a new code on its way. What the message says is made when it is sent, so that the code
/// stands in no table.
async fn send_code(
    app: &App,
    tx: &mut Tx,
    user: &User,
    method: ContactMethodId,
    name: &str,
    channel: Channel,
    now: Timestamp,
) -> Result<(), NotChanged> {
    store_contact::put_code(tx, method, CODE_GOOD_FOR, now).await?;
    let delivery = NewDelivery {
        id: DeliveryId(app.ids.next(now)),
        kind: Kind::Test,
        page: None,
        incident: None,
        user: Some(user.id),
        method: Some(method),
        method_name: name.to_owned(),
        channel: channel.name(),
        address: None,
        content: Some(json!({ "code_at": now.as_microsecond() }).to_string()),
        position: 0,
        due_at: now,
    };
    record::put(tx, &delivery, now).await?;
    Ok(())
}
