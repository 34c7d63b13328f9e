//! Change events (`X16`): something that a pipeline or a tool reports to have happened. Several
//! reports of one change (it started, it succeeded, it was rolled back) are folded into one event,
//! whatever their order. An event pages nobody and decides nothing.

use jiff::Timestamp;

/// The most characters of a summary, as PagerDuty's change events have it.
pub const SUMMARY_CHARS_MAX: usize = 1_024;
/// The most characters of what was changed, of an environment, a version or an author.
pub const WORD_CHARS_MAX: usize = 255;
/// The most characters of an address.
pub const URL_CHARS_MAX: usize = 2_048;
/// The most services that one report speaks of.
pub const SERVICES_MAX: usize = 20;

/// What sort of thing was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// Another version runs.
    Deploy,
    /// A feature was switched on or off.
    Flag,
    /// A setting.
    Config,
    /// Machines, networks, what services run on.
    Infrastructure,
    /// Anything else.
    Other,
}

names!(Kind {
    Deploy = "deploy",
    Flag = "flag",
    Config = "config",
    Infrastructure = "infrastructure",
    Other = "other",
});

/// How far a change is. Later ones outrank earlier ones, so that reports may come in any order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum State {
    /// It is being made.
    Started,
    /// It was made.
    Succeeded,
    /// It went wrong, perhaps half-way.
    Failed,
    /// It was taken back.
    RolledBack,
}

names!(State {
    Started = "started",
    Succeeded = "succeeded",
    Failed = "failed",
    RolledBack = "rolled_back",
});

/// What is known of a change besides how far it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct What {
    /// What sort of thing was changed.
    pub kind: Kind,
    /// For people to read.
    pub summary: String,
    /// What was changed, as the source calls it: a repository, a job, an application.
    pub subject: String,
    /// Where: `production`; may be empty.
    pub environment: String,
    /// The version or commit; may be empty.
    pub version: String,
    /// Who, as the source calls them; may be empty.
    pub author: String,
    /// A page about the change.
    pub url: Option<String>,
    /// A page that shows what was changed.
    pub diff_url: Option<String>,
}

impl What {
    /// A change of which nothing else is said.
    pub fn new(kind: Kind, summary: impl Into<String>) -> Self {
        Self {
            kind,
            summary: summary.into(),
            subject: String::new(),
            environment: String::new(),
            version: String::new(),
            author: String::new(),
            url: None,
            diff_url: None,
        }
    }

    /// What was said first stands; what was not said yet is filled in.
    #[must_use]
    pub fn filled_by(mut self, later: Self) -> Self {
        let texts = [
            (&mut self.summary, later.summary),
            (&mut self.subject, later.subject),
            (&mut self.environment, later.environment),
            (&mut self.version, later.version),
            (&mut self.author, later.author),
        ];
        for (known, later) in texts {
            if known.is_empty() {
                *known = later;
            }
        }
        self.url = self.url.or(later.url);
        self.diff_url = self.diff_url.or(later.diff_url);
        self
    }

    /// The same within its limits: texts are cut, addresses that are none or too long left out.
    #[must_use]
    pub fn within_limits(mut self) -> Self {
        self.summary = cut(&self.summary, SUMMARY_CHARS_MAX);
        for text in [&mut self.subject, &mut self.environment, &mut self.version, &mut self.author]
        {
            *text = cut(text, WORD_CHARS_MAX);
        }
        for url in [&mut self.url, &mut self.diff_url] {
            *url = url.take().filter(|url| is_address(url));
        }
        self
    }
}

/// What a source says of a change at one time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The same in all reports of one change, within its integration.
    pub key: String,
    /// How far it is.
    pub state: State,
    /// When it got there.
    pub at: Timestamp,
    /// When it began, where the source says so.
    pub started_at: Option<Timestamp>,
    /// The services by name, where the source itself says so.
    pub services: Vec<String>,
    /// The rest.
    pub what: What,
}

impl Report {
    /// How far the change is by this report alone.
    pub fn progress(&self) -> Progress {
        let started_at = self.started_at.map_or(self.at, |started| started.min(self.at));
        let ended_at = (self.state != State::Started).then_some(self.at);
        Progress { state: self.state, started_at, ended_at }
    }
}

