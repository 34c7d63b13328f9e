//! Arguments of statements. A [`Value`] carries its type even when it is null, which PostgreSQL
//! needs to know; a list travels as one argument, so that a batch of any size is one statement.

use jiff::Timestamp;
use muster_core::id;
use sqlx::postgres::PgArguments;
use sqlx::sqlite::SqliteArguments;
use sqlx::{Arguments, Encode, Postgres, Sqlite, Type};
use uuid::Uuid;

use super::{Result, StoreError};

/// One argument of a statement. The lists are arrays on PostgreSQL (`unnest(?)`) and JSON arrays on
/// SQLite (`json_each(?)`), where bytes and ids are upper-case hexadecimal (`unhex(value)`).
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A whole number; also instants, as microseconds UTC.
    Int(Option<i64>),
    /// Text; also JSON.
    Text(Option<String>),
    /// Bytes.
    Bytes(Option<Vec<u8>>),
    /// Yes or no.
    Bool(Option<bool>),
    /// A number with a fraction.
    Real(Option<f64>),
    /// An id.
    Uuid(Option<Uuid>),
    /// Whole numbers: `BIGINT[]`.
    IntList(Vec<Option<i64>>),
    /// Texts: `TEXT[]`.
    TextList(Vec<Option<String>>),
    /// Byte strings: `BYTEA[]`.
    BytesList(Vec<Option<Vec<u8>>>),
    /// Ids: `UUID[]`.
    UuidList(Vec<Option<Uuid>>),
}

/// Makes the arguments of a statement from anything that converts into a [`Value`].
///
/// ```
/// use muster_store::{args, db::Value};
/// assert_eq!(args![1, "a"], vec![Value::Int(Some(1)), Value::Text(Some("a".into()))]);
/// ```
#[macro_export]
macro_rules! args {
    ($($value:expr),* $(,)?) => {
        <[_]>::into_vec(::std::boxed::Box::new([$($crate::db::Value::from($value)),*]))
    };
}

macro_rules! values {
    ($($kind:ty => $variant:ident, |$value:ident| $convert:expr;)*) => {$(
        impl From<$kind> for Value {
            fn from($value: $kind) -> Self {
                Self::$variant(Some($convert))
            }
        }

        impl From<Option<$kind>> for Value {
            fn from(value: Option<$kind>) -> Self {
                Self::$variant(value.map(|$value| $convert))
            }
        }
    )*};
}

values! {
    i64 => Int, |value| value;
    i32 => Int, |value| i64::from(value);
    i16 => Int, |value| i64::from(value);
    u32 => Int, |value| i64::from(value);
    u16 => Int, |value| i64::from(value);
    u8 => Int, |value| i64::from(value);
    bool => Bool, |value| value;
    f64 => Real, |value| value;
    &str => Text, |value| clean(value.to_owned());
    &String => Text, |value| clean(value.clone());
    String => Text, |value| clean(value);
    &[u8] => Bytes, |value| value.to_vec();
    &Vec<u8> => Bytes, |value| value.clone();
    Vec<u8> => Bytes, |value| value;
    Uuid => Uuid, |value| value;
    Timestamp => Int, |value| value.as_microsecond();
    id::AbsenceId => Uuid, |value| value.0;
    id::AlertId => Uuid, |value| value.0;
    id::CalendarLinkId => Uuid, |value| value.0;
    id::ChangeEventId => Uuid, |value| value.0;
    id::ChangeId => Uuid, |value| value.0;
    id::ContactMethodId => Uuid, |value| value.0;
    id::DeliveryId => Uuid, |value| value.0;
    id::DigestId => Uuid, |value| value.0;
    id::EntryId => Uuid, |value| value.0;
    id::ExceptionId => Uuid, |value| value.0;
    id::FeedId => Uuid, |value| value.0;
    id::HandoffId => Uuid, |value| value.0;
    id::IncidentId => Uuid, |value| value.0;
    id::IntegrationId => Uuid, |value| value.0;
    id::HeartbeatId => Uuid, |value| value.0;
    id::MaintenanceId => Uuid, |value| value.0;
    id::NotificationListId => Uuid, |value| value.0;
    id::MessageId => Uuid, |value| value.0;
    id::OverrideId => Uuid, |value| value.0;
    id::PageId => Uuid, |value| value.0;
    id::PolicyId => Uuid, |value| value.0;
    id::PushDeviceId => Uuid, |value| value.0;
    id::RequestId => Uuid, |value| value.0;
    id::ScheduleId => Uuid, |value| value.0;
    id::ServiceId => Uuid, |value| value.0;
    id::SessionId => Uuid, |value| value.0;
    id::StatusPageId => Uuid, |value| value.0;
    id::StatusPostId => Uuid, |value| value.0;
    id::SubscriberId => Uuid, |value| value.0;
    id::SurveyId => Uuid, |value| value.0;
    id::TeamId => Uuid, |value| value.0;
    id::TokenId => Uuid, |value| value.0;
    id::UserId => Uuid, |value| value.0;
    id::WebhookId => Uuid, |value| value.0;
}

