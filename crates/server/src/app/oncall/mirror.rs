//! How a chat that follows a schedule shall stand (`E7`): who is on call now, by their addresses there
//! and in words. Read from the plan each time.

use jiff::Timestamp;
use muster_core::id::ScheduleId;
use muster_core::incident::timeline::Actor;
use muster_core::oncall::mirror::Wanted;
use muster_core::oncall::schedule::{Schedule, on_call_at};
use muster_core::org::directory::Directory;
use muster_core::org::provider::Provider;
use muster_core::org::user::User;
use muster_store::oncall::mirror;
use muster_store::{Lane, StoreError, audit, timer};
use serde_json::json;

use crate::app::App;
use crate::ids;

/// How the chat shall stand at `now`.
pub fn wanted(
    directory: &Directory,
    schedule: &Schedule,
    provider: &Provider,
    now: Timestamp,
) -> Wanted {
    let mut people: Vec<String> = Vec::new();
    let mut names = Vec::new();
    for shift in on_call_at(schedule, now) {
        let Some(user) = directory.users.get(shift.user) else { continue };
        let address = user.address_at(provider).map(ToOwned::to_owned);
        people.extend(address.filter(|address| !people.contains(address)));
        names.push(if shift.to == Timestamp::MAX {
            user.full_name.clone()
        } else {
            let until = shift.to.to_zoned(schedule.timezone.clone()).strftime("%a %-d %b %H:%M %Z");
            format!("{} until {until}", user.full_name)
        });
    }
    let who = if names.is_empty() { "nobody".to_owned() } else { names.join(", ") };
    Wanted { people, topic: format!("On call for {}: {who}", schedule.name) }
}

/// Who is on call now and has no verified address in the chat.
pub fn missing<'a>(
    directory: &'a Directory,
    schedule: &Schedule,
    provider: &Provider,
    now: Timestamp,
) -> Vec<&'a User> {
    let shifts = on_call_at(schedule, now);
    let users = shifts.iter().filter_map(|shift| directory.users.get(shift.user));
    users.filter(|user| user.address_at(provider).is_none()).collect()
}

impl App {
    /// Asks a chat again at once for what it refused or failed to do.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn try_mirror_again(
        &self,
        schedule: ScheduleId,
        actor: &Actor,
    ) -> Result<(), StoreError> {
        let now = self.now();
        let mut tx = self.db.begin(Lane::Command).await?;
        if let Some(mirror) = mirror::lock(&mut tx, schedule).await? {
            mirror::put(&mut tx, schedule, mirror.again(now), now).await?;
        }
        timer::expect(&mut tx, timer::Kind::Mirror, schedule.0, now, now).await?;
        let entry = audit::Entry {
            id: self.ids.next(now),
            at: now,
            actor_kind: actor.kind().to_owned(),
            actor_id: actor.user().map(|user| user.0),
            action: "schedule.chat_tried_again".to_owned(),
            object_kind: "schedule".to_owned(),
            object_id: schedule.to_string(),
            data: json!({}),
        };
        audit::append(&mut tx, &entry, ids::random()).await?;
        tx.commit().await?;
        self.wake.all();
        Ok(())
    }
}
