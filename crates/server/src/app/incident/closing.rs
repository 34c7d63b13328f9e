//! The closing record (`L6`): what the core reads out of an incident and its entries, with the names
//! that people know things by. How it is written down is its formats' business.

use jiff::Timestamp;
use muster_core::incident::closing::{self, Line, Record};
use muster_core::incident::lifecycle::{Incident, Which};
use muster_core::incident::restriction::Viewer;
use muster_core::incident::synopsis::{self, Synopsis};
use muster_store::StoreError;
use muster_store::incident::family as store_family;
use muster_store::incident::link::{self, LinkRow};
use muster_store::incident::tag;

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
    /// Free words on it.
    pub tags: Vec<String>,
    /// The titles and values of its custom fields.
    pub fields: Vec<(String, String)>,
    /// What the lead wrote; may be empty.
    pub lead: String,
    /// Where people read it.
    pub url: String,
    /// What else was open meanwhile, as far as the reader sees it.
    pub concurrent: Vec<Concurrent>,
    /// Its own links.
    pub links: Vec<LinkRow>,
    /// Its child efforts that the reader sees, the oldest first (`J5`).
    pub efforts: Vec<Effort>,
    /// As of when.
    pub at: Timestamp,
}

/// What a record says of a child effort; its own record says the rest.
#[derive(Debug, Clone)]
pub struct Effort {
    /// The incident.
    pub incident: Incident,
    /// Who leads it, by name; where nobody does, who has it.
    pub leads: Vec<String>,
    /// What is known of its cause.
    pub cause: Option<String>,
    /// The turns that it took, as they happened.
    pub summary: Vec<Line>,
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
            tags: tag::of(&self.db, incident.id).await?,
            fields: self.field_words(incident.id).await?,
            lead: lead.map(|row| row.text).unwrap_or_default(),
            url: self.incident_url(incident.number),
            concurrent,
            incident: incident.clone(),
            links: link::list(&self.db, incident.id).await?,
            efforts: self.efforts(viewer, incident).await?,
            at: self.now(),
        })
    }

    async fn efforts(&self, viewer: &Viewer, parent: &Incident) -> Result<Vec<Effort>, StoreError> {
        let snapshot = self.snapshot();
        let directory = &snapshot.directory;
        let mut efforts = Vec::new();
        let members = store_family::list(&self.db, viewer, parent.id).await?;
        for incident in members.into_iter().filter(|member| member.id != parent.id) {
            let book = self.whole_book(incident.id).await?;
            efforts.push(Effort {
                leads: super::family::leads(directory, &incident),
                cause: synopsis::of(&incident, &book).cause,
                summary: closing::of(&incident, &book).summary,
                incident,
            });
        }
        Ok(efforts)
    }
}
