//! Exceptions to the matrix (`X7`): a kind of change of a team that is held to less than its row asks for.
//! One is nominated with a justification, agreed to by the manager of the team and by whoever answers
//! for the policy, and holds once it is earned by runs without trouble, until it is to be looked at
//! again. An incident that a change under it caused revokes it. What it counts as a run is a closed
//! change that a machine did wholly; nothing here reads one.

use jiff::{SignedDuration, Timestamp};

use super::approval::is_useful;
use super::notice::Notice;
use super::plan::{Automation, Plan};
use super::policy::{Policy, Stage};
use super::record::{By, Outcome};
use crate::id::{ExceptionId, IncidentId, ServiceId, TeamId, UserId};
use crate::org::directory::Directory;

/// The row that an exception is held to unless it names another: nobody agrees and no notice is given.
/// A row of that name in the matrix says otherwise.
pub const ROW_USUAL: &str = "earned-exception";
/// The least that a justification says, in sentences.
pub const SENTENCES_MIN: usize = 3;
/// The longest justification, in characters.
pub const JUSTIFICATION_CHARS_MAX: usize = 2_000;
/// The most runs that may be asked for.
pub const CLEAN_RUNS_MAX: u32 = 100;

/// What the policy asks of exceptions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// How many runs in a row go without trouble.
    pub clean_runs: u32,
    /// How long ago the oldest of them may be.
    pub within: SignedDuration,
    /// How long after everybody agreed it is looked at again.
    pub review_after: SignedDuration,
    /// Who answers for the policy; the VPs where nobody is named, else the next above the manager.
    pub owners: Vec<UserId>,
}

impl Default for Terms {
    fn default() -> Self {
        let half_a_year = SignedDuration::from_hours(180 * 24);
        Self { clean_runs: 10, within: half_a_year, review_after: half_a_year, owners: Vec::new() }
    }
}

/// Who must agree to an exception.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Side {
    /// Who manages the team.
    Manager,
    /// Who answers for the policy.
    Owner,
}

names!(Side { Manager = "manager", Owner = "owner" });

/// Somebody agreed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Agreement {
    /// Who.
    pub by: UserId,
    /// When.
    pub at: Timestamp,
}

/// Why an exception is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Ending {
    /// Somebody disagreed.
    Rejected,
    /// It is not wanted any more.
    Withdrawn,
    /// A change under it caused an incident.
    Revoked,
}

names!(Ending { Rejected = "rejected", Withdrawn = "withdrawn", Revoked = "revoked" });

/// How an exception ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct End {
    /// Why.
    pub ending: Ending,
    /// By whom, by name.
    pub by: String,
    /// In words.
    pub reason: String,
    /// The incident, where one revoked it.
    pub incident: Option<IncidentId>,
    /// When.
    pub at: Timestamp,
}

/// Where an exception stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Standing {
    /// Somebody must still agree.
    Asked,
    /// Agreed to, and not earned yet, or not any more.
    Earning,
    /// It holds.
    InForce,
    /// It held, and is to be agreed to again.
    ReviewDue,
    /// Somebody disagreed.
    Rejected,
    /// It is not wanted any more.
    Withdrawn,
    /// A change under it caused an incident.
    Revoked,
}

names!(Standing {
    Asked = "asked",
    Earning = "earning",
    InForce = "in_force",
    ReviewDue = "review_due",
    Rejected = "rejected",
    Withdrawn = "withdrawn",
    Revoked = "revoked",
});

/// A kind of change of a team that is held to less.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exception {
    /// For programs.
    pub id: ExceptionId,
    /// For people.
    pub number: i64,
    /// Whose services.
    pub team: TeamId,
    /// The kind of change.
    pub class: String,
    /// One service of the team; all of them where none is named.
    pub service: Option<ServiceId>,
    /// The row whose approvals and notice are asked for instead.
    pub row: String,
    /// Why, in three sentences or more.
    pub justification: String,
    /// Who nominated it.
    pub nominator: UserId,
    /// When.
    pub nominated_at: Timestamp,
    /// The manager's agreement.
    pub manager: Option<Agreement>,
    /// The agreement of whoever answers for the policy.
    pub owner: Option<Agreement>,
    /// When it is looked at again; set when both agree.
    pub review_at: Option<Timestamp>,
    /// How it ended.
    pub end: Option<End>,
    /// Whether the team was told last that it holds.
    pub is_announced: bool,
}

