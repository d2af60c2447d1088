//! Refusals: stable numbers, names for counting, and sentences that a rider can act on.

use core::fmt;

use units::{CredentialId, GateId, KeyId, Span};
use wire::text::TextError;
use wire::{DecodeError, IssuerCode, PartySize, ProductCode, RiderCategory, VerifyError};

use crate::decision::CodeKind;
use crate::sentence::Length;

/// Why a code may not travel here and now. Numbers and names never change; `docs/WIRE.md` lists
/// them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Refusal {
    /// 101: the text does not start as our codes do.
    NotACode,
    /// 102: it does, but it is none.
    Malformed(Malformed),
    /// 103: more characters than any code has.
    TooLong {
        /// The limit.
        max: usize,
        /// Characters shown.
        got: usize,
    },
    /// 110: signed under a key name that the gate does not hold.
    UnknownIssuer {
        /// The name.
        kid: KeyId,
    },
    /// 111: the gate holds the key, but not for this time.
    IssuerKeyNotInForce {
        /// Its name.
        kid: KeyId,
    },
    /// 112: the issuer did not sign this.
    BadIssuerSignature(VerifyError),
    /// 113: the issuer signed the credential, but its phone did not sign the presentation.
    BadHolderSignature(VerifyError),
    /// 120: before the start of the credential or ticket.
    NotYetValid {
        /// How long until it starts.
        starts_in: Span,
    },
    /// 121: at or after the end of the credential or ticket.
    Expired {
        /// How long ago it ended.
        ended_ago: Span,
    },
    /// 122: a presentation made too long ago: a picture of a code, or a phone's clock that is slow.
    Stale {
        /// How long ago, by the phone's clock.
        age: Span,
    },
    /// 123: a presentation made in the future: a phone's clock that is fast.
    FromTheFuture {
        /// How far ahead.
        ahead: Span,
    },
    /// 125: a ticket made for a longer life than tickets have here: nobody's to begin with.
    LivesTooLong {
        /// The limit.
        max: Span,
        /// From its start to its end.
        got: Span,
    },
    /// 130: a presentation for another gate.
    OtherGate {
        /// The gate it is for.
        expected: GateId,
        /// The gate it was shown to.
        got: GateId,
    },
    /// 131: its issuer is trusted, but not on this network or in this zone.
    IssuerNotTakenHere {
        /// The issuer.
        issuer: IssuerCode,
    },
    /// 132: its product is not good on this network or in this zone.
    ProductNotTakenHere {
        /// The product.
        product: ProductCode,
    },
    /// 133: its rider category may not pass here on this product.
    CategoryNotTakenHere {
        /// The category.
        category: RiderCategory,
    },
    /// 134: more riders on one code than pass here together.
    PartyTooLarge {
        /// The limit.
        max: PartySize,
        /// The code's party.
        got: PartySize,
    },
    /// 135: codes of this kind are not taken here.
    KindNotTakenHere {
        /// The kind.
        kind: CodeKind,
    },
    /// 140: on the deny list.
    Denied {
        /// Its id.
        id: CredentialId,
    },
    /// 150: let pass before.
    AlreadyUsed,
    /// 151: all riders of the code went through just now (anti-passback).
    PartyThrough {
        /// How long until it may be used again this way.
        wait: Span,
    },
    /// 160: the gate cannot decide.
    GateNotReady(NotReady),
}

/// What is wrong with a text that starts as a code does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Malformed {
    /// The text stands for no bytes.
    Text(TextError),
    /// The bytes are no code.
    Object(DecodeError),
}

/// What the gate lacks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum NotReady {
    /// It holds no issuer key.
    NoIssuerKeys,
    /// All slots of its replay memory hold live codes.
    ReplayMemoryFull,
    /// Its clock has gone back to when codes lived that it has forgotten.
    ClockWentBack,
    /// Its clock is not proven right, and policy lets no such code pass then.
    ClockNotProven,
}

impl Refusal {
    /// The stable number.
    #[must_use]
    pub const fn code(&self) -> u16 {
        self.number_and_name().0
    }

    /// The stable name, in `snake_case`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.number_and_name().1
    }

    /// The stable name that belongs to a number, as tap records hold it.
    #[must_use]
    pub fn name_of(code: u16) -> Option<&'static str> {
        NAMES
            .iter()
            .find(|(number, _)| *number == code)
            .map(|(_, name)| *name)
    }

    const fn number_and_name(&self) -> (u16, &'static str) {
        match self {
            Self::NotACode => NAMES[0],
            Self::Malformed(_) => NAMES[1],
            Self::TooLong { .. } => NAMES[2],
            Self::UnknownIssuer { .. } => NAMES[3],
            Self::IssuerKeyNotInForce { .. } => NAMES[4],
            Self::BadIssuerSignature(_) => NAMES[5],
            Self::BadHolderSignature(_) => NAMES[6],
            Self::NotYetValid { .. } => NAMES[7],
            Self::Expired { .. } => NAMES[8],
            Self::Stale { .. } => NAMES[9],
            Self::FromTheFuture { .. } => NAMES[10],
            Self::LivesTooLong { .. } => NAMES[11],
            Self::OtherGate { .. } => NAMES[12],
            Self::IssuerNotTakenHere { .. } => NAMES[13],
            Self::ProductNotTakenHere { .. } => NAMES[14],
            Self::CategoryNotTakenHere { .. } => NAMES[15],
            Self::PartyTooLarge { .. } => NAMES[16],
            Self::KindNotTakenHere { .. } => NAMES[17],
            Self::Denied { .. } => NAMES[18],
            Self::AlreadyUsed => NAMES[19],
            Self::PartyThrough { .. } => NAMES[20],
            Self::GateNotReady(_) => NAMES[21],
        }
    }
}

