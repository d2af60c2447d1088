//! How far clocks may be apart, how long a presentation lives, and how parties go through.

use units::Span;
use wire::lists::GatePolicy;

use crate::decision::CodeKind;

/// The rules of a city's gates that hold everywhere. All spans are zero or more.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Policy {
    /// How long a presentation may be shown after it was made.
    pub code_life: Span,
    /// How far a phone's clock may be behind the gate's.
    pub phone_slow_max: Span,
    /// How far a phone's clock may be ahead of the gate's.
    pub phone_fast_max: Span,
    /// How long before its start a credential or ticket is let pass: issuer and gate clocks differ.
    pub not_before_tolerance: Span,
    /// How long after its end a credential or ticket is let pass.
    pub expiry_tolerance: Span,
    /// Longest life of a ticket, from its start to its end; an [`crate::Acceptance`] may say
    /// otherwise for a product, such as paper.
    pub ticket_life_max: Span,
    /// Anti-passback: time between two parties on one credential the same way, unless it went
    /// out (or in) between. Zero: none; right where each tap is charged.
    pub passback: Span,
    /// How long after a tap of which nobody knows whether somebody went through the rider is
    /// given the benefit of the doubt.
    pub retry: Span,
    /// How the riders of one code go through.
    pub companions: Companions,
    /// Which codes pass while the clock's state is not proven.
    pub degraded: Degraded,
    /// Which kinds of codes are taken at all.
    pub kinds: Kinds,
}

/// A set of kinds of codes: the modes of a city. One that takes no one-way presentations, say,
/// leaves a relayed code nothing to be shown at.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Kinds(u8);

impl Kinds {
    /// Every kind.
    pub const ALL: Self = Self(GatePolicy::MODES_ALL);

    /// The kinds of a signed policy: the sum of [`GatePolicy::ONE_WAY`],
    /// [`GatePolicy::GATE_BOUND`] and [`GatePolicy::TICKETS`]. None for any other number, and
    /// for zero, which would take nothing.
    #[must_use]
    pub const fn from_modes(modes: u8) -> Option<Self> {
        match modes {
            1..=GatePolicy::MODES_ALL => Some(Self(modes)),
            _ => None,
        }
    }

    /// The number that [`Kinds::from_modes`] takes.
    #[must_use]
    pub const fn as_modes(self) -> u8 {
        self.0
    }

    /// Whether a code of this kind is taken.
    #[must_use]
    pub const fn contains(self, kind: CodeKind) -> bool {
        let mode = match kind {
            CodeKind::OneWay => GatePolicy::ONE_WAY,
            CodeKind::GateBound => GatePolicy::GATE_BOUND,
            CodeKind::Ticket => GatePolicy::TICKETS,
        };
        self.0 & mode != 0
    }
}

/// How the riders of one code, its party, go through.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub enum Companions {
    /// One tap for all: the door stays open for so many, and the tap is priced for so many. One
    /// scan, no wait; for buses and wide gates.
    #[default]
    Together,
    /// One tap each: a fresh code of the phone, or the same ticket again, until the party is
    /// through. For turnstiles that let one through.
    OneByOne,
}

/// Which codes pass while the gate's clock cannot be proven right.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Pass {
    /// None.
    Nothing,
    /// Presentations: their phone's clock agrees with the gate's, or they are refused as stale.
    Presentations,
    /// All.
    Everything,
}

/// What a gate does while its clock is not proven.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Degraded {
    /// The clock may be right: nothing contradicts it, and nothing confirms it.
    pub unproven: Pass,
    /// The clock is wrong: it is before what the gate knows to be past, or absurdly far ahead.
    pub wrong: Pass,
}

/// Why a validator cannot be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SetupError {
    /// More keys than a gate searches.
    #[error("expected at most {max} issuer keys, got {got}")]
    TooManyKeys {
        /// The limit.
        max: usize,
        /// Keys given.
        got: usize,
    },
    /// More keys of one name than a gate tries on one code.
    #[error("expected at most {max} issuer keys named {kid}, got {got}")]
    TooManyOfOneName {
        /// The name.
        kid: units::KeyId,
        /// The limit.
        max: usize,
        /// Keys given under that name.
        got: usize,
    },
    /// More acceptance rules than a gate looks at for one code.
    #[error("expected at most {max} acceptance rules, got {got}")]
    TooManyRules {
        /// The limit.
        max: usize,
        /// Rules given.
        got: usize,
    },
    /// A span below zero in the policy or in a rule.
    #[error("{field} must be zero or more, got {micros} µs")]
    NegativeSpan {
        /// Which.
        field: &'static str,
        /// Its value in microseconds.
        micros: i64,
    },
}

impl Default for Policy {
    /// 15 s of life, phones 30 s slow or fast, starts 30 s early, no time after the end; tickets of
    /// a day at most; no anti-passback; 5 min to try again; one tap for a party; a clock that is
    /// not proven decides on, a wrong one lets nobody pass; codes of every kind.
    fn default() -> Self {
        Self {
            code_life: Span::from_secs(15),
            phone_slow_max: Span::from_secs(30),
            phone_fast_max: Span::from_secs(30),
            not_before_tolerance: Span::from_secs(30),
            expiry_tolerance: Span::ZERO,
            ticket_life_max: Span::from_secs(86_400),
            passback: Span::ZERO,
            retry: Span::from_secs(300),
            companions: Companions::Together,
            degraded: Degraded {
                unproven: Pass::Everything,
                wrong: Pass::Nothing,
            },
            kinds: Kinds::ALL,
        }
    }
}

impl Policy {
    /// Longest time between the making of a presentation, by the phone's clock, and its last use.
    pub(crate) fn age_max(&self) -> Span {
        let micros = self
            .code_life
            .as_micros()
            .saturating_add(self.phone_slow_max.as_micros());
        Span::from_micros(micros)
    }

    pub(crate) fn check(&self) -> Result<(), SetupError> {
        let spans = [
            ("code_life", self.code_life),
            ("phone_slow_max", self.phone_slow_max),
            ("phone_fast_max", self.phone_fast_max),
            ("not_before_tolerance", self.not_before_tolerance),
            ("expiry_tolerance", self.expiry_tolerance),
            ("ticket_life_max", self.ticket_life_max),
            ("passback", self.passback),
            ("retry", self.retry),
        ];
        for (field, span) in spans {
            if span < Span::ZERO {
                return Err(SetupError::NegativeSpan {
                    field,
                    micros: span.as_micros(),
                });
            }
        }
        Ok(())
    }
}
