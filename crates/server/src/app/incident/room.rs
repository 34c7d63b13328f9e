//! What the room of an incident in a chat shall be (`E7`): its name and topic, who is in it, and what
//! it is told next. Read from the record each time, so that a step that was lost is found again.

use jiff::{SignedDuration, Timestamp};
use minijinja::{Value, context};
use muster_core::id::{EntryId, IncidentId, UserId};
use muster_core::incident::audience;
use muster_core::incident::lifecycle::{Incident, Status, WrongMove};
use muster_core::incident::restriction::may_hear;
use muster_core::incident::room::{Plan, Room, TEMPLATE_CHARS_MAX, TOPIC_CHARS_MAX, Wanted, slug};
use muster_core::incident::timeline::{Actor, Kind};
use muster_core::org::directory::Directory;
use muster_core::org::provider::Provider;
use muster_store::incident::timeline::{self, EntryRow};
use muster_store::incident::{incident as store_incident, room as store_room};
use muster_store::{Lane, StoreError, audit, timer};
use serde_json::json;

use super::command::Refused;
use super::view;
use crate::app::App;
use crate::app::template::{self, Mistake, Tried};
use crate::ids;

/// How much work a template may be, in steps of the engine.
const FUEL_MAX: u64 = 20_000;
/// What is told in the room of an incident.
const TOLD: [Kind; 14] = [
    Kind::Declared,
    Kind::Opened,
    Kind::Acknowledged,
    Kind::StatusChanged,
    Kind::SeverityChanged,
    Kind::Assigned,
    Kind::RoleAssigned,
    Kind::Decision,
    Kind::UpdateSent,
    Kind::BridgeOpened,
    Kind::EstimateChanged,
    Kind::Resolved,
    Kind::Reopened,
    Kind::Merged,
];

impl App {
    /// What the room of an incident shall be now.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn wanted_room(
        &self,
        directory: &Directory,
        incident: &Incident,
        plan: Option<&Plan>,
        room: &Room,
        provider: &Provider,
    ) -> Result<Wanted, StoreError> {
        let kinds = TOLD.map(Kind::name);
        let post = match room.id {
            Some(_) => timeline::next_of_kinds(&self.db, incident.id, room.posted, &kinds).await?,
            None => None,
        };
        let link = self.incident_url(incident.number);
        let people = people(directory, incident, provider);
        let topic_chars_max = TOPIC_CHARS_MAX.saturating_sub(link.chars().count() + 3);
        Ok(Wanted {
            name: plan.map_or_else(|| usual_name(incident), |plan| name(directory, incident, plan)),
            topic: topic(directory, incident).chars().take(topic_chars_max).collect(),
            link,
            gone: gone(directory, incident, (plan, room, provider), &people, self.now()),
            people,
            post: post.map(|entry| (EntryId(entry.id), told(&entry))),
            is_private: incident.restriction.is_some(),
            over_at: over_at(incident, plan),
        })
    }

    /// Has the room of an incident tried again at once, from the beginning where there is none yet.
    ///
    /// # Errors
    /// See [`Refused`].
    pub async fn try_room_again(
        &self,
        incident: IncidentId,
        actor: &Actor,
    ) -> Result<Incident, Refused> {
        let now = self.now();
        let mut tx = self.db.begin(Lane::Command).await?;
        let found = store_incident::lock(&mut tx, incident).await?;
        let incident = found.ok_or(Refused::NoSuchIncident)?;
        let snapshot = self.snapshot();
        let plan = snapshot.directory.severity(incident.severity).process.room.as_ref();
        let known = store_room::lock(&mut tx, incident.id).await?;
        let Some(room) = known.or_else(|| plan.map(Room::planned)) else {
            return Err(WrongMove::NoRoom { number: incident.number }.into());
        };
        store_room::put(&mut tx, incident.id, &room.tried_again(plan), now).await?;
        timer::set(&mut tx, timer::Kind::Room, incident.id.0, now, now).await?;
        let entry = audit::Entry {
            id: self.ids.next(now),
            at: now,
            actor_kind: actor.kind().to_owned(),
            actor_id: actor.user().map(|user| user.0),
            action: "incident.room_tried_again".to_owned(),
            object_kind: "incident".to_owned(),
            object_id: incident.id.to_string(),
            data: json!({}),
        };
        audit::append(&mut tx, &entry, ids::random()).await?;
        tx.commit().await?;
        self.wake.all();
        Ok(incident)
    }
}

/// When the room is archived; a merged incident has its people elsewhere at once.
fn over_at(incident: &Incident, plan: Option<&Plan>) -> Option<Timestamp> {
    if incident.merged_into.is_some() {
        return Some(Timestamp::MIN);
    }
    let closed_at = incident.stamps.closed_at.filter(|_| incident.status == Status::Closed)?;
    let after = plan.map_or(SignedDuration::ZERO, |plan| plan.archive_after);
    Some(closed_at.saturating_add(after).unwrap_or(Timestamp::MAX))
}

fn told(entry: &EntryRow) -> String {
    let at = Timestamp::from_microsecond(entry.at).unwrap_or_default().strftime("%H:%M UTC");
    format!("{at} {}: {}", entry.actor_name, entry.text)
}

