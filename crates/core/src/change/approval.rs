//! Who must agree to a change, and who may (`X5`, `X8`). The requirements are worked out from the policy
//! and the organisation, each with the reason that its record shows; a decision counts for one
//! revision of the plan and is void where a later one touches what it covered. The technician never
//! approves: not as a colleague, not as the manager, and not for or through a delegate.

use jiff::Timestamp;

use super::exception::{self, Applied, Earned};
use super::notice::{self, Calendar, Notice};
use super::plan::{Band, Part, Plan};
use super::policy::{Approver, Policy, Row, Stage, Subject, TIER_USUAL};
use super::risk::{self, History, Risk};
use crate::id::{TeamId, UserId};
use crate::org::directory::Directory;

/// The shortest reason for a rejection that helps whoever gets it, in words.
pub const REASON_WORDS_MIN: usize = 4;

/// One agreement that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requirement {
    /// Which place in the order; all of one place are asked at once.
    pub stage: u32,
    /// Whose.
    pub approver: Approver,
    /// Which team, where it is a customer.
    pub team: Option<TeamId>,
    /// Whoever it falls to.
    pub people: Vec<UserId>,
    /// How many of them.
    pub quorum: u32,
    /// How long they may think before they are reminded, in seconds.
    pub timeout_secs: i64,
    /// Why it is asked for, or asked of them, in words.
    pub because: String,
}

/// What the policy says of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assessment {
    /// The revision of the configuration that was read.
    pub policy_revision: i64,
    /// The row of the matrix.
    pub row: String,
    /// The tier that it was held to.
    pub tier: u8,
    /// How risky it is.
    pub risk: Risk,
    /// How long before it must be announced.
    pub notice: Notice,
    /// Until when; none while it has no beginning.
    pub notice_until: Option<Timestamp>,
    /// Whether it is emergent.
    pub is_emergent: bool,
    /// Whether it must lie in an outage window.
    pub needs_window: bool,
    /// The least level of the technician.
    pub technician_level: Option<u8>,
    /// Who must agree, in order.
    pub requirements: Vec<Requirement>,
    /// The exception that it is held to instead, by its number (`X7`).
    pub exception: Option<i64>,
    /// Why this row, this notice, and what was added or covered, in words.
    pub because: Vec<String>,
}

/// What somebody decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// Whose agreement it is.
    pub approver: Approver,
    /// Which team, where it is a customer.
    pub team: Option<TeamId>,
    /// Who decided.
    pub by: UserId,
    /// For whom, where it was a delegate.
    pub on_behalf_of: Option<UserId>,
    /// Whether they agree.
    pub is_approval: bool,
    /// What they say; may be empty where they agree.
    pub reason: String,
    /// The revision of the plan they decided on.
    pub revision: u32,
    /// When.
    pub at: Timestamp,
    /// Whether a later revision touched what it covered.
    pub is_void: bool,
}

/// Why somebody may not decide.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MayNot {
    /// They do the work.
    #[error("the technician of a change never approves it (X5)")]
    Technician,
    /// They would decide for whoever does the work.
    #[error("nobody approves for the technician of a change (X5)")]
    ForTechnician,
    /// It falls to others.
    #[error("the {} of this change falls to {whom}", .approver.in_words())]
    NotAsked {
        /// Whose agreement it is.
        approver: Approver,
        /// To whom.
        whom: String,
    },
}

/// What an assessment looks at besides the plan.
#[derive(Debug, Clone, Copy)]
pub struct Around<'a> {
    /// The organisation, with its policy.
    pub directory: &'a Directory,
    /// Who submits it.
    pub submitter: UserId,
    /// How such changes went before.
    pub history: History,
    /// When it was wholly approved.
    pub approved_at: Option<Timestamp>,
    /// Whether it is recorded after it was done, for a sev1.
    pub is_after_the_fact: bool,
    /// The exceptions that may hold for it (`X7`).
    pub exceptions: &'a [Earned],
}

/// What the policy asks of a plan now.
pub fn assess(plan: &Plan, around: Around<'_>, now: Timestamp) -> Assessment {
    let lookup = Lookup::new(plan, around, now);
    let policy = &around.directory.change_policy;
    let mut seen =
        risk::Around { history: around.history, is_emergent: false, is_below_level: false };
    // The level and the notice that are asked for are the row's, and the row depends on the risk.
    // What asks for no notice is never too late.
    let first_band = risk::assess(plan, seen).band;
    let first = lookup.row(first_band);
    let is_emergent = lookup.is_emergent(first_band);
    seen.is_emergent = is_emergent;
    seen.is_below_level = first.technician_level.is_some_and(|least| {
        plan.technician.is_some_and(|technician| policy.level(technician, &plan.class) < least)
    });
    let risk = risk::assess(plan, seen);
    lookup.assessment(risk, is_emergent)
}

