//! Prepaid balances as a provider: money that a rider paid ahead, drawn down by payments.
//!
//! A rider's prepaid balance is what the rider's entries add up to on the ledger account of this
//! provider: topping up posts + there, a payment posts −. So it needs no rules of its own in the
//! ledger, and never goes below zero because [`PrepaidBook::draw`] refuses.

use super::model::{Payment, Truth, TruthItem, TruthStatus};
use super::{Answer, Order, PaymentProvider, PrepaidBook, Unavailable, What};

/// An order that the book knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drawn {
    /// Which way.
    pub what: What,
    /// The request's number within its payment.
    pub number: u32,
    /// How much.
    pub amount: units::Amount,
    /// Whether there was enough.
    pub done: bool,
}

/// The prepaid balances of a book as a payment provider.
#[derive(Debug)]
pub struct Prepaid<B>(pub B);

impl<B: PrepaidBook> PaymentProvider for Prepaid<&B> {
    async fn send(&self, order: &Order) -> Answer {
        match self.0.draw(order).await {
            Ok(_) => Answer::Heard,
            Err(_) => Answer::Unheard,
        }
    }

    async fn look_up(&self, payment: &Payment) -> Result<Truth, Unavailable> {
        let drawn = self.0.drawn(payment).await.map_err(|error| Unavailable {
            why: error.to_string(),
        })?;
        let items = drawn.into_iter().map(|drawn| TruthItem::Requested {
            what: drawn.what,
            number: drawn.number,
            reference: payment.id.to_string(),
            amount: drawn.amount,
            status: if drawn.done {
                TruthStatus::Done
            } else {
                TruthStatus::Failed {
                    code: "insufficient_funds".to_owned(),
                }
            },
        });
        Ok(Truth {
            items: items.collect(),
        })
    }
}
