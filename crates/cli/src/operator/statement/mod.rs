//! `faregate statement`: what a rider travelled and paid in a period, each amount with its reason,
//! and how far caps have got. The reasons are those of `faregate explain`.

mod rows;
mod text;

use std::io::Write as _;
use std::ops::RangeInclusive;

use anyhow::{Context as _, Result};
use api::DayExplanation;
use ledger::LedgerAccount;
use serde::Serialize;
use settlement::history::{self, CapProgress};
use settlement::ids;
use settlement::model::{About, AccountRecord, PostedEntry};
use settlement::ports::SettlementStore as _;
use store::Store;
use tariff::City;
use units::{AccountId, ServiceDay};

use super::arguments::RiderStatementArguments;
use super::explain::requests_of;
use super::period;
use crate::folder;
use crate::output::Reader;

/// What a rider travelled and paid in a period. Amounts are minor units of `currency`.
#[derive(Serialize)]
struct Statement {
    account: String,
    city: String,
    first_day: String,
    last_day: String,
    currency: String,
    /// Fares of the period.
    fares_minor: i64,
    /// Charges of the period, less what was given back.
    charged_minor: i64,
    /// Approved refunds of the period, as far as there were fares.
    refunded_minor: i64,
    /// Over all time: charged and not paid yet.
    unpaid_minor: i64,
    /// Over all time: travelled and not charged yet.
    uncharged_minor: i64,
    /// Over all time: below zero the rider owes.
    balance_minor: i64,
    days: Vec<OfDay>,
    /// Money that moved on days of the period.
    payments: Vec<Paid>,
}

/// One service day of it.
#[derive(Serialize)]
struct OfDay {
    day: String,
    fares_minor: i64,
    charged_minor: i64,
    refunded_minor: i64,
    #[serde(flatten)]
    explained: DayExplanation,
    /// How far caps have got by the end of the day.
    caps: Vec<Cap>,
}

#[derive(Serialize)]
struct Cap {
    name: String,
    /// 0 is the rider, companions are 1 and so on.
    member: u8,
    /// The first day that it counts.
    since: String,
    paid_minor: i64,
    limit_minor: i64,
}

/// Money between the rider and a provider, or given up.
#[derive(Serialize)]
struct Paid {
    entry: String,
    /// When it moved.
    day: String,
    /// What clocks in the city showed.
    at: String,
    kind: String,
    /// From the rider (positive) or back to the rider (negative).
    amount_minor: i64,
    because: String,
}

/// Makes the statement.
///
/// # Errors
/// When there is no such rider or period, or the city, the database or a file cannot be used.
pub(crate) async fn run(arguments: &RiderStatementArguments) -> Result<bool> {
    let days = period::parse(&arguments.period)?;
    let city = folder::load_city(arguments.books.city.as_deref())?;
    let store = arguments.books.database.open_existing().await?;
    let made = make(&city, &store, &arguments.account, &days).await;
    store.close().await;
    let statement = made?;
    if let Some(path) = &arguments.pdf {
        let page = text::page(&city, &statement);
        std::fs::write(path, page).with_context(|| format!("cannot write {}", path.display()))?;
    }
    if arguments.csv {
        std::io::stdout().write_all(&rows::table(&statement)?)?;
        return Ok(true);
    }
    let lines = match &arguments.pdf {
        Some(path) => format!("wrote {}\n", path.display()),
        None => text::lines(&city, &statement).join("\n") + "\n",
    };
    Reader::of(arguments.json).print(&statement, &lines)?;
    Ok(true)
}

async fn make(
    city: &City,
    store: &Store,
    rider: &str,
    days: &RangeInclusive<ServiceDay>,
) -> Result<Statement> {
    // Files of taps name riders by texts of their own.
    let account = AccountId::parse(rider).unwrap_or_else(|_| ids::account_of_text(rider));
    let before = u128::from_be_bytes(*account.as_bytes()).checked_sub(1);
    let before = before.map(|before| AccountId::from_bytes(before.to_be_bytes()));
    let page = store.accounts_page(before, 1).await?;
    let record = page.into_iter().find(|record| record.account == account);
    let record = record.with_context(|| format!("the database has no rider {rider}"))?;
    let mut statement = head(city, &record, days);
    let requests = requests_of(store, account).await?;
    let history = history::of_taps(city, account, &record.taps);
    for day in record.days.iter().filter(|day| days.contains(&day.day)) {
        let kept = store.day_record(account, day.day).await?;
        let caps = history.days.get(&day.day);
        let caps = caps.into_iter().flat_map(|of_day| &of_day.caps);
        statement.days.push(OfDay {
            day: day.day.to_string(),
            fares_minor: day.fares.as_minor(),
            charged_minor: day.charged.as_minor(),
            refunded_minor: day.credited.as_minor(),
            explained: server::day_explanation(city, day.day, &kept, &requests),
            caps: caps.map(Cap::of).collect(),
        });
    }
    Ok(statement)
}

/// The statement before its days.
fn head(city: &City, record: &AccountRecord, days: &RangeInclusive<ServiceDay>) -> Statement {
    let balance_of = |account| -> i64 {
        let mut rows = record.balances.iter();
        let found =
            rows.find(|row| row.account == account && row.balance.currency() == city.currency());
        found.map_or(0, |row| row.balance.as_minor())
    };
    let rider = balance_of(LedgerAccount::Rider(record.account));
    let clearing = balance_of(LedgerAccount::Clearing);
    let of_period = || record.days.iter().filter(|day| days.contains(&day.day));
    let is_payment = |posted: &&PostedEntry| {
        let moved = city.service_day(posted.entry.at());
        matches!(posted.about, About::Payment(_)) && days.contains(&moved)
    };
    Statement {
        account: record.account.to_string(),
        city: city.name().to_owned(),
        first_day: days.start().to_string(),
        last_day: days.end().to_string(),
        currency: city.currency().to_string(),
        fares_minor: of_period().map(|day| day.fares.as_minor()).sum(),
        charged_minor: of_period().map(|day| day.charged.as_minor()).sum(),
        refunded_minor: of_period().map(|day| day.credited.as_minor()).sum(),
        unpaid_minor: clearing.saturating_neg(),
        uncharged_minor: rider.saturating_neg(),
        balance_minor: rider.saturating_add(clearing),
        days: Vec::new(),
        payments: record
            .entries
            .iter()
            .filter(is_payment)
            .map(|posted| Paid::of(city, posted))
            .collect(),
    }
}

impl Cap {
    fn of(progress: &CapProgress) -> Self {
        Self {
            name: progress.name.clone(),
            member: progress.rider,
            since: progress.first_day.to_string(),
            paid_minor: progress.paid.as_minor(),
            limit_minor: progress.limit.as_minor(),
        }
    }
}

impl Paid {
    fn of(city: &City, posted: &PostedEntry) -> Self {
        let entry = &posted.entry;
        let is_clearing = |posting: &&ledger::Posting| posting.account == LedgerAccount::Clearing;
        // Money that was paid ahead does not touch clearing: its first line is the rider's.
        let line = entry.postings().iter().find(is_clearing);
        let line = line.or_else(|| entry.postings().first());
        Self {
            entry: entry.id().to_string(),
            day: city.service_day(entry.at()).to_string(),
            at: city.wall_clock(entry.at()),
            kind: entry.kind().to_string(),
            amount_minor: line.map_or(0, |line| line.amount.as_minor()),
            because: entry.description().to_owned(),
        }
    }
}
