//! Objects that are almost right, each properly signed, so that only the reader can refuse them.
//! Also used by the generator of `proto/vectors`.

use ed25519_dalek::{Signer, SigningKey};

use crate::objects::{holder, issuer};

type Bytes = Vec<u8>;

/// A hostile object and the name of the `wire::DecodeError` variant it must get.
pub(crate) struct Hostile {
    pub(crate) name: &'static str,
    pub(crate) error: &'static str,
    pub(crate) bytes: Bytes,
}

/// A head in the shortest form.
fn head(major: u8, argument: u64) -> Bytes {
    let kind = major << 5;
    match argument {
        0..24 => vec![kind | u8::try_from(argument).unwrap()],
        24..0x100 => vec![kind | 0x18, u8::try_from(argument).unwrap()],
        0x100..0x1_0000 => [
            &[kind | 0x19][..],
            &u16::try_from(argument).unwrap().to_be_bytes(),
        ]
        .concat(),
        0x1_0000..0x1_0000_0000 => [
            &[kind | 0x1a][..],
            &u32::try_from(argument).unwrap().to_be_bytes(),
        ]
        .concat(),
        _ => [&[kind | 0x1b][..], &argument.to_be_bytes()].concat(),
    }
}

pub(crate) fn int(value: i64) -> Bytes {
    if value < 0 {
        head(1, (!value).unsigned_abs())
    } else {
        head(0, value.unsigned_abs())
    }
}

pub(crate) fn bstr(bytes: &[u8]) -> Bytes {
    [head(2, bytes.len() as u64), bytes.to_vec()].concat()
}

pub(crate) fn tstr(bytes: &[u8]) -> Bytes {
    [head(3, bytes.len() as u64), bytes.to_vec()].concat()
}

pub(crate) fn map(entries: &[(i64, Bytes)]) -> Bytes {
    let content = entries
        .iter()
        .flat_map(|(key, value)| [int(*key), value.clone()]);
    [head(5, entries.len() as u64), content.flatten().collect()].concat()
}

/// The four items of a `COSE_Sign1`, still to be signed.
#[derive(Clone)]
pub(crate) struct Parts {
    start: Bytes,
    pub(crate) header: Bytes,
    unprotected: Bytes,
    pub(crate) payload: Bytes,
}

impl Parts {
    fn new(header: Bytes, payload: Bytes) -> Self {
        Self {
            start: head(4, 4),
            header,
            unprotected: map(&[]),
            payload,
        }
    }

    pub(crate) fn signed(&self, key: &SigningKey) -> Bytes {
        let message = [
            b"\x84\x6aSignature1".to_vec(),
            bstr(&self.header),
            bstr(b""),
            bstr(&self.payload),
        ]
        .concat();
        self.with_signature(&key.sign(&message).to_bytes())
    }

    pub(crate) fn with_signature(&self, signature: &[u8]) -> Bytes {
        [
            self.start.clone(),
            bstr(&self.header),
            self.unprotected.clone(),
            bstr(&self.payload),
            bstr(signature),
        ]
        .concat()
    }
}

const EXP: u32 = 1_546_819_260;
const NBF: u32 = 1_546_819_200;

fn kid_header() -> Vec<(i64, Bytes)> {
    vec![(1, int(-19)), (4, bstr(b"hz01"))]
}

fn ticket_claims() -> Vec<(i64, Bytes)> {
    vec![
        (4, int(EXP.into())),
        (5, int(NBF.into())),
        (7, bstr(b"ticket-id-000001")),
        (-65_537, bstr(&[3, 2, 1, 2])),
    ]
}

fn ticket_parts() -> Parts {
    Parts::new(map(&kid_header()), map(&ticket_claims()))
}

fn ticket_with_header(change: impl FnOnce(&mut Vec<(i64, Bytes)>)) -> Bytes {
    let mut header = kid_header();
    change(&mut header);
    Parts::new(map(&header), map(&ticket_claims())).signed(&issuer())
}

fn ticket_with_claims(change: impl FnOnce(&mut Vec<(i64, Bytes)>)) -> Bytes {
    let mut claims = ticket_claims();
    change(&mut claims);
    Parts::new(map(&kid_header()), map(&claims)).signed(&issuer())
}

/// A ticket in which the claims map is these bytes.
fn ticket_with_payload(payload: Bytes) -> Bytes {
    Parts::new(map(&kid_header()), payload).signed(&issuer())
}

