//! What is proved of the time ahead: coverage of the policies, the score of the next year, and the
//! schedule that an edit would make, with what people planned besides.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use muster_core::id::PolicyId;
use muster_core::incident::severity::Urgency;
use muster_core::oncall::coverage::{self, Finding, Score, Span};
use muster_core::org::directory::Directory;
use muster_store::org::document::Kind;
use muster_store::org::{config as store, directory};
use serde_json::Value;

use crate::app::App;
use crate::app::org::config::{ConfigError, decide, object};
use crate::app::org::edit::EditError;

/// The weeks that the score looks ahead.
pub const SCORE_WEEKS: i64 = 52;
/// The urgencies that page people, the more urgent first.
const PAGING: [Urgency; 2] = [Urgency::High, Urgency::Low];

/// A finding and the urgencies that it was found at.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// The finding.
    pub finding: Finding,
    /// At which urgencies.
    pub urgencies: Vec<Urgency>,
}

/// What was proved.
#[derive(Debug, Clone, Default)]
pub struct Proof {
    /// Gaps first, then by time.
    pub found: Vec<Found>,
    /// Up to when each policy was proved, where that is not the end of the period.
    pub cut: Vec<(PolicyId, Timestamp)>,
}

/// So many weeks from an instant on.
pub fn weeks_from(from: Timestamp, weeks: i64) -> Span {
    let length = SignedDuration::from_hours(weeks * 7 * 24);
    Span { from, to: from.saturating_add(length).unwrap_or(Timestamp::MAX) }
}

/// Everything that is wrong with one policy, or with all of them, at every urgency that pages.
pub fn prove(directory: &Directory, policy: Option<PolicyId>, span: Span) -> Proof {
    let mut proof = Proof::default();
    for urgency in PAGING {
        if !directory.severities.iter().any(|severity| severity.urgency == urgency) {
            continue;
        }
        let policies = directory.policies.iter();
        let policies = policies.filter(|of| policy.is_none_or(|policy| policy == of.id));
        for (policy, coverage) in coverage::prove(directory, policies, urgency, span) {
            proof.cut.extend(coverage.cut_at.map(|at| (policy, at)));
            for finding in coverage.findings {
                let what = |of: &Finding| (of.policy, of.trouble, of.span);
                let mut known = proof.found.iter_mut();
                match known.find(|known| what(&known.finding) == what(&finding)) {
                    Some(known) => {
                        known.urgencies.push(urgency);
                        known.finding.levels = known.finding.levels.union(finding.levels);
                    }
                    None => proof.found.push(Found { finding, urgencies: vec![urgency] }),
                }
            }
        }
    }
    proof.found.sort_by_key(|found| {
        (found.finding.trouble.weight(), found.finding.span.from, found.finding.policy)
    });
    proof
}

impl App {
    /// What is wrong in the weeks ahead, and the score of the next year, worked out beside the
    /// requests of others.
    ///
    /// # Errors
    /// When the work was broken off.
    pub async fn prove(
        &self,
        policy: Option<PolicyId>,
        weeks: i64,
    ) -> anyhow::Result<(Proof, Score, Arc<Directory>)> {
        let directory = self.snapshot().directory.clone();
        let now = self.now();
        let of = directory.clone();
        let work = move || {
            let score = coverage::score(&of, weeks_from(now, SCORE_WEEKS));
            (prove(&of, policy, weeks_from(now, weeks)), score)
        };
        let (proof, score) = tokio::task::spawn_blocking(work).await?;
        Ok((proof, score, directory))
    }

    /// The organisation as it would be if a document were saved as `value`.
    ///
    /// # Errors
    /// Every problem of the document, or that the store does not answer.
    pub async fn with_document(
        &self,
        (kind, name): (Kind, &str),
        value: &Value,
    ) -> Result<Arc<Directory>, EditError> {
        let mut tx = self.db.snapshot().await?;
        let stored = store::stored(&mut tx).await?;
        let (wanted, place) = object::edited(&stored, (kind, name), Some(value), "edit")?;
        let surroundings = self.surroundings();
        let plan = decide(&stored, &wanted, &surroundings).map_err(|error| match error {
            ConfigError::Invalid(problems) => EditError::Invalid(place.relative(problems)),
            ConfigError::Store(error) => error.into(),
        })?;
        if stored.ids().object(kind, name).is_none() {
            return Ok(plan.directory);
        }
        let documents = wanted.documents().clone().over(stored.documents()?);
        let environment = surroundings.environment;
        let loaded = directory::load_as(&mut tx, &stored, &documents, environment).await?;
        Ok(loaded.directory)
    }
}
