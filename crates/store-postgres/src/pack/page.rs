//! A page of the ledger, packed: the entries that one transaction posted for an account in one
//! currency, and the account's balances after them.

use ledger::{Entry, EntryKind, LedgerAccount, Posting};
use settlement::ids;
use settlement::model::{About, LedgerBalance, PostedEntry};
use settlement::ports::StoreError;
use settlement::settle::fare_description;
use units::{
    AccountId, Balance, ChargeId, CorrectionId, Currency, DeviceId, EntryId, JourneyId, PaymentId,
    ServiceDay, Timestamp,
};

use super::tap::Before;
use super::{Column, Packer, Unpacker, Vocabulary};

/// Stands in a description for the id it is about: so entries share their descriptions.
const ABOUT: &str = "\u{1}";

/// The entry's id follows from its day's revision, which stands in its place.
const MADE: u8 = 0x80;
/// What it is about: the lowest bits.
const ABOUT_WHAT: u8 = 0b11;
/// The journey's id follows from its first tap, and that one's from its record, which stands in its
/// place.
const FROM_RECORD: u8 = 1 << 2;
/// It posts a journey's first fare to an operator, as settling does: the amount says the rest.
const FARE: u8 = 1 << 3;

/// A record of a gate: device, epoch, number.
pub(crate) type RecordPlace = (DeviceId, u32, u64);

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

/// The journey of `account` whose first tap is a record's.
fn journey_of(account: AccountId, (device, epoch, seq): RecordPlace) -> JourneyId {
    tariff::ids::journey(account, ids::tap_of_record(device, epoch, seq))
}

/// The operator and the fare of an entry that says no more than them.
fn fare(posted: &PostedEntry) -> Option<(LedgerAccount, Balance)> {
    let entry = &posted.entry;
    let (About::Journey(journey), EntryKind::Fare) = (posted.about, entry.kind()) else {
        return None;
    };
    let [rider, operator] = entry.postings() else {
        return None;
    };
    let is_fare = rider.account == LedgerAccount::Rider(posted.account)
        && rider.amount.as_minor().checked_neg() == Some(operator.amount.as_minor())
        && rider.amount.currency() == operator.amount.currency()
        && entry.description() == fare_description(journey, operator.amount);
    is_fare.then_some((operator.account, operator.amount))
}

/// Packs entries of one account, day and currency; `record` gives the first record of a journey,
/// where it is known.
pub(crate) fn write(
    words: &mut Vocabulary,
    (account, day): (AccountId, ServiceDay),
    entries: &[&PostedEntry],
    record: &dyn Fn(JourneyId) -> Option<RecordPlace>,
) -> Column {
    let mut packer = Packer::new(words);
    packer.len(entries.len());
    let mut before = Before::first(day).time().as_micros();
    for posted in entries {
        let entry = &posted.entry;
        let (about, record) = match posted.about {
            About::Journey(journey) => (0, record(journey).map(|record| (journey, record))),
            About::Charge(_) => (1, None),
            About::Refund(_) => (2, None),
            About::Payment(_) => (3, None),
        };
        let record = record.filter(|(journey, record)| journey_of(account, *record) == *journey);
        let (revision, fare) = (revision(posted), fare(posted));
        let is = |condition: bool, flag: u8| if condition { flag } else { 0 };
        packer.byte(
            about
                | is(revision.is_some(), MADE)
                | is(record.is_some(), FROM_RECORD)
                | is(fare.is_some(), FARE),
        );
        match record {
            Some((_, (device, epoch, seq))) => {
                packer.name(device.as_bytes());
                packer.uint(u64::from(epoch));
                packer.uint(seq);
            }
            None => packer.raw(posted.about.as_bytes()),
        }
        match revision {
            Some(revision) => packer.uint(u64::from(revision)),
            None => packer.raw(entry.id().as_bytes()),
        }
        packer.int(entry.at().as_micros().wrapping_sub(before));
        before = entry.at().as_micros();
        match fare {
            Some((operator, fare)) => {
                write_account(&mut packer, account, operator);
                packer.int(fare.as_minor());
            }
            None => write_text(&mut packer, posted),
        }
    }
    packer.done()
}

/// The kind, the description and the postings.
fn write_text(packer: &mut Packer<'_>, posted: &PostedEntry) {
    let entry = &posted.entry;
    packer.name(entry.kind().as_str().as_bytes());
    let description = entry.description().replace(&id_text(posted.about), ABOUT);
    packer.name(description.as_bytes());
    packer.len(entry.postings().len());
    for posting in entry.postings() {
        write_account(packer, posted.account, posting.account);
        packer.int(posting.amount.as_minor());
    }
}

