//! Table `ledger_pages`: what was posted, a page for each account and transaction, each chained to
//! the one before by SHA-256. The page carries the account's balances, so no row is ever updated.

use std::collections::{BTreeMap, BTreeSet};

use settlement::model::{LedgerBalance, PostedEntry, UnknownValue};
use settlement::ports::StoreError;
use sqlx::Row as _;
use sqlx::postgres::{PgConnection, PgRow};
use units::{AccountId, Balance, Currency, JourneyId, ServiceDay};

use crate::columns::{array, bytes, currency, day, int};
use crate::copy::Rows;
use crate::names::{Names, Words};
use crate::pack::page::{self, RecordPlace};
use crate::pack::{Column, Unpacker, Vocabulary, numbers_in};
use crate::store::backend;

const SELECT_LAST: &str = "SELECT l.* FROM unnest($1::bytea[]) AS a (account_id) \
     CROSS JOIN LATERAL (SELECT p.account_id, p.page, p.balances, p.head FROM ledger_pages p \
     WHERE p.account_id = a.account_id ORDER BY p.page DESC LIMIT 1) l";

const SELECT_ALL: &str =
    "SELECT * FROM ledger_pages WHERE account_id = ANY($1) ORDER BY account_id, page";

/// The key refuses a page that somebody else has written meanwhile.
const COPY: &str = "COPY ledger_pages (account_id, page, service_day, debits_minor, \
     credits_minor, currency, entries, balances, head) FROM STDIN (FORMAT binary)";

/// An account's books: its entries as posted, and its balances after them.
pub(crate) type Books = BTreeMap<AccountId, (Vec<PostedEntry>, Vec<LedgerBalance>)>;

/// Where an account's chain stands.
#[derive(Debug, Clone, Default)]
struct Tip {
    page: i32,
    head: Vec<u8>,
    balances: Vec<LedgerBalance>,
}

/// A page about to be written.
struct Page {
    account: AccountId,
    number: i32,
    day: ServiceDay,
    sides: (i64, i64),
    currency: Currency,
    entries: Column,
    balances: Column,
    head: [u8; 32],
}

/// Pages on their way into the table.
pub(crate) struct Posting {
    words: Vocabulary,
    tips: BTreeMap<AccountId, Tip>,
    pages: Vec<Page>,
}

/// Posts entries. The caller holds the shards of their accounts.
pub(crate) async fn append(
    conn: &mut PgConnection,
    names: &Names,
    entries: &[PostedEntry],
) -> Result<(), StoreError> {
    if entries.is_empty() {
        return Ok(());
    }
    let accounts: BTreeSet<AccountId> = entries.iter().map(|posted| posted.account).collect();
    let mut posting = Posting::begin(conn, names, &accounts).await?;
    posting.post(entries, &|_| None)?;
    posting.write(conn, names).await
}

impl Posting {
    /// Looks where the chains of `accounts` stand. The caller holds their shards, until after
    /// [`Self::write`].
    pub(crate) async fn begin(
        conn: &mut PgConnection,
        names: &Names,
        accounts: &BTreeSet<AccountId>,
    ) -> Result<Self, StoreError> {
        Ok(Self {
            words: Vocabulary::default(),
            tips: tips(conn, names, accounts).await?,
            pages: Vec::new(),
        })
    }

    /// Adds the entries of one transaction; all those of an account must come together. `record`
    /// gives the first record of a journey, where it is known.
    pub(crate) fn post(
        &mut self,
        entries: &[PostedEntry],
        record: &dyn Fn(JourneyId) -> Option<RecordPlace>,
    ) -> Result<(), StoreError> {
        let mut groups: BTreeMap<(AccountId, ServiceDay, Currency), Vec<&PostedEntry>> =
            BTreeMap::new();
        for posted in entries {
            for currency in currencies(posted) {
                let group = (posted.account, posted.day, currency);
                groups.entry(group).or_default().push(posted);
            }
        }
        for (group, posted) in groups {
            let tip = self.tips.entry(group.0).or_default();
            let entries = page::write(&mut self.words, (group.0, group.1), &posted, record);
            let page = turn(&mut self.words, tip, group, (&posted, entries))?;
            self.pages.push(page);
        }
        Ok(())
    }

