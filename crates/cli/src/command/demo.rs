//! `muster demo`: a throw-away installation with a live practice incident, on loopback alone.

use anyhow::Context as _;
use jiff::SignedDuration;
use muster_core::incident::timeline::Actor;
use muster_server::api::Ctx;
use muster_server::app::App;
use muster_server::app::access::Doors;
use muster_server::app::org::config::{self, Surroundings};
use muster_server::clock::Clock;
use muster_server::engine::Engine;
use muster_server::engine::accept::Accept;
use muster_server::{ids, settings};
use muster_store::Db;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use super::serve::{Log, start_log, stopped};
use crate::api::Api;
use crate::demo::history::{BEGINS_BEFORE, History};
use crate::demo::monitoring::Monitoring;
use crate::demo::organization::{VISITOR, yaml};
use crate::demo::phones::Phones;
use crate::demo::story;
use crate::failure::{in_one_line, usage};
use crate::operator;
use crate::show::{self, Screen};

/// Where the demonstration listens if nobody else does.
const LISTEN_DEFAULT: &str = "127.0.0.1:8080";
/// What is logged: the terminal belongs to the phones.
const LOG: &str = "error";
/// The syllables of a password.
const SYLLABLES: [&str; 32] = [
    "ba", "be", "bo", "da", "de", "do", "fa", "fe", "fi", "ga", "go", "ka", "ke", "ki", "ko", "la",
    "le", "li", "lo", "ma", "me", "mi", "mo", "na", "ne", "no", "pa", "ra", "ro", "sa", "ta", "vo",
];

/// Try Muster with a made-up organisation.
#[derive(Debug, clap::Args)]
pub struct Demo {
    /// The loopback address and port to listen on; 127.0.0.1:8080 or any free port by default
    #[arg(long, value_name = "ADDR:PORT")]
    listen: Option<String>,
    /// Which past the organisation has
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

impl Demo {
    /// Runs the demonstration until it is told to stop.
    ///
    /// # Errors
    /// When it cannot start.
    pub async fn run(self) -> anyhow::Result<()> {
        start_log(&Log::text(LOG))?;
        let stop = stopped()?;
        let listener = self.listener().await?;
        let url = format!("http://{}", listener.local_addr()?);
        let dir = tempfile::Builder::new()
            .prefix("muster-demo-")
            .tempdir()
            .context("no temporary directory can be made")?;
        let db = Db::open_sqlite(dir.path()).await?;
        db.migrate().await?;
        let phones = Phones::listen().await?;
        let shown = async {
            configure(&db, &phones).await?;
            self.live_through_the_past(&db, &phones).await?;
            let posted = operator::post(&db, dir.path(), url.clone(), Clock::System.now()).await?;
            let app = App::start(db.clone(), Clock::System, around(&url)).await?;
            let password = set_password(&app).await?;
            welcome(&url, &password, dir.path())?;
            phones.show();
            let playing = Playing::begin(app, listener, &url, dir.path())?;
            stop.await;
            playing.end().await?;
            drop(posted);
            anyhow::Ok(())
        };
        let outcome = shown.await;
        db.close().await;
        // Whatever happened, nothing is left behind.
        dir.close().context("the temporary directory could not be removed")?;
        outcome
    }

    async fn listener(&self) -> anyhow::Result<TcpListener> {
        let Some(listen) = &self.listen else {
            let free = TcpListener::bind(LISTEN_DEFAULT).await;
            let free = match free {
                Ok(listener) => Ok(listener),
                Err(_) => TcpListener::bind("127.0.0.1:0").await,
            };
            return free.context("loopback has no port");
        };
        let address = tokio::net::lookup_host(listen).await.ok().and_then(|mut all| all.next());
        match address {
            Some(address) if address.ip().is_loopback() => {
                let listener = TcpListener::bind(address).await;
                listener.with_context(|| format!("{listen} cannot be listened on"))
            }
            _ => Err(usage(format!(
                "the demonstration stays on this machine, and {listen} is not a loopback address"
            ))),
        }
    }

