//! Generates the messages of `proto/heliograph`.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    const ROOT: &str = "../../proto";
    const FILES: [&str; 2] = [
        "../../proto/heliograph/card.proto",
        "../../proto/heliograph/letter.proto",
    ];
    for file in FILES {
        println!("cargo:rerun-if-changed={file}");
    }
    let descriptors = protox::compile(FILES, [ROOT])?;
    prost_build::Config::new().compile_fds(descriptors)?;
    Ok(())
}
