//! Settlement files: Stripe's balance report as CSV, with our payment's id as a column.

use serde::Deserialize;
use settlement::charging::{Line, LineKind};
use units::{Balance, Currency, PaymentId};

/// A file as lines to reconcile.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BalanceReport {
    /// The lines that move riders' money, in order.
    pub lines: Vec<Line>,
    /// What the provider keeps for itself, in minor units by currency, in order of first mention.
    pub fees: Vec<Balance>,
}

/// Why a file cannot be read. Nothing of it is taken.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReportError {
    /// It is no CSV with the columns of a balance report.
    #[error("the file is no balance report")]
    Csv(#[from] csv::Error),
    /// A row says something that is not known.
    #[error("row {row}: unknown {what}: {got:?}")]
    Unknown {
        /// The row, from 1, without the names.
        row: usize,
        /// What is unknown.
        what: &'static str,
        /// What it says.
        got: String,
    },
    /// The fees leave 64 bits.
    #[error("the fees leave 64 bits of minor units")]
    Overflow,
}

#[derive(Deserialize)]
struct Row {
    balance_transaction_id: String,
    reporting_category: String,
    #[serde(rename = "payment_metadata[payment]")]
    payment: String,
    gross: i64,
    fee: i64,
    currency: String,
}

/// Reads a balance report whole.
///
/// # Errors
/// [`ReportError`].
pub fn read(bytes: &[u8]) -> Result<BalanceReport, ReportError> {
    let mut report = BalanceReport::default();
    let mut reader = csv::Reader::from_reader(bytes);
    for (row, read) in (1..).zip(reader.deserialize()) {
        let read: Row = read?;
        let unknown = |what, got: &str| ReportError::Unknown {
            row,
            what,
            got: got.to_owned(),
        };
        let code = read.currency.to_ascii_uppercase();
        let currency =
            Currency::from_code(&code).map_err(|_| unknown("currency", &read.currency))?;
        let kind = match read.reporting_category.as_str() {
            "charge" => Some(LineKind::Payment),
            "refund" | "refund_failure" => Some(LineKind::Refund),
            "dispute" | "dispute_reversal" => Some(LineKind::Chargeback),
            // Money between the provider and the city itself.
            "payout" | "payout_reversal" | "fee" | "topup" => None,
            other => return Err(unknown("category", other)),
        };
        add(&mut report.fees, Balance::new(read.fee, currency))?;
        if let Some(kind) = kind {
            report.lines.push(Line {
                reference: read.balance_transaction_id,
                payment: PaymentId::parse(&read.payment).ok(),
                kind,
                amount: Balance::new(read.gross, currency),
            });
        }
    }
    Ok(report)
}

fn add(fees: &mut Vec<Balance>, fee: Balance) -> Result<(), ReportError> {
    let same = fees.iter_mut().find(|sum| sum.currency() == fee.currency());
    match same {
        Some(sum) => *sum = sum.checked_add(fee).ok_or(ReportError::Overflow)?,
        None => fees.push(fee),
    }
    Ok(())
}
