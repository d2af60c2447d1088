//! `faregate charge status`: what is on its way, overdue and paid.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anyhow::Result;
use serde::Serialize;
use settlement::charging::{PaymentStore as _, Stage};
use settlement::debt::list::DebtList as _;

use super::arguments::TurnArguments;
use super::read_config;
use crate::output::Reader;
use crate::world::system_now;
use crate::{folder, progress};

/// Rows read at a time.
const PER_PAGE: u32 = 1_000;

/// A request whose end is not known for so many sendings is listed as stuck: some two days.
const STUCK_SENT: u32 = 12;

#[derive(Default, Serialize)]
struct OfProvider {
    payments: u64,
    due: u64,
    paid: u64,
    debts: u64,
    /// Requests whose end is not known after days.
    stuck: u64,
    collected_minor: i64,
    given_back_minor: i64,
    charged_back_minor: i64,
    /// Given up by two persons.
    written_off_minor: i64,
    /// On its way.
    expected_minor: i64,
    overdue_minor: i64,
}

#[derive(Serialize)]
struct Status {
    currency: String,
    /// Riders who are on the deny list for debt.
    denied: u64,
    /// Payments whose time has come.
    waiting: u64,
    providers: BTreeMap<String, OfProvider>,
}

pub(crate) async fn run(arguments: &TurnArguments) -> Result<bool> {
    let city = folder::load_city(arguments.books.city.as_deref())?;
    let store = arguments.books.database.open_existing().await?;
    let charging = read_config(&arguments.charging, store.clone())?;
    let mut status = Status {
        currency: city.currency().to_string(),
        denied: 0,
        waiting: 0,
        providers: BTreeMap::new(),
    };
    let now = system_now();
    let counter = progress::counter("reading payments");
    let mut after = None;
    loop {
        let page = store.payments_page(after, PER_PAGE).await?;
        let Some(last) = page.last() else { break };
        after = Some((last.account, last.id));
        counter.inc(u64::try_from(page.len())?);
        for payment in &page {
            let name = charging.providers.name_of(payment.provider);
            let name = name.map_or_else(|| payment.provider.to_string(), str::to_owned);
            let row = status.providers.entry(name).or_default();
            row.payments += 1;
            match payment.stage {
                Stage::Due => row.due += 1,
                Stage::Paid => row.paid += 1,
                Stage::Debt => row.debts += 1,
            }
            let request = payment.request.as_ref();
            row.stuck += u64::from(request.is_some_and(|request| request.sent >= STUCK_SENT));
            row.collected_minor += payment.posted.collected;
            row.given_back_minor += payment.posted.given_back;
            row.charged_back_minor += payment.posted.charged_back;
            row.written_off_minor += payment.written_off;
            if payment.is_overdue() {
                row.overdue_minor += payment.open_minor();
            } else {
                row.expected_minor += payment.open_minor();
            }
            status.waiting += u64::from(payment.due.is_some_and(|due| due <= now));
        }
    }
    let mut after = None;
    loop {
        let page = store.debtors(after, PER_PAGE).await?;
        let Some(last) = page.last() else { break };
        after = Some(*last);
        status.denied += u64::try_from(page.len())?;
    }
    counter.finish_and_clear();
    let mut lines = String::new();
    for (name, row) in &status.providers {
        writeln!(
            lines,
            "{name}: {} payments: {} due, {} paid, {} debts, {} stuck\n  \
             collected {}, given back {}, charged back {}, expected {}, overdue {}, \
             given up {} ({} minor)",
            row.payments,
            row.due,
            row.paid,
            row.debts,
            row.stuck,
            row.collected_minor,
            row.given_back_minor,
            row.charged_back_minor,
            row.expected_minor,
            row.overdue_minor,
            row.written_off_minor,
            status.currency,
        )?;
    }
    let (denied, waiting) = (status.denied, status.waiting);
    writeln!(
        lines,
        "{denied} riders on the deny list for debt, {waiting} payments wait"
    )?;
    Reader::of(arguments.json).print(&status, &lines)?;
    Ok(true)
}
