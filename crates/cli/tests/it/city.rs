//! `faregate city check`: good packages, bad ones, and archives that mean harm.

use std::io::Write as _;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::support::{failure, faregate, json, text, write_city};

fn check(path: &Path) -> Command {
    let mut command = faregate();
    command.args(["city", "check"]).arg(path);
    command
}

fn write_zip(path: &Path, files: &[(&str, &[u8])]) {
    let mut archive = zip::ZipWriter::new(std::fs::File::create(path).unwrap());
    for (name, bytes) in files {
        let options = zip::write::SimpleFileOptions::default();
        archive.start_file(*name, options).unwrap();
        archive.write_all(bytes).unwrap();
    }
    archive.finish().unwrap();
}

#[test]
fn a_good_city_loads_and_a_bad_one_says_every_defect() {
    let folder = tempfile::tempdir().unwrap();
    let city = folder.path().join("city");
    write_city(&city);
    let seen = json(check(&city).arg("--json"));
    assert_eq!(
        (&seen["kind"], &seen["ok"], &seen["errors"]),
        (&json!("city"), &json!(true), &json!(0))
    );

    let rules = city.join("gtfs/fare_leg_rules.txt");
    let spoiled = std::fs::read_to_string(&rules).unwrap();
    let spoiled = spoiled.replace("metro,a,c,three", "metro,a,x,tree");
    std::fs::write(&rules, spoiled).unwrap();
    let output = check(&city).arg("--json").output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let seen: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (&seen["ok"], &seen["errors"]),
        (&json!(false), &json!(2)),
        "{seen:#}"
    );
    let defects = seen["defects"].as_array().unwrap();
    let errors: Vec<_> = defects
        .iter()
        .filter(|defect| defect["severity"] == "error")
        .collect();
    assert_eq!(errors[0]["file"], "gtfs/fare_leg_rules.txt");
    assert_eq!(
        (&errors[0]["row"], &errors[0]["value"]),
        (&json!(9), &json!("x"))
    );
    assert_eq!(
        (&errors[1]["field"], &errors[1]["value"]),
        (&json!("fare_product_id"), &json!("tree"))
    );
    let said = text(&check(&city).output().unwrap().stdout);
    assert!(
        said.contains("row 9") && said.contains("does not load"),
        "{said}"
    );
}

#[test]
fn archives_that_mean_harm_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    // A thousandth of its size when packed: more than any file may have.
    let much = vec![b'0'; 140 << 20];
    write_zip(&at("bomb.zip"), &[("fare_products.txt", &much)]);
    assert!(std::fs::metadata(at("bomb.zip")).unwrap().len() < 1 << 20);
    let said = failure(&mut check(&at("bomb.zip")));
    assert!(said.contains("128 MiB"), "{said}");

    write_zip(
        &at("out.zip"),
        &[("../stops.txt", b"stop_id\n"), ("areas.txt", b"area_id\n")],
    );
    let said = failure(&mut check(&at("out.zip")));
    assert!(said.contains("a path inside the archive"), "{said}");

    std::fs::write(at("no.zip"), b"PK but no archive").unwrap();
    let said = failure(&mut check(&at("no.zip")));
    assert!(said.contains("no.zip"), "{said}");
    assert!(failure(&mut check(&at("absent"))).contains("absent"));
    std::fs::create_dir(at("empty")).unwrap();
    assert!(failure(&mut check(&at("empty"))).contains("no city package and no GTFS feed"));
}