/// An exception, and how much of it is earned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Earned {
    /// The exception.
    pub exception: Exception,
    /// The runs in a row that went without trouble, the last ones.
    pub runs: u32,
}

/// One change of the kind that is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run {
    /// How it went.
    pub outcome: Outcome,
    /// How much of it a machine did.
    pub automation: Automation,
    /// Whether it caused an incident.
    pub is_cause: bool,
}

/// How many runs in a row went without trouble, out of closed changes, the last one first. What people
/// did by hand neither counts nor stands in the way.
pub fn clean_runs(newest_first: impl IntoIterator<Item = Run>) -> u32 {
    let by_machine = newest_first.into_iter().filter(|run| run.automation == Automation::Full);
    let clean = by_machine.take_while(|run| run.outcome == Outcome::Success && !run.is_cause);
    u32::try_from(clean.count()).unwrap_or(u32::MAX)
}

/// Why something cannot be done with an exception.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// A field is wrong.
    #[error("{text}")]
    Field {
        /// Which.
        field: &'static str,
        /// What to write.
        text: String,
    },
    /// Only people nominate and agree.
    #[error("only a person decides about an exception, not a token of nobody")]
    NoPerson,
    /// Somebody else's team.
    #[error("whoever belongs to the team nominates its exceptions, or an administrator")]
    NotOfTeam,
    /// Nobody agrees to what they nominated.
    #[error("nobody agrees to an exception that they nominated (X7)")]
    Own,
    /// Two people agree.
    #[error("the manager and whoever answers for the policy are two people (X7)")]
    Twice,
    /// It falls to others.
    #[error("agreeing to this falls to {0}")]
    NotAsked(String),
    /// Nothing is asked for.
    #[error("an exception that is {} cannot be {what}", .standing.name().replace('_', " "))]
    WrongState {
        /// Where it stands.
        standing: Standing,
        /// What was asked for.
        what: &'static str,
    },
    /// A reason that helps nobody.
    #[error("say why, in at least {} words", super::approval::REASON_WORDS_MIN)]
    Useless,
}

/// What somebody nominates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nomination {
    /// Whose services.
    pub team: TeamId,
    /// The kind of change.
    pub class: String,
    /// One service of the team; all of them where none is named.
    pub service: Option<ServiceId>,
    /// The row whose approvals and notice are asked for instead.
    pub row: String,
    /// Why.
    pub justification: String,
}

fn wrong(field: &'static str, text: impl Into<String>) -> Refusal {
    Refusal::Field { field, text: text.into() }
}

/// How many sentences a text has: what ends with a mark, and what is left behind the last one.
fn sentences(text: &str) -> usize {
    text.split(['.', '!', '?']).filter(|part| part.split_whitespace().count() >= 2).count()
}

