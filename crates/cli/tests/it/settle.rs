//! `faregate settle`: files of taps that no gate of ours made.

use std::path::Path;
use std::process::Command;

use serde_json::json;

use crate::support::{HEADER, failure, faregate, json, kill_ever_later, text, write_city};

pub(crate) fn settle(folder: &Path, taps: &str, db: &str) -> Command {
    let mut command = faregate();
    command
        .args(["settle", "--json", "--city"])
        .arg(folder.join("city"));
    command
        .arg("--taps")
        .arg(folder.join(taps))
        .arg("--db")
        .arg(folder.join(db));
    command.arg("--dump").arg(folder.join(format!("{db}.dump")));
    command
}

pub(crate) fn dump(folder: &Path, db: &str) -> String {
    std::fs::read_to_string(folder.join(format!("{db}.dump"))).unwrap()
}

#[test]
fn every_row_is_settled_or_named_with_its_reason() {
    let folder = tempfile::tempdir().unwrap();
    write_city(&folder.path().join("city"));
    let taps = [
        "1,ann,2019-01-07T08:00:00+08:00,on,a,,g1",
        "2,ann,2019-01-07T08:20:00+08:00,off,c,,g3", // ¥3
        "3,bob,2019-01-07T09:00:00+08:00,on,b,,g2",  // no tap off: ¥9
        "4,cat,2019-01-07T09:30:00+08:00,on,q,b7,v7", // bus ¥1.50
        "1,ann,2019-01-07T00:00:00Z,on,a,,g1",       // the first row again
        "5,dan,2019-01-07 09:30,on,a,,g1",           // no offset
        "6,dan,2019-01-07T09:30:00+08:00,in,a,,g1",  // no such kind
        "7,dan,2019-01-07T09:30:00+08:00,on,zzz,,g1", // no such stop
        "2,eve,2019-01-07T08:20:00+08:00,off,c,,g3", // the id is taken
        "8,dan",                                     // fields are missing
    ];
    std::fs::write(
        folder.path().join("taps.csv"),
        format!("{HEADER}{}\n", taps.join("\n")),
    )
    .unwrap();
    let seen = json(&mut settle(folder.path(), "taps.csv", "x.db"));
    assert_eq!(seen["taps"], 4, "{seen:#}");
    assert_eq!(seen["duplicates"], 1, "{seen:#}");
    assert_eq!(seen["rejected"], 5, "{seen:#}");
    assert_eq!(seen["journeys"], 2, "{seen:#}");
    assert_eq!(seen["incomplete"], 1, "{seen:#}");
    assert_eq!(seen["charges"], 3, "{seen:#}");
    assert_eq!(seen["charged_minor"], 300 + 900 + 150, "{seen:#}");
    assert_eq!(seen["ledger_sum_minor"], 0, "{seen:#}");
    assert_eq!(seen["recompute_equal"], true, "{seen:#}");
    let rows: Vec<i64> = seen["rejected_rows"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["row"].as_i64().unwrap())
        .collect();
    assert_eq!(rows, [7, 8, 9, 10, 11], "the header is row 1: {seen:#}");
    let counted: i64 = seen["by_reason"]
        .as_object()
        .unwrap()
        .values()
        .map(|count| count.as_i64().unwrap())
        .sum();
    assert_eq!(counted, 5, "{seen:#}");

    let again = json(&mut settle(folder.path(), "taps.csv", "x.db"));
    assert_eq!(again["charged_minor"], seen["charged_minor"]);
    assert_eq!(again["charges"], seen["charges"]);
    assert_eq!(again["duplicates"], 5, "nothing is new: {again:#}");
}

#[test]
fn a_file_that_is_no_file_of_taps_is_refused_whole() {
    let folder = tempfile::tempdir().unwrap();
    write_city(&folder.path().join("city"));
    let check = |bytes: &[u8], expected: &str| {
        std::fs::write(folder.path().join("taps.csv"), bytes).unwrap();
        let said = failure(&mut settle(folder.path(), "taps.csv", "x.db"));
        assert!(said.contains(expected), "{said:?} lacks {expected:?}");
    };
    check(b"tap,account\n1,2\n", "tap_id");
    check(b"", "tap_id");
    let said = failure(&mut settle(folder.path(), "none.csv", "x.db"));
    assert!(said.contains("none.csv"), "{said}");
}

