//! `faregate settle --shadow`: what another tariff or release would have charged.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use sqlx::sqlite::SqlitePoolOptions;

use crate::operator::{ROWS, books};
use crate::support::{failure, faregate, json, text, write_city};

fn shadow(folder: &Path, package: &str) -> Command {
    let mut command = faregate();
    command.args(["settle", "--json", "--city"]);
    command.arg(folder.join("city")).arg("--db");
    command.arg(folder.join("books.db")).arg("--shadow");
    command.arg(folder.join(package));
    command
}

/// Another package, in which a file is another one.
fn other(folder: &Path, name: &str, file: &str, change: impl Fn(String) -> String) {
    write_city(&folder.join(name));
    let path = folder.join(name).join(file);
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, change(text)).unwrap();
}

#[test]
fn the_same_tariff_changes_no_charge_and_nothing_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    books(folder, ROWS);
    let before = std::fs::read(folder.join("books.db")).unwrap();
    let seen = json(&mut shadow(folder, "city"));
    assert_eq!(seen["changes"], json!([]), "{seen:#}");
    assert_eq!((&seen["riders"], &seen["days"]), (&json!(2), &json!(2)));
    // 3.00 and 9.00, see ROWS.
    let sums = (&seen["old_minor"], &seen["new_minor"]);
    assert_eq!(sums, (&json!(1200), &json!(1200)));
    assert_eq!(std::fs::read(folder.join("books.db")).unwrap(), before);
}

#[test]
fn a_changed_price_shows_the_charges_that_it_changes() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    books(folder, ROWS);
    let dearer = |text: String| text.replace("three,Three,3.00", "three,Three,3.50");
    other(folder, "dearer", "gtfs/fare_products.txt", dearer);
    let seen = json(&mut shadow(folder, "dearer"));
    let changes = seen["changes"].as_array().unwrap();
    assert_eq!(changes.len(), 1, "{seen:#}");
    let change = &changes[0];
    let money = ["old_minor", "new_minor", "difference_minor"].map(|key| change[key].clone());
    assert_eq!(money, [json!(300), json!(350), json!(50)]);
    assert_eq!(change["day"], "2019-01-07");
    let because = &change["journeys"][0];
    assert!(
        because["old_because"].as_str().unwrap().contains("3.00"),
        "{change:#}"
    );
    assert!(
        because["new_because"].as_str().unwrap().contains("3.50"),
        "{change:#}"
    );
    // The header is row 1; `three` is the second product.
    let row = |text: &str, only_in: &str| {
        json!({
            "file": "gtfs/fare_products.txt",
            "row": 3,
            "only_in": only_in,
            "text": text,
        })
    };
    let rows = json!([
        row("three,Three,3.00,CNY", "old"),
        row("three,Three,3.50,CNY", "new")
    ]);
    assert_eq!(change["cause"], json!({"class": "rule_row", "rows": rows}));
    assert_eq!(
        seen["by_cause"],
        json!({"rule_row": {"days": 1, "difference_minor": 50}})
    );
}

#[test]
fn a_tariff_from_another_day_on_is_another_version() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    books(folder, ROWS);
    let change = |text: String| {
        text + "[[tariff]]\neffective = \"2019-01-07\"\ngtfs = \"later\"\nmaximum_minor = 1000\n"
    };
    other(folder, "changed", "city.toml", change);
    let tables = folder.join("changed/gtfs");
    std::fs::create_dir(folder.join("changed/later")).unwrap();
    for file in std::fs::read_dir(tables).unwrap() {
        let file = file.unwrap();
        let to = folder.join("changed/later").join(file.file_name());
        std::fs::copy(file.path(), to).unwrap();
    }
    let seen = json(&mut shadow(folder, "changed"));
    // Only Bob's journey without a tap off costs the new maximum.
    let changes = seen["changes"].as_array().unwrap();
    assert_eq!(changes.len(), 1, "{seen:#}");
    assert_eq!(changes[0]["difference_minor"], 100);
    let cause = json!({"class": "tariff_version", "old_since": null, "new_since": "2019-01-07"});
    assert_eq!(changes[0]["cause"], cause);
}

/// An earlier release charged Ann 3.10: this one cannot say why, with any tariff.
#[tokio::test]
async fn a_planted_bug_is_unexplained() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    books(folder, ROWS);
    let url = format!("sqlite://{}", folder.join("books.db").display());
    let pool = SqlitePoolOptions::new().connect(&url).await.unwrap();
    for planted in [
        "UPDATE journeys SET fare_minor = 310 WHERE fare_minor = 300",
        "UPDATE account_days SET fares_minor = 310, charged_minor = 310 WHERE fares_minor = 300",
    ] {
        let done = sqlx::query(planted).execute(&pool).await.unwrap();
        assert_eq!(done.rows_affected(), 1, "{planted}");
    }
    pool.close().await;
    let dearer = |text: String| text.replace("three,Three,3.00", "three,Three,3.50");
    other(folder, "dearer", "gtfs/fare_products.txt", dearer);
    for (package, new_minor) in [("city", 300), ("dearer", 350)] {
        let output = shadow(folder, package).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
        let seen: Value = serde_json::from_slice(&output.stdout).unwrap();
        let change = &seen["changes"][0];
        let money = (&change["old_minor"], &change["new_minor"]);
        assert_eq!(money, (&json!(310), &json!(new_minor)), "{seen:#}");
        assert_eq!(
            change["cause"],
            json!({"class": "unexplained", "reproduced_minor": 300})
        );
        assert_eq!(seen["by_cause"]["unexplained"]["days"], 1);
    }
    let person = shadow(folder, "city").output().unwrap();
    assert!(text(&person.stdout).contains("unexplained"));
}

#[test]
fn other_money_and_no_taps_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    books(folder, ROWS);
    other(folder, "euro", "city.toml", |text| {
        text.replace("CNY", "EUR")
    });
    let products = |text: String| text.replace("CNY", "EUR");
    let path = folder.join("euro/gtfs/fare_products.txt");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, products(text)).unwrap();
    let said = failure(&mut shadow(folder, "euro"));
    assert!(said.contains("fares in CNY and in EUR"), "{said}");
    let mut command = faregate();
    command.args(["settle", "--db", "x.db", "--city"]);
    let said = failure(command.arg(folder.join("city")));
    assert!(said.contains("--taps"), "{said}");
}
