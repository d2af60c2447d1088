//! The decision: read, verify, then clock, times, place, entitlement, deny list, replay and
//! anti-passback, in this order; the first that fails is the refusal.

use core::ops::Deref;

use units::{GateId, Timestamp};
use wire::tap::TapKind;
use wire::text::{CodeBuffer, TextError};
use wire::{Code, DecodeError, Issuer, IssuerCode, VerifiedCode, VerifyError};

use crate::clock::{Reading, Trust};
use crate::decision::{CodeKind, Decision, Permit};
use crate::deny::DenyList;
use crate::place::{Acceptance, Place, RULES_MAX, Rules, accept};
use crate::policy::{Companions, Pass, Policy, SetupError};
use crate::refusal::{Malformed, NotReady, Refusal};
use crate::replay::{Asked, Passage, ReplayMemory, ReplayRefusal, ReplaySlot};

/// Most issuer keys of a gate: its city and its neighbours, two each while keys rotate.
pub const KEYS_MAX: usize = 64;

/// Most keys of one name, so most issuer signatures checked for one code. Names are not unique in
/// the world; more than two of one name in one bundle would be a strange accident.
pub const SAME_KID_MAX: usize = 4;

/// A gate's decision maker: issuer keys and acceptance rules, in whatever holds them, and the
/// city's policy.
#[derive(Clone, Debug)]
pub struct Validator<K, R = &'static [Acceptance]> {
    keys: K,
    policy: Policy,
    rules: Option<R>,
}

impl<I: Issuer, K: Deref<Target = [I]>> Validator<K> {
    /// Takes keys (a `Vec`, a `Box`, a borrowed slice) and a policy. Keys are [`wire::IssuerKey`],
    /// or [`wire::PreparedKey`], which decides four times as fast. Without rules everything that
    /// these keys signed is taken everywhere.
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
        Ok(Self {
            keys,
            policy,
            rules: None,
        })
    }

    /// The same under a type of rules, of which there are none: everything is taken.
    #[must_use]
    pub fn ruled<R: Rules>(self) -> Validator<K, R> {
        Validator {
            keys: self.keys,
            policy: self.policy,
            rules: None,
        }
    }
}

impl<I: Issuer, K: Deref<Target = [I]>, Old> Validator<K, Old> {
    /// The same, taking only what a rule takes. With an empty list nothing is taken.
    ///
    /// # Errors
    /// [`SetupError`] for more than [`RULES_MAX`] rules, or a negative span in one.
    pub fn with_rules<R: Rules>(self, rules: R) -> Result<Validator<K, R>, SetupError> {
        let got = rules.rules().take(RULES_MAX.saturating_add(1)).count();
        if got > RULES_MAX {
            let max = RULES_MAX;
            return Err(SetupError::TooManyRules { max, got });
        }
        for rule in rules.rules() {
            rule.check()?;
        }
        Ok(Validator {
            keys: self.keys,
            policy: self.policy,
            rules: Some(rules),
        })
    }
}

impl<I: Issuer, K: Deref<Target = [I]>, R: Rules> Validator<K, R> {
    /// The same policy and rules with other keys, such as these keys prepared.
    ///
    /// # Errors
    /// As [`Validator::new`].
    pub fn with_keys<J: Issuer, L: Deref<Target = [J]>>(
        &self,
        keys: L,
    ) -> Result<Validator<L, R>, SetupError>
    where
        R: Clone,
    {
        let made = Validator::new(keys, self.policy)?;
        Ok(Validator {
            keys: made.keys,
            policy: made.policy,
            rules: self.rules.clone(),
        })
    }

    /// The policy.
    #[must_use]
    pub const fn policy(&self) -> &Policy {
        &self.policy
    }

    /// May the code `text` travel at `place` and `now`? A permit is noted in `used`.
    ///
    /// `now` is what the gate's [`crate::Clock`] reads; a bare [`units::Timestamp`] is a clock
    /// that somebody else has proven.
    pub fn validate<S: AsRef<[ReplaySlot]> + AsMut<[ReplaySlot]>>(
        &self,
        text: &[u8],
        place: &Place,
        now: impl Into<Reading>,
        denied: &impl DenyList,
        used: &mut ReplayMemory<S>,
    ) -> Decision {
        match self.decide(text, place, &now.into(), denied, used) {
            Ok(permit) => Decision::Permitted(permit),
            Err(refusal) => Decision::Refused(refusal),
        }
    }

