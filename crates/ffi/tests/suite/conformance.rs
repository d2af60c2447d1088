//! `proto/conformance`: current, readable from its pictures, complete, and true of crate
//! `validator`.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::Kit;
use crate::{files, pictures, run};

/// The kit as committed.
pub(crate) fn committed() -> Kit {
    let text = std::fs::read_to_string(files::folder().join("kit.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// The texts by picture, and the folder's pictures.
fn shown(kit: &Kit) -> (BTreeMap<&str, &str>, BTreeSet<String>) {
    let folder = std::fs::read_dir(files::folder().join("pictures")).unwrap();
    let found = folder
        .map(|entry| {
            let name = entry.unwrap().file_name().into_string().unwrap();
            format!("pictures/{name}")
        })
        .collect();
    (files::pictures(kit), found)
}

#[test]
fn the_committed_kit_is_current() {
    let how = "is not current: run `cargo run -p ffi --example conformance_kit`";
    let fresh = files::kit();
    for (name, text) in [
        ("kit.json", files::json(&fresh)),
        ("kit.txt", files::script(&fresh)),
    ] {
        let same = std::fs::read_to_string(files::folder().join(name)).unwrap() == text;
        assert!(same, "{name} {how}");
    }
    let (texts, found) = shown(&fresh);
    let names: BTreeSet<_> = texts.keys().map(|name| (*name).to_owned()).collect();
    assert_eq!(names, found, "pictures {how}");
    for (name, text) in texts {
        // Pixels, not bytes: another version of the PNG encoder draws the same picture.
        let picture = image::open(files::folder().join(name))
            .unwrap()
            .into_luma8();
        assert_eq!(picture, pictures::pixels(text), "{name} {how}");
    }
}

#[test]
fn a_png_holds_its_pixels() {
    let text = "FG1:HELLO";
    let read = image::load_from_memory(&pictures::png(text)).unwrap();
    assert_eq!(read.into_luma8(), pictures::pixels(text));
}

#[test]
fn every_picture_reads_as_its_text() {
    let kit = committed();
    let (texts, found) = shown(&kit);
    assert_eq!(texts.len(), found.len());
    let scans = || kit.cases.iter().flat_map(|case| &case.scans);
    assert!(scans().all(|scan| scan.picture.is_some() || scan.text.is_empty()));
    for scan in scans() {
        if let Some(name) = &scan.picture {
            assert_eq!(texts[name.as_str()], scan.text, "one text for {name}");
        }
    }
    for (name, text) in &texts {
        let picture = image::open(files::folder().join(name))
            .unwrap()
            .into_luma8();
        let [width, height] =
            [picture.width(), picture.height()].map(|n| usize::try_from(n).unwrap());
        let pixel = |x: usize, y: usize| picture.as_raw()[y * width + x];
        let mut picture = rqrr::PreparedImage::prepare_from_greyscale(width, height, pixel);
        let grids = picture.detect_grids();
        let [grid] = &grids[..] else {
            panic!("{name}: {} symbols", grids.len())
        };
        let mut read = Vec::new();
        grid.decode_to(&mut read).unwrap();
        assert_eq!(String::from_utf8(read).unwrap(), **text, "{name}");
    }
    println!("{} pictures read", texts.len());
}

#[test]
fn our_crate_conforms() {
    let kit = committed();
    let report = run::run(&kit).unwrap();
    assert_eq!(report.mismatches, Vec::<String>::new());
    println!("{} cases, {} scans", kit.cases.len(), report.lines.len());
}

#[test]
fn every_decision_and_reader_is_in_it() {
    let kit = committed();
    let scans = kit.cases.iter().flat_map(|case| &case.scans);
    let decisions: BTreeSet<_> = scans
        .map(|scan| (scan.expected.code, scan.expected.name.as_str()))
        .collect();
    let refusals = (1..=999).filter_map(|code| Some((code, validator::Refusal::name_of(code)?)));
    let all: BTreeSet<_> = [(0, "permitted")].into_iter().chain(refusals).collect();
    assert_eq!(decisions, all);
    let used: BTreeSet<_> = kit.cases.iter().map(|case| &case.reader).collect();
    assert_eq!(used, kit.readers.keys().collect());
    let names: BTreeSet<_> = kit.cases.iter().map(|case| &case.name).collect();
    assert_eq!(
        names.len(),
        kit.cases.len(),
        "each case has a name of its own"
    );
}

#[test]
fn it_stays_small() {
    let mut bytes = 0;
    for folder in [files::folder(), files::folder().join("pictures")] {
        for entry in std::fs::read_dir(folder).unwrap() {
            bytes += entry.unwrap().metadata().unwrap().len();
        }
    }
    assert!(bytes < 3 << 20, "{bytes} bytes");
}
