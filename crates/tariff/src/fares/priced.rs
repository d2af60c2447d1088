//! What an itinerary costs, and which rows say so.

use std::ops::Range;

use units::{Balance, Currency};

use crate::feed::{FareIx, FeedFile, ProductIx, TransferType};

/// What an itinerary costs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Priced {
    /// Whether all of it is priced.
    pub status: Status,
    /// The sum of the lines; `None` where no leg is priced, or the status is ambiguous. Negative
    /// only where discounts of transfers exceed what they discount.
    pub total: Option<Balance>,
    /// The legs that no rule prices, ordered.
    pub unpriced: Vec<usize>,
    /// What is paid for, in the order of travel; the amounts sum to the total.
    pub lines: Vec<Line>,
}

/// How much of an itinerary is priced.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Status {
    /// Every leg.
    Priced,
    /// Some legs; the total is over these.
    Partial,
    /// No leg.
    Unpriced,
    /// The rules allow more than one reading and the files do not say which.
    Ambiguous(Ambiguity),
}

/// Why the files do not give one total.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Ambiguity {
    /// The prices that apply are in several currencies, so that neither the least nor the sum is
    /// defined.
    Currencies,
    /// A leg has prices for named rider categories alone, and the rider's is not known: one that
    /// the feed does not define, or none where the feed has no default.
    RiderCategory,
    /// The total does not fit the 64 bits of an amount.
    Overflow,
}

/// One line of a fare.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Line {
    /// The legs it covers, as places in the itinerary.
    pub legs: Range<usize>,
    /// The one of them that the amount counts to: the first, of a transfer the last, and of a
    /// transfer in place of the ticket before it that ticket's first.
    pub pays: usize,
    /// What the rider buys.
    pub bought: Bought,
    /// What it adds: negative is a discount.
    pub amount: Balance,
    /// The file of the rule that asks for it.
    pub file: FeedFile,
    /// The line of the rule in that file.
    pub row: u32,
    /// What the rule is about.
    pub kind: LineKind,
}

/// What a rider buys.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Bought {
    /// A fare product.
    Product(ProductIx),
    /// A fare of Fares v1.
    Fare(FareIx),
    /// Nothing: a free transfer.
    Nothing,
}

/// What a rule of a line is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LineKind {
    /// A leg, or legs that count as one.
    Leg,
    /// A transfer to the legs of the line; with [`TransferType::TransferOnly`] in place of the
    /// first leg's own fare too.
    Transfer(TransferType),
    /// An itinerary of Fares v1.
    Itinerary,
}

impl Priced {
    /// An itinerary of which no leg is priced.
    #[must_use]
    pub fn nothing(legs: usize) -> Self {
        Self {
            status: Status::Unpriced,
            total: None,
            unpriced: (0..legs).collect(),
            lines: Vec::new(),
        }
    }

    /// From the parts, which decide the status: `legs` is how many there are.
    pub(super) fn new(
        legs: usize,
        unpriced: Vec<usize>,
        lines: Vec<Line>,
        ambiguity: Option<Ambiguity>,
    ) -> Self {
        let currency = lines.first().map(|line| line.amount.currency());
        let total = currency.and_then(|currency| sum(&lines, currency));
        let status = match ambiguity {
            Some(why) => Status::Ambiguous(why),
            None if !lines.is_empty() && total.is_none() => Status::Ambiguous(Ambiguity::Overflow),
            None if unpriced.is_empty() => Status::Priced,
            None if unpriced.len() >= legs => Status::Unpriced,
            None => Status::Partial,
        };
        let total = match status {
            Status::Priced | Status::Partial => total,
            Status::Unpriced | Status::Ambiguous(_) => None,
        };
        Self {
            status,
            total,
            unpriced,
            lines,
        }
    }
}

fn sum(lines: &[Line], currency: Currency) -> Option<Balance> {
    lines.iter().try_fold(Balance::zero(currency), |sum, line| {
        sum.checked_add(line.amount)
    })
}

impl Status {
    /// The word for it: `priced`, `partial`, `unpriced` or `ambiguous`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Priced => "priced",
            Self::Partial => "partial",
            Self::Unpriced => "unpriced",
            Self::Ambiguous(_) => "ambiguous",
        }
    }
}
