//! Nothing signed leaves off the record: the store fails at each step, the signer lies.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use ed25519_dalek::{Signer as _, SigningKey};
use units::{CredentialId, KeyId, Span, Timestamp};
use wire::{HolderKey, IssuerKey, LifeHours, PartySize, ProductCode, RiderCategory};

use crate::testing::{MemoryError, MemoryStore};
use crate::{
    Challenge, ChallengeError, ChallengeSecret, Denial, DenyList, DenyReason, DeviceRegistration,
    IssuanceRecord, IssuanceStore, IssueError, Issuer, KeyRing, Lives, MessageHash, Recorded,
    RegisterError, Registration, RegistrationOutcome, Rider, RingKey, SIGNATURE_BYTES, SeedSigner,
    SessionHash, Signer, SignerError, TicketWish, proof_message,
};

const NOW: Timestamp = Timestamp::from_secs(1_546_819_200);
const PHONE: [u8; 32] = [0x11; 32];

/// When the store breaks, counted in calls that write.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Breaks {
    Never,
    /// The process dies before call `n` commits.
    Before(u32),
    /// The process dies after call `n` committed and before it answered.
    After(u32),
}

/// A store that breaks once; what it committed stays readable, as on a disk.
struct BreakingStore {
    disk: Arc<MemoryStore>,
    breaks: Breaks,
    calls: AtomicU32,
}

#[derive(Debug, thiserror::Error)]
#[error("the store broke")]
struct Broken;

impl From<MemoryError> for Broken {
    fn from(_: MemoryError) -> Self {
        Self
    }
}

impl BreakingStore {
    /// Runs one writing call, or breaks before or after it.
    async fn write<T>(
        &self,
        call: impl Future<Output = Result<T, MemoryError>>,
    ) -> Result<T, Broken> {
        let number = self.calls.fetch_add(1, Ordering::Relaxed);
        if self.breaks == Breaks::Before(number) {
            return Err(Broken);
        }
        let done = call.await?;
        if self.breaks == Breaks::After(number) {
            Err(Broken)
        } else {
            Ok(done)
        }
    }
}

impl IssuanceStore for BreakingStore {
    type Error = Broken;

    async fn register(
        &self,
        registration: &DeviceRegistration,
    ) -> Result<RegistrationOutcome, Broken> {
        self.write(self.disk.register(registration)).await
    }

    async fn rider(&self, session: &SessionHash, now: Timestamp) -> Result<Option<Rider>, Broken> {
        Ok(self.disk.rider(session, now).await?)
    }

    async fn record(&self, record: &IssuanceRecord) -> Result<Recorded, Broken> {
        self.write(self.disk.record(record)).await
    }

    async fn issued(&self, id: CredentialId) -> Result<Option<IssuanceRecord>, Broken> {
        Ok(self.disk.issued(id).await?)
    }

    async fn deny(&self, denial: &Denial) -> Result<u64, Broken> {
        self.write(self.disk.deny(denial)).await
    }

    async fn allow(&self, credential: CredentialId, now: Timestamp) -> Result<u64, Broken> {
        self.write(self.disk.allow(credential, now)).await
    }

    async fn deny_list(&self, now: Timestamp) -> Result<DenyList, Broken> {
        self.write(self.disk.deny_list(now)).await
    }
}

/// How a signer behaves.
#[derive(Clone, Copy)]
enum Mood {
    Honest,
    /// Gives a signature with bit `n` flipped, as a glitched chip does.
    Flips(usize),
    /// Signs with another key.
    OtherKey,
    Fails,
}

/// A signer that notes what it is asked and, each time, that the record is there already.
struct WatchedSigner {
    disk: Arc<MemoryStore>,
    mood: Mood,
    signed: Arc<Mutex<Vec<MessageHash>>>,
}

impl Signer for WatchedSigner {
    fn sign(&self, message: &[u8]) -> Result<[u8; SIGNATURE_BYTES], SignerError> {
        let hash = MessageHash::of(message);
        let recorded = self
            .disk
            .records()
            .iter()
            .any(|record| record.message == hash);
        assert!(
            recorded,
            "the signer was asked before the record was durable"
        );
        self.signed.lock().unwrap().push(hash);
        let honest = SeedSigner::new(&[7; 32]);
        match self.mood {
            Mood::Honest => honest.sign(message),
            Mood::Flips(bit) => {
                let mut signature = honest.sign(message)?;
                signature[bit / 8] ^= 1 << (bit % 8);
                Ok(signature)
            }
            Mood::OtherKey => SeedSigner::new(&[8; 32]).sign(message),
            Mood::Fails => Err(SignerError("the module does not answer".to_owned())),
        }
    }
}

