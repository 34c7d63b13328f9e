//! Whom a mailbox stands for: an integration by its key, a standard alias, `declare`, a page or
//! digest that waits for its answer. Looked up when the client names it, so that a wrong address is refused while its sender
//! still listens.

use muster_core::alerting::signal::cut;
use muster_core::id::{IntegrationId, ServiceId};
use muster_core::oncall::alias::Alias;
use muster_integrations::mail::session::{Mailbox, Verdict};
use muster_integrations::sources::email;

use crate::app::link::Answered;
use crate::app::{App, Snapshot};

/// The mailbox that declares incidents; shorter than any key may be.
pub(super) const DECLARE: &str = "declare";
/// The longest tag that is kept, in characters.
const TAG_CHARS_MAX: usize = 255;

/// Where a recipient leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Route {
    /// To an integration, with what stood behind the `+`.
    Integration { id: IntegrationId, tag: String, mailbox: Mailbox },
    /// To whoever is behind an alias.
    Alias(Alias),
    /// To declare an incident, about that service if one stood behind the `+`.
    Declare(Option<ServiceId>),
    /// To what is answered.
    Answer(Answered),
}

/// Finds out about a recipient. One that is not known here is looked for once more in the store,
/// for another node may have configured it just now.
pub(super) async fn find(app: &App, mailbox: &Mailbox) -> Verdict<Route> {
    let domain = mailbox.domain.to_ascii_lowercase();
    if !app.settings.mail_in.domains.contains(&domain) {
        return Verdict::Elsewhere;
    }
    if let Some(route) = route(app, &app.snapshot(), mailbox) {
        return Verdict::Known(route);
    }
    if app.refresh().await.is_err() {
        return Verdict::Later;
    }
    route(app, &app.snapshot(), mailbox).map_or(Verdict::Unknown, Verdict::Known)
}

fn route(app: &App, snapshot: &Snapshot, mailbox: &Mailbox) -> Option<Route> {
    let local = &mailbox.local;
    let lower = local.to_ascii_lowercase();
    if Answered::is_meant(local) {
        return Answered::read(app.instance_key(), local).map(Route::Answer);
    }
    let alias = [local, &lower]
        .into_iter()
        .filter_map(|name| Alias::parse(name))
        .find(|alias| snapshot.directory.services.named(&alias.service).is_some());
    if let Some(alias) = alias {
        return Some(Route::Alias(alias));
    }
    let (key, tag) = local.split_once('+').unwrap_or((local, ""));
    if key.eq_ignore_ascii_case(DECLARE) {
        let services = &snapshot.directory.services;
        let service =
            [tag, &tag.to_ascii_lowercase()].into_iter().find_map(|tag| services.named(tag));
        // A service that does not exist is refused while its sender still listens.
        return (tag.is_empty() || service.is_some())
            .then(|| Route::Declare(service.map(|service| service.id)));
    }
    let inlet = snapshot
        .inlet_by_key(key)
        .or_else(|| snapshot.inlet_by_key_in_any_case(key))
        .filter(|inlet| inlet.source.name == email::SOURCE.name)?;
    let mut tag = tag.to_owned();
    cut(&mut tag, TAG_CHARS_MAX);
    Some(Route::Integration { id: inlet.integration.id, tag, mailbox: mailbox.clone() })
}
