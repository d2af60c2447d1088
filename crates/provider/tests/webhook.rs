//! Webhooks: one signature made with Python's hmac, everything near it refused.

use provider::stripe::webhook::{Event, WebhookError, verify};
use units::{PaymentId, Span, Timestamp};

const SECRET: &str = "whsec_test_secret";
const SIGNED: Timestamp = Timestamp::from_secs(1_546_819_200);
const BODY: &[u8] =
    br#"{"id":"evt_1","type":"payment_intent.succeeded","data":{"object":{"id":"pi_1","object":"#;
const REST: &[u8] =
    br#""payment_intent","metadata":{"payment":"0190163d-8694-739b-aea5-966c26f8ad91"}}}}"#;
/// `hmac.new(b"whsec_test_secret", b"1546819200." + body, hashlib.sha256).hexdigest()`
const HEX: &str = "17836e252f351896238d53bbec0ccd64932b17459ee49fc6904d77bf4f403299";

fn body() -> Vec<u8> {
    [BODY, REST].concat()
}

fn header() -> String {
    format!("t=1546819200,v1={HEX}")
}

#[test]
fn a_signature_of_another_implementation_is_taken() {
    let payment = PaymentId::parse("0190163d-8694-739b-aea5-966c26f8ad91").unwrap();
    let expected = Event {
        kind: "payment_intent.succeeded".to_owned(),
        payment: Some(payment),
        intent: Some("pi_1".to_owned()),
    };
    assert_eq!(
        verify(&body(), &header(), SECRET, SIGNED),
        Ok(expected.clone())
    );
    // While a secret is changed there are two signatures; other schemes are left alone.
    let two = format!("t=1546819200,v0=aa,v1={},v1={HEX}", "00".repeat(32));
    assert_eq!(verify(&body(), &two, SECRET, SIGNED), Ok(expected));
}

#[test]
fn no_bit_may_differ() {
    let body = body();
    for bit in 0..body.len() * 8 {
        let mut other = body.clone();
        other[bit / 8] ^= 1 << (bit % 8);
        let refused = verify(&other, &header(), SECRET, SIGNED);
        assert_eq!(
            refused,
            Err(WebhookError::Signature),
            "bit {bit} of the body"
        );
    }
    for bit in 0..256 {
        let mut signature = hex::decode(HEX).unwrap();
        signature[bit / 8] ^= 1 << (bit % 8);
        let header = format!("t=1546819200,v1={}", hex::encode(signature));
        let refused = verify(&body, &header, SECRET, SIGNED);
        assert_eq!(
            refused,
            Err(WebhookError::Signature),
            "bit {bit} of the signature"
        );
    }
}

#[test]
fn replayed_and_forged_ones_are_refused() {
    let at = |seconds| SIGNED.plus(Span::from_secs(seconds));
    let check = |header: &str, secret: &str, now| verify(&body(), header, secret, now);
    for seconds in [-300, 0, 300] {
        assert!(check(&header(), SECRET, at(seconds)).is_ok());
    }
    for seconds in [-301, 301, 86_400] {
        let stale = Err(WebhookError::Stale { seconds });
        assert_eq!(check(&header(), SECRET, at(seconds)), stale);
    }
    // The time is signed too: a fresh one needs another signature.
    let fresh = header().replace("1546819200", "1546819500");
    assert_eq!(check(&fresh, SECRET, at(300)), Err(WebhookError::Signature));
    assert_eq!(
        check(&header(), "whsec_other", SIGNED),
        Err(WebhookError::Signature)
    );
    assert_eq!(check(&header(), "", SIGNED), Err(WebhookError::Signature));
    for bad in ["", "v1=00", "t=x,v1=00", "t=1546819200"] {
        assert!(check(bad, SECRET, SIGNED).is_err(), "{bad}");
    }
}
