//! Makes a permission of each command, and puts the built window into the program.

use tauri_build::{AppManifest, Attributes};

include!("src/table.rs");

fn main() {
    println!("cargo::rerun-if-changed=ui/dist");
    println!("cargo::rerun-if-changed=src-tauri/capabilities");
    if !std::path::Path::new("ui/dist/index.html").exists() {
        println!(
            "cargo::error=the window is not built: run `make run`, or `npm run build` in the folder ui"
        );
        return;
    }
    let attributes = Attributes::new()
        .capabilities_path_pattern("src-tauri/capabilities/*.json")
        .app_manifest(AppManifest::new().commands(COMMANDS));
    if let Err(error) = tauri_build::try_build(attributes) {
        println!("cargo::error={error:#}");
    }
}
