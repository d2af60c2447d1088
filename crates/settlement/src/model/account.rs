//! Days, entries and charges of one account.

use std::collections::BTreeMap;

use ledger::{Entry, LedgerAccount};
use units::{
    AccountId, Amount, Balance, ChargeId, CorrectionId, Currency, JourneyId, PaymentId, ServiceDay,
    TapId, Timestamp,
};

use super::{Correction, RefusedTap, StoredJourney, StoredTap, TapFlag, UnknownValue};

/// Where one account stands on one service day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountDay {
    /// Whose day.
    pub account: AccountId,
    /// Which day.
    pub day: ServiceDay,
    /// How often the day's journeys have changed; the last revision used in entry ids.
    pub revision: u32,
    /// Net fares posted for the day.
    pub fares: Amount,
    /// Net charges made for the day: what was taken less what was given back.
    pub charged: Amount,
    /// All approved refunds of the day. Only approvals change it, never taps.
    pub refunds: Amount,
    /// How much of `refunds` the ledger holds: never more than the fares, so that nobody is given
    /// back twice what a later tap has corrected already.
    pub credited: Amount,
    /// How often the day was closed with something to post; the last number used in the ids of
    /// its charges and allowances.
    pub charge_revision: u32,
    /// The day was closed for this account and nothing has changed since: [`Self::is_even`].
    pub closed: bool,
}

impl AccountDay {
    /// A day on which nothing has happened.
    #[must_use]
    pub const fn empty(account: AccountId, day: ServiceDay, currency: Currency) -> Self {
        Self {
            account,
            day,
            revision: 0,
            fares: Amount::zero(currency),
            charged: Amount::zero(currency),
            refunds: Amount::zero(currency),
            credited: Amount::zero(currency),
            charge_revision: 0,
            closed: false,
        }
    }

    /// What the ledger should hold of the refunds: all of them, as far as there are fares.
    #[must_use]
    pub fn due_credit(&self) -> Amount {
        if self.refunds.as_minor() < self.fares.as_minor() {
            self.refunds
        } else {
            self.fares
        }
    }

    /// Whether nothing is to be posted: the refunds are credited as far as there are fares, and
    /// the charges are what is left of the fares.
    #[must_use]
    pub fn is_even(&self) -> bool {
        let credit = self.due_credit();
        let left = self.fares.to_balance().checked_sub(credit.to_balance());
        self.credited == credit && left == Some(self.charged.to_balance())
    }
}

/// An entry of the ledger with what it is about. Never changed, never deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostedEntry {
    /// The account whose travel or payment it records: the key it is stored under.
    pub account: AccountId,
    /// The service day.
    pub day: ServiceDay,
    /// What it is about.
    pub about: About,
    /// The entry.
    pub entry: Entry,
}

impl PostedEntry {
    /// The head of the account's chain after this entry, where it stood at `before`
    /// ([`ledger::chain`]); its cause is the day (i32, big-endian), 1 for a journey, 2 for a charge
    /// 3 for a refund or 4 for a payment, and the id of that.
    #[must_use]
    pub fn head_after(&self, before: &ledger::chain::Head) -> ledger::chain::Head {
        ledger::chain::next(before, &self.entry, &self.cause())
    }

    /// What the chain says that the entry is about.
    #[must_use]
    pub fn cause(&self) -> Vec<u8> {
        let kind: u8 = match self.about {
            About::Journey(_) => 1,
            About::Charge(_) => 2,
            About::Refund(_) => 3,
            About::Payment(_) => 4,
        };
        let day = self.day.as_days().to_be_bytes();
        [&day[..], &[kind], self.about.as_bytes()].concat()
    }
}

/// What an entry is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum About {
    /// The fare of a journey.
    Journey(JourneyId),
    /// A charge.
    Charge(ChargeId),
    /// The refund that was approved or, where a tap has changed how much of the day's refunds
    /// counts, the day's refunds as a whole ([`crate::ids::refunds_of`]).
    Refund(CorrectionId),
    /// A payment, or money paid ahead.
    Payment(PaymentId),
}

impl About {
    /// The sixteen bytes of the id.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        match self {
            Self::Journey(id) => id.as_bytes(),
            Self::Charge(id) => id.as_bytes(),
            Self::Refund(id) => id.as_bytes(),
            Self::Payment(id) => id.as_bytes(),
        }
    }
}

/// A charge or, when negative, a credit to a rider. Only its state ever changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredCharge {
    /// The charge.
    pub id: ChargeId,
    /// Who pays.
    pub account: AccountId,
    /// For which day.
    pub day: ServiceDay,
    /// 1 for the day's first charge; later ones are adjustments.
    pub revision: u32,
    /// What is taken from the rider (positive) or given back (negative); never zero.
    pub amount: Balance,
    /// How far it has got.
    pub state: ChargeState,
    /// When it was made.
    pub at: Timestamp,
    /// Why, in one sentence.
    pub because: String,
}

/// How far a charge has got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum ChargeState {
    /// Made, and in no payment yet.
    Pending,
    /// Gathered in a payment, given back from one, or set off against other charges.
    Settled,
}

