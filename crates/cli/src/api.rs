//! A server's API, as commands use it: paths as segments, JSON in and out, problems as errors that
//! read well.

use std::path::Path;

use anyhow::{Context as _, anyhow, bail};
use reqwest::header::{ACCEPT, CONTENT_TYPE};
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode, Url};
use serde_json::Value;
use tokio::io::AsyncWriteExt as _;

use crate::failure::usage;
use crate::http;

/// The largest answer that is kept in memory, in bytes.
const ANSWER_BYTES_MAX: usize = 64 * 1024 * 1024;

/// A server's API.
#[derive(Debug, Clone)]
pub struct Api {
    base: Url,
    token: Option<String>,
    client: Client,
    /// Whether stages run behind it; without them nothing goes out yet.
    is_live: bool,
}

/// What a server refused, as RFC 9457 writes it.
#[derive(Debug, Clone)]
pub struct Problem {
    /// What went wrong.
    pub detail: String,
    /// Every place that is wrong, one line each.
    pub places: Vec<String>,
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.detail)?;
        self.places.iter().try_for_each(|place| write!(f, "\n  {place}"))
    }
}

impl std::error::Error for Problem {}

/// What a server offers under a path.
type Query<'a> = &'a [(&'a str, &'a str)];

impl Api {
    /// The API of the server at `url`.
    ///
    /// # Errors
    /// When the address cannot be understood.
    pub fn new(url: &str, token: Option<String>, is_live: bool) -> anyhow::Result<Self> {
        let base = Url::parse(url).ok().filter(|url| {
            matches!(url.scheme(), "http" | "https") && url.has_host() && !url.cannot_be_a_base()
        });
        let base = base.ok_or_else(|| {
            usage(format!("`{url}` is not a server's address; write http://host:port"))
        })?;
        Ok(Self { client: http::client(&base)?, base, token, is_live })
    }

    /// Whether pages go out by themselves; not while no server runs on the store.
    pub fn is_live(&self) -> bool {
        self.is_live
    }

    /// Reads what is under a path.
    ///
    /// # Errors
    /// When the server cannot be reached or refuses.
    pub async fn get(&self, path: &[&str], query: Query<'_>) -> anyhow::Result<Value> {
        json(self.send(self.request(Method::GET, path, query)?).await?).await
    }

    /// Posts JSON.
    ///
    /// # Errors
    /// When the server cannot be reached or refuses.
    pub async fn post(&self, path: &[&str], body: &Value) -> anyhow::Result<Value> {
        json(self.send(self.request(Method::POST, path, &[])?.json(body)).await?).await
    }

    /// Puts JSON.
    ///
    /// # Errors
    /// When the server cannot be reached or refuses.
    pub async fn put(&self, path: &[&str], body: &Value) -> anyhow::Result<Value> {
        json(self.send(self.request(Method::PUT, path, &[])?.json(body)).await?).await
    }

    /// Changes a part of what is under a path.
    ///
    /// # Errors
    /// When the server cannot be reached or refuses.
    pub async fn patch(&self, path: &[&str], body: &Value) -> anyhow::Result<Value> {
        json(self.send(self.request(Method::PATCH, path, &[])?.json(body)).await?).await
    }

    /// Removes what is under a path.
    ///
    /// # Errors
    /// When the server cannot be reached or refuses.
    pub async fn delete(&self, path: &[&str]) -> anyhow::Result<()> {
        self.send(self.request(Method::DELETE, path, &[])?).await.map(drop)
    }

    /// Reads text that is not JSON.
    ///
    /// # Errors
    /// When the server cannot be reached or refuses.
    pub async fn text(&self, path: &[&str]) -> anyhow::Result<String> {
        let bytes = read(self.send(self.request(Method::GET, path, &[])?).await?).await?;
        String::from_utf8(bytes).context("the server's answer is not text")
    }

    /// Posts YAML and reads JSON.
    ///
    /// # Errors
    /// When the server cannot be reached or refuses.
    pub async fn post_yaml(&self, path: &[&str], yaml: String) -> anyhow::Result<Value> {
        let request = self.request(Method::POST, path, &[])?;
        json(self.send(request.header(CONTENT_TYPE, "text/yaml").body(yaml)).await?).await
    }

    /// Posts bytes as they are and reads JSON.
    ///
    /// # Errors
    /// When the server cannot be reached or refuses.
    pub async fn upload(
        &self,
        path: &[&str],
        query: Query<'_>,
        bytes: Vec<u8>,
    ) -> anyhow::Result<Value> {
        let request = self.request(Method::POST, path, query)?;
        let request = request.header(CONTENT_TYPE, "application/octet-stream");
        json(self.send(request.body(bytes)).await?).await
    }

    /// Posts nothing and writes the answer to a new file that only its owner can read.
    ///
    /// # Errors
    /// When the server cannot be reached or refuses, the answer breaks off, or the file exists or
    /// cannot be written.
    pub async fn download(&self, path: &[&str], file: &Path) -> anyhow::Result<u64> {
        save(self.send(self.request(Method::POST, path, &[])?).await?, file).await
    }

