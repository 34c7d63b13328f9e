//! The closing record (`L6`): what the core reads out of an incident and its entries, with the names
//! that people know things by. How it is written down is its formats' business.

use jiff::Timestamp;
use muster_core::incident::closing::{self, Record};
use muster_core::incident::lifecycle::{Incident, Which};
use muster_core::incident::restriction::Viewer;
use muster_core::incident::synopsis::{self, Synopsis};
use muster_store::StoreError;

use super::concurrent::Concurrent;
use super::view;
use crate::app::App;

pub mod markdown;
pub mod pdf;
mod words;

/// The record with what stands at its head.
#[derive(Debug, Clone)]
pub struct Closing {
    /// What was recorded.
    pub record: Record,
    /// Hypotheses, changes and decisions, as they stand.
    pub synopsis: Synopsis,
    /// The incident.
    pub incident: Incident,
    /// The severity in words: `1 (Outage)`.
    pub severity: String,
    /// The service.
    pub service: String,
    /// What is known of the impact, in words; may be empty.
    pub impact: String,
    /// What the lead wrote; may be empty.
    pub lead: String,
    /// Where people read it.
    pub url: String,
    /// What else was open meanwhile, as far as the reader sees it.
    pub concurrent: Vec<Concurrent>,
    /// As of when.
    pub at: Timestamp,
}

impl Closing {
    /// The instants that people correct, with their names, as far as they are known.
    pub fn instants(&self) -> impl Iterator<Item = (&'static str, Timestamp)> {
        let stamps = self.incident.stamps;
        Which::NAMES.iter().filter_map(move |(which, name)| Some((*name, stamps.of(*which)?)))
    }
}

impl App {
    /// The record of an incident, as far as it has come and the reader may see it.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn closing(
        &self,
        viewer: &Viewer,
        incident: &Incident,
    ) -> Result<Closing, StoreError> {
        let concurrent = self.concurrent(viewer, incident).await?;
        let book = self.whole_book(incident.id).await?;
        let lead = self.lead_sentence(incident).await?;
        let snapshot = self.snapshot();
        let directory = &snapshot.directory;
        let severity = directory.severity(incident.severity);
        Ok(Closing {
            record: closing::of(incident, &book),
            synopsis: synopsis::of(incident, &book),
            severity: format!("{} ({})", incident.severity.number(), severity.name),
            service: view::service_name(directory, incident),
            impact: incident.impact.words(directory),
            lead: lead.map(|row| row.text).unwrap_or_default(),
            url: self.incident_url(incident.number),
            concurrent,
            incident: incident.clone(),
            at: self.now(),
        })
    }
}
