//! A signature that fits is believed, any other is not.

use muster_integrations::changes::{self, Source};
use muster_integrations::sources::Request;

/// The example in GitHub's documentation of how to validate deliveries.
const GITHUB: (&str, &str, &str) = (
    "It's a Secret to Everybody",
    "Hello, World!",
    "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
);
const TERRAFORM: (&str, &str, &str) = (
    "tfe-signing-secret",
    r#"{"notifications":[{"trigger":"verification"}]}"#,
    "053825da8c8a6f7864c68da8ee1e6dab13a33ecb95d5a2b314386982506b0e15a9b37b518b0cfe462e9cfe9bb494225d54944e1973ad8c4241e59fd05e5f4849",
);

fn verify(source: &Source, header: &str, secret: &str, body: &str, given: &str) -> Option<String> {
    let headers = [(header.to_owned(), given.to_owned())];
    let headers: &[_] = if given.is_empty() { &[] } else { &headers };
    let request = Request { query: "", headers, content_type: "", body: body.as_bytes() };
    source.verify(secret, &request).err().map(|forged| forged.to_string())
}

#[test]
fn what_is_signed_is_believed_and_what_is_changed_or_unsigned_is_not() {
    let cases = [
        ("github", "x-hub-signature-256", GITHUB),
        ("flux", "x-signature", GITHUB),
        ("terraform", "x-tfe-notification-signature", TERRAFORM),
        ("gitlab", "x-gitlab-token", ("a token of gitlab", "{}", "a token of gitlab")),
    ];
    for (name, header, (secret, body, signature)) in cases {
        let source = changes::named(name).unwrap();
        assert_eq!(verify(source, header, secret, body, signature), None, "{name}");
        let unsigned = verify(source, header, secret, body, "");
        assert_eq!(unsigned.as_deref(), Some("the request is not signed"), "{name}");
        let other_secret = verify(source, header, "another secret", body, signature);
        assert_eq!(other_secret.as_deref(), Some("the signature does not fit"), "{name}");
        let cut = &signature[..signature.len() - 2];
        assert!(verify(source, header, secret, body, cut).is_some(), "{name}");
        if name != "gitlab" {
            let changed = verify(source, header, secret, &format!("{body} "), signature);
            assert_eq!(changed.as_deref(), Some("the signature does not fit"), "{name}");
            assert!(verify(source, header, secret, body, "sha256=zz").is_some(), "{name}");
        }
    }
}

#[test]
fn sources_have_the_names_that_configurations_write() {
    let names: Vec<_> = changes::SOURCES.iter().map(|source| source.name).collect();
    assert_eq!(
        names,
        ["github", "gitlab", "argocd", "jenkins", "flux", "terraform", "generic-changes"]
    );
}
