//! Signing in and out, tokens, passwords and settings.

use jiff::{SignedDuration, Timestamp};
use muster_core::id::{SessionId, TokenId, UserId};
use muster_core::org::user::Role;
use muster_store::access::credential::{self, Credential};
use muster_store::access::session::{self, Session};
use muster_store::access::token::{self, Token};
use muster_store::testing::on_both_engines;
use muster_store::{Db, Lane, Tx, setting};
use uuid::Uuid;

use crate::t;

const ANA: UserId = UserId(Uuid::from_u128(1));
const HOUR: SignedDuration = SignedDuration::from_hours(1);

#[tokio::test]
async fn a_session_opens_until_it_expires_or_is_ended() {
    on_both_engines(async |db| {
        let now = noon();
        let first = sign_in(1, now);
        write(&db, async |tx| session::add(tx, &first).await.unwrap()).await;
        assert_eq!(session::find(&db, &[1; 32], now).await.unwrap(), Some(first.clone()));
        assert_eq!(session::find(&db, &[2; 32], now).await.unwrap(), None);
        assert_eq!(session::find(&db, &[1; 32], now + HOUR).await.unwrap(), None);
        let later = now + SignedDuration::from_mins(30);
        write(&db, async |tx| session::touch(tx, first.id, later, later + HOUR).await.unwrap())
            .await;
        let found = session::find(&db, &[1; 32], now + HOUR).await.unwrap().unwrap();
        assert_eq!((found.last_used_at, found.expires_at), (later, later + HOUR));
        write(&db, async |tx| assert!(session::remove(tx, first.id).await.unwrap())).await;
        assert_eq!(session::find(&db, &[1; 32], now).await.unwrap(), None);
    })
    .await;
}

#[tokio::test]
async fn sessions_are_listed_and_cleared_away() {
    on_both_engines(async |db| {
        let now = noon();
        write(&db, async |tx| {
            for (number, at) in [(1, now - HOUR), (2, now - HOUR), (3, now), (4, now)] {
                session::add(tx, &sign_in(number, at)).await.unwrap();
            }
        })
        .await;
        assert_eq!(session::of_user(&db, ANA, now).await.unwrap().len(), 2);
        write(&db, async |tx| {
            assert_eq!(session::remove_expired(tx, now, 1).await.unwrap(), 1);
            assert_eq!(session::remove_expired(tx, now, 100).await.unwrap(), 1);
            assert_eq!(session::remove_of_user(tx, ANA).await.unwrap(), 2);
        })
        .await;
    })
    .await;
}

#[tokio::test]
async fn a_token_opens_until_it_is_revoked_and_then_frees_its_name() {
    on_both_engines(async |db| {
        let now = noon();
        let ci = make_token(1, "ci", now);
        write(&db, async |tx| token::add(tx, &ci).await.unwrap()).await;
        assert_eq!(token::find(&db, &[1; 32], now).await.unwrap(), Some(ci.clone()));
        assert_eq!(token::find(&db, &[1; 32], now + HOUR).await.unwrap(), None);
        let mut tx = db.begin(Lane::Command).await.unwrap();
        let twice = token::add(&mut tx, &make_token(2, "ci", now)).await.unwrap_err();
        assert!(twice.is_conflict_on("token_name_key"), "{twice:?}");
        drop(tx);
        write(&db, async |tx| {
            token::touch(tx, ci.id, now).await.unwrap();
            assert!(token::revoke(tx, ci.id, now).await.unwrap());
            assert!(!token::revoke(tx, ci.id, now).await.unwrap());
            token::add(tx, &make_token(2, "ci", now)).await.unwrap();
        })
        .await;
        assert_eq!(token::find(&db, &[1; 32], now).await.unwrap(), None);
        let listed = token::list(&db, "", 10).await.unwrap();
        assert_eq!(listed.iter().map(|token| token.id.0.as_u128()).collect::<Vec<_>>(), [2]);
        assert_eq!(token::by_name(&db, "ci").await.unwrap().unwrap().id, listed[0].id);
    })
    .await;
}

#[tokio::test]
async fn a_password_is_set_changed_and_taken_away() {
    on_both_engines(async |db| {
        let first =
            Credential { user: ANA, password_hash: "$argon2id$1".into(), updated_at: noon() };
        let second = Credential { password_hash: "$argon2id$2".into(), ..first.clone() };
        assert!(!credential::any(&db).await.unwrap());
        write(&db, async |tx| credential::set(tx, &first).await.unwrap()).await;
        assert_eq!(credential::get(&db, ANA).await.unwrap(), Some(first));
        write(&db, async |tx| credential::set(tx, &second).await.unwrap()).await;
        assert_eq!(credential::get(&db, ANA).await.unwrap(), Some(second));
        assert!(credential::any(&db).await.unwrap());
        write(&db, async |tx| assert!(credential::remove(tx, ANA).await.unwrap())).await;
        assert_eq!(credential::get(&db, ANA).await.unwrap(), None);
    })
    .await;
}

#[tokio::test]
async fn the_first_value_of_a_new_setting_holds() {
    on_both_engines(async |db| {
        assert_eq!(setting::get(&db, "key").await.unwrap(), None);
        write(&db, async |tx| {
            assert_eq!(setting::put_new(tx, "key", b"one").await.unwrap(), b"one");
            assert_eq!(setting::put_new(tx, "key", b"two").await.unwrap(), b"one");
            setting::put(tx, setting::HELD, b"1").await.unwrap();
        })
        .await;
        assert_eq!(setting::get(&db, "key").await.unwrap().as_deref(), Some(&b"one"[..]));
        assert!(setting::is_held(&db).await.unwrap());
        write(&db, async |tx| assert!(setting::remove(tx, setting::HELD).await.unwrap())).await;
        assert!(!setting::is_held(&db).await.unwrap());
    })
    .await;
}

async fn write(db: &Db, change: impl AsyncFnOnce(&mut Tx)) {
    let mut tx = db.begin(Lane::Command).await.unwrap();
    change(&mut tx).await;
    tx.commit().await.unwrap();
}

fn noon() -> Timestamp {
    t("2026-03-01T12:00:00.123456Z")
}

fn sign_in(number: u8, at: Timestamp) -> Session {
    Session {
        id: SessionId(Uuid::from_u128(number.into())),
        user: ANA,
        token_hash: vec![number; 32],
        created_at: at,
        expires_at: at + HOUR,
        last_used_at: at,
        address: "192.0.2.1".into(),
        agent: "a browser".into(),
    }
}

fn make_token(number: u8, name: &str, at: Timestamp) -> Token {
    Token {
        id: TokenId(Uuid::from_u128(number.into())),
        name: name.into(),
        role: Role::Admin,
        user: None,
        token_hash: vec![number; 32],
        created_at: at,
        expires_at: Some(at + HOUR),
        last_used_at: None,
        revoked_at: None,
    }
}
