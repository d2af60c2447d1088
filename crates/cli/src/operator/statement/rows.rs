//! A statement as a table (CSV): a row for each journey, charge, request and payment.

use anyhow::Result;

use super::Statement;

/// `fare` rows add up to the fares, `charge` rows to what was charged, `payment`, `refund` and
/// `chargeback` rows to what was paid; an appeal moves nothing.
pub(super) fn table(statement: &Statement) -> Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record([
        "service_day",
        "what",
        "id",
        "amount_minor",
        "currency",
        "state",
        "because",
    ])?;
    let mut row = |day: &str, what: &str, id: &str, minor: Option<i64>, state: &str, why: &str| {
        let minor = minor.map_or(String::new(), |minor| minor.to_string());
        writer.write_record([day, what, id, &minor, &statement.currency, state, why])
    };
    for day in &statement.days {
        let explained = &day.explained;
        for journey in &explained.journeys {
            let id = journey.journey.0.to_string();
            let (state, why) = (&journey.status, &journey.because);
            row(&day.day, "fare", &id, journey.fare_minor, state, why)?;
        }
        for tap in &explained.not_priced {
            row(
                &day.day,
                "not_priced",
                &tap.tap.0.to_string(),
                None,
                "",
                &tap.why,
            )?;
        }
        for charge in &explained.charges {
            let id = charge.charge.0.to_string();
            row(
                &day.day,
                "charge",
                &id,
                Some(charge.amount_minor),
                "",
                &charge.because,
            )?;
        }
        for request in &explained.requests {
            let what = format!("{}_request", request.kind);
            let id = request.request_id.0.to_string();
            let why = format!("{}: {}", request.reason, request.note);
            row(
                &day.day,
                &what,
                &id,
                Some(request.amount_minor),
                &request.state,
                &why,
            )?;
        }
    }
    for paid in &statement.payments {
        let minor = Some(paid.amount_minor);
        row(
            &paid.day,
            &paid.kind,
            &paid.entry,
            minor,
            "posted",
            &paid.because,
        )?;
    }
    Ok(writer.into_inner()?)
}
