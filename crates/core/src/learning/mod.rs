//! What is learned from incidents: figures today; postmortems and their actions stand beside them.

pub mod field;
pub mod metric;
