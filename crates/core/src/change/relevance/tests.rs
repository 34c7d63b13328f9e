//! Who hears of a change to what their services need, and when: the edges of 24 hours, of the reader's
//! day and of the days on which clocks change.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use uuid::Uuid;

use super::*;
use crate::id::{NotificationListId, PolicyId};
use crate::org::directory::Table;
use crate::org::service::Service;
use crate::org::team::Team;

const LEDGER: ServiceId = ServiceId(Uuid::from_u128(1));
const CHECKOUT: ServiceId = ServiceId(Uuid::from_u128(2));
const SHOP: ServiceId = ServiceId(Uuid::from_u128(3));
const ALONE: ServiceId = ServiceId(Uuid::from_u128(4));
const ANA: UserId = UserId(Uuid::from_u128(11));
const BO: UserId = UserId(Uuid::from_u128(12));
const CLEO: UserId = UserId(Uuid::from_u128(13));
const DAN: UserId = UserId(Uuid::from_u128(14));

fn t(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).unwrap()
}

/// In Berlin, by somebody who wants a digest and has had none.
fn told(touches_at: &str, now: &str) -> Telling {
    telling(Wish::Digest, Some(t(touches_at)), None, &zone("Europe/Berlin"), t(now))
}

#[test]
fn exactly_24_hours_before_is_told_at_once_and_a_moment_more_waits_for_the_morning() {
    let now = "2026-06-01T10:00:00Z";
    assert_eq!(told("2026-06-02T10:00:00Z", now), Telling::AtOnce);
    let morning = Telling::Digest(t("2026-06-02T06:00:00Z"));
    assert_eq!(told("2026-06-02T10:00:00.000001Z", now), morning);
    assert_eq!(told("2026-05-31T10:00:00Z", now), Telling::AtOnce, "it began already");
    let berlin = zone("Europe/Berlin");
    assert_eq!(telling(Wish::Digest, None, None, &berlin, t(now)), morning, "it has no time");
}

#[test]
fn who_wants_nothing_hears_nothing_and_who_wants_all_hears_it_at_once() {
    let berlin = zone("Europe/Berlin");
    let (soon, now) = (t("2026-06-01T11:00:00Z"), t("2026-06-01T10:00:00Z"));
    assert_eq!(telling(Wish::Off, Some(soon), None, &berlin, now), Telling::Nothing);
    let later = t("2026-06-21T11:00:00Z");
    assert_eq!(telling(Wish::AtOnce, Some(later), None, &berlin, now), Telling::AtOnce);
}

#[test]
fn the_digest_comes_at_eight_by_the_readers_clock_and_once_a_day_of_theirs() {
    let berlin = zone("Europe/Berlin");
    let eight = t("2026-06-01T06:00:00Z");
    assert_eq!(digest_at(None, &berlin, t("2026-06-01T05:59:59Z")), eight);
    assert_eq!(digest_at(None, &berlin, eight), t("2026-06-02T06:00:00Z"), "eight is over");
    // One that came late in the day is that day's.
    let late = t("2026-06-01T21:59:59Z");
    assert_eq!(digest_at(Some(late), &berlin, late), t("2026-06-02T06:00:00Z"));
    // Two hours later by UTC it is the next day in Berlin: that had none.
    let next_day = t("2026-06-01T22:00:00Z");
    assert!(had_one_today(Some(late), &berlin, late));
    assert!(!had_one_today(Some(late), &berlin, next_day));
    assert!(had_one_today(Some(late), &zone("America/New_York"), next_day), "there it is one day");
    // Who had one before breakfast in Tokyo and lands in Los Angeles on the same date waits for the
    // next date.
    let tokyo = t("2026-06-01T23:00:00Z");
    let angeles = zone("America/Los_Angeles");
    assert_eq!(
        digest_at(Some(tokyo), &angeles, t("2026-06-02T00:00:00Z")),
        t("2026-06-02T15:00:00Z")
    );
    assert_eq!(digest_at(Some(tokyo), &zone("Asia/Tokyo"), tokyo), t("2026-06-02T23:00:00Z"));
}

#[test]
fn on_the_day_on_which_clocks_change_the_digest_stays_at_eight_and_nothing_begins_before_it() {
    let berlin = zone("Europe/Berlin");
    // The night to 25 October 2026 has an hour more: from eight to eight are 25 hours.
    let saturday = t("2026-10-24T06:00:00Z");
    let sunday = t("2026-10-25T07:00:00Z");
    assert_eq!(digest_at(None, &berlin, saturday), sunday);
    let between = "2026-10-25T06:30:00Z";
    assert_eq!(told(between, "2026-10-24T06:00:00Z"), Telling::AtOnce, "24.5 hours, before eight");
    assert_eq!(
        told("2026-10-25T07:00:00Z", "2026-10-24T06:00:00Z"),
        Telling::AtOnce,
        "as it comes"
    );
    assert_eq!(told("2026-10-25T07:00:01Z", "2026-10-24T06:00:00Z"), Telling::Digest(sunday));
    // The night to 29 March 2026 has an hour less: 24 hours are soon although eight is sooner.
    assert_eq!(digest_at(None, &berlin, t("2026-03-28T07:00:00Z")), t("2026-03-29T06:00:00Z"));
    assert_eq!(told("2026-03-29T06:30:00Z", "2026-03-28T07:00:00Z"), Telling::AtOnce);
    assert_eq!(
        told("2026-03-29T07:00:01Z", "2026-03-28T07:00:00Z"),
        Telling::Digest(t("2026-03-29T06:00:00Z"))
    );
}

