//! Invoices for a bank as a provider: orders that are written down, go out in files, and end as
//! the bank's statement says.

use super::model::{Payment, Truth, TruthItem, TruthStatus};
use super::{Answer, BankWord, InvoiceBook, Order, PaymentProvider, Unavailable};

/// The invoices of a book as a payment provider.
#[derive(Debug)]
pub struct Invoiced<B>(pub B);

impl<B: InvoiceBook> PaymentProvider for Invoiced<&B> {
    async fn send(&self, order: &Order) -> Answer {
        match self.0.invoice(order).await {
            Ok(()) => Answer::Heard,
            Err(_) => Answer::Unheard,
        }
    }

    async fn look_up(&self, payment: &Payment) -> Result<Truth, Unavailable> {
        let invoiced = self.0.invoiced(payment).await;
        let invoiced = invoiced.map_err(|error| Unavailable {
            why: error.to_string(),
        })?;
        let mut items = Vec::new();
        for order in invoiced {
            if let BankWord::TakenBack(_) = order.word {
                items.push(TruthItem::ChargedBack(order.amount));
            }
            items.push(TruthItem::Requested {
                what: order.what,
                number: order.number,
                reference: payment.id.to_string(),
                amount: order.amount,
                status: match order.word {
                    BankWord::Open => TruthStatus::Open,
                    BankWord::Paid | BankWord::TakenBack(_) => TruthStatus::Done,
                    BankWord::Failed(code) => TruthStatus::Failed { code },
                },
            });
        }
        Ok(Truth { items })
    }
}
