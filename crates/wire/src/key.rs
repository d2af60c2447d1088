//! Ed25519 public keys, decompressed once, and the one signature check of the product.

use core::fmt;

use ed25519_dalek::{Signature, Verifier as _, VerifyingKey};
use units::{KeyId, Timestamp};

/// The order of the base point, L = 2^252 + 277…493 (RFC 8032 section 5.1), little endian.
const ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

/// The prime of the field, p = 2^255 − 19, little endian.
const PRIME: [u8; 32] = [
    0xed, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f,
];

/// The canonical encodings of the eight points of small order; bit 255 is the sign of x, which
/// the points with x = 0 cannot have set.
const SMALL_ORDER: [[u8; 32]; 8] = {
    let mut identity = [0; 32];
    identity[0] = 1;
    let mut order_2 = PRIME;
    order_2[0] = 0xec;
    let mut minus_order_4 = [0; 32];
    minus_order_4[31] = 0x80;
    let (mut minus_5, mut minus_7) = (ORDER_8_LOW, ORDER_8_HIGH);
    minus_5[31] |= 0x80;
    minus_7[31] |= 0x80;
    [
        identity,
        order_2,
        [0; 32],
        minus_order_4,
        ORDER_8_LOW,
        minus_5,
        ORDER_8_HIGH,
        minus_7,
    ]
};
const ORDER_8_LOW: [u8; 32] = [
    0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0,
    0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05,
];
const ORDER_8_HIGH: [u8; 32] = [
    0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f,
    0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a,
];

/// Why 32 bytes are no usable Ed25519 public key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The y coordinate is not below 2^255 − 19 (RFC 8032 section 5.1.3 step 1).
    #[error("the point is not in its canonical encoding")]
    NonCanonical,
    /// No point has this y coordinate.
    #[error("the bytes are no point of the curve")]
    NotAPoint,
    /// A point of small order: one signature under it fits many messages.
    #[error("the point has small order")]
    SmallOrder,
}

/// Why a signature is refused. The verdict is `verify_strict`'s; the variant says which rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignatureError {
    /// S ≥ L (RFC 8032 section 5.1.7 step 1): a second signature made from a good one.
    #[error("S is not below the group order")]
    ScalarTooLarge,
    /// R's y coordinate is not below 2^255 − 19.
    #[error("R is not in its canonical encoding")]
    NonCanonicalPoint,
    /// R is no point of the curve.
    #[error("R is no point of the curve")]
    NotAPoint,
    /// R has small order.
    #[error("R has small order")]
    SmallOrderPoint,
    /// The equation does not hold: another message, another key or a damaged signature.
    #[error("the signature is not for this message and key")]
    Mismatch,
}

/// A canonical point of large order, decompressed: what each role's key type wraps.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct PublicKey(VerifyingKey);

impl PublicKey {
    pub(crate) fn from_bytes(bytes: &[u8; 32]) -> Result<Self, KeyError> {
        if !has_canonical_y(bytes) {
            return Err(KeyError::NonCanonical);
        }
        let key = VerifyingKey::from_bytes(bytes).map_err(|_| KeyError::NotAPoint)?;
        // x = 0 with the sign bit set is non-canonical too, but only small-order points have x = 0.
        if key.is_weak() {
            return Err(KeyError::SmallOrder);
        }
        Ok(Self(key))
    }

    pub(crate) fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }

    pub(crate) fn verify(
        &self,
        message: &[u8],
        signature: &[u8; 64],
    ) -> Result<(), SignatureError> {
        // `verify` decodes no R, which `verify_strict` does only to see whether its order is small:
        // 3 µs more for the same verdict. A was checked when this key was made.
        refuse_unless(signature, |_, _| {
            let signature = Signature::from_bytes(signature);
            self.0.verify(message, &signature).is_ok()
        })
    }
}

