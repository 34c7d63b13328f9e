//! Links between incidents (`T2`, `T3`): two that have to do with each other, and how. This file owns
//! the ways to stand to each other, as either of the two reads it.

/// The most incidents that one is related to.
pub const RELATIONS_MAX: i64 = 100;
/// The longest note, in characters.
pub const NOTE_CHARS_MAX: usize = 500;

/// How one incident stands to another, as the one reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Sort {
    /// They have to do with each other.
    Related,
    /// The other one led to it.
    CausedBy,
    /// It led to the other one.
    Causes,
    /// It is the same trouble as the other one, which goes on.
    DuplicateOf,
    /// The other one is the same trouble.
    DuplicatedBy,
}

names!(Sort {
    Related = "related",
    CausedBy = "caused_by",
    Causes = "causes",
    DuplicateOf = "duplicate_of",
    DuplicatedBy = "duplicated_by",
});

impl Sort {
    /// The same, as the other one reads it.
    #[must_use]
    pub fn back(self) -> Self {
        match self {
            Self::Related => Self::Related,
            Self::CausedBy => Self::Causes,
            Self::Causes => Self::CausedBy,
            Self::DuplicateOf => Self::DuplicatedBy,
            Self::DuplicatedBy => Self::DuplicateOf,
        }
    }

    /// The beginning of a sentence that ends with the other one.
    pub fn words(self) -> &'static str {
        match self {
            Self::Related => "Related to",
            Self::CausedBy => "Caused by",
            Self::Causes => "Causes",
            Self::DuplicateOf => "A duplicate of",
            Self::DuplicatedBy => "Duplicated by",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_other_side_of_the_other_side_is_this_one() {
        for (sort, _) in Sort::NAMES {
            assert_eq!(sort.back().back(), *sort);
        }
        assert_eq!(Sort::CausedBy.back(), Sort::Causes);
    }
}
