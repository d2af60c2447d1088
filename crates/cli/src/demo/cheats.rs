//! The codes that cheats show.

use anyhow::{Context as _, Result};
use ed25519_dalek::{Signer as _, SigningKey};
use units::{CredentialId, KeyId, Span, Timestamp};
use wire::{
    CredentialClaims, Entitlement, HolderKey, LifeHours, PartySize, PresentationClaims,
    ProductCode, RiderCategory,
};

use super::dice::Dice;
use super::phone::Phone;
use super::plan::Cheat;

/// What the demo's cheats have at hand: keys of their own, and the name of the issuer's.
pub(super) struct Workshop {
    /// The key id that this city's gates know.
    known: KeyId,
    phone: SigningKey,
    issuer: SigningKey,
}

/// How long ago the screenshot was taken.
const SCREENSHOT_AGE: Span = Span::from_secs(120);
/// The key id of another city; gates of this one do not hold it.
const FOREIGN: KeyId = KeyId::from_bytes(*b"sh01");

impl Workshop {
    pub(super) fn new(known: KeyId, dice: &mut Dice) -> Self {
        Self {
            known,
            phone: SigningKey::from_bytes(&dice.key_seed()),
            issuer: SigningKey::from_bytes(&dice.key_seed()),
        }
    }

    /// The code that a cheat shows at `now`; `last` is the code of the honest tap before.
    pub(super) fn code(
        &self,
        cheat: Cheat,
        phone: &Phone,
        last: Option<&str>,
        now: Timestamp,
        dice: &mut Dice,
    ) -> Result<String> {
        match cheat {
            Cheat::Screenshot => phone.code(now.minus(SCREENSHOT_AGE)),
            Cheat::SameGate | Cheat::OtherGate => last
                .map(str::to_owned)
                .context("there was no honest tap before"),
            Cheat::Forged => self.forge(self.known, now, dice),
            Cheat::Foreign => self.forge(FOREIGN, now, dice),
            Cheat::Tampered => Ok(change_one_character(&phone.code(now)?, dice)),
            Cheat::Denied => phone.code(now),
            Cheat::Expired => phone.code_in_spite_of_expiry(now),
        }
    }

    /// A code in perfect form whose issuer is the cheat.
    fn forge(&self, kid: KeyId, now: Timestamp, dice: &mut Dice) -> Result<String> {
        let mut id = [0; 16];
        dice.fill(&mut id);
        let credential = CredentialClaims {
            id: CredentialId::from_bytes(id),
            holder: HolderKey::from_bytes(self.phone.verifying_key().as_bytes())?,
            expires: now.plus(Span::from_secs(3_600)),
            life: LifeHours::new(24).context("24 hours are a life")?,
            entitlement: Entitlement {
                category: RiderCategory::from_code(0),
                party: PartySize::ONE,
                product: ProductCode::from_number(0),
            },
        };
        let credential = credential.sign(kid, |message| self.issuer.sign(message).to_bytes())?;
        let shown = PresentationClaims {
            issued_at: now,
            gate: None,
        }
        .sign(&credential, |message| self.phone.sign(message).to_bytes())?;
        Ok(wire::text::encode(&shown)?.to_string())
    }
}

/// The same code with one character changed to another of the alphabet, behind the prefix.
pub(super) fn change_one_character(code: &str, dice: &mut Dice) -> String {
    let prefix = "FG1:".len();
    let behind = code.len().saturating_sub(prefix);
    let place =
        prefix + usize::try_from(dice.below(u64::try_from(behind).unwrap_or(0))).unwrap_or(0);
    code.char_indices()
        .map(|(at, character)| match character {
            'A' if at == place => 'B',
            _ if at == place => 'A',
            other => other,
        })
        .collect()
}
