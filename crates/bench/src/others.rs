//! The common stack: base45, coset and ring, with the rules and lists of our gate.

use std::collections::VecDeque;

use anyhow::{Context as _, bail, ensure};
use coset::cwt::{ClaimsSet, Timestamp as CwtTime};
use coset::{CborSerializable as _, CoseSign1, RegisteredLabelWithPrivate, iana};
use ring::signature::{ED25519, UnparsedPublicKey};
use units::CredentialId;
use validator::{DenyList, Policy};

use crate::codes::{KID, Shown};

/// The envelope, what was signed, and the claims.
pub(crate) struct Read {
    envelope: CoseSign1,
    signed: Vec<u8>,
    claims: ClaimsSet,
}

/// Text to claims, no signature checked.
pub(crate) fn read(text: &str) -> anyhow::Result<Read> {
    let text = text.strip_prefix("FG1:").context("prefix")?;
    let bytes = base45::decode(text)?;
    let envelope = CoseSign1::from_slice(&bytes).map_err(|error| anyhow::anyhow!("{error}"))?;
    let payload = envelope.payload.as_deref().context("payload")?;
    let claims = ClaimsSet::from_slice(payload).map_err(|error| anyhow::anyhow!("{error}"))?;
    let signed = envelope.tbs_data(&[]);
    Ok(Read {
        envelope,
        signed,
        claims,
    })
}

/// A gate on that stack, for tickets.
pub(crate) struct Gate<'a, D> {
    pub(crate) key: UnparsedPublicKey<[u8; 32]>,
    pub(crate) policy: Policy,
    pub(crate) denied: &'a D,
    pub(crate) used: VecDeque<[u8; 16]>,
}

impl<'a, D: DenyList> Gate<'a, D> {
    pub(crate) fn new(public_key: [u8; 32], denied: &'a D) -> Self {
        Self {
            key: UnparsedPublicKey::new(&ED25519, public_key),
            policy: Policy::default(),
            denied,
            used: VecDeque::new(),
        }
    }

    /// The decision of our gate on a ticket: signature, times, product, deny list, replay.
    pub(crate) fn decide(&mut self, shown: &Shown) -> anyhow::Result<()> {
        let read = read(&shown.text)?;
        ensure!(
            read.envelope.protected.header.key_id == KID.as_bytes(),
            "issuer"
        );
        let verified = self.key.verify(&read.signed, &read.envelope.signature);
        ensure!(verified.is_ok(), "signature");
        let secs = |time: &Option<CwtTime>| match time {
            Some(CwtTime::WholeSeconds(secs)) => Ok(units::Timestamp::from_secs(*secs)),
            _ => bail!("no time"),
        };
        let starts = secs(&read.claims.not_before)?.minus(self.policy.not_before_tolerance);
        let ends = secs(&read.claims.expiration_time)?.plus(self.policy.expiry_tolerance);
        ensure!(starts <= shown.at && shown.at < ends, "time");
        let ours = |name: &coset::cwt::ClaimName| {
            matches!(name, RegisteredLabelWithPrivate::PrivateUse(-65_537))
        };
        let private = read.claims.rest.iter().find(|(name, _)| ours(name));
        let private = private.context("private claim")?.1.as_bytes();
        ensure!(private.context("bytes")?.len() == 4, "entitlement");
        let id: [u8; 16] = read.claims.cwt_id.context("cti")?.as_slice().try_into()?;
        ensure!(
            !self.denied.contains(&CredentialId::from_bytes(id)),
            "denied"
        );
        ensure!(!self.used.contains(&id), "used");
        if self.used.len() == 64 {
            self.used.pop_front();
        }
        self.used.push_back(id);
        Ok(())
    }
}

/// Both signatures of a presentation as `ring` gets them: key, message, signature.
pub(crate) type TwoSignatures = [([u8; 32], Vec<u8>, Vec<u8>); 2];

/// Takes a presentation apart, untimed.
pub(crate) fn two_signatures(shown: &Shown, issuer: [u8; 32]) -> anyhow::Result<TwoSignatures> {
    let outer = CoseSign1::from_slice(&shown.bytes).map_err(|error| anyhow::anyhow!("{error}"))?;
    let kcwt = coset::Label::Int(13);
    let rest = &outer.protected.header.rest;
    let (_, credential) = rest
        .iter()
        .find(|(label, _)| *label == kcwt)
        .context("kcwt")?;
    let inner = <CoseSign1 as coset::AsCborValue>::from_cbor_value(credential.clone());
    let inner = inner.map_err(|error| anyhow::anyhow!("{error}"))?;
    let algorithm = coset::RegisteredLabelWithPrivate::Assigned(iana::Algorithm::Ed25519);
    ensure!(inner.protected.header.alg == Some(algorithm), "algorithm");
    let holder = shown.holder.context("a presentation")?;
    Ok([
        (issuer, inner.tbs_data(&[]), inner.signature.clone()),
        (holder, outer.tbs_data(&[]), outer.signature.clone()),
    ])
}
