//! Where a code is shown, and which codes are taken there.
//!
//! A city writes [`Acceptance`] rules: this issuer's codes, on this network, in this zone, for this
//! category, on this product. Roaming is a rule that names a neighbour's issuer and the networks
//! on which its riders may travel.

use core::ops::Deref;

use units::{GateId, Span};
use wire::tap::TapKind;
use wire::{Entitlement, IssuerCode, PartySize, ProductCode, RiderCategory};

use crate::policy::SetupError;
use crate::refusal::Refusal;

/// Most acceptance rules of a gate: each is looked at for each code, so this bounds the time.
pub const RULES_MAX: usize = 256;

/// A network of lines by its number in the city's lists (GTFS `networks`).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct NetworkCode(u16);

/// A fare zone by its number in the city's lists (GTFS `areas`).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct ZoneCode(u16);

impl NetworkCode {
    /// Network number `number`.
    #[must_use]
    pub const fn from_number(number: u16) -> Self {
        Self(number)
    }

    /// The number.
    #[must_use]
    pub const fn as_number(self) -> u16 {
        self.0
    }
}

impl ZoneCode {
    /// Zone number `number`.
    #[must_use]
    pub const fn from_number(number: u16) -> Self {
        Self(number)
    }

    /// The number.
    #[must_use]
    pub const fn as_number(self) -> u16 {
        self.0
    }
}

/// Where a code is shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Place {
    /// Which gate.
    pub gate: GateId,
    /// Which way riders pass it.
    pub kind: TapKind,
    /// On which network.
    pub network: NetworkCode,
    /// In which fare zone.
    pub zone: ZoneCode,
}

impl Place {
    /// A gate of a city with one network and one zone, both of number 0.
    #[must_use]
    pub const fn new(gate: GateId, kind: TapKind) -> Self {
        Self {
            gate,
            kind,
            network: NetworkCode(0),
            zone: ZoneCode(0),
        }
    }
}

/// One rule of acceptance. `None` is any. A code is taken when all that is named fits; of several
/// rules that fit, the first sets the limits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Acceptance {
    /// Whose codes.
    pub issuer: Option<IssuerCode>,
    /// On which network.
    pub network: Option<NetworkCode>,
    /// In which zone.
    pub zone: Option<ZoneCode>,
    /// On which product.
    pub product: Option<ProductCode>,
    /// For which rider category.
    pub category: Option<RiderCategory>,
    /// Largest party; [`PartySize`] of 255 is no limit.
    pub party_max: PartySize,
    /// Longest life of a ticket, in place of the policy's: paper lives longer than a screen.
    pub ticket_life_max: Option<Span>,
    /// Time between two parties on one code, in place of the policy's: a pass that costs nothing
    /// to show again needs more than a code that is charged for each tap.
    pub passback: Option<Span>,
}

impl Acceptance {
    /// Takes everything.
    pub const ANY: Self = Self {
        issuer: None,
        network: None,
        zone: None,
        product: None,
        category: None,
        party_max: match PartySize::new(u8::MAX) {
            Some(riders) => riders,
            None => PartySize::ONE,
        },
        ticket_life_max: None,
        passback: None,
    };

    pub(crate) fn check(&self) -> Result<(), SetupError> {
        let spans = [
            ("ticket_life_max", self.ticket_life_max),
            ("passback", self.passback),
        ];
        for (field, span) in spans {
            if let Some(span) = span.filter(|span| *span < Span::ZERO) {
                let micros = span.as_micros();
                return Err(SetupError::NegativeSpan { field, micros });
            }
        }
        Ok(())
    }

    fn is_of(&self, issuer: IssuerCode, place: &Place) -> bool {
        self.issuer.is_none_or(|named| named == issuer)
            && self.network.is_none_or(|named| named == place.network)
            && self.zone.is_none_or(|named| named == place.zone)
    }

    fn is_on(&self, product: ProductCode) -> bool {
        self.product.is_none_or(|named| named == product)
    }

    fn is_for(&self, category: RiderCategory) -> bool {
        self.category.is_none_or(|named| named == category)
    }
}

/// Rules in whatever holds them: a `Vec`, a borrowed slice, another layout in memory.
pub trait Rules {
    /// Each rule in its order; the same ones every time.
    fn rules(&self) -> impl Iterator<Item = Acceptance>;
}

impl<R: Deref<Target = [Acceptance]>> Rules for R {
    fn rules(&self) -> impl Iterator<Item = Acceptance> {
        self.iter().copied()
    }
}

/// The first rule that takes the code here, or the refusal that the nearest miss gives: issuer and
/// place (131) before product (132) before category (133) before party (134).
pub(crate) fn accept(
    rules: &impl Rules,
    issuer: IssuerCode,
    place: &Place,
    entitlement: Entitlement,
) -> Result<Acceptance, Refusal> {
    let Entitlement {
        category,
        party,
        product,
    } = entitlement;
    let mut refusal = Refusal::IssuerNotTakenHere { issuer };
    for rule in rules.rules().filter(|rule| rule.is_of(issuer, place)) {
        let miss = if !rule.is_on(product) {
            Refusal::ProductNotTakenHere { product }
        } else if !rule.is_for(category) {
            Refusal::CategoryNotTakenHere { category }
        } else if party > rule.party_max {
            let max = rule.party_max;
            Refusal::PartyTooLarge { max, got: party }
        } else {
            return Ok(rule);
        };
        // Numbers 131 to 134 ascend from the furthest miss to the nearest.
        if miss.code() > refusal.code() {
            refusal = miss;
        }
    }
    Err(refusal)
}
