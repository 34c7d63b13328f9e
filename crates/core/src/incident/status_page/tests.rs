use super::*;

fn t(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn service(n: u8) -> ServiceId {
    ServiceId::new(t("2026-11-01T00:00:00Z"), [n; 10])
}

fn component(name: &str, services: &[u8]) -> Component {
    Component {
        name: name.to_owned(),
        group: None,
        description: None,
        services: services.iter().map(|n| service(*n)).collect(),
    }
}

fn page() -> StatusPage {
    StatusPage {
        id: StatusPageId::new(t("2026-11-01T00:00:00Z"), [9; 10]),
        name: "public".to_owned(),
        slug: "public".to_owned(),
        title: "Shop".to_owned(),
        description: None,
        visibility: Visibility::Public,
        timezone: TimeZone::get("Europe/Berlin").unwrap(),
        shows: State::shown_by_default(),
        is_automatic: false,
        components: vec![
            component("Checkout", &[1, 2]),
            component("Search", &[3]),
            component("Mail", &[4]),
            component("Shop app", &[1, 3]),
        ],
    }
}

fn trouble(services: &[u8], level: u8, from: &str, to: Option<&str>) -> Trouble {
    Trouble {
        services: services.iter().map(|n| service(*n)).collect(),
        level: Level::new(level).unwrap(),
        from: t(from),
        to: to.map(t),
    }
}

#[test]
fn a_component_stands_as_badly_as_the_worst_of_its_services_and_no_worse() {
    let page = page();
    let troubles = [
        trouble(&[2], 3, "2026-11-21T10:00:00Z", None),
        trouble(&[1], 2, "2026-11-21T11:00:00Z", Some("2026-11-21T12:00:00Z")),
        trouble(&[3], 4, "2026-11-21T10:00:00Z", None),
    ];
    let work = [PlannedWork {
        services: vec![service(2), service(4)],
        from: t("2026-11-21T09:00:00Z"),
        to: t("2026-11-21T13:00:00Z"),
    }];
    let state =
        |at: usize, when: &str| page.state(&page.components[at], &troubles, &work, t(when)).name();
    assert_eq!(state(0, "2026-11-21T08:59:59Z"), "operational");
    assert_eq!(state(0, "2026-11-21T09:00:00Z"), "under_maintenance");
    assert_eq!(state(0, "2026-11-21T10:00:00Z"), "degraded", "trouble weighs more than work");
    assert_eq!(state(0, "2026-11-21T11:00:00Z"), "partial_outage");
    assert_eq!(state(0, "2026-11-21T12:00:00Z"), "degraded", "the worse of the two is over");
    assert_eq!(state(1, "2026-11-21T11:00:00Z"), "operational", "the level is not shown");
    assert_eq!(state(2, "2026-11-21T12:59:59Z"), "under_maintenance");
    assert_eq!(state(2, "2026-11-21T13:00:00Z"), "operational");
    assert_eq!(state(3, "2026-11-21T11:30:00Z"), "partial_outage", "one of several services");
}

#[test]
fn days_are_those_of_the_pages_zone_and_each_keeps_its_worst() {
    let page = page();
    // 23:30 in Berlin until 00:00 there: the day before only.
    let late = trouble(&[1], 2, "2026-11-19T22:30:00Z", Some("2026-11-19T23:00:00Z"));
    let over_midnight = trouble(&[2], 3, "2026-11-19T22:45:00Z", Some("2026-11-19T23:00:01Z"));
    let lasting = trouble(&[3], 1, "2026-11-20T12:00:00Z", None);
    let ancient = trouble(&[1], 1, "2026-01-01T00:00:00Z", Some("2026-08-24T22:30:00Z"));
    let troubles = [late, over_midnight, lasting, ancient];
    let now = t("2026-11-21T10:00:00Z");
    let days = |at: usize| page.days(&page.components[at], &troubles, &[], now);
    let checkout = days(0);
    assert_eq!(checkout.len(), 90);
    assert_eq!(checkout[89].date.to_string(), "2026-11-21");
    assert_eq!(checkout[0].date.to_string(), "2026-08-24");
    let bad = |days: &[Day]| -> Vec<(String, &str)> {
        let bad = days.iter().filter(|day| day.state != State::Operational);
        bad.map(|day| (day.date.to_string(), day.state.name())).collect()
    };
    let expected = [
        ("2026-08-24".to_owned(), "major_outage"),
        ("2026-08-25".to_owned(), "major_outage"),
        ("2026-11-19".to_owned(), "partial_outage"),
        ("2026-11-20".to_owned(), "degraded"),
    ];
    assert_eq!(bad(&checkout), expected);
    let lasting =
        [("2026-11-20".to_owned(), "major_outage"), ("2026-11-21".to_owned(), "major_outage")];
    assert_eq!(bad(&days(1)), lasting);
    let tomorrow = [PlannedWork {
        services: vec![service(4)],
        from: t("2026-11-22T00:00:00Z"),
        to: t("2026-11-22T01:00:00Z"),
    }];
    assert_eq!(bad(&page.days(&page.components[2], &[], &tomorrow, now)), []);
}

#[test]
fn a_title_that_nobody_chose_is_made_of_public_names() {
    let page = page();
    let title = |services: &[u8]| {
        let services: Vec<_> = services.iter().map(|n| service(*n)).collect();
        page.title_for(&services)
    };
    assert_eq!(title(&[2]), "Trouble with Checkout");
    assert_eq!(title(&[3]), "Trouble with Search and Shop app");
    assert_eq!(title(&[2, 3]), "Trouble with Checkout, Search and Shop app");
    assert_eq!(title(&[1, 3, 4]), "Trouble with Checkout, Search and 2 more");
    assert_eq!(title(&[8]), "Trouble with our services");
}

#[test]
fn the_three_worst_levels_are_shown_unless_a_page_says_otherwise() {
    let shown: Vec<_> = State::shown_by_default()
        .into_iter()
        .map(|(level, state)| (level.number(), state.name()))
        .collect();
    assert_eq!(shown, [(1, "major_outage"), (2, "partial_outage"), (3, "degraded")]);
}
