//! The table `fare_transactions` of TIDES 1.0 (<https://tides-transit.org>), as a file of taps.
//!
//! | field | what is made of it |
//! |---|---|
//! | `transaction_id` | the tap |
//! | `token_id` | the rider; a transaction without one is nobody's, and left out |
//! | `event_timestamp` | when; `service_date` must be the city's service day of it |
//! | `fare_action` | entering and leaving, transfers included; other actions are no travel |
//! | `stop_id` | where |
//! | `pattern_id` | on which route: TIDES has no field for it, so it must hold a `route_id` |
//! | `num_riders` | the rider and companions |
//! | `rider_category`, `fare_product` | ids of the city's categories and passes |
//! | `currency_type` | must be the city's |
//!
//! `amount` and `fare_capped` are read for their form alone: fares are computed from taps. Fields
//! that are not named here have no bearing on them. `NA`, `NaN` and nothing are missing values.

use tariff::ext::PassKind;
use tariff::{City, Holder, TapKind};

use super::csv::{Row, RowError, parse_id, parse_route, parse_stop, parse_time};

/// The fields of the table, in the order of its schema.
pub const FIELDS: [&str; 24] = [
    "transaction_id",
    "service_date",
    "event_timestamp",
    "location_ping_id",
    "amount",
    "currency_type",
    "fare_action",
    "trip_id_performed",
    "trip_id_scheduled",
    "pattern_id",
    "trip_stop_sequence",
    "scheduled_stop_sequence",
    "vehicle_id",
    "device_id",
    "fare_id",
    "stop_id",
    "num_riders",
    "fare_media_id",
    "rider_category",
    "fare_product",
    "fare_period",
    "fare_capped",
    "token_id",
    "balance",
];

/// The fields that the schema requires, and the two without which nothing can be priced.
pub const REQUIRED: [&str; 8] = [
    "transaction_id",
    "service_date",
    "event_timestamp",
    "amount",
    "fare_action",
    "fare_capped",
    "stop_id",
    "token_id",
];

/// What `fare_action` may be.
const ACTIONS: [&str; 15] = [
    "Unknown action type",
    "Purchase",
    "Enter",
    "Exit",
    "Transfer entrance",
    "Transfer exit",
    "Add",
    "New",
    "Capture",
    "Extend",
    "Combine",
    "Void",
    "Activate",
    "Adjust",
    "Other",
];

/// A transaction as a tap of the city; `field` gives a field by its place in [`FIELDS`].
pub(super) fn row<'f>(
    city: &City,
    number: u64,
    field: impl Fn(usize) -> &'f str,
) -> Result<Row, RowError> {
    let value = |name: &'static str| {
        let place = FIELDS.iter().position(|known| *known == name);
        let text = place.map_or("", &field);
        if matches!(text, "NA" | "NaN") {
            ""
        } else {
            text
        }
    };
    let required = |name| match value(name) {
        "" => Err(RowError::Missing { column: name }),
        text => Ok(text),
    };
    let tap = parse_id("transaction_id", required("transaction_id")?)?;
    let at = parse_time("event_timestamp", required("event_timestamp")?)?;
    let day = city.service_day(at).to_string();
    check(
        "service_date",
        &day,
        required("service_date")? == day,
        value,
    )?;
    let is_number = is_decimal(required("amount")?);
    check("amount", "a decimal number", is_number, value)?;
    let currency = city.currency().to_string();
    let is_ours = ["", &currency].contains(&value("currency_type"));
    check("currency_type", &currency, is_ours, value)?;
    let flags = ["true", "True", "TRUE", "1", "false", "False", "FALSE", "0"];
    let is_flag = flags.contains(&required("fare_capped")?);
    check("fare_capped", "true or false", is_flag, value)?;
    let kind = kind(required("fare_action")?)?;
    let device = match value("device_id") {
        "" => None,
        text => Some(parse_id("device_id", text)?),
    };
    Ok(Row {
        number,
        tap,
        account: parse_id("token_id", required("token_id")?)?,
        at,
        kind,
        stop: parse_stop(city, required("stop_id")?)?,
        route: parse_route(city, "pattern_id", value("pattern_id"))?,
        device,
        holder: holder(city, value)?,
    })
}

/// Refuses the field where it `holds` not.
fn check<'f>(
    column: &'static str,
    expected: &str,
    holds: bool,
    value: impl Fn(&'static str) -> &'f str,
) -> Result<(), RowError> {
    if holds {
        return Ok(());
    }
    Err(RowError::Field {
        column,
        expected: expected.to_owned(),
        got: value(column).to_owned(),
    })
}

fn kind(action: &str) -> Result<TapKind, RowError> {
    match action {
        "Enter" | "Transfer entrance" => Ok(TapKind::On),
        "Exit" | "Transfer exit" => Ok(TapKind::Off),
        other if ACTIONS.contains(&other) => Err(RowError::NoTravel {
            got: other.to_owned(),
        }),
        other => Err(RowError::Field {
            column: "fare_action",
            expected: ACTIONS.join(", "),
            got: other.to_owned(),
        }),
    }
}

