//! A small world with real keys: an issuer, phones and gates in the tariff's test city.
//!
//! Everything follows from small numbers, so that a test reads as a story: phone 3 taps on at gate
//! 1 ten minutes after the day began.

#![expect(
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "a fixture that cannot be made is a bug of this file or of the test"
)]

use ed25519_dalek::{Signer as _, SigningKey};
use sha2::{Digest as _, Sha256};
use tariff::{City, TapKind};
use units::{
    AccountId, CredentialId, DeviceId, GateId, KeyId, RouteId, ServiceDay, Span, StopId, Timestamp,
};
use wire::chain::{ChainHead, batch_message};
use wire::note::{NoteRecord, TapOutcome};
use wire::tap::TapRecord;
use wire::{
    CredentialClaims, EncodeError, Entitlement, HolderKey, IssuerKey, LifeHours, PartySize,
    PresentationClaims, ProductCode, RiderCategory, TicketClaims, ToBeSigned,
};

use crate::ingest::batch::SignedBatch;
use crate::ingest::judge::IssuerKeys;
use crate::model::{Gate, GateState};
use crate::ports::Issued;

/// The day most tests travel on: a Monday.
pub const DAY: &str = "2019-01-07";

/// When [`DAY`] starts in the test city: 03:00 in Shanghai, 19:00 UTC the day before.
pub const DAY_STARTS: Timestamp = Timestamp::from_secs(1_546_801_200);

/// Who signs credentials and tickets.
pub struct Issuer {
    key: SigningKey,
    kid: KeyId,
}

/// A rider's phone with its key and credential.
pub struct Phone {
    /// Who is charged.
    pub account: AccountId,
    /// The credential's id.
    pub credential: CredentialId,
    /// What the issuer's log says of the credential.
    pub issued: Issued,
    key: SigningKey,
    bytes: Vec<u8>,
}

/// A gate's device with its journal.
pub struct Device {
    /// The device.
    pub id: DeviceId,
    gate: GateId,
    stop: StopId,
    route: Option<RouteId>,
    key: SigningKey,
    epoch: u32,
    records: Vec<Vec<u8>>,
}

/// The test city of the tariff.
#[must_use]
pub fn city() -> City {
    tariff::testing::city()
}

/// The test city with these extension files: name in `gtfs/` and text.
///
/// # Panics
/// When it does not load.
#[must_use]
pub fn city_with(extensions: &[(&str, &str)]) -> City {
    let mut files = tariff::testing::city_files();
    for (name, text) in extensions {
        let bytes = text.as_bytes().to_vec();
        files.0.insert(format!("gtfs/{name}"), bytes);
    }
    City::load(&files).unwrap_or_else(|report| panic!("{report}"))
}

/// The test city with its money in another currency of two decimals.
///
/// # Panics
/// When it does not load.
#[must_use]
pub fn city_in(currency: &str) -> City {
    let mut files = tariff::testing::city_files();
    for bytes in files.0.values_mut() {
        let text = String::from_utf8_lossy(bytes).replace("CNY", currency);
        *bytes = text.into_bytes();
    }
    City::load(&files).unwrap_or_else(|report| panic!("{report}"))
}

/// [`DAY`].
#[must_use]
pub fn day() -> ServiceDay {
    ServiceDay::parse(DAY).unwrap_or_else(|error| panic!("{error}"))
}

/// So many minutes after [`DAY`] started.
#[must_use]
pub fn minutes(minutes: i64) -> Timestamp {
    DAY_STARTS.plus(Span::from_secs(minutes * 60))
}

/// The test city, whose gates let the party of one code through one by one.
///
/// # Panics
/// When it does not load.
#[must_use]
pub fn city_of_turnstiles() -> City {
    let mut files = tariff::testing::city_files();
    if let Some(manifest) = files.0.get_mut("city.toml") {
        let text = String::from_utf8_lossy(manifest);
        let journey = "[journey]\ncompanions = \"one_by_one\"\n";
        *manifest = text.replace("[journey]\n", journey).into_bytes();
    }
    City::load(&files).unwrap_or_else(|report| panic!("{report}"))
}

fn entitlement(party: PartySize) -> Entitlement {
    Entitlement {
        category: RiderCategory::from_code(0),
        party,
        product: ProductCode::from_number(1),
    }
}

fn id_of(kind: u8, number: u8) -> [u8; 16] {
    let mut bytes = [kind; 16];
    bytes[15] = number;
    bytes
}

