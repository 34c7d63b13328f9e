//! Declaring an incident in one line (`D4`): `declare sev2 on checkout: card payments fail`. The
//! title alone is enough. What is said back names the incident and what it may duplicate.

use muster_core::incident::duplicate::Because;
use muster_core::org::access::{self, Action, Object};
use muster_core::org::directory::Directory;
use muster_core::org::user::User;
use muster_store::StoreError;

use super::{actor, person};
use crate::app::App;
use crate::app::incident::command::Refused;
use crate::app::incident::declare::Report;
use crate::app::incident::line;

impl App {
    /// `declare [sevN] [on SERVICE:] TITLE`.
    pub(super) async fn declare_words(
        &self,
        directory: &Directory,
        user: &User,
        text: &str,
    ) -> Result<String, StoreError> {
        let declared = match line::read(directory, text) {
            Ok(declared) => declared,
            Err(words) => return Ok(words),
        };
        if access::may(person(user), Action::Create, Object::Incidents).is_err() {
            return Ok("You may not declare incidents.".to_owned());
        }
        let report = Report {
            title: declared.title.to_owned(),
            service: declared.service,
            severity: declared.severity,
            ..Report::default()
        };
        let incident = match self.declare(report, &actor(user)).await {
            Ok(incident) => incident,
            Err(Refused::Store(error)) => return Err(error),
            Err(refused) => return Ok(format!("That did not work: {refused}.")),
        };
        let viewer = self.viewer(Some(user.id)).await?;
        let likely = self
            .likely_duplicates(&viewer, declared.title, declared.service, Some(incident.id))
            .await?;
        let severity = directory.severity(incident.severity);
        let mut words = format!(
            "Declared incident {}, severity {} ({}): {}",
            incident.number,
            incident.severity.number(),
            severity.name,
            self.incident_url(incident.number)
        );
        for (one, because) in likely {
            let because: Vec<_> = because.iter().map(Because::words).collect();
            words.push_str(&format!(
                "\nIt may be the same as incident {}, {} ({})",
                one.number,
                one.title,
                because.join("; ")
            ));
        }
        Ok(words)
    }
}
