//! Tests of the key file: times of rotation, what the bytes hide, what is refused on opening.

use std::os::unix::fs::PermissionsExt as _;
use std::sync::atomic::{AtomicU8, Ordering};

use secrecy::SecretString;

use super::*;

const NOW: Timestamp = Timestamp::from_secs(1_546_819_200);
const LIVES: KeyLives = KeyLives {
    signing: Span::from_secs(1000),
    longest_code: Span::from_secs(100),
};

/// Each call fills with the next number, so every key is another.
fn counting() -> impl Fn(&mut [u8]) + Send + Sync {
    let next = AtomicU8::new(0xa0);
    move |bytes: &mut [u8]| bytes.fill(next.fetch_add(1, Ordering::Relaxed))
}

fn secs(secs: i64) -> Timestamp {
    NOW.plus(Span::from_secs(secs))
}

fn passphrase(text: &str) -> SecretString {
    SecretString::from(text)
}

fn times(file: &KeyFile) -> Vec<(i64, i64, i64)> {
    let since = |time: Timestamp| time.since(NOW).as_secs();
    file.keys()
        .iter()
        .map(|key| {
            (
                since(key.not_before),
                since(key.sign_until),
                since(key.trusted_until),
            )
        })
        .collect()
}

#[test]
fn rotation_overlaps() {
    let chance = counting();
    let mut file = KeyFile::create(NOW, &LIVES, &chance).unwrap();
    assert_eq!(times(&file), [(0, 1000, 1100)]);
    let old = file.keys()[0].kid();
    let new = file
        .rotate(secs(500), Span::from_secs(60), &LIVES, &chance)
        .unwrap();
    assert_eq!(times(&file), [(0, 560, 660), (560, 1560, 1660)]);
    let ring = file.to_ring().unwrap();
    let signing = |at: i64| ring.signing_at(secs(at)).map(|key| key.public().kid());
    assert_eq!((signing(559), signing(560)), (Some(old), Some(new)));
    let trusted = |at: i64| {
        ring.trusted_at(secs(at))
            .map(IssuerKey::kid)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        trusted(500),
        [old, new],
        "the new key is announced before it signs"
    );
    assert_eq!(
        trusted(659),
        [old, new],
        "the old key's last code has not expired"
    );
    assert_eq!(trusted(660), [new]);
}

#[test]
fn a_second_rotation_waits_for_the_first() {
    let chance = counting();
    let mut file = KeyFile::create(NOW, &LIVES, &chance).unwrap();
    let kid = file
        .rotate(NOW, Span::from_secs(60), &LIVES, &chance)
        .unwrap();
    let before = times(&file);
    let early = file.rotate(secs(1), Span::from_secs(59), &LIVES, &chance);
    assert_eq!(early, Err(KeyFileError::RotationPending { kid }));
    let back = file.rotate(secs(1), Span::from_secs(-1), &LIVES, &chance);
    assert_eq!(back, Err(KeyFileError::BadTimes));
    assert_eq!(times(&file), before, "a refused rotation changes nothing");
    file.rotate(secs(1), Span::from_secs(60), &LIVES, &chance)
        .unwrap();
    assert_eq!(
        times(&file),
        [(0, 60, 160), (60, 61, 161), (61, 1061, 1161)]
    );
}

#[test]
fn a_withdrawn_key_ends_at_once() {
    let chance = counting();
    let mut file = KeyFile::create(NOW, &LIVES, &chance).unwrap();
    let stolen = file.keys()[0].kid();
    file.rotate(secs(10), Span::ZERO, &LIVES, &chance).unwrap();
    file.withdraw(stolen, secs(10)).unwrap();
    assert_eq!(times(&file), [(0, 10, 10), (10, 1010, 1110)]);
    let announced = file
        .rotate(secs(20), Span::from_secs(60), &LIVES, &chance)
        .unwrap();
    file.withdraw(announced, secs(30)).unwrap();
    let ring = file.to_ring().unwrap();
    let trusted: Vec<_> = ring.trusted_at(secs(31)).map(IssuerKey::kid).collect();
    assert_eq!(trusted, [file.keys()[1].kid()]);
    let kid = KeyId::from_bytes([0; 4]);
    assert_eq!(
        file.withdraw(kid, NOW),
        Err(KeyFileError::NoSuchKey { kid })
    );
}