/// An exception that somebody asks for.
///
/// # Errors
/// [`Refusal`] says what is wrong.
pub fn nominate(
    id: ExceptionId,
    new: Nomination,
    by: &By,
    directory: &Directory,
    now: Timestamp,
) -> Result<Exception, Refusal> {
    let nominator = by.actor.user().ok_or(Refusal::NoPerson)?;
    let policy = &directory.change_policy;
    let team = directory.teams.get(new.team).ok_or_else(|| wrong("team", "name a team"))?;
    if !by.is_admin && team.manager != Some(nominator) && !team.members.contains(&nominator) {
        return Err(Refusal::NotOfTeam);
    }
    if !policy.classes.contains(&new.class) {
        return Err(wrong("class", format!("the policy knows {}", policy.classes.join(", "))));
    }
    let of_team =
        |id| directory.services.get(id).is_some_and(|service| service.team == Some(new.team));
    if new.service.is_some_and(|id| !of_team(id)) {
        return Err(wrong("service", "name a service of the team"));
    }
    if scrutiny(policy, &new.row).is_none() {
        return Err(wrong("row", format!("name a row of the matrix, or `{ROW_USUAL}`")));
    }
    let justification = new.justification.trim().to_owned();
    if sentences(&justification) < SENTENCES_MIN {
        let text = format!(
            "say in {SENTENCES_MIN} or 4 sentences what is done, why it is safe and what it asks too much"
        );
        return Err(wrong("justification", text));
    }
    if justification.chars().count() > JUSTIFICATION_CHARS_MAX {
        let text = format!("must be at most {JUSTIFICATION_CHARS_MAX} characters");
        return Err(wrong("justification", text));
    }
    Ok(Exception {
        id,
        number: 0,
        team: new.team,
        class: new.class,
        service: new.service,
        row: new.row,
        justification,
        nominator,
        nominated_at: now,
        manager: None,
        owner: None,
        review_at: None,
        end: None,
        is_announced: false,
    })
}

/// The approvals and the notice of the row that an exception names.
fn scrutiny(policy: &Policy, name: &str) -> Option<(Vec<Stage>, Notice)> {
    let row = policy.rows.iter().find(|row| row.name == name);
    let row = row.map(|row| (row.stages.clone(), row.notice));
    row.or_else(|| (name == ROW_USUAL).then(|| (Vec::new(), Notice::Free)))
}

impl Exception {
    /// Where it stands, with so many runs without trouble.
    pub fn standing(&self, runs: u32, terms: &Terms, now: Timestamp) -> Standing {
        if let Some(end) = &self.end {
            return match end.ending {
                Ending::Rejected => Standing::Rejected,
                Ending::Withdrawn => Standing::Withdrawn,
                Ending::Revoked => Standing::Revoked,
            };
        }
        let Some(review_at) = self.review_at else { return Standing::Asked };
        if review_at <= now {
            return Standing::ReviewDue;
        }
        if runs < terms.clean_runs { Standing::Earning } else { Standing::InForce }
    }

    /// Whether a plan is of its kind: wholly a machine's, and on no other service.
    pub fn covers(&self, plan: &Plan, directory: &Directory) -> bool {
        let is_theirs = |id: ServiceId| {
            self.service.is_none_or(|own| own == id)
                && directory.services.get(id).is_some_and(|one| one.team == Some(self.team))
        };
        plan.automation == Automation::Full
            && plan.class == self.class
            && plan.services().all(is_theirs)
    }

    /// The services whose changes are its runs.
    pub fn services(&self, directory: &Directory) -> Vec<ServiceId> {
        let of_team = directory.services.iter().filter(|one| one.team == Some(self.team));
        let ids = of_team.map(|one| one.id);
        ids.filter(|id| self.service.is_none_or(|own| own == *id)).collect()
    }

    /// Whose agreement it waits for.
    pub fn open(&self, now: Timestamp) -> Vec<Side> {
        if self.end.is_some() {
            return Vec::new();
        }
        let is_due = self.review_at.is_some_and(|at| at <= now);
        let mut open = Vec::new();
        if self.manager.is_none() || is_due {
            open.push(Side::Manager);
        }
        if self.owner.is_none() || is_due {
            open.push(Side::Owner);
        }
        open
    }

