//! How values of the core are written outside: instants, and enums by the names the core gives
//! them, so that a new value appears in the API's description by itself.

use std::borrow::Cow;

use jiff::Timestamp;
use muster_core::alerting::alert::AlertStatus;
use muster_core::alerting::hold::Held;
use muster_core::change::audit;
use muster_core::change::conflict;
use muster_core::change::event;
use muster_core::change::exception;
use muster_core::change::plan::{Automation, Band, Impact, Phase};
use muster_core::change::policy::Approver;
use muster_core::change::record as change;
use muster_core::change::relevance::{News, Wish};
use muster_core::change::replay;
use muster_core::change::suspect;
use muster_core::incident::concurrent;
use muster_core::incident::field;
use muster_core::incident::gate::Gate;
use muster_core::incident::lifecycle::Status;
use muster_core::incident::prompt::Sort;
use muster_core::incident::relation;
use muster_core::incident::role::Part;
use muster_core::incident::role::assignment::How as RoleWay;
use muster_core::incident::roster::Health;
use muster_core::incident::severity::Urgency;
use muster_core::incident::status_page;
use muster_core::incident::timeline::Kind;
use muster_core::incident::writing::{action, hypothesis};
use muster_core::oncall::{cover, handoff, page};
use muster_core::org::dependency::Side;
use muster_core::org::user::Role;
use muster_store::search;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use utoipa::openapi::schema::{KnownFormat, Object, ObjectBuilder, SchemaFormat, SchemaType, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::app::incident::wording;

/// An instant, as RFC 3339 writes it, in UTC.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Instant(pub String);

impl From<Timestamp> for Instant {
    fn from(at: Timestamp) -> Self {
        Self(at.to_string())
    }
}

impl Instant {
    /// The instant that the store keeps as microseconds.
    pub fn from_micros(micros: i64) -> Self {
        Timestamp::from_microsecond(micros).unwrap_or_default().into()
    }
}

impl PartialSchema for Instant {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(SchemaType::Type(Type::String))
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
            .description(Some("An instant, as RFC 3339 writes it, in UTC."))
            .into()
    }
}

impl ToSchema for Instant {
    fn name() -> Cow<'static, str> {
        "Instant".into()
    }
}

fn one_of(names: Vec<&'static str>) -> Object {
    ObjectBuilder::new()
        .schema_type(SchemaType::Type(Type::String))
        .enum_values(Some(names))
        .build()
}

macro_rules! words {
    ($($(#[$doc:meta])* $name:ident = $kind:ty, $names:expr, $from:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub struct $name(pub $kind);

        impl From<$kind> for $name {
            fn from(value: $kind) -> Self {
                Self(value)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.0.name())
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let name = String::deserialize(deserializer)?;
                let names: Vec<&'static str> = $names;
                $from(&name).map(Self).ok_or_else(|| {
                    let name: String = name.chars().take(40).collect();
                    serde::de::Error::custom(format!("`{name}` is none of {}", names.join(", ")))
                })
            }
        }

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                one_of($names).into()
            }
        }

        impl ToSchema for $name {
            fn name() -> Cow<'static, str> {
                stringify!($name).into()
            }
        }
    )*};
}

