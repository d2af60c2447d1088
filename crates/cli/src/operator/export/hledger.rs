//! The ledger as an `hledger` journal.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::Path;

use anyhow::{Context as _, Result};
use ledger::LedgerAccount;
use ledger::hledger::{Names, write_declarations, write_entry};
use units::Currency;

use super::super::Open;
use super::{Written, create};

/// Writes `ledger.journal`: the declarations need every account first, so entries wait in a file
/// without a name.
pub(super) async fn write(open: &mut Open, folder: &Path) -> Result<Vec<Written>> {
    let mut names = Names::default();
    let operator = open.city.operator();
    names.insert(LedgerAccount::Operator(operator.id), &operator.name);
    let mut accounts: BTreeSet<LedgerAccount> = BTreeSet::new();
    let mut currencies: BTreeSet<Currency> = BTreeSet::new();
    let mut entries_waiting = tempfile::tempfile().context("cannot make a temporary file")?;
    let mut rows = 0_u64;
    loop {
        let page = open.page().await?;
        if page.is_empty() {
            break;
        }
        let mut text = String::new();
        for posted in page.iter().flat_map(|record| &record.entries) {
            for posting in posted.entry.postings() {
                accounts.insert(posting.account);
                currencies.insert(posting.amount.currency());
            }
            write_entry(&mut text, &names, posted.day, &posted.entry)?;
            rows = rows.saturating_add(1);
        }
        entries_waiting
            .write_all(text.as_bytes())
            .context("cannot write a temporary file")?;
    }
    let (mut out, path) = create(folder, "ledger.journal")?;
    let mut head = String::new();
    write_declarations(&mut head, &names, &accounts, &currencies)?;
    let writing = || format!("cannot write {}", path.display());
    out.write_all(head.as_bytes()).with_context(writing)?;
    std::io::Seek::rewind(&mut entries_waiting)?;
    std::io::copy(&mut entries_waiting, &mut out).with_context(writing)?;
    out.flush().with_context(writing)?;
    Ok(vec![Written {
        file: path.display().to_string(),
        rows,
    }])
}
