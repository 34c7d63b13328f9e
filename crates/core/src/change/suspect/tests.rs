use super::*;
use crate::id::PolicyId;
use crate::org::directory::Table;
use crate::org::service::Service;
use proptest::prelude::*;

const BACK: SignedDuration = SignedDuration::from_hours(24);

fn id(number: u128) -> ServiceId {
    ServiceId(Uuid::from_u128(number))
}

fn t(minute: i64) -> Timestamp {
    Timestamp::from_second(1_760_000_000 + 60 * minute).unwrap()
}

/// A chain in which each service needs the next: 1 -> 2 -> ... -> 9.
fn chain() -> Directory {
    let services = (1..=9_u128).map(|number| Service {
        depends_on: if number < 9 { vec![id(number + 1)] } else { vec![] },
        ..Service::new(id(number), format!("s{number}"), PolicyId(Uuid::nil()))
    });
    Directory { services: Table::new(services.collect()), ..Directory::default() }
}

fn candidate(key: u128, service: u128, minute: i64) -> Candidate {
    Candidate {
        source: Source::Event,
        key: Uuid::from_u128(key),
        service: id(service),
        from: t(minute),
        to: Some(t(minute)),
        went_wrong: false,
        caused: 0,
        has_begun: true,
    }
}

fn candidates() -> impl Strategy<Value = Vec<Candidate>> {
    let one = (1..12_u128, 0..1_500_i64, 0..90_i64, any::<bool>(), 0..6_u32, any::<bool>());
    let one = one.prop_map(|(service, minute, length, went_wrong, caused, ends)| Candidate {
        to: ends.then(|| t(minute + length)),
        went_wrong,
        caused,
        ..candidate(0, service, minute)
    });
    prop::collection::vec(one, 0..40).prop_map(|mut all| {
        for (key, one) in (1_u128..).zip(&mut all) {
            one.key = Uuid::from_u128(key);
        }
        all
    })
}

proptest! {
    #[test]
    fn the_order_is_total_and_does_not_hang_on_how_candidates_are_given(all in candidates()) {
        let around = Surroundings::of(&chain(), id(4));
        let ranked = rank(&around, t(1_440), BACK, all.clone());
        prop_assert_eq!(&ranked, &rank(&around, t(1_440), BACK, all.into_iter().rev()));
        prop_assert!(ranked.is_sorted_by(|a, b| a.points >= b.points));
        for one in &ranked {
            prop_assert!(one.candidate.from <= t(1_440) && one.reasons.len() >= 2);
        }
    }

    #[test]
    fn what_ended_longer_before_is_never_more_suspicious(
        one in candidates(), earlier in 1..600_i64,
    ) {
        let around = Surroundings::of(&chain(), id(4));
        for one in one {
            let Some(to) = one.to else { continue };
            let by = SignedDuration::from_mins(earlier);
            let before = Candidate { from: one.from - by, to: Some(to - by), ..one };
            let points = |one| rank(&around, t(1_600), BACK * 9, [one]).first().map(|s| s.points);
            prop_assert!(points(before) <= points(one));
        }
    }

    #[test]
    fn what_is_further_away_on_one_side_is_never_more_suspicious(
        minute in 0..1_440_i64, near in 0..4_u128, further in 1..3_u128,
    ) {
        // No blast: it grows with the distance upstream, and is a reason of its own.
        let around = Surroundings { blast: HashMap::new(), ..Surroundings::of(&chain(), id(4)) };
        let points = |service: u128| {
            rank(&around, t(1_440), BACK, [candidate(1, service, minute)]).first().map(|s| s.points)
        };
        let upstream = (points(4 + near), points(4 + near + further));
        prop_assert!(upstream.1 <= upstream.0, "{upstream:?}");
        let downstream = (points(4 - near.min(2)), points(4 - (near.min(2) + 1)));
        prop_assert!(downstream.1 <= downstream.0, "{downstream:?}");
    }
}

#[test]
fn the_last_deploy_of_the_service_itself_stands_first_and_says_why() {
    let around = Surroundings::of(&chain(), id(4));
    let all = [
        candidate(1, 4, 1_000),
        candidate(2, 5, 1_436),
        candidate(3, 4, 1_436),
        candidate(4, 3, 1_438),
        candidate(5, 11, 1_439),
        candidate(6, 4, 1_441),
    ];
    let ranked = rank(&around, t(1_440), BACK, all);
    let keys: Vec<_> = ranked.iter().map(|one| one.candidate.key.as_u128()).collect();
    assert_eq!(keys, [3, 2, 4, 1], "what came after or stands alone is no suspect");
    let words: Vec<_> = ranked[1].reasons.iter().map(|reason| reason.words()).collect();
    assert_eq!(
        words,
        [
            "it ended 4m before",
            "the service needs it, 1 step away",
            "4 services need what it touched"
        ]
    );
}

#[test]
fn going_wrong_and_having_been_a_cause_tell_two_alike_apart() {
    let around = Surroundings::of(&chain(), id(4));
    let plain = candidate(1, 4, 1_400);
    let failed = Candidate { went_wrong: true, ..candidate(2, 4, 1_400) };
    let usual = Candidate { caused: 3, ..candidate(3, 4, 1_400) };
    let ranked = rank(&around, t(1_440), BACK, [plain, failed, usual]);
    let keys: Vec<_> = ranked.iter().map(|one| one.candidate.key.as_u128()).collect();
    assert_eq!(keys, [3, 2, 1]);
}

#[test]
fn what_was_planned_for_then_is_a_weaker_suspect_and_may_have_been_begun_early() {
    let around = Surroundings::of(&chain(), id(4));
    let planned = |key, from, to| Candidate {
        source: Source::Planned,
        to: Some(t(to)),
        has_begun: false,
        ..candidate(key, 4, from)
    };
    let under_way = Candidate { to: None, ..candidate(1, 4, 1_430) };
    let all =
        [planned(2, 1_430, 1_500), under_way, planned(3, 1_450, 1_500), planned(4, 1_456, 1_500)];
    let ranked = rank(&around, t(1_440), BACK, all);
    let keys: Vec<_> = ranked.iter().map(|one| one.candidate.key.as_u128()).collect();
    assert_eq!(keys, [1, 3, 2], "a quarter of an hour early is as early as people are");
    assert_eq!(
        ranked[1].reasons[0].words(),
        "it was planned for then, and nobody said that it began"
    );
}

#[test]
fn what_touched_several_services_stands_once_by_the_nearest() {
    let around = Surroundings::of(&chain(), id(4));
    let ranked =
        rank(&around, t(1_440), BACK, [6, 4, 5].map(|service| candidate(1, service, 1_430)));
    let services: Vec<_> = ranked.iter().map(|one| one.candidate.service).collect();
    assert_eq!(services, [id(4)]);
}
