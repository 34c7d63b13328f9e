//! Inhibition (`D11`): while a cause fires, its symptoms are recorded and page nobody. A cause is
//! older than its symptoms, always: so whatever mutes what, there is a first alert that nothing
//! mutes, and no circle of rules can end in silence.

use jiff::SignedDuration;

use crate::alerting::rule::{Rule, Subject};

/// How long a symptom is muted at most before it is asked again whether its cause still fires, in
/// case the news of its end got lost.
pub const ASKED_AGAIN_AFTER: SignedDuration = SignedDuration::from_mins(5);
/// The most rules of an organisation.
pub const INHIBITIONS_MAX: usize = 100;

/// A rule that lets one alert mute others.
#[derive(Debug, Clone)]
pub struct Inhibition {
    /// What a cause matches.
    pub when: Rule,
    /// What its symptoms match.
    pub mutes: Rule,
    /// Labels that cause and symptom must agree in; a label that neither has agrees.
    pub equal: Vec<String>,
}

impl Inhibition {
    /// Whether an alert is a cause.
    pub fn is_cause(&self, subject: &Subject<'_>) -> bool {
        self.when.matches(subject)
    }

    /// Whether an alert is a symptom.
    pub fn is_symptom(&self, subject: &Subject<'_>) -> bool {
        self.mutes.matches(subject)
    }

    /// What a cause and its symptoms have in common: this rule, and the labels that must agree.
    pub fn tie(&self, subject: &Subject<'_>) -> String {
        let mut tie = format!("{}\u{1e}{}", self.when.text(), self.mutes.text());
        for name in &self.equal {
            tie.push('\u{1e}');
            tie.push_str(name);
            tie.push('\u{1f}');
            tie.push_str(subject.signal.label(name).unwrap_or_default());
        }
        tie
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alerting::signal::Signal;

    #[test]
    fn cause_and_symptom_are_tied_by_the_labels_that_must_agree() {
        let rule = Inhibition {
            when: Rule::parse(r#"labels.role == "router""#).unwrap(),
            mutes: Rule::parse(r#"labels.role == "host""#).unwrap(),
            equal: vec!["rack".to_owned()],
        };
        let signal = |role: &str, rack: &str| {
            let mut signal = Signal::trigger(role, role);
            signal.labels = vec![("role".into(), role.into()), ("rack".into(), rack.into())];
            signal
        };
        let (router, host) = (signal("router", "r1"), signal("host", "r1"));
        let elsewhere = signal("host", "r2");
        fn of(signal: &Signal) -> Subject<'_> {
            Subject { signal, integration: "", service: "" }
        }
        assert!(rule.is_cause(&of(&router)) && !rule.is_cause(&of(&host)));
        assert!(rule.is_symptom(&of(&host)) && !rule.is_symptom(&of(&router)));
        assert_eq!(rule.tie(&of(&router)), rule.tie(&of(&host)));
        assert_ne!(rule.tie(&of(&router)), rule.tie(&of(&elsewhere)));
    }
}
