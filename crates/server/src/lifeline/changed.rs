//! What changed in the two hours before an incident (`X15`), in a few lines for whoever was woken: as far
//! as they may see it, the most suspicious first. A page that is needed at night never fails because
//! this cannot be read.

use jiff::SignedDuration;
use muster_core::alerting::signal::is_web_address;
use muster_core::change::suspect::Mark;
use muster_core::incident::lifecycle::Incident;

use super::scene::Reader;
use super::words::{self, Moment};
use crate::app::App;
use crate::app::change::suspect::{Look, Shown};

/// How far is looked back.
const BACK: SignedDuration = SignedDuration::from_hours(2);
/// The most lines on a page.
const LINES_MAX: usize = 5;
/// The most reasons of a line; the weightiest.
const REASONS_MAX: usize = 2;
/// The most characters of what a line is called.
const NAME_CHARS_MAX: usize = 120;

/// Something that changed.
#[derive(Debug)]
pub(super) struct Changed {
    /// What, cut to a line.
    pub what: String,
    /// Where more of it is.
    pub link: Option<String>,
    /// Why it stands here.
    pub why: String,
    /// What somebody found out.
    pub mark: Option<&'static str>,
    /// When it began.
    pub at: Moment,
}

/// What changed, for the reader of a page.
pub(super) async fn load(app: &App, incident: &Incident, reader: &Reader<'_>) -> Vec<Changed> {
    let look = Look { back: Some(BACK), everywhere: false };
    let shown = async {
        let viewer = app.viewer(reader.user).await?;
        app.what_changed(&viewer, incident, look).await
    };
    match shown.await {
        Ok(shown) => shown.iter().filter_map(|one| line(one, reader)).take(LINES_MAX).collect(),
        Err(error) => {
            tracing::warn!("a page does without what changed: {error}");
            Vec::new()
        }
    }
}

/// A line of it; none for what somebody ruled out.
fn line(shown: &Shown, reader: &Reader<'_>) -> Option<Changed> {
    let mark = shown.mark.as_ref().and_then(|row| row.mark().ok());
    let mark = match mark {
        Some(Mark::RuledOut) => return None,
        Some(Mark::Cause) => Some("the cause"),
        Some(Mark::Suspect) => Some("suspected"),
        None => None,
    };
    let (what, link) = if let Some(event) = &shown.event {
        let address = event.url.clone().or_else(|| event.diff_url.clone());
        (event.summary.clone(), address.filter(|address| is_web_address(address)))
    } else if let Some(change) = &shown.planned {
        let link = format!("/app/changes/{}", change.number);
        (format!("CHG-{} {}", change.number, change.plan.title), Some(link))
    } else {
        let other = shown.incident.as_ref()?;
        let link = format!("/p/incident/{}", other.number);
        (format!("Incident {} {}", other.number, other.title), Some(link))
    };
    let reasons = shown.suspect.reasons.iter().take(REASONS_MAX).map(|reason| reason.words());
    Some(Changed {
        what: words::cut(&what, NAME_CHARS_MAX),
        link,
        why: reasons.collect::<Vec<_>>().join("; "),
        mark,
        at: reader.moment(shown.suspect.candidate.from),
    })
}
