use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::action::Intent;
use super::*;
use crate::incident::lifecycle::Stamps;

const ANA: UserId = UserId(Uuid::from_u128(1));
const BO: UserId = UserId(Uuid::from_u128(2));
const SECOND: SignedDuration = SignedDuration::from_secs(1);

/// A timeline that is written into.
struct Page {
    incident: Incident,
    entries: Vec<Stored>,
    now: Timestamp,
}

fn began() -> Timestamp {
    "2026-11-21T03:00:00Z".parse().unwrap()
}

impl Page {
    fn new() -> Self {
        let stamps = Stamps { detected_at: Some(began()), ..Stamps::default() };
        let incident = Incident { stamps, ..crate::incident::lifecycle::tests::incident() };
        Self { incident, entries: Vec::new(), now: began() + SignedDuration::from_mins(10) }
    }

    fn book(&self) -> Book {
        Book::of(self.entries.clone())
    }

    fn asks(&self, ask: &Ask) -> Result<Option<Entry>, Refusal> {
        let ana = Actor::User { id: ANA, name: "ana".into() };
        entry(&self.incident, ask, &self.book(), &ana, self.now)
    }

    fn write(&mut self, ask: &Ask) -> EntryId {
        let entry = self.asks(ask).unwrap().unwrap();
        let id = EntryId(Uuid::from_u128(self.entries.len() as u128 + 1));
        self.entries.push(Stored { id, recorded_at: self.now, entry });
        self.now += SECOND;
        id
    }

    fn text(&self, id: EntryId) -> String {
        self.entries.iter().find(|stored| stored.id == id).unwrap().entry.text.clone()
    }

    fn warnings(&self, id: EntryId) -> Vec<String> {
        let stored = self.entries.iter().find(|stored| stored.id == id).unwrap();
        let warnings = stored.entry.data.get("warnings").and_then(Value::as_array);
        warnings.into_iter().flatten().map(|one| one.as_str().unwrap().to_owned()).collect()
    }
}

fn told(text: &str) -> Told {
    Told { text: text.into(), ..Told::default() }
}

fn note(text: &str) -> Ask {
    Ask::Write { what: What::Note, told: told(text) }
}

fn note_at(at: Timestamp) -> Ask {
    let told = Told { at: Some(at), approximate: true, ..told("it was slow before") };
    Ask::Write { what: What::Note, told }
}

#[test]
fn an_entry_lies_at_most_at_this_instant_and_at_most_seven_days_before_the_incident() {
    let page = Page::new();
    let written = page.asks(&note_at(page.now)).unwrap().unwrap();
    assert_eq!((written.at, written.data["approximate"].as_bool()), (page.now, Some(true)));
    assert_eq!(page.asks(&note_at(page.now + SECOND)), Err(Refusal::Future));
    let micro = SignedDuration::from_micros(1);
    assert_eq!(page.asks(&note_at(page.now + micro)), Err(Refusal::Future));

    let earliest = began() - BEFORE_THE_INCIDENT_MAX;
    assert_eq!(page.asks(&note_at(earliest)).unwrap().unwrap().at, earliest);
    assert_eq!(page.asks(&note_at(earliest - SECOND)), Err(Refusal::LongBefore));
}

#[test]
fn the_bound_counts_from_when_the_trouble_occurred() {
    let mut page = Page::new();
    let occurred = began() - SignedDuration::from_hours(24 * 30);
    page.incident.stamps.occurred_at = Some(occurred);
    assert!(page.asks(&note_at(occurred - BEFORE_THE_INCIDENT_MAX)).is_ok());
    assert_eq!(
        page.asks(&note_at(occurred - BEFORE_THE_INCIDENT_MAX - SECOND)),
        Err(Refusal::LongBefore)
    );
}

#[test]
fn late_is_what_is_written_down_more_than_a_minute_after_it_happened() {
    let at = began();
    assert!(!is_late(Kind::Note, at, at + LATE_AFTER));
    assert!(is_late(Kind::Note, at, at + LATE_AFTER + SECOND));
    assert!(!is_late(Kind::Paged, at, at + LATE_AFTER + SECOND));
}

#[test]
fn nothing_is_no_entry_and_too_much_is_said_to_be_too_much() {
    let page = Page::new();
    assert_eq!(page.asks(&note("  \n")), Err(Refusal::Empty { field: "text" }));
    assert!(page.asks(&note(&"é".repeat(TEXT_CHARS_MAX))).is_ok());
    let refused = page.asks(&note(&"é".repeat(TEXT_CHARS_MAX + 1)));
    assert_eq!(refused, Err(Refusal::TooLong { field: "text", chars_max: TEXT_CHARS_MAX }));
    let contact = What::Contact { customer: " ".into(), reference: None };
    let asked = page.asks(&Ask::Write { what: contact, told: told("they cannot pay") });
    assert_eq!(asked, Err(Refusal::Empty { field: "customer" }));
}