/// How bad it is, where it stands, who leads or has it, what it is about, and when an audience hears of
/// it next.
fn topic(directory: &Directory, incident: &Incident) -> String {
    let name = |user: UserId| directory.users.get(user).map(|user| user.full_name.clone());
    let leads: Vec<_> = audience::leads(directory, incident).into_iter().filter_map(name).collect();
    let who = match (leads.is_empty(), incident.assignee.and_then(name)) {
        (false, _) => format!("{} leads", leads.join(" and ")),
        (true, Some(name)) => format!("{name} has it"),
        (true, None) => "nobody has it".to_owned(),
    };
    let severity = directory.severity(incident.severity);
    let mut topic = format!(
        "SEV{} {} · {} · {who} · {}",
        incident.severity.number(),
        severity.name,
        incident.status.name(),
        view::service_name(directory, incident),
    );
    let pace = |name: &str| directory.audience(name).map(|audience| audience.pace);
    let due = incident.updates.iter().filter_map(|one| Some(one.due_at(pace(&one.audience)?)));
    if let Some(due) = due.min().filter(|_| incident.status.is_open()) {
        topic.push_str(&due.strftime(" · next update %H:%M UTC").to_string());
    }
    topic
}

/// Whoever is engaged and has a verified address in the chat: who has it, holds a role, is there, or
/// was asked to come.
fn people(directory: &Directory, incident: &Incident, provider: &Provider) -> Vec<String> {
    let engage = &incident.clocks.engage;
    let mut users: Vec<UserId> = incident.assignee.into_iter().collect();
    users.extend(incident.roles.held().map(|held| held.user));
    users.extend(engage.here().map(|one| one.user));
    users.extend(engage.awaited.iter().map(|one| one.user));
    let mut people: Vec<String> = Vec::new();
    for user in users.into_iter().filter_map(|user| directory.users.get(user)) {
        let address = user.address_at(provider).map(ToOwned::to_owned);
        people.extend(address.filter(|address| !people.contains(address)));
    }
    people
}

/// Whoever was invited and is not to be in the room any more: whoever was released, where the room is
/// private or the process says so, and whoever may not hear of the incident any more.
fn gone(
    directory: &Directory,
    incident: &Incident,
    (plan, room, provider): (Option<&Plan>, &Room, &Provider),
    people: &[String],
    now: Timestamp,
) -> Vec<String> {
    let removes_released = room.is_private || plan.is_some_and(|plan| plan.removes_released);
    let mut gone = Vec::new();
    for user in directory.users.iter() {
        let Some(address) = user.address_at(provider).map(ToOwned::to_owned) else { continue };
        if !room.invited.contains(&address) || people.contains(&address) {
            continue;
        }
        let present = &incident.clocks.engage.present;
        let is_released = present.iter().any(|one| one.user == user.id && !one.is_here());
        if (removes_released && is_released)
            || (room.is_private && !may_hear(directory, incident, user.id, now))
        {
            gone.push(address);
        }
    }
    gone
}

fn name(directory: &Directory, incident: &Incident, plan: &Plan) -> String {
    let subject = subject(directory, incident);
    render(&plan.template, &subject).unwrap_or_else(|_| usual_name(incident))
}

fn subject<'a>(directory: &'a Directory, incident: &'a Incident) -> Subject<'a> {
    let service = directory.services.get(incident.service);
    let team = service.and_then(|service| service.team).and_then(|id| directory.teams.get(id));
    Subject {
        number: incident.number,
        severity: incident.severity.number(),
        service: service.map_or("", |service| &service.name),
        team: team.map_or("", |team| &team.name),
        title: &incident.title,
    }
}

fn usual_name(incident: &Incident) -> String {
    format!("inc-{}", incident.number)
}

/// Tries the template of a name on an incident that might be.
///
/// # Errors
/// Says what is wrong with it.
pub fn check(template: &str) -> Result<(), String> {
    render(template, &SAMPLE).map(drop).map_err(|mistake| mistake.to_string())
}

/// An incident that might be.
const SAMPLE: Subject<'static> = Subject {
    number: 42,
    severity: 1,
    service: "checkout",
    team: "payments",
    title: "Nobody can pay",
};

/// Tries a template on an incident, or on one that might be.
pub fn tried(directory: &Directory, incident: Option<&Incident>, template: &str) -> Tried {
    let subject = incident.map_or(SAMPLE, |incident| subject(directory, incident));
    Tried::of(render(template, &subject), &values(&subject))
}

/// What a template may speak of.
struct Subject<'a> {
    number: i64,
    severity: u8,
    service: &'a str,
    team: &'a str,
    title: &'a str,
}

fn values(of: &Subject<'_>) -> Value {
    context! {
        number => of.number,
        severity => of.severity,
        service => of.service,
        team => of.team,
        title => of.title,
    }
}

fn render(template: &str, of: &Subject<'_>) -> Result<String, Mistake> {
    if template.chars().count() > TEMPLATE_CHARS_MAX {
        return Err(format!("a template has at most {TEMPLATE_CHARS_MAX} characters").into());
    }
    let name = slug(&template::render(template, FUEL_MAX, values(of))?);
    if name.is_empty() { Err("the template makes no name".to_owned().into()) } else { Ok(name) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_made_for_every_chat_and_a_wrong_template_says_why() {
        assert_eq!(check("inc-{{ number }}-{{ title }}"), Ok(()));
        assert!(check("{{ nubmer }}").unwrap_err().contains("undefined"));
        assert!(check("!!!").unwrap_err().contains("makes no name"));
        assert!(check("{% for x in range(100000000) %}x{% endfor %}").is_err());
    }
}
