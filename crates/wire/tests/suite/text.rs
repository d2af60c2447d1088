//! The text form: RFC 9285 and one text per byte string.

use proptest::prelude::*;
use wire::text::{CODE_TEXT_MAX, CodeBuffer, TextError, decode, encode};

use crate::objects::codes;

fn bytes_of(text: &str) -> Result<Vec<u8>, TextError> {
    decode(text.as_bytes(), &mut CodeBuffer::new()).map(<[u8]>::to_vec)
}

#[test]
fn rfc_9285_examples() {
    // RFC 9285 sections 4.3 and 4.4.
    for (plain, base45) in [
        ("AB", "BB8"),
        ("Hello!!", "%69 VD92EX0"),
        ("base-45", "UJCLQE7W581"),
        ("ietf!", "QED8WEX0"),
    ] {
        let text = format!("FG1:{base45}");
        assert_eq!(encode(plain.as_bytes()).unwrap().as_str(), text);
        assert_eq!(bytes_of(&text).unwrap(), plain.as_bytes());
    }
    // RFC 9285 section 6: the largest group, and the first one too large.
    assert_eq!(bytes_of("FG1:FGW").unwrap(), [0xff, 0xff]);
    let too_large = TextError::Group {
        at: 4,
        max: 65_535,
        got: 65_536,
    };
    assert_eq!(bytes_of("FG1:GGW"), Err(too_large));
}

#[test]
fn texts_that_no_encoder_makes() {
    let check = |text: &str, error| assert_eq!(bytes_of(text), Err(error), "{text:?}");
    check("FG1:A", TextError::Length { at: 4 });
    check("FG1:BB8A", TextError::Length { at: 7 });
    check(
        "FG1::::",
        TextError::Group {
            at: 4,
            max: 65_535,
            got: 91_124,
        },
    );
    check(
        "FG1:::",
        TextError::Group {
            at: 4,
            max: 255,
            got: 2024,
        },
    );
    // 255 is "U5" (30 + 5 × 45); "V5" is 256.
    assert_eq!(bytes_of("FG1:U5").unwrap(), [255]);
    check(
        "FG1:V5",
        TextError::Group {
            at: 4,
            max: 255,
            got: 256,
        },
    );
    check("FG1:bb8", TextError::Character { at: 4, got: b'b' });
    check("FG1:BB8\n", TextError::Character { at: 7, got: b'\n' });
    check("FG1:BÄ8", TextError::Character { at: 5, got: 0xc3 });
    for other in [
        "",
        "FG1",
        "fg1:BB8",
        "FG2:BB8",
        " FG1:BB8",
        "HC1:BB8",
        "https://example.org",
    ] {
        check(other, TextError::NotACode);
    }
    let long = format!("FG1:{}", "0".repeat(CODE_TEXT_MAX - 3));
    check(&long, TextError::TooLong { max: 484, got: 485 });
    assert_eq!(bytes_of(&long[..CODE_TEXT_MAX]).unwrap(), [0; 320]);
    assert_eq!(
        encode(&[0; 321]),
        Err(TextError::TooLong { max: 320, got: 321 })
    );
    assert_eq!(encode(&[0xff; 320]).unwrap().len(), CODE_TEXT_MAX);
}

#[test]
fn all_groups_of_three_and_two_have_one_text() {
    let mut pairs = 0;
    for number in 0..=65_535u16 {
        let bytes = number.to_be_bytes();
        assert_eq!(bytes_of(&encode(&bytes).unwrap()).unwrap(), bytes);
        pairs += 1;
    }
    for byte in 0..=255u8 {
        assert_eq!(bytes_of(&encode(&[byte]).unwrap()).unwrap(), [byte]);
    }
    assert_eq!(pairs, 65_536);
}

#[test]
fn no_code_has_a_second_text_one_character_away() {
    for (name, bytes) in codes() {
        let text = encode(&bytes).unwrap();
        for at in 0..text.len() {
            for other in 0..=255u8 {
                let mut changed = text.as_bytes().to_vec();
                if changed[at] == other {
                    continue;
                }
                changed[at] = other;
                let mut buffer = CodeBuffer::new();
                if let Ok(decoded) = decode(&changed, &mut buffer) {
                    assert_ne!(decoded, bytes, "{name}: character {at} changed to {other}");
                }
            }
        }
    }
}

proptest! {
    #[test]
    fn bytes_come_back(bytes in proptest::collection::vec(any::<u8>(), 0..=320)) {
        prop_assert_eq!(bytes_of(&encode(&bytes).unwrap()).unwrap(), bytes);
    }

    #[test]
    fn a_text_that_decodes_is_the_one_text(
        text in "[0-9A-Z $%*+./:-]{0,480}",
    ) {
        let text = format!("FG1:{text}");
        if let Ok(bytes) = bytes_of(&text) {
            let again = encode(&bytes).unwrap();
            prop_assert_eq!(again.as_str(), text);
        }
    }

    #[test]
    fn any_bytes_get_an_answer(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        let _ = decode(&bytes, &mut CodeBuffer::new());
    }
}
