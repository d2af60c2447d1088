//! The hash chain and the signed batch.

use ed25519_dalek::{Signer, SigningKey};
use sha2::{Digest as _, Sha256};
use units::{DeviceId, GateId, StopId, Timestamp};
use wire::chain::{BATCH_RECORDS_MAX, BatchError, ChainHead, batch_message, verify_batch};
use wire::tap::{TapKind, TapRecord};
use wire::{DecodeError, DeviceKey, SignatureError};

const DEVICE: DeviceId = DeviceId::from_bytes(*b"device-000000001");
const EPOCH: u32 = 3;
const FIRST: u64 = 100;

fn secret() -> SigningKey {
    SigningKey::from_bytes(&[0x44; 32])
}

fn key() -> DeviceKey {
    DeviceKey::from_bytes(secret().verifying_key().as_bytes()).unwrap()
}

fn record(seq: u64) -> Vec<u8> {
    let record = TapRecord {
        seq,
        at: Timestamp::from_secs(1_546_819_200),
        kind: TapKind::On,
        gate: GateId::from_number(42),
        stop: StopId::new("s1").unwrap(),
        route: None,
        decision: 0,
        evidence: b"",
        lists: wire::ListVersions::UNKNOWN,
        clock: wire::ClockState::Unproven,
    };
    record.encode().unwrap().to_vec()
}

struct Batch {
    before: ChainHead,
    records: Vec<Vec<u8>>,
    signature: [u8; 64],
}

fn batch(count: u32) -> Batch {
    let before = ChainHead::start(DEVICE, EPOCH);
    let records: Vec<_> = (0..u64::from(count))
        .map(|offset| record(FIRST + offset))
        .collect();
    let after = records
        .iter()
        .fold(before, |head, record| head.after(record));
    let message = batch_message(DEVICE, EPOCH, FIRST, count, before, after);
    Batch {
        before,
        records,
        signature: secret().sign(&message).to_bytes(),
    }
}

fn verify(batch: &Batch) -> Result<ChainHead, BatchError> {
    let records = batch.records.iter().map(Vec::as_slice);
    verify_batch(
        &key(),
        DEVICE,
        EPOCH,
        FIRST,
        batch.before,
        records,
        &batch.signature,
    )
}

const DOES_NOT_HOLD: Result<ChainHead, BatchError> =
    Err(BatchError::Signature(SignatureError::Mismatch));

#[test]
fn heads_are_sha_256_of_what_they_stand_for() {
    let start: [u8; 32] =
        Sha256::digest(b"faregate tap chain 1device-000000001\x00\x00\x00\x03").into();
    assert_eq!(ChainHead::start(DEVICE, EPOCH).as_bytes(), &start);
    let next: [u8; 32] = Sha256::digest([&start[..], b"record"].concat()).into();
    assert_eq!(
        ChainHead::start(DEVICE, EPOCH).after(b"record").as_bytes(),
        &next
    );
}

#[test]
fn the_message_has_its_documented_layout() {
    let (before, after) = (
        ChainHead::from_bytes([0xb1; 32]),
        ChainHead::from_bytes([0xa2; 32]),
    );
    let message = batch_message(
        DEVICE,
        0x0102_0304,
        0x0506_0708_090a_0b0c,
        0x0d0e_0f10,
        before,
        after,
    );
    let expected = [
        &b"faregate tap batch 1device-000000001"[..],
        &hex::decode("0102030405060708090a0b0c0d0e0f10").unwrap(),
        &[0xb1; 32],
        &[0xa2; 32],
    ]
    .concat();
    assert_eq!(message[..], expected);
}

#[test]
fn a_signed_batch_gives_the_next_head() {
    let batch = batch(3);
    let after = batch
        .records
        .iter()
        .fold(batch.before, |head, record| head.after(record));
    assert_eq!(verify(&batch), Ok(after));
}

#[test]
fn nothing_under_a_signed_head_can_change() {
    let mut changed = batch(3);
    changed.before = ChainHead::start(DEVICE, EPOCH + 1);
    assert_eq!(verify(&changed), DOES_NOT_HOLD);
    let mut changed = batch(3);
    changed.records.pop();
    assert_eq!(verify(&changed), DOES_NOT_HOLD);
    let mut changed = batch(3);
    // The last digit of the time.
    changed.records[1][13] ^= 1;
    assert_eq!(verify(&changed), DOES_NOT_HOLD);
    let good = batch(3);
    let records = || good.records.iter().map(Vec::as_slice);
    let other = DeviceId::from_bytes([0; 16]);
    let result = verify_batch(
        &key(),
        other,
        EPOCH,
        FIRST,
        good.before,
        records(),
        &good.signature,
    );
    assert_eq!(result, DOES_NOT_HOLD);
    let result = verify_batch(
        &key(),
        DEVICE,
        EPOCH + 1,
        FIRST,
        good.before,
        records(),
        &good.signature,
    );
    assert_eq!(result, DOES_NOT_HOLD);
}

#[test]
fn records_must_follow_each_other() {
    let mut swapped = batch(3);
    swapped.records.swap(0, 1);
    let sequence = BatchError::Sequence {
        index: 0,
        expected: FIRST,
        got: FIRST + 1,
    };
    assert_eq!(verify(&swapped), Err(sequence));
    let mut gap = batch(3);
    gap.records.remove(1);
    let sequence = BatchError::Sequence {
        index: 1,
        expected: FIRST + 1,
        got: FIRST + 2,
    };
    assert_eq!(verify(&gap), Err(sequence));
}

#[test]
fn batches_have_limits() {
    let mut empty = batch(1);
    empty.records.clear();
    assert_eq!(verify(&empty), Err(BatchError::Empty));
    let full = u32::try_from(BATCH_RECORDS_MAX).unwrap();
    assert!(verify(&batch(full)).is_ok());
    assert_eq!(
        verify(&batch(full + 1)),
        Err(BatchError::TooMany {
            max: BATCH_RECORDS_MAX
        })
    );
    let mut broken = batch(2);
    broken.records[1].pop();
    let source = DecodeError::Truncated {
        at: broken.records[1].len(),
    };
    assert_eq!(
        verify(&broken),
        Err(BatchError::Record { index: 1, source })
    );
}
