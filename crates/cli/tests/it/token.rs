//! `faregate token inspect`: text, PNG, JPEG, and what is none of these.

use std::io::Cursor;
use std::path::Path;

use ed25519_dalek::{Signer as _, SigningKey};
use serde_json::{Value, json};
use units::{CredentialId, KeyId, Timestamp};
use wire::{Entitlement, PartySize, ProductCode, RiderCategory, TicketClaims};

use crate::support::{failure, faregate, json as run};

const KID: KeyId = KeyId::from_bytes(*b"hz01");

fn ticket(secret: &SigningKey) -> String {
    let claims = TicketClaims {
        id: CredentialId::from_bytes([0x11; 16]),
        starts: Timestamp::from_secs(1_546_819_200),
        expires: Timestamp::from_secs(1_546_819_260),
        entitlement: Entitlement {
            category: RiderCategory::from_code(3),
            party: PartySize::new(2).unwrap(),
            product: ProductCode::from_number(258),
        },
    };
    let bytes = claims
        .sign(KID, |message| secret.sign(message).to_bytes())
        .unwrap();
    wire::text::encode(&bytes).unwrap().to_string()
}

fn inspect(code: impl AsRef<std::ffi::OsStr>) -> std::process::Command {
    let mut command = faregate();
    command.args(["token", "inspect", "--json"]).arg(code);
    command
}

fn write_keys(path: &Path, secret: &SigningKey) {
    let listed = api::IssuerKeysResponse {
        keys: vec![api::IssuerKeyBody {
            kid: api::Text(KID),
            public_key: api::Base64Url(secret.verifying_key().to_bytes()),
            not_before: api::Rfc3339(Timestamp::from_secs(1_546_000_000)),
            not_after: api::Rfc3339(Timestamp::from_secs(1_547_000_000)),
        }],
    };
    std::fs::write(path, serde_json::to_vec(&listed).unwrap()).unwrap();
}

fn check_ticket(seen: &Value) {
    let expected = json!({
        "kind": "ticket",
        "kid": "687a3031",
        "credential_id": "11111111-1111-1111-1111-111111111111",
        "starts_at": "2019-01-07T00:00:00Z",
        "expires_at": "2019-01-07T00:01:00Z",
        "category": 3,
        "party": 2,
        "product": 258,
    });
    for (key, value) in expected.as_object().unwrap() {
        assert_eq!(&seen[key], value, "{key}: {seen:#}");
    }
}

#[test]
fn a_code_is_read_from_text_png_and_jpeg() {
    let folder = tempfile::tempdir().unwrap();
    let secret = SigningKey::from_bytes(&[7; 32]);
    let text = ticket(&secret);
    let seen = run(&mut inspect(&text));
    check_ticket(&seen);
    assert_eq!(
        (&seen["source"], &seen["signatures"]),
        (&json!("text"), &json!("not_checked"))
    );

    let png = issuer::picture::png(&text).unwrap();
    let png_path = folder.path().join("code.png");
    std::fs::write(&png_path, &png).unwrap();
    let seen = run(&mut inspect(&png_path));
    check_ticket(&seen);
    assert_eq!(seen["source"], "picture");

    let jpeg_path = folder.path().join("code.jpeg");
    let mut jpeg = Cursor::new(Vec::new());
    let picture = image::load_from_memory(&png).unwrap().to_luma8();
    picture
        .write_to(&mut jpeg, image::ImageFormat::Jpeg)
        .unwrap();
    std::fs::write(&jpeg_path, jpeg.get_ref()).unwrap();
    check_ticket(&run(&mut inspect(&jpeg_path)));
}

#[test]
fn signatures_are_checked_with_the_issuer_s_keys() {
    let folder = tempfile::tempdir().unwrap();
    let secret = SigningKey::from_bytes(&[7; 32]);
    let keys = folder.path().join("keys.json");
    write_keys(&keys, &secret);
    let seen = run(inspect(ticket(&secret)).arg("--keys").arg(&keys));
    assert_eq!(seen["signatures"], "good");

    let forged = ticket(&SigningKey::from_bytes(&[8; 32]));
    let output = inspect(forged).arg("--keys").arg(&keys).output().unwrap();
    assert_eq!(
        output.status.code(),
        Some(1),
        "a bad signature is no success"
    );
    let seen: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(seen["signatures"], "bad_issuer_signature");
}

#[test]
fn what_is_no_code_is_refused_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let check = |code: &std::ffi::OsStr, expected: &str| {
        let said = failure(&mut inspect(code));
        assert!(said.contains(expected), "{said:?} lacks {expected:?}");
    };
    check("hello".as_ref(), "FG1:");
    check("FG1:AB?".as_ref(), "character");
    check("FG1:00".as_ref(), "byte");
    check("nowhere.png".as_ref(), "nowhere.png");
    let broken = folder.path().join("broken.png");
    std::fs::write(&broken, b"\x89PNG\r\n\x1a\n").unwrap();
    check(broken.as_os_str(), "broken.png");
    let empty = folder.path().join("empty.png");
    image::GrayImage::from_pixel(64, 64, image::Luma([255]))
        .save(&empty)
        .unwrap();
    check(empty.as_os_str(), "no QR code");
}