fn service(id: ServiceId, name: &str, team: Option<u128>, needs: &[ServiceId]) -> Service {
    let service = Service::new(id, name, PolicyId(Uuid::nil()));
    let team = team.map(|number| TeamId(Uuid::from_u128(number)));
    Service { team, depends_on: needs.to_vec(), ..service }
}

fn list(service: ServiceId, name: &str, subscribers: &[UserId]) -> NotificationList {
    NotificationList {
        id: NotificationListId(service.0),
        name: list_name(name),
        services: vec![service],
        core: Vec::new(),
        subscribers: subscribers.to_vec(),
        upstream: false,
        downstream: false,
        restricted: None,
        wording: None,
    }
}

/// The shop needs the checkout, which needs the ledger, which needs the shop.
fn directory() -> Directory {
    let team = |number, name: &str, manager, members: &[UserId]| Team {
        id: TeamId(Uuid::from_u128(number)),
        name: name.to_owned(),
        manager,
        members: members.to_vec(),
    };
    Directory {
        services: Table::new(vec![
            service(LEDGER, "ledger", None, &[SHOP]),
            service(CHECKOUT, "checkout", Some(1), &[LEDGER]),
            service(SHOP, "shop", Some(2), &[CHECKOUT]),
            service(ALONE, "alone", Some(2), &[]),
        ]),
        teams: Table::new(vec![
            team(1, "payments", Some(BO), &[ANA]),
            team(2, "web", None, &[ANA, CLEO]),
        ]),
        change_lists: Table::new(vec![
            list(LEDGER, "ledger", &[DAN]),
            list(CHECKOUT, "checkout", &[]),
            list(SHOP, "shop", &[DAN, BO]),
        ]),
        ..Directory::default()
    }
}

#[test]
fn whoever_answers_for_what_needs_the_changed_one_is_touched_once_by_the_shortest_way() {
    let directory = directory();
    let at = t("2026-06-01T10:00:00Z");
    let found = readers(&directory, &[LEDGER], at, &BTreeSet::new());
    let payments = Because::Team(TeamId(Uuid::from_u128(1)));
    let web = Because::Team(TeamId(Uuid::from_u128(2)));
    let near = vec![CHECKOUT, LEDGER];
    let far = vec![SHOP, CHECKOUT, LEDGER];
    let reader = |user, because, path: &[ServiceId]| Reader { user, because, path: path.to_vec() };
    assert_eq!(
        found,
        [
            reader(ANA, payments, &near),
            reader(BO, payments, &near),
            reader(DAN, Because::Subscribed, &far),
            reader(CLEO, web, &far),
        ]
    );
    // Whoever hears of it anyhow is no neighbour, and neither is what is changed along with it.
    let found = readers(&directory, &[LEDGER, CHECKOUT], at, &BTreeSet::from([ANA, DAN]));
    let users: Vec<_> = found.iter().map(|one| (one.user, one.path.clone())).collect();
    assert_eq!(users, [(BO, vec![SHOP, CHECKOUT]), (CLEO, vec![SHOP, CHECKOUT])]);
    assert_eq!(readers(&directory, &[ALONE], at, &BTreeSet::new()), []);
}

#[test]
fn the_list_of_a_service_has_its_name_and_is_found_by_it() {
    assert_eq!(list_name("ledger-db"), "ledger-db-change-notify");
    assert_eq!(service_in("ledger-db-change-notify"), Some("ledger-db"));
    assert_eq!(service_in("-change-notify"), None);
    assert_eq!(service_in("ledger-db-notify"), None);
    let directory = directory();
    let found = lists(&directory, [SHOP, LEDGER, SHOP].into_iter());
    let names: Vec<_> = found.iter().map(|list| list.name.as_str()).collect();
    assert_eq!(names, ["ledger-change-notify", "shop-change-notify"]);
}

#[test]
fn what_takes_back_an_announcement_is_news_to_neighbours_only_after_it() {
    assert!(News::Scheduled.is_for_neighbours(false) && News::Scheduled.is_for_neighbours(true));
    assert!(News::Moved.is_for_neighbours(true) && !News::Moved.is_for_neighbours(false));
    assert!(News::Started.is_for_neighbours(false), "a fix that nobody heard of before");
    assert!(!News::Started.is_for_neighbours(true) && !News::Finished.is_for_neighbours(true));
}
