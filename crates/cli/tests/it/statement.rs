//! `faregate statement`: what a rider travelled and paid, and why.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::operator::books;
use crate::support::{failure, faregate, json, text, write_city};

/// Ann rides the bus three times for 1.50 under a cap of 4.00, and once in the next month.
const ROWS: &str = "1,ann,2019-01-07T08:00:00+08:00,on,q,b7,v\n\
    2,ann,2019-01-07T09:00:00+08:00,on,q,b7,v\n3,ann,2019-01-07T10:00:00+08:00,on,q,b7,v\n\
    4,ann,2019-02-01T10:00:00+08:00,on,q,b7,v\n5,bob,2019-01-31T10:00:00+08:00,on,a,,g1\n";

fn ask(folder: &Path, account: &str, period: &str) -> Command {
    let mut command = faregate();
    command.args(["statement", "--account", account, "--period", period]);
    command.arg("--city").arg(folder.join("city"));
    command.arg("--db").arg(folder.join("books.db"));
    command
}

/// The books of a city whose buses have a cap.
fn prepare(folder: &Path) {
    write_city(&folder.join("city"));
    let caps = "cap_id,cap_name,period,amount,network_id\nd,Bus day,day,4.00,bus\n";
    std::fs::write(folder.join("city/gtfs/fare_caps.txt"), caps).unwrap();
    books(folder, ROWS);
}

#[test]
fn a_month_of_a_rider_adds_up_and_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    prepare(folder);
    let seen = json(ask(folder, "ann", "2019-01").arg("--json"));
    assert_eq!(seen["first_day"], "2019-01-01");
    assert_eq!(seen["last_day"], "2019-01-31");
    let days = seen["days"].as_array().unwrap();
    assert_eq!(days.len(), 1, "{seen:#}");
    let sums = ["fares_minor", "charged_minor", "refunded_minor"];
    assert_eq!(sums.map(|sum| seen[sum].as_i64().unwrap()), [400, 400, 0]);
    // All she travelled for is charged, February too, and nothing of it is paid: 4.00 and 1.50.
    let open = ["unpaid_minor", "uncharged_minor", "balance_minor"];
    assert_eq!(open.map(|sum| seen[sum].as_i64().unwrap()), [550, 0, -550]);
    let journeys = days[0]["journeys"].as_array().unwrap();
    let fares: Vec<&Value> = journeys.iter().map(|one| &one["fare_minor"]).collect();
    assert_eq!(fares, [150, 150, 100]);
    let cap = json!({"name": "Bus day", "member": 0, "since": "2019-01-07",
        "paid_minor": 400, "limit_minor": 400});
    assert_eq!(days[0]["caps"], json!([cap]));
    let charge = &days[0]["charges"][0];
    assert_eq!(charge["because"], "Travel on 2019-01-07: CNY 4.00.");
    // The reasons are those of `explain`.
    let mut explain = faregate();
    explain.args(["explain", charge["charge"].as_str().unwrap(), "--json"]);
    explain.arg("--city").arg(folder.join("city"));
    let told = json(explain.arg("--db").arg(folder.join("books.db")));
    assert_eq!(told["journeys"], days[0]["journeys"]);
    let next = json(ask(folder, "ann", "2019-02-01..2019-02-28").arg("--json"));
    assert_eq!(
        (&next["fares_minor"], &next["days"][0]["day"]),
        (&json!(150), &json!("2019-02-01"))
    );
}

#[test]
fn a_statement_is_text_a_table_and_pages() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    prepare(folder);
    let said = text(&ask(folder, "ann", "2019-01-07").output().unwrap().stdout);
    for expected in [
        "2019-01-07 to 2019-01-07",
        "Quince",
        "gtfs/fare_leg_rules.txt, row",
        "charge CNY 4.00: Travel on 2019-01-07: CNY 4.00.",
        "Bus day: CNY 4.00 of CNY 4.00 since 2019-01-07",
        "Balance CNY -5.50: not paid CNY 5.50, not charged CNY 0.00",
    ] {
        assert!(said.contains(expected), "{expected}: {said}");
    }
    let table = ask(folder, "ann", "2019-01")
        .arg("--csv")
        .output()
        .unwrap()
        .stdout;
    let mut reader = csv::Reader::from_reader(table.as_slice());
    let rows: Vec<(String, String, Option<i64>)> = reader
        .deserialize::<std::collections::BTreeMap<String, String>>()
        .map(Result::unwrap)
        .map(|row| {
            (
                row["service_day"].clone(),
                row["what"].clone(),
                row["amount_minor"].parse().ok(),
            )
        })
        .collect();
    let sum = |what: &str| -> i64 {
        rows.iter()
            .filter(|row| row.1 == what)
            .filter_map(|row| row.2)
            .sum()
    };
    assert_eq!(
        (rows.len(), sum("fare"), sum("charge")),
        (4, 400, 400),
        "{rows:?}"
    );
    let pdf = folder.join("ann.pdf");
    let report = json(
        ask(folder, "ann", "2019-01")
            .arg("--pdf")
            .arg(&pdf)
            .arg("--json"),
    );
    assert_eq!(report["fares_minor"], 400);
    let page = std::fs::read(&pdf).unwrap();
    assert!(page.starts_with(b"%PDF-1."));
    let page = text(&page);
    // Latin text stands in the file as it is.
    assert!(
        page.contains("statement of travel") && page.contains("Page 1 of 1"),
        "{page}"
    );
    assert!(page.contains("Travel on 2019-01-07: CNY 4.00."), "{page}");
}

#[test]
fn what_is_asked_wrongly_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    prepare(folder);
    let check = |account: &str, period: &str, expected: &str| {
        let said = failure(&mut ask(folder, account, period));
        assert!(said.contains(expected), "{said}");
    };
    check("nobody", "2019-01", "no rider nobody");
    check("ann", "2019-13", "expected YYYY-MM");
    check("ann", "2019-01-02..2019-01-01", "ends before it begins");
}
