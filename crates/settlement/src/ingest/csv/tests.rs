//! Rows good and bad, and bytes of every kind.

use proptest::prelude::*;
use tariff::testing::city;

use super::*;

fn all(text: &[u8]) -> Result<Vec<Result<Row, RejectedRow>>, FileError> {
    let city = city();
    let mut rows = Rows::new(&city, Format::Taps, text)?;
    let mut out = Vec::new();
    while let Some(row) = rows.next_row()? {
        out.push(row);
    }
    Ok(out)
}

fn one(row: &str) -> Result<Row, RowError> {
    let text = format!("{}\n{row}\n", COLUMNS.join(","));
    let mut rows = all(text.as_bytes()).unwrap();
    assert_eq!(rows.len(), 1, "{row}");
    rows.remove(0).map_err(|rejected| {
        assert_eq!(rejected.number, 2);
        rejected.reason
    })
}

#[test]
fn a_row_becomes_a_tap() {
    let row = one("t 1,\"anna, 2\",2019-01-07T08:00:00.25+08:00,off,market,b1,g1").unwrap();
    assert_eq!((row.tap.as_str(), row.account.as_str()), ("t 1", "anna, 2"));
    // 2019-01-07T00:00:00Z is 1,546,819,200 s (`date -u -d 2019-01-07 +%s`).
    assert_eq!(row.at, Timestamp::from_micros(1_546_819_200_250_000));
    assert_eq!(row.kind, TapKind::Off);
    assert_eq!(
        (row.stop.as_str(), row.route.unwrap().as_str()),
        ("market", "b1")
    );
    assert_eq!(row.device.unwrap().as_str(), "g1");
    let bare = one("1,anna,2019-01-07T00:00:00Z,on,north,,").unwrap();
    assert_eq!((bare.route, bare.device), (None, None));
}

#[test]
fn a_bad_row_says_what_is_wrong() {
    let good = ["1", "anna", "2019-01-07T00:00:00Z", "on", "north", "", ""];
    let check = |column: usize, value: &str, expected: &str| {
        let mut row = good;
        row[column] = value;
        let error = one(&row.join(",")).unwrap_err().to_string();
        assert!(error.contains(expected), "{value:?}: {error}");
    };
    let long = "x".repeat(65);
    check(0, "", "tap_id: ");
    check(0, &long, "tap_id: ");
    check(1, &long, "account_id: ");
    check(1, "a\tb", "account_id: ");
    for time in [
        "",
        "yesterday",
        "2019-01-07",
        "2019-01-07T08:00:00",
        "2019-01-07T08:00:00[Asia/Shanghai]",
        "2019-01-07T08:00:00+08:00[Asia/Shanghai]",
        "2019-02-30T08:00:00Z",
        "2019-01-07T25:00:00Z",
        "1546819200",
        // What jiff reads and RFC 3339 has not.
        "2019-01-07T08:00+08:00",
        "2019-01-07T08Z",
        "20190107T080000+0800",
        "2019-01-07T08:00:00+08",
        "2019-01-07T08:00:00+08:00:30",
        "2019-01-07T08:00:00+24:00",
        "2019-01-07T08:00:00.Z",
        "+002019-01-07T08:00:00Z",
    ] {
        check(2, time, "time: expected RFC 3339");
    }
    check(3, "ON", "kind: expected on or off, got \"ON\"");
    check(4, "nowhere", "the city has no stop nowhere");
    check(4, "", "stop_id: ");
    check(5, "b9", "the city has no route b9");
    check(6, &long, "device_id: ");
    let few = one("1,anna").unwrap_err();
    assert_eq!(
        few,
        RowError::FieldCount {
            expected: 7,
            got: 2
        }
    );
    let many = one("1,anna,2019-01-07T00:00:00Z,on,north,,,,").unwrap_err();
    assert_eq!(many.name(), "field_count");
    assert_eq!(
        one(&"x".repeat(ROW_BYTES_MAX + 1)).unwrap_err(),
        RowError::TooLong
    );
    // A quote that is never closed spoils its own row only.
    let text = format!("{}\n1,\"anna,x\n{}\n", COLUMNS.join(","), good.join(","));
    let rows = all(text.as_bytes()).unwrap();
    assert_eq!(rows[0].as_ref().unwrap_err().reason.name(), "field_count");
    assert!(rows[1].is_ok());
}

#[test]
fn bytes_that_are_no_text_are_named() {
    let mut text = format!("{}\n", COLUMNS.join(",")).into_bytes();
    text.extend_from_slice(b"1,\xff\xfe,2019-01-07T00:00:00Z,on,north,,\n");
    let rows = all(&text).unwrap();
    assert_eq!(rows[0].as_ref().unwrap_err().reason, RowError::NotUtf8);
}

#[test]
fn no_row_hides_behind_a_carriage_return() {
    let row = "1,anna,2019-01-07T00:00:00Z,on,north,,";
    let two = format!("{row}\r{row}");
    assert_eq!(one(&two), Err(RowError::LineBreak));
    assert!(one(&format!("{row}\r")).is_ok());
}

#[test]
fn columns_may_stand_in_any_order() {
    let text = "\u{feff}kind,time,device_id,route_id,stop_id,account_id,tap_id\r\n\
                on,2019-01-07T00:00:00Z,,,north,anna,1\r\n\
                \r\n\
                off,2019-01-07T00:20:00Z,,,centre,anna,2";
    let rows = all(text.as_bytes()).unwrap();
    let taps: Vec<(u64, &str)> = rows
        .iter()
        .map(|row| row.as_ref().unwrap())
        .map(|row| (row.number, row.tap.as_str()))
        .collect();
    assert_eq!(taps, [(2, "1"), (4, "2")]);
}

#[test]
fn a_file_without_the_columns_is_refused() {
    assert!(matches!(all(b""), Err(FileError::Empty { .. })));
    for header in [
        "tap_id,account_id,time,kind,stop_id,route_id",
        "tap_id,account_id,time,kind,stop_id,route_id,device",
        "tap_id,tap_id,time,kind,stop_id,route_id,device_id",
        "tap_id,account_id,time,kind,stop_id,route_id,device_id,more",
        "tap_id,tap_id,account_id,time,kind,stop_id,route_id,device_id",
        // Lines that end with CR alone: all of the file is one line.
        "tap_id,account_id,time,kind,stop_id,route_id,device_id\r\
         1,a,2019-01-07T00:00:00Z,on,north,,",
        "1,anna,2019-01-07T00:00:00Z,on,north,,",
        "",
    ] {
        let text = format!("{header}\n");
        assert!(
            matches!(all(text.as_bytes()), Err(FileError::Header { .. })),
            "{header}"
        );
    }
}

proptest! {
    #[test]
    fn any_bytes_give_rows_or_reasons(bytes in proptest::collection::vec(any::<u8>(), 0..3000)) {
        let mut text = format!("{}\n", COLUMNS.join(",")).into_bytes();
        text.extend_from_slice(&bytes);
        let lines = bytes.split(|byte| *byte == b'\n');
        let filled = lines.filter(|line| !line.is_empty() && *line != b"\r").count();
        prop_assert_eq!(all(&text).unwrap().len(), filled);
    }

    #[test]
    fn near_rows_do_not_panic(row in "[0-9a-z,\"\r:TZ+ -]{0,120}") {
        let text = format!("{}\n{row}\n", COLUMNS.join(","));
        let _ = all(text.as_bytes()).unwrap();
    }
}
