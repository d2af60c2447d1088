//! `faregate fraud`: what honest riders and gates do not do, for staff to look at.

use std::fmt::Write as _;

use anyhow::{Context as _, Result};
use serde::Serialize;
use settlement::fraud::{Case, Limits, Search, Subject};
use settlement::ports::SettlementStore as _;
use tariff::City;
use units::ServiceDay;

use super::Open;
use super::arguments::FraudArguments;
use crate::output::Reader;

/// Records set aside that are read: more than these are a defect of a gate, not fraud.
const SET_ASIDE_MAX: u32 = 100_000;

#[derive(Serialize)]
struct Found {
    cases: Vec<Told>,
}

#[derive(Serialize)]
struct Told {
    /// `account` or `device`.
    subject: &'static str,
    id: String,
    /// `watch` or `ask`.
    advice: &'static str,
    findings: Vec<Finding>,
}

#[derive(Serialize)]
struct Finding {
    day: String,
    /// What clocks in the city showed.
    at: String,
    kind: &'static str,
    because: String,
    taps: Vec<String>,
}

/// Searches the books.
///
/// # Errors
/// When the city or the database cannot be read, or a day is none.
pub(crate) async fn run(arguments: &FraudArguments) -> Result<bool> {
    let day = |text: &Option<String>, option, otherwise| match text {
        Some(text) => ServiceDay::parse(text).context(option),
        None => Ok(ServiceDay::from_days(otherwise)),
    };
    let first = day(&arguments.from, "--from", i32::MIN)?;
    let days = first..=day(&arguments.through, "--through", i32::MAX)?;
    let mut open = Open::new(&arguments.books).await?;
    let city = open.city.clone();
    let limits = Limits {
        metres_per_second: arguments.metres_per_second,
        taps_per_minute: arguments.taps_per_minute,
        ..Limits::default()
    };
    let mut search = Search::new(&city, limits);
    loop {
        let page = open.page().await?;
        if page.is_empty() {
            break;
        }
        for record in &page {
            search.account(record, &days);
        }
    }
    for record in open.store.quarantine(SET_ASIDE_MAX).await? {
        if days.contains(&city.service_day(record.received_at)) {
            search.quarantined(&record);
        }
    }
    let mut cases = search.finish();
    cases.sort_by_key(|case| (std::cmp::Reverse(case.advice()), case.subject));
    let found = Found {
        cases: cases.iter().map(|case| told(&city, case)).collect(),
    };
    Reader::of(arguments.json).print(&found, &lines(&found)?)?;
    Ok(true)
}

fn told(city: &City, case: &Case) -> Told {
    let (subject, id) = match case.subject {
        Subject::Account(id) => ("account", id.to_string()),
        Subject::Device(id) => ("device", id.to_string()),
    };
    let findings = case.findings.iter().map(|finding| Finding {
        day: finding.day.to_string(),
        at: city.wall_clock(finding.at),
        kind: finding.kind.as_str(),
        because: finding.because.clone(),
        taps: finding.taps.iter().map(ToString::to_string).collect(),
    });
    Told {
        subject,
        id,
        advice: case.advice().as_str(),
        findings: findings.collect(),
    }
}

fn lines(found: &Found) -> Result<String> {
    let mut lines = String::new();
    for case in &found.cases {
        writeln!(lines, "{}: {} {}", case.advice, case.subject, case.id)?;
        for finding in &case.findings {
            writeln!(lines, "  {}  {}", finding.at, finding.because)?;
        }
    }
    if found.cases.is_empty() {
        writeln!(lines, "Nothing that honest riders and gates do not do.")?;
    }
    Ok(lines)
}
