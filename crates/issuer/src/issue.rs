//! Issuing credentials and tickets: record, sign, verify, release, in this order.

use arrayvec::ArrayVec;
use units::{CredentialId, Span, Timestamp};
use wire::{
    CredentialClaims, Entitlement, ParsedCredential, PartySize, ProductCode, RiderCategory,
    TicketClaims, ToBeSigned,
};

use crate::service::new_credential_id;
use crate::{
    Chance, CodeKind, IssuanceRecord, IssuanceStore, IssueError, Issuer, MessageHash, Recorded,
    Rider, RingKey,
};

/// A credential that may leave.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct IssuedCredential {
    /// Its claim `cti`.
    pub id: CredentialId,
    /// The `COSE_Sign1`, as in docs/WIRE.md.
    pub cose: Vec<u8>,
    /// From when it can be presented.
    pub starts_at: Timestamp,
    /// Until when it can be presented.
    pub expires_at: Timestamp,
}

/// A ticket that may leave.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct IssuedTicket {
    /// Its claim `cti`.
    pub id: CredentialId,
    /// The text of its QR code.
    pub text: String,
    /// From when it opens gates.
    pub starts_at: Timestamp,
    /// Until when it opens gates.
    pub expires_at: Timestamp,
}

/// What a ticket shall be for; `None` is the account's own (a party of one), the usual life.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct TicketWish {
    /// Rider category.
    pub category: Option<RiderCategory>,
    /// How many travel.
    pub party: Option<PartySize>,
    /// Fare product.
    pub product: Option<ProductCode>,
    /// How long it lives, in whole seconds.
    pub life: Option<Span>,
}

/// What is about to be signed and recorded, apart from the bytes.
struct Draft {
    id: CredentialId,
    kind: CodeKind,
    entitlement: Entitlement,
    starts_at: Timestamp,
    expires_at: Timestamp,
}

impl<S: IssuanceStore> Issuer<S> {
    /// Issues a credential that names the rider's key and travels as one person. Also how one is
    /// renewed: the earlier one lives on until its end.
    ///
    /// # Errors
    /// [`IssueError`]; no signature leaves then.
    pub async fn issue_credential(
        &self,
        rider: &Rider,
        now: Timestamp,
        chance: Chance<'_>,
    ) -> Result<IssuedCredential, IssueError<S::Error>> {
        let ring = self.ring();
        let key = ring
            .signing_at(now)
            .ok_or(IssueError::NoSigningKey { at: now })?;
        // Codes count whole seconds: a credential starts with the second it is issued in.
        let starts_at = Timestamp::from_secs(now.as_secs());
        let draft = Draft {
            id: new_credential_id(now, chance),
            kind: CodeKind::Credential,
            entitlement: Entitlement {
                party: PartySize::ONE,
                ..rider.entitlement
            },
            starts_at,
            expires_at: starts_at.plus(self.lives.credential.as_span()),
        };
        let claims = CredentialClaims {
            id: draft.id,
            holder: rider.holder,
            entitlement: draft.entitlement,
            expires: draft.expires_at,
            life: self.lives.credential,
        };
        let object = claims
            .to_be_signed(key.public().kid())
            .map_err(IssueError::Encode)?;
        let cose = self
            .sign_on_record(rider, key, &draft, &object, now)
            .await?;
        let released = ParsedCredential::parse(&cose)
            .ok()
            .and_then(|parsed| parsed.verify(key.public()).ok())
            .is_some_and(|verified| verified.id() == draft.id);
        if !released {
            return Err(IssueError::NotReleased);
        }
        Ok(IssuedCredential {
            id: draft.id,
            cose: cose.to_vec(),
            starts_at: draft.starts_at,
            expires_at: draft.expires_at,
        })
    }

