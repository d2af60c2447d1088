//! `faregate export` in formats that other programs read, and reading TIDES again.

use std::collections::BTreeMap;
use std::path::Path;

use parquet::file::reader::{FileReader as _, SerializedFileReader};
use parquet::record::Field;
use serde_json::json;

use crate::operator::{books, export, rows};
use crate::support::{faregate, json, write_city};

/// Ann: 3.00 and, on the next day, 2.00; Bob: no tap off, 9.00; Cat: the bus twice, 1.50 each, of
/// which a cap of 2.00 leaves 0.50 of the second.
const ROWS: &str = "1,ann,2019-01-07T08:00:00+08:00,on,a,,g1\n\
    2,ann,2019-01-07T08:20:00+08:00,off,c,,g3\n3,bob,2019-01-07T09:00:00+08:00,on,b,,g2\n\
    4,ann,2019-01-08T08:00:00+08:00,on,a,,g1\n5,ann,2019-01-08T08:20:00+08:00,off,b,,g3\n\
    6,cat,2019-01-07T10:00:00+08:00,on,q,b7,v\n7,cat,2019-01-07T12:00:00.5+08:00,on,q,b7,v\n";

/// The city with a cap on the bus.
fn books_with_a_cap(folder: &Path) {
    write_city(&folder.join("city"));
    let caps = "cap_id,cap_name,period,amount,network_id\nd,Bus day,day,2.00,bus\n";
    std::fs::write(folder.join("city/gtfs/fare_caps.txt"), caps).unwrap();
    books(folder, ROWS);
}

/// Some columns of a table, sorted.
fn cells(folder: &Path, table: &str, columns: &[&str]) -> Vec<Vec<String>> {
    let row = |row: &BTreeMap<String, String>| {
        let cells = columns.iter().map(|column| row[*column].clone());
        cells.collect::<Vec<_>>()
    };
    let mut all: Vec<_> = rows(folder, table).iter().map(row).collect();
    all.sort_unstable();
    all
}

#[test]
fn tides_comes_back_as_the_same_journeys_and_charges() {
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (folder.path().join("first"), folder.path().join("second"));
    std::fs::create_dir_all(&first).unwrap();
    books_with_a_cap(&first);
    let written = export(&first, "tides");
    assert_eq!(written["files"][0]["rows"], 7, "{written:#}");
    export(&first, "csv");
    let fields = [
        "event_timestamp",
        "fare_action",
        "amount",
        "fare_capped",
        "pattern_id",
    ];
    let seen = cells(&first, "fare_transactions.csv", &fields);
    let row = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
    // 08:00 in Shanghai is midnight in UTC; the amounts are 3 + 9 + 2 + 1.50 + 0.50.
    let expected = [
        "2019-01-07T00:00:00Z Enter 0.00 false ",
        "2019-01-07T00:20:00Z Exit 3.00 false ",
        "2019-01-07T01:00:00Z Enter 9.00 false ",
        "2019-01-07T02:00:00Z Enter 1.50 false b7",
        "2019-01-07T04:00:00.5Z Enter 0.50 true b7",
        "2019-01-08T00:00:00Z Enter 0.00 false ",
        "2019-01-08T00:20:00Z Exit 2.00 false ",
    ];
    assert_eq!(seen, expected.map(row));

    // What is no travel is named and costs nothing.
    let path = first.join("out/fare_transactions.csv");
    let mut text = std::fs::read_to_string(&path).unwrap();
    let line = text
        .lines()
        .nth(1)
        .unwrap()
        .replacen("Enter", "Purchase", 1);
    text += &format!("{}\n", line.replacen(&line[..8], "00000000", 1));
    std::fs::write(&path, text).unwrap();
    std::fs::create_dir_all(&second).unwrap();
    let mut command = faregate();
    command.args(["settle", "--json", "--format", "tides", "--city"]);
    command.arg(first.join("city")).arg("--taps").arg(&path);
    let settled = json(command.arg("--db").arg(second.join("books.db")));
    assert_eq!(settled["taps"], 7, "{settled:#}");
    assert_eq!(settled["by_reason"], json!({"no_travel": 1}), "{settled:#}");
    assert_eq!(settled["rejected_rows"][0]["row"], 9);
    std::fs::rename(first.join("city"), second.join("city")).unwrap();
    export(&second, "csv");
    let journeys = [
        "service_day",
        "status",
        "started_at",
        "fare_minor",
        "currency",
        "because",
    ];
    let charges = ["service_day", "revision", "amount_minor", "because"];
    for (table, columns) in [
        ("journeys.csv", &journeys[..]),
        ("charges.csv", &charges[..]),
    ] {
        let (was, is) = (
            cells(&first, table, columns),
            cells(&second, table, columns),
        );
        assert!(!was.is_empty() && was == is, "{table}: {was:#?} {is:#?}");
    }
}

#[test]
fn parquet_holds_what_the_tables_hold() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    books_with_a_cap(folder);
    export(folder, "csv");
    let written = export(folder, "parquet");
    for file in written["files"].as_array().unwrap() {
        let path = file["file"].as_str().unwrap();
        let name = Path::new(path).file_stem().unwrap().to_str().unwrap();
        let reader = SerializedFileReader::new(std::fs::File::open(path).unwrap()).unwrap();
        let mut seen: Vec<BTreeMap<String, String>> = Vec::new();
        for row in reader.get_row_iter(None).unwrap() {
            let row = row.unwrap();
            let cells = row.get_column_iter();
            seen.push(
                cells
                    .map(|(name, cell)| (name.clone(), shown(cell)))
                    .collect(),
            );
        }
        assert_eq!(seen, rows(folder, &format!("{name}.csv")), "{name}");
        assert_eq!(file["rows"], seen.len(), "{name}");
    }
}

/// A cell as the CSV has it.
fn shown(cell: &Field) -> String {
    match cell {
        Field::Null => String::new(),
        Field::Str(text) => text.clone(),
        Field::Long(number) => number.to_string(),
        Field::Date(days) => units::ServiceDay::from_days(*days).to_string(),
        Field::TimestampMicros(micros) => {
            let at = units::Timestamp::from_micros(*micros);
            api::Rfc3339(at).to_string()
        }
        other => panic!("{other:?}"),
    }
}
