//! Who gets in: passwords, sessions and tokens. Only digests of secrets are stored, and nothing
//! here decides what anybody may do.

pub mod credential;
pub mod session;
pub mod token;
