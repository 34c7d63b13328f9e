//! What the server can do: each operation loads, asks the core to decide, and commits in one
//! transaction. Nothing here knows HTTP.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use anyhow::Context as _;
use jiff::Timestamp;
use muster_integrations::channels::push::Vapid;
use muster_integrations::channels::{self, Channels};
use muster_store::org::{config, directory, sealed};
use muster_store::{Db, Engine, Lane, StoreError, setting, timer};
use tokio::sync::Notify;
use uuid::Uuid;

use crate::clock::Clock;
use crate::ids::{self, Ids};
use crate::settings::Settings;

pub mod access;
pub mod alerting;
pub mod change;
pub mod incident;
pub mod installation;
pub mod link;
pub mod oncall;
pub mod org;
pub mod print;
pub mod query;
pub mod seal;
pub mod snapshot;
pub mod template;

use oncall::carriers::Carriers;
use oncall::push;
pub use snapshot::Snapshot;

/// A running installation. Cloning is cheap.
#[derive(Clone)]
pub struct App(Arc<Inner>);

/// What an [`App`] is made of.
pub struct Inner {
    /// The store.
    pub db: Db,
    /// What time it is.
    pub clock: Clock,
    /// New ids.
    pub ids: Ids,
    /// How this process was started.
    pub settings: Settings,
    /// The way out.
    pub channels: Channels,
    /// Who carries messages.
    pub carriers: Carriers,
    /// Who waits for what.
    pub wake: Wake,
    /// This process among the nodes of a cluster.
    pub node: Uuid,
    instance_key: [u8; 32],
    vapid: Vapid,
    snapshot: RwLock<Arc<Snapshot>>,
    /// The revision of the configuration that this node's planning last followed; below 0 for none.
    followed: AtomicI64,
}

/// Who waits for what. A wake-up carries no truth: whoever is woken reads the store.
#[derive(Debug, Default)]
pub struct Wake {
    /// Messages were accepted.
    pub triage: Notify,
    /// An incident's timer was set.
    pub timers: Notify,
    /// A page was set.
    pub outbox: Notify,
    /// Any other message was set.
    pub notices: Notify,
    /// A plan changed, or a timer of planning was set.
    pub planning: Notify,
    /// A status page has news for its subscribers.
    pub bulletins: Notify,
    /// The timer of a calendar was set.
    pub feeds: Notify,
    /// A timer of what watches the installation was set.
    pub watch: Notify,
    /// A message was sent that its provider repeats until somebody answers.
    pub emergencies: Notify,
    /// A heartbeat monitor's timer was set.
    pub heartbeats: Notify,
    /// There is news for the room of an incident.
    pub rooms: Notify,
    /// Who is on call changed, or what follows it in a chat.
    pub mirrors: Notify,
    /// Runs of workflows wait.
    pub workflows: Notify,
    /// Something was written that can be searched.
    pub index: Notify,
    /// Something was told to the live stream.
    pub stream: Notify,
    /// A stage finished a piece of work.
    pub progress: Notify,
    /// The other nodes of a cluster should be woken too.
    pub announce: Notify,
    /// How often messages were accepted.
    batches_accepted: AtomicU64,
}

impl Wake {
    /// Wakes every stage, here and on the other nodes, after a commit that may have made work for
    /// any of them.
    pub fn all(&self) {
        self.here();
        self.announce.notify_one();
    }

    /// Wakes whoever holds triage, here or on another node.
    pub fn accepted(&self) {
        self.batches_accepted.fetch_add(1, Ordering::Relaxed);
        self.triage.notify_one();
        self.announce.notify_one();
    }

    /// How often messages were accepted on this node: whether it changes says whether they keep
    /// coming in.
    pub fn accepted_so_far(&self) -> u64 {
        self.batches_accepted.load(Ordering::Relaxed)
    }

    /// Wakes every stage of this node.
    pub fn here(&self) {
        self.triage.notify_one();
        self.timers.notify_one();
        self.outbox.notify_one();
        self.notices.notify_one();
        self.planning.notify_one();
        self.bulletins.notify_one();
        self.feeds.notify_one();
        self.emergencies.notify_one();
        self.heartbeats.notify_one();
        self.rooms.notify_one();
        self.mirrors.notify_one();
        self.workflows.notify_one();
        self.watch.notify_one();
        self.index.notify_one();
        self.stream.notify_waiters();
        self.progress.notify_waiters();
    }
}

