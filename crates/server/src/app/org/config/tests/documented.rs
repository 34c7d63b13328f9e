//! The reference of the format says what is so.

use super::super::check;
use super::{planned, problems};

const REFERENCE: &str = include_str!("../../../../../../../docs/configuration.md");

/// The examples of the reference, in order.
fn examples() -> Vec<&'static str> {
    let blocks = REFERENCE.split("```yaml\n").skip(1);
    blocks.filter_map(|block| block.split("```").next()).collect()
}

#[test]
fn every_example_of_the_reference_is_understood() {
    assert!(examples().len() > 10);
    for example in examples() {
        check(example, None).unwrap_or_else(|problems| panic!("{example}\n{problems:#?}"));
    }
}

#[test]
fn all_examples_of_the_reference_together_are_one_organisation() {
    let bo = "  - name: bo\n    email: bo@example.com\n    contact_methods: [ { name: hook, type: webhook, url: https://pager.example.com/bo } ]\n";
    let whole = examples().concat().replacen("users:\n", &format!("users:\n{bo}"), 1);
    assert_eq!(problems(&whole), [""; 0]);
    assert_eq!(planned(&whole).changes.len(), 31);
}
