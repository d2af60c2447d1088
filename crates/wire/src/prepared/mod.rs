//! Issuer signatures against tables of multiples: a quarter of the time of the generic check.
//!
//! A reader knows its issuers before the first rider, so it computes multiples of −A once. Then
//! R′ = s·B − k·A is 75 table additions, no doubling and no square root, and R is compared as
//! bytes. Everything here is public, so time may depend on it. Measured, with what was rejected:
//! `docs/decisions/0010-prepared-keys.md` and `0011-gate-speed.md`.
//!
//! Why the verdict is that of `verify_strict`:
//!
//! - s ≥ ℓ and an R of small order are refused by the caller (`key.rs`), a bad A when it is loaded.
//! - k is taken as the integer in 0..ℓ that `verify_strict` takes, and its digits add up to exactly
//!   that integer: for a key with a torsion component k·A depends on more than k modulo ℓ.
//! - R is not decoded. What `verify_strict` refuses to decode is no encoding that
//!   [`point::Point::to_bytes`] makes, so it equals none.

mod field;
mod inverse;
mod point;
mod table;

#[cfg(test)]
mod tests;

use core::borrow::{Borrow, BorrowMut};
use core::hint::black_box;

use curve25519_dalek::Scalar;
use sha2::{Digest as _, Sha512};
use units::{KeyId, Timestamp};

use self::point::Point;
pub use self::table::KeyTable;
use self::table::{BASE, BaseDigits, KeyDigits, digits_of, fill, pick};
use crate::key::{Issuer, IssuerCode, IssuerKey, KeyError, SignatureError, refuse_unless};

/// An issuer key with its table in `T`: a `Box<KeyTable>`, a `&mut KeyTable`, a `KeyTable` itself.
///
/// ```
/// use units::{KeyId, Timestamp};
/// use wire::{IssuerKey, KeyTable};
///
/// let always = (Timestamp::from_secs(0), Timestamp::from_secs(4_000_000_000));
/// let mut public_key = [0x66; 32]; // the base point
/// public_key[0] = 0x58;
/// let key = IssuerKey::new(KeyId::from_bytes(*b"hz01"), &public_key, always.0, always.1)?;
/// let prepared = key.prepare(Box::new(KeyTable::EMPTY))?;
/// assert_eq!(prepared.key(), &key);
/// # Ok::<(), wire::KeyError>(())
/// ```
#[derive(Clone, Debug)]
pub struct PreparedKey<T> {
    key: IssuerKey,
    table: T,
}

impl IssuerKey {
    /// Fills `table`, which takes less than half a millisecond, and then verifies with it.
    ///
    /// # Errors
    /// [`KeyError::NotAPoint`] never, for a key that was taken: both decoders know the same points.
    pub fn prepare<T: BorrowMut<KeyTable>>(self, table: T) -> Result<PreparedKey<T>, KeyError> {
        let mut table = table;
        let point = Point::from_bytes(self.public_key()).ok_or(KeyError::NotAPoint)?;
        fill(&mut table.borrow_mut().0, point.negate());
        Ok(PreparedKey { key: self, table })
    }
}

impl<T> PreparedKey<T> {
    /// The key without its table.
    #[must_use]
    pub const fn key(&self) -> &IssuerKey {
        &self.key
    }
}

impl<T: Borrow<KeyTable>> Issuer for PreparedKey<T> {
    fn kid(&self) -> KeyId {
        self.key.kid()
    }

    fn issuer(&self) -> IssuerCode {
        self.key.issuer()
    }

    fn is_in_force(&self, now: Timestamp) -> bool {
        self.key.is_in_force(now)
    }

    fn verify(&self, message: &[u8], signature: &[u8; 64]) -> Result<(), SignatureError> {
        let key = self.key.public_key();
        refuse_unless(signature, |r, s| {
            let r_prime = combine(self.table.borrow(), s, &challenge(r, key, message));
            r_prime == *r
        })
    }
}

impl<T> crate::key::Sealed for PreparedKey<T> {}

/// k = SHA-512(R ‖ A ‖ M) modulo ℓ (RFC 8032 section 5.1.7 step 2).
fn challenge(r: &[u8; 32], key: &[u8; 32], message: &[u8]) -> [u8; 32] {
    let hash = Sha512::new()
        .chain_update(r)
        .chain_update(key)
        .chain_update(message);
    Scalar::from_bytes_mod_order_wide(&hash.finalize().into()).to_bytes()
}

/// s·B + k·P as 32 bytes, where `table` holds the multiples of P.
fn combine(table: &KeyTable, s: &[u8; 32], k: &[u8; 32]) -> [u8; 32] {
    let of_base: BaseDigits = digits_of::<8, _>(s);
    let of_key: KeyDigits = digits_of::<6, _>(k);
    // A gate that sees a rider now and then finds its tables out of the cache. All addresses are
    // known here and depend on nothing, so their misses overlap, while the additions would wait for
    // one after the other. Reading a byte of either cache line is a prefetch without `unsafe`.
    let mut touched = 0;
    let mut touch = |[first, _, third]: &[[u8; 32]; 3], _negative| {
        touched ^= first.first().unwrap_or(&0) ^ third.last().unwrap_or(&0);
    };
    pick(&BASE.0, &of_base, &mut touch);
    pick(&table.0, &of_key, &mut touch);
    black_box(touched);

    let mut sum = Point::IDENTITY;
    let mut add = |entry: &[[u8; 32]; 3], negative| sum = sum.add(entry, negative);
    pick(&BASE.0, &of_base, &mut add);
    pick(&table.0, &of_key, &mut add);
    sum.to_bytes(&sum.z().invert())
}