impl Issuer {
    /// Issuer number `number`.
    #[must_use]
    pub fn new(number: u8) -> Self {
        Self {
            key: SigningKey::from_bytes(&[number; 32]),
            kid: KeyId::from_bytes([b'k', b'e', b'y', number]),
        }
    }

    /// Its public key, in force for days around [`DAY`].
    #[must_use]
    pub fn public(&self) -> IssuerKey {
        let (from, to) = (minutes(-10_000), minutes(100_000));
        IssuerKey::new(self.kid, self.key.verifying_key().as_bytes(), from, to)
            .unwrap_or_else(|error| panic!("{error}"))
    }

    /// The same, prepared.
    #[must_use]
    pub fn keys(&self) -> IssuerKeys {
        IssuerKeys::prepare(&[self.public()]).unwrap_or_else(|error| panic!("{error}"))
    }

    /// Phone number `number`, with a credential for a week from the start of [`DAY`].
    #[must_use]
    pub fn phone(&self, number: u8) -> Phone {
        self.phone_of_party(number, PartySize::ONE)
    }

    /// The same, for a party.
    #[must_use]
    pub fn phone_of_party(&self, number: u8, party: PartySize) -> Phone {
        let mut secret = [0x50; 32];
        secret[0] = number;
        let key = SigningKey::from_bytes(&secret);
        let holder = HolderKey::from_bytes(key.verifying_key().as_bytes());
        let credential = CredentialId::from_bytes(id_of(0xc0, number));
        let claims = CredentialClaims {
            id: credential,
            holder: holder.unwrap_or_else(|error| panic!("{error}")),
            entitlement: entitlement(party),
            expires: minutes(7 * 24 * 60),
            life: LifeHours::new(168).unwrap_or_else(|| panic!("168 hours are a life")),
        };
        let (bytes, message) = self.sign(claims.to_be_signed(self.kid));
        let account = AccountId::from_bytes(id_of(0xa0, number));
        Phone {
            account,
            credential,
            issued: Issued { account, message },
            key,
            bytes,
        }
    }

    /// Signs `object`; gives the code and the hash that the log keeps of it.
    fn sign<const N: usize>(
        &self,
        object: Result<ToBeSigned<N>, EncodeError>,
    ) -> (Vec<u8>, [u8; 32]) {
        let object = object.unwrap_or_else(|error| panic!("{error}"));
        let signature = self.key.sign(object.message()).to_bytes();
        let bytes = object.finish(&signature);
        (
            bytes.unwrap_or_else(|error| panic!("{error}")).to_vec(),
            Sha256::digest(object.message()).into(),
        )
    }

    /// The id of ticket number `number`.
    #[must_use]
    pub fn ticket_id(number: u8) -> CredentialId {
        CredentialId::from_bytes(id_of(0x71, number))
    }

    /// Ticket number `number`, good for [`DAY`].
    #[must_use]
    pub fn ticket(&self, number: u8) -> Vec<u8> {
        self.signed_ticket(number).0
    }

    /// What the issuer's log says of ticket number `number` of `account`.
    #[must_use]
    pub fn ticket_issued(&self, number: u8, account: AccountId) -> Issued {
        let message = self.signed_ticket(number).1;
        Issued { account, message }
    }

    fn signed_ticket(&self, number: u8) -> (Vec<u8>, [u8; 32]) {
        let claims = TicketClaims {
            id: Self::ticket_id(number),
            starts: DAY_STARTS,
            expires: minutes(24 * 60),
            entitlement: entitlement(PartySize::ONE),
        };
        self.sign(claims.to_be_signed(self.kid))
    }
}

impl Phone {
    /// The code shown at `at`: a one-way presentation.
    #[must_use]
    pub fn code(&self, at: Timestamp) -> Vec<u8> {
        self.present(at, None)
    }

    /// The code shown at `at`, bound to `gate`.
    #[must_use]
    pub fn bound_code(&self, at: Timestamp, gate: GateId) -> Vec<u8> {
        self.present(at, Some(gate))
    }

    fn present(&self, issued_at: Timestamp, gate: Option<GateId>) -> Vec<u8> {
        let claims = PresentationClaims { issued_at, gate };
        let bytes = claims.sign(&self.bytes, |message| self.key.sign(message).to_bytes());
        bytes.unwrap_or_else(|error| panic!("{error}")).to_vec()
    }
}

impl Device {
    /// Gate number `number` at `stop`; on a vehicle when `route` is given.
    #[must_use]
    pub fn new(number: u8, stop: &str, route: Option<&str>) -> Self {
        let mut secret = [0xd0; 32];
        secret[0] = number;
        Self {
            id: DeviceId::from_bytes(id_of(0xd0, number)),
            gate: GateId::from_number(u32::from(number)),
            stop: StopId::new(stop).unwrap_or_else(|error| panic!("{error}")),
            route: route.map(|id| RouteId::new(id).unwrap_or_else(|error| panic!("{error}"))),
            key: SigningKey::from_bytes(&secret),
            epoch: 1,
            records: Vec::new(),
        }
    }

