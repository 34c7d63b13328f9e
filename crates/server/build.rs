//! Builds the crate again when the web app that it embeds was built.

use std::path::Path;

fn main() {
    // A path that does not exist would make every build a full one; its folder notices when the
    // app appears.
    let page = "../../web/dist/index.html";
    let watched = if Path::new(page).exists() { page } else { "../../web" };
    println!("cargo:rerun-if-changed={watched}");
}