/// Reads what [`write`] wrote.
pub(crate) fn read(
    packed: &mut Unpacker<'_>,
    (account, day): (AccountId, ServiceDay),
    currency: Currency,
) -> Result<Vec<PostedEntry>, StoreError> {
    let corrupt = |source| StoreError::corrupt("ledger_pages.entries", source);
    let mut entries = Vec::new();
    let mut before = Before::first(day).time().as_micros();
    for _ in 0..packed.len()? {
        let what = packed.byte()?;
        if what & !(MADE | ABOUT_WHAT | FROM_RECORD | FARE) != 0 {
            let expected = "an entry of this version";
            return Err(super::corrupt(expected, &what.to_string()));
        }
        let about = read_about(packed, account, what)?;
        let id = if what & MADE == 0 {
            EntryId::from_bytes(packed.raw()?)
        } else {
            ids::entry_of(account, day, packed.narrow()?, about.as_bytes())
        };
        before = before.wrapping_add(packed.int()?);
        let at = Timestamp::from_micros(before);
        let (kind, description, postings) = match about {
            About::Journey(journey) if what & FARE != 0 => {
                let operator = read_account(packed, account)?;
                let fare = Balance::new(packed.int()?, currency);
                let debit = Balance::new(fare.as_minor().wrapping_neg(), currency);
                let postings = vec![
                    Posting {
                        account: LedgerAccount::Rider(account),
                        amount: debit,
                    },
                    Posting {
                        account: operator,
                        amount: fare,
                    },
                ];
                (
                    Ok(EntryKind::Fare),
                    fare_description(journey, fare),
                    postings,
                )
            }
            _ => {
                let kind = EntryKind::parse(packed.text()?);
                let description = packed.text()?.replace(ABOUT, &id_text(about));
                (kind, description, read_postings(packed, account, currency)?)
            }
        };
        let kind = kind.map_err(|source| StoreError::corrupt("ledger_pages.entries", source))?;
        let entry = Entry::new(id, at, kind, description, postings);
        entries.push(PostedEntry {
            account,
            day,
            about,
            entry: entry.map_err(corrupt)?,
        });
    }
    Ok(entries)
}

fn read_about(
    packed: &mut Unpacker<'_>,
    account: AccountId,
    what: u8,
) -> Result<About, StoreError> {
    if what & FROM_RECORD != 0 {
        let device = DeviceId::from_bytes(packed.device()?);
        let record = (device, packed.narrow()?, packed.uint()?);
        return Ok(About::Journey(journey_of(account, record)));
    }
    let id = packed.raw()?;
    Ok(match what & ABOUT_WHAT {
        0 => About::Journey(JourneyId::from_bytes(id)),
        1 => About::Charge(ChargeId::from_bytes(id)),
        2 => About::Refund(CorrectionId::from_bytes(id)),
        _ => About::Payment(PaymentId::from_bytes(id)),
    })
}

fn read_postings(
    packed: &mut Unpacker<'_>,
    account: AccountId,
    currency: Currency,
) -> Result<Vec<Posting>, StoreError> {
    let mut postings = Vec::new();
    for _ in 0..packed.len()? {
        let of = read_account(packed, account)?;
        postings.push(Posting {
            account: of,
            amount: Balance::new(packed.int()?, currency),
        });
    }
    Ok(postings)
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use units::OperatorId;

    use super::*;
    use crate::names::Words;

    const ACCOUNT: AccountId = AccountId::from_bytes([1; 16]);
    const DAY: ServiceDay = ServiceDay::from_days(20_000);
    const RECORD: RecordPlace = (DeviceId::from_bytes([2; 16]), 3, 400);

    /// An entry about `journey` of 2.50 from the rider to an operator.
    fn entry(journey: JourneyId, kind: EntryKind, description: String, turn: bool) -> PostedEntry {
        let currency = Currency::from_code("EUR").unwrap();
        let posting = |account, minor| Posting {
            account,
            amount: Balance::new(minor, currency),
        };
        let operator = LedgerAccount::Operator(OperatorId::from_bytes([7; 16]));
        let mut postings = vec![
            posting(LedgerAccount::Rider(ACCOUNT), -250),
            posting(operator, 250),
        ];
        if turn {
            postings.reverse();
        }
        let id = ids::entry_of(ACCOUNT, DAY, 2, journey.as_bytes());
        let at = Timestamp::from_micros(1_728_000_000_000_007);
        PostedEntry {
            account: ACCOUNT,
            day: DAY,
            about: About::Journey(journey),
            entry: Entry::new(id, at, kind, description, postings).unwrap(),
        }
    }

    #[test]
    fn entries_that_say_more_than_a_fare_are_kept_in_full() {
        let currency = Currency::from_code("EUR").unwrap();
        let made = journey_of(ACCOUNT, RECORD);
        let other = JourneyId::from_bytes([6; 16]);
        let usual = |journey| fare_description(journey, Balance::new(250, currency));
        let cases = [
            (entry(made, EntryKind::Fare, usual(made), false), 1),
            (entry(other, EntryKind::Fare, usual(other), false), 2),
            (entry(made, EntryKind::Correction, usual(made), false), 3),
            (
                entry(made, EntryKind::Fare, "Half of it.".to_owned(), false),
                4,
            ),
            (entry(made, EntryKind::Fare, usual(made), true), 5),
        ];
        let mut lengths = Vec::new();
        for (posted, number) in &cases {
            let mut vocabulary = Vocabulary::default();
            let column = write(&mut vocabulary, (ACCOUNT, DAY), &[posted], &|_| {
                Some(RECORD)
            });
            let words: Words = (0..)
                .zip(vocabulary.words().iter().map(Arc::clone))
                .collect();
            let numbers: Vec<u64> = (0..).take(words.len()).collect();
            let column = column.finish(&numbers).unwrap();
            let mut packed = Unpacker::new(&column, &words).unwrap();
            let read = read(&mut packed, (ACCOUNT, DAY), currency).unwrap();
            assert_eq!(read, std::slice::from_ref(posted), "case {number}");
            lengths.push(column.len());
        }
        let shortest = lengths.first().copied().unwrap_or(0);
        assert!(
            lengths.iter().skip(1).all(|length| *length > shortest),
            "{lengths:?}"
        );
    }
}
