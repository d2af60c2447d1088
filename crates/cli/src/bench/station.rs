//! A gate in a folder, as an agent finds it: its configuration. And codes to show to it.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use ed25519_dalek::{Signer as _, SigningKey};
use gate::config::Config;
use gate::machine::now;
use units::Span;
use wire::{
    CredentialClaims, Entitlement, HolderKey, LifeHours, PartySize, PresentationClaims,
    ProductCode, RiderCategory, TicketClaims,
};

use super::city::{City, ISSUERS, kid, numbered, signer};

/// A gate's folder.
pub(super) struct Station(PathBuf);

impl Station {
    /// Writes it for a gate of that city; `tables` are more tables of its configuration.
    pub(super) fn new(path: &Path, city: &City, tables: &str) -> Result<Self> {
        let station = Self(path.to_owned());
        std::fs::create_dir_all(station.lists())?;
        let config = format!(
            "[gate]\nid = \"00000007\"\ndevice = \"d1d1d1d1-d1d1-41d1-91d1-d1d1d1d1d1d1\"\n\
             stop = \"a\"\nstate = '{0}/state'\nkey_file = '{0}/key'\n\
             [[input]]\nfrom = \"stdin\"\ndirection = \"on\"\n\
             [journal]\nreplay_slots = 65536\n\
             [lists]\nroot = '{0}/root'\n{tables}",
            path.display(),
        );
        std::fs::write(station.config_file(), config)?;
        std::fs::write(path.join("root"), &city.root_bytes)?;
        // The device signs batches with it; what it signs here goes nowhere.
        std::fs::write(path.join("key"), "77".repeat(32))?;
        Ok(station)
    }

    /// Where its signed lists are kept.
    pub(super) fn lists(&self) -> PathBuf {
        self.0.join("state/lists/signed")
    }

    /// The folder of its journal.
    pub(super) fn journal(&self) -> PathBuf {
        self.0.join("state/journal")
    }

    /// The file of its configuration.
    pub(super) fn config_file(&self) -> PathBuf {
        self.0.join("gate.toml")
    }

    /// Its configuration.
    pub(super) fn config(&self) -> Result<Config> {
        Ok(Config::read(&self.config_file())?)
    }
}

/// Good codes by their numbers, tickets and presentations in turn, of all issuers.
pub(super) fn codes(numbers: std::ops::Range<u32>) -> Result<Vec<String>> {
    numbers.map(code).collect()
}

fn code(number: u32) -> Result<String> {
    let issuer = u8::try_from(number / 2 % u32::from(ISSUERS))?;
    let key = signer(issuer);
    let sign = |message: &[u8]| key.sign(message).to_bytes();
    let entitlement = Entitlement {
        category: RiderCategory::from_code(0),
        party: PartySize::ONE,
        product: ProductCode::from_number(1),
    };
    let (id, hour) = (numbered(0x70, number), Span::from_secs(3_600));
    let bytes = if number.is_multiple_of(2) {
        let ticket = TicketClaims {
            id,
            starts: now().minus(Span::from_secs(60)),
            expires: now().plus(hour),
            entitlement,
        };
        ticket.sign(kid(issuer), sign)?.to_vec()
    } else {
        let mut seed = [0x55; 32];
        seed[..4].copy_from_slice(&number.to_be_bytes());
        let phone = SigningKey::from_bytes(&seed);
        let credential = CredentialClaims {
            id,
            holder: HolderKey::from_bytes(&phone.verifying_key().to_bytes())?,
            entitlement,
            expires: now().plus(hour),
            life: LifeHours::new(24).context("24 hours")?,
        };
        let credential = credential.sign(kid(issuer), sign)?;
        let presentation = PresentationClaims {
            issued_at: now(),
            gate: None,
        };
        let signed = presentation.sign(&credential, |message| phone.sign(message).to_bytes());
        signed?.to_vec()
    };
    Ok(wire::text::encode(&bytes)?.to_string())
}