    /// Reads what is under a path into a new file that only its owner can read; its length in bytes.
    ///
    /// # Errors
    /// As of [`Api::download`].
    pub async fn fetch(&self, path: &[&str], file: &Path) -> anyhow::Result<u64> {
        save(self.send(self.request(Method::GET, path, &[])?).await?, file).await
    }

    /// Opens the live stream.
    ///
    /// # Errors
    /// When the server cannot be reached or refuses.
    pub async fn stream(&self) -> anyhow::Result<Response> {
        let request = self.request(Method::GET, &["stream"], &[])?;
        self.send(request.header(ACCEPT, "text/event-stream")).await
    }

    /// The status that a path outside the API answers with.
    ///
    /// # Errors
    /// When the server cannot be reached.
    pub async fn status(&self, path: &str) -> anyhow::Result<u16> {
        let mut url = self.base.clone();
        url.set_path(path);
        let answer = self.client.get(url).send().await.map_err(|error| self.unreachable(&error))?;
        Ok(answer.status().as_u16())
    }

    fn request(
        &self,
        method: Method,
        path: &[&str],
        query: Query<'_>,
    ) -> anyhow::Result<RequestBuilder> {
        let mut url = self.base.clone();
        url.path_segments_mut()
            .map_err(|()| anyhow!("the server's address cannot have a path"))?
            .pop_if_empty()
            .extend(["api", "v1"])
            .extend(path);
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        let request = self.client.request(method, url);
        Ok(match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        })
    }

    async fn send(&self, request: RequestBuilder) -> anyhow::Result<Response> {
        let answer = request.send().await.map_err(|error| self.unreachable(&error))?;
        let status = answer.status();
        if status.is_success() {
            return Ok(answer);
        }
        Err(self.refused(status, &read(answer).await.unwrap_or_default()))
    }

    fn unreachable(&self, error: &reqwest::Error) -> anyhow::Error {
        let url = self.base.as_str().trim_end_matches('/');
        if error.is_connect() {
            return anyhow!("no server answers at {url}; is it running, and is the address right?");
        }
        if error.is_timeout() {
            return anyhow!("the server at {url} did not answer in time; it may have acted");
        }
        anyhow!("the server at {url} broke off; it may have acted")
    }

    fn refused(&self, status: StatusCode, body: &[u8]) -> anyhow::Error {
        let problem: Value = serde_json::from_slice(body).unwrap_or_default();
        let detail = problem["detail"].as_str().or_else(|| problem["title"].as_str());
        let detail = match (status, detail) {
            (StatusCode::UNAUTHORIZED, _) if self.token.is_none() => {
                "the server wants a token: --token T or MUSTER_TOKEN; make one with \
                 `muster token create --name N --role admin` on the server's machine"
                    .to_owned()
            }
            (_, Some(detail)) => detail.to_owned(),
            (status, None) => format!("the server answered {status}, which is not Muster's way"),
        };
        let places = problem["errors"].as_array().into_iter().flatten().map(place);
        let places: Vec<_> = places.filter(|place| !detail.contains(place.as_str())).collect();
        Problem { detail, places }.into()
    }
}

/// One place that is wrong, in the words that the command line uses for its own files.
fn place(error: &Value) -> String {
    let mut text = String::new();
    let number = |field: &str| error[field].as_u64();
    match (error["file"].as_str(), number("line"), number("column")) {
        (Some(file), Some(line), Some(column)) => text += &format!("{file}:{line}:{column}: "),
        (Some(file), ..) => text += &format!("{file}: "),
        (None, Some(line), Some(column)) => text += &format!("line {line}, column {column}: "),
        _ => {}
    }
    if let Some(path) = error["path"].as_str().filter(|path| !path.is_empty()) {
        text += &format!("{path}: ");
    }
    text + error["message"].as_str().unwrap_or("is wrong")
}

async fn save(mut answer: Response, file: &Path) -> anyhow::Result<u64> {
    let mut options = tokio::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    options.mode(0o600);
    let place = || format!("{} cannot be written", file.display());
    let mut out = options.open(file).await.with_context(place)?;
    let mut length = 0;
    let written = async {
        while let Some(chunk) = answer.chunk().await.context("the server broke off")? {
            length += chunk.len() as u64;
            out.write_all(&chunk).await.with_context(place)?;
        }
        out.sync_all().await.with_context(place)
    };
    if let Err(error) = written.await {
        let _ = tokio::fs::remove_file(file).await;
        return Err(error);
    }
    Ok(length)
}

async fn json(answer: Response) -> anyhow::Result<Value> {
    let bytes = read(answer).await?;
    if bytes.is_empty() {
        return Ok(Value::Null);
    }
    serde_json::from_slice(&bytes).context("the server's answer is not JSON; is this a Muster?")
}

async fn read(mut answer: Response) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    while let Some(chunk) = answer.chunk().await.context("the server broke off in its answer")? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > ANSWER_BYTES_MAX {
            bail!("the server's answer is too long");
        }
    }
    Ok(bytes)
}
