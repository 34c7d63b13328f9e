//! The policy that changes are held to (`X5`, `X6`, `X17`), as data: the matrix, whose first row that
//! fits says who must agree, how long before, and who may do it; who stands for whom; who is
//! qualified for what. The rows that ship stand in [`Policy::default`].

use jiff::{SignedDuration, Timestamp};

use super::exception::Terms;
use super::notice::Notice;
use super::plan::{Automation, Band};
use super::suspect::Search;
use super::template::Template;
use super::window::Bounds;
use crate::id::{TeamId, UserId};

/// How long an approver may think before they are reminded, unless a stage says otherwise.
pub const TIMEOUT_USUAL: SignedDuration = SignedDuration::from_hours(24);
/// How many may be asked of one stage.
pub const QUORUM_MAX: u32 = 20;
/// The highest level of a technician.
pub const LEVEL_MAX: u8 = 9;
/// The tier that a service of no tier is held to.
pub const TIER_USUAL: u8 = 2;

/// Whose agreement it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Approver {
    /// A colleague who knows the technology.
    Peer,
    /// Who manages the team.
    Manager,
    /// Who answers for the whole.
    Vp,
    /// A team whose services it meets.
    Customer,
    /// Whoever runs production.
    Ops,
}

names!(Approver {
    Peer = "peer",
    Manager = "manager",
    Vp = "vp",
    Customer = "customer",
    Ops = "ops",
});

impl Approver {
    /// In words.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Peer => "peer review",
            Self::Manager => "manager review",
            Self::Vp => "VP review",
            Self::Customer => "customer approval",
            Self::Ops => "operations review",
        }
    }
}

/// One approval of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stage {
    /// Whose.
    pub approver: Approver,
    /// How many of them.
    pub quorum: u32,
    /// Who exactly; worked out from teams and managers where empty.
    pub by: Vec<UserId>,
    /// Asked for only from this risk on.
    pub from_risk: Option<Band>,
    /// How long they may think before they are reminded.
    pub timeout: SignedDuration,
}

impl Stage {
    /// One approval of that kind, of whoever it falls to.
    pub fn new(approver: Approver) -> Self {
        Self { approver, quorum: 1, by: Vec::new(), from_risk: None, timeout: TIMEOUT_USUAL }
    }
}

/// One row of the matrix. Where a condition is empty, it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Unique; what a record names as the reason.
    pub name: String,
    /// Tiers of services.
    pub tiers: Vec<u8>,
    /// Classes of changes.
    pub classes: Vec<String>,
    /// Bands of risk.
    pub risks: Vec<Band>,
    /// How much a machine does.
    pub automation: Vec<Automation>,
    /// Teams of services.
    pub teams: Vec<TeamId>,
    /// Who must agree, in order.
    pub stages: Vec<Stage>,
    /// How long before it must be announced.
    pub notice: Notice,
    /// Whether it must lie in an outage window.
    pub needs_window: bool,
    /// The least level of the technician.
    pub technician_level: Option<u8>,
}

/// What a row is looked up by.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// The most important tier that it touches.
    pub tier: u8,
    /// Its class.
    pub class: &'a str,
    /// Its risk.
    pub risk: Band,
    /// How much a machine does.
    pub automation: Automation,
    /// Whose service it is.
    pub team: Option<TeamId>,
}

impl Row {
    fn fits(&self, subject: Subject<'_>) -> bool {
        let any = |empty: bool, holds: bool| empty || holds;
        any(self.tiers.is_empty(), self.tiers.contains(&subject.tier))
            && any(self.classes.is_empty(), self.classes.iter().any(|one| one == subject.class))
            && any(self.risks.is_empty(), self.risks.contains(&subject.risk))
            && any(self.automation.is_empty(), self.automation.contains(&subject.automation))
            && any(
                self.teams.is_empty(),
                subject.team.is_some_and(|team| self.teams.contains(&team)),
            )
    }

    fn usual(name: &str, tiers: &[u8], approvers: &[Approver], notice: Notice) -> Self {
        Self {
            name: name.to_owned(),
            tiers: tiers.to_vec(),
            classes: Vec::new(),
            risks: Vec::new(),
            automation: Vec::new(),
            teams: Vec::new(),
            stages: approvers.iter().copied().map(Stage::new).collect(),
            notice,
            needs_window: false,
            technician_level: None,
        }
    }
}

/// Somebody who decides for somebody else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Delegate {
    /// For whom.
    pub of: UserId,
    /// Who.
    pub to: UserId,
    /// From then on; always where none is given.
    pub from: Option<Timestamp>,
    /// Until then, not included; always where none is given.
    pub until: Option<Timestamp>,
}

impl Delegate {
    /// Whether it holds at an instant.
    pub fn holds(self, now: Timestamp) -> bool {
        self.from.is_none_or(|from| from <= now) && self.until.is_none_or(|until| now < until)
    }
}

/// What somebody is trained for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Qualification {
    /// Who.
    pub user: UserId,
    /// The class of changes.
    pub class: String,
    /// How far, from 1.
    pub level: u8,
}