/// The rules of `verify_strict` around its equation: `holds` is asked, given R and S, when S < L
/// and R has no small order, and must compare R as bytes.
#[inline]
pub(crate) fn refuse_unless(
    signature: &[u8; 64],
    holds: impl FnOnce(&[u8; 32], &[u8; 32]) -> bool,
) -> Result<(), SignatureError> {
    if let (Some(r), Some(s)) = (signature.first_chunk::<32>(), signature.last_chunk::<32>())
        && is_below(s, &ORDER)
        && !SMALL_ORDER.contains(r)
        && holds(r, s)
    {
        return Ok(());
    }
    Err(blame(signature))
}

/// Keeps [`Issuer`] to this crate.
pub trait Sealed {}

/// An issuer's key in whatever form: [`IssuerKey`] as it is, `PreparedKey` with its table.
///
/// Sealed: what verifies an issuer's signature is this crate's business.
pub trait Issuer: Sealed {
    /// The name in the objects it signs.
    fn kid(&self) -> KeyId;

    /// Whose key it is.
    fn issuer(&self) -> IssuerCode;

    /// Whether a reader accepts at `now` what it signed.
    fn is_in_force(&self, now: Timestamp) -> bool;

    /// Checks a signature as strictly as `verify_strict`.
    ///
    /// # Errors
    /// [`SignatureError`], one variant per broken rule.
    fn verify(&self, message: &[u8], signature: &[u8; 64]) -> Result<(), SignatureError>;
}

impl Sealed for IssuerKey {}

impl Issuer for IssuerKey {
    fn kid(&self) -> KeyId {
        self.kid
    }

    fn issuer(&self) -> IssuerCode {
        self.issuer
    }

    fn is_in_force(&self, now: Timestamp) -> bool {
        Self::is_in_force(self, now)
    }

    fn verify(&self, message: &[u8], signature: &[u8; 64]) -> Result<(), SignatureError> {
        self.key.verify(message, signature)
    }
}

impl<I: Issuer + ?Sized> Sealed for &I {}

impl<I: Issuer + ?Sized> Issuer for &I {
    fn kid(&self) -> KeyId {
        (**self).kid()
    }

    fn issuer(&self) -> IssuerCode {
        (**self).issuer()
    }

    fn is_in_force(&self, now: Timestamp) -> bool {
        (**self).is_in_force(now)
    }

    fn verify(&self, message: &[u8], signature: &[u8; 64]) -> Result<(), SignatureError> {
        (**self).verify(message, signature)
    }
}

/// Names the rule that a refused signature broke. Runs only after it was refused.
fn blame(signature: &[u8; 64]) -> SignatureError {
    let (Some(r), Some(s)) = (signature.first_chunk::<32>(), signature.last_chunk::<32>()) else {
        return SignatureError::Mismatch;
    };
    if !is_below(s, &ORDER) {
        SignatureError::ScalarTooLarge
    } else if !has_canonical_y(r) {
        SignatureError::NonCanonicalPoint
    } else {
        match VerifyingKey::from_bytes(r) {
            Err(_) => SignatureError::NotAPoint,
            Ok(point) if point.is_weak() => SignatureError::SmallOrderPoint,
            Ok(_) => SignatureError::Mismatch,
        }
    }
}

/// Whether the y coordinate (the low 255 bits) is below p.
fn has_canonical_y(point: &[u8; 32]) -> bool {
    let mut y = *point;
    if let Some(top) = y.last_mut() {
        *top &= 0x7f;
    }
    is_below(&y, &PRIME)
}

/// `a < b` for little-endian numbers.
fn is_below(a: &[u8; 32], b: &[u8; 32]) -> bool {
    a.iter().rev().lt(b.iter().rev())
}

