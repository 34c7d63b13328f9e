//! Signals and requests as CEL values, and CEL values as JSON. Texts are borrowed, and of a map
//! only those entries are made that an expression names.

use std::collections::HashMap;

use cel::common::types::{
    CelBool, CelDouble, CelInt, CelList, CelMap, CelMapKey, CelNull, CelString, CelUInt,
};
use cel::common::value::Val;
use serde_json::{Map, Number, Value};

use super::program::{Binding, Wanted};

/// What an entry of a list or map weighs beside its texts, in bytes.
const ENTRY_BYTES: usize = 16;

type Entries<'v> = HashMap<CelMapKey<'v>, Box<dyn Val + 'v>>;

/// A map of texts; of repeated names the last counts.
pub fn of_pairs<'v>(pairs: &'v [(String, String)], wanted: &Wanted) -> Binding<'v> {
    let mut bytes = 0;
    let entries: Entries<'v> = pairs
        .iter()
        .filter(|(name, _)| wanted.includes(name))
        .map(|(name, value)| {
            bytes += name.len() + value.len() + ENTRY_BYTES;
            let value: Box<dyn Val + 'v> = Box::new(CelString::from(value.as_str()));
            (CelMapKey::from(name.as_str()), value)
        })
        .collect();
    Binding { value: Box::new(CelMap::from(entries)), bytes }
}

/// A map of anything.
pub fn of_object<'v>(object: &'v Map<String, Value>, wanted: &Wanted) -> Binding<'v> {
    let mut bytes = 0;
    let entries = match wanted {
        Wanted::Whole => entries(object.iter(), &mut bytes),
        Wanted::Entries(names) => {
            entries(names.iter().filter_map(|name| object.get_key_value(name)), &mut bytes)
        }
    };
    Binding { value: Box::new(CelMap::from(entries)), bytes }
}

/// Any JSON. Its depth is bounded by the parser that it came from.
pub fn of_json(json: &Value) -> Binding<'_> {
    let mut bytes = 0;
    Binding { value: from_json(json, &mut bytes), bytes }
}

fn entries<'v>(
    object: impl Iterator<Item = (&'v String, &'v Value)>,
    bytes: &mut usize,
) -> Entries<'v> {
    object
        .map(|(name, value)| {
            *bytes += name.len();
            (CelMapKey::from(name.as_str()), from_json(value, bytes))
        })
        .collect()
}

fn from_json<'v>(json: &'v Value, bytes: &mut usize) -> Box<dyn Val + 'v> {
    *bytes += ENTRY_BYTES;
    match json {
        Value::Null => Box::new(CelNull),
        Value::Bool(truth) => Box::new(CelBool::from(*truth)),
        Value::Number(number) => from_number(number),
        Value::String(text) => {
            *bytes += text.len();
            Box::new(CelString::from(text.as_str()))
        }
        Value::Array(items) => {
            let items: Vec<_> = items.iter().map(|item| from_json(item, bytes)).collect();
            Box::new(CelList::from(items))
        }
        Value::Object(object) => Box::new(CelMap::from(entries(object.iter(), bytes))),
    }
}

fn from_number(number: &Number) -> Box<dyn Val> {
    if let Some(whole) = number.as_i64() {
        return Box::new(CelInt::from(whole));
    }
    if let Some(whole) = number.as_u64() {
        return Box::new(CelUInt::from(whole));
    }
    Box::new(CelDouble::from(number.as_f64().unwrap_or(f64::NAN)))
}

/// What an expression gave, as JSON.
pub fn to_json(value: &dyn Val) -> Result<Value, String> {
    let value = cel::Value::try_from(value)
        .map_err(|_| format!("gives {}, which is no JSON", value.get_type().name()))?;
    json_of(&value)
}

fn json_of(value: &cel::Value) -> Result<Value, String> {
    Ok(match value {
        cel::Value::Null => Value::Null,
        cel::Value::Bool(truth) => Value::Bool(*truth),
        cel::Value::Int(number) => Value::from(*number),
        cel::Value::UInt(number) => Value::from(*number),
        cel::Value::Float(number) => Number::from_f64(*number).map_or(Value::Null, Value::Number),
        cel::Value::String(text) => Value::String(text.as_ref().clone()),
        cel::Value::Bytes(bytes) => Value::String(String::from_utf8_lossy(bytes).into_owned()),
        cel::Value::List(items) => {
            Value::Array(items.iter().map(json_of).collect::<Result<_, _>>()?)
        }
        cel::Value::Map(map) => {
            let mut entries: Vec<_> = map.map.iter().collect();
            entries.sort_by_key(|(key, _)| *key);
            let object: Result<Map<_, _>, String> = entries
                .into_iter()
                .map(|(key, value)| Ok((key.to_string(), json_of(value)?)))
                .collect();
            Value::Object(object?)
        }
        _ => return Err("gives a value that is no JSON".to_owned()),
    })
}
