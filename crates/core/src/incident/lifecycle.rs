//! The incident's lifecycle.