#[test]
fn a_key_id_is_the_hash_of_its_key_and_never_twice() {
    let mut file = KeyFile::create(NOW, &LIVES, &|bytes: &mut [u8]| bytes.fill(7)).unwrap();
    // sha256(Ed25519 public key of seed 0707…07), first four bytes: an independent computation.
    assert_eq!(file.keys()[0].kid().to_string(), "fe812c12");
    let stuck = file.rotate(NOW, Span::ZERO, &LIVES, &|bytes: &mut [u8]| bytes.fill(7));
    assert_eq!(stuck, Err(KeyFileError::NoNewKey));
    let chance = counting();
    for step in 1..KEYS_MAX {
        let at = secs(i64::try_from(step).unwrap());
        file.rotate(at, Span::ZERO, &LIVES, &chance).unwrap();
    }
    let full = file.rotate(secs(5000), Span::ZERO, &LIVES, &chance);
    assert_eq!(full, Err(KeyFileError::TooManyKeys));
}

#[test]
fn sealed_and_opened_it_is_the_same_file() {
    let chance = counting();
    let mut file = KeyFile::create(NOW, &LIVES, &chance).unwrap();
    file.rotate(NOW, Span::from_secs(60), &LIVES, &chance)
        .unwrap();
    let sealed = file
        .seal(&passphrase("right"), WorkFactor::FOR_TESTS)
        .unwrap();
    let opened = KeyFile::open(&sealed, &passphrase("right")).unwrap();
    assert_eq!(times(&opened), times(&file));
    for (ours, theirs) in file.keys().iter().zip(opened.keys()) {
        assert_eq!((ours.kid, *ours.seed.0), (theirs.kid, *theirs.seed.0));
    }
    assert_eq!(
        opened.challenge_secret.as_bytes(),
        file.challenge_secret.as_bytes()
    );
    let wrong = KeyFile::open(&sealed, &passphrase("wrong")).unwrap_err();
    insta::assert_snapshot!(
        wrong, @"the key file does not open: wrong passphrase, or not a key file"
    );
    for at in [0, sealed.len() / 2, sealed.len() - 1] {
        let mut bytes = sealed.clone();
        bytes[at] ^= 1;
        assert!(
            KeyFile::open(&bytes, &passphrase("right")).is_err(),
            "byte {at}"
        );
    }
    assert!(KeyFile::open(&sealed[..sealed.len() - 1], &passphrase("right")).is_err());
    assert!(KeyFile::open(b"", &passphrase("right")).is_err());
}

#[test]
fn the_bytes_are_an_age_file_and_hide_the_seeds() {
    let file = KeyFile::create(NOW, &LIVES, &counting()).unwrap();
    let sealed = file.seal(&passphrase("p"), WorkFactor::FOR_TESTS).unwrap();
    assert!(sealed.starts_with(b"age-encryption.org/v1\n-> scrypt "));
    // The stanza ends with the exponent of the work factor (age-encryption.org/v1).
    for log_n in [1, 3] {
        let work = WorkFactor::new(log_n).unwrap();
        let sealed = file.seal(&passphrase("p"), work).unwrap();
        let text = String::from_utf8_lossy(&sealed);
        let stanza = text.lines().nth(1).unwrap().to_owned();
        assert!(stanza.ends_with(&format!(" {log_n}")), "{stanza}");
    }
    assert_eq!((WorkFactor::new(0), WorkFactor::new(25)), (None, None));
    // Challenge secret a0a0…, seed a1a1…, raw and as base64url.
    for secret in [&[0xa0; 8][..], &[0xa1; 8], b"oKCgoKCg", b"oaGhoaGh"] {
        assert!(!sealed.windows(8).any(|window| window == secret));
    }
}

