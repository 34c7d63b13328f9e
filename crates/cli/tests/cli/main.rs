//! Stories of the command line, told with the real binary on real data directories.

mod before_serving;
mod changes;
mod demo;
mod leading;
mod looking_after;
mod planning;
mod proof;
mod serving;
mod world;
