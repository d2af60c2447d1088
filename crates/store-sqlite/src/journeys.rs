//! Table `journeys`.

use serde::{Deserialize, Serialize};
use settlement::model::{StoredFare, StoredJourney, UnknownValue, parse_status, status_as_str};
use settlement::ports::StoreError;
use sqlx::QueryBuilder;
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use tariff::{FareLine, RuleRef};
use units::{AccountId, Amount, Currency, JourneyId, TapId};

use crate::columns::{array, bytes, day, int_or_null, text, text_or_null, time};
use crate::store::backend;
use crate::taps::ROWS_PER_STATEMENT;

/// A fare line in column `lines`, a JSON array.
#[derive(Serialize, Deserialize)]
struct Line {
    amount_minor: i64,
    currency: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    rule: Option<Rule>,
    because: String,
}

/// The rule of a fare line.
#[derive(Serialize, Deserialize)]
struct Rule {
    file: String,
    row: u64,
}

/// Adds journeys.
pub(crate) async fn insert(
    conn: &mut SqliteConnection,
    journeys: &[StoredJourney],
) -> Result<(), StoreError> {
    for chunk in journeys.chunks(ROWS_PER_STATEMENT) {
        let lines: Vec<String> = chunk
            .iter()
            .map(lines_to_json)
            .collect::<Result<_, StoreError>>()?;
        let mut query = QueryBuilder::new(
            "INSERT INTO journeys (account_id, service_day, journey_id, status, started_at, taps, \
             fare_minor, currency, lines, because) ",
        );
        query.push_values(chunk.iter().zip(lines), |mut row, (journey, lines)| {
            let fare = match journey.fare {
                StoredFare::Priced(amount) => Some(amount),
                StoredFare::Unpriced => None,
            };
            let taps: Vec<u8> = journey
                .taps
                .iter()
                .flat_map(|tap| *tap.as_bytes())
                .collect();
            row.push_bind(journey.account.as_bytes().to_vec())
                .push_bind(journey.day.as_days())
                .push_bind(journey.id.as_bytes().to_vec())
                .push_bind(status_as_str(journey.status))
                .push_bind(journey.started_at.as_micros())
                .push_bind(taps)
                .push_bind(fare.map(|fare| fare.as_minor()))
                .push_bind(fare.map(|fare| fare.currency().code().to_owned()))
                .push_bind(lines)
                .push_bind(journey.because.clone());
        });
        let done = query.build().execute(&mut *conn).await;
        done.map_err(backend("store journeys"))?;
    }
    Ok(())
}

/// Reads a row of `journeys`.
pub(crate) fn read(row: &SqliteRow) -> Result<StoredJourney, StoreError> {
    let status = parse_status(text(row, "status")?);
    let fare = match (
        int_or_null(row, "fare_minor")?,
        text_or_null(row, "currency")?,
    ) {
        (Some(minor), Some(code)) => {
            let currency = Currency::from_code(code)
                .map_err(|source| StoreError::corrupt("journeys.currency", source))?;
            let amount = Amount::new(minor, currency)
                .map_err(|source| StoreError::corrupt("journeys.fare_minor", source))?;
            StoredFare::Priced(amount)
        }
        _ => StoredFare::Unpriced,
    };
    let taps = bytes(row, "taps")?;
    let (taps, rest) = taps.as_chunks::<16>();
    if !rest.is_empty() {
        return Err(StoreError::corrupt(
            "journeys.taps",
            UnknownValue {
                expected: "ids of 16 bytes",
                got: format!("{} bytes more", rest.len()),
            },
        ));
    }
    Ok(StoredJourney {
        account: AccountId::from_bytes(array(row, "account_id")?),
        day: day(row, "service_day")?,
        id: JourneyId::from_bytes(array(row, "journey_id")?),
        status: status.map_err(|source| StoreError::corrupt("journeys.status", source))?,
        started_at: time(row, "started_at")?,
        taps: taps.iter().copied().map(TapId::from_bytes).collect(),
        fare,
        lines: lines_from_json(text(row, "lines")?)?,
        because: text(row, "because")?.to_owned(),
    })
}

fn lines_to_json(journey: &StoredJourney) -> Result<String, StoreError> {
    let lines: Vec<Line> = journey
        .lines
        .iter()
        .map(|line| Line {
            amount_minor: line.amount.as_minor(),
            currency: line.amount.currency().code().to_owned(),
            rule: line.rule.as_ref().map(|rule| Rule {
                file: rule.file.clone(),
                row: rule.row,
            }),
            because: line.because.clone(),
        })
        .collect();
    serde_json::to_string(&lines).map_err(|source| StoreError::corrupt("journeys.lines", source))
}

fn lines_from_json(json: &str) -> Result<Vec<FareLine>, StoreError> {
    let place = "journeys.lines";
    let lines: Vec<Line> =
        serde_json::from_str(json).map_err(|source| StoreError::corrupt(place, source))?;
    lines
        .into_iter()
        .map(|line| {
            let currency = Currency::from_code(&line.currency)
                .map_err(|source| StoreError::corrupt(place, source))?;
            Ok(FareLine {
                amount: Amount::new(line.amount_minor, currency)
                    .map_err(|source| StoreError::corrupt(place, source))?,
                rule: line.rule.map(|rule| RuleRef {
                    file: rule.file,
                    row: rule.row,
                }),
                because: line.because,
            })
        })
        .collect()
}
