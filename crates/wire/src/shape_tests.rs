//! The reader of literal bytes against the one that reads any bytes.

use std::format;
use std::vec::Vec;

use ed25519_dalek::{Signer as _, SigningKey};
use units::{CredentialId, GateId, KeyId, Timestamp};

use super::{Shape, code};
use crate::code::{checked, parse_any};
use crate::{
    CredentialClaims, Entitlement, HolderKey, LifeHours, ParsedCredential, PartySize,
    PresentationClaims, ProductCode, RiderCategory, TicketClaims,
};

const KID: KeyId = KeyId::from_bytes(*b"hz01");

fn signed(message: &[u8]) -> [u8; 64] {
    SigningKey::from_bytes(&[7; 32]).sign(message).to_bytes()
}

fn entitlement() -> Entitlement {
    Entitlement {
        category: RiderCategory::from_code(3),
        party: PartySize::ONE,
        product: ProductCode::from_number(0x0102),
    }
}

fn ticket() -> Vec<u8> {
    let claims = TicketClaims {
        id: CredentialId::from_bytes([9; 16]),
        starts: Timestamp::from_secs(1_546_819_200),
        expires: Timestamp::from_secs(1_546_819_260),
        entitlement: entitlement(),
    };
    claims.sign(KID, signed).unwrap().to_vec()
}

fn credential() -> Vec<u8> {
    let holder = SigningKey::from_bytes(&[8; 32]).verifying_key();
    let claims = CredentialClaims {
        id: CredentialId::from_bytes([9; 16]),
        holder: HolderKey::from_bytes(holder.as_bytes()).unwrap(),
        entitlement: entitlement(),
        expires: Timestamp::from_secs(1_546_819_260),
        life: LifeHours::new(24).unwrap(),
    };
    claims.sign(KID, signed).unwrap().to_vec()
}

fn presentation(gate: Option<GateId>) -> Vec<u8> {
    let claims = PresentationClaims {
        issued_at: Timestamp::from_secs(1_546_819_200),
        gate,
    };
    claims.sign(&credential(), signed).unwrap().to_vec()
}

/// Both readers take the same bytes, and find the same in them. Whether they took them.
fn check_code(bytes: &[u8]) -> bool {
    let any = parse_any(bytes);
    assert_eq!(code(bytes), any.ok(), "{bytes:02x?}: {any:?}");
    any.is_ok()
}

fn check_credential(bytes: &[u8]) -> bool {
    let any = checked(bytes).and_then(|mut reader| ParsedCredential::read(&mut reader));
    assert_eq!(super::credential(bytes), any.ok(), "{bytes:02x?}: {any:?}");
    any.is_ok()
}

/// Every substitution of one byte, every length, one byte more; how many were taken.
fn check_around(good: &[u8], check: fn(&[u8]) -> bool) -> usize {
    assert!(check(good));
    let mut taken = 0;
    let mut bytes = good.to_vec();
    for at in 0..bytes.len() {
        let original = bytes[at];
        for value in 0..=255 {
            bytes[at] = value;
            taken += usize::from(check(&bytes));
        }
        bytes[at] = original;
        check(&bytes[..at]);
        let mut shorter = good.to_vec();
        shorter.remove(at);
        check(&shorter);
        for value in [0, original, 0x18, 0x58, 0xff] {
            let mut longer = good.to_vec();
            longer.insert(at, value);
            check(&longer);
        }
    }
    taken
}

#[test]
fn literal_bytes_and_items_are_read_alike() {
    // Free bytes take 256 values: kid 4, cti 16, category 1, product 2, signature 64; party 255,
    // and of a time's 4 bytes (the first two are not 0) 256 each; every other byte one.
    let ticket = check_around(&ticket(), check_code);
    assert_eq!(ticket, (4 + 16 + 3 + 64 + 8) * 256 + 255 + (121 - 96));
    // The holder's key has 32 more, the life in hours one (not 0); one time less.
    let free = 4 + 16 + 3 + 64 + 4 + 32;
    let alone = check_around(&credential(), check_credential);
    assert_eq!(alone, free * 256 + 2 * 255 + (159 - free - 2));
    let free = free + 4 + 64;
    let one_way = check_around(&presentation(None), check_code);
    assert_eq!(one_way, free * 256 + 2 * 255 + (241 - free - 2));
    // Of a gate's 8 digits each takes 16 values.
    let gate = GateId::from_number(0x0a1b_2c3d);
    let bound = check_around(&presentation(Some(gate)), check_code);
    assert_eq!(bound, free * 256 + 2 * 255 + 8 * 16 + (251 - free - 2 - 8));
}

/// Shapes inside other shapes, and bytes of the right length that are none.
#[test]
fn other_bytes_are_left_to_the_other_reader() {
    for bytes in [
        &credential()[..],
        &[0; 121],
        &[0x84; 241],
        &[0xff; 251],
        &[],
    ] {
        assert!(!check_code(bytes));
    }
    let mut nothing = Shape(&[]);
    assert_eq!(nothing.literal(b"\x84"), None);
    assert!(!format!("{:?}", code(&ticket())).is_empty());
}
