//! Invoices as CSV (RFC 4180), for banks and book-keepers without SEPA.

use super::Invoice;

/// Why there is no file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CsvError {
    /// An invoice is there twice.
    #[error("invoice {reference} is there twice")]
    Repeated {
        /// Its end-to-end reference.
        reference: String,
    },
    /// It cannot be written.
    #[error("the CSV cannot be written")]
    Csv(#[from] csv::Error),
}

/// The columns.
const COLUMNS: [&str; 8] = [
    "reference",
    "payment_id",
    "pay_window",
    "amount",
    "currency",
    "mandate",
    "account_holder",
    "iban",
];

/// Writes the invoices in their order, amounts with their currency's own digits.
///
/// # Errors
/// [`CsvError`].
pub fn csv(invoices: &[Invoice]) -> Result<Vec<u8>, CsvError> {
    if let Some(reference) = super::repeated(invoices) {
        return Err(CsvError::Repeated { reference });
    }
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(COLUMNS)?;
    for invoice in invoices {
        let code = invoice.amount.currency().code().to_owned();
        let printed = invoice.amount.to_string();
        let amount = printed.trim_start_matches(&code).trim_start().to_owned();
        let mandate = &invoice.mandate;
        writer.write_record([
            invoice.reference(),
            invoice.payment.to_string(),
            invoice.window.to_string(),
            amount,
            code,
            guarded(&mandate.reference),
            guarded(&mandate.name),
            guarded(&mandate.iban),
        ])?;
    }
    writer
        .into_inner()
        .map_err(|error| CsvError::Csv(error.into_error().into()))
}

/// A text that no spreadsheet takes for a formula (OWASP, "CSV Injection").
fn guarded(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}
