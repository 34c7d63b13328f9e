//! Where a command works and how the server runs, from four places: a flag is stronger than an
//! environment variable, that is stronger than `muster.toml`, and that is stronger than a default.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use anyhow::Context as _;
use serde::Deserialize;

use crate::failure::usage;

/// The settings file that is read when none is named.
const FILE_DEFAULT: &str = "muster.toml";
/// What the names of our environment variables begin with.
const VARIABLE_PREFIX: &str = "MUSTER_";

/// Flags that every command takes.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "Where")]
pub struct Global {
    /// The data directory, with an embedded database [env: MUSTER_DATA]
    #[arg(long, global = true, value_name = "DIR", conflicts_with_all = ["database_url", "server"])]
    data: Option<PathBuf>,
    /// A PostgreSQL database: postgres://user:password@host/name [env: MUSTER_DATABASE_URL]
    #[arg(long, global = true, value_name = "URL", conflicts_with = "server")]
    database_url: Option<String>,
    /// A running server to talk to [env: MUSTER_SERVER]
    #[arg(long, global = true, value_name = "URL")]
    server: Option<String>,
    /// The token to talk to it with [env: MUSTER_TOKEN]
    #[arg(long, global = true, value_name = "TOKEN")]
    token: Option<String>,
    /// The settings file; ./muster.toml where there is one [env: MUSTER_CONFIG]
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Print JSON for programs instead of text for people
    #[arg(long, global = true)]
    json: bool,
}

/// What `muster.toml` may say.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    data: Option<PathBuf>,
    database_url: Option<String>,
    server: Option<String>,
    token: Option<String>,
    /// The address that the server listens on.
    pub listen: Option<String>,
    /// The address that people reach it at.
    pub public_url: Option<String>,
    /// Networks that outgoing calls may reach although they are private.
    #[serde(default)]
    pub network_allow: Vec<String>,
    /// The same in a table of its own.
    #[serde(default)]
    pub network: Network,
    /// Where mail goes out.
    pub smtp_url: Option<String>,
    /// The sender of mail.
    pub mail_from: Option<String>,
    /// The addresses that mail comes in at over SMTP.
    pub smtp_listen: Option<String>,
    /// The address or socket that mail comes in at over LMTP.
    pub lmtp_listen: Option<String>,
    /// The domains whose mail is taken.
    #[serde(default)]
    pub mail_domains: Vec<String>,
    /// The name under which our own mail server writes what it found out about senders.
    pub mail_trust: Option<String>,
    /// What becomes of mail over SMTP that looks forged.
    pub mail_check: Option<String>,
    /// The name server that is asked about senders.
    pub mail_dns: Option<String>,
    /// The certificate chain of the SMTP listener.
    pub smtp_tls_cert: Option<String>,
    /// The key of that certificate.
    pub smtp_tls_key: Option<String>,
    /// The form of the log.
    pub log: Option<String>,
}

/// The way out, in `muster.toml`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Network {
    /// Networks that outgoing calls may reach although they are private.
    #[serde(default)]
    pub allow: Vec<String>,
}

/// Everything that was said about where and how.
#[derive(Debug, Clone)]
pub struct Settings {
    flags: Global,
    variables: BTreeMap<String, String>,
    file: File,
}

/// A store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A data directory.
    Dir(PathBuf),
    /// A PostgreSQL URL.
    Url(String),
}

/// Where a command works.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// On a store.
    Store(Place),
    /// Through a running server.
    Server {
        /// Its address.
        url: String,
        /// The token to talk to it with.
        token: Option<String>,
    },
}

impl Settings {
    /// Reads the environment and the settings file.
    ///
    /// # Errors
    /// When the file cannot be read or says something that is no setting.
    pub fn read(flags: Global) -> anyhow::Result<Self> {
        let variables = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .filter(|(name, value)| name.starts_with(VARIABLE_PREFIX) && !value.trim().is_empty())
            .collect();
        Self::layered(flags, variables)
    }

    fn layered(flags: Global, variables: BTreeMap<String, String>) -> anyhow::Result<Self> {
        let named = flags.config.clone().or_else(|| variables.get("MUSTER_CONFIG").map(Into::into));
        let file = match named {
            Some(path) => File::read(&path)?,
            None if Path::new(FILE_DEFAULT).is_file() => File::read(Path::new(FILE_DEFAULT))?,
            None => File::default(),
        };
        Ok(Self { flags, variables, file })
    }

