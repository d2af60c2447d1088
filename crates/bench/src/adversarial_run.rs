//! Any number of adversarial signatures through all verifiers.

use std::collections::BTreeMap;
use std::io::Write as _;

use anyhow::ensure;
use ed25519_dalek::{Signature, VerifyingKey};
use units::Timestamp;
use wire::{HolderKey, Issuer as _, IssuerKey, KeyTable};

use crate::adversarial::Signatures;
use crate::codes::KID;

/// Signatures per key.
const EACH: usize = 1_600;

/// Judges `cases` signatures of `seed` and prints what was accepted.
///
/// # Errors
/// At the first signature on which two verifiers differ.
pub(crate) fn run(seed: u64, cases: usize) -> anyhow::Result<()> {
    let always = (Timestamp::from_secs(0), Timestamp::from_secs(4_000_000_000));
    let mut tally: BTreeMap<&str, [u64; 2]> = BTreeMap::new();
    let mut table = Box::new(KeyTable::EMPTY);
    for key in 0..cases.div_ceil(EACH) {
        let mut signatures = Signatures::new(seed, key);
        let public_key = *signatures.public_key();
        let strict = VerifyingKey::from_bytes(&public_key)?;
        let generic = HolderKey::from_bytes(&public_key)?;
        let prepared =
            IssuerKey::new(KID, &public_key, always.0, always.1)?.prepare(&mut *table)?;
        for number in 0..EACH.min(cases - key * EACH) {
            let case = signatures.next();
            let signature = Signature::from_bytes(&case.signature);
            let expected = strict.verify_strict(&case.message, &signature).is_ok();
            let ours = prepared.verify(&case.message, &case.signature);
            let other = generic.verify(&case.message, &case.signature);
            ensure!(
                ours.is_ok() == expected && other == ours,
                "seed {seed}, key {key}, case {number} ({}): verify_strict {expected}, \
                 prepared {ours:?}, generic {other:?}",
                case.kind
            );
            let [refused, accepted] = tally.entry(case.kind).or_default();
            *(if expected { accepted } else { refused }) += 1;
        }
    }
    let mut out = std::io::stdout().lock();
    let mut sum = [0, 0];
    for (kind, [refused, accepted]) in &tally {
        writeln!(out, "{accepted:>8} accepted {refused:>8} refused  {kind}")?;
        sum[0] += accepted;
        sum[1] += refused;
    }
    let [accepted, refused] = sum;
    writeln!(
        out,
        "{cases} signatures: {accepted} accepted, {refused} refused"
    )?;
    writeln!(out, "prepared, generic and verify_strict agree on each")?;
    Ok(())
}
