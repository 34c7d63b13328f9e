//! Has the crate built again when a migration is added, which embedding them does not notice.

fn main() {
    println!("cargo:rerun-if-changed=migrations");
}