    /// What the operator registers.
    #[must_use]
    pub fn registration(&self) -> Gate {
        Gate {
            device: self.id,
            gate: self.gate,
            public_key: *self.key.verifying_key().as_bytes(),
            stop: Some(self.stop),
            route: self.route,
            state: GateState::Active,
        }
    }

    /// The gate's number.
    #[must_use]
    pub const fn gate(&self) -> GateId {
        self.gate
    }

    /// How many records the journal holds.
    #[must_use]
    pub fn len(&self) -> u64 {
        u64::try_from(self.records.len()).unwrap_or(u64::MAX)
    }

    /// Whether the journal is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// Writes a permitted tap into the journal and gives its number.
    pub fn permit(&mut self, at: Timestamp, kind: TapKind, code: &[u8]) -> u64 {
        self.write(at, kind, code, wire::tap::PERMITTED)
    }

    /// Writes a tap that the gate refused with `decision`.
    pub fn refuse(&mut self, at: Timestamp, kind: TapKind, code: &[u8], decision: u16) -> u64 {
        self.write(at, kind, code, decision)
    }

    /// Writes bytes that are no record.
    pub fn scribble(&mut self, bytes: &[u8]) -> u64 {
        self.records.push(bytes.to_vec());
        self.len() - 1
    }

    /// Writes a permitted tap that claims another stop than the gate's.
    pub fn permit_elsewhere(&mut self, at: Timestamp, code: &[u8], stop: &str) -> u64 {
        let own = self.stop;
        self.stop = StopId::new(stop).unwrap_or_else(|error| panic!("{error}"));
        let seq = self.permit(at, TapKind::On, code);
        self.stop = own;
        seq
    }

    fn write(&mut self, at: Timestamp, kind: TapKind, code: &[u8], decision: u16) -> u64 {
        let seq = self.len();
        let record = TapRecord {
            seq,
            at,
            kind: match kind {
                TapKind::On => wire::tap::TapKind::On,
                TapKind::Off => wire::tap::TapKind::Off,
            },
            gate: self.gate,
            stop: self.stop,
            route: self.route,
            decision,
            evidence: code,
            lists: wire::ListVersions::UNKNOWN,
            clock: wire::ClockState::Unproven,
        };
        let bytes = record.encode().unwrap_or_else(|error| panic!("{error}"));
        self.records.push(bytes.to_vec());
        seq
    }

    /// Writes down what became of the tap under `tap`; gives the note's own number.
    ///
    /// # Panics
    /// Never within the range of [`minutes`].
    pub fn note(&mut self, at: Timestamp, tap: u64, outcome: TapOutcome) -> u64 {
        let seq = self.len();
        let note = NoteRecord {
            seq,
            at,
            tap_epoch: self.epoch,
            tap_seq: tap,
            outcome,
        };
        let bytes = note.encode().unwrap_or_else(|error| panic!("{error}"));
        self.records.push(bytes.to_vec());
        seq
    }

    /// Forgets the records from `seq` on, as a device does whose journal was set back.
    pub fn truncate(&mut self, seq: u64) {
        self.records
            .truncate(usize::try_from(seq).unwrap_or(usize::MAX));
    }

    /// The signed batch of the records `from..to`.
    #[must_use]
    pub fn batch(&self, from: u64, to: u64) -> SignedBatch {
        let place = |seq: u64| usize::try_from(seq).unwrap_or(usize::MAX);
        let start = ChainHead::start(self.id, self.epoch);
        let (before, records) = self.records.split_at(place(from));
        let records = &records[..place(to - from)];
        let before = before.iter().fold(start, |head, record| head.after(record));
        let after = records
            .iter()
            .fold(before, |head, record| head.after(record));
        let count = u32::try_from(records.len()).unwrap_or(u32::MAX);
        let message = batch_message(self.id, self.epoch, from, count, before, after);
        SignedBatch {
            device: self.id,
            epoch: self.epoch,
            first_seq: from,
            chain_before: *before.as_bytes(),
            records: records.to_vec(),
            signature: self.key.sign(&message).to_bytes(),
        }
    }

    /// The signed batch of the whole journal.
    #[must_use]
    pub fn all(&self) -> SignedBatch {
        self.batch(0, self.len())
    }
}