/// What the policy asks of a plan now whose risk is known already, as that of one that was assessed
/// under another policy.
pub fn assess_at(plan: &Plan, around: Around<'_>, now: Timestamp, risk: &Risk) -> Assessment {
    let lookup = Lookup::new(plan, around, now);
    let is_emergent = lookup.is_emergent(risk.band);
    lookup.assessment(risk.clone(), is_emergent)
}

/// A plan at the matrix.
struct Lookup<'a> {
    plan: &'a Plan,
    around: Around<'a>,
    tier: u8,
    team: Option<TeamId>,
    is_late: bool,
    /// The exception that may spare it something.
    excepted: Option<Applied>,
}

impl<'a> Lookup<'a> {
    fn new(plan: &'a Plan, around: Around<'a>, now: Timestamp) -> Self {
        let directory = around.directory;
        let is_late = !around.is_after_the_fact
            && plan.start.is_some_and(|start| notice::is_emergent(start, around.approved_at, now));
        let excepted = exception::applying(plan, around.exceptions, directory, now);
        Self {
            plan,
            around,
            tier: tier(plan, directory),
            team: directory.services.get(plan.service).and_then(|service| service.team),
            is_late,
            excepted: excepted.filter(|_| !around.is_after_the_fact),
        }
    }

    fn row(&self, risk: Band) -> Row {
        let Plan { class, automation, .. } = self.plan;
        let (tier, automation, team) = (self.tier, *automation, self.team);
        self.around.directory.change_policy.row(Subject { tier, class, risk, automation, team })
    }

    /// What an exception makes of it. Risk may raise the scrutiny: what is of high risk is held to its
    /// row.
    fn spared(&self, risk: Band) -> Option<&Applied> {
        self.excepted.as_ref().filter(|_| risk < Band::High)
    }

    fn is_emergent(&self, risk: Band) -> bool {
        let notice = self.spared(risk).map_or_else(|| self.row(risk).notice, |one| one.notice);
        self.is_late && notice != Notice::Free
    }

    /// What is asked for at that risk.
    fn assessment(&self, risk: Risk, is_emergent: bool) -> Assessment {
        let (plan, around) = (self.plan, self.around);
        let directory = around.directory;
        let mut row = self.row(risk.band);
        let mut because = vec![format!(
            "row `{}`: tier {}, class {}, {} risk",
            row.name,
            self.tier,
            plan.class,
            risk.band.name()
        )];
        let spared = self.spared(risk.band);
        match (spared, &self.excepted) {
            (Some(one), _) => {
                because.push(one.because.clone());
                (row.name, row.notice) = (one.row.clone(), one.notice);
                row.stages.clone_from(&one.stages);
            }
            (None, Some(one)) => {
                because.push(format!("exception EXC-{} spares nothing of high risk", one.number));
            }
            (None, None) => {}
        }
        let calendar = Calendar { zone: &directory.timezone, holidays: &directory.holidays };
        let notice_until = plan.start.map(|start| row.notice.deadline(start, calendar));
        let stages = stages(plan, around, (&row, risk.band, is_emergent), &mut because);
        let mut requirements = Vec::new();
        for (place, stage) in stages.iter().enumerate() {
            let place = u32::try_from(place).unwrap_or(u32::MAX);
            requirements.extend(require(plan, around, stage, place));
        }
        let is_exempt = around.is_after_the_fact;
        Assessment {
            policy_revision: directory.revision,
            row: row.name,
            tier: self.tier,
            risk,
            notice: if is_exempt { Notice::Free } else { row.notice },
            notice_until: notice_until.filter(|_| !is_exempt && row.notice != Notice::Free),
            is_emergent,
            needs_window: row.needs_window,
            technician_level: row.technician_level,
            requirements,
            exception: spared.map(|one| one.number),
            because,
        }
    }
}

