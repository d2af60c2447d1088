//! Codes made for the kit, and scans of them.

use ed25519_dalek::SigningKey;
use units::{GateId, KeyId, Timestamp};
use wire::{CredentialClaims, Entitlement, PresentationClaims, TicketClaims};

use crate::model::{Case, Expected, Permit, Scan};
use crate::objects::{GATE, KID, credential_claims, holder, issuer, signed_by};

/// Microseconds in a second.
pub(crate) const MICROS: i64 = 1_000_000;

/// A code and what a reader that permits it says.
#[derive(Clone)]
pub(crate) struct Code {
    pub(crate) bytes: Vec<u8>,
    pub(crate) permit: Permit,
}

impl Code {
    /// The same with the last bit of its last signature changed.
    pub(crate) fn damaged(&self) -> Self {
        let mut damaged = self.clone();
        *damaged.bytes.last_mut().unwrap() ^= 1;
        damaged
    }
}

fn permit(what: &str, id: &[u8; 16], kid: KeyId, entitlement: Entitlement) -> Permit {
    Permit {
        kind: what.to_owned(),
        id: hex::encode(id),
        kid: kid.to_string(),
        category: entitlement.category.as_code(),
        party: entitlement.party.as_riders(),
        riders: entitlement.party.as_riders(),
        product: entitlement.product.as_number(),
        issuer: 0,
        again_micros: None,
        issued_at_micros: None,
    }
}

/// A ticket signed by `key` under the name `kid`.
pub(crate) fn ticket(claims: &TicketClaims, kid: KeyId, key: &SigningKey) -> Code {
    Code {
        bytes: claims.sign(kid, signed_by(key)).unwrap().to_vec(),
        permit: permit("ticket", claims.id.as_bytes(), kid, claims.entitlement),
    }
}

/// A presentation that the phone makes at `made` of a credential that our issuer signed.
pub(crate) fn presentation(credential: &CredentialClaims, made: i64, gate: Option<GateId>) -> Code {
    let inner = credential.sign(KID, signed_by(&issuer())).unwrap();
    let claims = PresentationClaims {
        issued_at: Timestamp::from_secs(made),
        gate,
    };
    let kind = if gate.is_some() {
        "gate_bound"
    } else {
        "one_way"
    };
    let bytes = claims.sign(&inner, signed_by(&holder())).unwrap().to_vec();
    let permit = Permit {
        issued_at_micros: Some(made * MICROS),
        ..permit(kind, credential.id.as_bytes(), KID, credential.entitlement)
    };
    Code { bytes, permit }
}

/// A one-way presentation of the usual credential.
pub(crate) fn one_way(made: i64) -> Code {
    presentation(&credential_claims(), made, None)
}

/// Every decision's number and name: the table of `docs/WIRE.md`.
const NAMES: [(u16, &str); 23] = [
    (0, "permitted"),
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

/// `code`, shown at `clock_micros` to tap on at the gate of gate-bound codes, decided as `number`.
pub(crate) fn scan(code: &Code, clock_micros: i64, number: u16) -> Scan {
    let (_, name) = NAMES.iter().find(|(known, _)| *known == number).unwrap();
    Scan {
        text: wire::text::encode(&code.bytes).unwrap().to_string(),
        picture: None,
        clock_micros,
        gate: GATE.to_string(),
        tap: "on".to_owned(),
        network: 0,
        zone: 0,
        clock: "proven".to_owned(),
        then: None,
        expected: Expected {
            code: number,
            name: (*name).to_owned(),
            permit: (number == 0).then(|| code.permit.clone()),
        },
    }
}

impl Scan {
    /// The same to tap off.
    pub(crate) fn off(mut self) -> Self {
        "off".clone_into(&mut self.tap);
        self
    }

    /// The same on this network, in this zone.
    pub(crate) fn on(mut self, network: u16, zone: u16) -> Self {
        (self.network, self.zone) = (network, zone);
        self
    }

    /// The same by a clock that is worth this.
    pub(crate) fn clock(mut self, worth: &str) -> Self {
        worth.clone_into(&mut self.clock);
        self
    }

    /// The same, of which this is known afterwards.
    pub(crate) fn then(mut self, what: &str) -> Self {
        self.then = Some(what.to_owned());
        self
    }

    /// The same, letting one rider through.
    pub(crate) fn one(mut self) -> Self {
        if let Some(permit) = &mut self.expected.permit {
            permit.riders = 1;
        }
        self
    }

    /// The same, repeating the tap of that time.
    pub(crate) fn again(mut self, micros: i64) -> Self {
        if let Some(permit) = &mut self.expected.permit {
            permit.again_micros = Some(micros);
        }
        self
    }

    /// The same at another gate.
    pub(crate) fn at_gate(mut self, gate: u32) -> Self {
        self.gate = GateId::from_number(gate).to_string();
        self
    }
}

/// A case for `reader`.
pub(crate) fn case(reader: &str, name: &str, about: &str, scans: Vec<Scan>) -> Case {
    Case {
        name: name.to_owned(),
        about: about.to_owned(),
        reader: reader.to_owned(),
        scans,
    }
}
