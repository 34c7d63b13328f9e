//! The browsers that people want to be notified by: registering them, forgetting those that are
//! gone, and reaching all of a person's at once. One that takes the message is enough. The keys of a
//! browser are stored sealed; those that an earlier version stored are sealed by the janitor.

use futures::future::join_all;
use jiff::Timestamp;
use muster_core::id::{PushDeviceId, UserId};
use muster_core::incident::timeline::Actor;
use muster_integrations::channels::push::{Subscription, Vapid};
use muster_integrations::channels::{Envelope, Outcome};
use muster_store::oncall::push::{self as store_push, DeviceRow};
use muster_store::{Lane, StoreError, Tx, audit, setting};
use serde_json::json;

use crate::app::App;
use crate::app::seal::{Unreadable, open_bytes, seal_bytes};
use crate::ids;

/// The most browsers of one person.
pub const DEVICES_MAX: i64 = 10;
/// The purposes that the keys of a browser are sealed for.
const P256DH: &[u8] = b"push p256dh";
const AUTH: &[u8] = b"push auth";
/// The most browsers whose keys are sealed in one transaction.
const SEALED_AT_ONCE_MAX: i64 = 100;
/// The setting that holds the key by which push services know the installation. Browsers subscribe
/// with it, so it must never change.
const VAPID_KEY: &str = "vapid_key";
/// How often a random number is drawn until it is a key, which the first one all but surely is.
const DRAWS_MAX: usize = 8;

/// What a browser registers with.
#[derive(Debug, Clone)]
pub struct Registration {
    /// What the person calls it.
    pub name: String,
    /// Where its push service takes messages.
    pub endpoint: String,
    /// Its public key.
    pub p256dh: Vec<u8>,
    /// Its secret.
    pub auth: Vec<u8>,
}

