//! A page of the ledger, packed: the entries that one transaction posted for an account in one
//! currency, and the account's balances after them.

use ledger::{Entry, EntryKind, LedgerAccount, Posting};
use settlement::ids;
use settlement::model::{About, LedgerBalance, PostedEntry};
use settlement::ports::StoreError;
use units::{
    AccountId, Balance, ChargeId, CorrectionId, Currency, EntryId, JourneyId, PaymentId,
    ServiceDay, Timestamp,
};

use super::{Column, Packer, Unpacker, Vocabulary};

/// Stands in a description for the id it is about: so entries share their descriptions.
const ABOUT: &str = "\u{1}";

/// The entry's id follows from its day's revision, which stands in its place.
const MADE: u8 = 0x80;

/// Revisions that are tried: days that change more often keep their entries' ids in full.
const REVISIONS: std::ops::RangeInclusive<u32> = 1..=4;

/// The revision of the day that makes the entry's id.
fn revision(posted: &PostedEntry) -> Option<u32> {
    let made = |revision: &u32| {
        ids::entry_of(
            posted.account,
            posted.day,
            *revision,
            posted.about.as_bytes(),
        ) == posted.entry.id()
    };
    REVISIONS.clone().find(made)
}

/// Packs entries of one account and currency.
pub(crate) fn write(
    words: &mut Vocabulary,
    account: AccountId,
    entries: &[&PostedEntry],
) -> Column {
    let mut packer = Packer::new(words);
    packer.len(entries.len());
    let mut before = 0;
    for posted in entries {
        let entry = &posted.entry;
        let about = match posted.about {
            About::Journey(_) => 0,
            About::Charge(_) => 1,
            About::Refund(_) => 2,
            About::Payment(_) => 3,
        };
        let revision = revision(posted);
        packer.byte(about | revision.map_or(0, |_| MADE));
        packer.raw(posted.about.as_bytes());
        match revision {
            Some(revision) => packer.uint(u64::from(revision)),
            None => packer.raw(entry.id().as_bytes()),
        }
        packer.int(entry.at().as_micros().wrapping_sub(before));
        before = entry.at().as_micros();
        packer.name(entry.kind().as_str().as_bytes());
        let description = entry.description().replace(&id_text(posted.about), ABOUT);
        packer.name(description.as_bytes());
        packer.len(entry.postings().len());
        for posting in entry.postings() {
            write_account(&mut packer, account, posting.account);
            packer.int(posting.amount.as_minor());
        }
    }
    packer.done()
}

/// Reads what [`write`] wrote.
pub(crate) fn read(
    packed: &mut Unpacker<'_>,
    (account, day): (AccountId, ServiceDay),
    currency: Currency,
) -> Result<Vec<PostedEntry>, StoreError> {
    let mut entries = Vec::new();
    let mut before = 0_i64;
    for _ in 0..packed.len()? {
        let what = packed.byte()?;
        let about = match (what & !MADE, packed.raw()?) {
            (0, id) => About::Journey(JourneyId::from_bytes(id)),
            (1, id) => About::Charge(ChargeId::from_bytes(id)),
            (2, id) => About::Refund(CorrectionId::from_bytes(id)),
            (3, id) => About::Payment(PaymentId::from_bytes(id)),
            (other, _) => {
                return Err(StoreError::out_of_range(
                    "ledger_pages.entries",
                    "0 to 3: a journey, charge, refund or payment",
                    i64::from(other),
                ));
            }
        };
        let id = if what & MADE == 0 {
            EntryId::from_bytes(packed.raw()?)
        } else {
            ids::entry_of(account, day, packed.narrow()?, about.as_bytes())
        };
        before = before.wrapping_add(packed.int()?);
        let kind = EntryKind::parse(packed.text()?);
        let kind = kind.map_err(|source| StoreError::corrupt("ledger_pages.entries", source))?;
        let description = packed.text()?.replace(ABOUT, &id_text(about));
        let mut postings = Vec::new();
        for _ in 0..packed.len()? {
            let of = read_account(packed, account)?;
            postings.push(Posting {
                account: of,
                amount: Balance::new(packed.int()?, currency),
            });
        }
        let at = Timestamp::from_micros(before);
        let entry = Entry::new(id, at, kind, description, postings);
        entries.push(PostedEntry {
            account,
            day,
            about,
            entry: entry.map_err(|source| StoreError::corrupt("ledger_pages.entries", source))?,
        });
    }
    Ok(entries)
}

/// Packs balances.
pub(crate) fn write_balances(
    words: &mut Vocabulary,
    account: AccountId,
    balances: &[LedgerBalance],
) -> Column {
    let mut packer = Packer::new(words);
    packer.len(balances.len());
    for row in balances {
        write_account(&mut packer, account, row.account);
        packer.name(row.balance.currency().code().as_bytes());
        packer.int(row.balance.as_minor());
    }
    packer.done()
}

/// Reads what [`write_balances`] wrote.
pub(crate) fn read_balances(
    packed: &mut Unpacker<'_>,
    account: AccountId,
) -> Result<Vec<LedgerBalance>, StoreError> {
    let mut balances = Vec::new();
    for _ in 0..packed.len()? {
        let of = read_account(packed, account)?;
        let currency = packed.currency()?;
        balances.push(LedgerBalance {
            account: of,
            balance: Balance::new(packed.int()?, currency),
        });
    }
    Ok(balances)
}

fn id_text(about: About) -> String {
    match about {
        About::Journey(id) => id.to_string(),
        About::Charge(id) => id.to_string(),
        About::Refund(id) => id.to_string(),
        About::Payment(id) => id.to_string(),
    }
}

/// The rider whose page it is, or any other account by its stable text, which many pages share.
fn write_account(packer: &mut Packer<'_>, own: AccountId, account: LedgerAccount) {
    if account == LedgerAccount::Rider(own) {
        packer.byte(0);
    } else {
        packer.byte(1);
        packer.name(account.to_string().as_bytes());
    }
}

fn read_account(packed: &mut Unpacker<'_>, own: AccountId) -> Result<LedgerAccount, StoreError> {
    if packed.byte()? == 0 {
        return Ok(LedgerAccount::Rider(own));
    }
    let account = LedgerAccount::parse(packed.text()?);
    account.map_err(|source| StoreError::corrupt("ledger_pages", source))
}
