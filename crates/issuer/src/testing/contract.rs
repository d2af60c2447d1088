//! What every store must do, case by case; each store's tests call [`check_contract`].
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test for other crates: a panic is its result"
)]

use std::future::Future;

use ed25519_dalek::SigningKey;
use units::{AccountId, CredentialId, KeyId, Span, Timestamp};
use wire::{Entitlement, HolderKey, PartySize, ProductCode, RiderCategory};

use crate::{
    ChallengeHash, CodeKind, Denial, DenyReason, DeviceRegistration, IssuanceRecord, IssuanceStore,
    MessageHash, Recorded, RegistrationOutcome, SessionHash,
};

const NOW: Timestamp = Timestamp::from_secs(1_546_819_200);

/// Runs the whole contract; `empty` makes a store with nothing in it.
///
/// # Panics
/// Where the store does not keep the contract: it is for tests.
pub async fn check_contract<S, F>(empty: impl Fn() -> F)
where
    S: IssuanceStore,
    F: Future<Output = S>,
{
    keys_keep_their_accounts(&empty().await).await;
    challenges_are_used_once(&empty().await).await;
    sessions_end(&empty().await).await;
    records_are_kept_and_never_replaced(&empty().await).await;
    a_denied_account_gets_nothing_new(&empty().await).await;
    a_denied_stranger_denies_nobody_else(&empty().await).await;
    versions_grow_with_every_change(&empty().await).await;
}

fn secs(secs: i64) -> Timestamp {
    NOW.plus(Span::from_secs(secs))
}

fn holder(seed: u8) -> HolderKey {
    let key = SigningKey::from_bytes(&[seed; 32])
        .verifying_key()
        .to_bytes();
    HolderKey::from_bytes(&key).expect("a public key made from a seed is a point")
}

fn entitlement() -> Entitlement {
    Entitlement {
        category: RiderCategory::from_code(255),
        party: PartySize::new(255).expect("255 riders are some"),
        product: ProductCode::from_number(65_535),
    }
}

/// Key `key` with its own account number, challenge and session `session`.
fn registration(key: u8, account: u8, session: u8) -> DeviceRegistration {
    DeviceRegistration {
        account: AccountId::from_bytes([account; 16]),
        holder: holder(key),
        entitlement: entitlement(),
        challenge: ChallengeHash::of(&[session]),
        challenge_until: secs(300),
        session: SessionHash::of(&[session]),
        session_until: secs(1000),
        at: NOW,
    }
}

fn record(id: u8, account: u8, at: Timestamp) -> IssuanceRecord {
    IssuanceRecord {
        id: CredentialId::from_bytes([id; 16]),
        account: AccountId::from_bytes([account; 16]),
        kid: KeyId::from_bytes([0xff, 0, 0xff, id]),
        kind: if id.is_multiple_of(2) {
            CodeKind::Ticket
        } else {
            CodeKind::Credential
        },
        entitlement: entitlement(),
        message: MessageHash::of(&[id]),
        starts_at: at,
        expires_at: at.plus(Span::from_secs(100)),
        recorded_at: at,
    }
}

fn denial(id: u8, at: Timestamp, until: Timestamp) -> Denial {
    let reason = DenyReason::new("lost").expect("a word is a reason");
    Denial {
        credential: CredentialId::from_bytes([id; 16]),
        reason,
        at,
        until,
    }
}

fn ids(ids: &[u8]) -> Vec<CredentialId> {
    ids.iter()
        .map(|id| CredentialId::from_bytes([*id; 16]))
        .collect()
}

async fn keys_keep_their_accounts<S: IssuanceStore>(store: &S) {
    let mut accounts = Vec::new();
    for (key, account, session) in [(1, 10, 1), (2, 20, 2), (1, 30, 3)] {
        let wish = registration(key, account, session);
        match store.register(&wish).await.unwrap() {
            RegistrationOutcome::Registered(rider) => {
                assert_eq!(
                    (rider.holder, rider.entitlement),
                    (holder(key), entitlement())
                );
                accounts.push(rider.account.as_bytes()[0]);
            }
            RegistrationOutcome::ChallengeUsed => panic!("the challenge was new"),
        }
    }
    assert_eq!(accounts, [10, 20, 10], "a known key keeps its account");
    let first = store.rider(&SessionHash::of(&[1]), NOW).await.unwrap();
    assert_eq!(
        first, None,
        "the second registration ended the first session"
    );
    for (session, account) in [(2, 20), (3, 10)] {
        let rider = store
            .rider(&SessionHash::of(&[session]), NOW)
            .await
            .unwrap();
        assert_eq!(
            rider.map(|rider| rider.account.as_bytes()[0]),
            Some(account)
        );
    }
}

async fn challenges_are_used_once<S: IssuanceStore>(store: &S) {
    store.register(&registration(1, 10, 1)).await.unwrap();
    let again = DeviceRegistration {
        challenge: ChallengeHash::of(&[1]),
        at: secs(299),
        ..registration(2, 20, 2)
    };
    let outcome = store.register(&again).await.unwrap();
    assert_eq!(outcome, RegistrationOutcome::ChallengeUsed);
    let session = store.rider(&SessionHash::of(&[2]), NOW).await.unwrap();
    assert_eq!(session, None, "nothing of the refused registration stays");
    assert!(
        store
            .rider(&SessionHash::of(&[1]), NOW)
            .await
            .unwrap()
            .is_some()
    );
}