/// Why a browser is not registered.
#[derive(Debug, thiserror::Error)]
pub enum NotRegistered {
    /// What it was given is wrong.
    #[error("{1}")]
    Invalid(&'static str, String),
    /// Its keys cannot be sealed.
    #[error(transparent)]
    Unsealable(#[from] Unreadable),
    /// The person has too many.
    #[error("a person has at most {DEVICES_MAX} browsers; remove one first")]
    TooMany,
    /// The store does not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The key by which push services know the installation; made once, by whichever node starts first.
///
/// # Errors
/// When the store does not answer or holds something that is no key.
pub(in crate::app) async fn key(tx: &mut Tx, mail_from: &str) -> anyhow::Result<Vapid> {
    let mailbox = mail_from.rsplit_once('<').map_or(mail_from, |(_, rest)| rest);
    let contact = format!("mailto:{}", mailbox.trim_end_matches('>').trim());
    let new = || {
        let drawn: [u8; 32] = ids::random();
        Vapid::new(&drawn, &contact).map(|_| drawn)
    };
    let drawn = std::iter::repeat_with(new).take(DRAWS_MAX).flatten().next();
    let drawn = drawn.ok_or_else(|| anyhow::anyhow!("chance gives no key for push messages"))?;
    let key: [u8; 32] = setting::put_new(tx, VAPID_KEY, &drawn)
        .await?
        .try_into()
        .map_err(|_| anyhow::anyhow!("the key for push messages is not 32 bytes"))?;
    Vapid::new(&key, &contact)
        .ok_or_else(|| anyhow::anyhow!("the key for push messages is no key of the curve P-256"))
}

impl App {
    /// Registers a browser of a person. One that is registered already is registered anew.
    ///
    /// # Errors
    /// See [`NotRegistered`].
    pub async fn register_browser(
        &self,
        user: UserId,
        wanted: Registration,
        actor: &Actor,
    ) -> Result<DeviceRow, NotRegistered> {
        Subscription::new(&wanted.endpoint, &wanted.p256dh, &wanted.auth)
            .map_err(|(field, why)| NotRegistered::Invalid(field, why))?;
        let known = store_push::of_user(&self.db, user, DEVICES_MAX).await?;
        let others = known.iter().filter(|row| row.endpoint != wanted.endpoint).count();
        if i64::try_from(others).unwrap_or(DEVICES_MAX) >= DEVICES_MAX {
            return Err(NotRegistered::TooMany);
        }
        let now = self.now();
        let id = self.ids.next(now);
        let (p256dh, auth) = self.seal_keys(PushDeviceId(id), &wanted.p256dh, &wanted.auth)?;
        let row = DeviceRow {
            id,
            user_id: user.0,
            name: wanted.name,
            endpoint: wanted.endpoint,
            p256dh,
            auth,
            sealed: true,
            created_at: now.as_microsecond(),
            accepted_at: None,
        };
        let mut tx = self.db.begin(Lane::Command).await?;
        store_push::put(&mut tx, &row).await?;
        let object = ("user", user.to_string());
        let data = json!({ "device": PushDeviceId(row.id).to_string(), "name": row.name });
        let entry = self.audit_entry(actor, "push.register", object, data);
        audit::append(&mut tx, &entry, ids::random()).await?;
        tx.commit().await?;
        Ok(row)
    }

    /// Forgets a browser of a person; says whether it was there.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn forget_browser(
        &self,
        user: UserId,
        id: PushDeviceId,
        actor: &Actor,
    ) -> Result<bool, StoreError> {
        let mut tx = self.db.begin(Lane::Command).await?;
        if !store_push::remove(&mut tx, user, id).await? {
            return Ok(false);
        }
        let object = ("user", user.to_string());
        let data = json!({ "device": id.to_string() });
        let entry = self.audit_entry(actor, "push.forget", object, data);
        audit::append(&mut tx, &entry, ids::random()).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Makes one attempt to reach a person's browsers, all at once, and forgets those that their
    /// push services say are gone.
    pub async fn push(&self, user: UserId, envelope: &Envelope) -> Outcome {
        let devices = match store_push::of_user(&self.db, user, DEVICES_MAX).await {
            Ok(devices) => devices,
            Err(error) => return failed(true, None, format!("the store does not answer: {error}")),
        };
        if devices.is_empty() {
            return failed(false, None, "no browser of this person is registered".to_owned());
        }
        let now = self.now();
        let sending = devices.iter().map(|device| self.push_to(device, envelope, now));
        let outcomes = join_all(sending).await;
        let fates: Vec<_> = devices.iter().zip(&outcomes).collect();
        if let Err(error) = self.remember(user, &fates, now).await {
            tracing::warn!("what became of browsers was not written down: {error}");
        }
        together(outcomes)
    }

    /// The keys of a browser as they are stored.
    fn seal_keys(
        &self,
        id: PushDeviceId,
        p256dh: &[u8],
        auth: &[u8],
    ) -> Result<(Vec<u8>, Vec<u8>), Unreadable> {
        let seal = |purpose, key| seal_bytes(self.instance_key(), purpose, id.0.as_bytes(), key);
        Ok((seal(P256DH, p256dh)?, seal(AUTH, auth)?))
    }

    /// The keys of a browser as it gave them.
    fn keys_of(&self, device: &DeviceRow) -> Result<(Vec<u8>, Vec<u8>), Unreadable> {
        if !device.sealed {
            return Ok((device.p256dh.clone(), device.auth.clone()));
        }
        let object = device.id.as_bytes();
        let open = |purpose, key| open_bytes(self.instance_key(), purpose, object, key);
        Ok((open(P256DH, &device.p256dh)?, open(AUTH, &device.auth)?))
    }

    /// Seals the keys that an earlier version stored as they came; says how many browsers that were.
    ///
    /// # Errors
    /// When the store does not answer; what was sealed stays so.
    pub async fn seal_stored_keys(&self) -> Result<u64, StoreError> {
        let mut count = 0;
        loop {
            let mut tx = self.db.begin(Lane::Cleanup).await?;
            let rows = store_push::unsealed(&mut tx, SEALED_AT_ONCE_MAX).await?;
            if rows.is_empty() {
                return Ok(count);
            }
            for row in rows {
                let id = PushDeviceId(row.id);
                let (p256dh, auth) = self
                    .seal_keys(id, &row.p256dh, &row.auth)
                    .map_err(|error| StoreError::Corrupt(error.to_string()))?;
                store_push::seal(&mut tx, id, &p256dh, &auth).await?;
                count += 1;
            }
            tx.commit().await?;
        }
    }

    async fn push_to(&self, device: &DeviceRow, envelope: &Envelope, now: Timestamp) -> Outcome {
        let (p256dh, auth) = match self.keys_of(device) {
            Ok(keys) => keys,
            Err(error) => return failed(false, None, error.to_string()),
        };
        match Subscription::new(&device.endpoint, &p256dh, &auth) {
            Ok(to) => self.channels.push(envelope, self.vapid(), &to, now).await,
            Err((_, why)) => failed(false, None, why),
        }
    }

    async fn remember(
        &self,
        user: UserId,
        fates: &[(&DeviceRow, &Outcome)],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut tx = self.db.begin(Lane::Outbox).await?;
        for (device, outcome) in fates {
            let id = PushDeviceId(device.id);
            match outcome {
                Outcome::Accepted { .. } => store_push::accepted(&mut tx, id, now).await?,
                Outcome::Permanent { disable: true, .. } => {
                    tracing::info!(device = %id, "a browser is gone and was forgotten");
                    store_push::remove(&mut tx, user, id).await?;
                }
                _ => {}
            }
        }
        tx.commit().await
    }
}

/// What became of the person: reached if any browser took it; else worth another attempt if any may
/// take it later.
fn together(outcomes: Vec<Outcome>) -> Outcome {
    let rank = |outcome: &Outcome| match outcome {
        Outcome::Accepted { .. } => 0,
        Outcome::Temporary { .. } => 1,
        Outcome::Unknown { .. } => 2,
        Outcome::Permanent { .. } => 3,
    };
    match outcomes.into_iter().min_by_key(rank) {
        // The method stays: the person may register another browser at any time.
        Some(Outcome::Permanent { status, detail, .. }) => failed(false, status, detail),
        Some(outcome) => outcome,
        None => failed(false, None, "no browser of this person is registered".to_owned()),
    }
}

fn failed(is_temporary: bool, status: Option<u16>, detail: String) -> Outcome {
    match is_temporary {
        true => Outcome::Temporary { status, detail, retry_after: None },
        false => Outcome::Permanent { status, detail, disable: false },
    }
}
