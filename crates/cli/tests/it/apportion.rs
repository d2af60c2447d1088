//! Statements of operators' shares, and what an operator finds who computes them again.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::support::{HEADER, failure, faregate, json, write_city};

/// Line 1 is Trial Metro's from Apple to Birch (3 km) and Ring Rail's on to Cedar (2 km).
fn write_shared_city(folder: &Path) {
    write_city(folder);
    let write = |name: &str, text: &str| {
        std::fs::write(folder.join("gtfs").join(name), text).unwrap();
    };
    write(
        "agency.txt",
        "agency_id,agency_name,agency_url,agency_timezone\n\
         t,Trial Metro,https://example.org,Asia/Shanghai\n\
         r/1,环线铁路,https://example.org,Asia/Shanghai\n",
    );
    write(
        "apportionment_rules.txt",
        "network_id,share_by,agency_id\nmetro,distance,\n,agency,t\n",
    );
    write(
        "apportionment_links.txt",
        "from_stop_id,to_stop_id,distance_meters,agency_id\na,b,3000,t\nb,c,2000,r/1\n",
    );
}

fn settle(folder: &Path, rows: &str) {
    let taps = folder.join("taps.csv");
    std::fs::write(&taps, format!("{HEADER}{rows}")).unwrap();
    let mut command = faregate();
    command
        .args(["settle", "--json", "--city"])
        .arg(folder.join("city"));
    command
        .arg("--taps")
        .arg(&taps)
        .arg("--db")
        .arg(folder.join("books.db"));
    json(&mut command);
}

fn statement(folder: &Path, through: &str) -> Command {
    let mut command = faregate();
    command.args([
        "apportion",
        "statement",
        "--json",
        "--through",
        through,
        "--city",
    ]);
    command
        .arg(folder.join("city"))
        .arg("--db")
        .arg(folder.join("books.db"));
    command.arg("--out").arg(folder.join("statements"));
    command
}

fn verify(folder: &Path) -> Command {
    let mut command = faregate();
    command
        .args(["apportion", "verify", "--json", "--city"])
        .arg(folder.join("city"));
    command.arg(folder.join("statements"));
    command
}

/// A command that says no with exit code 1 and still prints its report.
fn report(command: &mut Command) -> Value {
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Two statements: Monday with a missing tap off, then Tuesday, by when the tap off had come.
fn two_statements(folder: &Path) -> (Value, Value) {
    write_shared_city(&folder.join("city"));
    // Ann's ride lacks its end: the maximum fare of 9.00, all Trial Metro's. Bob: 2.00, its too.
    settle(
        folder,
        "1,ann,2019-01-07T08:00:00+08:00,on,a,,g1\n\
         3,bob,2019-01-07T09:00:00+08:00,on,a,,g1\n4,bob,2019-01-07T09:20:00+08:00,off,b,,g2\n",
    );
    let first = json(statement(folder, "2019-01-07").args(["--from", "2019-01-07"]));
    // 3.00 over 5 km: 1.80 and 1.20. Cat travels on Tuesday, 2.00 on Ring Rail alone.
    settle(
        folder,
        "2,ann,2019-01-07T08:30:00+08:00,off,c,,g3\n\
         5,cat,2019-01-08T08:00:00+08:00,on,b,,g2\n6,cat,2019-01-08T08:20:00+08:00,off,c,,g3\n",
    );
    (first, json(&mut statement(folder, "2019-01-08")))
}

fn total(earner: &str, name: &str, minor: i64) -> Value {
    json!({"earner": earner, "name": name, "minor": minor})
}

#[test]
fn an_operator_computes_its_statements_again_to_the_cent() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let (first, second) = two_statements(folder);
    assert_eq!(first["totals"], json!([total("t", "Trial Metro", 1100)]));
    assert_eq!(
        (&first["journeys"], &first["adjustments"]),
        (&json!(2), &json!(0))
    );
    // 2.00 of Tuesday and 1.20 of Monday; 1.80 in place of the 9.00 that were stated.
    let totals = json!([
        total("r/1", "环线铁路", 320),
        total("t", "Trial Metro", -720)
    ]);
    assert_eq!(second["totals"], totals);
    assert_eq!(second["net_revenue_minor"], 200);
    assert_eq!(second["adjustments"], 2);

    let verified = json(&mut verify(folder));
    assert_eq!(verified["equal"], true, "{verified:#}");
    assert_eq!(verified["totals_minor"], json!({"r/1": 320, "t": 380}));
    // What one operator asks for is its own.
    let own = json(verify(folder).args(["--agency", "r/1"]));
    assert_eq!(own["totals_minor"], json!({"r/1": 320}));

    let read = |name: &str| std::fs::read_to_string(folder.join("statements").join(name)).unwrap();
    assert_eq!(
        read("agency-0002-r_2f1.csv"),
        "service_day,what,minor,currency\n2019-01-07,adjustment,120,CNY\n\
         2019-01-08,revenue,200,CNY\n"
    );
    let page = std::fs::read(folder.join("statements/agency-0002-t.pdf")).unwrap();
    assert!(page.starts_with(b"%PDF-1.7"));
    let page = String::from_utf8_lossy(&page);
    for told in [
        "(Trial Metro)",
        "(Total: CNY -7.20)",
        "(adjustment)",
        "(2019-01-07)",
    ] {
        assert!(page.contains(told), "{told} is not on the page");
    }
    // Nothing published names a rider.
    for name in [
        "journeys-0001.csv",
        "journeys-0002.csv",
        "statement-0002.json",
    ] {
        for rider in ["ann", "bob", "cat"] {
            assert!(!read(name).contains(rider), "{name} names {rider}");
        }
    }
}