#[test]
fn secrets_show_in_no_debug() {
    let file = KeyFile::create(NOW, &LIVES, &|bytes: &mut [u8]| bytes.fill(7)).unwrap();
    insta::assert_snapshot!(format!("{file:#?}"), @r"
    KeyFile {
        challenge_secret: ChallengeSecret(..),
        keys: [
            FileKey {
                kid: KeyId(fe812c12),
                seed: Seed(..),
                not_before: Timestamp(
                    1546819200000000,
                ),
                sign_until: Timestamp(
                    1546820200000000,
                ),
                trusted_until: Timestamp(
                    1546820300000000,
                ),
            },
        ],
    }
    ");
}

/// A file that our own `seal` would not write, encrypted under "p".
fn forged(json: &str) -> Vec<u8> {
    let mut recipient = age::scrypt::Recipient::new(passphrase("p"));
    recipient.set_work_factor(1);
    age::encrypt(&recipient, json.as_bytes()).unwrap()
}

#[test]
fn content_is_checked_on_opening_and_errors_hold_no_secret() {
    let key = |kid: &str, start: &str| {
        format!(
            r#"{{"kid":"{kid}","seed":"BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc","not_before":
            "{start}","sign_until":"2019-02-01T00:00:00Z","trusted_until":"2019-03-01T00:00:00Z"}}"#
        )
    };
    let content = |format: u32, keys: &str| {
        format!(
            r#"{{"format":{format},"challenge_secret":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
            "keys":[{keys}]}}"#
        )
    };
    let open = |json: &str| KeyFile::open(&forged(json), &passphrase("p"));
    let good = key("fe812c12", "2019-01-01T00:00:00Z");
    assert_eq!(open(&content(1, &good)).unwrap().keys().len(), 1);

    let check = |json: &str, words: &str| {
        let error = open(json).unwrap_err();
        let text = format!("{error} {error:?}");
        assert!(text.contains(words), "{text}");
        assert!(!text.contains("BwcH"), "a seed shows: {text}");
    };
    check(&content(2, &good), "expected key file format 1, got 2");
    check(&content(1, &format!("{good},{good}")), "is there twice");
    check(
        &content(1, &key("00000000", "2019-01-01T00:00:00Z")),
        "does not have the id",
    );
    check(
        &content(1, &key("fe812c12", "2019-02-01T00:00:01Z")),
        "in this order",
    );
    check(
        &content(1, &good).replace("BwcHBwc\"", "BwcHBw\""),
        "wrong at line 2, column",
    );
    check(
        &content(1, &good).replace("\"seed\"", "\"sead\""),
        "wrong at line",
    );
    check("{}", "wrong at line 1, column 2");
}

#[test]
fn a_stored_file_replaces_the_old_one_and_is_its_owner_s_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("faregate.keys");
    store(&path, b"old").unwrap();
    // What an earlier crash left behind is no obstacle and keeps no wider permissions.
    let left = folder.path().join("faregate.keys.new");
    std::fs::write(&left, b"half").unwrap();
    store(&path, b"new").unwrap();
    assert_eq!(load(&path).unwrap(), b"new");
    let mode = std::fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let names: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
    assert_eq!(names.len(), 1, "no temporary file stays");

    let error = load(&folder.path().join("none")).unwrap_err();
    assert!(error.to_string().starts_with("reading "), "{error}");
    std::fs::write(&path, vec![0; 256 * 1024 + 1]).unwrap();
    assert!(load(&path).is_err(), "no key file is that large");
    let nowhere = folder.path().join("no/such/folder");
    assert!(
        store(&nowhere, b"x")
            .unwrap_err()
            .to_string()
            .starts_with("creating ")
    );
}