    /// To whom an agreement falls. Nobody agrees to what they nominated, so the next above does.
    pub fn people(&self, side: Side, directory: &Directory) -> Vec<UserId> {
        let manager = directory.teams.get(self.team).and_then(|team| team.manager);
        let above = |user: UserId| directory.users.get(user).and_then(|one| one.reports_to);
        match side {
            Side::Manager => {
                let own = manager.filter(|user| *user != self.nominator);
                own.or_else(|| manager.and_then(above)).into_iter().collect()
            }
            Side::Owner => {
                let policy = &directory.change_policy;
                let named = [&policy.exceptions.owners, &policy.vps];
                let named = named.into_iter().find(|people| !people.is_empty());
                let mut people = match named {
                    Some(people) => people.clone(),
                    None => {
                        let manager = self.people(Side::Manager, directory).first().copied();
                        manager.and_then(above).into_iter().collect()
                    }
                };
                people.retain(|user| *user != self.nominator);
                people
            }
        }
    }

    /// Whoever may agree as that now: those it falls to, and who decides for them.
    pub fn deciders(&self, side: Side, directory: &Directory, now: Timestamp) -> Vec<UserId> {
        let people = self.people(side, directory);
        let policy = &directory.change_policy;
        let delegates: Vec<_> =
            people.iter().flat_map(|user| policy.delegates_of(*user, now)).collect();
        let mut all: Vec<_> = people.into_iter().chain(delegates).collect();
        all.retain(|user| *user != self.nominator);
        all.sort();
        all.dedup();
        all
    }

    /// Whether somebody may agree now, and as what.
    ///
    /// # Errors
    /// [`Refusal`] names the rule.
    pub fn may_agree(
        &self,
        by: &By,
        directory: &Directory,
        now: Timestamp,
    ) -> Result<Side, Refusal> {
        let user = by.actor.user().ok_or(Refusal::NoPerson)?;
        let open = self.open(now);
        if open.is_empty() {
            let terms = &directory.change_policy.exceptions;
            let standing = self.standing(u32::MAX, terms, now);
            return Err(Refusal::WrongState { standing, what: "agreed to" });
        }
        if user == self.nominator {
            return Err(Refusal::Own);
        }
        let is_due = self.review_at.is_some_and(|at| at <= now);
        let given = [self.manager, self.owner].into_iter().flatten();
        if !is_due && given.into_iter().any(|one| one.by == user) {
            return Err(Refusal::Twice);
        }
        let mine = open.iter().find(|side| self.deciders(**side, directory, now).contains(&user));
        mine.copied().ok_or_else(|| {
            let people = open.iter().flat_map(|side| self.people(*side, directory));
            let names: Vec<_> =
                people.filter_map(|id| Some(directory.users.get(id)?.name.as_str())).collect();
            let whom = if names.is_empty() { "nobody".to_owned() } else { names.join(", ") };
            Refusal::NotAsked(whom)
        })
    }

    /// With somebody's agreement; says as what. It is looked at again after the time that the policy
    /// says, counted from the second one.
    ///
    /// # Errors
    /// [`Refusal`] names the rule.
    pub fn agree(
        mut self,
        by: &By,
        directory: &Directory,
        now: Timestamp,
    ) -> Result<(Self, Side), Refusal> {
        let side = self.may_agree(by, directory, now)?;
        let user = by.actor.user().ok_or(Refusal::NoPerson)?;
        if self.review_at.is_some() {
            (self.manager, self.owner, self.review_at) = (None, None, None);
            self.is_announced = false;
        }
        let agreement = Some(Agreement { by: user, at: now });
        match side {
            Side::Manager => self.manager = agreement,
            Side::Owner => self.owner = agreement,
        }
        if self.manager.is_some() && self.owner.is_some() {
            let after = directory.change_policy.exceptions.review_after;
            self.review_at = Some(now.checked_add(after).unwrap_or(Timestamp::MAX));
        }
        Ok((self, side))
    }

