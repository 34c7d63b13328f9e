//! How a database stands.

use muster_store::health::health;
use muster_store::migration::version_newest;
use muster_store::testing::on_both_engines;

#[tokio::test]
async fn a_database_says_its_version_and_schema() {
    on_both_engines(async |db| {
        let health = health(&db).await.unwrap();
        assert!(health.version.starts_with(|c: char| c.is_ascii_digit()), "{health:?}");
        assert_eq!((health.schema, health.synchronous), (version_newest(), None));
    })
    .await;
}
