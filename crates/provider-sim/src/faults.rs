//! What goes wrong, how often, drawn from the seed.

use rand_chacha::ChaCha8Rng;
use rand_core::{Rng as _, SeedableRng as _};
use units::Span;

/// How often something happens: in a thousand.
pub type Rate = u32;

/// The rate of every fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Faults {
    /// The connection ends before the request is worked on.
    pub cut_before: Rate,
    /// The request is done, and the connection ends before the answer.
    pub cut_after: Rate,
    /// As `cut_before`, but the client waits for the answer until it loses patience.
    pub hang_before: Rate,
    /// As `cut_after`, but the client waits.
    pub hang_after: Rate,
    /// The connection ends, and the request is done hours later.
    pub late: Rate,
    /// Error 500 before anything is done; the key repeats it.
    pub error_before: Rate,
    /// Error 500 after all is done; the key repeats it.
    pub error_after: Rate,
    /// "Too many requests", which no key remembers.
    pub too_many: Rate,
    /// A look-up that is cut or answered with an error.
    pub look_up: Rate,
    /// A rider's bank refuses for now.
    pub declined: Rate,
    /// A rider's card is stolen.
    pub stolen: Rate,
    /// A collection whose end is known hours later.
    pub slow_bank: Rate,
    /// A refund that fails later.
    pub refund_fails: Rate,
    /// A bank takes a payment back.
    pub disputed: Rate,
    /// A webhook that comes twice.
    pub webhook_twice: Rate,
    /// A webhook that comes up to three days late.
    pub webhook_late: Rate,
    /// A line of a settlement file that is not as it should be.
    pub file: Rate,
}

impl Faults {
    /// A provider without fault.
    pub const NONE: Self = Self {
        cut_before: 0,
        cut_after: 0,
        hang_before: 0,
        hang_after: 0,
        late: 0,
        error_before: 0,
        error_after: 0,
        too_many: 0,
        look_up: 0,
        declined: 0,
        stolen: 0,
        slow_bank: 0,
        refund_fails: 0,
        disputed: 0,
        webhook_twice: 0,
        webhook_late: 0,
        file: 0,
    };

    /// Rates of its own for each seed: any class may be off, some are far above what is real.
    #[must_use]
    pub fn swarm(seed: u64) -> Self {
        let mut dice = Dice::new(!seed);
        let mut rate = |most: Rate| {
            if dice.chance(300) {
                0
            } else {
                u32::try_from(dice.below(u64::from(most) + 1)).unwrap_or(most)
            }
        };
        Self {
            cut_before: rate(200),
            cut_after: rate(200),
            hang_before: rate(3),
            hang_after: rate(3),
            late: rate(150),
            error_before: rate(150),
            error_after: rate(150),
            too_many: rate(100),
            look_up: rate(250),
            declined: rate(400),
            stolen: rate(50),
            slow_bank: rate(200),
            refund_fails: rate(200),
            disputed: rate(150),
            webhook_twice: rate(500),
            webhook_late: rate(500),
            file: rate(200),
        }
    }
}

/// What happens to one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    None,
    CutBefore,
    CutAfter,
    HangBefore,
    HangAfter,
    Late,
    ErrorBefore,
    ErrorAfter,
    TooMany,
}

impl Fault {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::CutBefore => "CutBefore",
            Self::CutAfter => "CutAfter",
            Self::HangBefore => "HangBefore",
            Self::HangAfter => "HangAfter",
            Self::Late => "Late",
            Self::ErrorBefore => "ErrorBefore",
            Self::ErrorAfter => "ErrorAfter",
            Self::TooMany => "TooMany",
        }
    }
}

/// The random numbers of a run.
#[derive(Debug, Clone)]
pub(crate) struct Dice(ChaCha8Rng);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    /// A number below `end`; 0 where `end` is 0.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        // The bias of a remainder is nothing to a simulator.
        self.0.next_u64().checked_rem(end).unwrap_or(0)
    }

    /// Whether something of that rate happens now.
    pub(crate) fn chance(&mut self, rate: Rate) -> bool {
        self.below(1_000) < u64::from(rate)
    }

    /// One to `most` times `seconds`.
    pub(crate) fn span(&mut self, most: u64, seconds: i64) -> Span {
        let times = i64::try_from(self.below(most)).unwrap_or(0);
        Span::from_secs((1 + times) * seconds)
    }

    pub(crate) fn fault(&mut self, rates: &Faults) -> Fault {
        let kinds = [
            (rates.cut_before, Fault::CutBefore),
            (rates.cut_after, Fault::CutAfter),
            (rates.hang_before, Fault::HangBefore),
            (rates.hang_after, Fault::HangAfter),
            (rates.late, Fault::Late),
            (rates.error_before, Fault::ErrorBefore),
            (rates.error_after, Fault::ErrorAfter),
            (rates.too_many, Fault::TooMany),
        ];
        // One draw per kind keeps the draws in step whatever the rates are.
        let mut drawn = Fault::None;
        for (rate, kind) in kinds {
            if self.chance(rate) && drawn == Fault::None {
                drawn = kind;
            }
        }
        drawn
    }
}
