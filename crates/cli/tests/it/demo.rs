//! `faregate demo`: the main job, small enough for a test, with every part real.

use std::process::Command;

use crate::support::{failure, faregate, json, kill_ever_later};

fn demo(folder: &std::path::Path, data: &str) -> Command {
    let mut command = faregate();
    command.args(["demo", "--once", "--json", "--riders", "200", "--seed", "7"]);
    command
        .args(["--date", "2019-01-07", "--data"])
        .arg(folder.join(data));
    command
}

fn dump(folder: &std::path::Path, data: &str) -> String {
    std::fs::read_to_string(folder.join(data).join("canonical-dump.txt")).unwrap()
}

#[test]
fn every_promise_of_the_morning_holds() {
    let folder = tempfile::tempdir().unwrap();
    let seen = json(&mut demo(folder.path(), "one"));
    let number = |key: &str| {
        seen[key]
            .as_i64()
            .unwrap_or_else(|| panic!("{key}: {seen:#}"))
    };
    assert_eq!(number("riders"), 200);
    assert_eq!(number("ledger_sum_minor"), 0);
    assert_eq!(seen["recompute_equal"], true);
    assert_eq!(seen["currency"], "CNY");
    assert_eq!(number("taps"), number("permitted") + number("refused"));
    assert!(
        number("journeys") > 100 && number("charged_minor") > 10_000,
        "{seen:#}"
    );
    assert_eq!(number("cheats"), 8, "one of 25 riders: {seen:#}");
    assert_eq!(number("cheats_unnoticed"), 0, "{seen:#}");
    for reason in [
        "stale",
        "already_used",
        "bad_issuer_signature",
        "denied",
        "expired",
        "unknown_issuer",
    ] {
        assert!(
            seen["refused_by_reason"][reason].as_i64().unwrap_or(0) >= 1,
            "{reason}: {seen:#}"
        );
    }
    assert!(
        seen["flagged_by_reason"]["code_used_twice"]
            .as_i64()
            .unwrap()
            >= 1,
        "{seen:#}"
    );
    assert_eq!(seen["honest_refused"], 0, "{seen:#}");
    assert_eq!(
        seen["expected_charged_minor"], seen["charged_minor"],
        "{seen:#}"
    );

    let again = json(&mut demo(folder.path(), "two"));
    assert_eq!(
        again["charged_minor"], seen["charged_minor"],
        "one seed, one morning"
    );
    assert_eq!(dump(folder.path(), "one"), dump(folder.path(), "two"));
}

#[test]
fn killed_and_started_again_it_ends_with_the_same_ledger() {
    let folder = tempfile::tempdir().unwrap();
    json(&mut demo(folder.path(), "whole"));
    let expected = dump(folder.path(), "whole");
    let kills = kill_ever_later(|| demo(folder.path(), "killed"), 300, 331);
    assert!(kills > 2, "only {kills} kills hit");
    let last = json(&mut demo(folder.path(), "killed"));
    assert_eq!(last["recompute_equal"], true, "after {kills} kills");
    assert_eq!(
        dump(folder.path(), "killed"),
        expected,
        "after {kills} kills"
    );
}

#[test]
fn books_that_no_demo_made_are_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let town = folder.path().join("town");
    std::fs::create_dir(&town).unwrap();
    // The names that the help of `faregate` gives a town's own files.
    for name in ["faregate.db", "issuer.age"] {
        std::fs::write(town.join(name), "a town's").unwrap();
    }
    let said = failure(&mut demo(folder.path(), "town"));
    assert!(said.contains("that no demo made"), "{said}");
    for name in ["faregate.db", "issuer.age"] {
        assert_eq!(std::fs::read(town.join(name)).unwrap(), b"a town's");
    }
}

#[test]
fn two_demos_do_not_share_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("one");
    std::fs::create_dir(&data).unwrap();
    let lock = std::fs::File::create(data.join("demo.lock")).unwrap();
    lock.lock().unwrap();
    let said = failure(&mut demo(folder.path(), "one"));
    assert!(said.contains("another demo runs in"), "{said}");
}

#[test]
fn a_promise_that_is_not_kept_is_told() {
    let folder = tempfile::tempdir().unwrap();
    json(&mut demo(folder.path(), "one"));
    // The gates' batches without the record of what was issued: nothing can be charged.
    for name in ["faregate.db", "faregate.db-wal", "faregate.db-shm"] {
        drop(std::fs::remove_file(folder.path().join("one").join(name)));
    }
    let said = failure(&mut demo(folder.path(), "one"));
    assert!(said.contains("records of the gates aside"), "{said}");
    assert!(said.contains("0 minor units were charged"), "{said}");
}
