//! What was found out about a sender, by ourselves or by our own mail server: the
//! `Authentication-Results` (RFC 8601) that it wrote. Anybody can write such a header, so only those
//! that bear the agreed name count, and of those only the topmost. What nobody checked is said to
//! be unchecked.

use std::fmt;

/// The most results of one header that are read.
const RESULTS_MAX: usize = 32;

/// The outcome of one method.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// `pass`, `fail`, `softfail`, `neutral`, `none`, `temperror`, `permerror` or `policy`.
    pub result: String,
    /// The domain that it speaks of, where it says so.
    pub domain: Option<String>,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.result)?;
        match &self.domain {
            Some(domain) => write!(f, " ({domain})"),
            None => Ok(()),
        }
    }
}

/// What was found out about the sender of a letter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Authentication {
    /// Who checked; nobody where it is empty.
    pub by: String,
    /// Whether the sending host may send for the domain of the envelope.
    pub spf: Option<Verdict>,
    /// Whether a domain has signed the letter; a pass where there are several.
    pub dkim: Option<Verdict>,
    /// Whether one of them agrees with the sender that people see.
    pub dmarc: Option<Verdict>,
}

impl Authentication {
    /// Reads the topmost of `headers` that was written by `trusted`.
    pub fn read<'a>(headers: impl Iterator<Item = &'a str>, trusted: Option<&str>) -> Self {
        let Some(trusted) = trusted else { return Self::default() };
        headers.filter_map(parse).find(|(by, _)| by.eq_ignore_ascii_case(trusted)).map_or_else(
            Self::default,
            |(by, results)| {
                let mut found = Self { by, ..Self::default() };
                results.into_iter().for_each(|(method, verdict)| found.note(&method, verdict));
                found
            },
        )
    }

    fn note(&mut self, method: &str, verdict: Verdict) {
        let place = match method {
            "spf" => &mut self.spf,
            "dkim" => &mut self.dkim,
            "dmarc" => &mut self.dmarc,
            _ => return,
        };
        let is_better = verdict.result == "pass"
            && place.as_ref().is_some_and(|known| known.result != verdict.result);
        if place.is_none() || is_better {
            *place = Some(verdict);
        }
    }

    /// Whether what was found out speaks against the sender that people see: DMARC failed, or,
    /// where nobody checked that, SPF failed and no domain has signed.
    pub fn is_forged(&self) -> bool {
        let is = |verdict: &Option<Verdict>, result: &str| {
            verdict.as_ref().is_some_and(|verdict| verdict.result == result)
        };
        let is_known = |result: &&Verdict| ["pass", "fail"].contains(&&*result.result);
        match self.dmarc.as_ref().filter(is_known) {
            Some(verdict) => verdict.result == "fail",
            None => is(&self.spf, "fail") && !is(&self.dkim, "pass"),
        }
    }

    /// A method's outcome in words.
    pub fn in_words(verdict: Option<&Verdict>) -> String {
        verdict.map_or_else(|| "not checked".to_owned(), ToString::to_string)
    }
}

type Results = Vec<(String, Verdict)>;

/// `mx.example.com 1; spf=pass smtp.mailfrom=example.net; dkim=fail header.d=example.net`
fn parse(header: &str) -> Option<(String, Results)> {
    let text = without_comments(header);
    let mut parts = text.split(';');
    let by = parts.next()?.split_ascii_whitespace().next()?.to_owned();
    let results = parts.take(RESULTS_MAX).filter_map(result).collect();
    Some((by, results))
}

fn result(part: &str) -> Option<(String, Verdict)> {
    let mut words = part.split_ascii_whitespace();
    let (method, result) = words.next()?.split_once('=')?;
    // A method may carry its version: `dkim/1`.
    let method = method.split('/').next()?.to_ascii_lowercase();
    let domain = words.find_map(|word| {
        let (name, value) = word.split_once('=')?;
        let names = ["smtp.mailfrom", "smtp.helo", "header.d", "header.i", "header.from"];
        names.iter().any(|known| name.eq_ignore_ascii_case(known)).then(|| {
            value.trim_matches('"').rsplit('@').next().unwrap_or_default().to_ascii_lowercase()
        })
    });
    let is_word = |text: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || "-._".contains(c));
    let result = result.to_ascii_lowercase();
    let domain = domain.filter(|domain| !domain.is_empty() && is_word(domain));
    is_word(&result).then_some((method, Verdict { result, domain }))
}

/// The text without what stands in round brackets, which may stand in one another.
fn without_comments(text: &str) -> String {
    let mut depth = 0_u32;
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '(' => depth = depth.saturating_add(1),
            ')' if depth > 0 => {
                depth -= 1;
                out.push(' ');
            }
            c if depth == 0 => out.push(c),
            _ => {}
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(headers: &[&str]) -> Authentication {
        Authentication::read(headers.iter().copied(), Some("mx.example.com"))
    }

    #[test]
    fn what_our_server_found_out_is_read() {
        let found = read(&["mx.example.com 1;\r\n spf=pass (sender is allowed; really) \
             smtp.mailfrom=root@example.net; dkim=fail header.d=other.example; \
             dkim/1=pass header.d=Example.net; dmarc=pass header.from=example.net"]);
        assert_eq!(Authentication::in_words(found.spf.as_ref()), "pass (example.net)");
        assert_eq!(Authentication::in_words(found.dkim.as_ref()), "pass (example.net)");
        assert_eq!(Authentication::in_words(found.dmarc.as_ref()), "pass (example.net)");
        assert_eq!(found.by, "mx.example.com");
    }

    #[test]
    fn what_a_stranger_wrote_counts_for_nothing() {
        let forged = "mail.attacker.example; spf=pass smtp.mailfrom=example.net";
        assert_eq!(read(&[forged]), Authentication::default());
        let genuine = "mx.example.com; spf=fail smtp.mailfrom=example.net";
        let below = "mx.example.com; spf=pass smtp.mailfrom=example.net";
        let found = read(&[forged, genuine, below]);
        assert_eq!(found.spf.unwrap().result, "fail", "only the topmost is ours");
        assert_eq!(
            Authentication::read([below].into_iter(), None),
            Authentication::default(),
            "without an agreed name nobody is trusted"
        );
        assert_eq!(Authentication::in_words(None), "not checked");
    }

    #[test]
    fn what_speaks_against_the_sender_is_weighed() {
        for (results, is_forged) in [
            ("", false),
            ("; spf=fail smtp.mailfrom=a.example", true),
            ("; spf=softfail smtp.mailfrom=a.example", false),
            ("; spf=fail smtp.mailfrom=a.example; dkim=pass header.d=b.example", false),
            ("; spf=pass; dkim=pass; dmarc=fail", true),
            ("; spf=fail; dkim=none; dmarc=pass", false),
            ("; spf=fail; dkim=none; dmarc=none", true),
        ] {
            assert_eq!(
                read(&[&format!("mx.example.com{results}")]).is_forged(),
                is_forged,
                "{results}"
            );
        }
    }

    #[test]
    fn nonsense_is_no_result() {
        for nonsense in ["", ";", "mx.example.com", "mx.example.com; none", "mx.example.com; ((("] {
            let found = read(&[nonsense]);
            assert_eq!((found.spf, found.dkim), (None, None), "{nonsense}");
        }
    }
}
