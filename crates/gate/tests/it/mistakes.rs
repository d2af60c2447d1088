//! Mistakes of who sets a gate up: each is told in a sentence that names the place.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Stdio;

use crate::support::Station;
use crate::upload::TCP;

/// What the agent says when it does not start.
fn said(station: &Station) -> String {
    let output = station.command().stdin(Stdio::null()).output().unwrap();
    assert!(!output.status.success());
    String::from_utf8(output.stderr).unwrap()
}

fn checked(station: &Station) -> String {
    let output = station
        .command()
        .args(["config", "check"])
        .output()
        .unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap()
}

fn change(station: &Station, before: &str, after: &str) {
    let file = station.path().join("gate.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(text.contains(before), "{before}");
    std::fs::write(&file, text.replacen(before, after, 1)).unwrap();
}

fn mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn a_second_agent_and_a_folder_that_cannot_be_are_named() {
    let station = Station::new(TCP, None);
    let state = station.path().join("state");
    let running = station.start();
    station.connect();
    let told = said(&station);
    let expected = format!("gate.state {}: another agent holds it", state.display());
    assert!(told.contains(&expected), "{told}");
    running.kill();
    change(&station, "/state\"", "/gate.toml/state\"");
    let told = said(&station);
    assert!(
        told.contains("gate.state ") && told.contains("gate.toml/state"),
        "{told}"
    );
    let state = format!("state = \"{}/gate.toml/state\"", station.path().display());
    change(&station, &state, "state = \"\"");
    assert!(said(&station).contains("line 5: gate.state: expected a path"));
}

#[test]
fn keys_that_others_may_read_and_files_that_are_missing_are_told() {
    let station = Station::new(TCP, Some("http://127.0.0.1:9"));
    let key = station.path().join("key");
    mode(&key, 0o644);
    let told = checked(&station);
    assert!(told.starts_with("The configuration is good.\n"), "{told}");
    assert!(
        told.contains("gate.key_file") && told.contains("got mode 644"),
        "{told}"
    );
    mode(&key, 0o600);
    assert_eq!(checked(&station), "The configuration is good.\n");
    change(&station, "unsigned = true", "root = \"/nowhere/root.1\"");
    let told = checked(&station);
    assert!(
        told.contains("On this machine: lists.root: /nowhere/root.1: No such file"),
        "{told}"
    );
}

#[test]
fn what_the_agent_makes_is_read_by_nobody_else() {
    let station = Station::new(TCP, None);
    std::fs::remove_dir_all(station.path().join("state")).unwrap();
    let _running = station.start();
    station.connect();
    let made = std::fs::metadata(station.path().join("state")).unwrap();
    assert_eq!(made.permissions().mode() & 0o777, 0o700);
}