async fn sessions_end<S: IssuanceStore>(store: &S) {
    store.register(&registration(1, 10, 1)).await.unwrap();
    let session = SessionHash::of(&[1]);
    let last = secs(1000).minus(Span::from_micros(1));
    assert!(store.rider(&session, last).await.unwrap().is_some());
    assert_eq!(store.rider(&session, secs(1000)).await.unwrap(), None);
    assert_eq!(
        store.rider(&SessionHash::of(&[9]), NOW).await.unwrap(),
        None
    );
}

async fn records_are_kept_and_never_replaced<S: IssuanceStore>(store: &S) {
    store.register(&registration(1, 10, 1)).await.unwrap();
    for id in [1, 2] {
        assert_eq!(
            store.record(&record(id, 10, NOW)).await.unwrap(),
            Recorded::Yes
        );
        let kept = store
            .issued(CredentialId::from_bytes([id; 16]))
            .await
            .unwrap();
        assert_eq!(kept, Some(record(id, 10, NOW)));
    }
    let other = IssuanceRecord {
        message: MessageHash::of(b"other"),
        ..record(1, 10, NOW)
    };
    assert!(
        store.record(&other).await.is_err(),
        "an id is recorded once"
    );
    let kept = store
        .issued(CredentialId::from_bytes([1; 16]))
        .await
        .unwrap();
    assert_eq!(kept, Some(record(1, 10, NOW)));
    assert_eq!(
        store
            .issued(CredentialId::from_bytes([3; 16]))
            .await
            .unwrap(),
        None
    );
}

async fn a_denied_account_gets_nothing_new<S: IssuanceStore>(store: &S) {
    store.register(&registration(1, 10, 1)).await.unwrap();
    store.register(&registration(2, 20, 2)).await.unwrap();
    // Code 1 is over by the time of the denial, 2 and 3 live, 4 is somebody else's.
    for (id, account, at) in [(1, 10, -100), (2, 10, 0), (3, 10, 0), (4, 20, 0)] {
        store.record(&record(id, account, secs(at))).await.unwrap();
    }
    store.deny(&denial(2, NOW, secs(50))).await.unwrap();
    assert_eq!(store.deny_list(NOW).await.unwrap().entries, ids(&[2, 3]));
    let new = record(5, 10, secs(49));
    assert_eq!(store.record(&new).await.unwrap(), Recorded::AccountDenied);
    assert_eq!(
        store.issued(new.id).await.unwrap(),
        None,
        "nothing was written"
    );
    assert_eq!(
        store.record(&record(6, 20, secs(49))).await.unwrap(),
        Recorded::Yes
    );
    // Denial ends by itself, whether or not somebody read the list in between.
    assert_eq!(
        store.record(&record(7, 10, secs(50))).await.unwrap(),
        Recorded::Yes
    );
    // And by hand: any code of the account will do, even one that was not named.
    store.deny(&denial(7, secs(60), secs(90))).await.unwrap();
    store
        .allow(CredentialId::from_bytes([3; 16]), secs(61))
        .await
        .unwrap();
    assert_eq!(
        store.record(&record(8, 10, secs(61))).await.unwrap(),
        Recorded::Yes
    );
    assert_eq!(store.deny_list(secs(61)).await.unwrap().entries, ids(&[]));
}

async fn a_denied_stranger_denies_nobody_else<S: IssuanceStore>(store: &S) {
    store.register(&registration(1, 10, 1)).await.unwrap();
    store.record(&record(1, 10, NOW)).await.unwrap();
    store.deny(&denial(99, NOW, secs(50))).await.unwrap();
    store.deny(&denial(98, NOW, secs(50))).await.unwrap();
    assert_eq!(store.deny_list(NOW).await.unwrap().entries, ids(&[98, 99]));
    assert_eq!(
        store.record(&record(2, 10, NOW)).await.unwrap(),
        Recorded::Yes
    );
    store
        .allow(CredentialId::from_bytes([99; 16]), NOW)
        .await
        .unwrap();
    assert_eq!(store.deny_list(NOW).await.unwrap().entries, ids(&[98]));
}

async fn versions_grow_with_every_change<S: IssuanceStore>(store: &S) {
    let stranger = CredentialId::from_bytes([9; 16]);
    assert_eq!(store.deny_list(NOW).await.unwrap().version, 0);
    assert_eq!(store.deny(&denial(9, NOW, secs(10))).await.unwrap(), 1);
    assert_eq!(store.deny(&denial(8, NOW, secs(20))).await.unwrap(), 2);
    assert_eq!(
        store.deny_list(secs(9)).await.unwrap().version,
        2,
        "reading changes nothing"
    );
    let later = store.deny_list(secs(10)).await.unwrap();
    assert_eq!(
        (later.version, later.entries),
        (3, ids(&[8])),
        "an end is a change"
    );
    assert_eq!(store.deny_list(secs(11)).await.unwrap().version, 3);
    assert_eq!(
        store.allow(stranger, secs(11)).await.unwrap(),
        3,
        "it was not on the list"
    );
    assert_eq!(
        store
            .allow(CredentialId::from_bytes([8; 16]), secs(11))
            .await
            .unwrap(),
        4
    );
    // A longer end replaces a shorter one.
    assert_eq!(store.deny(&denial(7, secs(11), secs(12))).await.unwrap(), 5);
    assert_eq!(store.deny(&denial(7, secs(11), secs(99))).await.unwrap(), 6);
    assert_eq!(store.deny_list(secs(13)).await.unwrap().entries, ids(&[7]));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::MemoryStore;

    #[tokio::test]
    async fn the_memory_store_keeps_the_contract() {
        check_contract(|| async { MemoryStore::default() }).await;
    }
}
