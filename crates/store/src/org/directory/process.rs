//! What incidents are led by, out of documents: severities with their processes, roles, audiences and
//! checklists. What a document leaves out is as in what is built in.

use jiff::SignedDuration;
use muster_core::alerting::rule::Condition;
use muster_core::id::{NotificationListId, ScheduleId, ServiceId, StatusPageId, TeamId, UserId};
use muster_core::incident::audience::{Audience, Hearers};
use muster_core::incident::bridge;
use muster_core::incident::clocks::management;
use muster_core::incident::gate::Gate;
use muster_core::incident::lifecycle::Status;
use muster_core::incident::process::{self, Process};
use muster_core::incident::severity::{Level, Severity};
use muster_core::incident::update::Pace;
use muster_core::incident::{checklist, field, role, room, timeline, workflow};
use muster_core::oncall::escalation::{Outlet, Target};
use muster_core::oncall::schedule::Role;

use super::Builder;
use crate::org::document::escalation::Place;
use crate::org::document::organization::Clock;
use crate::org::document::text::Length;
use crate::org::document::{self, Kind};

/// What a room is called where nothing is said.
const ROOM_NAME: &str = "inc-{{ number }}";

impl Builder<'_> {
    pub(super) fn severities(&self) -> Vec<Severity> {
        let Some(documents) = &self.documents.severities else { return Severity::defaults() };
        let mut severities: Vec<Severity> = documents
            .iter()
            .filter_map(|severity| {
                let level = Level::new(severity.level)?;
                let default = Severity::default_of(level);
                // What is left out is as in the default severity of the level.
                let clock = |written: &Option<Clock<Length>>, default: Option<SignedDuration>| {
                    written.as_ref().map_or(default, |clock| clock.runs().map(|after| after.0))
                };
                let chain = severity.management_chain.as_ref().map_or_else(
                    || default.and_then(|default| default.management_chain),
                    |clock| {
                        let (after, every) = clock.runs().map(|it| (it.after.0, it.every.0))?;
                        Some(management::Rules { after, every })
                    },
                );
                Some(Severity {
                    level,
                    name: severity.name.clone(),
                    definition: severity.definition.clone(),
                    urgency: severity.urgency.0,
                    acknowledgement_expires_after: severity
                        .acknowledgement_expires_after
                        .map(|length| length.0),
                    management_chain: chain,
                    rotate_after: clock(
                        &severity.rotate_after,
                        default.and_then(|default| default.rotate_after),
                    ),
                    engage_within: clock(
                        &severity.engage_within,
                        default.and_then(|default| default.engage_within),
                    ),
                    process: process(level, severity.process.as_ref()),
                })
            })
            .collect();
        severities.sort_by_key(|severity| severity.level);
        severities
    }

    /// The built-in roles, each as it is configured, and those that are configured besides.
    pub(super) fn roles(&mut self) -> Vec<role::Role> {
        let mut roles = role::Role::defaults();
        for written in self.documents.roles.iter().flatten() {
            let place = roles.iter().position(|role| role.name == written.name);
            let default = place.map(|at| roles[at].clone());
            let rotation = match &written.rotation {
                None => default.as_ref().and_then(|default| default.rotation.clone()),
                Some(rotation) => rotation.runs().and_then(|rotation| self.role_rotation(rotation)),
            };
            let part = written.part.as_deref().and_then(role::Part::from_name);
            let default = default.unwrap_or_else(|| role::Role {
                name: written.name.clone(),
                title: written.name.clone(),
                part: role::Part::Other,
                duties: Vec::new(),
                is_shared: false,
                rotation: None,
            });
            let role = role::Role {
                title: written.title.clone().unwrap_or(default.title),
                part: part.unwrap_or(default.part),
                duties: written.duties.clone().unwrap_or(default.duties),
                is_shared: written.shared.unwrap_or(default.is_shared),
                rotation,
                name: default.name,
            };
            match place {
                Some(at) => roles[at] = role,
                None => roles.push(role),
            }
        }
        roles
    }

    /// The built-in audiences, each as it is configured, and those that are configured besides.
    pub(super) fn audiences(&mut self) -> Vec<Audience> {
        let mut audiences = Audience::defaults();
        for audience in &mut audiences {
            audience.status_pages = self.usual_pages(&audience.name);
        }
        for written in self.documents.audiences.iter().flatten() {
            let place = audiences.iter().position(|audience| audience.name == written.name);
            let mut audience = place.map_or_else(
                || Audience {
                    name: written.name.clone(),
                    title: written.name.clone(),
                    lead: None,
                    hearers: Hearers::Lists(Vec::new()),
                    status_pages: Vec::new(),
                    channels: Vec::new(),
                    pace: Pace::default(),
                    is_reviewed: false,
                    wording: None,
                },
                |at| audiences[at].clone(),
            );
            if let Some(title) = &written.title {
                audience.title.clone_from(title);
            }
            if let Some(lead) = &written.lead {
                audience.lead = lead.runs().cloned();
            }
            if let Some(to) = &written.to {
                audience.hearers = self.hearers(to);
            }
            if let Some(pages) = &written.status_pages {
                let ids = pages.iter().filter_map(|name| self.id(Kind::StatusPage, name));
                audience.status_pages = ids.map(StatusPageId).collect();
            }
            if let Some(places) = &written.channels {
                let outlet = |place: &Place| Outlet::Channel {
                    provider: place.provider.clone(),
                    address: place.address.clone(),
                };
                audience.channels = places.iter().map(outlet).collect();
            }
            if let Some(closest) = written.closest {
                audience.pace.closest = closest.0;
            }
            if let Some(silent_max) = written.silent_max {
                audience.pace.silent_max = silent_max.0;
            }
            audience.is_reviewed = written.reviewed.unwrap_or(audience.is_reviewed);
            audience.wording = written.wording.clone().or(audience.wording);
            match place {
                Some(at) => audiences[at] = audience,
                None => audiences.push(audience),
            }
        }
        audiences
    }

    pub(super) fn hearers(&mut self, to: &document::audience::To) -> Hearers {
        match to {
            document::audience::To::Word(word) if word == document::audience::CHAIN => {
                Hearers::Chain
            }
            document::audience::To::Word(_) => Hearers::Covering,
            document::audience::To::Lists(names) => {
                let ids = names.iter().filter_map(|name| self.id(Kind::NotificationList, name));
                Hearers::Lists(ids.map(NotificationListId).collect())
            }
        }
    }

    /// The built-in checklists, each as it is configured, and those that are configured besides.
    pub(super) fn checklists(&mut self) -> Vec<checklist::Checklist> {
        let mut lists = checklist::Checklist::defaults();
        for written in self.documents.checklists.iter().flatten() {
            let place = lists.iter().position(|list| list.name == written.name);
            let default = place.map(|at| lists[at].clone());
            let item = |item: &document::checklist::Item| checklist::Item {
                id: item.id.clone(),
                text: item.text.clone(),
                ticks_on: item.ticks_on.as_deref().and_then(checklist::Seen::from_name),
                repeats: item.repeats,
            };
            let items = written.items.as_ref().map(|items| items.iter().map(item).collect());
            let title = default.as_ref().map(|default| default.title.clone());
            let role = default.as_ref().and_then(|default| default.role.clone());
            let services = written.services.iter().map(String::as_str);
            let services = services
                .filter_map(|name| self.reference(Kind::Service, Some(name)))
                .map(ServiceId);
            let list = checklist::Checklist {
                name: written.name.clone(),
                title: written.title.clone().or(title).unwrap_or_else(|| written.name.clone()),
                role: written.role.clone().or(role),
                services: services.collect(),
                items: items.or(default.map(|default| default.items)).unwrap_or_default(),
            };
            match place {
                Some(at) => lists[at] = list,
                None => lists.push(list),
            }
        }
        lists
    }

    /// Custom fields, in the order of the file.
    pub(super) fn fields(&self) -> Vec<field::Field> {
        let written = self.documents.fields.iter().flatten();
        let fields = written.map(|written| field::Field {
            name: written.name.clone(),
            title: written.title.clone().unwrap_or_else(|| written.name.clone()),
            description: written.description.clone().unwrap_or_default(),
            kind: written
                .kind
                .as_deref()
                .and_then(field::Kind::from_name)
                .unwrap_or(field::Kind::Text),
            choices: written.choices.clone(),
            required: written.required.as_deref().and_then(Status::from_name),
        });
        fields.collect()
    }

    /// Workflows. A condition that cannot be read leaves its workflow out, because without it the
    /// workflow would run more often than it was meant to.
    pub(super) fn workflows(&mut self) -> Vec<workflow::Workflow> {
        let mut workflows = Vec::new();
        for written in self.documents.workflows.iter().flatten() {
            let condition = match written.when.as_deref().map(Condition::parse).transpose() {
                Ok(condition) => condition,
                Err(invalid) => {
                    let name = &written.name;
                    self.warnings.push(format!("the workflow `{name}` is left out: {invalid}"));
                    continue;
                }
            };
            let steps: Vec<_> =
                written.r#do.iter().filter_map(|step| self.workflow_step(step)).collect();
            workflows.push(workflow::Workflow {
                name: written.name.clone(),
                description: written.description.clone().unwrap_or_default(),
                on: written.on.iter().filter_map(|name| timeline::Kind::from_name(name)).collect(),
                condition,
                at_most: written.at_most.unwrap_or(workflow::RUNS_USUAL),
                is_off: written.off,
                steps,
            });
        }
        workflows
    }

    fn workflow_step(&mut self, step: &document::workflow::Step) -> Option<workflow::Step> {
        use workflow::Step;
        let message = step.message.clone();
        if let Some(group) = &step.engage {
            return Some(Step::Engage { group: group.clone(), message });
        }
        if let Some(text) = &step.post {
            return Some(Step::Post { text: text.clone() });
        }
        if let Some(list) = &step.tell {
            let list = NotificationListId(self.reference(Kind::NotificationList, Some(list))?);
            return Some(Step::Tell { list, text: step.text.clone().unwrap_or_default() });
        }
        if let Some(setting) = &step.set {
            return Some(Step::SetSeverity(Level::new(setting.severity)?));
        }
        if let Some(webhook) = &step.webhook {
            return Some(Step::CallWebhook { webhook: webhook.clone() });
        }
        if let Some(link) = &step.open_bridge {
            let link = Some(link.clone()).filter(|link| link != workflow::OF_PROCESS);
            return Some(Step::OpenBridge { link });
        }
        let users = step.page.iter().filter_map(|name| self.reference(Kind::User, Some(name)));
        Some(Step::Page { users: users.map(UserId).collect(), message })
    }

    pub(super) fn role_rotation(&mut self, rotation: &document::role::Rotation) -> Option<Target> {
        if let Some(schedule) = &rotation.schedule {
            return Some(Target::Schedule(ScheduleId(self.id(Kind::Schedule, schedule)?)));
        }
        Some(Target::Role {
            role: Role::from_name(rotation.role.as_deref()?),
            team: self.reference(Kind::Team, rotation.team.as_deref()).map(TeamId),
        })
    }
}