    /// What the memory is to know of a tap that was permitted: by this gate before it was
    /// restarted, or by another of its station. Signatures are not checked again: give it what a
    /// journal or a signed message of the station holds. `None` when `evidence` is no code.
    #[must_use]
    pub fn passage(&self, evidence: &[u8], kind: TapKind, at: Timestamp) -> Option<Passage> {
        let code = wire::parse(evidence).ok()?;
        let (made, entitlement, live_until) = match code {
            Code::Presentation(parsed) => {
                let made = parsed.issued_at();
                let entitlement = parsed.credential().entitlement();
                (Some(made), entitlement, made.plus(self.policy.age_max()))
            }
            Code::Ticket(parsed) => {
                let ends = parsed.expires().plus(self.policy.expiry_tolerance);
                (None, parsed.entitlement(), ends)
            }
        };
        // Whose key signed it is not known here, so the longest time that a rule sets for the
        // product.
        let longest = self
            .rules
            .iter()
            .flat_map(Rules::rules)
            .filter(|rule| {
                rule.product
                    .is_none_or(|named| named == entitlement.product)
            })
            .filter_map(|rule| rule.passback)
            .fold(self.policy.passback, Ord::max);
        Some(Passage {
            id: code.id(),
            made,
            kind,
            at,
            riders: match self.policy.companions {
                Companions::Together => entitlement.party.as_riders(),
                Companions::OneByOne => 1,
            },
            live_until,
            back_from: at.plus(longest),
        })
    }

    fn decide<S: AsRef<[ReplaySlot]> + AsMut<[ReplaySlot]>>(
        &self,
        text: &[u8],
        place: &Place,
        reading: &Reading,
        denied: &impl DenyList,
        used: &mut ReplayMemory<S>,
    ) -> Result<Permit, Refusal> {
        let now = reading.time;
        let mut buffer = CodeBuffer::new();
        let bytes = wire::text::decode(text, &mut buffer).map_err(refuse_text)?;
        let parsed = wire::parse(bytes).map_err(refuse_object)?;
        let (code, issuer) = self.verify(&parsed, now)?;
        self.check_clock(&code, reading.trust)?;
        self.check_validity(&code, now)?;
        let entitlement = code.entitlement();
        let (kind, issued_at, live_until) = match &code {
            VerifiedCode::Presentation(presentation) => {
                let made = presentation.issued_at();
                self.check_age(made, now)?;
                let kind = check_gate(presentation.gate(), place.gate)?;
                (kind, Some(made), made.plus(self.policy.age_max()))
            }
            VerifiedCode::Ticket(ticket) => {
                let ends = ticket.expires().plus(self.policy.expiry_tolerance);
                (CodeKind::Ticket, None, ends)
            }
        };
        if !self.policy.kinds.contains(kind) {
            return Err(Refusal::KindNotTakenHere { kind });
        }
        let rule = match &self.rules {
            Some(rules) => accept(rules, issuer, place, entitlement)?,
            None => Acceptance::ANY,
        };
        if kind == CodeKind::Ticket {
            self.check_life(&code, &rule)?;
        }
        let id = code.id();
        if denied.contains(&id) {
            return Err(Refusal::Denied { id });
        }
        let passback = rule.passback.unwrap_or(self.policy.passback);
        let asked = Asked {
            passage: Passage {
                id,
                made: issued_at,
                kind: place.kind,
                at: now,
                riders: entitlement.party.as_riders(),
                live_until,
                back_from: now.plus(passback),
            },
            one_by_one: self.policy.companions == Companions::OneByOne,
            doubt_since: now.minus(self.policy.retry),
        };
        let noted = used.note(&asked).map_err(|refused| match refused {
            ReplayRefusal::Used => Refusal::AlreadyUsed,
            ReplayRefusal::Through(back_from) => Refusal::PartyThrough {
                wait: back_from.since(now),
            },
            ReplayRefusal::NotReady(lack) => Refusal::GateNotReady(lack),
        })?;
        Ok(Permit {
            id,
            kid: parsed.kid(),
            entitlement,
            kind,
            issued_at,
            issuer,
            clock: reading.state(),
            passage: noted.passage,
            again: noted.again,
        })
    }

    /// Tries each key of the code's name. A key out of force is not tried.
    fn verify<'c>(
        &self,
        code: &Code<'c>,
        now: Timestamp,
    ) -> Result<(VerifiedCode<'c>, IssuerCode), Refusal> {
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
                Ok(verified) => return Ok((verified, key.issuer())),
                Err(error @ (VerifyError::Holder(_) | VerifyError::HolderKey(_))) => {
                    // The issuer's signature held, so no other key can do better.
                    return Err(Refusal::BadHolderSignature(error));
                }
                Err(error) => refusal = Refusal::BadIssuerSignature(error),
            }
        }
        Err(refusal)
    }

    /// What a clock that is not proven may decide on.
    fn check_clock(&self, code: &VerifiedCode<'_>, trust: Trust) -> Result<(), Refusal> {
        let pass = match trust {
            Trust::Proven => Pass::Everything,
            Trust::Unproven => self.policy.degraded.unproven,
            Trust::Wrong => self.policy.degraded.wrong,
        };
        match (pass, code) {
            (Pass::Everything, _) | (Pass::Presentations, VerifiedCode::Presentation(_)) => Ok(()),
            _ => Err(Refusal::GateNotReady(NotReady::ClockNotProven)),
        }
    }

    /// A ticket is a bearer's: its life is what bounds its misuse.
    fn check_life(&self, code: &VerifiedCode<'_>, rule: &Acceptance) -> Result<(), Refusal> {
        let max = rule.ticket_life_max.unwrap_or(self.policy.ticket_life_max);
        let got = code.expires().since(code.starts());
        if got > max {
            return Err(Refusal::LivesTooLong { max, got });
        }
        Ok(())
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
