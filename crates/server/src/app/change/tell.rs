//! Who hears what of a change: those who are asked to agree, its submitter and technician, whom it
//! meets, whoever is on the list of the service, and whom it touches along the dependencies (`X13`).
//! Everybody hears of each thing once, and nobody of what they did themselves. Every message stands in
//! the record of the change with the reason why its reader got it.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use muster_core::change::record::{By, Change, Entry, Kind};
use muster_core::change::relevance::{self, Because, News, Reader, Telling};
use muster_core::id::{DeliveryId, ServiceId, UserId};
use muster_core::incident::severity::Urgency;
use muster_core::org::directory::Directory;
use muster_store::change::notice::{self as store, Notice, Way};
use muster_store::{StoreError, Tx};
use serde_json::json;

use super::digest;
use crate::app::App;
use crate::app::incident::record;

/// What is told to whom.
struct Message<'a> {
    user: UserId,
    news: News,
    way: Way,
    because: &'a str,
    text: &'a str,
}

impl App {
    /// Where a change is looked at.
    pub fn change_url(&self, number: i64) -> String {
        format!("{}/changes/{number}", self.settings.public_url)
    }

    /// Where people choose how they hear of changes.
    pub(super) fn lists_url(&self) -> String {
        format!("{}/lists", self.settings.public_url)
    }

    /// Tells everybody who is to know what happened.
    pub(super) async fn tell_of_change(
        &self,
        tx: &mut Tx,
        directory: &Directory,
        before: Option<&Change>,
        change: &Change,
        entries: &[Entry],
        by: &By,
    ) -> Result<(), StoreError> {
        let actor = by.actor.user();
        self.ask(tx, directory, before, change, entries, actor).await?;
        let scheduled_now = entries.iter().filter(|one| one.kind == Kind::Scheduled).count();
        let scheduled = store::times_scheduled(tx, change.id).await?;
        let was_announced = usize::try_from(scheduled).unwrap_or(usize::MAX) > scheduled_now;
        let is_moved = before.is_some_and(|one| is_moved(one, change));
        let own = own(change);
        let met = met(directory, change);
        for entry in entries {
            let news = match entry.kind {
                Kind::Edited if is_moved && was_announced => News::Moved,
                Kind::Rejected => News::Rejected,
                // Where it stands now was just said.
                Kind::Scheduled if is_moved && was_announced => continue,
                Kind::Scheduled => News::Scheduled,
                Kind::Emergent => News::Emergent,
                Kind::Blocked => News::Blocked,
                Kind::Overridden => News::Overridden,
                Kind::Started => News::Started,
                Kind::Aborted => News::Aborted,
                Kind::Finished => News::Finished,
                Kind::Cancelled if before.is_some_and(|one| one.state.is_ahead()) => {
                    News::Cancelled
                }
                Kind::Expired => News::Expired,
                _ => continue,
            };
            let is_for_own =
                matches!(news, News::Rejected | News::Emergent | News::Blocked | News::Expired);
            let mut told: BTreeSet<UserId> = actor.into_iter().collect();
            for (user, because) in own.iter().chain(met.iter().filter(|_| !is_for_own)) {
                if !told.insert(*user) {
                    continue;
                }
                let when = when(change, directory.zone_of(*user));
                let text = match news {
                    News::Moved => format!("Now {when}. {}: {}", entry.actor.name(), entry.text),
                    _ => format!("{}: {}", entry.actor.name(), entry.text),
                };
                let way = Way::Own;
                let message = Message { user: *user, news, way, because, text: &text };
                self.tell_of_one(tx, directory, change, &message).await?;
            }
            if news.is_for_lists() && (was_announced || !news.is_correction()) {
                self.tell_lists(tx, directory, change, (news, entry), &mut told).await?;
            }
            if news.is_for_neighbours(was_announced) {
                let was_at = before.filter(|_| is_moved).and_then(|one| one.plan.start);
                self.tell_neighbours(tx, directory, change, (news, entry), was_at, &told).await?;
            }
        }
        Ok(())
    }

    /// Asks whoever is to agree now and was not asked before, or reminds them.
    async fn ask(
        &self,
        tx: &mut Tx,
        directory: &Directory,
        before: Option<&Change>,
        change: &Change,
        entries: &[Entry],
        actor: Option<UserId>,
    ) -> Result<(), StoreError> {
        let has = |kind| entries.iter().any(|entry| entry.kind == kind);
        let asked = deciders(directory, change, self.now());
        let known = before.map(|one| deciders(directory, one, self.now())).unwrap_or_default();
        let is_anew = has(Kind::Submitted) || has(Kind::Edited) || has(Kind::RetroReview);
        let (ask, news): (BTreeSet<_>, _) = match has(Kind::Reminded) {
            true => (asked, News::Reminded),
            false if is_anew => (asked, News::Asked),
            false => (asked.difference(&known).copied().collect(), News::Asked),
        };
        for user in ask.into_iter().filter(|user| Some(*user) != actor) {
            let text = question(directory, change, user);
            let because = "you are asked to agree to it";
            let message = Message { user, news, way: Way::Own, because, text: &text };
            self.tell_of_one(tx, directory, change, &message).await?;
        }
        Ok(())
    }