struct World {
    issuer: Issuer<BreakingStore>,
    disk: Arc<MemoryStore>,
    signed: Arc<Mutex<Vec<MessageHash>>>,
}

fn secret() -> ChallengeSecret {
    ChallengeSecret::from_bytes([3; 32])
}

fn world(breaks: Breaks, mood: Mood) -> World {
    let disk = Arc::new(MemoryStore::default());
    let signed = Arc::new(Mutex::new(Vec::new()));
    let watched = WatchedSigner {
        disk: Arc::clone(&disk),
        mood,
        signed: Arc::clone(&signed),
    };
    let day = |days: i64| NOW.plus(Span::from_secs(days * 86_400));
    let public = SeedSigner::new(&[7; 32]).public_key();
    let key = IssuerKey::new(KeyId::from_bytes([1; 4]), &public, day(-1), day(9)).unwrap();
    let ring = KeyRing::new(secret(), vec![RingKey::new(key, day(7), Box::new(watched))]);
    let store = BreakingStore {
        disk: Arc::clone(&disk),
        breaks,
        calls: AtomicU32::new(0),
    };
    let issuer = Issuer::new(store, ring, Lives::default(), NOW).unwrap();
    World {
        issuer,
        disk,
        signed,
    }
}

/// Every call gives other bytes.
fn counting() -> impl Fn(&mut [u8]) + Send + Sync {
    let next = AtomicU32::new(1);
    move |bytes: &mut [u8]| {
        let number = next.fetch_add(1, Ordering::Relaxed).to_be_bytes();
        for (to, from) in bytes.iter_mut().zip(number.iter().cycle()) {
            *to = *from;
        }
    }
}

fn answer(challenge: &Challenge) -> Registration {
    let phone = SigningKey::from_bytes(&PHONE);
    let public_key = phone.verifying_key().to_bytes();
    let proof = phone
        .sign(&proof_message(challenge.as_bytes(), &public_key))
        .to_bytes();
    Registration {
        public_key,
        challenge: *challenge.as_bytes(),
        proof,
    }
}

fn rider() -> Rider {
    let key = SigningKey::from_bytes(&PHONE).verifying_key().to_bytes();
    Rider {
        account: units::AccountId::from_bytes([5; 16]),
        holder: HolderKey::from_bytes(&key).unwrap(),
        entitlement: Issuer::<MemoryStore>::NEW_ACCOUNT,
    }
}

/// Registers, renews and asks for a ticket, going on after errors; gives what came out.
async fn session(world: &World) -> Vec<CredentialId> {
    let chance = counting();
    let mut released = Vec::new();
    let challenge = world.issuer.challenge(NOW, &chance);
    let registered = world
        .issuer
        .register(&answer(&challenge), NOW, &chance)
        .await;
    released.extend(registered.map(|done| done.credential.id));
    let rider = rider();
    let renewed = world.issuer.issue_credential(&rider, NOW, &chance).await;
    released.extend(renewed.map(|code| code.id));
    let ticket = world
        .issuer
        .issue_ticket(&rider, &TicketWish::default(), NOW, &chance)
        .await;
    released.extend(ticket.map(|code| code.id));
    released
}

#[tokio::test]
async fn whatever_is_released_is_on_record_wherever_the_store_breaks() {
    // Four calls write: register, and record three times.
    let mut cases = vec![(Breaks::Never, 3)];
    cases.extend([(Breaks::Before(0), 2), (Breaks::After(0), 2)]);
    for call in 1..4 {
        cases.extend([(Breaks::Before(call), 2), (Breaks::After(call), 2)]);
    }
    for (breaks, expected) in cases {
        let world = world(breaks, Mood::Honest);
        let released = session(&world).await;
        assert_eq!(released.len(), expected, "{breaks:?}");
        let records = world.disk.records();
        for id in &released {
            assert!(
                records.iter().any(|record| record.id == *id),
                "{breaks:?}: {id} is unknown"
            );
        }
        let signed = world.signed.lock().unwrap();
        assert_eq!(
            signed.len(),
            expected,
            "{breaks:?}: no signature after a broken record"
        );
        // After a commit whose answer was lost, a record without signature stays; never the
        // other way round.
        let lost = u32::from(matches!(breaks, Breaks::After(1..)));
        assert_eq!(
            records.len(),
            expected + usize::try_from(lost).unwrap(),
            "{breaks:?}"
        );
    }
}