pub(crate) fn cose_key(kty: i64, crv: i64, x: &[u8]) -> Bytes {
    map(&[(1, int(kty)), (-1, int(crv)), (-2, bstr(x))])
}

/// A properly signed credential with this `cnf` and private claim.
pub(crate) fn credential_with(cnf: Bytes, claim: &[u8]) -> Bytes {
    let claims = [
        (4, int(i64::from(NBF) + 18 * 3600)),
        (7, bstr(b"credential-id-01")),
        (8, cnf),
        (-65_537, bstr(claim)),
    ];
    Parts::new(map(&kid_header()), map(&claims)).signed(&issuer())
}

/// The private claim of the good credential.
pub(crate) const CLAIM: [u8; 5] = [3, 2, 1, 2, 24];

fn holder_x() -> [u8; 32] {
    holder().verifying_key().to_bytes()
}

fn good_cnf() -> Bytes {
    map(&[(1, cose_key(1, 6, &holder_x()))])
}

/// A presentation of these bytes as `kcwt`, with these claims.
pub(crate) fn presentation_parts(kcwt: Bytes, claims: &[(i64, Bytes)]) -> Parts {
    Parts::new(map(&[(1, int(-19)), (13, kcwt)]), map(claims))
}

fn presentation_of(kcwt: Bytes) -> Bytes {
    presentation_parts(kcwt, &[(6, int(NBF.into()))]).signed(&holder())
}

fn presentation_with_claims(claims: &[(i64, Bytes)]) -> Bytes {
    presentation_parts(credential_with(good_cnf(), &CLAIM), claims).signed(&holder())
}

/// `whole` with its first `old` replaced.
fn replace(whole: &[u8], old: &[u8], new: &[u8]) -> Bytes {
    let at = whole
        .windows(old.len())
        .position(|window| window == old)
        .unwrap();
    [&whole[..at], new, &whole[at + old.len()..]].concat()
}

/// What is built here without a change must be the good ticket and the good presentation.
pub(crate) fn unchanged() -> [Bytes; 2] {
    [
        ticket_parts().signed(&issuer()),
        presentation_with_claims(&[(6, int(NBF.into()))]),
    ]
}

/// All hostile objects.
pub(crate) fn all() -> Vec<Hostile> {
    [
        lengths(),
        encodings(),
        kinds(),
        order(),
        shapes(),
        claims(),
        headers(),
        credentials(),
        confirmations(),
        values(),
    ]
    .into_iter()
    .flatten()
    .map(|(name, error, bytes)| Hostile { name, error, bytes })
    .collect()
}

type Rows = Vec<(&'static str, &'static str, Bytes)>;

fn lengths() -> Rows {
    let ticket = ticket_parts().signed(&issuer());
    vec![
        ("nothing", "Truncated", vec![]),
        (
            "ticket_last_byte_cut",
            "Truncated",
            ticket[..ticket.len() - 1].to_vec(),
        ),
        ("ticket_cut_in_half", "Truncated", ticket[..60].to_vec()),
        (
            "ticket_and_a_zero",
            "TrailingBytes",
            [&ticket[..], &[0]].concat(),
        ),
        (
            "ticket_twice",
            "TrailingBytes",
            [&ticket[..], &ticket].concat(),
        ),
        (
            "length_beyond_all_memory",
            "Truncated",
            [&[0x84, 0x5b][..], &[0xff; 8]].concat(),
        ),
        (
            "array_of_2_to_the_64",
            "Truncated",
            [&[0x9b][..], &[0xff; 8]].concat(),
        ),
    ]
}