#[test]
fn what_was_altered_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    two_statements(folder);
    let path = |name: &str| folder.join("statements").join(name);
    let alter = |name: &str, from: &str, to: &str| {
        let text = std::fs::read_to_string(path(name)).unwrap();
        assert!(text.contains(from), "{text}");
        std::fs::write(path(name), text.replacen(from, to, 1)).unwrap();
        text
    };
    // The last statement's number: nothing follows that names its digest, so the sums tell.
    let original = alter("statement-0002.json", "\"minor\": 200", "\"minor\": 199");
    let found = report(&mut verify(folder));
    assert_eq!(found["equal"], false);
    let difference = json!([{
        "statement": 2, "day": "2019-01-08", "earner": "r/1",
        "stated_minor": 199, "recomputed_minor": 200,
    }]);
    assert_eq!(found["differences"], difference);
    std::fs::write(path("statement-0002.json"), original).unwrap();
    // An earlier statement, and journeys: their digests tell.
    let original = alter("statement-0001.json", "1100", "1000");
    let said = failure(&mut verify(folder));
    assert!(
        said.contains("statement-0002.json: previous_sha256"),
        "{said}"
    );
    std::fs::write(path("statement-0001.json"), original).unwrap();
    let original = alter("journeys-0001.csv", ",900,900", ",900,800");
    let said = failure(&mut verify(folder));
    assert!(
        said.contains("journeys-0001.csv: not the journeys"),
        "{said}"
    );
    std::fs::write(path("journeys-0001.csv"), original).unwrap();
    // Other rules than those it was made by.
    std::fs::write(
        folder.join("city/gtfs/apportionment_rules.txt"),
        "share_by,agency_id\nagency,t\n",
    )
    .unwrap();
    assert_eq!(report(&mut verify(folder))["equal"], false);
}

#[test]
fn periods_leave_no_day_out_and_count_none_twice() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    two_statements(folder);
    let said = failure(statement(folder, "2019-01-12").args(["--from", "2019-01-10"]));
    assert!(
        said.contains("begins on 2019-01-10, expected 2019-01-09"),
        "{said}"
    );
    let said = failure(&mut statement(folder, "2019-01-08"));
    assert!(
        said.contains("ends on 2019-01-08, before it begins on 2019-01-09"),
        "{said}"
    );
    let empty = folder.join("elsewhere");
    let mut first = faregate();
    first.args(["apportion", "statement", "--through", "2019-01-08", "--db"]);
    first.arg(folder.join("books.db")).arg("--out").arg(&empty);
    first.arg("--city").arg(folder.join("city"));
    assert!(failure(&mut first).contains("--from is wanted"));
}
