//! The incident's timeline.
