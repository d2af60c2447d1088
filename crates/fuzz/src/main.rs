//! One target under libFuzzer (`FAREGATE_FUZZ_TARGET` names it), or files through a target.
#![cfg_attr(feature = "libfuzzer", no_main)]

#[cfg(feature = "libfuzzer")]
mod libfuzzer {
    use std::sync::OnceLock;

    use fuzz::{Target, find};

    static TARGET: OnceLock<Option<&'static Target>> = OnceLock::new();

    libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
        match TARGET.get_or_init(|| find(&named())) {
            Some(target) => target.run(bytes),
            None => panic!("FAREGATE_FUZZ_TARGET names no target: {:?}", named()),
        }
    });

    /// libFuzzer reads the command line itself.
    #[expect(
        clippy::disallowed_methods,
        reason = "a tool, told by its environment what to run"
    )]
    fn named() -> String {
        std::env::var("FAREGATE_FUZZ_TARGET").unwrap_or_default()
    }
}

#[cfg(not(feature = "libfuzzer"))]
fn main() -> anyhow::Result<()> {
    use anyhow::Context;

    let mut arguments = std::env::args_os().skip(1);
    let Some(name) = arguments.next() else {
        for target in fuzz::TARGETS {
            println!("{}", target.name);
        }
        return Ok(());
    };
    let name = name.to_string_lossy();
    let target = fuzz::find(&name).with_context(|| format!("no target is named {name}"))?;
    for file in arguments {
        let bytes = std::fs::read(&file).with_context(|| format!("{}", file.display()))?;
        target.run(&bytes);
    }
    Ok(())
}