    /// Tells whoever is on the lists of what is changed and did not hear of it already.
    async fn tell_lists(
        &self,
        tx: &mut Tx,
        directory: &Directory,
        change: &Change,
        (news, entry): (News, &Entry),
        told: &mut BTreeSet<UserId>,
    ) -> Result<(), StoreError> {
        for list in relevance::lists(directory, change.plan.services()) {
            for user in list.people().filter(|user| told.insert(*user)) {
                let because = format!("you are on {}", list.name);
                let text = format!(
                    "{} You get this because {because}; leave it at {} or with `muster \
                     notification-list unsubscribe {} {}`.",
                    facts(directory, change, entry, directory.zone_of(user)),
                    self.lists_url(),
                    name(directory, user),
                    list.name,
                );
                let way = Way::List;
                let message = Message { user, news, way, because: &because, text: &text };
                self.tell_of_one(tx, directory, change, &message).await?;
            }
        }
        Ok(())
    }

    /// Tells whom it touches along the dependencies, now or with their digest. `was_at` is when it was
    /// to begin before it was moved.
    async fn tell_neighbours(
        &self,
        tx: &mut Tx,
        directory: &Directory,
        change: &Change,
        (news, entry): (News, &Entry),
        was_at: Option<Timestamp>,
        besides: &BTreeSet<UserId>,
    ) -> Result<(), StoreError> {
        let now = self.now();
        let services: Vec<_> = change.plan.services().collect();
        let at = change.plan.start.unwrap_or(now);
        let readers = relevance::readers(directory, &services, at, besides);
        if readers.is_empty() {
            return Ok(());
        }
        let wishes = store::readers(tx).await?;
        let known = store::known(tx, change.id).await?;
        let begins = change.started_at.or(change.plan.start).into_iter().chain(was_at).min();
        let mut waiting = Vec::new();
        for reader in readers {
            let was_told = known.get(&reader.user).copied();
            if news.is_correction() && news != News::Moved && was_told != Some(true) {
                // What they never heard of is not taken back.
                if was_told.is_some() {
                    store::drop_waiting(tx, change.id, reader.user).await?;
                }
                continue;
            }
            let wish = wishes.get(&reader.user).copied().unwrap_or_default();
            let zone = directory.zone_of(reader.user);
            let because = because(directory, &reader);
            match relevance::telling(wish.wish, begins, wish.digested_at, zone, now) {
                Telling::Nothing => {}
                Telling::AtOnce => {
                    let text = format!(
                        "{} You get this because {because}; choose how you hear of such changes at \
                         {} or with `muster change digest {} --set off`.",
                        facts(directory, change, entry, zone),
                        self.lists_url(),
                        name(directory, reader.user),
                    );
                    let (user, way) = (reader.user, Way::AtOnce);
                    let message = Message { user, news, way, because: &because, text: &text };
                    self.tell_of_one(tx, directory, change, &message).await?;
                }
                Telling::Digest(due) => {
                    let (user, way) = (reader.user, Way::Digest);
                    waiting.push(Notice {
                        id: self.ids.next(now),
                        change: change.id,
                        user,
                        news,
                        because,
                        way,
                        at: now,
                        due_at: Some(due),
                        told_at: None,
                        delivery: None,
                    });
                }
            }
        }
        store::put(tx, &waiting).await?;
        digest::expect(tx, &waiting, now).await
    }

    /// Sends one message and writes it down.
    async fn tell_of_one(
        &self,
        tx: &mut Tx,
        directory: &Directory,
        change: &Change,
        message: &Message<'_>,
    ) -> Result<(), StoreError> {
        let now = self.now();
        let subject = format!("{} {}", title(change), message.news.in_words());
        let url = self.change_url(change.number);
        let content = json!({ "subject": subject, "text": message.text, "url": url });
        let delivery = self.send_notice(tx, directory, message.user, &content, now).await?;
        let notice = Notice {
            id: self.ids.next(now),
            change: change.id,
            user: message.user,
            news: message.news,
            because: message.because.to_owned(),
            way: message.way,
            at: now,
            due_at: None,
            told_at: Some(now),
            delivery,
        };
        store::put(tx, &[notice]).await
    }

    /// Puts a message to one person into the outbox; none where they cannot be reached.
    pub(super) async fn send_notice(
        &self,
        tx: &mut Tx,
        directory: &Directory,
        user: UserId,
        content: &serde_json::Value,
        now: Timestamp,
    ) -> Result<Option<DeliveryId>, StoreError> {
        let delivery = self.notice(directory, user, Urgency::Low, None, content, now);
        if let Some(delivery) = &delivery {
            record::put(tx, delivery, now).await?;
        }
        Ok(delivery.map(|one| one.id))
    }
}

