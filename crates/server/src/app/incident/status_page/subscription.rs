//! Hearing of what a status page shows, by mail or by signed webhook. Nobody hears before whoever has
//! the address has confirmed it by a POST, which programs that only look at links do not send. Whoever
//! asks is told the same whether the address is known or not, and neither one address nor one client
//! can be used to send much.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use muster_core::id::{DeliveryId, StatusPageId, SubscriberId};
use muster_core::incident::status_page::StatusPage;
use muster_core::incident::timeline::Actor;
use muster_store::incident::status_page::{Post, Update};
use muster_store::incident::subscriber::{self as store, Channel, Subscriber};
use muster_store::oncall::delivery::{Kind, NewDelivery};
use muster_store::timer::{self, Claimed};
use muster_store::{Lane, StoreError, Tx, audit};
use serde_json::{Value, json};

use crate::app::App;
use crate::app::incident::record;
use crate::app::link::{derive, digest, encode};
use crate::ids;

/// The most subscribers of one page, confirmed or not.
const SUBSCRIBERS_MAX: i64 = 20_000;
/// The longest address, in characters.
const ADDRESS_CHARS_MAX: usize = 500;
/// How long one address waits before it is sent its link again.
const ASKED_AGAIN_AFTER: SignedDuration = SignedDuration::from_hours(1);
/// How long an address that nobody confirms is remembered.
pub const UNCONFIRMED_KEPT: SignedDuration = SignedDuration::from_hours(24);
/// How often one client may ask within [`CLIENT_WINDOW`].
const PER_CLIENT_MAX: u32 = 10;
/// See [`PER_CLIENT_MAX`].
const CLIENT_WINDOW: SignedDuration = SignedDuration::from_hours(1);
/// The most clients that are remembered at once.
const CLIENTS_MAX: usize = 10_000;
/// The most subscribers that one transaction tells.
const TOLD_AT_ONCE_MAX: i64 = 500;

/// How often clients asked, on this node.
#[derive(Debug, Default)]
pub struct Clients {
    memory: Mutex<HashMap<IpAddr, (Timestamp, u32)>>,
}

impl Clients {
    /// Counts one more asking; whether it is still few enough.
    pub fn may_ask(&self, client: IpAddr, now: Timestamp) -> bool {
        let mut memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        if memory.len() >= CLIENTS_MAX && !memory.contains_key(&client) {
            memory.retain(|_, (since, _)| now.duration_since(*since) < CLIENT_WINDOW);
            if memory.len() >= CLIENTS_MAX {
                return false;
            }
        }
        let (since, count) = memory.entry(client).or_insert((now, 0));
        if now.duration_since(*since) >= CLIENT_WINDOW {
            (*since, *count) = (now, 0);
        }
        *count = count.saturating_add(1);
        *count <= PER_CLIENT_MAX
    }
}

/// Why nobody is asked to confirm.
#[derive(Debug, thiserror::Error)]
pub enum NotAsked {
    /// It is neither a mail address nor an address of the web.
    #[error("{0}")]
    Address(String),
    /// This client asked too often.
    #[error("too many subscriptions were asked for from here; try again in an hour")]
    TooOften,
    /// The page has [`SUBSCRIBERS_MAX`] already.
    #[error("this page cannot take more subscribers")]
    Full,
    /// The store does not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Where somebody wants to hear: an http or https address is a webhook, everything else a mailbox.
fn read(text: &str) -> Result<(Channel, String), NotAsked> {
    let text = text.trim();
    let refused = || {
        NotAsked::Address(
            "write a mail address, or an address that begins with https://".to_owned(),
        )
    };
    if text.chars().count() > ADDRESS_CHARS_MAX || text.chars().any(char::is_control) {
        return Err(refused());
    }
    if text.starts_with("http://") || text.starts_with("https://") {
        let uri: axum::http::Uri = text.parse().map_err(|_| refused())?;
        if uri.host().is_none_or(str::is_empty)
            || uri.authority().is_some_and(|it| it.as_str().contains('@'))
        {
            return Err(refused());
        }
        return Ok((Channel::Webhook, text.to_owned()));
    }
    let (local, domain) = text.rsplit_once('@').ok_or_else(refused)?;
    let is_plain = |c: char| !c.is_whitespace() && !"<>,;:\"\\()[]@".contains(c);
    let is_domain = domain.split('.').all(|part| !part.is_empty()) && domain.contains('.');
    if local.is_empty()
        || !local.chars().all(is_plain)
        || !domain.chars().all(is_plain)
        || !is_domain
    {
        return Err(refused());
    }
    Ok((Channel::Email, format!("{local}@{}", domain.to_lowercase())))
}

impl App {
    fn subscription_token(&self, id: SubscriberId) -> String {
        encode(derive(self.instance_key(), b"status subscription", id.0.as_bytes()))
    }

