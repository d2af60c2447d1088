//! Reconciliation: what a provider's file says against what is posted, line by line.

use std::collections::BTreeMap;
use std::fmt;

use units::{Balance, PaymentId};

use super::model::Payment;

/// What a line is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LineKind {
    /// Collected from a rider.
    Payment,
    /// Given back to a rider.
    Refund,
    /// Taken back by a bank, or given up again.
    Chargeback,
}

/// A line of a provider's file, or what the ledger would expect there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// What the provider calls it: no two lines of one file share it.
    pub reference: String,
    /// Our payment, where the provider kept its id.
    pub payment: Option<PaymentId>,
    /// What it is about.
    pub kind: LineKind,
    /// What it adds to what the provider owes to the city: below zero for what went out again.
    pub amount: Balance,
}

/// Why two sides differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Reason {
    /// The provider's file names no payment of ours.
    UnknownPayment,
    /// The file says it twice under one reference.
    RepeatedLine,
    /// The ledger has it, the file has nothing of the kind for this payment.
    MissingInFile,
    /// The file has it, the ledger has nothing of the kind for this payment.
    MissingInLedger,
    /// Both have it and the sums differ.
    OtherAmount,
    /// The file's line is in another currency than the payment.
    OtherCurrency,
}

/// One difference. Amounts are in the file's signs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Why.
    pub reason: Reason,
    /// The payment, where one is known.
    pub payment: Option<PaymentId>,
    /// What it is about.
    pub kind: LineKind,
    /// The sum of the file's lines about it.
    pub file: Option<Balance>,
    /// The sum in the ledger.
    pub ledger: Option<Balance>,
    /// The file's lines about it, by reference.
    pub references: Vec<String>,
}

/// What the ledger has of `payments`, by payment and kind.
#[must_use]
pub fn ours(payments: &[Payment]) -> BTreeMap<(PaymentId, LineKind), Balance> {
    let mut ours = BTreeMap::new();
    for payment in payments {
        let sums = [
            (LineKind::Payment, payment.posted.collected),
            (LineKind::Refund, payment.posted.given_back.saturating_neg()),
            (
                LineKind::Chargeback,
                payment.posted.charged_back.saturating_neg(),
            ),
        ];
        for (kind, minor) in sums {
            if minor != 0 {
                ours.insert((payment.id, kind), Balance::new(minor, payment.currency()));
            }
        }
    }
    ours
}

/// Compares `file` with `ours`, the whole of both for the same payments. Empty = they agree to the
/// last minor unit; otherwise every difference once, ordered by payment and kind, lines without a
/// payment last.
#[must_use]
pub fn reconcile(
    file: &[Line],
    ours: &BTreeMap<(PaymentId, LineKind), Balance>,
    known: impl Fn(PaymentId) -> bool,
) -> Vec<Difference> {
    let mut found = Vec::new();
    let mut strangers = Vec::new();
    let mut theirs: BTreeMap<(PaymentId, LineKind), Vec<&Line>> = BTreeMap::new();
    let mut references: BTreeMap<&str, u32> = BTreeMap::new();
    for line in file {
        let seen = references.entry(&line.reference).or_default();
        *seen += 1;
        if *seen > 1 {
            found.push(alone(Reason::RepeatedLine, line));
            continue;
        }
        match line.payment {
            Some(payment) if known(payment) => {
                theirs.entry((payment, line.kind)).or_default().push(line);
            }
            _ => strangers.push(alone(Reason::UnknownPayment, line)),
        }
    }
    for (&(payment, kind), lines) in &theirs {
        found.extend(compare(
            payment,
            kind,
            lines,
            ours.get(&(payment, kind)).copied(),
        ));
    }
    for (&(payment, kind), &ledger) in ours {
        if !theirs.contains_key(&(payment, kind)) {
            found.push(Difference {
                reason: Reason::MissingInFile,
                payment: Some(payment),
                kind,
                file: None,
                ledger: Some(ledger),
                references: Vec::new(),
            });
        }
    }
    found.sort_by_key(|difference| (difference.payment, difference.kind, difference.reason));
    found.extend(strangers);
    found
}

fn alone(reason: Reason, line: &Line) -> Difference {
    Difference {
        reason,
        payment: line.payment,
        kind: line.kind,
        file: Some(line.amount),
        ledger: None,
        references: vec![line.reference.clone()],
    }
}

/// A chargeback that was taken back again sums to nothing on both sides.
fn compare(
    payment: PaymentId,
    kind: LineKind,
    lines: &[&Line],
    ledger: Option<Balance>,
) -> Option<Difference> {
    let mut sum: Option<Balance> = None;
    let mut mixed = false;
    for line in lines {
        sum = match sum {
            None => Some(line.amount),
            Some(sum) => sum.checked_add(line.amount).or_else(|| {
                mixed = true;
                Some(sum)
            }),
        };
    }
    let file = sum?;
    let reason = match ledger {
        _ if mixed => Reason::OtherCurrency,
        None if file.as_minor() == 0 => return None,
        None => Reason::MissingInLedger,
        Some(ledger) if ledger.currency() != file.currency() => Reason::OtherCurrency,
        Some(ledger) if ledger != file => Reason::OtherAmount,
        Some(_) => return None,
    };
    Some(Difference {
        reason,
        payment: Some(payment),
        kind,
        file: Some(file),
        ledger,
        references: lines.iter().map(|line| line.reference.clone()).collect(),
    })
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            LineKind::Payment => "payment",
            LineKind::Refund => "refund",
            LineKind::Chargeback => "chargeback",
        };
        let why = match self.reason {
            Reason::UnknownPayment => "the file names no payment of ours",
            Reason::RepeatedLine => "the file says it twice under one reference",
            Reason::MissingInFile => "the ledger has it, the file has not",
            Reason::MissingInLedger => "the file has it, the ledger has not",
            Reason::OtherAmount => "the sums differ",
            Reason::OtherCurrency => "the currencies differ",
        };
        write!(f, "{kind}")?;
        if let Some(payment) = self.payment {
            write!(f, " of {payment}")?;
        }
        write!(f, ": {why}")?;
        if let Some(file) = self.file {
            write!(f, "; file {file}")?;
        }
        if let Some(ledger) = self.ledger {
            write!(f, "; ledger {ledger}")?;
        }
        for reference in &self.references {
            write!(f, "; {reference}")?;
        }
        Ok(())
    }
}
