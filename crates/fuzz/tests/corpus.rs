//! The whole corpus through its targets, and damaged in every byte, on every build.

use std::path::Path;

/// Each file as it is, with each of its bytes changed, and cut at each place.
#[test]
fn the_corpus_gets_a_verdict_and_so_does_all_that_is_near_it() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    for target in fuzz::TARGETS {
        let folder = corpus.join(target.name);
        let mut files = 0;
        let entries = std::fs::read_dir(&folder);
        for entry in entries.unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
            let path = entry.expect("an entry").path();
            let bytes = std::fs::read(&path).expect("a file of the corpus");
            target.run(&bytes);
            near(&bytes, target);
            files += 1;
        }
        assert!(files > 0, "{}: nothing to begin with", folder.display());
    }
}

/// At most 256 places of each file, evenly spread.
fn near(bytes: &[u8], target: &fuzz::Target) {
    let step = (bytes.len() / 256).max(1);
    let mut changed = bytes.to_vec();
    for place in (0..bytes.len()).step_by(step) {
        changed[place] ^= 1 << (place % 8);
        target.run(&changed);
        changed[place] = bytes[place];
        target.run(&bytes[..place]);
    }
}

/// `cargo xtask fuzz` knows the targets by the folders of their corpora.
#[test]
fn each_folder_of_the_corpus_is_a_target() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    for entry in std::fs::read_dir(corpus).expect("the corpus") {
        let name = entry.expect("an entry").file_name();
        let name = name.to_string_lossy();
        assert!(fuzz::find(&name).is_some(), "no target is named {name}");
    }
}
