//! Numbers, names and sentences of refusals: stable, whole, and all in docs/WIRE.md once.

use std::collections::BTreeSet;

use units::{CredentialId, GateId, KeyId, Span};
use validator::{CodeKind, Language, Malformed, NotReady, Refusal, SENTENCE_BYTES_MAX};
use wire::text::TextError;
use wire::{IssuerCode, PartySize, ProductCode, RiderCategory, SignatureError, VerifyError};

fn mins(minutes: i64) -> Span {
    Span::from_secs(minutes * 60)
}

fn all(span: Span) -> Vec<(u16, &'static str, Refusal)> {
    use Refusal as R;
    let kid = KeyId::from_bytes([0xff; 4]);
    let gate = GateId::from_number(u32::MAX);
    let bad = VerifyError::Issuer(SignatureError::Mismatch);
    let id = CredentialId::from_bytes([0xff; 16]);
    let issuer = IssuerCode::from_number(u16::MAX);
    let product = ProductCode::from_number(u16::MAX);
    let category = RiderCategory::from_code(u8::MAX);
    let party = PartySize::new(u8::MAX).unwrap();
    let text = Malformed::Text(TextError::NotACode);
    let mut rows = vec![
        (101, "not_a_code", R::NotACode),
        (102, "malformed", R::Malformed(text)),
        (103, "too_long", R::TooLong { max: 484, got: 485 }),
        (110, "unknown_issuer", R::UnknownIssuer { kid }),
        (
            111,
            "issuer_key_not_in_force",
            R::IssuerKeyNotInForce { kid },
        ),
        (112, "bad_issuer_signature", R::BadIssuerSignature(bad)),
        (113, "bad_holder_signature", R::BadHolderSignature(bad)),
        (120, "not_yet_valid", R::NotYetValid { starts_in: span }),
        (121, "expired", R::Expired { ended_ago: span }),
        (122, "stale", R::Stale { age: span }),
        (123, "from_the_future", R::FromTheFuture { ahead: span }),
        (
            130,
            "other_gate",
            R::OtherGate {
                expected: gate,
                got: gate,
            },
        ),
        (
            125,
            "lives_too_long",
            R::LivesTooLong {
                max: span,
                got: span,
            },
        ),
        (
            131,
            "issuer_not_taken_here",
            R::IssuerNotTakenHere { issuer },
        ),
        (
            132,
            "product_not_taken_here",
            R::ProductNotTakenHere { product },
        ),
        (
            133,
            "category_not_taken_here",
            R::CategoryNotTakenHere { category },
        ),
        (
            134,
            "party_too_large",
            R::PartyTooLarge {
                max: party,
                got: party,
            },
        ),
        (140, "denied", R::Denied { id }),
        (150, "already_used", R::AlreadyUsed),
        (151, "party_through", R::PartyThrough { wait: span }),
    ];
    for lack in [
        NotReady::NoIssuerKeys,
        NotReady::ReplayMemoryFull,
        NotReady::ClockWentBack,
        NotReady::ClockNotProven,
    ] {
        rows.push((160, "gate_not_ready", R::GateNotReady(lack)));
    }
    for kind in [CodeKind::OneWay, CodeKind::GateBound, CodeKind::Ticket] {
        rows.push((135, "kind_not_taken_here", R::KindNotTakenHere { kind }));
    }
    rows
}

#[test]
fn numbers_and_names_are_stable() {
    for (code, name, refusal) in all(mins(4)) {
        assert_eq!((refusal.code(), refusal.name()), (code, name));
        assert_eq!(Refusal::name_of(code), Some(name));
        assert_eq!(validator::decision_name(code), name);
    }
    assert_eq!(validator::decision_name(0), "permitted");
    assert_eq!(validator::decision_name(104), "unknown");
}

#[test]
fn sentences_are_whole_with_the_longest_values() {
    for span in [
        Span::from_micros(i64::MIN),
        Span::ZERO,
        Span::from_micros(i64::MAX),
    ] {
        for (_, name, refusal) in all(span) {
            let sentence = refusal.to_string();
            assert!(
                sentence.len() <= SENTENCE_BYTES_MAX,
                "{name}: {} bytes",
                sentence.len()
            );
            assert_eq!(refusal.sentence().as_str(), sentence);
            assert!(
                sentence.ends_with(['.', '?']) && sentence.is_ascii(),
                "{sentence}"
            );
        }
    }
}

#[test]
fn every_language_says_everything_whole() {
    for span in [
        Span::from_micros(i64::MIN),
        mins(4),
        Span::from_micros(i64::MAX),
    ] {
        for (_, name, refusal) in all(span) {
            for language in [Language::Chinese, Language::Korean] {
                let sentence = refusal.sentence_in(language);
                let whole = sentence.ends_with(['。', '？', '.', '?']);
                assert!(whole, "{name} in {language:?} is cut short: {sentence}");
                assert!(!sentence.is_ascii(), "{name} in {language:?}: {sentence}");
            }
        }
    }
    let stale = Refusal::Stale { age: mins(4) };
    assert_eq!(
        stale.sentence_in(Language::Chinese).as_str(),
        "此码已生成4分钟：请刷新。若刚刷新过，则手机时钟慢了4分钟：请设为自动。"
    );
    assert_eq!(
        stale.sentence_in(Language::Korean).as_str(),
        "4분 전 코드입니다. 새로 고치세요. 새 코드라면 휴대폰 시계가 4분 느립니다. 자동 설정하세요."
    );
}

#[test]
fn a_tag_names_its_language() {
    let check = |tag: &str, language| assert_eq!(Language::of_tag(tag), language, "{tag}");
    check("zh-Hans-CN", Language::Chinese);
    check("ZH", Language::Chinese);
    check("ko_KR", Language::Korean);
    check("en-GB", Language::English);
    check("kok", Language::English);
    check("", Language::English);
}

#[test]
fn sentences_have_values_to_act_on() {
    let check = |refusal: Refusal, text: &str| assert_eq!(refusal.sentence().as_str(), text);
    check(
        Refusal::Stale { age: mins(4) },
        "This code is 4 min old: refresh it. If it is fresh, your phone's clock is 4 min slow: set \
         it to automatic.",
    );
    check(
        Refusal::FromTheFuture {
            ahead: Span::from_secs(119),
        },
        "Your phone's clock is 119 s fast: set it to automatic and refresh the code.",
    );
    check(
        Refusal::Expired {
            ended_ago: mins(3 * 60 + 59),
        },
        "This code ended 3 h ago: go online and get a new one.",
    );
    check(
        Refusal::NotYetValid {
            starts_in: mins(48 * 60),
        },
        "This code starts in 2 days: come back then.",
    );
    check(
        Refusal::UnknownIssuer {
            kid: KeyId::from_bytes(*b"zz99"),
        },
        "This gate does not know who issued this code (key 7a7a3939): is it of another city?",
    );
}

#[test]
fn the_document_lists_every_refusal_once() {
    let document = include_str!("../../../../docs/WIRE.md");
    let rows: Vec<_> = all(mins(4))
        .iter()
        .map(|(code, name, _)| format!("| {code} | `{name}` |"))
        .collect();
    for row in rows.iter().collect::<BTreeSet<_>>() {
        assert_eq!(document.matches(row.as_str()).count(), 1, "{row}");
    }
}