/// The policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// The matrix; the first row that fits counts, and [`Policy::last_row`] where none does.
    pub rows: Vec<Row>,
    /// The kinds of changes, by name.
    pub classes: Vec<String>,
    /// Who answers for the whole; the next above the manager where nobody is named.
    pub vps: Vec<UserId>,
    /// Who runs production.
    pub ops: Vec<UserId>,
    /// Who decides for whom.
    pub delegates: Vec<Delegate>,
    /// Who is trained for what.
    pub qualifications: Vec<Qualification>,
    /// When changes may be made (`X9`).
    pub bounds: Bounds,
    /// Where is looked for what caused an incident (`X15`).
    pub suspects: Search,
    /// What is asked of exceptions (`X7`).
    pub exceptions: Terms,
    /// What is known of kinds of changes before anybody writes one (`X11`).
    pub templates: Vec<Template>,
}

impl Default for Policy {
    fn default() -> Self {
        let hours = |hours| Notice::Within(SignedDuration::from_hours(hours));
        let (peer, manager) = (Approver::Peer, Approver::Manager);
        let network = Row {
            classes: vec!["network".to_owned()],
            ..Row::usual(
                "tier-1-network",
                &[1],
                &[peer, manager, Approver::Vp],
                Notice::BusinessDays(5),
            )
        };
        let mut other = Row::usual("tier-1", &[1], &[peer, manager, Approver::Customer], hours(48));
        other.stages.push(Stage { from_risk: Some(Band::High), ..Stage::new(Approver::Vp) });
        let second = Row::usual("tier-2", &[2], &[peer, manager], hours(48));
        let internal = Row {
            risks: vec![Band::Low],
            ..Row::usual("internal-low-risk", &[], &[peer], Notice::Free)
        };
        let classes = ["deploy", "configuration", "network", "database", "hardware", "other"];
        Self {
            rows: vec![network, other, second, internal],
            classes: classes.iter().map(|class| (*class).to_owned()).collect(),
            vps: Vec::new(),
            ops: Vec::new(),
            delegates: Vec::new(),
            qualifications: Vec::new(),
            bounds: Bounds::default(),
            suspects: Search::default(),
            exceptions: Terms::default(),
            templates: Vec::new(),
        }
    }
}

impl Policy {
    /// What holds where no row fits: as for tier 2.
    pub fn last_row() -> Row {
        Row::usual(
            "otherwise",
            &[],
            &[Approver::Peer, Approver::Manager],
            Notice::Within(SignedDuration::from_hours(48)),
        )
    }

    /// The first row that fits.
    pub fn row(&self, subject: Subject<'_>) -> Row {
        self.rows.iter().find(|row| row.fits(subject)).cloned().unwrap_or_else(Self::last_row)
    }

    /// How far somebody is trained for a class; 0 where not at all.
    pub fn level(&self, user: UserId, class: &str) -> u8 {
        let of_class = |one: &&Qualification| one.user == user && one.class == class;
        self.qualifications.iter().filter(of_class).map(|one| one.level).max().unwrap_or(0)
    }

    /// Whoever decides for somebody at an instant.
    pub fn delegates_of(&self, user: UserId, now: Timestamp) -> impl Iterator<Item = UserId> + '_ {
        self.delegates.iter().filter(move |one| one.of == user && one.holds(now)).map(|one| one.to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(tier: u8, class: &str, risk: Band) -> Row {
        let subject = Subject { tier, class, risk, automation: Automation::Manual, team: None };
        Policy::default().row(subject)
    }

    fn approvers(row: &Row) -> Vec<&'static str> {
        row.stages.iter().map(|stage| stage.approver.name()).collect()
    }

    #[test]
    fn the_matrix_that_ships_is_the_one_of_the_policy() {
        let network = row(1, "network", Band::Low);
        assert_eq!(approvers(&network), ["peer", "manager", "vp"]);
        assert_eq!(network.notice, Notice::BusinessDays(5));
        let first = row(1, "deploy", Band::Low);
        assert_eq!(approvers(&first), ["peer", "manager", "customer", "vp"]);
        assert_eq!(first.stages[3].from_risk, Some(Band::High));
        let second = row(2, "network", Band::Low);
        assert_eq!((second.name.as_str(), approvers(&second)), ("tier-2", vec!["peer", "manager"]));
        let internal = row(3, "deploy", Band::Low);
        assert_eq!((approvers(&internal), internal.notice), (vec!["peer"], Notice::Free));
    }

    #[test]
    fn low_risk_never_lowers_what_a_tier_asks_for() {
        for (tier, class) in [(1, "network"), (1, "deploy"), (2, "deploy")] {
            let calm = row(tier, class, Band::Low);
            let wild = row(tier, class, Band::High);
            assert!(calm.stages.len() >= 2, "{tier} {class}");
            assert_eq!(calm, wild, "the row is the tier's");
        }
        assert_eq!(row(3, "deploy", Band::High).name, "otherwise");
    }

    #[test]
    fn a_delegate_holds_from_its_beginning_to_right_before_its_end() {
        let user = |number| UserId(uuid::Uuid::from_u128(number));
        let at = |second| Timestamp::from_second(second).unwrap();
        let one = Delegate { of: user(1), to: user(2), from: Some(at(10)), until: Some(at(20)) };
        let holds: Vec<_> = [9, 10, 19, 20].map(|second| one.holds(at(second))).into();
        assert_eq!(holds, [false, true, true, false]);
    }
}