macro_rules! role_keys {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq)]
        pub struct $name(PublicKey);

        impl $name {
            /// Takes the 32 bytes of RFC 8032 section 5.1.5.
            ///
            /// # Errors
            /// [`KeyError`] when they are no canonical point, or one of small order.
            pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, KeyError> {
                PublicKey::from_bytes(bytes).map(Self)
            }

            /// The 32 bytes.
            #[must_use]
            pub fn as_bytes(&self) -> &[u8; 32] {
                self.0.as_bytes()
            }

            /// Checks a signature as strictly as `verify_strict`.
            ///
            /// # Errors
            /// [`SignatureError`], one variant per broken rule.
            pub fn verify(
                &self,
                message: &[u8],
                signature: &[u8; 64],
            ) -> Result<(), SignatureError> {
                self.0.verify(message, signature)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "("))?;
                write_hex(f, self.as_bytes())?;
                f.write_str(")")
            }
        }
    )*};
}

role_keys! {
    /// The public key of a rider's phone (claim `cnf`, RFC 8747).
    HolderKey;
    /// The public key of a gate or bus device that signs tap batches.
    DeviceKey;
}

/// The number by which a city's lists call an issuer: its own, or a neighbour whose riders it
/// takes.
///
/// Not in codes: a key's name (`kid`) may belong to two issuers, the key itself to one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct IssuerCode(u16);

impl IssuerCode {
    /// The city's own issuer, and that of keys of which nothing else is said.
    pub const OWN: Self = Self(0);

    /// Issuer number `number`.
    #[must_use]
    pub const fn from_number(number: u16) -> Self {
        Self(number)
    }

    /// The number.
    #[must_use]
    pub const fn as_number(self) -> u16 {
        self.0
    }
}

/// An issuer's public key: decompressed, named, with its time in force.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct IssuerKey {
    key: PublicKey,
    kid: KeyId,
    issuer: IssuerCode,
    not_before: Timestamp,
    not_after: Timestamp,
}

impl IssuerKey {
    /// Takes the key `public_key`, named `kid`, in force from `not_before` to `not_after`.
    ///
    /// # Errors
    /// [`KeyError`] when the bytes are no canonical point, or one of small order.
    pub fn new(
        kid: KeyId,
        public_key: &[u8; 32],
        not_before: Timestamp,
        not_after: Timestamp,
    ) -> Result<Self, KeyError> {
        Ok(Self {
            key: PublicKey::from_bytes(public_key)?,
            kid,
            issuer: IssuerCode::OWN,
            not_before,
            not_after,
        })
    }

    /// The name in the objects it signs.
    #[must_use]
    pub const fn kid(&self) -> KeyId {
        self.kid
    }

    /// The same key as one of `issuer`; a new key is the city's own.
    #[must_use]
    pub const fn of_issuer(mut self, issuer: IssuerCode) -> Self {
        self.issuer = issuer;
        self
    }

    /// Whose key it is.
    #[must_use]
    pub const fn issuer(&self) -> IssuerCode {
        self.issuer
    }

    /// The 32 bytes of RFC 8032 section 5.1.5.
    #[must_use]
    pub fn public_key(&self) -> &[u8; 32] {
        self.key.as_bytes()
    }

    /// First instant at which a reader accepts what it signed.
    #[must_use]
    pub const fn not_before(&self) -> Timestamp {
        self.not_before
    }

    /// Last instant at which a reader accepts what it signed.
    #[must_use]
    pub const fn not_after(&self) -> Timestamp {
        self.not_after
    }

    /// Whether a reader accepts at `now` what it signed: both ends count.
    #[must_use]
    pub fn is_in_force(&self, now: Timestamp) -> bool {
        self.not_before <= now && now <= self.not_after
    }
}

impl fmt::Debug for IssuerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "IssuerKey({}, ", self.kid)?;
        write_hex(f, self.public_key())?;
        f.write_str(")")
    }
}

fn write_hex(f: &mut fmt::Formatter<'_>, bytes: &[u8]) -> fmt::Result {
    for byte in bytes {
        write!(f, "{byte:02x}")?;
    }
    Ok(())
}