/// What is left out is as in the default process of the level.
fn process(level: Level, written: Option<&document::role::Process>) -> Process {
    let mut process = Process::default_of(level);
    let Some(written) = written else { return process };
    if let Some(roles) = &written.roles {
        let wanted = |wanted: &document::role::Wanted| process::Wanted {
            role: wanted.role.clone(),
            is_required: wanted.required,
            is_engaged: wanted.engage,
        };
        process.roles = roles.iter().map(wanted).collect();
    }
    if let Some(audiences) = &written.audiences {
        process.audiences.clone_from(audiences);
    }
    if let Some(checklists) = &written.checklists {
        process.checklists.clone_from(checklists);
    }
    if let Some(gates) = &written.gates {
        process.gates = gates.iter().filter_map(|gate| Gate::from_name(gate)).collect();
    }
    if let Some(bridge) = &written.bridge {
        let from = bridge.from.as_deref().and_then(bridge::From::from_name);
        process.bridge = Some(bridge::Plan {
            template: bridge.template.clone(),
            from: from.unwrap_or(bridge::From::Declared),
        });
    }
    if let Some(room) = &written.room {
        process.room = Some(room::Plan {
            provider: room.provider.clone(),
            team: room.team.clone(),
            template: room.name.clone().unwrap_or_else(|| ROOM_NAME.to_owned()),
            archive_after: room.archive_after.map_or(SignedDuration::ZERO, |after| after.0),
            removes_released: room.remove_released,
        });
    }
    if let Some(after) = &written.hand_over_after {
        process.hand_over_after = after.runs().map(|after| after.0);
    }
    if let Some(after) = &written.nudge_scribe_after {
        process.nudge_scribe_after = after.runs().map(|after| after.0);
    }
    if let Some(after) = &written.ask_next_after {
        process.ask_next_after = after.runs().map(|after| after.0);
    }
    process
}
