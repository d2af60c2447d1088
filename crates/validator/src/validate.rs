//! The decision: read, verify, then time, place, deny list and replay, in this order.

use core::ops::Deref;

use units::{GateId, Timestamp};
use wire::text::{CodeBuffer, TextError};
use wire::{Code, DecodeError, Issuer, VerifiedCode, VerifyError};

use crate::decision::{CodeKind, Decision, Permit, Place};
use crate::deny::DenyList;
use crate::policy::{Policy, SetupError};
use crate::refusal::{Malformed, NotReady, Refusal};
use crate::replay::{ReplayKey, ReplayMemory, ReplayRefusal, ReplaySlot};

/// Most issuer keys of a gate: its city and its neighbours, two each while keys rotate.
pub const KEYS_MAX: usize = 64;

/// Most keys of one name, so most issuer signatures checked for one code. Names are not unique in
/// the world; more than two of one name in one bundle would be a strange accident.
pub const SAME_KID_MAX: usize = 4;

/// A gate's decision maker: issuer keys, in whatever holds them, and the city's policy.
#[derive(Clone, Debug)]
pub struct Validator<K> {
    keys: K,
    policy: Policy,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "a gate keeps one place, which grows with what policy comes to ask about it"
)]
impl<I: Issuer, K: Deref<Target = [I]>> Validator<K> {
    /// Takes keys (a `Vec`, a `Box`, a borrowed slice) and a policy. Keys are [`wire::IssuerKey`],
    /// or [`wire::PreparedKey`], which decides four times as fast.
    ///
    /// # Errors
    /// [`SetupError`] for more than [`KEYS_MAX`] keys, more than [`SAME_KID_MAX`] of one name, or
    /// a negative span.
    pub fn new(keys: K, policy: Policy) -> Result<Self, SetupError> {
        policy.check()?;
        let list = &*keys;
        if list.len() > KEYS_MAX {
            return Err(SetupError::TooManyKeys {
                max: KEYS_MAX,
                got: list.len(),
            });
        }
        for key in list {
            let kid = key.kid();
            let got = list.iter().filter(|other| other.kid() == kid).count();
            if got > SAME_KID_MAX {
                return Err(SetupError::TooManyOfOneName {
                    kid,
                    max: SAME_KID_MAX,
                    got,
                });
            }
        }
        Ok(Self { keys, policy })
    }

    /// The policy.
    #[must_use]
    pub const fn policy(&self) -> &Policy {
        &self.policy
    }

    /// May the code `text` travel at `place` and `now`? A permit is noted in `used`.
    pub fn validate<S: AsRef<[ReplaySlot]> + AsMut<[ReplaySlot]>>(
        &self,
        text: &[u8],
        place: &Place,
        now: Timestamp,
        denied: &impl DenyList,
        used: &mut ReplayMemory<S>,
    ) -> Decision {
        match self.decide(text, place, now, denied, used) {
            Ok(permit) => Decision::Permitted(permit),
            Err(refusal) => Decision::Refused(refusal),
        }
    }

