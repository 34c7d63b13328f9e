//! The standard aliases of a service (`O1`).
