//! What an operator's staff ask of the books of a small city.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use sqlx::sqlite::SqlitePoolOptions;

use crate::support::{HEADER, failure, faregate, json, text, write_city};

/// Ann rides from Apple to Cedar for 3.00; Bob's tap off is missing, 9.00.
pub(crate) const ROWS: &str = "1,ann,2019-01-07T08:00:00+08:00,on,a,,g1\n\
    2,ann,2019-01-07T08:20:00+08:00,off,c,,g3\n3,bob,2019-01-07T09:00:00+08:00,on,b,,g2\n";

pub(crate) fn books(folder: &Path, rows: &str) {
    write_city(&folder.join("city"));
    let taps = folder.join("taps.csv");
    std::fs::write(&taps, format!("{HEADER}{rows}")).unwrap();
    let mut command = faregate();
    command
        .args(["settle", "--json", "--city"])
        .arg(folder.join("city"));
    json(
        command
            .arg("--taps")
            .arg(&taps)
            .arg("--db")
            .arg(folder.join("books.db")),
    );
}

fn ask(folder: &Path, words: &[&str]) -> Command {
    let mut command = faregate();
    command
        .args(words)
        .arg("--json")
        .arg("--city")
        .arg(folder.join("city"));
    command.arg("--db").arg(folder.join("books.db"));
    command
}

pub(crate) fn export(folder: &Path, format: &str) -> Value {
    let mut command = ask(folder, &["export", "--format", format]);
    json(command.arg("--out").arg(folder.join("out")))
}

/// The rows of a table of the export, by column.
pub(crate) fn rows(folder: &Path, name: &str) -> Vec<std::collections::BTreeMap<String, String>> {
    let reader = csv::Reader::from_path(folder.join("out").join(name));
    reader
        .unwrap()
        .into_deserialize()
        .map(Result::unwrap)
        .collect()
}

#[test]
fn a_charge_is_explained_down_to_its_taps() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    books(folder, ROWS);
    export(folder, "csv");
    let charges = rows(folder, "charges.csv");
    let amounts: Vec<&str> = charges
        .iter()
        .map(|row| row["amount_minor"].as_str())
        .collect();
    assert!(
        amounts.contains(&"300") && amounts.contains(&"900"),
        "{amounts:?}"
    );
    let ann = charges
        .iter()
        .find(|row| row["amount_minor"] == "300")
        .unwrap();
    let told = json(&mut ask(folder, &["explain", &ann["charge_id"]]));
    assert_eq!(told["account"], ann["account_id"].as_str());
    assert_eq!(told["because"], "Travel on 2019-01-07: CNY 3.00.");
    let journey = &told["journeys"][0];
    let taps: Vec<_> = journey["taps"]
        .as_array()
        .unwrap()
        .iter()
        .map(|tap| {
            (
                tap["at"].as_str().unwrap(),
                tap["kind"].as_str().unwrap(),
                tap["stop"].as_str().unwrap(),
            )
        })
        .collect();
    let (on, off) = (
        ("2019-01-07T08:00:00", "on", "Apple"),
        ("2019-01-07T08:20:00", "off", "Cedar"),
    );
    assert_eq!(taps, [on, off]);
    let line = &journey["lines"][0];
    // The rule from a to c is the ninth of the file, its header the first line.
    assert_eq!(
        (&line["file"], &line["row"]),
        (&json!("gtfs/fare_leg_rules.txt"), &json!(9))
    );
    let unknown = "0190163d-8694-739b-aea5-966c26f8ad91";
    let said = failure(&mut ask(folder, &["explain", unknown]));
    assert!(said.contains("has no charge 0190163d"), "{said}");
    assert!(failure(&mut ask(folder, &["explain", "7"])).contains("the id of the charge"));
}

#[test]
fn tables_hold_every_tap_journey_and_posting() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    books(folder, ROWS);
    let written = export(folder, "csv");
    let counts: Vec<&Value> = written["files"]
        .as_array()
        .unwrap()
        .iter()
        .map(|file| &file["rows"])
        .collect();
    // Two fares and two charges are four entries of two postings.
    assert_eq!(counts, [&json!(3), &json!(2), &json!(2), &json!(8)]);
    let sum: i64 = rows(folder, "postings.csv")
        .iter()
        .map(|row| row["amount_minor"].parse::<i64>().unwrap())
        .sum();
    assert_eq!(sum, 0);
    let mut fares: Vec<String> = rows(folder, "journeys.csv")
        .iter()
        .map(|row| row["fare_minor"].clone())
        .collect();
    fares.sort_unstable();
    assert_eq!(fares, ["300", "900"]);
}

