//! The commands on PostgreSQL: as on SQLite, to the byte, with several processes and kills.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use services::Postgres;

use crate::settle::{dump, many, settle};
use crate::support::{failure, faregate, json, text, write_city};

/// `faregate settle` into the database of `url`; its dump is NAME.dump.
fn settle_at(url: &str, folder: &Path, taps: &str, name: &str) -> Command {
    let mut command = faregate();
    command.args(["settle", "--json", "--db", url, "--city"]);
    command.arg(folder.join("city"));
    command.arg("--taps").arg(folder.join(taps));
    command
        .arg("--dump")
        .arg(folder.join(format!("{name}.dump")));
    command
}

fn ask(db: &str, folder: &Path, words: &[&str]) -> Command {
    let mut command = faregate();
    command.args(words).args(["--json", "--db", db, "--city"]);
    command.arg(folder.join("city"));
    command
}

/// What a command told, but for how long it took.
fn timeless(mut told: Value) -> Value {
    told.as_object_mut().unwrap().remove("wall_s");
    told
}

/// A table of charges without when they were made.
fn undated(charges: &str) -> String {
    let column = charges
        .split(['\n', ','])
        .position(|name| name == "at")
        .unwrap();
    let cells = |line: &str| {
        let cells = line.split(',').enumerate().filter(|(at, _)| *at != column);
        cells
            .map(|(_, cell)| cell.to_owned() + ",")
            .collect::<String>()
            + "\n"
    };
    charges.lines().map(cells).collect()
}

#[test]
fn every_command_tells_the_same_on_both_databases() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write_city(&folder.join("city"));
    std::fs::write(folder.join("taps.csv"), many(600, 7, 10)).unwrap();
    let postgres = Postgres::shared().unwrap();
    let url = postgres.create_database().unwrap();
    let file = folder.join("books.db").display().to_string();

    let here = timeless(json(&mut settle(folder, "taps.csv", "books.db")));
    let there = timeless(json(&mut settle_at(&url, folder, "taps.csv", "there")));
    assert_eq!(here, there);
    assert_eq!(there["journeys"], json!(540));
    assert_eq!(dump(folder, "books.db"), dump(folder, "there"));

    let tables = |db: &str, out: &str| {
        let mut export = ask(db, folder, &["export", "--format", "csv"]);
        json(export.arg("--out").arg(folder.join(out)));
        let read = |name| std::fs::read_to_string(folder.join(out).join(name)).unwrap();
        [
            read("taps.csv"),
            read("journeys.csv"),
            undated(&read("charges.csv")),
        ]
    };
    let (here, exported) = (tables(&file, "here"), tables(&url, "there"));
    assert!(here == exported, "the tables differ");
    let charge = exported[2]
        .lines()
        .nth(1)
        .unwrap()
        .split(',')
        .next()
        .unwrap();
    for words in [&["ledger", "check"][..], &["fraud"], &["explain", charge]] {
        let here = json(&mut ask(&file, folder, words));
        assert_eq!(here, json(&mut ask(&url, folder, words)), "{words:?}");
    }
    let statement = |db: &str, out: &str| {
        let dates = ["--from", "2019-01-07", "--through", "2019-01-07"];
        let mut command = ask(db, folder, &["apportion", "statement"]);
        json(command.args(dates).arg("--out").arg(folder.join(out)))
    };
    assert_eq!(statement(&file, "paid-here"), statement(&url, "paid-there"));
}

#[test]
fn the_url_is_told_in_a_file_or_the_environment_and_its_password_to_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write_city(&folder.join("city"));
    let postgres = Postgres::shared().unwrap();
    let url = postgres.create_database().unwrap();
    // This server asks nobody for a password, and is told one all the same.
    let url = url.replace("faregate@", "faregate:hush@");
    std::fs::write(folder.join("url"), format!("{url}\n")).unwrap();
    let check = || {
        let mut command = faregate();
        command.args(["explain", "--city"]).arg(folder.join("city"));
        command.arg("0190163d-8694-739b-aea5-966c26f8ad91");
        command
    };
    let by_file = failure(check().arg("--db-file").arg(folder.join("url")));
    let by_environment = failure(check().env("FAREGATE_DB", &url));
    assert_eq!(by_file, by_environment);
    assert!(by_file.contains("has no charge"), "{by_file}");
    let closed = url.replace("/test_", "/none_");
    let said = by_file + &failure(check().args(["--db", &closed]));
    assert!(said.contains("no such database"), "{said}");
    let unknown = failure(check().args(["--db", "mysql://anna:hush@db/city"]));
    assert!(unknown.contains("expected a path"), "{unknown}");
    let help = faregate()
        .args(["serve", "--help"])
        .env("FAREGATE_DB", &url)
        .output();
    let said = said + &unknown + &text(&help.unwrap().stdout);
    assert!(!said.contains("hush"), "{said}");
    assert!(failure(&mut check()).contains("--db"), "nothing is named");
}

fn started(command: &mut Command) -> Child {
    command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

#[test]
fn three_processes_share_one_database_and_one_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write_city(&folder.join("city"));
    std::fs::write(folder.join("taps.csv"), many(3_000, 5, 50)).unwrap();
    let alone = timeless(json(&mut settle(folder, "taps.csv", "alone.db")));
    let postgres = Postgres::shared().unwrap();
    let mut hits = 0;
    for wait_ms in [150, 400, 800] {
        let url = postgres.create_database().unwrap();
        let start = |name: &str| started(&mut settle_at(&url, folder, "taps.csv", name));
        let (one, two, mut killed) = (start("one"), start("two"), start("killed"));
        std::thread::sleep(Duration::from_millis(wait_ms));
        hits += u32::from(killed.try_wait().unwrap().is_none());
        killed.kill().unwrap();
        killed.wait().unwrap();
        for other in [one, two] {
            let output = other.wait_with_output().unwrap();
            assert!(output.status.success(), "{}", text(&output.stderr));
        }
        let last = timeless(json(&mut settle_at(&url, folder, "taps.csv", "last")));
        for key in ["taps", "journeys", "incomplete", "charges", "charged_minor"] {
            assert_eq!(last[key], alone[key], "{key}, killed after {wait_ms} ms");
        }
        assert_eq!(last["recompute_equal"], true);
        let expected = dump(folder, "alone.db");
        assert_eq!(dump(folder, "last"), expected, "killed after {wait_ms} ms");
    }
    assert!(
        hits > 0,
        "every process had come to its end before its kill"
    );
}
