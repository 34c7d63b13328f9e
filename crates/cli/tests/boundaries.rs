//! The import directions of ARCHITECTURE.md, checked against every manifest of the workspace.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// What each crate may depend on within the workspace.
const MAY_IMPORT: [(&str, &[&str]); 5] = [
    ("core", &[]),
    ("store", &["core"]),
    ("integrations", &["core"]),
    ("server", &["core", "store", "integrations"]),
    ("cli", &["core", "store", "integrations", "server"]),
];

/// Libraries that only one crate may depend on.
const OWNED: [(&str, &str); 6] = [
    ("sqlx", "store"),
    ("axum", "server"),
    ("tower-http", "server"),
    ("askama", "server"),
    ("lettre", "integrations"),
    ("clap", "cli"),
];

/// What the core must never depend on: it knows no clock, chance, network or store.
const NOT_IN_CORE: [&str; 7] = ["tokio", "reqwest", "sqlx", "axum", "rand", "serde", "tracing"];

fn dependencies(name: &str) -> BTreeSet<String> {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name).join("Cargo.toml");
    let text = std::fs::read_to_string(&manifest).expect("every crate has a manifest");
    let manifest: toml::Table = text.parse().expect("a manifest is TOML");
    manifest["dependencies"].as_table().expect("a table").keys().cloned().collect()
}

fn all() -> BTreeMap<&'static str, BTreeSet<String>> {
    MAY_IMPORT.iter().map(|(name, _)| (*name, dependencies(name))).collect()
}

#[test]
fn crates_import_only_what_stands_below_them() {
    for (name, allowed) in MAY_IMPORT {
        for dependency in dependencies(name) {
            let Some(ours) = dependency.strip_prefix("muster-") else { continue };
            assert!(allowed.contains(&ours), "{name} must not import {ours}");
        }
    }
}

#[test]
fn each_owned_library_is_imported_by_its_owner_alone() {
    for (library, owner) in OWNED {
        for (name, dependencies) in all() {
            if dependencies.contains(library) {
                assert_eq!(name, owner, "{library} belongs to {owner}");
            }
        }
    }
}

#[test]
fn the_core_knows_no_world() {
    let core = dependencies("core");
    for library in NOT_IN_CORE {
        assert!(!core.contains(library), "the core must not import {library}");
    }
}