impl<const N: usize> From<&[u8; N]> for Value {
    fn from(value: &[u8; N]) -> Self {
        Self::Bytes(Some(value.to_vec()))
    }
}

impl<const N: usize> From<[u8; N]> for Value {
    fn from(value: [u8; N]) -> Self {
        Self::Bytes(Some(value.to_vec()))
    }
}

/// PostgreSQL keeps no NUL in text, so neither engine does, and nobody's words are refused for it.
fn clean(text: String) -> String {
    if text.contains('\0') { text.replace('\0', "\u{fffd}") } else { text }
}

pub(super) fn sqlite_arguments(values: Vec<Value>) -> Result<SqliteArguments> {
    fn add<'q, T: Encode<'q, Sqlite> + Type<Sqlite>>(
        arguments: &mut SqliteArguments,
        value: T,
    ) -> std::result::Result<(), sqlx::error::BoxDynError> {
        Arguments::add(arguments, value)
    }
    let mut out = SqliteArguments::default();
    for value in values {
        match value {
            Value::Int(value) => add(&mut out, value),
            Value::Text(value) => add(&mut out, value),
            Value::Bytes(value) => add(&mut out, value),
            Value::Bool(value) => add(&mut out, value),
            Value::Real(value) => add(&mut out, value),
            Value::Uuid(value) => add(&mut out, value),
            Value::IntList(values) => add(&mut out, json(values, |value| value.into())),
            Value::TextList(values) => add(&mut out, json(values, |value| value.into())),
            Value::BytesList(values) => add(&mut out, json(values, |value| hex(&value).into())),
            Value::UuidList(values) => {
                add(&mut out, json(values, |value| hex(value.as_bytes()).into()))
            }
        }
        .map_err(StoreError::argument)?;
    }
    Ok(out)
}

pub(super) fn postgres_arguments(values: Vec<Value>) -> Result<PgArguments> {
    fn add<'q, T: Encode<'q, Postgres> + Type<Postgres>>(
        arguments: &mut PgArguments,
        value: T,
    ) -> std::result::Result<(), sqlx::error::BoxDynError> {
        Arguments::add(arguments, value)
    }
    let mut out = PgArguments::default();
    for value in values {
        match value {
            Value::Int(value) => add(&mut out, value),
            Value::Text(value) => add(&mut out, value),
            Value::Bytes(value) => add(&mut out, value),
            Value::Bool(value) => add(&mut out, value),
            Value::Real(value) => add(&mut out, value),
            Value::Uuid(value) => add(&mut out, value),
            Value::IntList(values) => add(&mut out, values),
            Value::TextList(values) => add(&mut out, values),
            Value::BytesList(values) => add(&mut out, values),
            Value::UuidList(values) => add(&mut out, values),
        }
        .map_err(StoreError::argument)?;
    }
    Ok(out)
}

fn json<T>(values: Vec<Option<T>>, convert: impl Fn(T) -> serde_json::Value) -> String {
    values
        .into_iter()
        .map(|value| value.map_or(serde_json::Value::Null, &convert))
        .collect::<serde_json::Value>()
        .to_string()
}

/// Upper-case hexadecimal, as SQLite's `hex` prints it.
pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    bytes
        .iter()
        .flat_map(|byte| [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]])
        .map(char::from)
        .collect()
}
