//! `faregate resettle`: days are settled again by the package as it stands, and what riders paid
//! too much comes back by itself: after a disruption was declared, or a fault or a fare was mended.

use anyhow::Result;
use serde::Serialize;
use settlement::ports::Again;
use settlement::{charge, settle, summary};
use units::{Balance, ServiceDay};

use super::arguments::ResettleArguments;
use super::period;
use crate::books::{self, Faulty};
use crate::folder;
use crate::output::Reader;
use crate::world::system_now;

#[derive(Serialize)]
struct Resettled {
    first_day: String,
    last_day: String,
    /// Riders' days of the period that were settled again.
    days: u64,
    currency: String,
    /// Net of all charges before and after, minor units.
    charged_before_minor: i64,
    charged_minor: i64,
    /// What riders got back, less what they were charged in addition.
    given_back_minor: i64,
    faulty_days: u64,
    faults: Vec<Faulty>,
}

/// Settles again. False: some days cannot be settled.
///
/// # Errors
/// When the city or the database cannot be used.
pub(crate) async fn run(arguments: &ResettleArguments) -> Result<bool> {
    let days = period::parse(&arguments.period)?;
    let city = folder::load_city(Some(&arguments.city))?;
    let store = arguments.database.open_existing().await?;
    let (now, currency) = (system_now(), city.currency());
    let before = summary::of_store(&store, currency).await?.charged_minor;
    let marked = settle::again(&store, &Again::Days(days.clone())).await?;
    // Later days whose caps change are settled too; a day that runs is not closed.
    let today = city.service_day(now).as_days();
    let over = charge::through(ServiceDay::from_days(today.saturating_sub(1)));
    books::bring_up_to_date(&store, &city, &over, now).await?;
    let after = summary::of_store(&store, currency).await?;
    let told = Resettled {
        first_day: days.start().to_string(),
        last_day: days.end().to_string(),
        days: marked,
        currency: currency.to_string(),
        charged_before_minor: before,
        charged_minor: after.charged_minor,
        given_back_minor: before.saturating_sub(after.charged_minor),
        faulty_days: after.faulty_days,
        faults: books::faults(&store).await?,
    };
    store.close().await;
    let money = |minor| Balance::new(minor, currency);
    let lines = format!(
        "{marked} days of riders settled again: {} given back\n{}",
        money(told.given_back_minor),
        books::fault_lines(told.faulty_days, &told.faults)
    );
    Reader::of(arguments.json).print(&told, &lines)?;
    Ok(told.faulty_days == 0)
}