#[tokio::test]
async fn a_signature_that_does_not_verify_is_not_released() {
    let moods = (0..SIGNATURE_BYTES * 8)
        .step_by(7)
        .map(Mood::Flips)
        .chain([Mood::OtherKey]);
    for mood in moods {
        let world = world(Breaks::Never, mood);
        let chance = counting();
        let credential = world.issuer.issue_credential(&rider(), NOW, &chance).await;
        assert!(
            matches!(credential, Err(IssueError::NotReleased)),
            "{credential:?}"
        );
        let wish = TicketWish::default();
        let ticket = world
            .issuer
            .issue_ticket(&rider(), &wish, NOW, &chance)
            .await;
        assert!(matches!(ticket, Err(IssueError::NotReleased)), "{ticket:?}");
        assert_eq!(world.signed.lock().unwrap().len(), 2, "the signer did sign");
    }
    let world = world(Breaks::Never, Mood::Fails);
    let failed = world
        .issuer
        .issue_credential(&rider(), NOW, &counting())
        .await;
    assert!(matches!(failed, Err(IssueError::Signer(_))), "{failed:?}");
}

#[tokio::test]
async fn the_record_says_what_the_code_says() {
    let world = world(Breaks::Never, Mood::Honest);
    let chance = counting();
    let now = NOW.plus(Span::from_micros(999_999));
    let credential = world
        .issuer
        .issue_credential(&rider(), now, &chance)
        .await
        .unwrap();
    let parsed = wire::ParsedCredential::parse(&credential.cose).unwrap();
    let record = world.disk.issued(credential.id).await.unwrap().unwrap();
    assert_eq!(record.recorded_at, now);
    let said = (
        parsed.id(),
        parsed.kid(),
        parsed.starts(),
        parsed.expires(),
        parsed.entitlement(),
    );
    let kept = (
        record.id,
        record.kid,
        record.starts_at,
        record.expires_at,
        record.entitlement,
    );
    assert_eq!(said, kept);
    assert_eq!(
        (record.starts_at, record.expires_at),
        (NOW, NOW.plus(Span::from_secs(86_400)))
    );
    assert_eq!(
        parsed.entitlement().party,
        PartySize::ONE,
        "a phone travels as one person"
    );
    assert_eq!(parsed.holder_bytes(), rider().holder.as_bytes());
    let account = world.issuer.account_of(credential.id).await.unwrap();
    assert_eq!(account, Some(rider().account));
    let unlogged = world
        .issuer
        .account_of(CredentialId::from_bytes([0; 16]))
        .await
        .unwrap();
    assert_eq!(unlogged, None);
}

#[tokio::test]
async fn tickets_are_for_what_the_account_has() {
    let world = world(Breaks::Never, Mood::Honest);
    let check = async |wish: TicketWish, expect: &str| {
        let ticket = world
            .issuer
            .issue_ticket(&rider(), &wish, NOW, &counting())
            .await;
        assert_eq!(ticket.unwrap_err().to_string(), expect);
    };
    let wish = TicketWish::default();
    let category = Some(RiderCategory::from_code(1));
    check(
        TicketWish { category, ..wish },
        "category: the account is entitled to 0, not to 1",
    )
    .await;
    let product = Some(ProductCode::from_number(300));
    check(
        TicketWish { product, ..wish },
        "product: the account is entitled to 0, not to 300",
    )
    .await;
    let party = PartySize::new(2);
    check(
        TicketWish { party, ..wish },
        "party: the account is entitled to 1, not to 2",
    )
    .await;
    for secs in [0, -1, 4 * 3600 + 1] {
        let expect = format!("a ticket lives 1 to 14400 s, not {secs} s");
        check(
            TicketWish {
                life: Some(Span::from_secs(secs)),
                ..wish
            },
            &expect,
        )
        .await;
    }
    assert_eq!(world.signed.lock().unwrap().len(), 0);

    let chance = counting();
    let paper = TicketWish {
        life: Some(Span::from_secs(14_400)),
        ..wish
    };
    let ticket = world
        .issuer
        .issue_ticket(&rider(), &paper, NOW, &chance)
        .await
        .unwrap();
    let mut buffer = wire::text::CodeBuffer::new();
    let bytes = wire::text::decode(ticket.text.as_bytes(), &mut buffer).unwrap();
    let wire::Code::Ticket(parsed) = wire::parse(bytes).unwrap() else {
        panic!("a ticket")
    };
    assert_eq!(parsed.entitlement().party.as_riders(), 1);
    assert_eq!(
        (parsed.starts(), parsed.expires()),
        (NOW, NOW.plus(Span::from_secs(14_400)))
    );
}

