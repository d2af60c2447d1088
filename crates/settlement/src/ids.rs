//! Ids derived from what they name, so that doing a thing again makes the same id again.
//!
//! All are UUIDs of version 5 (RFC 9562 section 5.5) in one namespace; the name is a kind
//! followed by fixed-width fields, so that no two kinds of thing can share a name.

use units::{
    AccountId, ChargeId, CorrectionId, DeviceId, EntryId, PaymentId, ProviderId, ServiceDay, TapId,
};
use uuid::{Uuid, uuid};

/// The namespace of every id made here.
const NAMESPACE: Uuid = uuid!("7d0f3c52-5b0e-4b7a-9a51-3f6d1c0be4a7");

/// The tap that device `device` recorded in `epoch` under `seq`.
#[must_use]
pub fn tap_of_record(device: DeviceId, epoch: u32, seq: u64) -> TapId {
    TapId::from_bytes(derive(
        "tap of record",
        &[device.as_bytes(), &epoch.to_be_bytes(), &seq.to_be_bytes()],
    ))
}

/// The tap that an outside file calls `text`.
#[must_use]
pub fn tap_of_text(text: &str) -> TapId {
    TapId::from_bytes(derive("tap of text", &[text.as_bytes()]))
}

/// The account that an outside file calls `text`.
#[must_use]
pub fn account_of_text(text: &str) -> AccountId {
    AccountId::from_bytes(derive("account of text", &[text.as_bytes()]))
}

/// The charge of `account` for `day`, the `revision`-th (1 is the first).
#[must_use]
pub fn charge_of(account: AccountId, day: ServiceDay, revision: u32) -> ChargeId {
    ChargeId::from_bytes(derive(
        "charge",
        &[
            account.as_bytes(),
            &day.as_days().to_be_bytes(),
            &revision.to_be_bytes(),
        ],
    ))
}

/// The entry that revision `revision` of `account`'s `day` posts about `about` (a journey, a
/// charge or a refund, by its sixteen bytes).
#[must_use]
pub fn entry_of(account: AccountId, day: ServiceDay, revision: u32, about: &[u8; 16]) -> EntryId {
    EntryId::from_bytes(derive(
        "entry",
        &[
            account.as_bytes(),
            &day.as_days().to_be_bytes(),
            &revision.to_be_bytes(),
            about,
        ],
    ))
}

/// The refunds of `account`'s `day` as a whole: what an entry is about that a tap has caused.
#[must_use]
pub fn refunds_of(account: AccountId, day: ServiceDay) -> CorrectionId {
    CorrectionId::from_bytes(derive(
        "refunds of day",
        &[account.as_bytes(), &day.as_days().to_be_bytes()],
    ))
}

/// The payment of `account` for the pay window that begins with `window`, the `revision`-th (1 is
/// the first).
#[must_use]
pub fn payment_of(account: AccountId, window: ServiceDay, revision: u32) -> PaymentId {
    PaymentId::from_bytes(derive(
        "payment",
        &[
            account.as_bytes(),
            &window.as_days().to_be_bytes(),
            &revision.to_be_bytes(),
        ],
    ))
}

/// The idempotency key of request `number` of a payment.
#[must_use]
pub fn request_key(payment: PaymentId, number: u32) -> [u8; 16] {
    derive(
        "payment request",
        &[payment.as_bytes(), &number.to_be_bytes()],
    )
}

/// The `number`-th entry about a payment.
#[must_use]
pub fn payment_entry(payment: PaymentId, number: u32) -> EntryId {
    EntryId::from_bytes(derive(
        "payment entry",
        &[payment.as_bytes(), &number.to_be_bytes()],
    ))
}

/// The payment provider that a city's configuration calls `name`.
#[must_use]
pub fn provider_of_name(name: &str) -> ProviderId {
    ProviderId::from_bytes(derive("provider", &[name.as_bytes()]))
}

/// The money that `account` paid ahead under `reference`, a receipt's or transfer's own.
#[must_use]
pub fn top_up_of(account: AccountId, reference: &str) -> PaymentId {
    PaymentId::from_bytes(derive(
        "top-up",
        &[account.as_bytes(), reference.as_bytes()],
    ))
}

/// The refund or appeal that `who` asks for under the idempotency key `key`.
#[must_use]
pub fn correction_of(who: &str, key: &str) -> CorrectionId {
    let who = derive("asker", &[who.as_bytes()]);
    CorrectionId::from_bytes(derive("correction", &[&who, key.as_bytes()]))
}

/// At most one field of a kind has a variable width and it is the last, so names are unambiguous.
fn derive<const N: usize>(kind: &str, fields: &[&[u8]; N]) -> [u8; 16] {
    const { assert!(N <= 5, "more fields than any kind has") };
    let mut name: [&[u8]; 7] = [&[]; 7];
    name[0] = kind.as_bytes();
    name[1] = &[0];
    for (part, field) in name.iter_mut().skip(2).zip(fields) {
        *part = field;
    }
    tariff::ids::derive(NAMESPACE.as_bytes(), &name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_makes_the_id_that_any_uuid_tool_makes() {
        // In Python: uuid.uuid5(uuid.UUID("7d0f3c52-5b0e-4b7a-9a51-3f6d1c0be4a7"),
        //                       "account of text\0oyster-1")
        let expected = "9e9c2f97-f0d5-5668-b001-1e109ef87ab7";
        assert_eq!(account_of_text("oyster-1").to_string(), expected);
    }

    #[test]
    fn kinds_and_fields_do_not_mix() {
        assert_ne!(tap_of_text("1").as_bytes(), account_of_text("1").as_bytes());
        let device = DeviceId::from_bytes([7; 16]);
        assert_ne!(tap_of_record(device, 1, 2), tap_of_record(device, 2, 1));
        let account = AccountId::from_bytes([1; 16]);
        let day = ServiceDay::from_days(17_903);
        assert_ne!(charge_of(account, day, 1), charge_of(account, day, 2));
    }
}