    /// Whether JSON is wanted.
    pub fn json(&self) -> bool {
        self.flags.json
    }

    /// What the settings file says.
    pub fn file(&self) -> &File {
        &self.file
    }

    /// An environment variable of ours, unless it is empty.
    pub fn variable(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(|value| value.trim())
    }

    /// The strongest of a flag, a variable and what the file says.
    ///
    /// # Errors
    /// When the variable holds something else.
    pub fn pick<T: FromStr<Err: std::fmt::Display>>(
        &self,
        flag: Option<T>,
        variable: &str,
        file: Option<T>,
    ) -> anyhow::Result<Option<T>> {
        if flag.is_some() {
            return Ok(flag);
        }
        match self.variable(variable) {
            Some(text) => match text.parse() {
                Ok(value) => Ok(Some(value)),
                Err(error) => Err(usage(format!("{variable}: {error}"))),
            },
            None => Ok(file),
        }
    }

    /// The store that was named, for commands that need one.
    ///
    /// # Errors
    /// When none was named, or two.
    pub fn place(&self) -> anyhow::Result<Place> {
        let layers = self.layers();
        let found = layers.iter().find(|layer| layer.data.is_some() || layer.url.is_some());
        let Some(found) = found else {
            return Err(usage(
                "say where the data lives: --data DIR, or --database-url postgres://...",
            ));
        };
        found.place()
    }

    /// Where to work: the store or the server that was named most strongly.
    ///
    /// # Errors
    /// When nothing was named, or two things with the same strength.
    pub fn target(&self) -> anyhow::Result<Target> {
        let layers = self.layers();
        let named =
            |layer: &&Layer| layer.data.is_some() || layer.url.is_some() || layer.server.is_some();
        let Some(found) = layers.iter().find(named) else {
            return Err(usage(
                "say where to work: --data DIR, --database-url postgres://..., or --server URL \
                 with --token T",
            ));
        };
        let Some(url) = &found.server else { return found.place().map(Target::Store) };
        if found.data.is_some() || found.url.is_some() {
            return Err(found.ambiguous());
        }
        let token = self.flags.token.clone();
        let token = token.or_else(|| self.variable("MUSTER_TOKEN").map(ToOwned::to_owned));
        let token = token.or_else(|| self.file.token.clone());
        Ok(Target::Server { url: url.trim_end_matches('/').to_owned(), token })
    }

    fn layers(&self) -> [Layer; 3] {
        let variable = |name: &str| self.variable(name).map(ToOwned::to_owned);
        [
            Layer {
                names: ["--data", "--database-url", "--server"],
                data: self.flags.data.clone(),
                url: self.flags.database_url.clone(),
                server: self.flags.server.clone(),
            },
            Layer {
                names: ["MUSTER_DATA", "MUSTER_DATABASE_URL", "MUSTER_SERVER"],
                data: variable("MUSTER_DATA").map(Into::into),
                url: variable("MUSTER_DATABASE_URL"),
                server: variable("MUSTER_SERVER"),
            },
            Layer {
                names: ["data", "database_url", "server"],
                data: self.file.data.clone(),
                url: self.file.database_url.clone(),
                server: self.file.server.clone(),
            },
        ]
    }
}

/// What one of the places says about where to work.
struct Layer {
    names: [&'static str; 3],
    data: Option<PathBuf>,
    url: Option<String>,
    server: Option<String>,
}

impl Layer {
    fn place(&self) -> anyhow::Result<Place> {
        match (&self.data, &self.url) {
            (Some(_), Some(_)) => Err(self.ambiguous()),
            (Some(dir), None) => Ok(Place::Dir(dir.clone())),
            (None, Some(url)) if is_postgres(url) => Ok(Place::Url(url.clone())),
            (None, Some(_)) => {
                let name = self.names[1];
                Err(usage(format!(
                    "{name}: a database is named as postgres://user:password@host/name"
                )))
            }
            (None, None) => Err(usage("no store was named")),
        }
    }

