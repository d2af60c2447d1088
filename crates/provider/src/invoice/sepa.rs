//! Invoices as a SEPA core direct debit: pain.008.001.08, by the crate `sepa`.

use ::sepa::{
    CreditorId, DirectDebitEntry, DirectDebitGroup, Iban, IsoDate, IsoDateTime, Pain008Builder,
    validate_creditor_id, validate_iban,
};
use units::{ServiceDay, Timestamp};

use super::Invoice;

/// Who collects. Its parts are valid.
#[derive(Debug, Clone)]
pub struct Creditor {
    name: String,
    iban: Iban,
    id: CreditorId,
}

/// Why there is no file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SepaError {
    /// The creditor's account or identifier is none.
    #[error("the creditor's {what} is not valid")]
    Creditor {
        /// Which part.
        what: &'static str,
    },
    /// An invoice cannot be collected by SEPA.
    #[error("invoice {reference}: {what}")]
    Invoice {
        /// Its end-to-end reference.
        reference: String,
        /// What is wrong with it.
        what: &'static str,
    },
    /// A date is out of what the format holds.
    #[error("a date is out of range")]
    Date,
    /// The file breaks a rule of the scheme.
    #[error("the file breaks a rule of the scheme: {0}")]
    Rule(String),
}

impl Creditor {
    /// Checks the account (ISO 13616) and the creditor's identifier (EPC AT-02).
    ///
    /// # Errors
    /// [`SepaError::Creditor`].
    pub fn new(name: &str, iban: &str, id: &str) -> Result<Self, SepaError> {
        let creditor = |what| move |_| SepaError::Creditor { what };
        Ok(Self {
            name: name.to_owned(),
            iban: validate_iban(iban).map_err(|_| SepaError::Creditor { what: "IBAN" })?,
            id: validate_creditor_id(id).map_err(creditor("identifier"))?,
        })
    }
}

/// Writes file `number` (at most 35 characters, never used twice) of `invoices`, to be collected on
/// `collect_on`, as made at `made_at`.
///
/// # Errors
/// [`SepaError`]: nothing is written where one invoice cannot be.
pub fn pain008(
    creditor: &Creditor,
    number: &str,
    invoices: &[Invoice],
    collect_on: ServiceDay,
    made_at: Timestamp,
) -> Result<String, SepaError> {
    if let Some(reference) = super::repeated(invoices) {
        let what = "it is there twice";
        return Err(SepaError::Invoice { reference, what });
    }
    let mut group = DirectDebitGroup::new(
        creditor.name.as_str(),
        &creditor.iban,
        &creditor.id,
        date(collect_on)?,
    );
    for invoice in invoices {
        group = group.add_entry(entry(invoice)?);
    }
    let builder = Pain008Builder::new(creditor.name.as_str(), number)
        .created_at(instant(made_at)?)
        .add_group(group);
    builder
        .build()
        .map_err(|error| SepaError::Rule(error.to_string()))
}

fn entry(invoice: &Invoice) -> Result<DirectDebitEntry, SepaError> {
    let wrong = |what| SepaError::Invoice {
        reference: invoice.reference(),
        what,
    };
    if invoice.amount.currency().code() != "EUR" {
        return Err(wrong("SEPA collects euros alone"));
    }
    let mandate = &invoice.mandate;
    let iban = validate_iban(&mandate.iban).map_err(|_| wrong("the IBAN is not valid"))?;
    let entry = DirectDebitEntry::new(
        mandate.reference.as_str(),
        date(mandate.signed)?,
        mandate.name.as_str(),
        iban,
        invoice.amount.as_minor(),
        invoice.reference(),
    );
    Ok(entry.with_description(format!("Travel from {}", invoice.window)))
}

fn date(day: ServiceDay) -> Result<IsoDate, SepaError> {
    IsoDate::from_epoch_days(i64::from(day.as_days())).map_err(|_| SepaError::Date)
}

fn instant(at: Timestamp) -> Result<IsoDateTime, SepaError> {
    let seconds = at.as_secs();
    let day = seconds.div_euclid(86_400);
    let part = |length: i64, count: i64| {
        let value = seconds.div_euclid(length).rem_euclid(count);
        u8::try_from(value).map_err(|_| SepaError::Date)
    };
    let day = IsoDate::from_epoch_days(day).map_err(|_| SepaError::Date)?;
    IsoDateTime::new(day, part(3_600, 24)?, part(60, 60)?, part(1, 60)?)
        .map_err(|_| SepaError::Date)
}
