//! Other ways to verify under a known key, on dalek's public interface, for
//! `docs/decisions/0010-prepared-keys.md`. They are timed on honest signatures only.

use curve25519_dalek::constants::{ED25519_BASEPOINT_COMPRESSED, ED25519_BASEPOINT_POINT};
use curve25519_dalek::edwards::{
    CompressedEdwardsY, EdwardsBasepointTable, VartimeEdwardsPrecomputation,
};
use curve25519_dalek::traits::{BasepointTable as _, VartimePrecomputedMultiscalarMul as _};
use curve25519_dalek::{EdwardsPoint, Scalar};
use ed25519_dalek::{Signature, Verifier as _, VerifyingKey};
use sha2::{Digest as _, Sha512};
use wire::{Issuer as _, KeyTable};

use crate::codes;
use crate::measure::hot;
use crate::report::Row;

/// Windows of six bits in a number below 2^253.
const WINDOWS: usize = 43;

struct Signed {
    message: Vec<u8>,
    bytes: [u8; 64],
    r: [u8; 32],
    s: Scalar,
    k: Scalar,
}

fn signed(key: [u8; 32]) -> Vec<Signed> {
    use ed25519_dalek::Signer as _;
    let issuer = codes::issuer();
    let one = |number| {
        let message = [codes::bytes("message", number); 3].concat()[..84].to_vec();
        let signature = issuer.sign(&message);
        let hash = Sha512::new()
            .chain_update(signature.r_bytes())
            .chain_update(key);
        let hash = hash.chain_update(&message).finalize();
        Signed {
            bytes: signature.to_bytes(),
            r: *signature.r_bytes(),
            s: Scalar::from_bytes_mod_order(*signature.s_bytes()),
            k: Scalar::from_bytes_mod_order_wide(&hash.into()),
            message,
        }
    };
    (0..codes::CODES).map(one).collect()
}

/// 1 to 32 times 64ⁱ times a point, as whole points.
fn comb(point: EdwardsPoint) -> Vec<[EdwardsPoint; 32]> {
    let mut base = point;
    let mut rows = Vec::with_capacity(WINDOWS);
    for _ in 0..WINDOWS {
        let mut row = [base; 32];
        for index in 1..32 {
            row[index] = row[index - 1] + base;
        }
        base = row[31] + row[31];
        rows.push(row);
    }
    rows
}

fn add_comb(mut sum: EdwardsPoint, rows: &[[EdwardsPoint; 32]], number: &Scalar) -> EdwardsPoint {
    let mut carry = 0;
    for (window, row) in rows.iter().enumerate() {
        let at = window * 6;
        let bytes = number.as_bytes();
        let low = u16::from(bytes[at / 8]);
        let high = u16::from(bytes.get(at / 8 + 1).copied().unwrap_or(0));
        let value = usize::from(((low | high << 8) >> (at % 8)) & 63) + carry;
        carry = usize::from(value > 32);
        match value {
            0 | 64 => {}
            1..=32 => sum += row[value - 1],
            _ => sum -= row[63 - value],
        }
    }
    sum
}

/// The rows of the decision.
///
/// # Errors
/// When a verdict is wrong.
pub(crate) fn rows(rounds: usize) -> anyhow::Result<Vec<Row>> {
    let key = codes::issuer_key()?;
    let public_key = *key.public_key();
    let items = signed(public_key);
    let item = |number: usize| &items[number % items.len()];
    let generic = VerifyingKey::from_bytes(&public_key)?;
    let prepared = key.prepare(Box::new(KeyTable::EMPTY))?;
    let point = CompressedEdwardsY(public_key).decompress();
    let minus_a = -point.ok_or_else(|| anyhow::anyhow!("no point"))?;
    let straus = VartimeEdwardsPrecomputation::new([ED25519_BASEPOINT_POINT, minus_a]);
    let radix_16 = EdwardsBasepointTable::create(&minus_a);
    let (of_base, of_key) = (comb(ED25519_BASEPOINT_POINT), comb(minus_a));
    anyhow::ensure!(
        ED25519_BASEPOINT_COMPRESSED == ED25519_BASEPOINT_POINT.compress(),
        "B"
    );
    let ring_key = ring::signature::UnparsedPublicKey::new(&ring::signature::ED25519, public_key);
    // What the library variants leave out: hashing and reduction. They start from s and k.
    let equals = |sum: EdwardsPoint, item: &Signed| sum.compress().to_bytes() == item.r;
    let names = [
        ("ring", "ring"),
        ("strict", "dalek verify_strict"),
        ("verify", "dalek verify"),
        (
            "straus",
            "VartimeEdwardsPrecomputation [B, −A], without hash",
        ),
        (
            "radix_16",
            "EdwardsBasepointTable for −A and B, without hash",
        ),
        (
            "points",
            "table of EdwardsPoint, 6-bit windows, 215 KiB, without hash",
        ),
        ("prepared", "wire::PreparedKey, 129 KiB"),
    ];
    let dalek = |number: usize| Signature::from_bytes(&item(number).bytes);
    let times = hot(
        &mut [
            (
                "ring",
                Box::new(|n| ring_key.verify(&item(n).message, &item(n).bytes).is_ok()),
            ),
            (
                "strict",
                Box::new(|n| generic.verify_strict(&item(n).message, &dalek(n)).is_ok()),
            ),
            (
                "verify",
                Box::new(|n| generic.verify(&item(n).message, &dalek(n)).is_ok()),
            ),
            (
                "straus",
                Box::new(|n| {
                    equals(
                        straus.vartime_multiscalar_mul([item(n).s, item(n).k]),
                        item(n),
                    )
                }),
            ),
            (
                "radix_16",
                Box::new(|n| {
                    let sum = EdwardsPoint::mul_base(&item(n).s) + radix_16.mul_base(&item(n).k);
                    equals(sum, item(n))
                }),
            ),
            (
                "points",
                Box::new(|n| {
                    let sum = add_comb(EdwardsPoint::default(), &of_base, &item(n).s);
                    equals(add_comb(sum, &of_key, &item(n).k), item(n))
                }),
            ),
            (
                "prepared",
                Box::new(|n| prepared.verify(&item(n).message, &item(n).bytes).is_ok()),
            ),
        ],
        codes::CODES,
        rounds,
    )?;
    let ring = &times[0];
    let row = |((id, what), times): ((&'static str, &str), &crate::measure::Times)| {
        let micros = times.median() / 1000.0;
        Row::plain(id, what, micros, "µs").against(ring.median() / 1000.0, times.ratio_to(ring))
    };
    Ok(names.into_iter().zip(&times).map(row).collect())
}
