//! How far clocks may be apart, and how long a presentation lives.

use units::Span;

/// Time limits of a city's gates. All are zero or more.
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
    /// A span below zero in the policy.
    #[error("{field} must be zero or more, got {micros} µs")]
    NegativeSpan {
        /// Which.
        field: &'static str,
        /// Its value in microseconds.
        micros: i64,
    },
}

impl Default for Policy {
    /// 15 s of life, phones 30 s slow or fast, starts 30 s early, no time after the end.
    fn default() -> Self {
        Self {
            code_life: Span::from_secs(15),
            phone_slow_max: Span::from_secs(30),
            phone_fast_max: Span::from_secs(30),
            not_before_tolerance: Span::from_secs(30),
            expiry_tolerance: Span::ZERO,
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
