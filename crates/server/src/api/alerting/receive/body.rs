//! Reading bodies: each within its limit and its time, and all together within a budget of memory.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, header};
use futures::StreamExt as _;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::settings::{BODY_BYTES_MAX, DISCARD_BYTES_MAX};

/// How long a client may take to send a body, in seconds.
const BODY_SECONDS_MAX: u64 = 20;
/// The memory that all bodies being read may take together, in KiB.
const BUDGET_KIB: usize = 128 * 1024;

/// Why a body was not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unread {
    /// It is over the limit.
    TooLarge,
    /// Too many others are being read.
    Crowded,
    /// It ended early or came too slowly.
    Broken,
}

/// The bodies that are being read.
#[derive(Debug)]
pub(super) struct Bodies {
    budget: Arc<Semaphore>,
}

impl Default for Bodies {
    fn default() -> Self {
        Self { budget: Arc::new(Semaphore::new(BUDGET_KIB)) }
    }
}

/// A body with its share of the budget.
#[derive(Debug)]
pub(super) struct Whole {
    bytes: Vec<u8>,
    _share: Option<OwnedSemaphorePermit>,
}

impl Whole {
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }
}

impl Bodies {
    /// Reads a body. One that is too large is read on to a second limit and thrown away, so that
    /// the client hears the answer instead of a broken connection.
    pub(super) async fn read(&self, headers: &HeaderMap, body: Body) -> Result<Whole, Unread> {
        let declared = headers
            .get(header::CONTENT_LENGTH)
            .and_then(|length| length.to_str().ok())
            .and_then(|length| length.parse().ok());
        let patience = Duration::from_secs(BODY_SECONDS_MAX);
        tokio::time::timeout(patience, self.collect(declared, body))
            .await
            .unwrap_or(Err(Unread::Broken))
    }

    /// Reads a body only to throw it away, so that the client hears why instead of a broken
    /// connection. A client that is slow or sends too much has to do without.
    pub(super) async fn discard(&self, body: Body) {
        let throw_away = async {
            let mut stream = body.into_data_stream();
            let mut seen = 0_usize;
            while let Some(Ok(chunk)) = stream.next().await {
                seen = seen.saturating_add(chunk.len());
                if seen > DISCARD_BYTES_MAX {
                    return;
                }
            }
        };
        let patience = Duration::from_secs(BODY_SECONDS_MAX);
        let _ = tokio::time::timeout(patience, throw_away).await;
    }

    async fn collect(&self, declared: Option<usize>, body: Body) -> Result<Whole, Unread> {
        let mut stream = body.into_data_stream();
        let mut bytes = Vec::with_capacity(declared.unwrap_or(0).min(16 * 1024));
        let mut share: Option<OwnedSemaphorePermit> = None;
        let mut seen = 0_usize;
        let mut too_large = declared.is_some_and(|length| length > BODY_BYTES_MAX);
        while let Some(chunk) = stream.next().await {
            let chunk = chunk.map_err(|_| Unread::Broken)?;
            seen = seen.saturating_add(chunk.len());
            too_large |= seen > BODY_BYTES_MAX;
            if too_large {
                bytes = Vec::new();
                share = None;
                if seen > DISCARD_BYTES_MAX {
                    break;
                }
                continue;
            }
            let kib = u32::try_from(chunk.len().div_ceil(1024)).unwrap_or(u32::MAX);
            let more = Arc::clone(&self.budget)
                .try_acquire_many_owned(kib)
                .map_err(|_| Unread::Crowded)?;
            match &mut share {
                Some(share) => share.merge(more),
                None => share = Some(more),
            }
            bytes.extend_from_slice(&chunk);
        }
        if too_large { Err(Unread::TooLarge) } else { Ok(Whole { bytes, _share: share }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read(bodies: &Bodies, size: usize) -> Result<usize, Unread> {
        let body = Body::from(vec![b'x'; size]);
        bodies.read(&HeaderMap::new(), body).await.map(|whole| whole.into_bytes().len())
    }

    #[tokio::test]
    async fn the_limit_itself_still_fits() {
        let bodies = Bodies::default();
        assert_eq!(read(&bodies, BODY_BYTES_MAX).await, Ok(BODY_BYTES_MAX));
        assert_eq!(read(&bodies, BODY_BYTES_MAX + 1).await, Err(Unread::TooLarge));
        assert_eq!(read(&bodies, 3 * DISCARD_BYTES_MAX).await, Err(Unread::TooLarge));
        assert_eq!(bodies.budget.available_permits(), BUDGET_KIB);
    }

    #[tokio::test]
    async fn all_bodies_together_stay_within_the_budget() {
        let bodies = Bodies { budget: Arc::new(Semaphore::new(10)) };
        let first = bodies.read(&HeaderMap::new(), Body::from(vec![0; 8 * 1024])).await;
        assert_eq!(read(&bodies, 4 * 1024).await, Err(Unread::Crowded));
        drop(first);
        assert_eq!(read(&bodies, 4 * 1024).await, Ok(4 * 1024));
    }
}
