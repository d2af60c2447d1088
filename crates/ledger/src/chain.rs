//! The chain of an account's entries: each head is a digest of the head before and the entry.
//!
//! One chain per rider's account, so that no two riders' entries wait for one another. A store
//! keeps the entries' numbers in the chain, from 0, and the head after each; who holds the last
//! head of an account (a statement prints it) can tell whether anything before it was changed.
//!
//! ```text
//! head before entry 0 = SHA-256("faregate ledger chain 1" ‖ account)
//! head after entry n  = SHA-256("faregate ledger entry 1" ‖ head before it ‖ entry)
//! entry   = id (16) ‖ at (i64, microseconds) ‖ text(kind) ‖ text(description) ‖ text(cause)
//!           ‖ number of postings (u32) ‖ postings in their order
//! posting = account ‖ currency (3, ASCII) ‖ amount (i64, minor units)
//! account = 1 ‖ rider (16) | 2 ‖ operator (16) | 3 ‖ provider (16)
//!           | 4 (clearing) | 5 (suspense) | 6 (tax) | 7 (write-off) | 8 (allowances)
//! text(x) = number of bytes (u32) ‖ bytes
//! ```
//!
//! Numbers are big-endian. The layout is unambiguous: no two entries have the same bytes. Vectors
//! made by another implementation: `proto/vectors/ledger_chain.json`.

use sha2::{Digest as _, Sha256};
use units::AccountId;

use crate::{Entry, LedgerAccount};

/// A head of a chain: SHA-256.
pub type Head = [u8; 32];

/// What a chain starts from, before its account.
const START: &[u8] = b"faregate ledger chain 1";

/// What each link starts from.
const LINK: &[u8] = b"faregate ledger entry 1";

/// One entry as a store keeps it: with what caused it and the head that was written with it.
#[derive(Debug, Clone, Copy)]
pub struct Link<'a> {
    /// The entry.
    pub entry: &'a Entry,
    /// What it is about, in bytes whose meaning is the caller's.
    pub cause: &'a [u8],
    /// The stored head after it.
    pub head: Head,
}

/// The first link of a chain that does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("link {number} of the chain is broken: an entry at or before it is not what was written")]
pub struct BrokenLink {
    /// Its number in the chain, from 0.
    pub number: u64,
    /// The head that its entry gives.
    pub computed: Head,
    /// The head that is stored.
    pub stored: Head,
}

/// The head of `account`'s chain before its first entry.
#[must_use]
pub fn start(account: AccountId) -> Head {
    let mut digest = Sha256::new();
    digest.update(START);
    digest.update(account.as_bytes());
    digest.finalize().into()
}

/// The head after `entry`, which `cause` caused, where the chain stood at `before`.
#[must_use]
pub fn next(before: &Head, entry: &Entry, cause: &[u8]) -> Head {
    let mut digest = Sha256::new();
    digest.update(LINK);
    digest.update(before);
    digest.update(entry.id().as_bytes());
    digest.update(entry.at().as_micros().to_be_bytes());
    text(&mut digest, entry.kind().as_str().as_bytes());
    text(&mut digest, entry.description().as_bytes());
    text(&mut digest, cause);
    digest.update(count(entry.postings().len()));
    for posting in entry.postings() {
        account(&mut digest, posting.account);
        digest.update(posting.amount.currency().code().as_bytes());
        digest.update(posting.amount.as_minor().to_be_bytes());
    }
    digest.finalize().into()
}

/// Checks `links`, the whole chain of `account` in order, and answers its last head.
///
/// An entry that was changed, left out, added or moved breaks the chain at its place; entries cut
/// off at the end do not, which only a copy of the last head can tell.
///
/// # Errors
/// [`BrokenLink`]: the first link whose stored head is not the computed one.
pub fn verify<'a>(
    account: AccountId,
    links: impl IntoIterator<Item = Link<'a>>,
) -> Result<Head, BrokenLink> {
    let mut head = start(account);
    for (number, link) in (0u64..).zip(links) {
        head = next(&head, link.entry, link.cause);
        if head != link.head {
            return Err(BrokenLink {
                number,
                computed: head,
                stored: link.head,
            });
        }
    }
    Ok(head)
}

fn text(digest: &mut Sha256, bytes: &[u8]) {
    digest.update(count(bytes.len()));
    digest.update(bytes);
}

/// No text and no list of an entry comes near 2^32 ([`Entry::DESCRIPTION_BYTES_MAX`]).
fn count(items: usize) -> [u8; 4] {
    u32::try_from(items).unwrap_or(u32::MAX).to_be_bytes()
}

fn account(digest: &mut Sha256, account: LedgerAccount) {
    let (kind, id): (u8, &[u8]) = match &account {
        LedgerAccount::Rider(id) => (1, id.as_bytes()),
        LedgerAccount::Operator(id) => (2, id.as_bytes()),
        LedgerAccount::Provider(id) => (3, id.as_bytes()),
        LedgerAccount::Clearing => (4, &[]),
        LedgerAccount::Suspense => (5, &[]),
        LedgerAccount::Tax => (6, &[]),
        LedgerAccount::WriteOff => (7, &[]),
        LedgerAccount::Allowances => (8, &[]),
    };
    digest.update([kind]);
    digest.update(id);
}
