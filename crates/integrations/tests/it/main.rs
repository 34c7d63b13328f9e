//! Sources against requests recorded from real clients, channels against real listeners.

mod sources;
