//! A disruption that is declared after riders were charged: what they paid too much comes back.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::operator::{ROWS, books, export, rows};
use crate::support::{HEADER, failure, faregate, json};

/// `faregate WHAT … --city … --json`, with the books where they are wanted.
fn ask(folder: &Path, words: &[&str], with_books: bool) -> Command {
    let mut command = faregate();
    command.args(words).arg("--json");
    command.arg("--city").arg(folder.join("city"));
    if with_books {
        command.arg("--db").arg(folder.join("books.db"));
    }
    command
}

fn declare(folder: &Path, id: &str, hours: (&str, &str)) -> Command {
    let (start, end) = hours;
    let when = ["--start", start, "--end", end];
    let words = ["disruption", "--id", id, "--incomplete-amount", "1.00"];
    ask(folder, &[&words[..], &when].concat(), false)
}

/// Bob's tap off is missing: he was charged the maximum of 9.00, Ann 3.00.
#[test]
fn what_a_declared_disruption_makes_cheaper_comes_back_and_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    books(folder, ROWS);
    let other = ("2019-01-07T12:00:00", "2019-01-07T13:00:00");
    let first = json(&mut declare(folder, "power", other));
    assert_eq!(first["row"], 2);
    let resettle = || json(&mut ask(folder, &["resettle", "--period", "2019-01"], true));
    let nothing = resettle();
    assert_eq!(
        (&nothing["days"], &nothing["given_back_minor"]),
        (&json!(2), &json!(0))
    );
    let flood = ("2019-01-07T08:30:00", "2019-01-07T10:00:00");
    assert_eq!(json(&mut declare(folder, "flood", flood))["row"], 3);
    let given = resettle();
    assert_eq!(given["charged_before_minor"], 1_200, "{given:#}");
    assert_eq!(
        (&given["charged_minor"], &given["given_back_minor"]),
        (&json!(400), &json!(800))
    );
    assert_eq!(resettle()["given_back_minor"], 0, "and not twice");
    json(&mut ask(folder, &["ledger", "check"], true));
    export(folder, "csv");
    let back = rows(folder, "charges.csv");
    let back = back
        .iter()
        .find(|row| row["amount_minor"] == "-800")
        .unwrap();
    let told = json(&mut ask(folder, &["explain", &back["charge_id"]], true));
    let because = "Travel on 2019-01-07 comes to CNY 1.00 and CNY 9.00 was charged: \
                   CNY -8.00 given back.";
    assert_eq!(told["because"], because);
    let line = &told["journeys"][0]["lines"][0];
    assert_eq!(
        (&line["file"], &line["row"]),
        (&json!("gtfs/disruptions.txt"), &json!(3))
    );
    let why = line["because"].as_str().unwrap();
    assert!(why.contains("during the declared disruption"), "{why}");
}

#[test]
fn a_disruption_that_is_none_changes_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    books(folder, ROWS);
    let path = folder.join("city/gtfs/disruptions.txt");
    let backwards = ("2019-01-07T10:00:00", "2019-01-07T08:00:00");
    let said = failure(&mut declare(folder, "flood", backwards));
    assert!(
        said.contains("nothing was declared") && said.contains("a time after start"),
        "{said}"
    );
    assert!(!path.exists());
    let hours = ("2019-01-07T08:00:00", "2019-01-07T10:00:00");
    json(&mut declare(folder, "flood", hours));
    let before = std::fs::read(&path).unwrap();
    let said = failure(&mut declare(folder, "flood", hours));
    assert!(said.contains("row 2 of disruptions.txt has it"), "{said}");
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

/// A package in another currency by mistake: who has money in the old one is listed, loudly, all
/// others are settled, and the right package makes good.
#[test]
fn a_day_whose_money_does_not_add_up_is_listed_and_keeps_nobody_waiting() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    books(folder, ROWS);
    let euros = folder.join("euros");
    let copied = Command::new("cp")
        .arg("-r")
        .arg(folder.join("city"))
        .arg(&euros)
        .status();
    assert!(copied.unwrap().success());
    for file in ["city.toml", "gtfs/fare_products.txt"] {
        let text = std::fs::read_to_string(euros.join(file)).unwrap();
        std::fs::write(euros.join(file), text.replace("CNY", "EUR")).unwrap();
    }
    let more = "4,ann,2019-01-07T11:00:00+08:00,on,q,b7,v\n\
        5,cat,2019-01-08T11:00:00+08:00,on,q,b7,v\n";
    std::fs::write(folder.join("more.csv"), format!("{HEADER}{more}")).unwrap();
    let settle = |city: &Path| {
        let mut command = faregate();
        command
            .args(["settle", "--json", "--taps"])
            .arg(folder.join("more.csv"));
        command
            .arg("--city")
            .arg(city)
            .arg("--db")
            .arg(folder.join("books.db"));
        let output = command.output().unwrap();
        let told: Value = serde_json::from_slice(&output.stdout).unwrap();
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.success(), told, errors)
    };
    let (is_good, told, errors) = settle(&euros);
    assert!(!is_good && errors.contains("cannot be settled"), "{errors}");
    assert_eq!(told["faulty_days"], 1, "{told:#}");
    let because = told["faults"][0]["because"].as_str().unwrap();
    assert!(because.ends_with("holds CNY, expected EUR"), "{because}");
    assert_eq!(told["faults"][0]["day"], "2019-01-07");
    // Cat, whose day is new, was settled all the same; and Ann is by the right package.
    assert_eq!(told["charged_minor"], 150, "in euros");
    let (_, told, _) = settle(&folder.join("city"));
    assert_eq!(
        (&told["faulty_days"], &told["charged_minor"]),
        (&json!(0), &json!(1_350))
    );
}