fn encodings() -> Rows {
    let good = map(&ticket_claims());
    let exp = int(EXP.into());
    let exp_with = |new: &[u8]| ticket_with_payload(replace(&good, &exp, new));
    let restarted = |start: &[u8]| Parts {
        start: start.to_vec(),
        ..ticket_parts()
    };
    let header = |bytes: &[u8]| Parts {
        header: bytes.to_vec(),
        ..ticket_parts()
    };
    let whole = ticket_parts().signed(&issuer());
    let bstr_41 = |new: &[u8]| replace(&whole, &[0x58, 0x29], new);
    let wide_exp = [&[0x1b, 0, 0, 0, 0][..], &EXP.to_be_bytes()].concat();
    vec![
        ("exp_in_nine_bytes", "NotShortest", exp_with(&wide_exp)),
        ("claims_count_in_two_bytes", "NotShortest", {
            ticket_with_payload(replace(&good, &[0xa4], &[0xb8, 4]))
        }),
        (
            "array_count_in_two_bytes",
            "NotShortest",
            restarted(&[0x98, 4]).signed(&issuer()),
        ),
        (
            "payload_length_in_three_bytes",
            "NotShortest",
            bstr_41(&[0x59, 0, 0x29]),
        ),
        ("label_alg_in_two_bytes", "NotShortest", {
            header(b"\xa2\x18\x01\x32\x04\x44hz01").signed(&issuer())
        }),
        ("alg_in_two_bytes", "NotShortest", {
            header(b"\xa2\x01\x38\x12\x04\x44hz01").signed(&issuer())
        }),
        ("array_of_indefinite_length", "Indefinite", {
            [restarted(&[0x9f]).signed(&issuer()), vec![0xff]].concat()
        }),
        ("claims_of_indefinite_length", "Indefinite", {
            ticket_with_payload([&[0xbf][..], &good[1..], &[0xff]].concat())
        }),
        ("cti_in_chunks", "Indefinite", {
            let cti = bstr(b"ticket-id-000001");
            let chunks = [&[0x5f][..], &cti, &[0xff]].concat();
            ticket_with_payload(replace(&good, &cti, &chunks))
        }),
    ]
}

fn kinds() -> Rows {
    let good = map(&ticket_claims());
    let exp = int(EXP.into());
    let exp_with = |new: &[u8]| ticket_with_payload(replace(&good, &exp, new));
    let whole = ticket_parts().signed(&issuer());
    vec![
        ("exp_with_reserved_info", "Reserved", exp_with(&[0x1c])),
        ("exp_as_float", "FloatOrSimple", {
            exp_with(&[&[0xfb][..], &f64::from(EXP).to_be_bytes()].concat())
        }),
        ("exp_null", "FloatOrSimple", exp_with(&[0xf6])),
        ("payload_detached", "FloatOrSimple", {
            replace(&whole, &bstr(&good), &[0xf6])
        }),
        (
            "exp_tagged_as_time",
            "Tagged",
            exp_with(&[&[0xc1][..], &exp].concat()),
        ),
        (
            "tagged_cose_sign1",
            "Tagged",
            [&[0xd2][..], &whole].concat(),
        ),
        (
            "tagged_cwt",
            "Tagged",
            [&[0xd8, 0x3d, 0xd2][..], &whole].concat(),
        ),
        ("arrays_in_arrays", "TooDeep", vec![0x81; 200]),
        (
            "exp_deep_in_arrays",
            "TooDeep",
            exp_with(&[0x81, 0x81, 0x81, 0x81, 0x81, 0x00]),
        ),
    ]
}

fn order() -> Rows {
    vec![
        (
            "claims_out_of_order",
            "KeyOrder",
            ticket_with_claims(|claims| claims.swap(0, 1)),
        ),
        (
            "private_claim_first",
            "KeyOrder",
            ticket_with_claims(|claims| claims.rotate_right(1)),
        ),
        (
            "header_out_of_order",
            "KeyOrder",
            ticket_with_header(|header| header.swap(0, 1)),
        ),
        ("cnf_out_of_order", "KeyOrder", {
            let key = map(&[(-1, int(6)), (1, int(1)), (-2, bstr(&holder_x()))]);
            presentation_of(credential_with(map(&[(1, key)]), &CLAIM))
        }),
        ("exp_twice", "RepeatedKey", {
            ticket_with_claims(|claims| claims.insert(1, (4, int(EXP.into()))))
        }),
        ("alg_twice", "RepeatedKey", {
            ticket_with_header(|header| header.insert(1, (1, int(-19))))
        }),
    ]
}

