//! The description of the API, which the web app's types are made of.

use muster_server::api;

/// Set it to write the description anew.
const UPDATE: &str = "UPDATE_OPENAPI";

#[test]
#[expect(clippy::disallowed_methods, reason = "whoever changed the API asks for it this way")]
fn the_committed_description_is_what_the_server_says() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../web/openapi.json");
    let mut said = api::description().to_pretty_json().unwrap();
    said.push('\n');
    if std::env::var(UPDATE).is_ok() {
        std::fs::write(path, &said).unwrap();
    }
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        committed == said,
        "web/openapi.json is stale; run `{UPDATE}=1 cargo test -p muster-server --test it openapi`"
    );
}

#[test]
fn every_operation_is_named_once_and_says_what_can_go_wrong() {
    let description = serde_json::to_value(api::description()).unwrap();
    let mut names = std::collections::HashSet::new();
    for (path, item) in description["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let name = operation["operationId"].as_str().unwrap_or_default();
            assert!(!name.is_empty() && names.insert(name.to_owned()), "{method} {path}: {name}");
            assert!(operation["summary"].is_string(), "{method} {path} has no words");
            assert!(operation["responses"]["default"].is_object(), "{method} {path}");
            for parameter in path.split('/').filter_map(|part| part.strip_prefix('{')) {
                let wanted = parameter.trim_end_matches('}');
                let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
                let found = parameters.iter().any(|parameter| parameter["name"] == wanted);
                assert!(found, "{method} {path} does not describe {wanted}");
            }
        }
    }
}

#[test]
fn every_schema_that_is_spoken_of_is_there() {
    let text = api::description().to_json().unwrap();
    let description: serde_json::Value = serde_json::from_str(&text).unwrap();
    let schemas = description["components"]["schemas"].as_object().unwrap();
    for reference in text.split("#/components/schemas/").skip(1) {
        let name = reference.split('"').next().unwrap();
        assert!(schemas.contains_key(name), "{name}");
    }
}