    fn decide<S: AsRef<[ReplaySlot]> + AsMut<[ReplaySlot]>>(
        &self,
        text: &[u8],
        place: &Place,
        now: Timestamp,
        denied: &impl DenyList,
        used: &mut ReplayMemory<S>,
    ) -> Result<Permit, Refusal> {
        let mut buffer = CodeBuffer::new();
        let bytes = wire::text::decode(text, &mut buffer).map_err(refuse_text)?;
        let parsed = wire::parse(bytes).map_err(refuse_object)?;
        let code = self.verify(&parsed, now)?;
        self.check_validity(&code, now)?;
        let (kind, issued_at, key, live_until) = match &code {
            VerifiedCode::Presentation(presentation) => {
                let made = presentation.issued_at();
                self.check_age(made, now)?;
                let kind = check_gate(presentation.gate(), place.gate)?;
                let key = ReplayKey::Presentation(code.id(), made);
                (kind, Some(made), key, made.plus(self.policy.age_max()))
            }
            VerifiedCode::Ticket(ticket) => {
                let key = ReplayKey::Ticket(code.id(), place.kind);
                let ends = ticket.expires().plus(self.policy.expiry_tolerance);
                (CodeKind::Ticket, None, key, ends)
            }
        };
        let id = code.id();
        if denied.contains(&id) {
            return Err(Refusal::Denied { id });
        }
        used.note(key, live_until, now)
            .map_err(|refused| match refused {
                ReplayRefusal::Used => Refusal::AlreadyUsed,
                ReplayRefusal::NotReady(lack) => Refusal::GateNotReady(lack),
            })?;
        let entitlement = code.entitlement();
        Ok(Permit {
            id,
            kid: parsed.kid(),
            entitlement,
            kind,
            issued_at,
        })
    }

    /// Tries each key of the code's name. A key out of force is not tried.
    fn verify<'c>(&self, code: &Code<'c>, now: Timestamp) -> Result<VerifiedCode<'c>, Refusal> {
        let kid = code.kid();
        let keys = &*self.keys;
        if keys.is_empty() {
            return Err(Refusal::GateNotReady(NotReady::NoIssuerKeys));
        }
        let mut refusal = Refusal::UnknownIssuer { kid };
        for key in keys.iter().filter(|key| key.kid() == kid) {
            if !key.is_in_force(now) {
                if matches!(refusal, Refusal::UnknownIssuer { .. }) {
                    refusal = Refusal::IssuerKeyNotInForce { kid };
                }
                continue;
            }
            match code.verify(key) {
                Ok(verified) => return Ok(verified),
                Err(error @ (VerifyError::Holder(_) | VerifyError::HolderKey(_))) => {
                    // The issuer's signature held, so no other key can do better.
                    return Err(Refusal::BadHolderSignature(error));
                }
                Err(error) => refusal = Refusal::BadIssuerSignature(error),
            }
        }
        Err(refusal)
    }

    /// RFC 8392 sections 3.1.4 and 3.1.5: not before the start, not at or after the end.
    fn check_validity(&self, code: &VerifiedCode<'_>, now: Timestamp) -> Result<(), Refusal> {
        let starts = code.starts();
        if now < starts.minus(self.policy.not_before_tolerance) {
            return Err(Refusal::NotYetValid {
                starts_in: starts.since(now),
            });
        }
        let ends = code.expires();
        if now >= ends.plus(self.policy.expiry_tolerance) {
            return Err(Refusal::Expired {
                ended_ago: now.since(ends),
            });
        }
        Ok(())
    }

    fn check_age(&self, made: Timestamp, now: Timestamp) -> Result<(), Refusal> {
        let age = now.since(made);
        if age > self.policy.age_max() {
            return Err(Refusal::Stale { age });
        }
        let ahead = made.since(now);
        if ahead > self.policy.phone_fast_max {
            return Err(Refusal::FromTheFuture { ahead });
        }
        Ok(())
    }
}

fn check_gate(bound_to: Option<GateId>, here: GateId) -> Result<CodeKind, Refusal> {
    match bound_to {
        None => Ok(CodeKind::OneWay),
        Some(gate) if gate == here => Ok(CodeKind::GateBound),
        Some(expected) => Err(Refusal::OtherGate {
            expected,
            got: here,
        }),
    }
}

fn refuse_text(error: TextError) -> Refusal {
    match error {
        TextError::NotACode => Refusal::NotACode,
        TextError::TooLong { max, got } => Refusal::TooLong { max, got },
        other => Refusal::Malformed(Malformed::Text(other)),
    }
}

fn refuse_object(error: DecodeError) -> Refusal {
    match error {
        DecodeError::TooLong { max, got } => Refusal::TooLong { max, got },
        other => Refusal::Malformed(Malformed::Object(other)),
    }
}
