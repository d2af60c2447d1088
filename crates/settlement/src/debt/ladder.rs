//! The ladder of retries: at most six collections in fourteen days, spread.

use units::{Span, Timestamp};

use crate::charging::Attempt;

/// Collections of one payment, the first included.
pub const ATTEMPTS_MAX: usize = 6;

/// From the first failure to the last collection.
pub const LASTS: Span = Span::from_secs(14 * DAY);

const DAY: i64 = 86_400;

/// When the collections after the first are made, from the first failure: closer at first, for most
/// accounts are filled within days, then over a payday.
const RUNGS: [Span; ATTEMPTS_MAX - 1] = [
    Span::from_secs(DAY),
    Span::from_secs(3 * DAY),
    Span::from_secs(6 * DAY),
    Span::from_secs(10 * DAY),
    Span::from_secs(14 * DAY),
];

/// The least time between two collections, whatever was late.
pub const APART: Span = Span::from_secs(DAY / 2);

/// Words of providers after which trying again cannot help (Stripe, "Decline codes": those to which
/// a merchant must not retry).
const FINAL: [&str; 10] = [
    "closed_account",
    "fraudulent",
    "invalid_account",
    "lost_card",
    "mandate_revoked",
    "no_such_customer",
    "pickup_card",
    "restricted_card",
    "revocation_of_all_authorizations",
    "stolen_card",
];

/// When to collect again after `failed`, the failures so far in order; `None` when not any more:
/// after [`ATTEMPTS_MAX`] collections, beyond [`LASTS`], or after a word that is final.
#[must_use]
pub fn next(failed: &[Attempt]) -> Option<Timestamp> {
    let (first, last) = (failed.first()?, failed.last()?);
    if FINAL.contains(&last.code.as_str()) {
        return None;
    }
    let rung = RUNGS.get(failed.len().checked_sub(1)?)?;
    let end = first.at.plus(LASTS);
    let due = first.at.plus(*rung).max(last.at.plus(APART));
    (due <= end).then_some(due)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn failure(at: Timestamp, code: &str) -> Attempt {
        Attempt {
            at,
            code: code.to_owned(),
        }
    }

    /// Collections from a first failure at 0, each failing `late` seconds after it was due.
    fn collections(late: &[i64], code: &str) -> Vec<Timestamp> {
        let mut failed = vec![failure(Timestamp::from_secs(0), code)];
        let mut made = vec![Timestamp::from_secs(0)];
        for seconds in late {
            let Some(due) = next(&failed) else { break };
            made.push(due);
            failed.push(failure(due.plus(Span::from_secs(*seconds)), code));
        }
        made
    }

    #[test]
    fn six_collections_in_fourteen_days() {
        let made = collections(&[0; 20], "insufficient_funds");
        let days: Vec<i64> = made.iter().map(|at| at.as_secs() / DAY).collect();
        assert_eq!(days, [0, 1, 3, 6, 10, 14]);
        assert_eq!(next(&[]), None);
        for code in FINAL {
            assert_eq!(collections(&[0; 20], code).len(), 1, "{code}");
        }
    }

    proptest! {
        #[test]
        fn however_late_the_failures_are_known(
            late in prop::collection::vec(0i64..5 * DAY, 20),
        ) {
            let made = collections(&late, "do_not_honor");
            prop_assert!(made.len() <= 6);
            let last = made.last().map_or(0, |at| at.as_secs());
            prop_assert!(last <= 14 * DAY);
            for pair in made.windows(2) {
                prop_assert!(pair[1].since(pair[0]) >= APART);
            }
        }
    }
}