/// Who must agree, in order, with what was added or covered.
fn stages(
    plan: &Plan,
    around: Around<'_>,
    (row, risk, is_emergent): (&Row, Band, bool),
    because: &mut Vec<String>,
) -> Vec<Stage> {
    let mut stages: Vec<Stage> = row.stages.clone();
    stages.retain(|stage| stage.from_risk.is_none_or(|from| risk >= from));
    if around.is_after_the_fact {
        because.push(
            "recorded after the fact for a sev1: no notice, peer and manager agree \
                      afterwards"
                .to_owned(),
        );
        stages = vec![Stage::new(Approver::Peer), Stage::new(Approver::Manager)];
    } else {
        because.push(format!("{} before the beginning", row.notice.in_words()));
    }
    if is_emergent && !stages.iter().any(|stage| stage.approver == Approver::Vp) {
        because.push("emergent, not wholly approved 48 hours before: a VP agrees too".to_owned());
        stages.push(Stage::new(Approver::Vp));
    }
    let has_vp = stages.iter().any(|stage| stage.approver == Approver::Vp);
    if plan.is_company_wide && has_vp && stages.iter().any(|s| s.approver == Approver::Customer) {
        because.push("it meets the whole company: the VP covers the customers".to_owned());
        stages.retain(|stage| stage.approver != Approver::Customer);
    }
    stages
}

/// The most important tier that a plan touches.
pub fn tier(plan: &Plan, directory: &Directory) -> u8 {
    let known = plan.services().filter_map(|id| directory.services.get(id));
    known.map(|service| service.tier.unwrap_or(TIER_USUAL)).min().unwrap_or(TIER_USUAL)
}

/// What a stage asks for: one agreement, or one of each customer.
fn require(plan: &Plan, around: Around<'_>, stage: &Stage, place: u32) -> Vec<Requirement> {
    let directory = around.directory;
    let make = |team: Option<TeamId>, mut people: Vec<UserId>, because: String| {
        people
            .retain(|user| Some(*user) != plan.technician && directory.users.get(*user).is_some());
        people.sort();
        people.dedup();
        Requirement {
            stage: place,
            approver: stage.approver,
            team,
            people,
            quorum: stage.quorum,
            timeout_secs: stage.timeout.as_secs(),
            because,
        }
    };
    if !stage.by.is_empty() {
        let because = "the policy names them".to_owned();
        return vec![make(None, stage.by.clone(), because)];
    }
    match stage.approver {
        Approver::Peer => {
            let mut people: Vec<_> = teams(plan, directory)
                .filter_map(|team| directory.teams.get(team))
                .flat_map(|team| team.members.iter().copied())
                .collect();
            people.retain(|user| *user != around.submitter);
            vec![make(
                None,
                people,
                "colleagues of the team, neither technician nor submitter".into(),
            )]
        }
        Approver::Manager => {
            let (people, because) = manager(plan, directory);
            vec![make(None, people.into_iter().collect(), because)]
        }
        Approver::Vp => {
            let (people, because) = vp(plan, directory);
            vec![make(None, people.into_iter().collect(), because)]
        }
        Approver::Ops => {
            vec![make(None, directory.change_policy.ops.clone(), "whoever runs production".into())]
        }
        Approver::Customer => {
            let of = |id: &TeamId| {
                let team = directory.teams.get(*id)?;
                let people = team.members.iter().copied().chain(team.manager).collect();
                let because = format!("its services are met: one of the team {}", team.name);
                Some(make(Some(*id), people, because))
            };
            plan.customers.iter().filter_map(of).collect()
        }
    }
}

/// The teams that know what is changed: the services', and those of whoever does it.
fn teams<'a>(plan: &'a Plan, directory: &'a Directory) -> impl Iterator<Item = TeamId> + 'a {
    let owners = plan.services().filter_map(|id| directory.services.get(id)?.team);
    let own = directory.teams.iter().filter(move |team| {
        plan.technician.is_some_and(|technician| team.members.contains(&technician))
    });
    owners.chain(own.map(|team| team.id))
}

/// Who manages it: the manager of the service's team, else of the technician's; the next above where
/// that is the technician.
fn manager(plan: &Plan, directory: &Directory) -> (Option<UserId>, String) {
    let found = teams(plan, directory).find_map(|id| {
        let team = directory.teams.get(id)?;
        Some((team.manager?, format!("manages the team {}", team.name)))
    });
    let Some((manager, because)) = found else {
        return (None, "no team of it has a manager".to_owned());
    };
    if Some(manager) != plan.technician {
        return (Some(manager), because);
    }
    let above = directory.users.get(manager).and_then(|user| user.reports_to);
    (above, "the manager does the work, so the next above decides".to_owned())
}

