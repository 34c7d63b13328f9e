//! Status pages out of documents (`U5`).

use muster_core::id::{ServiceId, StatusPageId};
use muster_core::incident::severity::Level;
use muster_core::incident::status_page::{Component, State, StatusPage, Visibility};

use super::Builder;
use crate::org::document::{self, Kind};

impl Builder<'_> {
    pub(super) fn status_page(
        &mut self,
        page: &document::status_page::StatusPage,
    ) -> Option<StatusPage> {
        let id = self.id(Kind::StatusPage, &page.name).map(StatusPageId)?;
        let organization = self.documents.organization.as_ref();
        let organization = organization.map(|organization| organization.name.clone());
        let shows = page.shows.as_ref().map_or_else(State::shown_by_default, |shows| {
            let shown = shows.iter().filter_map(|(level, state)| {
                Some((Level::new(level.parse().ok()?)?, State::from_name(state)?))
            });
            shown.collect()
        });
        let components = page.components.iter().map(|component| {
            let services = component.services.iter();
            let services = services
                .filter_map(|name| self.reference(Kind::Service, Some(name.as_str())))
                .map(ServiceId);
            Component {
                name: component.name.clone(),
                group: component.group.clone(),
                description: component.description.clone(),
                services: services.collect(),
            }
        });
        let components = components.collect();
        Some(StatusPage {
            id,
            name: page.name.clone(),
            slug: page.slug.clone().unwrap_or_else(|| page.name.clone()),
            title: page.title.clone().or(organization).unwrap_or_else(|| page.name.clone()),
            description: page.description.clone(),
            visibility: visibility(page),
            timezone: self.zone(page.timezone.as_ref()),
            shows,
            is_automatic: page.automatic,
            components,
        })
    }

    /// Where an audience is published unless it says otherwise: customers on every public page,
    /// internal users on every private one.
    pub(super) fn usual_pages(&mut self, audience: &str) -> Vec<StatusPageId> {
        let wanted = match audience {
            "external" => Visibility::Public,
            "internal" => Visibility::Private,
            _ => return Vec::new(),
        };
        let pages = self.documents.status_pages.iter().flatten();
        let pages = pages.filter(|page| visibility(page) == wanted);
        pages
            .filter_map(|page| self.ids.object(Kind::StatusPage, &page.name))
            .map(StatusPageId)
            .collect()
    }
}

fn visibility(page: &document::status_page::StatusPage) -> Visibility {
    let written = page.visibility.as_deref().and_then(Visibility::from_name);
    written.unwrap_or(Visibility::Public)
}
