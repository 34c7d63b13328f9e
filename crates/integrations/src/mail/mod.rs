//! Mail that comes in, without a socket: the bytes of a connection cut into lines and messages, the
//! dialogue of SMTP and LMTP as a machine of states, what a letter says, and what a person answered
//! with one. All of it is pure but for [`check`], which asks name servers about senders; the server
//! owns the connections and decides what a letter does.

pub mod answer;
pub mod authentication;
pub mod check;
pub mod framing;
pub mod letter;
pub mod session;

/// The header by which an installation knows its own mail; it holds a mark that nobody else has.
pub const LOOP_HEADER: &str = "X-Muster-Loop";