/// Who answers for the whole: the first named one above the manager, or the next above at all.
fn vp(plan: &Plan, directory: &Directory) -> (Vec<UserId>, String) {
    let named = &directory.change_policy.vps;
    let mut seen = Vec::new();
    let mut next = manager(plan, directory).0.and_then(|id| directory.users.get(id)?.reports_to);
    while let Some(id) = next {
        if seen.contains(&id) {
            break;
        }
        seen.push(id);
        if (named.is_empty() || named.contains(&id)) && Some(id) != plan.technician {
            return (vec![id], "stands above the manager".to_owned());
        }
        next = directory.users.get(id).and_then(|user| user.reports_to);
    }
    (named.clone(), "named by the policy".to_owned())
}

impl Assessment {
    /// The agreements that are asked for now: the first place in the order that is not complete.
    pub fn open<'a>(&'a self, decisions: &[Decision]) -> Vec<&'a Requirement> {
        let unmet = || self.requirements.iter().filter(|one| !one.is_met(decisions));
        let place = unmet().map(|one| one.stage).min();
        unmet().filter(|one| Some(one.stage) == place).collect()
    }

    /// Whether everybody agrees.
    pub fn is_complete(&self, decisions: &[Decision]) -> bool {
        self.requirements.iter().all(|one| one.is_met(decisions))
    }
}

impl Requirement {
    /// Whether a decision is about it.
    pub fn is_decided_by(&self, decision: &Decision) -> bool {
        decision.approver == self.approver && decision.team == self.team
    }

    /// How many agree.
    pub fn agreed(&self, decisions: &[Decision]) -> u32 {
        let counts = |one: &&Decision| one.is_approval && !one.is_void && self.is_decided_by(one);
        let mut people: Vec<_> = decisions.iter().filter(counts).map(|one| one.by).collect();
        people.sort();
        people.dedup();
        u32::try_from(people.len()).unwrap_or(u32::MAX)
    }

    /// Whether enough agree.
    pub fn is_met(&self, decisions: &[Decision]) -> bool {
        self.agreed(decisions) >= self.quorum
    }

    /// Whether somebody may decide it, and for whom where they are a delegate.
    ///
    /// # Errors
    /// [`MayNot`] names the rule.
    pub fn may_decide(
        &self,
        user: UserId,
        technician: Option<UserId>,
        directory: &Directory,
        now: Timestamp,
    ) -> Result<Option<UserId>, MayNot> {
        if Some(user) == technician {
            return Err(MayNot::Technician);
        }
        if self.people.contains(&user) {
            return Ok(None);
        }
        let policy: &Policy = &directory.change_policy;
        let for_whom =
            self.people.iter().find(|one| policy.delegates_of(**one, now).any(|to| to == user));
        if let Some(whom) = for_whom {
            return Ok(Some(*whom));
        }
        if technician.is_some_and(|one| policy.delegates_of(one, now).any(|to| to == user)) {
            return Err(MayNot::ForTechnician);
        }
        let names = self.people.iter().filter_map(|id| directory.users.get(*id));
        let names: Vec<_> = names.map(|user| user.name.as_str()).collect();
        let whom = if names.is_empty() { "nobody".to_owned() } else { names.join(", ") };
        Err(MayNot::NotAsked { approver: self.approver, whom })
    }
}

/// The parts of a plan that an agreement covers: what its holder was asked to look at.
pub fn covers(approver: Approver) -> &'static [Part] {
    match approver {
        Approver::Peer => &[Part::Timeline, Part::Rollback, Part::Scope, Part::Technician],
        Approver::Manager => &[Part::Window, Part::Scope, Part::Technician, Part::Rollback],
        Approver::Vp | Approver::Customer => &[Part::Window, Part::Scope],
        Approver::Ops => &[Part::Timeline, Part::Rollback, Part::Window],
    }
}

/// Voids the decisions that covered what a revision touched; says whose.
pub fn void(decisions: &mut [Decision], touched: &[Part]) -> Vec<Approver> {
    let mut voided = Vec::new();
    for decision in decisions.iter_mut().filter(|one| !one.is_void) {
        if covers(decision.approver).iter().any(|part| touched.contains(part)) {
            decision.is_void = true;
            if decision.is_approval {
                voided.push(decision.approver);
            }
        }
    }
    voided.sort();
    voided.dedup();
    voided
}

/// Whether a reason tells whoever gets it what to do.
pub fn is_useful(reason: &str) -> bool {
    reason.split_whitespace().count() >= REASON_WORDS_MIN
}
