//! Reaching what a command works on: a running server where there is one, else the store itself. A
//! data directory belongs to the server that runs on it, so the command line talks to that server;
//! where none runs, commands that need the API get one for the moment, on loopback.

use std::path::Path;

use anyhow::{Context as _, anyhow};
use jiff::SignedDuration;
use muster_server::api::Ctx;
use muster_server::app::App;
use muster_server::clock::Clock;
use muster_server::engine::accept::Accept;
use muster_store::{Db, Engine};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::api::Api;
use crate::command::serve;
use crate::operator;
use crate::settings::{Place, Settings, Target};
use crate::store::{self, Missing};

/// How long one command may take over an API of its own; its token opens nothing afterwards, even
/// if the command came to a bad end.
const LENGTH_MAX: SignedDuration = SignedDuration::from_hours(12);

/// What a command works on.
pub enum Reach {
    /// A store that nobody else has.
    Store(Db),
    /// A running server.
    Server(Api),
}

/// Finds what the settings name.
///
/// # Errors
/// When nothing was named, or it cannot be reached.
pub async fn reach(settings: &Settings, missing: Missing) -> anyhow::Result<Reach> {
    let place = match settings.target()? {
        Target::Server { url, token } => return Ok(Reach::Server(Api::new(&url, token, true)?)),
        Target::Store(place) => place,
    };
    match (store::open(&place, missing).await, &place) {
        (Ok(db), Place::Dir(dir)) => {
            operator::clear(dir);
            Ok(Reach::Store(db))
        }
        (Ok(db), Place::Url(_)) => Ok(Reach::Store(db)),
        (Err(error), Place::Dir(dir)) if store::is_in_use(&error) => {
            server_on(dir).await.map(Reach::Server)
        }
        (Err(error), _) => Err(error),
    }
}

/// The server that runs on a data directory.
async fn server_on(dir: &Path) -> anyhow::Result<Api> {
    let unreachable = || {
        anyhow!(
            "another process uses {} and does not answer; if it is a server that is starting or \
             stopping, try again in a moment",
            dir.display()
        )
    };
    let operator = operator::read(dir).ok_or_else(unreachable)?;
    let api = Api::new(&operator.url, Some(operator.token), true)?;
    api.status("/healthz").await.map_err(|_| unreachable())?;
    Ok(api)
}

/// Does some work over the API of a running server, or of one that runs for just this work.
///
/// # Errors
/// When nothing was named, it cannot be reached, or the work fails.
pub async fn with_api(
    settings: &Settings,
    work: impl AsyncFnOnce(&Api) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    match reach(settings, Missing::Refuse).await? {
        Reach::Server(api) => work(&api).await,
        Reach::Store(db) => {
            let visit = Visit::begin(db, settings).await?;
            let outcome = work(&visit.api).await;
            visit.end().await.and(outcome)
        }
    }
}

/// An API for the moment, without the stages that carry work forward.
pub struct Visit {
    api: Api,
    db: Db,
    token_name: String,
    stop: oneshot::Sender<()>,
    serving: tokio::task::JoinHandle<std::io::Result<()>>,
}

impl Visit {
    /// Begins to serve a store that nobody else has.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn begin(db: Db, settings: &Settings) -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await.context("loopback has no port")?;
        let url = format!("http://{}", listener.local_addr()?);
        let app = App::start(db.clone(), Clock::System, serve::settings(settings, &url)?).await?;
        let token_name = match db.engine() {
            Engine::Sqlite => operator::NAME.to_owned(),
            // Others may be visiting the same database.
            Engine::Postgres => format!("{} ({})", operator::NAME, std::process::id()),
        };
        let now = Clock::System.now();
        let until = now.checked_add(LENGTH_MAX)?;
        let token = operator::mint(&db, &token_name, Some(until), now).await?;
        let accept = Accept::start(&app);
        let (stop, stopped) = oneshot::channel();
        let serving = tokio::spawn(async move {
            let stopped = async {
                let _ = stopped.await;
            };
            muster_server::http::serve(Ctx::new(app, accept), listener, stopped).await
        });
        Ok(Self { api: Api::new(&url, Some(token), false)?, db, token_name, stop, serving })
    }

    /// The API.
    pub fn api(&self) -> &Api {
        &self.api
    }

    /// Ends it and closes the store.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn end(self) -> anyhow::Result<()> {
        drop(self.api);
        let _ = self.stop.send(());
        self.serving.await??;
        operator::revoke(&self.db, &self.token_name, Clock::System.now()).await?;
        self.db.close().await;
        Ok(())
    }
}