fn shapes() -> Rows {
    let whole = ticket_parts().signed(&issuer());
    let three = Parts {
        start: head(4, 3),
        ..ticket_parts()
    }
    .signed(&issuer());
    let short_signature = ticket_parts().with_signature(&[1; 63]);
    let no_signature = three[..three.len() - 66].to_vec();
    vec![
        ("a_map_not_an_array", "WrongType", map(&[])),
        ("array_of_three", "WrongLength", no_signature),
        ("header_not_in_a_byte_string", "WrongType", {
            replace(&whole, &bstr(&map(&kid_header())), &map(&kid_header()))
        }),
        (
            "header_empty",
            "Truncated",
            Parts::new(vec![], map(&ticket_claims())).signed(&issuer()),
        ),
        ("payload_a_text", "WrongType", {
            replace(&whole, &bstr(&map(&ticket_claims())), &tstr(b"claims"))
        }),
        (
            "payload_an_array",
            "WrongType",
            ticket_with_payload(head(4, 0)),
        ),
        ("payload_with_a_byte_after_it", "TrailingBytes", {
            ticket_with_payload([map(&ticket_claims()), vec![0]].concat())
        }),
        ("signature_of_63_bytes", "WrongLength", short_signature),
        (
            "signature_of_65_bytes",
            "WrongLength",
            ticket_parts().with_signature(&[1; 65]),
        ),
        ("kid_of_eight_bytes", "WrongLength", {
            ticket_with_header(|header| header[1].1 = bstr(b"hz01hz01"))
        }),
        ("cti_of_eight_bytes", "WrongLength", {
            ticket_with_claims(|claims| claims[2].1 = bstr(b"ticket-1"))
        }),
        ("claim_of_five_bytes_in_a_ticket", "WrongLength", {
            ticket_with_claims(|claims| claims[3].1 = bstr(&CLAIM))
        }),
    ]
}

fn claims() -> Rows {
    vec![
        (
            "exp_a_text",
            "WrongType",
            ticket_with_claims(|claims| claims[0].1 = tstr(b"soon")),
        ),
        (
            "exp_negative",
            "WrongType",
            ticket_with_claims(|claims| claims[0].1 = int(-70_000)),
        ),
        ("a_text_key", "WrongType", {
            let good = map(&ticket_claims());
            let key = tstr(b"x");
            let entries = [&[0xa5][..], &good[1..], &key, &[0]].concat();
            ticket_with_payload(entries)
        }),
        (
            "nbf_missing",
            "UnexpectedKey",
            ticket_with_claims(|claims| drop(claims.remove(1))),
        ),
        (
            "private_claim_missing",
            "MissingKey",
            ticket_with_claims(|claims| drop(claims.pop())),
        ),
        ("claims_empty", "MissingKey", ticket_with_claims(Vec::clear)),
        ("iss_added", "UnexpectedKey", {
            ticket_with_claims(|claims| claims.insert(0, (1, tstr(b"hz"))))
        }),
        ("private_claim_added", "ExtraKey", {
            ticket_with_claims(|claims| claims.push((-65_538, int(0))))
        }),
    ]
}

fn headers() -> Rows {
    let alg = |alg| ticket_with_header(|header| header[0].1 = int(alg));
    vec![
        ("alg_eddsa", "WrongAlgorithm", alg(-8)),
        ("alg_es256", "WrongAlgorithm", alg(-7)),
        ("alg_hmac", "WrongAlgorithm", alg(5)),
        (
            "alg_a_text",
            "WrongType",
            ticket_with_header(|header| header[0].1 = tstr(b"EdDSA")),
        ),
        (
            "alg_missing",
            "UnexpectedKey",
            ticket_with_header(|header| drop(header.remove(0))),
        ),
        (
            "kid_missing",
            "MissingKey",
            ticket_with_header(|header| drop(header.pop())),
        ),
        ("crit", "CriticalHeader", {
            let crit = [head(4, 1), int(-70_000)].concat();
            ticket_with_header(|header| {
                header.insert(1, (2, crit));
                header.push((-70_000, int(0)));
            })
        }),
        ("content_type_added", "UnexpectedKey", {
            ticket_with_header(|header| header.insert(1, (3, int(61))))
        }),
        ("kid_and_kcwt", "ExtraKey", {
            ticket_with_header(|header| header.push((13, int(0))))
        }),
        ("alg_unprotected_too", "UnprotectedHeader", {
            Parts {
                unprotected: map(&[(1, int(-19))]),
                ..ticket_parts()
            }
            .signed(&issuer())
        }),
    ]
}

