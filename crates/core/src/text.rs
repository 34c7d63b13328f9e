//! Texts that several people write together: each section has its revisions, and whoever saves says
//! which one they began with. What others saved in the meantime is merged line by line; where both
//! changed the same lines, nobody's words are taken and both are shown. The one mechanism for every
//! shared text, whatever it belongs to.

/// The longest shared text, in characters.
pub const TEXT_CHARS_MAX: usize = 25_000;

/// Two people changed the same lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    /// What both began with.
    pub base: String,
    /// What is saved.
    pub theirs: String,
    /// What was to be saved.
    pub yours: String,
}

/// The text that holds what both changed since `base`.
///
/// # Errors
/// When both changed the same lines in different ways.
pub fn merge(base: &str, theirs: &str, yours: &str) -> Result<String, Conflict> {
    if yours == base || yours == theirs {
        return Ok(theirs.to_owned());
    }
    if theirs == base {
        return Ok(yours.to_owned());
    }
    // Without the last line's end, an added line would count as a change of the line before it.
    let whole = |text: &str| {
        if text.is_empty() || text.ends_with('\n') { text.to_owned() } else { format!("{text}\n") }
    };
    match diffy::merge(&whole(base), &whole(theirs), &whole(yours)) {
        Ok(merged) => {
            let ends = theirs.ends_with('\n') || yours.ends_with('\n');
            Ok(if ends { merged } else { merged.trim_end_matches('\n').to_owned() })
        }
        Err(_) => Err(Conflict {
            base: base.to_owned(),
            theirs: theirs.to_owned(),
            yours: yours.to_owned(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_one_changed_is_taken() {
        assert_eq!(merge("a", "a", "b"), Ok("b".into()));
        assert_eq!(merge("a", "b", "a"), Ok("b".into()));
        assert_eq!(merge("a", "b", "b"), Ok("b".into()));
        assert_eq!(merge("", "", "b"), Ok("b".into()));
    }

    #[test]
    fn changes_of_different_lines_are_merged() {
        let base = "what\n\nimpact\n\nnext";
        let theirs = "what, since 04:07\n\nimpact\n\nnext";
        let yours = "what\n\nimpact\n\nnext update at 04:30";
        let merged = "what, since 04:07\n\nimpact\n\nnext update at 04:30";
        assert_eq!(merge(base, theirs, yours), Ok(merged.into()));
    }

    #[test]
    fn changes_of_the_same_line_lose_neither_text() {
        let conflict = Conflict {
            base: "the disk".into(),
            theirs: "the network".into(),
            yours: "the database".into(),
        };
        assert_eq!(merge("the disk", "the network", "the database"), Err(conflict));
        assert!(merge("", "theirs", "yours").is_err());
    }
}
