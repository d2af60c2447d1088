//! Generates the protobuf types from `proto/`; protox reads them, so no `protoc` is needed.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let files = protox::compile(["../../proto/faregate/v1/taps.proto"], ["../../proto"])?;
    prost_build::Config::new().compile_fds(files)?;
    println!("cargo:rerun-if-changed=../../proto");
    Ok(())
}