/// Whether a text is an address that may be shown as a link.
pub fn is_address(url: &str) -> bool {
    (url.starts_with("https://") || url.starts_with("http://"))
        && url.chars().count() <= URL_CHARS_MAX
        && !url.chars().any(|c| c.is_control() || c.is_whitespace())
}

fn cut(text: &str, chars_max: usize) -> String {
    text.trim().chars().filter(|c| *c != '\0').take(chars_max).collect()
}

/// How far a change is, and when it got there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// The latest state.
    pub state: State,
    /// When it began: the earliest that anybody said.
    pub started_at: Timestamp,
    /// When it reached a state in which nothing more happens; none while it is being made.
    pub ended_at: Option<Timestamp>,
}

impl Progress {
    /// Both together. In whatever order and however often reports are folded, the outcome is the
    /// same.
    #[must_use]
    pub fn fold(self, other: Self) -> Self {
        let started_at = self.started_at.min(other.started_at);
        let (state, ended_at) = match self.state.cmp(&other.state) {
            std::cmp::Ordering::Greater => (self.state, self.ended_at),
            std::cmp::Ordering::Less => (other.state, other.ended_at),
            std::cmp::Ordering::Equal => (self.state, self.ended_at.min(other.ended_at)),
        };
        Self { state, started_at, ended_at }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn t(second: i64) -> Timestamp {
        Timestamp::from_second(1_760_000_000 + second).unwrap()
    }

    fn report_of(state: State, at: Timestamp) -> Report {
        let what = What::new(Kind::Deploy, "web 1.2");
        Report { key: "k".into(), state, at, started_at: None, services: vec![], what }
    }

    fn reports() -> impl Strategy<Value = Vec<Report>> {
        let state = prop::sample::select(State::NAMES).prop_map(|(state, _)| state);
        let report = (state, 0..5_000_i64, prop::option::of(0..5_000_i64));
        let report = report.prop_map(|(state, at, started)| Report {
            started_at: started.map(t),
            ..report_of(state, t(at))
        });
        prop::collection::vec(report, 1..8)
    }

    fn folded<'a>(reports: impl Iterator<Item = &'a Report>) -> Option<Progress> {
        reports.map(Report::progress).reduce(Progress::fold)
    }

    proptest! {
        #[test]
        fn reports_in_any_order_and_repeated_make_the_same_event(all in reports()) {
            let straight = folded(all.iter());
            prop_assert_eq!(straight, folded(all.iter().rev()));
            prop_assert_eq!(straight, folded(all.iter().chain(all.iter())));
        }

        #[test]
        fn an_event_begins_before_it_ends_and_ends_unless_it_is_being_made(all in reports()) {
            let folded = folded(all.iter()).unwrap();
            prop_assert_eq!(folded.ended_at.is_none(), folded.state == State::Started);
            prop_assert!(folded.ended_at.is_none_or(|ended| folded.started_at <= ended));
        }
    }

    #[test]
    fn a_deploy_that_is_rolled_back_keeps_its_beginning() {
        let started = report_of(State::Started, t(0));
        let succeeded = report_of(State::Succeeded, t(60));
        let rolled_back = report_of(State::RolledBack, t(600));
        let all = [&rolled_back, &started, &succeeded];
        let expected =
            Progress { state: State::RolledBack, started_at: t(0), ended_at: Some(t(600)) };
        assert_eq!(folded(all.into_iter()), Some(expected));
    }

    #[test]
    fn what_is_too_long_is_cut_and_what_is_no_address_left_out() {
        let mut what = What::new(Kind::Other, "x".repeat(2_000));
        what.author = " ana\0 ".to_owned();
        what.url = Some("javascript:alert(1)".to_owned());
        what.diff_url = Some("https://git.example.com/compare".to_owned());
        let what = what.within_limits();
        assert_eq!(what.summary.chars().count(), SUMMARY_CHARS_MAX);
        assert_eq!(what.author, "ana");
        assert_eq!((what.url, what.diff_url.is_some()), (None, true));
    }

    #[test]
    fn what_was_said_first_stands_and_the_rest_is_filled_in() {
        let mut later = What::new(Kind::Other, "later");
        later.author = "bo".to_owned();
        let filled = What::new(Kind::Deploy, "web 1.2").filled_by(later);
        assert_eq!((filled.summary.as_str(), filled.author.as_str()), ("web 1.2", "bo"));
        assert_eq!(filled.kind, Kind::Deploy);
    }
}
