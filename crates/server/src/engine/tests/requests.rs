//! Several people, on several nodes, take the same shift at the same moment.

use jiff::Timestamp;
use muster_core::id::UserId;
use muster_core::oncall::cover::{Event, Span, State, WrongMove};
use muster_core::oncall::schedule::on_call_at;
use muster_store::Engine;
use muster_store::oncall::request as store_request;
use muster_store::testing::fresh;

use super::world::World;
use crate::app::oncall::NotPlanned;
use crate::app::oncall::request::Ask;

const CLEO: &str = r"  - { name: cleo, full_name: Cleo Marsh, email: cleo@example.com, role: responder }
teams:
";
const ROTA: &str = r#"schedules:
  - name: daily
    team: payments
    timezone: Europe/Berlin
    layers:
      - name: days
        rotation: { every: 1d, handoff: "09:00", start: 2026-01-01, participants: [ana, bo, cleo] }
"#;

fn user(world: &World, name: &str) -> UserId {
    world.app.snapshot().directory.users.named(name).expect("they are here").id
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_who_accept_on_two_nodes_at_once_exactly_one_has_the_shift() {
    const RACES: i64 = 20;
    let fresh = fresh(Engine::Postgres).await;
    let one = World::with(fresh.db.clone(), |text| {
        text.replacen("schedules:\n", ROTA, 1).replacen("teams:\n", CLEO, 1)
    })
    .await;
    let two = one.another_node(fresh.open_again().await).await;
    let names = ["ana", "bo", "cleo"];
    for race in 0..RACES {
        let schedule = one.app.snapshot().directory.schedules.named("daily").unwrap().clone();
        let begin: Timestamp = "2027-01-04T12:00:00Z".parse().unwrap();
        let begin = begin + jiff::SignedDuration::from_hours(24 * race);
        let holder = on_call_at(&schedule, begin)[0].user;
        let asked: Vec<_> = names.iter().filter(|name| user(&one, name) != holder).collect();
        let ask = Ask {
            schedule: schedule.id,
            requester: holder,
            shift: Span { from: begin, to: begin + jiff::SignedDuration::from_hours(4) },
            in_return: None,
            asked: asked.iter().map(|name| user(&one, name)).collect(),
            reason: String::new(),
            absence: None,
        };
        let system = muster_core::incident::timeline::Actor::System;
        let request = one.app.ask_cover(ask, &system).await.unwrap();
        let by = |place: usize| Event::Accept { by: user(&one, asked[place]) };
        let (first, second) = (one.actor(asked[0]), two.actor(asked[1]));
        let (here, there) = tokio::join!(
            one.app.move_request(request.id, by(0), &first),
            two.app.move_request(request.id, by(1), &second),
        );
        let (won, lost) = match (here, there) {
            (Ok(won), Err(lost)) | (Err(lost), Ok(won)) => (won, lost),
            (here, there) => panic!("race {race}: {here:?}, {there:?}"),
        };
        assert!(matches!(lost, NotPlanned::Request(WrongMove::Settled(State::Accepted))));
        assert_eq!(lost.to_string(), "this request is accepted already");
        let stored = store_request::get(&fresh.db, request.id).await.unwrap().unwrap();
        assert_eq!((stored.state, stored.accepted_by), (State::Accepted, won.accepted_by));
        for world in [&one, &two] {
            world.app.refresh().await.unwrap();
            let plan = world.app.snapshot();
            let daily = plan.directory.schedules.named("daily").unwrap();
            let present: Vec<_> = on_call_at(daily, begin).iter().map(|it| it.user).collect();
            assert_eq!(present, won.accepted_by.into_iter().collect::<Vec<_>>(), "race {race}");
        }
    }
}
