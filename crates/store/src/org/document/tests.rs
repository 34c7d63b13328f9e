use serde_json::Value;

use super::*;

/// The serialised form of version 1, as it stands in stores and exports.
const GOLDEN_V1: &str = include_str!("golden/v1.json");

#[test]
fn a_stored_document_of_version_1_reads_and_writes_the_same() {
    let golden: Value = serde_json::from_str(GOLDEN_V1).unwrap();
    let documents: Documents = serde_json::from_value(golden.clone()).unwrap();
    assert_eq!(serde_json::to_value(&documents).unwrap(), golden);
}

#[test]
fn documents_survive_being_taken_apart_into_items() {
    let documents: Documents = serde_json::from_str(GOLDEN_V1).unwrap();
    let items = documents.items().unwrap();
    assert_eq!(items.len(), 28);
    assert_eq!(Documents::from_items(items).unwrap(), documents);
}

#[test]
fn a_kind_is_found_by_its_name_and_printed_secrets_say_nothing() {
    for (kind, name, _) in Kind::ALL {
        assert_eq!(Kind::from_name(name), Some(kind));
    }
    let documents: Documents = serde_json::from_str(GOLDEN_V1).unwrap();
    let printed = format!("{documents:?}");
    assert!(!printed.contains("am-checkout-key") && printed.contains("CHECKOUT_KEY"));
}

#[test]
fn a_field_that_no_version_knows_is_refused() {
    let unknown = r#"{ "users": [{ "name": "ana", "email": "a@example.com", "pager": 1 }] }"#;
    assert!(serde_json::from_str::<Documents>(unknown).is_err());
    let mixed = r#"{ "name": "x", "type": "email", "url": "https://example.com" }"#;
    assert!(serde_json::from_str::<user::ContactMethod>(mixed).is_err());
}