#[test]
fn evidence_needs_something_to_see_and_a_link_opens_a_page() {
    let page = Page::new();
    let shows = |link: Option<&str>| {
        let what = What::Evidence { link: link.map(ToOwned::to_owned), attachment: None };
        page.asks(&Ask::Write { what, told: told("the error rate") })
    };
    assert_eq!(shows(None), Err(Refusal::NothingToSee));
    for link in ["javascript:alert(1)", "data:text/html,x", "//example.com", "https://a b"] {
        assert_eq!(shows(Some(link)), Err(Refusal::NoLink), "{link}");
    }
    let entry = shows(Some("https://graphs.example.com/1?x=2")).unwrap().unwrap();
    assert_eq!(entry.data["link"], "https://graphs.example.com/1?x=2");
}

#[test]
fn a_correction_keeps_the_original_and_a_correction_of_it_is_one_of_the_original() {
    let mut page = Page::new();
    let first = page.write(&note("Restarted the dB"));
    let right = |text: &str| Change { text: Some(text.into()), ..Change::default() };
    let change = Change { at: Some(began()), ..right("Restarted the database") };
    let second = page.write(&Ask::Correct { entry: first, change });
    assert_eq!(page.text(second), "Corrected “Restarted the dB” to: Restarted the database");
    let third = page.write(&Ask::Correct { entry: second, change: right("Restarted db-1") });
    assert_eq!(page.text(third), "Corrected “Restarted the database” to: Restarted db-1");

    let book = page.book();
    let original = book.entry(first).unwrap();
    assert_eq!(original.entry.text, "Restarted the dB");
    let reading = book.as_it_stands(original);
    assert_eq!((reading.text, reading.at), ("Restarted db-1", began()));
    assert_eq!(book.corrections(first).len(), 2);

    let same = Ask::Correct { entry: first, change: right("Restarted db-1") };
    assert_eq!(page.asks(&same), Err(Refusal::NothingWrong));
    let later = Change { at: Some(page.now + SECOND), ..Change::default() };
    assert_eq!(page.asks(&Ask::Correct { entry: first, change: later }), Err(Refusal::Future));
    let nobody = EntryId(Uuid::from_u128(99));
    let unknown = Ask::Correct { entry: nobody, change: right("x") };
    assert_eq!(page.asks(&unknown), Err(Refusal::NoSuchEntry));
}

#[test]
fn what_muster_wrote_is_pinned_but_not_corrected() {
    let mut page = Page::new();
    let id = EntryId(Uuid::from_u128(50));
    let entry = Entry::new(began(), Kind::Paged, Actor::System, "Paged ana");
    page.entries.push(Stored { id, recorded_at: began(), entry });
    let change = Change { text: Some("Paged bo".into()), ..Change::default() };
    assert_eq!(page.asks(&Ask::Correct { entry: id, change }), Err(Refusal::NotWritten));
    assert_eq!(page.asks(&Ask::Unpin { entry: id }), Ok(None));
    let pinned = page.asks(&Ask::Pin { entry: id }).unwrap().unwrap();
    assert_eq!((pinned.kind, pinned.text.as_str()), (Kind::Pinned, "Pinned “Paged ana”"));
}

#[test]
fn pinning_twice_is_no_news() {
    let mut page = Page::new();
    let entry = page.write(&note("Customers see errors"));
    page.write(&Ask::Pin { entry });
    assert!(page.book().is_pinned(entry));
    assert_eq!(page.asks(&Ask::Pin { entry }), Ok(None));
    page.write(&Ask::Unpin { entry });
    assert!(!page.book().is_pinned(entry));
    page.write(&Ask::Pin { entry });
    assert!(page.book().is_pinned(entry));
}

#[test]
fn a_hypothesis_is_assigned_explored_abandoned_taken_up_and_confirmed() {
    use super::hypothesis::{State, Step};
    let mut page = Page::new();
    let hypothesis = page.write(&Ask::Suppose { assignee: None, told: told("the disk is full") });
    let go_on = |step: Step, text: &str| Ask::Pursue { hypothesis, step, told: told(text) };
    let state = |page: &Page| page.book().hypothesis(hypothesis).unwrap().state;
    assert_eq!(state(&page), State::Open);

    let to_bo = Step::Assign(Some((BO, "bo".into())));
    let assigned = page.write(&go_on(to_bo.clone(), ""));
    assert_eq!(page.text(assigned), "bo looks into “the disk is full”");
    assert_eq!(page.asks(&go_on(to_bo.clone(), "")), Ok(None));
    page.write(&go_on(Step::Move(State::Explored), ""));
    let abandoned = page.write(&go_on(Step::Move(State::Abandoned), "40 % free"));
    assert_eq!(page.text(abandoned), "Abandoned “the disk is full”: 40 % free");
    let refused = Refusal::HypothesisIs { is: "abandoned", wanted: "assigned" };
    let to_ana = Step::Assign(Some((ANA, "ana".into())));
    assert_eq!(page.asks(&go_on(to_ana, "")), Err(refused));

    page.write(&go_on(Step::Move(State::Open), ""));
    page.write(&go_on(Step::Move(State::Confirmed), "inodes, not bytes"));
    let book = page.book();
    let one = book.hypothesis(hypothesis).unwrap();
    assert_eq!((one.state, one.found.as_deref()), (State::Confirmed, Some("inodes, not bytes")));
    assert_eq!(one.assignee, Some((Some(BO), "bo".into())));
    let elsewhere = EntryId(Uuid::from_u128(99));
    let unknown =
        Ask::Pursue { hypothesis: elsewhere, step: Step::Move(State::Open), told: told("") };
    assert_eq!(page.asks(&unknown), Err(Refusal::NoSuchEntry));
}

