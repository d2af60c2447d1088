//! Taps as they are kept, and what becomes of a record that is no tap of a rider.

use tariff::Tap;
use units::{AccountId, CredentialId, DeviceId, RouteId, ServiceDay, StopId, TapId, Timestamp};

use wire::note::TapOutcome;

use super::UnknownValue;

/// A permitted tap of a known account: the only thing that is ever priced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredTap {
    /// Who travels.
    pub account: AccountId,
    /// The service day `tap.at` belongs to.
    pub day: ServiceDay,
    /// What happened, as the tariff sees it.
    pub tap: Tap,
    /// Where the tap came from.
    pub source: TapSource,
    /// The code that was shown; `None` for taps of outside files.
    pub code: Option<CodeUse>,
    /// What the gate noted about it; of several notes the one that speaks most for the rider.
    /// `None` while no note is here.
    pub outcome: Option<TapOutcome>,
}

/// A gate's note about one of its own taps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TapNote {
    /// The tap, which may not be here yet.
    pub tap: TapId,
    /// The epoch of the tap's record.
    pub epoch: u32,
    /// The number of the tap's record.
    pub seq: u64,
    /// What became of it.
    pub outcome: TapOutcome,
}

/// Where a tap came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TapSource {
    /// A signed record of one of our gates.
    Gate {
        /// The device.
        device: DeviceId,
        /// The device's epoch.
        epoch: u32,
        /// The record's number in it.
        seq: u64,
    },
    /// A row of an outside file.
    File,
}

/// What a code can be used for only once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct CodeUse {
    /// The credential or ticket.
    pub credential: CredentialId,
    /// Which use of it: see [`CodeUse::presentation`] and [`CodeUse::ticket`].
    slot: i64,
}

impl CodeUse {
    const TICKET_ON: i64 = -1;
    const TICKET_OFF: i64 = -2;

    /// A presentation: one use per instant of issue, whole seconds since 1970.
    #[must_use]
    pub fn presentation(credential: CredentialId, issued_at: Timestamp) -> Self {
        Self {
            credential,
            slot: issued_at.as_secs().max(0),
        }
    }

    /// A ticket: one use per direction.
    #[must_use]
    pub const fn ticket(credential: CredentialId, kind: tariff::TapKind) -> Self {
        let slot = match kind {
            tariff::TapKind::On => Self::TICKET_ON,
            tariff::TapKind::Off => Self::TICKET_OFF,
        };
        Self { credential, slot }
    }

    /// Whether it is a ticket: its uses may lie days apart, those of a presentation lie within
    /// minutes.
    #[must_use]
    pub const fn is_ticket(&self) -> bool {
        self.slot < 0
    }

    /// The use under its stored number.
    #[must_use]
    pub const fn from_slot(credential: CredentialId, slot: i64) -> Self {
        Self { credential, slot }
    }

    /// The stored number: seconds of issue of a presentation, -1 or -2 for a ticket on or off.
    #[must_use]
    pub const fn slot(&self) -> i64 {
        self.slot
    }
}

/// A tap that the gate refused. Counted, shown to its rider, never priced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedTap {
    /// The tap.
    pub id: TapId,
    /// Who was refused, where the shown code proves it.
    pub account: Option<AccountId>,
    /// The service day of `at`.
    pub day: ServiceDay,
    /// When, by the gate's clock.
    pub at: Timestamp,
    /// On or off.
    pub kind: tariff::TapKind,
    /// Where.
    pub stop: StopId,
    /// On which route, where the gate says.
    pub route: Option<RouteId>,
    /// The refusal's code (crate `validator`), not 0.
    pub decision: u16,
}

/// What one record of a batch turned out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RecordOutcome {
    /// A permitted tap whose evidence holds.
    Tap(Box<StoredTap>),
    /// A refused tap.
    Refused(Box<RefusedTap>),
    /// What became of a tap.
    Note(TapNote),
    /// A record that cannot be charged and is kept for a human.
    Quarantined(Quarantined),
}

/// Why a record was set aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quarantined {
    /// The reason, stable.
    pub reason: QuarantineReason,
    /// The particulars, with expected and got.
    pub detail: String,
}

macro_rules! named {
    ($($(#[$doc:meta])* $name:ident, $expected:literal {
        $($(#[$vdoc:meta])* $variant:ident = $text:literal,)*
    })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$vdoc])* $variant,)*
        }

        impl $name {
            /// The stored text, stable for ever.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)*
                }
            }

            /// Reads the stored text.
            ///
            /// # Errors
            /// [`UnknownValue`] for any other text.
            pub fn parse(text: &str) -> Result<Self, UnknownValue> {
                match text {
                    $($text => Ok(Self::$variant),)*
                    other => Err(UnknownValue { expected: $expected, got: other.to_owned() }),
                }
            }
        }
    )*};
}

named! {
    /// Why a record was set aside.
    QuarantineReason, "a reason of quarantine" {
        /// The record's bytes are no tap record.
        MalformedRecord = "malformed_record",
        /// The record says another sequence number than its place in the batch.
        WrongSequence = "wrong_sequence",
        /// The record names a gate, stop or route that is not this device's.
        WrongPlace = "wrong_place",
        /// The code that was shown is no code.
        MalformedEvidence = "malformed_evidence",
        /// No issuer key we hold was in force under the code's key name.
        UnknownIssuer = "unknown_issuer",
        /// A signature of the code is wrong.
        BadSignature = "bad_signature",
        /// The code was made at another time, or not valid at the time of the tap.
        InconsistentTime = "inconsistent_time",
        /// The code was bound to another gate.
        OtherGate = "other_gate",
        /// Nobody was issued this credential or ticket.
        NotInIssuanceLog = "not_in_issuance_log",
        /// Another credential or ticket was issued under this id.
        DiffersFromIssuanceLog = "differs_from_issuance_log",
    }

    /// Why a stored tap is not priced.
    TapFlag, "a flag of a tap" {
        /// An earlier tap used the same presentation, or the same ticket in the same direction.
        CodeUsedTwice = "code_used_twice",
        /// The gate noted that its door did not open.
        DoorDidNotOpen = "door_did_not_open",
        /// The gate noted that nobody passed.
        NobodyPassed = "nobody_passed",
        /// The gate was cut off before it noted what its door did, and the rider tapped again.
        TappedAgain = "tapped_again",
        /// One more rider of a party whose first tap is priced for all who went through.
        OfParty = "of_party",
    }
}
