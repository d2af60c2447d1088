//! The ledger as a journal that `hledger` (1.25 and later) reads and checks.
//!
//! A journal declares its commodities and accounts, so that `hledger check --strict` finds every
//! posting to one that is not declared, then lists the entries as transactions. Amounts have the
//! currency's own digits; signs are the ledger's: below zero the holder owes. Account names are
//! those of [`LedgerAccount`], with the name that people know before the id where there is one.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Write};

use units::{Currency, ServiceDay};

use crate::{Entry, LedgerAccount};

/// Characters of a name that are kept: enough to know who is meant.
pub const NAME_CHARS_MAX: usize = 80;

/// Characters of a description that are kept.
pub const DESCRIPTION_CHARS_MAX: usize = 500;

/// Accounts as a journal names them. Names of people's choosing lose what `hledger` would read as
/// its own syntax; the id that follows keeps them apart.
#[derive(Debug, Clone, Default)]
pub struct Names(BTreeMap<LedgerAccount, String>);

impl Names {
    /// Remembers what people call `account`.
    pub fn insert(&mut self, account: LedgerAccount, name: &str) {
        self.0.insert(account, plain(name, NAME_CHARS_MAX, is_name));
    }

    /// What a journal calls `account`: `operator:Metro Line 1 UUID`.
    #[must_use]
    pub fn of(&self, account: LedgerAccount) -> String {
        let text = account.to_string();
        match (self.0.get(&account), text.split_once(':')) {
            (Some(name), Some((kind, id))) if !name.is_empty() => format!("{kind}:{name} {id}"),
            _ => text,
        }
    }
}

/// Writes the declarations: every account and currency that the entries use.
///
/// # Errors
/// What `out` says.
pub fn write_declarations(
    out: &mut impl Write,
    names: &Names,
    accounts: &BTreeSet<LedgerAccount>,
    currencies: &BTreeSet<Currency>,
) -> fmt::Result {
    out.write_str("; Signs are the ledger's: below zero the holder owes.\ndecimal-mark .\n")?;
    for currency in currencies {
        let zeros = usize::try_from(currency.minor_digits()).unwrap_or(2);
        // The mark is wanted even where no digit follows.
        writeln!(out, "commodity {currency} 1.{:0<zeros$}", "")?;
    }
    for account in accounts {
        writeln!(out, "account {}", names.of(*account))?;
    }
    out.write_char('\n')
}

/// Writes one entry as the transaction of `day`, with its id as the code and its kind as the payee.
///
/// # Errors
/// What `out` says.
pub fn write_entry(
    out: &mut impl Write,
    names: &Names,
    day: ServiceDay,
    entry: &Entry,
) -> fmt::Result {
    let why = plain(entry.description(), DESCRIPTION_CHARS_MAX, is_sentence);
    let (id, kind) = (entry.id(), entry.kind());
    writeln!(out, "{day} * ({id}) {kind} | {why}")?;
    for posting in entry.postings() {
        // Two spaces end an account's name.
        writeln!(out, "    {}  {}", names.of(posting.account), posting.amount)?;
    }
    out.write_char('\n')
}

/// Whether `hledger` could read a character of a name as nothing but a name's: not as a comment
/// (`;`), a sub-account (`:`) or a virtual posting (brackets at either end).
fn is_name(character: char) -> bool {
    character.is_alphanumeric() || "-_.,'&+/%#!?".contains(character)
}

/// Whether a character of a description begins no comment (`;`), no note (`|`) and no line.
fn is_sentence(character: char) -> bool {
    !character.is_control() && !character.is_whitespace() && !";|".contains(character)
}

/// `text` with a space in place of everything that is not to be kept and one space in place of
/// several (two would end an account's name), at most `max` characters.
fn plain(text: &str, max: usize, keep: impl Fn(char) -> bool) -> String {
    let words = text.split(|character| !keep(character));
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    let kept: String = words.join(" ").chars().take(max).collect();
    kept.trim_end().to_owned()
}