    /// Writes the pages.
    pub(crate) async fn write(
        self,
        conn: &mut PgConnection,
        names: &Names,
    ) -> Result<(), StoreError> {
        if self.pages.is_empty() {
            return Ok(());
        }
        let numbers = names.of(&self.words).await?;
        let mut rows = Rows::new(9);
        for page in &self.pages {
            rows.row();
            rows.bytes(page.account.as_bytes());
            rows.int(page.number);
            rows.int(page.day.as_days());
            rows.big(page.sides.0);
            rows.big(page.sides.1);
            rows.bytes(page.currency.code().as_bytes());
            rows.bytes(&page.entries.finish(&numbers)?);
            rows.bytes(&page.balances.finish(&numbers)?);
            rows.bytes(&page.head);
        }
        let copied = rows.send(conn, COPY).await;
        copied.map_err(backend("post entries"))
    }
}

/// The currencies of an entry. `settlement` makes entries of one; another would need a page each.
fn currencies(posted: &PostedEntry) -> BTreeSet<Currency> {
    let postings = posted.entry.postings().iter();
    postings.map(|posting| posting.amount.currency()).collect()
}

/// Makes the next page after `tip` and moves it there.
fn turn(
    words: &mut Vocabulary,
    tip: &mut Tip,
    (account, day, currency): (AccountId, ServiceDay, Currency),
    (posted, entries): (&[&PostedEntry], Column),
) -> Result<Page, StoreError> {
    let place = "ledger_pages.balances";
    let wide = || StoreError::out_of_range(place, "64 bits of minor units", i64::MAX);
    let (mut debits, mut credits) = (0_i64, 0_i64);
    for posting in posted.iter().flat_map(|posted| posted.entry.postings()) {
        let minor = posting.amount.as_minor();
        if posting.amount.currency() != currency {
            return Err(StoreError::out_of_range(
                place,
                "entries of one currency",
                minor,
            ));
        }
        let side = if minor < 0 { &mut debits } else { &mut credits };
        *side = side.checked_add(minor).ok_or_else(wide)?;
        let same = |row: &&mut LedgerBalance| {
            (row.account, row.balance.currency()) == (posting.account, currency)
        };
        if let Some(row) = tip.balances.iter_mut().find(same) {
            let sum = row.balance.checked_add(posting.amount).ok_or_else(wide)?;
            row.balance = Balance::new(sum.as_minor(), currency);
        } else {
            tip.balances.push(LedgerBalance {
                account: posting.account,
                balance: posting.amount,
            });
        }
    }
    tip.balances.retain(|row| row.balance.as_minor() != 0);
    tip.balances.sort_unstable();
    tip.page = tip.page.checked_add(1).ok_or_else(wide)?;
    let balances = page::write_balances(words, account, &tip.balances);
    let seal = seal(&tip.head, account, tip.page, day, currency);
    let head = balances.chain(&entries.chain(&seal, words), words);
    tip.head = head.to_vec();
    Ok(Page {
        account,
        number: tip.page,
        day,
        sides: (debits, credits),
        currency,
        entries,
        balances,
        head,
    })
}

/// What a page's hash begins with: the head before it and where it stands.
fn seal(
    before: &[u8],
    account: AccountId,
    page: i32,
    day: ServiceDay,
    currency: Currency,
) -> Vec<u8> {
    let mut seal = before.to_vec();
    seal.extend_from_slice(account.as_bytes());
    seal.extend_from_slice(&page.to_be_bytes());
    seal.extend_from_slice(&day.as_days().to_be_bytes());
    seal.extend_from_slice(currency.code().as_bytes());
    seal
}

