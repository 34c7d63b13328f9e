//! When changes may be made, out of the document of their policy.

use muster_core::change::window::{Bounds, Freeze, TIER_1_AT_ONCE_USUAL, Window};
use muster_core::id::{ServiceId, TeamId};
use muster_core::oncall::schedule::Restriction;

use super::Builder;
use crate::org::document::change::ChangePolicy;
use crate::org::document::{self, Kind};

impl Builder<'_> {
    /// When changes may be made.
    pub(super) fn bounds(&mut self, written: &ChangePolicy) -> Bounds {
        Bounds {
            windows: self.each(Some(written.windows.as_slice()), |builder, one| {
                Some(builder.outage_window(one))
            }),
            freezes: self.each(Some(written.freezes.as_slice()), Self::freeze),
            tier_1_at_once: written.tier_1_at_once.unwrap_or(TIER_1_AT_ONCE_USUAL),
        }
    }

    fn named_services(&mut self, names: &[String]) -> Vec<ServiceId> {
        self.each(Some(names), |builder, name| builder.id(Kind::Service, name).map(ServiceId))
    }

    fn outage_window(&mut self, written: &document::change_calendar::OutageWindow) -> Window {
        let hours = written.hours.iter().map(|one| Restriction {
            days: one.days.iter().map(|day| day.0).collect(),
            from: one.from.0,
            to: one.to.0,
        });
        let organization = self.documents.organization.as_ref().map(|one| &one.timezone);
        let zone = written.timezone.as_ref().or(organization);
        Window {
            name: written.name.clone(),
            services: self.named_services(&written.services),
            classes: written.classes.clone(),
            hours: hours.collect(),
            timezone: zone.map_or(jiff::tz::TimeZone::UTC, document::text::Zone::rules),
        }
    }

    fn freeze(&mut self, written: &document::change_calendar::Freeze) -> Option<Freeze> {
        Some(Freeze {
            name: written.name.clone(),
            from: written.from.parse().ok()?,
            until: written.until.parse().ok()?,
            services: self.named_services(&written.services),
            tiers: written.tiers.clone(),
            reason: written.reason.clone(),
            exempt_teams: self.each(Some(written.exempt_teams.as_slice()), |builder, name| {
                builder.id(Kind::Team, name).map(TeamId)
            }),
            exempt_classes: written.exempt_classes.clone(),
        })
    }
}