#[tokio::test]
async fn only_the_holder_of_the_key_registers() {
    let world = world(Breaks::Never, Mood::Honest);
    let chance = counting();
    let challenge = world.issuer.challenge(NOW, &chance);
    let good = answer(&challenge);
    let register = async |wish: Registration, at: Timestamp| {
        world
            .issuer
            .register(&wish, at, &chance)
            .await
            .map(|done| done.account)
    };

    let other = SigningKey::from_bytes(&[0x22; 32]);
    let message = proof_message(challenge.as_bytes(), &good.public_key);
    let proof = other.sign(&message).to_bytes();
    let wrong = register(Registration { proof, ..good }, NOW).await;
    assert!(
        matches!(wrong, Err(RegisterError::Proof(_))),
        "another key's proof: {wrong:?}"
    );

    let second = world.issuer.challenge(NOW, &chance);
    let swapped = Registration {
        challenge: *second.as_bytes(),
        ..good
    };
    let wrong = register(swapped, NOW).await;
    assert!(
        matches!(wrong, Err(RegisterError::Proof(_))),
        "another challenge's proof: {wrong:?}"
    );

    let foreign = Challenge::make(
        &ChallengeSecret::from_bytes([4; 32]),
        NOW,
        Span::from_secs(300),
        &chance,
    );
    let wrong = register(answer(&foreign), NOW).await;
    assert!(
        matches!(
            wrong,
            Err(RegisterError::Challenge(ChallengeError::Unknown))
        ),
        "{wrong:?}"
    );

    let late = register(good, NOW.plus(Span::from_secs(300))).await;
    assert!(
        matches!(
            late,
            Err(RegisterError::Challenge(ChallengeError::Expired {
                ago_s: 0
            }))
        ),
        "{late:?}"
    );

    // The identity point: every message "verifies" under it where small orders are allowed.
    let mut identity = [0; 32];
    identity[0] = 1;
    let weak = register(
        Registration {
            public_key: identity,
            ..good
        },
        NOW,
    )
    .await;
    assert!(matches!(weak, Err(RegisterError::PublicKey(_))), "{weak:?}");

    assert!(
        world.disk.records().is_empty(),
        "nothing was recorded for any of these"
    );
    let account = register(good, NOW).await.unwrap();
    let again = register(good, NOW).await;
    assert!(
        matches!(again, Err(RegisterError::ChallengeUsed)),
        "{again:?}"
    );
    let same = register(answer(&second), NOW).await.unwrap();
    assert_eq!(same, account, "a known key keeps its account");
}

#[tokio::test]
async fn no_key_or_a_denied_account_is_said_plainly() {
    let world = world(Breaks::Never, Mood::Honest);
    let late = NOW.plus(Span::from_secs(7 * 86_400));
    let none = world
        .issuer
        .issue_credential(&rider(), late, &counting())
        .await
        .unwrap_err();
    assert_eq!(
        none.to_string(),
        "no issuer key signs at 2019-01-14T00:00:00Z"
    );

    let chance = counting();
    let code = world
        .issuer
        .issue_credential(&rider(), NOW, &chance)
        .await
        .unwrap();
    let reason = DenyReason::new("unpaid fares").unwrap();
    let past = world
        .issuer
        .deny(code.id, reason.clone(), NOW, NOW)
        .await
        .unwrap_err();
    assert!(past.to_string().contains("2019-01-07T00:00:00Z"), "{past}");
    world.issuer.deny(code.id, reason, late, NOW).await.unwrap();
    let denied = world.issuer.issue_credential(&rider(), NOW, &chance).await;
    assert!(
        matches!(denied, Err(IssueError::AccountDenied)),
        "{denied:?}"
    );
    world.issuer.allow(code.id, NOW).await.unwrap();
    assert!(
        world
            .issuer
            .issue_credential(&rider(), NOW, &chance)
            .await
            .is_ok()
    );
    for bad in ["", "a\nb", &"x".repeat(201)] {
        assert!(DenyReason::new(bad).is_err());
    }
}

#[test]
fn lives_that_no_key_bears_are_refused_at_the_start() {
    let signer = SeedSigner::new(&[7; 32]);
    let end = NOW.plus(Span::from_secs(3600));
    let key = IssuerKey::new(KeyId::from_bytes([1; 4]), &signer.public_key(), NOW, end).unwrap();
    let ring = KeyRing::new(
        secret(),
        vec![RingKey::new(
            key,
            NOW.plus(Span::from_secs(1)),
            Box::new(signer),
        )],
    );
    let lives = Lives {
        credential: LifeHours::new(1).unwrap(),
        ..Lives::default()
    };
    let error = Issuer::new(MemoryStore::default(), ring, lives, NOW).unwrap_err();
    assert_eq!(
        error.to_string(),
        "codes live up to 14400 s, but key 01010101 is trusted only 3599 s after it stops signing"
    );
}
