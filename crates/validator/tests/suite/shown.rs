//! A gate of the city, to show codes to.

use units::GateId;
use validator::{
    Decision, DenyList, NothingDenied, Place, Policy, Reading, ReplayMemory, ReplaySlot, Validator,
};
use wire::IssuerKey;
use wire::tap::TapKind;

use crate::objects::{GATE, issuer_key};

pub(crate) struct Gate {
    pub(crate) validator: Validator<Vec<IssuerKey>>,
    pub(crate) memory: ReplayMemory<Vec<ReplaySlot>>,
    pub(crate) place: Place,
}

impl Gate {
    /// A gate with these keys and so many replay slots.
    pub(crate) fn with(keys: Vec<IssuerKey>, slots: usize) -> Self {
        Self {
            validator: Validator::new(keys, Policy::default()).unwrap(),
            memory: ReplayMemory::new(vec![ReplaySlot::EMPTY; slots]),
            place: Place::new(GATE, TapKind::On),
        }
    }

    /// A gate with this policy.
    pub(crate) fn under(policy: Policy, slots: usize) -> Self {
        let mut gate = Self::with(vec![issuer_key()], slots);
        gate.validator = Validator::new(vec![issuer_key()], policy).unwrap();
        gate
    }

    pub(crate) fn new() -> Self {
        Self::with(vec![issuer_key()], 8)
    }

    pub(crate) fn show_text(
        &mut self,
        text: &[u8],
        now: impl Into<Reading>,
        denied: &impl DenyList,
    ) -> Decision {
        self.validator
            .validate(text, &self.place, now, denied, &mut self.memory)
    }

    /// Shows the code `bytes`. A refusal must leave the memory as it was.
    pub(crate) fn show(&mut self, bytes: &[u8], now: impl Into<Reading>) -> Decision {
        let before = self.memory.clone();
        let text = wire::text::encode(bytes).unwrap();
        let decision = self.show_text(text.as_bytes(), now, &NothingDenied);
        match decision {
            Decision::Permitted(_) => assert_ne!(self.memory, before),
            Decision::Refused(_) => assert_eq!(self.memory, before),
        }
        decision
    }

    pub(crate) fn at_gate(mut self, gate: u32) -> Self {
        self.place.gate = GateId::from_number(gate);
        self
    }
}
