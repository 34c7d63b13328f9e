//! The live stream of a server, as much as the command line needs of it: that something happened to
//! an incident. What happened is then read from the API, so an event that is missed delays at most.

use anyhow::Context as _;
use reqwest::Response;
use serde_json::Value;

use crate::api::Api;

/// The longest event, in bytes.
const EVENT_BYTES_MAX: usize = 64 * 1024;
/// How often a broken stream is opened again before it is given up.
const REOPENED_MAX: u32 = 5;

/// The events of a server.
pub struct Events {
    stream: Response,
    unread: String,
}

impl Events {
    /// Begins to listen.
    ///
    /// # Errors
    /// When the server cannot be reached or refuses.
    pub async fn open(api: &Api) -> anyhow::Result<Self> {
        Ok(Self { stream: api.stream().await?, unread: String::new() })
    }

    /// Waits until something happens to the incident of that number, or may have happened while
    /// the stream was broken.
    ///
    /// # Errors
    /// When the server goes away for good.
    pub async fn next_of(&mut self, api: &Api, number: &Value) -> anyhow::Result<()> {
        loop {
            while let Some((event, rest)) = self.unread.split_once("\n\n") {
                let is_ours = event_of(event).is_some_and(|event| event["incident"] == *number);
                self.unread = rest.to_owned();
                if is_ours {
                    return Ok(());
                }
            }
            match self.stream.chunk().await {
                Ok(Some(chunk)) => {
                    self.unread.push_str(&String::from_utf8_lossy(&chunk).replace('\r', ""));
                    if self.unread.len() > EVENT_BYTES_MAX {
                        self.unread.clear();
                    }
                }
                Ok(None) | Err(_) => return self.reopen(api).await,
            }
        }
    }

    async fn reopen(&mut self, api: &Api) -> anyhow::Result<()> {
        for attempt in 1..=REOPENED_MAX {
            tokio::time::sleep(std::time::Duration::from_secs(u64::from(attempt))).await;
            if let Ok(again) = Self::open(api).await {
                *self = again;
                return Ok(());
            }
        }
        *self = Self::open(api).await.context("the live stream broke off")?;
        Ok(())
    }
}

fn event_of(text: &str) -> Option<Value> {
    let data: String =
        text.lines().filter_map(|line| line.strip_prefix("data:")).map(str::trim_start).collect();
    serde_json::from_str(&data).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_read_and_a_heartbeat_is_not_one() {
        let event = event_of("id: 7\nevent: change\ndata: {\"seq\":7,\"incident\":42}").unwrap();
        assert_eq!(event["incident"], 42);
        assert!(event_of(": still here").is_none());
    }
}
