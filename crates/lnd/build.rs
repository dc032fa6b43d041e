//! Turns our subset of LND's interface into Rust. No `protoc`: the compiler is a library.

use std::path::Path;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let protos = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../proto/lnd");
    println!("cargo:rerun-if-changed={}", protos.display());
    let files = [
        "lightning.proto",
        "router.proto",
        "invoices.proto",
        "signer.proto",
    ];
    let set = protox::compile(files, [&protos])?;
    tonic_prost_build::configure()
        .btree_map(".")
        // The server side exists only for the tests of the client side.
        .server_mod_attribute(".", "#[cfg(test)]")
        .compile_fds(set)?;
    Ok(())
}
