//! One holder at a time, and a stale fence changes nothing.

use jiff::{SignedDuration, Timestamp};
use muster_store::testing::on_both_engines;
use muster_store::{Db, Lane, lease};
use uuid::Uuid;

use crate::t;

const ANA: Uuid = Uuid::from_u128(1);
const BO: Uuid = Uuid::from_u128(2);
const TTL: SignedDuration = SignedDuration::from_secs(10);

#[tokio::test]
async fn only_one_of_two_nodes_gets_the_lease() {
    on_both_engines(async |db| {
        let now = t("2026-11-21T03:00:00Z");
        let (ana, bo) = tokio::join!(claim(&db, ANA, now), claim(&db, BO, now));
        assert_eq!([ana, bo].iter().flatten().count(), 1, "{ana:?} {bo:?}");
    })
    .await;
}

#[tokio::test]
async fn a_lease_changes_hands_when_it_is_over_and_the_fence_grows() {
    on_both_engines(async |db| {
        let now = t("2026-11-21T03:00:00Z");
        assert_eq!(claim(&db, ANA, now).await, Some(1));
        assert_eq!(claim(&db, BO, now + SignedDuration::from_secs(9)).await, None);
        assert_eq!(claim(&db, BO, now + TTL).await, Some(2));
        assert_eq!(claim(&db, ANA, now + TTL).await, None);
    })
    .await;
}

#[tokio::test]
async fn a_stale_fence_changes_nothing() {
    on_both_engines(async |db| {
        let now = t("2026-11-21T03:00:00Z");
        let later = now + SignedDuration::from_secs(11);
        let stale = claim(&db, ANA, now).await.unwrap();
        let fresh = claim(&db, BO, later).await.unwrap();
        let mut tx = db.begin(Lane::Triage).await.unwrap();
        assert!(!lease::guard(&mut tx, "triage", ANA, stale).await.unwrap());
        assert!(!lease::renew(&mut tx, "triage", ANA, stale, later, TTL).await.unwrap());
        assert!(!lease::release(&mut tx, "triage", ANA, stale).await.unwrap());
        tx.commit().await.unwrap();
        let mut tx = db.begin(Lane::Triage).await.unwrap();
        assert!(lease::guard(&mut tx, "triage", BO, fresh).await.unwrap());
        assert!(lease::renew(&mut tx, "triage", BO, fresh, later, TTL).await.unwrap());
    })
    .await;
}

#[tokio::test]
async fn a_holder_that_starts_anew_leaves_its_own_past_behind() {
    on_both_engines(async |db| {
        let now = t("2026-11-21T03:00:00Z");
        let before = claim(&db, ANA, now).await.unwrap();
        let after = claim(&db, ANA, now).await.unwrap();
        assert!(after > before);
        let mut tx = db.begin(Lane::Triage).await.unwrap();
        assert!(!lease::guard(&mut tx, "triage", ANA, before).await.unwrap());
    })
    .await;
}

#[tokio::test]
async fn a_lease_given_up_is_free_at_once() {
    on_both_engines(async |db| {
        let now = t("2026-11-21T03:00:00Z");
        let fence = claim(&db, ANA, now).await.unwrap();
        let mut tx = db.begin(Lane::Triage).await.unwrap();
        assert!(lease::release(&mut tx, "triage", ANA, fence).await.unwrap());
        tx.commit().await.unwrap();
        assert_eq!(claim(&db, BO, now).await, Some(2));
    })
    .await;
}

async fn claim(db: &Db, holder: Uuid, now: Timestamp) -> Option<i64> {
    let mut tx = db.begin(Lane::Triage).await.unwrap();
    let fence = lease::claim(&mut tx, "triage", holder, now, TTL).await.unwrap();
    tx.commit().await.unwrap();
    fence
}
