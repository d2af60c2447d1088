//! The three canonical shapes read by their literal bytes, in one look.
//!
//! A code has one encoding, so all its bytes but the claims are known beforehand, and so are its
//! lengths. This reader takes exactly those shapes and says nothing about others: for them
//! [`crate::parse`] asks the reader of [`crate::cbor`], which judges any bytes and names what is
//! wrong. A test compares the two over every byte substitution of every shape.
//!
//! A ticket is read inside of its caller, down to each field: handing it from function to function
//! through memory cost more than reading it.
#![expect(
    clippy::inline_always,
    reason = "see above; measured by `cargo xtask bench gate`, \"text → claims\""
)]

use units::{CredentialId, GateId, KeyId, Timestamp};

use crate::claims::SECS_MIN;
use crate::code::Code;
use crate::cose::{SIGNATURE_BYTES, Signed};
use crate::credential::{CREDENTIAL_BYTES_MAX, ParsedCredential};
use crate::entitlement::{Entitlement, LifeHours, PartySize, ProductCode, RiderCategory};
use crate::presentation::{PRESENTATION_BYTES_MAX, ParsedPresentation};
use crate::ticket::{ParsedTicket, TICKET_BYTES_MAX};

/// Bytes of a presentation that any gate may take.
const ONE_WAY_BYTES: usize = 241;

/// The code in `bytes`, or `None` when another reader must say what they are.
#[inline(always)]
pub(crate) fn code(bytes: &[u8]) -> Option<Code<'_>> {
    // Lengths known to the compiler: no step below needs to check them again.
    if let Some(ticket) = exactly::<TICKET_BYTES_MAX>(bytes) {
        return Shape(ticket).ticket().map(Code::Ticket);
    }
    presentation(bytes).map(Code::Presentation)
}

fn presentation(bytes: &[u8]) -> Option<ParsedPresentation<'_>> {
    if let Some(one_way) = exactly::<ONE_WAY_BYTES>(bytes) {
        Shape(one_way).presentation(false)
    } else {
        Shape(exactly::<PRESENTATION_BYTES_MAX>(bytes)?).presentation(true)
    }
}

/// The credential in `bytes`, or `None` when another reader must say what they are.
pub(crate) fn credential(bytes: &[u8]) -> Option<ParsedCredential<'_>> {
    Shape(exactly::<CREDENTIAL_BYTES_MAX>(bytes)?).credential()
}

fn exactly<const N: usize>(bytes: &[u8]) -> Option<&[u8]> {
    let whole: &[u8; N] = bytes.try_into().ok()?;
    Some(whole)
}

/// What is left to read.
#[derive(Clone, Copy)]
struct Shape<'a>(&'a [u8]);

impl<'a> Shape<'a> {
    /// Reads `expected` and nothing else.
    #[inline]
    fn literal<const N: usize>(&mut self, expected: &[u8; N]) -> Option<()> {
        (self.take::<N>()? == expected).then_some(())
    }

    #[inline]
    fn take<const N: usize>(&mut self) -> Option<&'a [u8; N]> {
        let (first, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(first)
    }

    /// The bytes from here to where `later` stands.
    #[inline]
    fn until(self, later: Self) -> &'a [u8] {
        let length = self.0.len().saturating_sub(later.0.len());
        self.0.get(..length).unwrap_or_default()
    }

    /// A time in five bytes, of which the caller has read the head.
    #[inline]
    fn secs(&mut self) -> Option<Timestamp> {
        let secs = u32::from_be_bytes(*self.take()?);
        (secs >= SECS_MIN).then(|| Timestamp::from_secs(i64::from(secs)))
    }

    /// The entitlement after its head.
    #[inline(always)]
    fn entitlement(&mut self) -> Option<Entitlement> {
        let [category, party, high, low] = *self.take()?;
        Some(Entitlement {
            category: RiderCategory::from_code(category),
            party: PartySize::new(party)?,
            product: ProductCode::from_number(u16::from_be_bytes([high, low])),
        })
    }

    /// The signature, and with it what was signed.
    #[inline]
    fn signed(&mut self, protected_item: &'a [u8], payload_item: &'a [u8]) -> Option<Signed<'a>> {
        self.literal(b"\x58\x40")?;
        Some(Signed {
            protected_item,
            payload_item,
            signature: self.take::<SIGNATURE_BYTES>()?,
        })
    }

    /// Array of four, and the header `{1: -19, 4: kid}` as a byte string.
    #[inline]
    fn kid_header(&mut self) -> Option<(&'a [u8], KeyId)> {
        self.literal(b"\x84")?;
        let start = *self;
        self.literal(b"\x49\xa2\x01\x32\x04\x44")?;
        let kid = KeyId::from_bytes(*self.take()?);
        Some((start.until(*self), kid))
    }

    #[inline(always)]
    fn ticket(mut self) -> Option<ParsedTicket<'a>> {
        let (protected_item, kid) = self.kid_header()?;
        self.literal(b"\xa0")?;
        let start = self;
        self.literal(b"\x58\x29\xa4\x04\x1a")?;
        let expires = self.secs()?;
        self.literal(b"\x05\x1a")?;
        let starts = self.secs()?;
        self.literal(b"\x07\x50")?;
        let id = CredentialId::from_bytes(*self.take()?);
        self.literal(b"\x3a\x00\x01\x00\x00\x44")?;
        let entitlement = self.entitlement()?;
        let payload_item = start.until(self);
        let signed = self.signed(protected_item, payload_item)?;
        Some(ParsedTicket::new(
            signed,
            kid,
            id,
            (starts, expires),
            entitlement,
        ))
    }

    #[inline]
    fn credential(&mut self) -> Option<ParsedCredential<'a>> {
        let whole = *self;
        let (protected_item, kid) = self.kid_header()?;
        self.literal(b"\xa0")?;
        let start = *self;
        self.literal(b"\x58\x4f\xa4\x04\x1a")?;
        let expires = self.secs()?;
        self.literal(b"\x07\x50")?;
        let id = CredentialId::from_bytes(*self.take()?);
        self.literal(b"\x08\xa1\x01\xa3\x01\x01\x20\x06\x21\x58\x20")?;
        let holder = self.take::<32>()?;
        self.literal(b"\x3a\x00\x01\x00\x00\x45")?;
        let entitlement = self.entitlement()?;
        let [hours] = *self.take()?;
        let payload_item = start.until(*self);
        let signed = self.signed(protected_item, payload_item)?;
        Some(ParsedCredential {
            bytes: whole.until(*self),
            signed,
            kid,
            id,
            holder,
            entitlement,
            expires,
            life: LifeHours::new(hours)?,
        })
    }

    #[inline]
    fn presentation(mut self, gate_bound: bool) -> Option<ParsedPresentation<'a>> {
        self.literal(b"\x84")?;
        let start = self;
        self.literal(b"\x58\xa3\xa2\x01\x32\x0d")?;
        let credential = self.credential()?;
        let protected_item = start.until(self);
        self.literal(b"\xa0")?;
        let start = self;
        let gate = if gate_bound {
            self.literal(b"\x51\xa2\x03\x68")?;
            let name = core::str::from_utf8(self.take::<8>()?).ok()?;
            Some(GateId::parse(name).ok()?)
        } else {
            self.literal(b"\x47\xa1")?;
            None
        };
        self.literal(b"\x06\x1a")?;
        let issued_at = self.secs()?;
        let payload_item = start.until(self);
        let signed = self.signed(protected_item, payload_item)?;
        Some(ParsedPresentation::new(signed, credential, issued_at, gate))
    }
}

#[cfg(test)]
#[path = "shape_tests.rs"]
mod tests;