fn names<T>(names: &[(T, &'static str)]) -> Vec<&'static str> {
    names.iter().map(|(_, name)| *name).collect()
}

words! {
    /// What sort of thing was changed.
    ChangeEventKind = event::Kind, names(event::Kind::NAMES), event::Kind::from_name;
    /// Why it may be doubted that a sev2 excuses a change.
    ExcuseDoubt = audit::Doubt, names(audit::Doubt::NAMES), audit::Doubt::from_name;
    /// Whether something was asked for, and done.
    KeptWord = audit::Kept, names(audit::Kept::NAMES), audit::Kept::from_name;
    /// In what the answers of two policies differ.
    ReplayPart = replay::Part, names(replay::Part::NAMES), replay::Part::from_name;
    /// Who must agree to an exception.
    ExceptionSide = exception::Side, names(exception::Side::NAMES), exception::Side::from_name;
    /// Where an exception stands.
    ExceptionStanding = exception::Standing, names(exception::Standing::NAMES),
        exception::Standing::from_name;
    /// What somebody found out about a change.
    ChangeMark = suspect::Mark, names(suspect::Mark::NAMES), suspect::Mark::from_name;
    /// What kind of thing a suspect is.
    SuspectSource = suspect::Source, names(suspect::Source::NAMES), suspect::Source::from_name;
    /// How far a change is.
    ChangeEventState = event::State, names(event::State::NAMES), event::State::from_name;
    /// Where an incident stands.
    IncidentStatus = Status, names(Status::NAMES), Status::from_name;
    /// What kind of thing a timeline entry tells.
    TimelineKind = Kind, names(Kind::NAMES), Kind::from_name;
    /// What kind of thing is searched.
    SearchKind = search::Kind, names(search::Kind::NAMES), search::Kind::from_name;
    /// Where a hypothesis stands.
    HypothesisState = hypothesis::State, names(hypothesis::State::NAMES),
        hypothesis::State::from_name;
    /// Where an action stands.
    ActionState = action::State, names(action::State::NAMES), action::State::from_name;
    /// How loudly people are asked.
    IncidentUrgency = Urgency,
        [Urgency::High, Urgency::Low, Urgency::None].map(Urgency::name).to_vec(),
        Urgency::from_name;
    /// What has to be so before an incident is over.
    GateName = Gate, names(Gate::NAMES), Gate::from_name;
    /// How a component of a status page stands.
    ComponentState = status_page::State, names(status_page::State::NAMES),
        status_page::State::from_name;
    /// How far those who work on a published incident have come.
    StatusStage = status_page::Stage, names(status_page::Stage::NAMES),
        status_page::Stage::from_name;
    /// Who may see a status page.
    PageVisibility = status_page::Visibility, names(status_page::Visibility::NAMES),
        status_page::Visibility::from_name;
    /// What a template is for.
    TemplateKind = wording::Kind, names(wording::Kind::NAMES), wording::Kind::from_name;
    /// How a service is.
    ServiceHealth = Health, names(Health::NAMES), Health::from_name;
    /// The part that a role plays in the rules.
    RolePart = Part, names(Part::NAMES), Part::from_name;
    /// What kind of prompt.
    PromptSort = Sort, names(Sort::NAMES), Sort::from_name;
    /// How somebody came to a role.
    RoleHow = RoleWay, names(RoleWay::NAMES), RoleWay::from_name;
    /// Where an alert stands.
    AlertState = AlertStatus, names(AlertStatus::NAMES), AlertStatus::from_name;
    /// What keeps an alert that fires from having an incident.
    AlertHeld = Held, names(Held::NAMES), Held::from_name;
    /// Where a page stands.
    PageState = page::PageState, names(page::PageState::NAMES), page::PageState::from_name;
    /// Where a delivery stands.
    DeliveryState = page::DeliveryState, names(page::DeliveryState::NAMES),
        page::DeliveryState::from_name;
    /// Where a request to cover or swap a shift stands.
    RequestState = cover::State, names(cover::State::NAMES), cover::State::from_name;
    /// How one incident stands to another.
    RelationSort = relation::Sort, names(relation::Sort::NAMES), relation::Sort::from_name;
    /// How near a concurrent incident is.
    Nearness = concurrent::Nearness, names(concurrent::Nearness::NAMES),
        concurrent::Nearness::from_name;
    /// What a custom field holds.
    FieldKind = field::Kind, names(field::Kind::NAMES), field::Kind::from_name;
    /// On which side of a service another one stands.
    DependencySide = Side, names(Side::NAMES), Side::from_name;
    /// Where a handoff stands.
    HandoffState = handoff::State, names(handoff::State::NAMES), handoff::State::from_name;
    /// Where a change stands.
    ChangeState = change::State, names(change::State::NAMES), change::State::from_name;
    /// How a change came about.
    ChangeOrigin = change::Origin, names(change::Origin::NAMES), change::Origin::from_name;
    /// How a change went.
    ChangeOutcome = change::Outcome, names(change::Outcome::NAMES), change::Outcome::from_name;
    /// What happened to a change.
    ChangeEntryKind = change::Kind, names(change::Kind::NAMES), change::Kind::from_name;
    /// Which steps of a change: those there, or those back.
    ChangeRun = change::Run, names(change::Run::NAMES), change::Run::from_name;
    /// What somebody is told of a change.
    ChangeNews = News, names(News::NAMES), News::from_name;
    /// How somebody wants to hear of changes to what their services depend on.
    ChangeWish = Wish, names(Wish::NAMES), Wish::from_name;
    /// Whose agreement to a change it is.
    ApproverName = Approver, names(Approver::NAMES), Approver::from_name;
    /// Which rule finds something in the way of a change.
    ConflictRule = conflict::Rule, names(conflict::Rule::NAMES), conflict::Rule::from_name;
    /// Low, medium or high.
    RiskBand = Band, names(Band::NAMES), Band::from_name;
    /// Whom a change meets at worst.
    ChangeImpact = Impact, names(Impact::NAMES), Impact::from_name;
    /// How much of a change a machine does.
    Automated = Automation, names(Automation::NAMES), Automation::from_name;
    /// When a step of a change is done.
    StepPhase = Phase, names(Phase::NAMES), Phase::from_name;
    /// What somebody may do in general.
    RoleName = Role, names(&Role::NAMES), Role::from_name;
}