async fn tips(
    conn: &mut PgConnection,
    names: &Names,
    accounts: &BTreeSet<AccountId>,
) -> Result<BTreeMap<AccountId, Tip>, StoreError> {
    let rows = fetch(conn, SELECT_LAST, accounts).await?;
    let words = words(&rows, names, &["balances"]).await?;
    let mut tips = BTreeMap::new();
    for row in &rows {
        let account = AccountId::from_bytes(array(row, "account_id")?);
        let column = bytes(row, "balances")?;
        let tip = Tip {
            page: row.try_get("page").map_err(backend("read a page"))?,
            head: bytes(row, "head")?,
            balances: page::read_balances(&mut Unpacker::new(&column, &words)?, account)?,
        };
        tips.insert(account, tip);
    }
    Ok(tips)
}

/// The balances of one account.
pub(crate) async fn balances(
    conn: &mut PgConnection,
    names: &Names,
    account: AccountId,
) -> Result<Vec<LedgerBalance>, StoreError> {
    let mut tips = tips(conn, names, &BTreeSet::from([account])).await?;
    Ok(tips.remove(&account).unwrap_or_default().balances)
}

/// Everything posted for `accounts`, entries ordered by id. A page that does not follow from the
/// one before it is an error: somebody has changed history.
pub(crate) async fn books(
    conn: &mut PgConnection,
    names: &Names,
    accounts: &BTreeSet<AccountId>,
) -> Result<Books, StoreError> {
    let rows = fetch(conn, SELECT_ALL, accounts).await?;
    let words = words(&rows, names, &["entries", "balances"]).await?;
    let mut books = Books::new();
    let mut tips: BTreeMap<AccountId, (i32, Vec<u8>)> = BTreeMap::new();
    for row in &rows {
        let account = AccountId::from_bytes(array(row, "account_id")?);
        let (number, day) = (int(row, "page")?, day(row, "service_day")?);
        let currency = currency(row, "currency")?;
        let (entries, balances) = (bytes(row, "entries")?, bytes(row, "balances")?);
        let mut entries = Unpacker::new(&entries, &words)?;
        let mut balances = Unpacker::new(&balances, &words)?;
        let (page, head) = tips.entry(account).or_default();
        *page = page.saturating_add(1);
        let seal = seal(head, account, *page, day, currency);
        let expected = balances.chain(&entries.chain(&seal));
        *head = bytes(row, "head")?;
        if i64::from(*page) != number || *head != expected {
            let broken = UnknownValue {
                expected: "a page that follows from the one before it",
                got: format!("page {number} of account {account}"),
            };
            return Err(StoreError::corrupt("ledger_pages.head", broken));
        }
        let book = books.entry(account).or_default();
        book.0
            .extend(page::read(&mut entries, (account, day), currency)?);
        book.1 = page::read_balances(&mut balances, account)?;
    }
    for (entries, _) in books.values_mut() {
        entries.sort_by_key(|posted| posted.entry.id());
    }
    Ok(books)
}

async fn fetch(
    conn: &mut PgConnection,
    sql: &'static str,
    accounts: &BTreeSet<AccountId>,
) -> Result<Vec<PgRow>, StoreError> {
    let ids: Vec<Vec<u8>> = accounts.iter().map(|id| id.as_bytes().to_vec()).collect();
    let rows = sqlx::query(sql).bind(ids).fetch_all(conn).await;
    rows.map_err(backend("read the ledger"))
}

/// The words that packed `columns` of `rows` use.
pub(crate) async fn words(
    rows: &[PgRow],
    names: &Names,
    columns: &[&'static str],
) -> Result<Words, StoreError> {
    let mut numbers = BTreeSet::new();
    for row in rows {
        for column in columns {
            let packed: &[u8] = row.try_get(*column).map_err(backend("read a column"))?;
            numbers_in(packed, &mut numbers)?;
        }
    }
    names.words(numbers).await
}