fn credentials() -> Rows {
    let good = credential_with(good_cnf(), &CLAIM);
    vec![
        ("credential_alone", "CredentialAlone", good.clone()),
        (
            "credential_in_a_byte_string",
            "WrongType",
            presentation_of(bstr(&good)),
        ),
        (
            "credential_tagged",
            "Tagged",
            presentation_of([vec![0xd2], good.clone()].concat()),
        ),
        (
            "ticket_as_credential",
            "UnexpectedKey",
            presentation_of(unchanged_ticket()),
        ),
        ("claim_added_to_a_credential", "ExtraKey", {
            let claims = [
                (4, int(i64::from(NBF) + 18 * 3600)),
                (7, bstr(b"credential-id-01")),
                (8, good_cnf()),
                (-65_537, bstr(&CLAIM)),
                (-65_538, int(0)),
            ];
            presentation_of(Parts::new(map(&kid_header()), map(&claims)).signed(&issuer()))
        }),
        ("label_added_to_a_presentation", "ExtraKey", {
            let header = map(&[(1, int(-19)), (13, good), (15, map(&[]))]);
            Parts::new(header, map(&[(6, int(NBF.into()))])).signed(&holder())
        }),
        ("life_of_no_hours", "OutOfRange", {
            presentation_of(credential_with(good_cnf(), &[3, 2, 1, 2, 0]))
        }),
        ("credential_for_nobody", "OutOfRange", {
            presentation_of(credential_with(good_cnf(), &[3, 0, 1, 2, 24]))
        }),
    ]
}

fn confirmations() -> Rows {
    let p256 = map(&[
        (1, int(2)),
        (-1, int(1)),
        (-2, bstr(&[7; 32])),
        (-3, bstr(&[9; 32])),
    ]);
    let with_cnf = |cnf| presentation_of(credential_with(cnf, &CLAIM));
    vec![
        ("cnf_p256", "WrongKeyType", with_cnf(map(&[(1, p256)]))),
        (
            "cnf_ed448",
            "WrongCurve",
            with_cnf(map(&[(1, cose_key(1, 7, &holder_x()))])),
        ),
        (
            "cnf_x25519",
            "WrongCurve",
            with_cnf(map(&[(1, cose_key(1, 4, &holder_x()))])),
        ),
        (
            "cnf_short_x",
            "WrongLength",
            with_cnf(map(&[(1, cose_key(1, 6, &holder_x()[..31]))])),
        ),
        (
            "cnf_kid_only",
            "UnexpectedKey",
            with_cnf(map(&[(3, bstr(b"key"))])),
        ),
        ("cnf_with_private_key", "ExtraKey", {
            let key = map(&[
                (1, int(1)),
                (-1, int(6)),
                (-2, bstr(&holder_x())),
                (-4, bstr(&[1; 8])),
            ]);
            with_cnf(map(&[(1, key)]))
        }),
        ("cnf_with_a_kid_too", "ExtraKey", {
            with_cnf(map(&[(1, cose_key(1, 6, &holder_x())), (3, bstr(b"key"))]))
        }),
    ]
}

fn unchanged_ticket() -> Bytes {
    ticket_parts().signed(&issuer())
}

fn values() -> Rows {
    let iat = int(NBF.into());
    let for_gate = |name: &[u8]| presentation_with_claims(&[(3, tstr(name)), (6, iat.clone())]);
    vec![
        ("exp_below_two_to_the_16", "OutOfRange", {
            ticket_with_claims(|claims| claims[0].1 = int(65_535))
        }),
        ("exp_beyond_32_bits", "OutOfRange", {
            ticket_with_claims(|claims| claims[0].1 = int(1 << 32))
        }),
        (
            "nbf_zero",
            "OutOfRange",
            ticket_with_claims(|claims| claims[1].1 = int(0)),
        ),
        ("ticket_for_nobody", "OutOfRange", {
            ticket_with_claims(|claims| claims[3].1 = bstr(&[3, 0, 1, 2]))
        }),
        (
            "iat_missing",
            "MissingKey",
            presentation_with_claims(&[(3, tstr(b"0000002a"))]),
        ),
        (
            "iat_below_two_to_the_16",
            "OutOfRange",
            presentation_with_claims(&[(6, int(1))]),
        ),
        ("exp_in_a_presentation", "UnexpectedKey", {
            presentation_with_claims(&[(4, int(EXP.into())), (6, iat.clone())])
        }),
        ("cti_added_to_a_presentation", "ExtraKey", {
            presentation_with_claims(&[(6, iat.clone()), (7, bstr(b"presentation-001"))])
        }),
        ("aud_in_capitals", "NotAGate", for_gate(b"0000002A")),
        ("aud_of_seven_digits", "NotAGate", for_gate(b"000002a")),
        ("aud_not_utf8", "NotUtf8", for_gate(b"000000\xc3\x28")),
        ("aud_bytes", "WrongType", {
            presentation_with_claims(&[(3, bstr(b"0000002a")), (6, iat.clone())])
        }),
    ]
}
