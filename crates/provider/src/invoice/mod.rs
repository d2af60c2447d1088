//! Invoice files for a bank: what is to be collected, as a SEPA direct debit (pain.008) or as CSV.
//!
//! A file is a function of its invoices, its number and its dates: writing it again gives the same
//! bytes, and banks refuse a second file with the same number. Each line carries the payment's id
//! and the request's number as its end-to-end reference, which the bank's statement repeats.

mod csv;
mod sepa;

use std::collections::BTreeSet;

pub use settlement::charging::Mandate;
use units::{Amount, PaymentId, ServiceDay};

pub use self::csv::{CsvError, csv};
pub use self::sepa::{Creditor, SepaError, pain008};

/// One line: what is to be collected from whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invoice {
    /// The payment.
    pub payment: PaymentId,
    /// The request's number within the payment, from 1.
    pub request: u32,
    /// How much, above zero.
    pub amount: Amount,
    /// The first day of the pay window.
    pub window: ServiceDay,
    /// What the rider signed.
    pub mandate: Mandate,
}

impl Invoice {
    /// Its end-to-end reference: the payment in hex (32 digits), then the request's number.
    #[must_use]
    pub fn reference(&self) -> String {
        format!("{}{}", hex::encode(self.payment.as_bytes()), self.request)
    }
}

/// The first invoice that is there twice: a bank would collect both.
fn repeated(invoices: &[Invoice]) -> Option<String> {
    let mut seen = BTreeSet::new();
    let references = invoices.iter().map(Invoice::reference);
    references
        .into_iter()
        .find(|reference| !seen.insert(reference.clone()))
}

/// The payment and the request's number that an end-to-end reference names.
#[must_use]
pub fn parse_reference(text: &str) -> Option<(PaymentId, u32)> {
    let (payment, request) = text.split_at_checked(32)?;
    let bytes: [u8; 16] = hex::decode(payment).ok()?.try_into().ok()?;
    let number = request.parse().ok()?;
    let found = (PaymentId::from_bytes(bytes), number);
    // One text per reference: no capitals, no leading zeros.
    let again = format!("{}{number}", hex::encode(bytes));
    (again == text).then_some(found)
}
