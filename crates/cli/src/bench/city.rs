//! The city of the measurement: twenty issuers, a root, and the signed lists of a gate there.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context as _, Result};
use ed25519_dalek::SigningKey;
use gate::machine::now;
use gate::signed::{HeldBytes, Store};
use issuer::keyfile::{FileKey, KeyFile, KeyLives};
use issuer::lists::{
    Delegation, Issuers, Published, RootKeys, Wanted, add_signatures, make, plan_root,
};
use units::{CredentialId, KeyId, ServiceDay, Span, TextId};
use wire::lists::{GatePolicy, ListName, Root, Tariff};
use wire::{IssuerCode, IssuerKey};

/// Issuers whose codes the gate takes.
pub(super) const ISSUERS: u8 = 20;

/// What is published stays good for so long: longer than any measurement.
const LIFE: Span = Span::from_secs(86_400);

/// Who signs there.
pub(super) struct City {
    online: KeyFile,
    root: Root,
    /// The root's bytes, as a gate is installed with them.
    pub(super) root_bytes: Vec<u8>,
}

impl City {
    /// A city whose keys are known to everybody: they sign nothing but this measurement.
    pub(super) fn new() -> Result<Self> {
        let file = |seed: u8| {
            let same = move |bytes: &mut [u8]| bytes.fill(seed);
            KeyFile::create(now(), &KeyLives::default(), &same)
        };
        let (offline, online) = (file(1)?, file(2)?);
        let public = |file: &KeyFile| RootKeys {
            keys: file.keys().iter().map(FileKey::public_key).collect(),
            threshold: 1,
        };
        let until = now().plus(LIFE);
        let delegation = Delegation {
            signers: public(&online),
            until,
        };
        let named = (TextId::new("bench")?, 1, 0);
        let root = plan_root(named, (now(), until), &public(&offline), &delegation)?;
        let root_bytes = add_signatures(&root.payload()?, &[], &[&offline])?;
        Ok(Self {
            online,
            root,
            root_bytes,
        })
    }

    /// Lists with these codes denied, after those before.
    pub(super) fn publish(
        &self,
        before: Option<&Published>,
        denied: BTreeSet<CredentialId>,
    ) -> Result<Published> {
        let (city, issued) = (self.root.city, now());
        let mut issuers = Vec::new();
        for issuer in 0..ISSUERS {
            let public = signer(issuer).verifying_key().to_bytes();
            let from = now().minus(LIFE);
            let key = IssuerKey::new(kid(issuer), &public, from, now().plus(LIFE))?;
            issuers.push(Issuers {
                city: TextId::new(&format!("city-{issuer}"))?,
                number: IssuerCode::from_number(u16::from(issuer)),
                keys: vec![key],
                networks: Vec::new(),
            });
        }
        let wanted = Wanted {
            issuers,
            denied: Some(denied),
            rules: None,
            policy: GatePolicy {
                city,
                version: 0,
                issued,
                code_life: Span::from_secs(15),
                phone_slow_max: Span::from_secs(30),
                phone_fast_max: Span::from_secs(30),
                not_before_tolerance: Span::from_secs(30),
                expiry_tolerance: Span::ZERO,
                modes: GatePolicy::ONE_WAY | GatePolicy::GATE_BOUND | GatePolicy::TICKETS,
                stale_for: Span::ZERO,
                stale_taps: 0,
            },
            tariff: Tariff {
                city,
                version: 0,
                issued,
                effective: ServiceDay::from_days(20_000),
                length: 1,
                hash: [0; 32],
            },
            life: LIFE,
        };
        let made = make(before, &self.root, &self.online, &wanted, now())?;
        made.context("nothing new to publish")
    }

    /// Puts lists where an agent finds them when it starts.
    pub(super) fn install(&self, folder: &Path, lists: &Published) -> Result<()> {
        let store = Store::open(folder)?;
        for name in ListName::ALL {
            let path = store.list_path(lists.snapshot.list(name));
            std::fs::write(path, lists.list(name))?;
        }
        let held = HeldBytes {
            root: self.root_bytes.clone(),
            taken_under: self.root_bytes.clone(),
            snapshot: lists.signed.to_vec(),
        };
        Ok(store.commit(&held, Some(&lists.snapshot))?)
    }
}

/// Denied codes by their numbers.
pub(super) fn denied(numbers: std::ops::Range<u32>) -> BTreeSet<CredentialId> {
    numbers.map(|number| numbered(0xdd, number)).collect()
}

/// An id that depends on what it is for and a number, spread like a random one.
pub(super) fn numbered(what: u8, number: u32) -> CredentialId {
    let mut bytes = [what; 16];
    let spread = u64::from(number).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    bytes[..8].copy_from_slice(&spread.to_be_bytes());
    bytes[12..].copy_from_slice(&number.to_be_bytes());
    CredentialId::from_bytes(bytes)
}

/// The signing key of an issuer.
pub(super) fn signer(issuer: u8) -> SigningKey {
    SigningKey::from_bytes(&[issuer.wrapping_add(0x11); 32])
}

/// The number of that key.
pub(super) const fn kid(issuer: u8) -> KeyId {
    KeyId::from_bytes([b'h', b'z', b'0' + issuer / 10, b'0' + issuer % 10])
}
