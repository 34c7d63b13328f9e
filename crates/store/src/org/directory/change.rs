//! The policy of changes out of its document.

use jiff::Timestamp;
use muster_core::change::exception::Terms;
use muster_core::change::notice::Notice;
use muster_core::change::plan::{Automation, Band};
use muster_core::change::policy::{
    Approver, Delegate, Policy, Qualification, Row, Stage, TIMEOUT_USUAL,
};
use muster_core::change::suspect::{LOOKS_BACK_DEFAULT, Search};
use muster_core::id::{TeamId, UserId};

use super::Builder;
use crate::org::document::change::{ChangePolicy, MatrixRow, Stage as Written};
use crate::org::document::{self, Kind};

impl Builder<'_> {
    /// The policy; what the document leaves out is as in what is built in.
    pub(super) fn change_policy(&mut self) -> Policy {
        let usual = Policy::default();
        let Some(written) = &self.documents.change_policy else { return usual };
        let rows = written.matrix.as_deref();
        Policy {
            classes: written.classes.clone().unwrap_or(usual.classes),
            rows: match rows {
                Some(rows) => rows.iter().map(|row| self.matrix_row(row)).collect(),
                None => usual.rows,
            },
            vps: self.people(&written.vps),
            ops: self.people(&written.ops),
            delegates: self.each(Some(written.delegates.as_slice()), Self::delegate),
            bounds: self.bounds(written),
            exceptions: self.exception_terms(written),
            templates: self.each(Some(written.templates.as_slice()), Self::change_template),
            qualifications: self.each(Some(written.qualifications.as_slice()), |builder, one| {
                let user = builder.id(Kind::User, &one.user).map(UserId)?;
                Some(Qualification { user, class: one.class.clone(), level: one.level })
            }),
            suspects: written.suspects.as_ref().map_or(usual.suspects, |suspects| Search {
                back: suspects.back.map_or(LOOKS_BACK_DEFAULT, |back| back.0),
                environments: suspects.environments.clone(),
            }),
        }
    }

    fn exception_terms(&mut self, written: &ChangePolicy) -> Terms {
        let usual = Terms::default();
        let Some(written) = &written.exceptions else { return usual };
        Terms {
            clean_runs: written.clean_runs.unwrap_or(usual.clean_runs),
            within: written.within.map_or(usual.within, |time| time.0),
            review_after: written.review_after.map_or(usual.review_after, |time| time.0),
            owners: self.people(&written.owners),
        }
    }

    fn people(&mut self, names: &[String]) -> Vec<UserId> {
        self.each(Some(names), |builder, name| builder.id(Kind::User, name).map(UserId))
    }

    fn delegate(&mut self, written: &document::change::Delegate) -> Option<Delegate> {
        let instant = |text: &Option<String>| text.as_deref().and_then(|text| text.parse().ok());
        let (from, until): (Option<Timestamp>, _) =
            (instant(&written.from), instant(&written.until));
        let of = self.id(Kind::User, &written.of).map(UserId)?;
        let to = self.id(Kind::User, &written.to).map(UserId)?;
        Some(Delegate { of, to, from, until })
    }

    fn matrix_row(&mut self, row: &MatrixRow) -> Row {
        let bands = row.risks.iter().filter_map(|name| Band::from_name(name));
        let automation = row.automation.iter().filter_map(|name| Automation::from_name(name));
        Row {
            name: row.name.clone(),
            tiers: row.tiers.clone(),
            classes: row.classes.clone(),
            risks: bands.collect(),
            automation: automation.collect(),
            teams: self.each(Some(row.teams.as_slice()), |builder, name| {
                builder.id(Kind::Team, name).map(TeamId)
            }),
            stages: self.each(Some(row.approvals.as_slice()), Self::stage),
            notice: row.notice.as_deref().and_then(Notice::read).unwrap_or(Notice::Free),
            needs_window: row.window,
            technician_level: row.technician_level,
        }
    }

    fn stage(&mut self, written: &Written) -> Option<Stage> {
        Some(Stage {
            approver: Approver::from_name(&written.by)?,
            quorum: written.quorum.unwrap_or(1),
            by: self.people(&written.people),
            from_risk: written.from_risk.as_deref().and_then(Band::from_name),
            timeout: written.timeout.map_or(TIMEOUT_USUAL, |time| time.0),
        })
    }
}