    /// Where a subscription is confirmed and ended.
    pub fn subscription_url(&self, id: SubscriberId) -> String {
        format!("{}/status/subscription/{}", self.settings.public_url, self.subscription_token(id))
    }

    /// What signs the requests to a subscriber's webhook.
    pub fn subscriber_secret(&self, id: SubscriberId) -> String {
        use base64::Engine as _;
        let key = derive(self.instance_key(), b"status webhook", id.0.as_bytes());
        format!("whsec_{}", base64::engine::general_purpose::STANDARD.encode(key))
    }

    /// Asks whoever has an address to confirm that they want to hear of a page. Says nothing of
    /// whether the address was known; whoever has confirmed already is sent their link again.
    ///
    /// # Errors
    /// See [`NotAsked`].
    pub async fn ask_to_confirm(&self, page: &StatusPage, address: &str) -> Result<(), NotAsked> {
        let (channel, address) = read(address)?;
        let now = self.now();
        let mut tx = self.db.begin(Lane::Command).await?;
        let subscriber = match store::lock(&mut tx, page.id, channel, &address).await? {
            Some(known) => {
                if now.duration_since(known.asked_at) < ASKED_AGAIN_AFTER {
                    return Ok(());
                }
                store::set_asked(&mut tx, known.id, now).await?;
                known
            }
            None => {
                if store::count(&mut tx, page.id).await? >= SUBSCRIBERS_MAX {
                    return Err(NotAsked::Full);
                }
                let id = SubscriberId(self.ids.next(now));
                let new = Subscriber {
                    id,
                    page: page.id,
                    channel,
                    address,
                    created_at: now,
                    asked_at: now,
                    confirmed_at: None,
                };
                if !store::insert(&mut tx, &new, digest(&self.subscription_token(id))).await? {
                    return Ok(());
                }
                new
            }
        };
        let message = self.asking(page, &subscriber, now);
        record::put(&mut tx, &message, now).await?;
        tx.commit().await?;
        self.wake.all();
        Ok(())
    }

    fn asking(&self, page: &StatusPage, to: &Subscriber, now: Timestamp) -> NewDelivery {
        let url = self.subscription_url(to.id);
        let content = match to.channel {
            Channel::Email if to.confirmed_at.is_some() => json!({
                "subject": format!("Your updates of {}", page.title),
                "text": format!("You get updates of {}. To end them, open this page:", page.title),
                "url": url,
            }),
            Channel::Email => json!({
                "subject": format!("Confirm: updates of {}", page.title),
                "text": format!(
                    "Somebody, probably you, asked for updates of {} at this address. To get \
                     them, open this page and press the button. Without that nothing is sent.",
                    page.title
                ),
                "url": url,
            }),
            Channel::Webhook => json!({
                "type": "status_page.challenge",
                "data": {
                    "page": { "title": page.title, "url": self.status_url(page) },
                    "confirm_url": url,
                    "secret": self.subscriber_secret(to.id),
                },
            }),
        };
        self.bulletin(to, content, now)
    }

    /// A message to somebody outside.
    fn bulletin(&self, to: &Subscriber, mut content: Value, now: Timestamp) -> NewDelivery {
        content["subscriber"] = json!(to.id.to_string());
        NewDelivery {
            id: DeliveryId(self.ids.next(now)),
            kind: match to.channel {
                Channel::Email => Kind::Notification,
                Channel::Webhook => Kind::Event,
            },
            page: None,
            incident: None,
            user: None,
            method: None,
            method_name: "subscriber".to_owned(),
            channel: to.channel.name(),
            address: Some(to.address.clone()),
            content: Some(content.to_string()),
            position: 0,
            due_at: now,
        }
    }

    /// Confirms a subscription. Once more changes nothing.
    ///
    /// # Errors
    /// When the store refuses.
    pub async fn confirm_subscription(&self, id: SubscriberId) -> Result<(), StoreError> {
        let now = self.now();
        let mut tx = self.db.begin(Lane::Command).await?;
        store::confirm(&mut tx, id, now).await?;
        tx.commit().await
    }

    /// Ends a subscription. What waits to be sent to it is sent no more.
    ///
    /// # Errors
    /// When the store refuses.
    pub async fn end_subscription(&self, id: SubscriberId) -> Result<(), StoreError> {
        let mut tx = self.db.begin(Lane::Command).await?;
        store::remove(&mut tx, id).await?;
        tx.commit().await
    }

