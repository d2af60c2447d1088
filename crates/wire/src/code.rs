//! A code as a gate gets it: a presentation or a ticket.

use sha2::{Digest as _, Sha256};
use units::{CredentialId, KeyId, Timestamp};

use crate::cbor::Reader;
use crate::cose::{KCWT, Sign1};
use crate::entitlement::Entitlement;
use crate::error::{DecodeError, VerifyError};
use crate::key::Issuer;
use crate::presentation::{ParsedPresentation, VerifiedPresentation};
use crate::ticket::{ParsedTicket, VerifiedTicket};

/// Most bytes read as one code. The longest has 251; the rest lets a longer relative, such as one
/// with a P-256 holder key, be refused for what is wrong with it.
pub const CODE_BYTES_MAX: usize = 320;

/// A code of the right shape, its signatures not yet checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code<'a> {
    /// Signed by a phone over its credential.
    Presentation(ParsedPresentation<'a>),
    /// Signed by the issuer, for its bearer.
    Ticket(ParsedTicket<'a>),
}

/// A code whose signatures hold.
#[derive(Clone, Copy, Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "short-lived, on the stack of a crate that has no allocator to box with"
)]
pub enum VerifiedCode<'a> {
    /// Signed by a phone over its credential.
    Presentation(VerifiedPresentation<'a>),
    /// Signed by the issuer, for its bearer.
    Ticket(VerifiedTicket<'a>),
}

/// Reads one code. Its signatures are not checked here.
///
/// # Errors
/// [`DecodeError`] when `bytes` are anything but one presentation or ticket in its one encoding.
#[inline(always)]
#[expect(
    clippy::inline_always,
    reason = "a code is built where its caller wants it, not copied there: 10 ns of 65"
)]
pub fn parse(bytes: &[u8]) -> Result<Code<'_>, DecodeError> {
    if let Some(code) = crate::shape::code(bytes) {
        return Ok(code);
    }
    // What is returned has no address of its own then, and lies in registers until it is used.
    let code = parse_any(bytes)?;
    Ok(code)
}

/// The same for any bytes, item by item: what is wrong is named where it is.
#[cold]
pub(crate) fn parse_any(bytes: &[u8]) -> Result<Code<'_>, DecodeError> {
    let mut reader = checked(bytes)?;
    let envelope = Sign1::read(&mut reader)?;
    if envelope.header.peek()? == Some(KCWT) {
        ParsedPresentation::read(envelope).map(Code::Presentation)
    } else {
        ParsedTicket::read(envelope).map(Code::Ticket)
    }
}

/// A reader of `bytes`, which are one item in deterministic encoding and not too many.
pub(crate) fn checked(bytes: &[u8]) -> Result<Reader<'_>, DecodeError> {
    if bytes.len() > CODE_BYTES_MAX {
        return Err(DecodeError::TooLong {
            max: CODE_BYTES_MAX,
            got: bytes.len(),
        });
    }
    let reader = Reader::new(bytes);
    reader.check()?;
    Ok(reader)
}

impl<'a> Code<'a> {
    /// Checks all signatures, the issuer's first.
    ///
    /// # Errors
    /// [`VerifyError`] when `key` is another key or a signature does not hold.
    pub fn verify(&self, key: &impl Issuer) -> Result<VerifiedCode<'a>, VerifyError> {
        match self {
            Self::Presentation(parsed) => parsed.verify(key).map(VerifiedCode::Presentation),
            Self::Ticket(parsed) => parsed.verify(key).map(VerifiedCode::Ticket),
        }
    }

    /// The issuer key it names.
    #[must_use]
    pub const fn kid(&self) -> KeyId {
        match self {
            Self::Presentation(parsed) => parsed.credential().kid(),
            Self::Ticket(parsed) => parsed.kid(),
        }
    }

    /// The id (`cti`) of its credential or of the ticket.
    #[must_use]
    pub const fn id(&self) -> CredentialId {
        match self {
            Self::Presentation(parsed) => parsed.credential().id(),
            Self::Ticket(parsed) => parsed.id(),
        }
    }
}

impl VerifiedCode<'_> {
    /// SHA-256 over the bytes that the issuer signed, of the credential or the ticket
    /// (`Sig_structure`, RFC 9052 section 4.4): what an issuer's record of signatures holds of it.
    /// `None` never: what was verified has such bytes.
    #[must_use]
    pub fn issued_hash(&self) -> Option<[u8; 32]> {
        let signed = match self {
            Self::Presentation(code) => code.credential().signed(),
            Self::Ticket(code) => code.signed(),
        };
        Some(Sha256::digest(signed.message()?).into())
    }

    /// The id (`cti`) of its credential or of the ticket.
    #[must_use]
    pub const fn id(&self) -> CredentialId {
        match self {
            Self::Presentation(code) => code.credential().id(),
            Self::Ticket(code) => code.id(),
        }
    }

    /// What it entitles to.
    #[must_use]
    pub const fn entitlement(&self) -> Entitlement {
        match self {
            Self::Presentation(code) => code.credential().entitlement(),
            Self::Ticket(code) => code.entitlement(),
        }
    }

    /// First instant at which its credential or the ticket may travel.
    #[must_use]
    pub fn starts(&self) -> Timestamp {
        match self {
            Self::Presentation(code) => code.credential().starts(),
            Self::Ticket(code) => code.starts(),
        }
    }

    /// First instant at which its credential or the ticket is over (`exp`).
    #[must_use]
    pub const fn expires(&self) -> Timestamp {
        match self {
            Self::Presentation(code) => code.credential().expires(),
            Self::Ticket(code) => code.expires(),
        }
    }
}
