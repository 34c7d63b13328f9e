//! Who hears what of a change: those who are asked to agree, its submitter and technician, and whom it
//! meets. Nobody hears of what they did themselves.

use std::collections::BTreeSet;

use muster_core::change::record::{By, Change, Entry, Kind};
use muster_core::id::UserId;
use muster_core::org::directory::Directory;
use muster_store::{StoreError, Tx};
use serde_json::json;

use crate::app::App;

impl App {
    /// Where a change is looked at.
    pub fn change_url(&self, number: i64) -> String {
        format!("{}/changes/{number}", self.settings.public_url)
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
        let name = format!("CHG-{} {}", change.number, change.plan.title);
        let actor = by.actor.user();
        let has = |kind| entries.iter().any(|entry| entry.kind == kind);
        let asked = deciders(directory, change, self.now());
        let known = before.map(|one| deciders(directory, one, self.now())).unwrap_or_default();
        let is_anew = has(Kind::Submitted) || has(Kind::Edited) || has(Kind::RetroReview);
        let (ask, reminder): (BTreeSet<_>, _) = match has(Kind::Reminded) {
            true => (asked, true),
            false if is_anew => (asked, false),
            false => (asked.difference(&known).copied().collect(), false),
        };
        for user in ask.into_iter().filter(|user| Some(*user) != actor) {
            let what = if reminder { "still waits for you" } else { "waits for you" };
            let subject = format!("{name} {what}");
            let text = question(directory, change, user);
            self.tell_of_one(tx, directory, user, change, &subject, &text).await?;
        }
        let own: BTreeSet<_> =
            [Some(change.submitter), change.plan.technician].into_iter().flatten().collect();
        let all: BTreeSet<_> = own.union(&customers(directory, change)).copied().collect();
        for entry in entries {
            let (whom, what) = match entry.kind {
                Kind::Rejected => (&own, "was rejected"),
                Kind::Scheduled => (&all, "is scheduled"),
                Kind::Emergent => (&own, "is emergent"),
                Kind::Blocked => (&own, "is held up"),
                Kind::Overridden => (&all, "goes on although something is in its way"),
                Kind::Started => (&all, "has begun"),
                Kind::Aborted => (&all, "is taken back"),
                Kind::Finished => (&all, "is done"),
                Kind::Cancelled if before.is_some_and(|one| one.state.is_ahead()) => {
                    (&all, "was cancelled")
                }
                Kind::Expired => (&own, "expired"),
                _ => continue,
            };
            for user in whom.iter().filter(|user| Some(**user) != actor) {
                let subject = format!("{name} {what}");
                let text = format!("{}: {}", entry.actor.name(), entry.text);
                self.tell_of_one(tx, directory, *user, change, &subject, &text).await?;
            }
        }
        Ok(())
    }

    async fn tell_of_one(
        &self,
        tx: &mut Tx,
        directory: &Directory,
        user: UserId,
        change: &Change,
        subject: &str,
        text: &str,
    ) -> Result<(), StoreError> {
        let url = self.change_url(change.number);
        let content = json!({ "subject": subject, "text": text, "url": url });
        self.tell_person(tx, directory, user, &content).await
    }
}

/// Whoever may decide now: those who are asked, and their delegates.
fn deciders(directory: &Directory, change: &Change, now: jiff::Timestamp) -> BTreeSet<UserId> {
    let open = change.open_requirements();
    let people: Vec<_> = open.iter().flat_map(|one| one.people.iter().copied()).collect();
    let policy = &directory.change_policy;
    let delegates = people.iter().flat_map(|user| policy.delegates_of(*user, now));
    let technician = change.plan.technician;
    people.iter().copied().chain(delegates).filter(|user| Some(*user) != technician).collect()
}

/// Everybody in the teams that it meets.
fn customers(directory: &Directory, change: &Change) -> BTreeSet<UserId> {
    let teams = change.plan.customers.iter().filter_map(|team| directory.teams.get(*team));
    teams.flat_map(|team| team.members.iter().copied()).collect()
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