    /// Lives through the days before, on a clock that is moved by hand.
    async fn live_through_the_past(&self, db: &Db, phones: &Phones) -> anyhow::Result<()> {
        let now = Clock::System.now();
        let clock = Clock::simulated(now.checked_sub(BEGINS_BEFORE)?);
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}", listener.local_addr()?);
        let app = App::start(db.clone(), clock, around(&url)).await?;
        let engine = Engine::start(&app);
        let (stop, stopped) = oneshot::channel::<()>();
        let ctx = Ctx::new(app.clone(), Accept::start(&app));
        let serving = tokio::spawn(muster_server::http::serve(ctx, listener, async {
            let _ = stopped.await;
        }));
        let monitoring = Monitoring::new(&url)?;
        let history = History { app: &app, monitoring: &monitoring, phones };
        let outcome = history.live(now, self.seed).await;
        drop(monitoring);
        let _ = stop.send(());
        serving.await??;
        drop(engine);
        outcome
    }
}

async fn configure(db: &Db, phones: &Phones) -> anyhow::Result<()> {
    let now = Clock::System.now();
    let text = yaml(now, &phones.url)?;
    let wanted = config::check(&text, None)
        .map_err(|found| anyhow::anyhow!("the made-up organisation is wrong: {found:?}"))?;
    let begin = now.checked_sub(BEGINS_BEFORE)?.checked_sub(SignedDuration::from_hours(1))?;
    let around = Surroundings { now: begin, environment: &|_| None };
    config::apply(db, &wanted, "demo", &around).await?;
    Ok(())
}

fn around(url: &str) -> settings::Settings {
    settings::Settings {
        public_url: url.to_owned(),
        network_allow: vec!["127.0.0.0/8".to_owned()],
        demo: true,
        ..settings::Settings::default()
    }
}

async fn set_password(app: &App) -> anyhow::Result<String> {
    let chance: [u8; 9] = ids::random();
    let syllables = chance.map(|byte| SYLLABLES[usize::from(byte) % SYLLABLES.len()]);
    let password = syllables.chunks(3).map(<[_]>::concat).collect::<Vec<_>>().join("-");
    let snapshot = app.snapshot();
    let visitor = snapshot.directory.users.named(VISITOR).context("the visitor is there")?.id;
    let doors = Doors::default();
    let typed = password.clone();
    app.set_password(&doors, visitor, typed, None, None, &Actor::System).await?;
    Ok(password)
}

/// The demonstration while it runs.
struct Playing {
    engine: Engine,
    stop: oneshot::Sender<()>,
    serving: tokio::task::JoinHandle<std::io::Result<()>>,
    story: tokio::task::JoinHandle<()>,
}

impl Playing {
    fn begin(
        app: App,
        listener: TcpListener,
        url: &str,
        dir: &std::path::Path,
    ) -> anyhow::Result<Self> {
        let monitoring = Monitoring::new(url)?;
        let token = operator::read(dir).map(|operator| operator.token);
        let api = Api::new(url, token, true)?;
        let engine = Engine::start(&app);
        let (stop, stopped) = oneshot::channel::<()>();
        let ctx = Ctx::new(app.clone(), Accept::start(&app));
        let serving = tokio::spawn(muster_server::http::serve(ctx, listener, async {
            let _ = stopped.await;
        }));
        let story = tokio::spawn(async move {
            if let Err(error) = story::tell(&monitoring, &api).await {
                eprintln!("muster: the story ended early: {}", in_one_line(&error));
            }
        });
        Ok(Self { engine, stop, serving, story })
    }

    async fn end(self) -> anyhow::Result<()> {
        self.story.abort();
        let _ = self.stop.send(());
        self.serving.await??;
        drop(self.engine);
        Ok(())
    }
}

fn welcome(url: &str, password: &str, dir: &std::path::Path) -> anyhow::Result<()> {
    let paint = Screen::of_stdout().paint;
    let dir = dir.display();
    show::put(&format!(
        "\n{}\nNothing here is real, nothing leaves this machine, and Ctrl-C removes all of it.\n\n  \
           app       {url}/app/\n  \
           sign in   {VISITOR} / {password}\n\n\
         Things to try:\n  \
           - open the acknowledge link of the next page, best in a window as narrow as a\n    \
             phone; it needs no sign-in, and only its button acts\n  \
           - or do nothing, and see who is asked next and when\n  \
           - in the app: the timeline, the delivery ledger, a test alert for a service\n  \
           - from another terminal:\n      \
               muster --data {dir} incident list\n      \
               muster --data {dir} page fay 'Can you look at search?'\n\n\
         The phones of the people on call; the newest page is the last:\n\n",
        paint.bold("Harbour Market, a made-up shop with real trouble ahead"),
    ))
}
