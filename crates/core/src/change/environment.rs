//! Which environments of change events count when something broke (`X15`): what was deployed to try it
//! out is no suspect of trouble in production.

/// The most environments that an organisation names.
pub const NAMED_MAX: usize = 100;

/// The words of an environment that is none of production.
const ELSEWHERE: &[&str] = &[
    "acceptance",
    "ci",
    "demo",
    "dev",
    "devel",
    "develop",
    "development",
    "devs",
    "lab",
    "local",
    "non",
    "nonprod",
    "playground",
    "pr",
    "pre",
    "preprod",
    "preproduction",
    "preview",
    "previews",
    "qa",
    "review",
    "sandbox",
    "sbx",
    "stage",
    "staging",
    "stg",
    "test",
    "testing",
    "tests",
    "tst",
    "uat",
];

/// Whether what happened in an environment counts. Where nothing says in which one it happened, it does.
///
/// Where the organisation names environments, those count and no others; a name that ends in `*` stands
/// for all that begin so, and case is ignored. Where it names none, all count but those with a word
/// that says otherwise: `staging`, `eu-dev-2` and `Preview: login` do not, `production`, `eu-west-1` and
/// the name of a cluster do.
pub fn counts(environment: &str, named: &[String]) -> bool {
    let environment = environment.trim().to_lowercase();
    if environment.is_empty() {
        return true;
    }
    if !named.is_empty() {
        return named.iter().any(|name| fits(&environment, &name.to_lowercase()));
    }
    let mut words = environment.split(|c: char| !c.is_alphanumeric());
    !words.any(|word| ELSEWHERE.contains(&word.trim_end_matches(|c: char| c.is_ascii_digit())))
}

fn fits(environment: &str, name: &str) -> bool {
    match name.strip_suffix('*') {
        Some(beginning) => environment.starts_with(beginning),
        None => environment == name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_named_counts_unless_it_says_that_it_is_not_production() {
        let all =
            ["", " ", "production", "prod-eu", "Live", "eu-west-1", "shop", "acme", "contest"];
        assert!(all.iter().all(|environment| counts(environment, &[])));
        let none = [
            "staging",
            "eu-dev-2",
            "Preview: login",
            "QA",
            "test01",
            "pre-prod",
            "non_prod",
            "UAT/7",
        ];
        assert!(none.iter().all(|environment| !counts(environment, &[])));
    }

    #[test]
    fn what_is_named_counts_alone() {
        let named = ["Prod-*".to_owned(), "staging".to_owned()];
        let is = |environment| counts(environment, &named);
        assert!(is("prod-eu") && is("PROD-") && is("Staging") && is(""));
        assert!(!is("production") && !is("staging-2") && !is("eu-west-1"));
        assert!(counts("anything", &["*".to_owned()]));
    }
}