    /// Issues a ticket on the rider's account.
    ///
    /// # Errors
    /// [`IssueError`]; no signature leaves then.
    pub async fn issue_ticket(
        &self,
        rider: &Rider,
        wish: &TicketWish,
        now: Timestamp,
        chance: Chance<'_>,
    ) -> Result<IssuedTicket, IssueError<S::Error>> {
        let entitlement = grant(rider.entitlement, wish)?;
        let life = self.ticket_life(wish.life)?;
        let ring = self.ring();
        let key = ring
            .signing_at(now)
            .ok_or(IssueError::NoSigningKey { at: now })?;
        let starts_at = Timestamp::from_secs(now.as_secs());
        let draft = Draft {
            id: new_credential_id(now, chance),
            kind: CodeKind::Ticket,
            entitlement,
            starts_at,
            expires_at: starts_at.plus(life),
        };
        let claims = TicketClaims {
            id: draft.id,
            starts: draft.starts_at,
            expires: draft.expires_at,
            entitlement,
        };
        let object = claims
            .to_be_signed(key.public().kid())
            .map_err(IssueError::Encode)?;
        let bytes = self
            .sign_on_record(rider, key, &draft, &object, now)
            .await?;
        let released = match wire::parse(&bytes) {
            Ok(wire::Code::Ticket(parsed)) => parsed
                .verify(key.public())
                .is_ok_and(|verified| verified.id() == draft.id),
            _ => false,
        };
        if !released {
            return Err(IssueError::NotReleased);
        }
        let text = wire::text::encode(&bytes).map_err(IssueError::Text)?;
        Ok(IssuedTicket {
            id: draft.id,
            text: text.to_string(),
            starts_at: draft.starts_at,
            expires_at: draft.expires_at,
        })
    }

    /// The one place that asks a signer. The record is durable before; the caller checks the
    /// signature after.
    async fn sign_on_record<const N: usize>(
        &self,
        rider: &Rider,
        key: &RingKey,
        draft: &Draft,
        object: &ToBeSigned<N>,
        now: Timestamp,
    ) -> Result<ArrayVec<u8, N>, IssueError<S::Error>> {
        let record = IssuanceRecord {
            id: draft.id,
            account: rider.account,
            kid: key.public().kid(),
            kind: draft.kind,
            entitlement: draft.entitlement,
            message: MessageHash::of(object.message()),
            starts_at: draft.starts_at,
            expires_at: draft.expires_at,
            recorded_at: now,
        };
        match self
            .store
            .record(&record)
            .await
            .map_err(IssueError::Store)?
        {
            Recorded::Yes => {}
            Recorded::AccountDenied => return Err(IssueError::AccountDenied),
        }
        let signature = key.sign(object.message()).map_err(IssueError::Signer)?;
        object.finish(&signature).map_err(IssueError::Encode)
    }

    fn ticket_life(&self, wish: Option<Span>) -> Result<Span, IssueError<S::Error>> {
        let life = Span::from_secs(wish.unwrap_or(self.lives.ticket).as_secs());
        if life <= Span::ZERO || life > self.lives.ticket_max {
            return Err(IssueError::Life {
                max_s: self.lives.ticket_max.as_secs(),
                got_s: life.as_secs(),
            });
        }
        Ok(life)
    }
}

/// What a ticket may be for. Nobody travels as a child because a request says so.
fn grant<E: core::error::Error + 'static>(
    entitled: Entitlement,
    wish: &TicketWish,
) -> Result<Entitlement, IssueError<E>> {
    let refused = |field, entitled: u16, got: u16| {
        Err(IssueError::NotEntitled {
            field,
            entitled,
            got,
        })
    };
    let category = wish.category.unwrap_or(entitled.category);
    if category != entitled.category {
        return refused(
            "category",
            entitled.category.as_code().into(),
            category.as_code().into(),
        );
    }
    let product = wish.product.unwrap_or(entitled.product);
    if product != entitled.product {
        return refused("product", entitled.product.as_number(), product.as_number());
    }
    let party = wish.party.unwrap_or(PartySize::ONE);
    if party > entitled.party {
        return refused(
            "party",
            entitled.party.as_riders().into(),
            party.as_riders().into(),
        );
    }
    Ok(Entitlement {
        category,
        party,
        product,
    })
}