    /// Ends somebody else's subscription, for whoever keeps the page; whether there was one.
    ///
    /// # Errors
    /// When the store refuses.
    pub async fn remove_subscriber(
        &self,
        page: StatusPageId,
        id: SubscriberId,
        actor: &Actor,
    ) -> Result<bool, StoreError> {
        let mut tx = self.db.begin(Lane::Command).await?;
        let known = store::get(&mut tx, id).await?;
        if known.is_none_or(|known| known.page != page) {
            return Ok(false);
        }
        store::remove(&mut tx, id).await?;
        let object = ("status_page", page.to_string());
        let data = json!({ "subscriber": id.to_string() });
        let entry = self.audit_entry(actor, "status_page.remove_subscriber", object, data);
        audit::append(&mut tx, &entry, ids::random()).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Tells the next subscribers of an update, and says when the rest is told.
    ///
    /// # Errors
    /// When the store refuses.
    pub(crate) async fn tell_subscribers(&self, timer: &Claimed) -> Result<(), StoreError> {
        let now = self.now();
        let snapshot = self.snapshot();
        let mut tx = self.db.begin(Lane::Outbox).await?;
        let next = match store::telling(&mut tx, timer.id).await? {
            Some((post, update, told)) => {
                let page = snapshot.directory.status_pages.get(post.page);
                match page {
                    Some(page) => self.tell_some(&mut tx, page, &post, &update, told, now).await?,
                    None => None,
                }
            }
            None => None,
        };
        if timer::finish(&mut tx, timer::Kind::Bulletin, timer, next).await? {
            tx.commit().await?;
        }
        Ok(())
    }

    async fn tell_some(
        &self,
        tx: &mut Tx,
        page: &StatusPage,
        post: &Post,
        update: &Update,
        told: Option<SubscriberId>,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, StoreError> {
        let subscribers = store::confirmed(tx, page.id, update.at, told, TOLD_AT_ONCE_MAX).await?;
        let Some(last) = subscribers.last() else { return Ok(None) };
        let url = format!("{}/history#{}", self.status_url(page), post.id);
        let stage = update.stage;
        let mut writes = record::Writes::default();
        for to in &subscribers {
            let content = match to.channel {
                Channel::Email => json!({
                    "subject": format!("[{}] {}: {}", page.title, stage.words(), post.title),
                    "text": update.text,
                    "url": url,
                }),
                Channel::Webhook => json!({
                    "type": "status_page.update",
                    "data": {
                        "page": { "title": page.title, "url": self.status_url(page) },
                        "incident": {
                            "id": post.id.to_string(),
                            "title": post.title,
                            "started_at": post.started_at.to_string(),
                            "url": url,
                        },
                        "update": {
                            "at": update.at.to_string(),
                            "stage": stage.name(),
                            "text": update.text,
                        },
                    },
                }),
            };
            writes.put(self.bulletin(to, content, now));
        }
        writes.write(tx, now).await?;
        store::set_told(tx, update.id, last.id).await?;
        let is_all = i64::try_from(subscribers.len()).is_ok_and(|count| count < TOLD_AT_ONCE_MAX);
        Ok((!is_all).then_some(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_mailbox_or_of_the_web_and_nothing_else() {
        let read = |text: &str| read(text).ok().map(|(channel, address)| (channel.name(), address));
        assert_eq!(read(" Ana@Example.COM "), Some(("email", "Ana@example.com".to_owned())));
        let hook = "https://hooks.example.com/in?x=1";
        assert_eq!(read(hook), Some(("webhook", hook.to_owned())));
        for wrong in [
            "",
            "ana",
            "ana@",
            "@example.com",
            "ana@example",
            "a@b@example.com",
            "a b@example.com",
            "ana@example..com",
            "ana@example.com\nbcc: bo@example.com",
            "ftp://example.com",
            "https://",
            "https://user:pass@example.com/",
            "<ana@example.com>",
            "ana@example.com,bo@example.com",
        ] {
            assert_eq!(read(wrong), None, "{wrong:?}");
        }
        assert_eq!(read(&format!("{}@example.com", "x".repeat(600))), None);
    }

    #[test]
    fn a_client_may_ask_ten_times_an_hour_and_the_memory_is_bounded() {
        let clients = Clients::default();
        let at = |seconds: i64| Timestamp::from_second(1_800_000_000 + seconds).unwrap();
        let here: IpAddr = "192.0.2.1".parse().unwrap();
        for _ in 0..10 {
            assert!(clients.may_ask(here, at(0)));
        }
        assert!(!clients.may_ask(here, at(3_599)));
        assert!(clients.may_ask("192.0.2.2".parse().unwrap(), at(3_599)));
        assert!(clients.may_ask(here, at(3_600)));
        for n in 0..12_000_u32 {
            clients.may_ask(IpAddr::V4(n.into()), at(4_000));
        }
        assert!(clients.memory.lock().unwrap().len() <= CLIENTS_MAX);
    }
}