    fn ambiguous(&self) -> anyhow::Error {
        let [data, url, server] = self.names;
        let said = [
            (data, self.data.is_some()),
            (url, self.url.is_some()),
            (server, self.server.is_some()),
        ];
        let said: Vec<_> = said.iter().filter(|(_, said)| *said).map(|(name, _)| *name).collect();
        usage(format!("{} are both set; choose with a flag which one is meant", said.join(" and ")))
    }
}

fn is_postgres(url: &str) -> bool {
    url.starts_with("postgres://") || url.starts_with("postgresql://")
}

impl File {
    fn read(path: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("the settings file {} cannot be read", path.display()))?;
        let mut file = Self::parse(&text)
            .map_err(|(line, what)| usage(format!("{}:{line}: {what}", path.display())))?;
        // A directory in a file is meant from where the file is.
        if let (Some(data), Some(around)) = (&file.data, path.parent()) {
            file.data = Some(around.join(data));
        }
        Ok(file)
    }

    fn parse(text: &str) -> Result<Self, (usize, String)> {
        toml::from_str(text).map_err(|error| {
            let start = error.span().map_or(0, |span| span.start).min(text.len());
            let line = text.as_bytes()[..start].iter().filter(|byte| **byte == b'\n').count() + 1;
            let what = error.message().replacen("unknown field", "there is no setting", 1);
            (line, what.lines().collect::<Vec<_>>().join(" "))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(flags: Global, variables: &[(&str, &str)], file: &str) -> Settings {
        let variables =
            variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Settings {
            flags,
            variables: variables.collect(),
            file: File::parse(file).expect("a settings file"),
        }
    }

    #[test]
    fn a_flag_beats_a_variable_beats_the_file() {
        let file = "data = '/from-file'\nlisten = '127.0.0.1:1'";
        let flags = Global { data: Some("/from-flag".into()), ..Global::default() };
        let variables =
            [("MUSTER_SERVER", "http://127.0.0.1:2/"), ("MUSTER_LISTEN", "127.0.0.1:2")];

        let all = settings(flags, &variables, file);
        assert_eq!(all.target().unwrap(), Target::Store(Place::Dir("/from-flag".into())));
        let two = settings(Global::default(), &variables, file);
        let server = Target::Server { url: "http://127.0.0.1:2".to_owned(), token: None };
        assert_eq!(two.target().unwrap(), server);
        assert_eq!(two.place().unwrap(), Place::Dir("/from-file".into()));
        let one = settings(Global::default(), &[], file);
        assert_eq!(one.target().unwrap(), Target::Store(Place::Dir("/from-file".into())));

        let listen = |settings: &Settings, flag: Option<&str>| {
            let from_file = settings.file().listen.clone();
            settings.pick(flag.map(ToOwned::to_owned), "MUSTER_LISTEN", from_file).unwrap()
        };
        assert_eq!(listen(&two, Some("127.0.0.1:3")).as_deref(), Some("127.0.0.1:3"));
        assert_eq!(listen(&two, None).as_deref(), Some("127.0.0.1:2"));
        assert_eq!(listen(&one, None).as_deref(), Some("127.0.0.1:1"));
    }

    #[test]
    fn two_stores_in_one_place_are_a_question_back() {
        let variables = [("MUSTER_DATA", "/a"), ("MUSTER_DATABASE_URL", "postgres://b/c")];
        let both = settings(Global::default(), &variables, "");
        let error = both.place().unwrap_err().to_string();
        assert!(error.starts_with("MUSTER_DATA and MUSTER_DATABASE_URL are both set"), "{error}");
        let none = settings(Global::default(), &[], "");
        assert!(none.place().is_err() && none.target().is_err());
        let other = settings(Global::default(), &[("MUSTER_DATABASE_URL", "mysql://b")], "");
        assert!(other.place().is_err());
    }

    #[test]
    fn a_setting_that_does_not_exist_is_named_with_its_line() {
        let (line, what) = File::parse("listen = '127.0.0.1:1'\n\npublik_url = 'x'").unwrap_err();
        assert_eq!(line, 3);
        assert!(what.starts_with("there is no setting `publik_url`"), "{what}");
        let (line, _) = File::parse("network.alow = []").unwrap_err();
        assert_eq!(line, 1);
        let file = File::parse("network.allow = ['127.0.0.0/8']").unwrap();
        assert_eq!(file.network.allow, ["127.0.0.0/8"]);
    }
}