/// hledger's path: `FAREGATE_HLEDGER`, which `cargo xtask test` sets, or where Debian's package
/// puts it.
#[expect(
    clippy::disallowed_methods,
    reason = "tests are told by xtask where programs are"
)]
fn hledger_path() -> String {
    std::env::var("FAREGATE_HLEDGER").unwrap_or_else(|_| "/usr/bin/hledger".to_owned())
}

#[test]
fn the_real_hledger_takes_the_journal_and_finds_the_same_balances() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    books(folder, ROWS);
    export(folder, "hledger");
    let journal = folder.join("out/ledger.journal");
    let hledger = |words: &[&str]| {
        let mut command = Command::new(hledger_path());
        command
            .env("LANG", "C.UTF-8")
            .arg("-f")
            .arg(&journal)
            .args(words);
        let output = command
            .output()
            .unwrap_or_else(|error| panic!("hledger: {error}"));
        assert!(output.status.success(), "{}", text(&output.stderr));
        text(&output.stdout)
    };
    hledger(&["check", "--strict"]);
    // 12.00 were earned; the riders have been charged and owe nothing; 12.00 wait in clearing.
    let balances = hledger(&["balance", "--flat", "-O", "csv"]);
    assert!(
        balances.contains("\"clearing\",\"CNY -12.00\""),
        "{balances}"
    );
    assert!(balances.contains("\"CNY 12.00\""), "{balances}");
    assert!(!balances.contains("rider:"), "{balances}");
}

#[tokio::test]
async fn a_ledger_that_somebody_touched_is_not_sound() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    books(folder, ROWS);
    let sound = json(&mut ask(folder, &["ledger", "check"]));
    assert_eq!(sound["sound"], true, "{sound:#}");
    assert_eq!(
        (&sound["entries"], &sound["journeys"]),
        (&json!(4), &json!(2))
    );
    assert_eq!(sound["sums_minor"], json!({"CNY": 0}));
    let url = format!("sqlite://{}", folder.join("books.db").display());
    let pool = SqlitePoolOptions::new().connect(&url).await.unwrap();
    let touched =
        sqlx::query("UPDATE balances SET minor = minor + 1 WHERE minor = -900 OR minor = 900")
            .execute(&pool)
            .await
            .unwrap();
    assert!(touched.rows_affected() > 0);
    pool.close().await;
    let output = ask(folder, &["ledger", "check"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["sound"], false);
    let faults = report["listed_faults"].to_string();
    assert!(
        faults.contains("the stored balances are not the fold of its entries"),
        "{faults}"
    );
}

#[test]
fn a_rider_at_two_ends_of_the_city_is_put_before_staff() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    // Apple and Cedar are 0.2 degrees of latitude and longitude apart, 29 km: not in a minute.
    books(
        folder,
        "1,ann,2019-01-07T08:00:00+08:00,on,a,,g1\n2,ann,2019-01-07T08:01:00+08:00,off,c,,g3\n\
         3,bob,2019-01-07T08:00:00+08:00,on,a,,g1\n4,bob,2019-01-07T08:40:00+08:00,off,c,,g3\n",
    );
    let found = json(&mut ask(folder, &["fraud"]));
    let cases = found["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 1, "{found:#}");
    assert_eq!(
        (&cases[0]["subject"], &cases[0]["advice"]),
        (&json!("account"), &json!("watch"))
    );
    assert_eq!(cases[0]["findings"][0]["kind"], "impossible_travel");
    let none = json(ask(folder, &["fraud"]).args(["--from", "2019-01-08"]));
    assert_eq!(none, json!({"cases": []}));
}

#[test]
pub(crate) fn books_that_are_not_there_are_not_made() {
    let folder = tempfile::tempdir().unwrap();
    write_city(&folder.path().join("city"));
    let said = failure(&mut ask(folder.path(), &["ledger", "check"]));
    assert!(said.contains("does not exist"), "{said}");
    assert!(!folder.path().join("books.db").exists());
}
