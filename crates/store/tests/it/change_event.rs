//! Change events in the store: reports fold into one, deliveries are known again, and what is found
//! is found by an index.

use jiff::{SignedDuration, Timestamp};
use muster_core::change::event::{Kind, Progress, State, What};
use muster_core::id::{ChangeEventId, IntegrationId, ServiceId};
use muster_store::change::event::{self, Filter, NewReport, Recorded};
use muster_store::testing::on_both_engines;
use muster_store::{Db, Lane};
use uuid::Uuid;

const INTEGRATION: IntegrationId = IntegrationId(Uuid::from_u128(7));

fn t(minute: i64) -> Timestamp {
    Timestamp::from_second(1_760_000_000 + 60 * minute).unwrap()
}

fn report(key: &str, service: u128, state: State, at: i64) -> NewReport {
    let ended_at = (state != State::Started).then(|| t(at));
    NewReport {
        id: ChangeEventId::new(t(at), [u8::try_from(service).unwrap(); 10]),
        service: ServiceId(Uuid::from_u128(service)),
        integration: Some(INTEGRATION),
        source: "github",
        key: key.to_owned(),
        progress: Progress { state, started_at: t(at), ended_at },
        what: What::new(Kind::Deploy, format!("{key} {}", state.name())),
    }
}

async fn record(db: &Db, report: &NewReport) -> Recorded {
    let mut tx = db.begin(Lane::Command).await.unwrap();
    let recorded = event::record(&mut tx, report, t(0)).await.unwrap();
    tx.commit().await.unwrap();
    recorded
}

#[tokio::test]
async fn reports_of_one_change_fold_into_one_event_for_each_service() {
    on_both_engines(async |db| {
        let started = report("d1", 1, State::Started, 1);
        assert_eq!(record(&db, &started).await, Recorded::New(started.id));
        let other = report("d1", 2, State::Started, 1);
        assert_eq!(record(&db, &other).await, Recorded::New(other.id));
        let succeeded = report("d1", 1, State::Succeeded, 5);
        assert_eq!(record(&db, &succeeded).await, Recorded::Changed(started.id));
        assert_eq!(record(&db, &succeeded).await, Recorded::Known(started.id));
        let row = event::get(&db, started.id).await.unwrap().unwrap();
        let folded = row.progress().unwrap();
        assert_eq!((folded.state, folded.started_at), (State::Succeeded, t(1)));
        assert_eq!(folded.ended_at, Some(t(5)));
        assert_eq!(row.summary, "d1 started", "what was said first stands");
        let by_hand = NewReport { integration: None, ..report("x", 1, State::Succeeded, 9) };
        assert_eq!(record(&db, &by_hand).await, Recorded::New(by_hand.id));
    })
    .await;
}

#[tokio::test]
async fn events_are_listed_by_service_kind_and_time_and_forgotten() {
    on_both_engines(async |db| {
        for minute in 0..6 {
            record(&db, &report(&format!("d{minute}"), 1, State::Succeeded, minute)).await;
        }
        let all = event::list(&db, &Filter::default(), 10).await.unwrap();
        let begun: Vec<_> = all.iter().map(|row| row.summary.as_str()).collect();
        assert_eq!(begun[..2], ["d5 succeeded", "d4 succeeded"]);
        let narrow = Filter {
            services: vec![ServiceId(Uuid::from_u128(1))],
            kinds: vec![Kind::Deploy],
            from: Some(t(1)),
            to: Some(t(4)),
            after: Some((all[2].started_at, ChangeEventId(all[2].id))),
        };
        let found = event::list(&db, &narrow, 10).await.unwrap();
        let found: Vec<_> = found.iter().map(|row| row.summary.as_str()).collect();
        assert_eq!(found, ["d2 succeeded", "d1 succeeded"]);
        let none = Filter { kinds: vec![Kind::Flag], ..Filter::default() };
        assert!(event::list(&db, &none, 10).await.unwrap().is_empty());

        let mut tx = db.begin(Lane::Cleanup).await.unwrap();
        assert_eq!(event::forget(&mut tx, t(2), 10).await.unwrap(), 2);
        assert!(event::note_delivery(&mut tx, INTEGRATION, "a", t(0)).await.unwrap());
        assert!(!event::note_delivery(&mut tx, INTEGRATION, "a", t(1)).await.unwrap());
        let later = t(0) + SignedDuration::from_secs(1);
        assert_eq!(event::forget_deliveries(&mut tx, later, 10).await.unwrap(), 1);
        assert!(event::note_delivery(&mut tx, INTEGRATION, "a", t(1)).await.unwrap());
        tx.commit().await.unwrap();
        assert_eq!(event::list(&db, &Filter::default(), 10).await.unwrap().len(), 4);
    })
    .await;
}
