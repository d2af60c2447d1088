//! What an operator's staff ask of the books: are they sound, why was this charged, who cheats,
//! and all of it as files.

pub(crate) mod arguments;
mod check;
mod disruption;
mod explain;
mod export;
mod fraud;
mod period;
mod refund;
mod requests;
mod resettle;
mod shadow;
mod staff;
mod statement;
mod write_off;

pub(crate) use check::run as check;
pub(crate) use disruption::run as disruption;
pub(crate) use explain::run as explain;
pub(crate) use export::run as export;
pub(crate) use fraud::run as fraud;
pub(crate) use refund::run as refund;
pub(crate) use resettle::run as resettle;
pub(crate) use shadow::run as shadow;
pub(crate) use staff::run as staff;
pub(crate) use statement::run as statement;
pub(crate) use write_off::run as write_off;

use anyhow::Result;
use indicatif::ProgressBar;
use settlement::model::AccountRecord;
use settlement::ports::SettlementStore as _;
use store::Store;
use tariff::City;
use units::AccountId;

use crate::{folder, progress};
use arguments::BooksArguments;

/// Accounts read at a time.
const ACCOUNTS_PER_PAGE: u32 = 500;

/// The books that a command names, opened.
struct Open {
    city: City,
    store: Store,
    after: Option<AccountId>,
    counter: ProgressBar,
}

impl Open {
    async fn new(arguments: &BooksArguments) -> Result<Self> {
        Ok(Self::of(
            folder::load_city(arguments.city.as_deref())?,
            arguments.database.open_existing().await?,
        ))
    }

    fn of(city: City, store: Store) -> Self {
        Self {
            city,
            store,
            after: None,
            counter: progress::counter("reading riders"),
        }
    }

    /// The next accounts in order of id; empty after the last.
    async fn page(&mut self) -> Result<Vec<AccountRecord>> {
        let page = self
            .store
            .accounts_page(self.after, ACCOUNTS_PER_PAGE)
            .await?;
        self.counter.inc(u64::try_from(page.len())?);
        match page.last() {
            Some(last) => self.after = Some(last.account),
            None => self.counter.finish_and_clear(),
        }
        Ok(page)
    }
}
