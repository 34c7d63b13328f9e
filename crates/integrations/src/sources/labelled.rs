//! An alert as Prometheus and Alertmanager describe it: labels that identify it, annotations that
//! explain it, a beginning and an end.

use jiff::Timestamp;
use muster_core::alerting::signal::{Action, Link, Signal};
use serde_json::{Map, Value};

use super::{json, reading};

/// The most labels that are written into a summary of our own making.
const SUMMARY_LABELS_MAX: usize = 6;
/// Annotations that hold an address worth a click, and what the link is called.
const LINKED_ANNOTATIONS: [(&str, &str); 5] = [
    ("runbook_url", "Runbook"),
    ("runbook", "Runbook"),
    ("dashboard_url", "Dashboard"),
    ("dashboard", "Dashboard"),
    ("url", "Link"),
];

/// One alert.
pub struct Labelled {
    pub labels: Vec<(String, String)>,
    pub annotations: Map<String, Value>,
    pub starts_at: Option<Timestamp>,
    pub generator_url: String,
}

impl Labelled {
    fn label(&self, name: &str) -> &str {
        self.labels.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    /// The first of these labels that is there.
    fn first_label(&self, names: &[&str]) -> String {
        names
            .iter()
            .map(|name| self.label(name))
            .find(|value| !value.is_empty())
            .unwrap_or_default()
            .to_owned()
    }

    /// The signal. Who sends it adds where it came from.
    pub fn into_signal(self, action: Action, dedup_key: String) -> Signal {
        let mut signal = Signal::trigger(dedup_key, self.summary());
        signal.action = action;
        signal.severity = self.label("severity").to_owned();
        signal.source = self.first_label(&["instance", "host", "node", "pod", "job"]);
        signal.component = self.first_label(&["component", "service", "job"]);
        signal.group = self.first_label(&["group", "cluster", "namespace"]);
        signal.class = self.first_label(&["class", "alertname"]);
        signal.links = self.links();
        signal.occurred_at = self.starts_at;
        if !self.annotations.is_empty() {
            signal.details.insert("annotations".to_owned(), Value::Object(self.annotations));
        }
        signal.labels = self.labels;
        signal
    }

    /// What a person reads first: the author's words, else the alert's name and labels.
    fn summary(&self) -> String {
        let written = ["summary", "title", "description", "message"]
            .iter()
            .filter_map(|name| self.annotations.get(*name)?.as_str())
            .map(|text| text.split_whitespace().collect::<Vec<_>>().join(" "))
            .find(|text| !text.is_empty());
        written.unwrap_or_else(|| {
            let name = self.label("alertname");
            let labels: Vec<_> = self
                .labels
                .iter()
                .filter(|(name, _)| name != "alertname" && name != "severity")
                .take(SUMMARY_LABELS_MAX)
                .map(|(name, value)| format!("{name}={value}"))
                .collect();
            match (name, labels.join(", ")) {
                ("", labels) => labels,
                (name, labels) if labels.is_empty() => name.to_owned(),
                (name, labels) => format!("{name} ({labels})"),
            }
        })
    }

    fn links(&self) -> Vec<Link> {
        let annotated = LINKED_ANNOTATIONS.iter().filter_map(|(name, text)| {
            let href = self.annotations.get(*name)?.as_str()?;
            Some(Link { href: href.to_owned(), text: (*text).to_owned() })
        });
        let source = Link { href: self.generator_url.clone(), text: "Source".to_owned() };
        annotated.chain(Some(source)).filter(|link| !link.href.is_empty()).collect()
    }
}

/// The texts of an object, in order; other scalars become texts and the rest is left out.
pub fn texts(object: Option<&Map<String, Value>>) -> Vec<(String, String)> {
    object
        .into_iter()
        .flatten()
        .filter_map(|(name, value)| Some((name.clone(), json::scalar(value)?)))
        .collect()
}

/// The instant at `key`; misshapen ones are nothing.
pub fn instant_at(alert: &Map<String, Value>, key: &str) -> Option<Timestamp> {
    alert.get(key).and_then(reading::instant_of)
}