/// A day of many riders, in rows whose order `seed` decides, some of them repeated.
pub(crate) fn many(riders: u32, seed: u32, repeat_every: usize) -> String {
    let mut rows = Vec::new();
    for rider in 0..riders {
        let (from, to) = [("a", "b"), ("a", "c"), ("c", "b")][rider as usize % 3];
        let minute = rider % 60;
        rows.push(format!(
            "{rider}-on,r{rider},2019-01-07T08:{minute:02}:00+08:00,on,{from},,g"
        ));
        if rider % 10 != 9 {
            rows.push(format!(
                "{rider}-off,r{rider},2019-01-07T10:{minute:02}:00+08:00,off,{to},,g"
            ));
        }
    }
    let repeats: Vec<String> = rows.iter().step_by(repeat_every).cloned().collect();
    rows.extend(repeats);
    // An order that differs with the seed; any will do.
    rows.sort_by_key(|row| {
        row.bytes().fold(seed, |sum, byte| {
            sum.wrapping_mul(16_777_619) ^ u32::from(byte)
        })
    });
    format!("{HEADER}{}\n", rows.join("\n"))
}

#[test]
fn order_and_repetition_change_nothing() {
    let folder = tempfile::tempdir().unwrap();
    write_city(&folder.path().join("city"));
    std::fs::write(folder.path().join("one.csv"), many(600, 1, 1000)).unwrap();
    std::fs::write(folder.path().join("two.csv"), many(600, 99, 10)).unwrap();
    let one = json(&mut settle(folder.path(), "one.csv", "one.db"));
    let two = json(&mut settle(folder.path(), "two.csv", "two.db"));
    // 60 riders forget to tap off; of the 540 others each third pays 200, 300, 200.
    assert_eq!(
        (&one["journeys"], &one["incomplete"]),
        (&json!(540), &json!(60)),
        "{one:#}"
    );
    assert_eq!(one["charged_minor"], two["charged_minor"]);
    assert_eq!(dump(folder.path(), "one.db"), dump(folder.path(), "two.db"));
    assert!(dump(folder.path(), "one.db").lines().count() > 600);
    assert!(
        !folder.path().join("one.db-wal").exists(),
        "the books are one file, which may be copied"
    );
}

#[test]
fn killed_at_any_point_it_ends_with_the_same_ledger() {
    let folder = tempfile::tempdir().unwrap();
    write_city(&folder.path().join("city"));
    std::fs::write(folder.path().join("taps.csv"), many(3_000, 5, 50)).unwrap();
    let whole = json(&mut settle(folder.path(), "taps.csv", "whole.db"));
    let expected = dump(folder.path(), "whole.db");
    let kills = kill_ever_later(|| settle(folder.path(), "taps.csv", "killed.db"), 5, 23);
    assert!(kills > 3, "only {kills} kills hit");
    let last = json(&mut settle(folder.path(), "taps.csv", "killed.db"));
    for key in [
        "journeys",
        "incomplete",
        "charges",
        "charged_minor",
        "ledger_sum_minor",
    ] {
        assert_eq!(last[key], whole[key], "{key} after {kills} kills");
    }
    assert_eq!(last["recompute_equal"], true);
    assert_eq!(
        dump(folder.path(), "killed.db"),
        expected,
        "after {kills} kills"
    );
}

#[test]
fn rows_that_are_not_listed_are_counted() {
    let folder = tempfile::tempdir().unwrap();
    write_city(&folder.path().join("city"));
    std::fs::write(
        folder.path().join("taps.csv"),
        format!("{HEADER}{}", "x\n".repeat(1_003)),
    )
    .unwrap();
    let mut command = faregate();
    command.args(["settle", "--db", "sqlite::memory:", "--city"]);
    command.arg(folder.path().join("city"));
    command.arg("--taps").arg(folder.path().join("taps.csv"));
    let said = text(&command.output().unwrap().stdout);
    assert!(said.contains("1003 rows were left out"), "{said}");
    assert!(said.contains("row 1001: "), "{said}");
    assert!(said.contains("  and 3 more\n"), "{said}");
}
