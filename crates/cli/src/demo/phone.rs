//! A rider's phone: its key, its session, its codes.

use anyhow::{Context as _, Result};
use api::{Base64Url, RegisterDeviceRequest, SessionToken};
use ed25519_dalek::{Signer as _, SigningKey};
use units::{CredentialId, Timestamp};
use wallet::Wallet;
use wire::PresentationClaims;

use super::client::Client;
use super::dice::Dice;

/// A registered phone.
pub(super) struct Phone {
    wallet: Wallet,
    /// The same key outside the wallet, for what an honest wallet refuses to do.
    bare: SigningKey,
    credential: Vec<u8>,
    pub(super) credential_id: CredentialId,
    pub(super) session: SessionToken,
}

impl Phone {
    /// Makes a key, registers it and fetches the first credential, as an app does on first start.
    ///
    /// # Errors
    /// When the server refuses, or answers with something that is no credential.
    pub(super) async fn register(client: &Client, dice: &mut Dice) -> Result<Self> {
        let seed = dice.key_seed();
        let mut wallet = Wallet::new(&seed);
        let challenge = client.challenge().await?;
        let request = RegisterDeviceRequest {
            public_key: Base64Url(wallet.public_key()),
            challenge: challenge.challenge,
            proof: Base64Url(wallet.prove(&challenge.challenge.0)),
        };
        let device = client.register(&request).await?;
        let credential = device.credential.cose.0;
        wallet
            .store(&credential)
            .context("the server sent no credential")?;
        Ok(Self {
            wallet,
            bare: SigningKey::from_bytes(&seed),
            credential,
            credential_id: device.credential.credential_id.0,
            session: device.session,
        })
    }

    /// A fresh code, made without a network.
    ///
    /// # Errors
    /// When the credential has run out.
    pub(super) fn code(&self, now: Timestamp) -> Result<String> {
        Ok(self.wallet.present(now, None)?)
    }

    /// What a tampered app does when the credential has run out.
    ///
    /// # Errors
    /// When the credential cannot be carried at all.
    pub(super) fn code_in_spite_of_expiry(&self, now: Timestamp) -> Result<String> {
        let shown = PresentationClaims {
            issued_at: now,
            gate: None,
        }
        .sign(&self.credential, |message| {
            self.bare.sign(message).to_bytes()
        })?;
        Ok(wire::text::encode(&shown)?.to_string())
    }
}