fn whole(major: bool) -> Intent {
    Intent {
        why: Some("it leaks".into()),
        expected: Some("memory falls".into()),
        undo: Some("start the old one".into()),
        major,
        ..Intent::default()
    }
}

#[test]
fn two_major_changes_at_once_are_warned_about_and_not_refused() {
    use super::action::{State, Step};
    let mut page = Page::new();
    let act = |text: &str, intent: Intent| Ask::Act { intent, told: told(text) };
    let first = page.write(&act("fail over", whole(true)));
    assert!(page.warnings(first).is_empty());
    let small = page.write(&act("clear the cache", whole(false)));
    assert!(page.warnings(small).is_empty());
    let planned = Intent { planned: true, ..whole(true) };
    let meant = page.write(&act("roll back", planned));
    assert!(page.warnings(meant).is_empty());

    let second = page.write(&act("restart all", whole(true)));
    let warned = ["another major change is under way: “fail over” by ana"];
    assert_eq!(page.warnings(second), warned);
    page.write(&Ask::Proceed { action: second, step: Step::Undo, told: told("no use") });
    let begun = page.write(&Ask::Proceed { action: meant, step: Step::Begin, told: told("") });
    assert_eq!(page.warnings(begun), warned);

    page.write(&Ask::Proceed { action: first, step: Step::Finish, told: told("it is up") });
    page.write(&Ask::Proceed { action: meant, step: Step::Finish, told: told("still slow") });
    let third = page.write(&act("rebuild", whole(true)));
    assert!(page.warnings(third).is_empty());
    let book = page.book();
    assert_eq!(book.action(second).unwrap().state, State::Undone);
    let done = book.action(first).unwrap();
    assert_eq!((done.state, done.actual.as_deref()), (State::Done, Some("it is up")));
    assert!(done.begun_at.is_some() && done.ended_at > done.begun_at);
}

#[test]
fn an_action_without_intent_is_taken_down_with_what_is_missing() {
    let mut page = Page::new();
    let bare = page.write(&Ask::Act { intent: Intent::default(), told: told("restarted it") });
    let asked = [
        "say why it is done",
        "say what you expect of it",
        "say how to undo it, or that it is irreversible",
    ];
    assert_eq!(page.warnings(bare), asked);
    let step = action::Step::Finish;
    let done = page.write(&Ask::Proceed { action: bare, step, told: told("") });
    assert_eq!(page.warnings(done), ["say what came of it"]);
    let known = page.write(&Ask::Proceed { action: bare, step, told: told("it came back") });
    assert!(page.warnings(known).is_empty());
    assert_eq!(page.book().action(bare).unwrap().actual.as_deref(), Some("it came back"));
}

#[test]
fn what_is_irreversible_has_no_way_back() {
    use super::action::Step;
    let mut page = Page::new();
    let both = Intent { irreversible: true, ..whole(false) };
    let drop_table = |intent| Ask::Act { intent, told: told("drop the table") };
    assert_eq!(page.asks(&drop_table(both)), Err(Refusal::UndoneAndIrreversible));
    let intent = Intent { irreversible: true, undo: None, ..whole(false) };
    let action = page.write(&drop_table(intent));
    let undo = Ask::Proceed { action, step: Step::Undo, told: told("") };
    assert_eq!(page.asks(&undo), Err(Refusal::Irreversible));
    let begin = Ask::Proceed { action, step: Step::Drop, told: told("") };
    let refused = Refusal::ActionIs { is: "under way", wanted: "dropped" };
    assert_eq!(page.asks(&begin), Err(refused));
}

#[test]
fn entries_that_make_no_sense_are_passed_by() {
    let entry = |kind, of: &str| Entry::new(began(), kind, Actor::System, "x").with("of", of);
    let stored =
        |n: u128, entry| Stored { id: EntryId(Uuid::from_u128(n)), recorded_at: began(), entry };
    let nobody = EntryId(Uuid::from_u128(99)).to_string();
    let book = Book::of([
        stored(1, entry(Kind::Pinned, "nonsense")),
        stored(2, entry(Kind::HypothesisMoved, &nobody).with("state", "burnt")),
        stored(3, entry(Kind::ActionMoved, &nobody).with("state", "done")),
        stored(4, entry(Kind::Corrected, &nobody).with("at", "yesterday")),
    ]);
    assert_eq!((book.hypotheses().count(), book.actions().count()), (0, 0));
    assert_eq!(book.corrections(EntryId(Uuid::from_u128(99)))[0].at, None);
    assert_eq!(book.meant(EntryId(Uuid::from_u128(1))), None);
}