fn holder<'f>(city: &City, value: impl Fn(&'static str) -> &'f str) -> Result<Holder, RowError> {
    let riders = match value("num_riders") {
        "" => Some(1),
        text => text.parse::<u8>().ok().filter(|riders| *riders > 0),
    };
    check("num_riders", "1 to 255 riders", riders.is_some(), &value)?;
    let name = value("rider_category");
    let mut categories = (1_u8..).zip(city.rider_categories());
    let category = match name {
        "" => Some(0),
        _ => categories
            .find(|(_, id)| id.as_str() == name)
            .map(|(number, _)| number),
    };
    let expected = "a rider_category_id of the city";
    check("rider_category", expected, category.is_some(), &value)?;
    let name = value("fare_product");
    let mut passes = city.extensions().passes.iter();
    let product = match name {
        "" => Some(0),
        _ => passes.find_map(|pass| match pass.kind {
            PassKind::Bought { product_number } if pass.id.as_str() == name => Some(product_number),
            _ => None,
        }),
    };
    let expected = "a pass of the city that is bought";
    check("fare_product", expected, product.is_some(), &value)?;
    Ok(Holder {
        category: category.unwrap_or(0),
        companions: riders.unwrap_or(1) - 1,
        product: product.unwrap_or(0),
        medium: None,
    })
}

/// `12`, `-0.50`: the lexical form of XML Schema's decimal, which Table Schema takes.
fn is_decimal(text: &str) -> bool {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let all = [whole, part].concat();
    !all.is_empty() && all.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::super::csv::{Format, Rows};
    use super::*;
    use tariff::testing::city;

    const HEADER: &str = "transaction_id,service_date,event_timestamp,amount,currency_type,\
        fare_action,fare_capped,token_id,stop_id,pattern_id,num_riders,rider_category\n";

    fn read(text: &str) -> Vec<Result<Row, String>> {
        let city = city();
        let text = format!("{HEADER}{text}");
        let mut rows = Rows::new(&city, Format::Tides, text.as_bytes()).unwrap();
        let mut seen = Vec::new();
        while let Some(row) = rows.next_row().unwrap() {
            seen.push(row.map_err(|row| format!("row {}: {}", row.number, row.reason)));
        }
        seen
    }

    #[test]
    fn a_transaction_is_a_tap() {
        let seen = read(
            "t1,2019-01-07,2019-01-07T00:00:00Z,2.00,CNY,Transfer entrance,false,\
            card,market,b1,3,NA\n",
        );
        let row = seen[0].as_ref().unwrap();
        assert_eq!((row.tap.as_str(), row.account.as_str()), ("t1", "card"));
        assert_eq!((row.kind, row.holder.companions), (TapKind::On, 2));
        assert_eq!(row.route.unwrap().as_str(), "b1");
        // 08:00 in Shanghai.
        assert_eq!(row.at.as_secs(), 1_546_819_200);
    }

    #[test]
    fn what_cannot_be_a_tap_is_told_by_row_and_field() {
        let row = |cells: &str| {
            let seen = read(&format!("{cells}\n"));
            seen[0].clone().unwrap_err()
        };
        let check = |cells: &str, expected: &str| {
            let said = row(cells);
            assert!(
                said.starts_with("row 2: ") && said.contains(expected),
                "{said}"
            );
        };
        let good = [
            "t",
            "2019-01-07",
            "2019-01-07T00:00:00Z",
            "2",
            "",
            "Enter",
            "0",
            "c",
            "north",
        ];
        let with = |place: usize, text: &str| {
            let mut cells = good;
            cells[place] = text;
            cells.join(",") + ",,,"
        };
        assert!(read(&(with(0, "t") + "\n"))[0].is_ok());
        check(&with(0, ""), "transaction_id: a value is required");
        check(
            &with(1, "2019-01-06"),
            "service_date: expected 2019-01-07, got \"2019-01-06\"",
        );
        check(
            &with(2, "2019-01-07 08:00"),
            "event_timestamp: expected RFC 3339",
        );
        check(&with(3, "two"), "amount: expected a decimal number");
        check(&with(4, "EUR"), "currency_type: expected CNY, got \"EUR\"");
        check(
            &with(5, "Purchase"),
            "fare_action: \"Purchase\" is neither entering nor leaving",
        );
        check(&with(5, "enter"), "fare_action: expected");
        check(&with(6, "yes"), "fare_capped: expected true or false");
        check(&with(7, "NaN"), "token_id: a value is required");
        check(&with(8, "zzz"), "stop_id: the city has no stop zzz");
        check(
            &(good.join(",") + ",b9,,"),
            "pattern_id: the city has no route b9",
        );
        check(&(good.join(",") + ",,0,"), "num_riders: expected 1 to 255");
        check(&(good.join(",") + ",,,child"), "rider_category: expected");
    }

    #[test]
    fn a_header_names_required_fields_and_no_others() {
        let city = city();
        let check = |header: &str, expected: &str| {
            let Err(error) = Rows::new(&city, Format::Tides, header.as_bytes()) else {
                panic!("{header} is taken");
            };
            assert!(error.to_string().contains(expected), "{error}");
        };
        check("transaction_id,service_date\n", "token_id");
        check(&HEADER.replace("num_riders", "riders"), "riders");
        check("", "token_id");
    }
}