impl std::ops::Deref for App {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl App {
    /// Takes a migrated database into service: reads the configuration and makes the
    /// installation's key if it has none.
    ///
    /// # Errors
    /// When the store cannot be read or holds a configuration that cannot be understood.
    pub async fn start(db: Db, clock: Clock, settings: Settings) -> anyhow::Result<Self> {
        let mut tx = db.begin(Lane::Command).await?;
        let key = setting::put_new(&mut tx, setting::INSTANCE_KEY, &ids::random::<32>()).await?;
        if config::revision(&mut tx).await? == 0 {
            sealed::begin(&mut tx).await?;
        }
        let vapid = push::key(&mut tx, &settings.mail_from).await?;
        if db.engine() == Engine::Sqlite {
            // Nobody else works on an embedded store, so whoever held a claim is dead: what it did
            // need not wait until its leases run out.
            timer::interrupt_all(&mut tx, clock.now()).await?;
        }
        tx.commit().await?;
        let instance_key =
            key.try_into().map_err(|_| anyhow::anyhow!("the instance key is not 32 bytes"))?;
        let snapshot =
            Snapshot::load(&db, &instance_key).await.context("reading the configuration")?;
        let channels = Channels::new(outbound(&settings, &instance_key))?;
        let ids = Ids::default();
        let node = ids.next(clock.now());
        Ok(Self(Arc::new(Inner {
            db,
            clock,
            ids,
            settings,
            channels,
            carriers: Carriers::default(),
            wake: Wake::default(),
            node,
            instance_key,
            vapid,
            snapshot: RwLock::new(Arc::new(snapshot)),
            followed: AtomicI64::new(-1),
        })))
    }

    /// The present instant.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The configuration as it stands.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.0.snapshot.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Says that planning has followed the configuration of a revision.
    pub(crate) fn follows(&self, revision: i64) {
        self.0.followed.store(revision, Ordering::Release);
    }

    /// Whether planning has followed the configuration as it stands here.
    pub(crate) fn is_followed(&self) -> bool {
        self.0.followed.load(Ordering::Acquire) == self.snapshot().directory.revision
    }

    /// Reads the configuration again, after it was changed here or on another node.
    ///
    /// # Errors
    /// When the store cannot be read; the old configuration stays in force then.
    pub async fn reload(&self) -> anyhow::Result<()> {
        self.install(Snapshot::load(&self.db.urgent(), self.instance_key()).await?);
        Ok(())
    }

    /// Works with this configuration from now on, unless a newer one was read meanwhile.
    pub(crate) fn install(&self, snapshot: Snapshot) {
        let fresh = Arc::new(snapshot);
        let mut current = self.0.snapshot.write().unwrap_or_else(PoisonError::into_inner);
        if fresh.directory.revision >= current.directory.revision {
            *current = fresh;
        }
        drop(current);
        self.wake.all();
    }

    /// Reads the configuration again if another node has changed it.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn refresh(&self) -> anyhow::Result<()> {
        // One process alone holds an embedded store, and it reloads after its own changes.
        if self.db.engine() == Engine::Sqlite {
            return Ok(());
        }
        let mut tx = self.db.urgent().snapshot().await?;
        let newest = directory::revision(&mut tx).await?;
        drop(tx);
        if newest == self.snapshot().directory.revision {
            return Ok(());
        }
        match self.reload().await {
            Err(error) if !error.downcast_ref().is_some_and(StoreError::is_transient) => {
                // A newer node may have written what this one cannot read: better the old rules
                // than nobody paged.
                tracing::error!("the old configuration stays in force: {error:#}");
                Ok(())
            }
            outcome => outcome,
        }
    }

    /// The key by which push services know this installation.
    pub fn vapid(&self) -> &Vapid {
        &self.0.vapid
    }

    /// The installation's own key.
    pub fn instance_key(&self) -> &[u8; 32] {
        &self.0.instance_key
    }
}

/// How the channels are set up for this process.
fn outbound(settings: &Settings, instance_key: &[u8; 32]) -> channels::Config {
    channels::Config {
        network_allow: settings.network_allow.clone(),
        limits: settings.outbound_limits,
        smtp_url: settings.smtp_url.clone(),
        mail_from: settings.mail_from.clone(),
        signing_secret: link::signing_secret(instance_key),
        loop_mark: link::loop_mark(instance_key),
        public_url: settings.public_url.clone(),
    }
}
