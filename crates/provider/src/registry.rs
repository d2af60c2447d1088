//! The providers of a city by name, as one provider: each payment goes to its own.

use std::collections::BTreeMap;

use secrecy::SecretString;
use settlement::charging::{
    Answer, InvoiceBook, Invoiced, Order, Payment, PaymentProvider, Prepaid, PrepaidBook, Truth,
    Unavailable,
};
use settlement::ids;
use units::ProviderId;

use crate::invoice::Creditor;
use crate::stripe::Stripe;

/// One provider.
pub enum Kind {
    /// Balances that riders paid ahead, in the city's own store.
    Prepaid,
    /// Invoices for a bank; the creditor is needed for SEPA files alone.
    Invoice(Option<Creditor>),
    /// Stripe, or what speaks like it, and the secret of its webhooks where it sends any.
    Stripe(Box<Stripe>, Option<SecretString>),
}

/// The providers of a city.
pub struct Providers<S> {
    store: S,
    by_id: BTreeMap<ProviderId, (String, Kind)>,
}

impl<S> Providers<S> {
    /// The providers of these names; books that are our own are kept in `store`.
    pub fn new(store: S, named: impl IntoIterator<Item = (String, Kind)>) -> Self {
        let by_id = named
            .into_iter()
            .map(|(name, kind)| (ids::provider_of_name(&name), (name, kind)));
        Self {
            store,
            by_id: by_id.collect(),
        }
    }

    /// Where its books are.
    pub const fn store(&self) -> &S {
        &self.store
    }

    /// The provider of that name.
    #[must_use]
    pub fn named(&self, name: &str) -> Option<&Kind> {
        let (_, kind) = self.by_id.get(&ids::provider_of_name(name))?;
        Some(kind)
    }

    /// What the city calls a provider.
    #[must_use]
    pub fn name_of(&self, id: ProviderId) -> Option<&str> {
        self.by_id.get(&id).map(|(name, _)| name.as_str())
    }

    fn kind(&self, id: ProviderId) -> Option<&Kind> {
        self.by_id.get(&id).map(|(_, kind)| kind)
    }
}

impl<S: PrepaidBook + InvoiceBook> PaymentProvider for Providers<S> {
    async fn send(&self, order: &Order) -> Answer {
        match self.kind(order.provider) {
            Some(Kind::Prepaid) => Prepaid(&self.store).send(order).await,
            Some(Kind::Invoice(_)) => Invoiced(&self.store).send(order).await,
            Some(Kind::Stripe(stripe, _)) => stripe.send(order).await,
            // It may be there again tomorrow, and may have the order from yesterday.
            None => Answer::Unheard,
        }
    }

    async fn look_up(&self, payment: &Payment) -> Result<Truth, Unavailable> {
        match self.kind(payment.provider) {
            Some(Kind::Prepaid) => Prepaid(&self.store).look_up(payment).await,
            Some(Kind::Invoice(_)) => Invoiced(&self.store).look_up(payment).await,
            Some(Kind::Stripe(stripe, _)) => stripe.look_up(payment).await,
            None => Err(Unavailable {
                why: format!("no provider {} is configured", payment.provider),
            }),
        }
    }
}
