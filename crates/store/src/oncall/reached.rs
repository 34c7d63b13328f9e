//! When each contact method last showed that messages arrive: a provider accepted a page or a test.

use std::collections::HashMap;

use jiff::Timestamp;
use muster_core::id::ContactMethodId;
use uuid::Uuid;

use crate::args;
use crate::db::{Result, Sql, StoreError, Tx, Value};

const LATEST: Sql = Sql::differs(
    "SELECT asked.id, (SELECT MAX(accepted_at) FROM delivery
                       WHERE method_id = asked.id AND accepted_at IS NOT NULL)
     FROM (SELECT unhex(value) AS id FROM json_each(?)) AS asked",
    "SELECT asked.id, (SELECT MAX(accepted_at) FROM delivery
                       WHERE method_id = asked.id AND accepted_at IS NOT NULL)
     FROM unnest(?) AS asked (id)",
);

/// When a provider last accepted a message by each of these methods; those that never had one are
/// absent.
pub async fn last_accepted(
    tx: &mut Tx,
    methods: impl IntoIterator<Item = ContactMethodId>,
) -> Result<HashMap<ContactMethodId, Timestamp>> {
    let methods = Value::UuidList(methods.into_iter().map(|method| Some(method.0)).collect());
    let rows = tx.fetch_all::<(Uuid, Option<i64>)>(&LATEST, args![methods]).await?;
    let known = rows.into_iter().filter_map(|(id, at)| Some((ContactMethodId(id), at?)));
    known
        .map(|(id, at)| {
            let at = Timestamp::from_microsecond(at);
            Ok((id, at.map_err(|error| StoreError::Corrupt(error.to_string()))?))
        })
        .collect()
}
