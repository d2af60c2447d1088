//! Examples of RFC 8392 and RFC 8747: well-formed, and refused for the right reason.

use wire::{DecodeError, ParsedCredential};

use crate::hostile::{CLAIM, credential_with, map};

/// RFC 8392 appendix A.3: a CWT signed with ES256, as `COSE_Sign1` with its tag 18 (example
/// `CWT/A_3` of the COSE working group, which leaves out `kid`).
const A_3: &str = "d28443a10126a05850a70175636f61703a2f2f61732e6578616d706c652e636f6d02656572696b77\
    037818636f61703a2f2f6c696768742e6578616d706c652e636f6d041a5612aeb0051a5610d9f0061a5610d9f00742\
    0b7158405427c1ff28d23fbad1f29c4c7c6a555e601d6fa29f9179bc3d7438bacaca5acd08c8d4d4f96131680c429a\
    01f85951ecee743a52b9b63632c57209120e1c9e30";

/// RFC 8747 section 3.2: claims with the confirmation key on P-256.
const CNF_P256: &str = "a401781a636f6170733a2f2f7365727665722e6578616d706c652e636f6d03781a636f61\
    70733a2f2f636c69656e742e6578616d706c652e6f7267041a70004b4f08a101a401022001215820d7cc072de2205b\
    dc1537a543d53c60a6acb62eccd890c7fa27c9e354089bbe13225820f95e1d4b851a2cc80fff87d8e23f22afb725d5\
    35e515d020731e79a3b4e47120";

#[test]
fn rfc_8392_es256_is_refused_for_its_algorithm() {
    let tagged = hex::decode(A_3).unwrap();
    assert_eq!(
        wire::parse(&tagged).unwrap_err(),
        DecodeError::Tagged { at: 0, tag: 18 }
    );
    // ES256 is −7 (RFC 9053 section 2.1); without the tag its value is at offset 4.
    let untagged = &tagged[1..];
    let wrong = DecodeError::WrongAlgorithm { at: 4, got: -7 };
    assert_eq!(wire::parse(untagged).unwrap_err(), wrong);
    assert_eq!(ParsedCredential::parse(untagged).unwrap_err(), wrong);
}

/// RFC 8392 appendix A.4: claims under a MAC, as `COSE_Mac0` with its tag 17 (example `CWT/A_4` of
/// the COSE working group, which leaves out `kid`).
const A_4: &str = "d18443a10104a05850a70175636f61703a2f2f61732e6578616d706c652e636f6d02656572696b77\
    037818636f61703a2f2f6c696768742e6578616d706c652e636f6d041a5612aeb0051a5610d9f006\
    1a5610d9f007420b7148093101ef6d789200";

#[test]
fn rfc_8392_mac_is_refused_for_its_tag_and_its_algorithm() {
    let whole = hex::decode(A_4).unwrap();
    let tagged = DecodeError::Tagged { at: 0, tag: 17 };
    assert_eq!(wire::parse(&whole).unwrap_err(), tagged);
    // HMAC 256/64 is 4 (RFC 9053 section 3.1).
    let wrong = DecodeError::WrongAlgorithm { at: 4, got: 4 };
    assert_eq!(wire::parse(&whole[1..]).unwrap_err(), wrong);
}

#[test]
fn rfc_8747_p256_key_is_refused_for_its_type() {
    let claims = hex::decode(CNF_P256).unwrap();
    // The COSE_Key is the last item: a map of 4 with kty, crv, x and y, 75 bytes.
    let key = claims[claims.len() - 75..].to_vec();
    assert_eq!(key[..5], [0xa4, 0x01, 0x02, 0x20, 0x01]);
    let credential = credential_with(map(&[(1, key)]), &CLAIM);
    let refused = ParsedCredential::parse(&credential).unwrap_err();
    assert!(
        matches!(refused, DecodeError::WrongKeyType { got: 2, .. }),
        "{refused}"
    );
}