/// Every number with its name.
const NAMES: [(u16, &str); 22] = [
    (101, "not_a_code"),
    (102, "malformed"),
    (103, "too_long"),
    (110, "unknown_issuer"),
    (111, "issuer_key_not_in_force"),
    (112, "bad_issuer_signature"),
    (113, "bad_holder_signature"),
    (120, "not_yet_valid"),
    (121, "expired"),
    (122, "stale"),
    (123, "from_the_future"),
    (125, "lives_too_long"),
    (130, "other_gate"),
    (131, "issuer_not_taken_here"),
    (132, "product_not_taken_here"),
    (133, "category_not_taken_here"),
    (134, "party_too_large"),
    (135, "kind_not_taken_here"),
    (140, "denied"),
    (150, "already_used"),
    (151, "party_through"),
    (160, "gate_not_ready"),
];

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotACode => {
                f.write_str("This is not a travel code: show the code of your ticket app.")
            }
            Self::Malformed(_) => {
                f.write_str("This code is damaged: refresh it and hold the screen flat and bright.")
            }
            Self::TooLong { .. } => {
                f.write_str("This is too long for a travel code: show the code of your ticket app.")
            }
            Self::UnknownIssuer { kid } => write!(
                f,
                "This gate does not know who issued this code (key {kid}): is it of another city?"
            ),
            Self::IssuerKeyNotInForce { kid } => write!(
                f,
                "The issuer's key {kid} is not in force now: go online and get a new code."
            ),
            Self::BadIssuerSignature(_) => {
                f.write_str("This code was not made by its issuer: get a new one in your app.")
            }
            Self::BadHolderSignature(_) => {
                f.write_str("This code was not made by the phone it belongs to: use that phone.")
            }
            Self::NotYetValid { starts_in } => {
                write!(
                    f,
                    "This code starts in {}: come back then.",
                    Length::english(*starts_in)
                )
            }
            Self::Expired { ended_ago } => write!(
                f,
                "This code ended {} ago: go online and get a new one.",
                Length::english(*ended_ago)
            ),
            Self::Stale { age } => write!(
                f,
                "This code is {0} old: refresh it. If it is fresh, your phone's clock is {0} slow: \
                 set it to automatic.",
                Length::english(*age)
            ),
            Self::FromTheFuture { ahead } => write!(
                f,
                "Your phone's clock is {} fast: set it to automatic and refresh the code.",
                Length::english(*ahead)
            ),
            Self::OtherGate { expected, got } => write!(
                f,
                "This code is for gate {expected} and this is gate {got}: use that one or refresh."
            ),
            Self::LivesTooLong { .. } => {
                f.write_str("This ticket lives longer than tickets may: ask where you bought it.")
            }
            Self::IssuerNotTakenHere { issuer } => write!(
                f,
                "Codes of issuer {} are not taken on this line: your app shows where they are.",
                issuer.as_number()
            ),
            Self::ProductNotTakenHere { product } => write!(
                f,
                "Your product {} is not good on this line or in this zone: choose another in your \
                 app.",
                product.as_number()
            ),
            Self::CategoryNotTakenHere { category } => write!(
                f,
                "Riders of category {} do not pass here: choose another ticket in your app.",
                category.as_code()
            ),
            Self::PartyTooLarge { max, got } => write!(
                f,
                "This code is for {} riders and {} pass here at once: split it in your app.",
                got.as_riders(),
                max.as_riders()
            ),
            Self::KindNotTakenHere { kind } => f.write_str(other_kind(*kind)),
            Self::Denied { .. } => {
                f.write_str("This code is blocked: see in your app why and what to do.")
            }
            Self::AlreadyUsed => {
                f.write_str("This code was used already: refresh it and show the new one.")
            }
            Self::PartyThrough { wait } => write!(
                f,
                "All riders on this code went through just now: it works again in {}.",
                Length::english(*wait)
            ),
            Self::GateNotReady(lack) => {
                write!(
                    f,
                    "This gate is not ready ({lack}): try another one or ask the staff."
                )
            }
        }
    }
}

const fn other_kind(kind: CodeKind) -> &'static str {
    match kind {
        CodeKind::Ticket => "Tickets are not taken here: show the code of your travel pass.",
        CodeKind::OneWay => "Scan this gate's own sign with your app first, then show the code.",
        CodeKind::GateBound => "Codes for one gate are not taken here: show your everyday code.",
    }
}

impl fmt::Display for NotReady {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoIssuerKeys => "it has no issuer keys yet",
            Self::ReplayMemoryFull => "too many riders at once",
            Self::ClockWentBack | Self::ClockNotProven => "its clock is wrong",
        })
    }
}
