//! Generates the letter's messages from `proto/heliograph`.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    const ROOT: &str = "../../proto";
    const LETTER: &str = "../../proto/heliograph/letter.proto";
    println!("cargo:rerun-if-changed={LETTER}");
    let descriptors = protox::compile([LETTER], [ROOT])?;
    prost_build::Config::new().compile_fds(descriptors)?;
    Ok(())
}
