//! Acceptance rules: which issuer, product, category and party is taken where.

use units::Span;
use validator::{Acceptance, NetworkCode, Rules, ZoneCode};
use wire::{IssuerCode, PartySize, ProductCode, RiderCategory};

use crate::memory::{self, Plain};
use crate::status::{FgStatus, Outcome, status};
use crate::validator_memory::FgValidator;

/// Most acceptance rules of a validator.
pub const FG_RULES_MAX: usize = 256;

/// The rule names an issuer.
pub const FG_NAMES_ISSUER: u8 = 1;
/// The rule names a network.
pub const FG_NAMES_NETWORK: u8 = 2;
/// The rule names a zone.
pub const FG_NAMES_ZONE: u8 = 4;
/// The rule names a product.
pub const FG_NAMES_PRODUCT: u8 = 8;
/// The rule names a rider category.
pub const FG_NAMES_CATEGORY: u8 = 16;
/// The rule sets the longest life of a ticket, in place of the policy's.
pub const FG_SETS_TICKET_LIFE: u8 = 32;
/// The rule sets the anti-passback time, in place of the policy's.
pub const FG_SETS_PASSBACK: u8 = 64;

/// One rule of acceptance. A code is taken when all that a rule names fits; of several rules that
/// fit, the first sets the limits. Fields that the rule does not name are ignored.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct FgAcceptance {
    /// Longest life of a ticket.
    pub ticket_life_max_micros: i64,
    /// Time between two parties on one credential the same way.
    pub passback_micros: i64,
    /// Whose codes.
    pub issuer: u16,
    /// On which network.
    pub network: u16,
    /// In which fare zone.
    pub zone: u16,
    /// On which product.
    pub product: u16,
    /// For which rider category.
    pub category: u8,
    /// Largest party; 0 and 255 are no limit.
    pub party_max: u8,
    /// What the rule names and sets: the sum of FG_NAMES_... and FG_SETS_....
    pub names: u8,
}

// SAFETY: numbers, for which every bit pattern is a value.
unsafe impl Plain for FgAcceptance {}

impl FgAcceptance {
    /// A rule as C has it.
    pub(crate) fn of(rule: &Acceptance) -> Self {
        let named = |is_named: bool, bit: u8| if is_named { bit } else { 0 };
        Self {
            ticket_life_max_micros: rule.ticket_life_max.map_or(0, Span::as_micros),
            passback_micros: rule.passback.map_or(0, Span::as_micros),
            issuer: rule.issuer.map_or(0, IssuerCode::as_number),
            network: rule.network.map_or(0, NetworkCode::as_number),
            zone: rule.zone.map_or(0, ZoneCode::as_number),
            product: rule.product.map_or(0, ProductCode::as_number),
            category: rule.category.map_or(0, RiderCategory::as_code),
            party_max: rule.party_max.as_riders(),
            names: named(rule.issuer.is_some(), FG_NAMES_ISSUER)
                | named(rule.network.is_some(), FG_NAMES_NETWORK)
                | named(rule.zone.is_some(), FG_NAMES_ZONE)
                | named(rule.product.is_some(), FG_NAMES_PRODUCT)
                | named(rule.category.is_some(), FG_NAMES_CATEGORY)
                | named(rule.ticket_life_max.is_some(), FG_SETS_TICKET_LIFE)
                | named(rule.passback.is_some(), FG_SETS_PASSBACK),
        }
    }

    fn to_acceptance(self) -> Acceptance {
        let named = |bit: u8| self.names & bit != 0;
        let any = Acceptance::ANY.party_max;
        Acceptance {
            issuer: named(FG_NAMES_ISSUER).then(|| IssuerCode::from_number(self.issuer)),
            network: named(FG_NAMES_NETWORK).then(|| NetworkCode::from_number(self.network)),
            zone: named(FG_NAMES_ZONE).then(|| ZoneCode::from_number(self.zone)),
            product: named(FG_NAMES_PRODUCT).then(|| ProductCode::from_number(self.product)),
            category: named(FG_NAMES_CATEGORY).then(|| RiderCategory::from_code(self.category)),
            party_max: PartySize::new(self.party_max).unwrap_or(any),
            ticket_life_max: named(FG_SETS_TICKET_LIFE)
                .then(|| Span::from_micros(self.ticket_life_max_micros)),
            passback: named(FG_SETS_PASSBACK).then(|| Span::from_micros(self.passback_micros)),
        }
    }
}

/// Rules in the caller's memory.
#[derive(Clone, Copy)]
pub(crate) struct FgRules(&'static [FgAcceptance]);

impl Rules for FgRules {
    fn rules(&self) -> impl Iterator<Item = Acceptance> {
        self.0.iter().map(|rule| rule.to_acceptance())
    }
}

/// Gives the validator its acceptance rules: from now on it takes only what a rule takes, with
/// `count` 0 nothing. Without this call everything that its keys signed is taken everywhere.
///
/// The rules stay in the caller's memory, are read at each decision, and may not change until
/// others replace them. When the status is not OK, the rules are those from before.
///
/// # Safety
/// `validator`: NULL, or memory in which fg_validator_init made a validator, which nobody else uses
/// during the call. `rules`: `count` rules, or anything if that is 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fg_validator_accept(
    validator: *mut FgValidator,
    rules: *const FgAcceptance,
    count: usize,
) -> FgStatus {
    // SAFETY: what is asked of the pointers is this function's own contract.
    status(unsafe { accept(validator, rules, count) })
}

/// # Safety
/// As [`fg_validator_accept`].
unsafe fn accept(validator: *mut FgValidator, rules: *const FgAcceptance, count: usize) -> Outcome {
    // SAFETY: what is asked of the pointer is this function's own contract.
    let validator = unsafe { FgValidator::at_mut(validator) }?;
    if count > FG_RULES_MAX {
        return Err(FgStatus::TooManyRules);
    }
    // SAFETY: as above; the rules stay unchanged as long as the validator reads them.
    let rules: &'static [FgAcceptance] = unsafe { memory::slice(rules, count) }?;
    validator.accept(FgRules(rules))
}