/// How a change is called.
pub(super) fn title(change: &Change) -> String {
    format!("CHG-{} {}", change.number, change.plan.title)
}

/// When it is, by somebody's clock.
pub(super) fn when(change: &Change, zone: &TimeZone) -> String {
    let local = |at: Timestamp| at.to_zoned(zone.clone());
    match (change.plan.start, change.plan.end) {
        (Some(start), Some(end)) => {
            let (start, end) = (local(start), local(end));
            let till = if start.date() == end.date() { "%H:%M %Z" } else { "%a %e %b %H:%M %Z" };
            format!("{} to {}", start.strftime("%a %e %b %Y %H:%M"), end.strftime(till))
        }
        (Some(start), None) => local(start).strftime("%a %e %b %Y %H:%M %Z").to_string(),
        (None, _) => "without a time".to_owned(),
    }
}

/// A service's name.
pub(super) fn service_name(directory: &Directory, id: ServiceId) -> String {
    let service = directory.services.get(id);
    service.map_or_else(|| "a deleted service".to_owned(), |service| service.name.clone())
}

/// A person's name.
pub(super) fn name(directory: &Directory, id: UserId) -> String {
    directory.users.get(id).map_or_else(|| id.to_string(), |user| user.name.clone())
}

/// What somebody who knows nothing of it yet is told.
fn facts(directory: &Directory, change: &Change, entry: &Entry, zone: &TimeZone) -> String {
    let services: Vec<_> = change.plan.services().map(|id| service_name(directory, id)).collect();
    let mut text = format!("{}, {}.", services.join(", "), when(change, zone));
    if let Some(technician) = change.plan.technician {
        text.push_str(&format!(" Done by {}.", name(directory, technician)));
    }
    if let Some(impact) = change.plan.impact {
        text.push_str(&format!(" At worst {}.", impact.in_words()));
    }
    text.push_str(&format!(" {}: {}.", entry.actor.name(), entry.text.trim_end_matches('.')));
    text
}

/// Why a change touches somebody, in words.
fn because(directory: &Directory, reader: &Reader) -> String {
    let path: Vec<_> = reader.path.iter().map(|id| service_name(directory, *id)).collect();
    let own = path.first().map(String::as_str).unwrap_or_default();
    let whose = match reader.because {
        Because::Team(team) => {
            let team = directory.teams.get(team).map_or("your team", |team| team.name.as_str());
            format!("{team} owns {own}")
        }
        Because::OnCall => format!("you are on call for {own} then"),
        Because::Subscribed => format!("you are on {}", relevance::list_name(own)),
    };
    format!("{whose}, and {}", path.join(" depends on "))
}

fn is_moved(before: &Change, after: &Change) -> bool {
    (before.plan.start, before.plan.end) != (after.plan.start, after.plan.end)
}

/// Whose it is, and why they hear of it.
fn own(change: &Change) -> Vec<(UserId, String)> {
    let submitter = (change.submitter, "you submit it".to_owned());
    let technician = change.plan.technician.map(|user| (user, "you do it".to_owned()));
    std::iter::once(submitter).chain(technician).collect()
}

/// Everybody in the teams that it meets, and why they hear of it.
fn met(directory: &Directory, change: &Change) -> Vec<(UserId, String)> {
    let teams = change.plan.customers.iter().filter_map(|team| directory.teams.get(*team));
    let people = |team: &muster_core::org::team::Team| {
        let because = format!("it meets {}", team.name);
        let all = team.members.iter().map(move |user| (*user, because.clone()));
        all.collect::<Vec<_>>()
    };
    teams.flat_map(people).collect()
}

/// Whoever may decide now: those who are asked, and their delegates.
fn deciders(directory: &Directory, change: &Change, now: Timestamp) -> BTreeSet<UserId> {
    let open = change.open_requirements();
    let people: Vec<_> = open.iter().flat_map(|one| one.people.iter().copied()).collect();
    let policy = &directory.change_policy;
    let delegates = people.iter().flat_map(|user| policy.delegates_of(*user, now));
    let technician = change.plan.technician;
    people.iter().copied().chain(delegates).filter(|user| Some(*user) != technician).collect()
}

fn question(directory: &Directory, change: &Change, user: UserId) -> String {
    let zone = directory.zone_of(user);
    let when = change.plan.start.map_or_else(
        || "without a time".to_owned(),
        |start| start.to_zoned(zone.clone()).strftime("%a %e %b %Y %H:%M %Z").to_string(),
    );
    let service = directory.services.get(change.plan.service);
    let service = service.map_or("", |service| service.name.as_str());
    let open = change.open_requirements();
    let whose: BTreeSet<_> = open.iter().map(|one| one.approver.in_words()).collect();
    let whose: Vec<_> = whose.into_iter().collect();
    let emergent = if change.is_emergent() { ", emergent" } else { "" };
    format!(
        "{} of {service}, {when}{emergent}: agree or say what is to be better",
        whose.join(", ")
    )
}