impl ChargeState {
    /// The stored text.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Settled => "settled",
        }
    }

    /// Reads the stored text.
    ///
    /// # Errors
    /// [`UnknownValue`] for any other text.
    pub fn parse(text: &str) -> Result<Self, UnknownValue> {
        match text {
            "pending" => Ok(Self::Pending),
            "settled" => Ok(Self::Settled),
            other => Err(UnknownValue {
                expected: "pending or settled",
                got: other.to_owned(),
            }),
        }
    }
}

/// The stored balance of one ledger account, as far as one rider's entries make it up.
///
/// A city's account (operator, clearing) is the sum over riders: no row is shared between riders,
/// so no row is fought over and all rows live with their rider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct LedgerBalance {
    /// The ledger account.
    pub account: LedgerAccount,
    /// What this rider's entries have added to it.
    pub balance: Balance,
}

/// Everything that is kept about one account, for recomputing, dumping and verifying.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountRecord {
    /// The account.
    pub account: AccountId,
    /// Its permitted taps, ordered by day, time and id.
    pub taps: Vec<StoredTap>,
    /// Which of them carry a flag, ordered by tap.
    pub flags: Vec<(TapId, TapFlag)>,
    /// Its journeys, ordered by day, start and id.
    pub journeys: Vec<StoredJourney>,
    /// Its days, in order.
    pub days: Vec<AccountDay>,
    /// Its entries, ordered by id.
    pub entries: Vec<PostedEntry>,
    /// Its balances, ordered by ledger account and currency, zeros left out.
    pub balances: Vec<LedgerBalance>,
    /// Its charges, ordered by day and revision.
    pub charges: Vec<StoredCharge>,
    /// Its refunds and appeals, ordered by when they were made and id.
    pub corrections: Vec<Correction>,
    /// Days whose taps have changed since they were rated.
    pub dirty: Vec<ServiceDay>,
}

impl AccountRecord {
    /// An account of which nothing is kept.
    #[must_use]
    pub const fn empty(account: AccountId) -> Self {
        Self {
            account,
            taps: Vec::new(),
            flags: Vec::new(),
            journeys: Vec::new(),
            days: Vec::new(),
            entries: Vec::new(),
            balances: Vec::new(),
            charges: Vec::new(),
            corrections: Vec::new(),
            dirty: Vec::new(),
        }
    }

    /// What payments have added to each ledger account, in minor units: the part of the balances
    /// that does not follow from taps.
    #[must_use]
    pub fn moved_by_payments(&self) -> BTreeMap<(LedgerAccount, Currency), i128> {
        let mut moved = BTreeMap::new();
        let of_payments = |posted: &&PostedEntry| matches!(posted.about, About::Payment(_));
        for posted in self.entries.iter().filter(of_payments) {
            for posting in posted.entry.postings() {
                let key = (posting.account, posting.amount.currency());
                *moved.entry(key).or_default() += i128::from(posting.amount.as_minor());
            }
        }
        moved
    }
}

/// What is kept about one account and one day, for a page.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DayRecord {
    /// Permitted taps, ordered by time and id.
    pub taps: Vec<StoredTap>,
    /// Flags of those taps, ordered by tap.
    pub flags: Vec<(TapId, TapFlag)>,
    /// Taps that a gate refused and whose code proves the account, ordered by time and id.
    pub refused: Vec<RefusedTap>,
    /// Journeys, ordered by start and id.
    pub journeys: Vec<StoredJourney>,
    /// Charges of the day, ordered by revision.
    pub charges: Vec<StoredCharge>,
    /// The account's balances over all days, zeros left out.
    pub balances: Vec<LedgerBalance>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use ledger::{EntryKind, Posting};
    use units::EntryId;

    #[test]
    fn the_chain_binds_what_an_entry_is_about() {
        let account = AccountId::from_bytes([1; 16]);
        let cny = Currency::from_code("CNY").unwrap();
        let line = |account, minor| Posting {
            account,
            amount: Balance::new(minor, cny),
        };
        let lines = vec![
            line(LedgerAccount::Rider(account), -300),
            line(LedgerAccount::Clearing, 300),
        ];
        let id = EntryId::from_bytes([2; 16]);
        let at = Timestamp::from_secs(0);
        let text = "a fare".to_owned();
        let posted = PostedEntry {
            account,
            day: ServiceDay::from_days(17_903),
            about: About::Journey(JourneyId::from_bytes([3; 16])),
            entry: Entry::new(id, at, EntryKind::Fare, text, lines).unwrap(),
        };
        // 17903 is 0x45ef.
        let cause = [&[0, 0, 0x45, 0xef, 1][..], &[3; 16]].concat();
        assert_eq!(posted.cause(), cause);
        let head = posted.head_after(&[0; 32]);
        let others = [
            PostedEntry {
                day: ServiceDay::from_days(17_904),
                ..posted.clone()
            },
            PostedEntry {
                about: About::Charge(ChargeId::from_bytes([3; 16])),
                ..posted.clone()
            },
            PostedEntry {
                about: About::Payment(PaymentId::from_bytes([3; 16])),
                ..posted.clone()
            },
        ];
        for other in others {
            assert_ne!(other.head_after(&[0; 32]), head);
        }
    }
}