    /// Ended by a person: rejected by who must agree, withdrawn by them, by the nominator or by an
    /// administrator.
    ///
    /// # Errors
    /// [`Refusal`] names the rule.
    pub fn give_up(
        mut self,
        ending: Ending,
        reason: &str,
        by: &By,
        directory: &Directory,
        now: Timestamp,
    ) -> Result<Self, Refusal> {
        let what = if ending == Ending::Rejected { "rejected" } else { "withdrawn" };
        let terms = &directory.change_policy.exceptions;
        let standing = self.standing(u32::MAX, terms, now);
        let is_asked = matches!(standing, Standing::Asked | Standing::ReviewDue);
        if self.end.is_some() || (ending == Ending::Rejected && !is_asked) {
            return Err(Refusal::WrongState { standing, what });
        }
        let user = by.actor.user();
        let decides = [Side::Manager, Side::Owner]
            .into_iter()
            .any(|side| user.is_some_and(|one| self.deciders(side, directory, now).contains(&one)));
        let may = match ending {
            Ending::Rejected => decides,
            _ => decides || by.is_admin || user == Some(self.nominator),
        };
        if !may {
            let people: Vec<_> = [Side::Manager, Side::Owner]
                .into_iter()
                .flat_map(|side| self.people(side, directory))
                .filter_map(|id| Some(directory.users.get(id)?.name.clone()))
                .collect();
            return Err(Refusal::NotAsked(people.join(", ")));
        }
        if !is_useful(reason) {
            return Err(Refusal::Useless);
        }
        self.end = Some(End {
            ending,
            by: by.actor.name().to_owned(),
            reason: reason.trim().to_owned(),
            incident: None,
            at: now,
        });
        Ok(self)
    }

    /// Revoked: a change under it caused an incident. None where it is over already. Everybody reads
    /// why, so of a restricted incident neither the change is told nor who found out.
    pub fn revoke(
        mut self,
        change: i64,
        (incident, is_restricted): (IncidentId, bool),
        by: &str,
        now: Timestamp,
    ) -> Option<Self> {
        if self.end.is_some() {
            return None;
        }
        let (by, reason) = if is_restricted {
            ("Muster", "a change that was done under it did harm".to_owned())
        } else {
            (by, format!("CHG-{change}, which was done under it, caused an incident"))
        };
        self.end = Some(End {
            ending: Ending::Revoked,
            by: by.to_owned(),
            reason,
            incident: Some(incident),
            at: now,
        });
        Some(self)
    }

    /// In a line: `EXC-2: deploy of payments`.
    pub fn title(&self, directory: &Directory) -> String {
        let team = directory.teams.get(self.team).map_or("?", |team| team.name.as_str());
        let service = self.service.and_then(|id| directory.services.get(id));
        match service {
            Some(service) => format!("EXC-{}: {} of {}", self.number, self.class, service.name),
            None => format!("EXC-{}: {} of {team}", self.number, self.class),
        }
    }
}

/// What an exception makes of a plan that it covers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    /// The exception, by its number.
    pub number: i64,
    /// The row that it is held to.
    pub row: String,
    /// Who must agree instead.
    pub stages: Vec<Stage>,
    /// How long before instead.
    pub notice: Notice,
    /// Why, in words.
    pub because: String,
}

/// The exception that holds for a plan now, the oldest where several do.
pub fn applying(
    plan: &Plan,
    earned: &[Earned],
    directory: &Directory,
    now: Timestamp,
) -> Option<Applied> {
    let policy = &directory.change_policy;
    let terms = &policy.exceptions;
    let holds = |one: &&Earned| {
        one.exception.standing(one.runs, terms, now) == Standing::InForce
            && one.exception.covers(plan, directory)
    };
    let one = earned.iter().filter(holds).min_by_key(|one| one.exception.number)?;
    let exception = &one.exception;
    let (stages, notice) = scrutiny(policy, &exception.row)?;
    let name = |agreement: Option<Agreement>| {
        let user = agreement.and_then(|one| directory.users.get(one.by));
        user.map_or("?", |user| user.name.as_str())
    };
    let because = format!(
        "exception {}, earned by {} runs in a row without trouble, agreed to by {} and {}: held to `{}`",
        exception.title(directory),
        one.runs,
        name(exception.manager),
        name(exception.owner),
        exception.row,
    );
    Some(Applied { number: exception.number, row: exception.row.clone(), stages, notice, because })
}
