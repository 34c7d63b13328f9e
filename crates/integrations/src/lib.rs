//! Where Muster touches other systems: sources turn what monitoring systems send into signals,
//! channels turn what a person should hear into calls of a provider. Nothing here knows a database
//! or decides about incidents; sources are pure, and every outgoing connection passes the one
//! guard in [`outbound`].

pub mod calendar;
pub mod changes;
pub mod channels;
pub mod mail;
pub mod outbound;
pub mod sources;
