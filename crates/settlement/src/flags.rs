//! Which taps used a code that had been used before.
//!
//! A gate refuses a code it has seen itself; two gates without a network cannot know of each other
//! and let both through. Here all taps are together: of those that share a [`CodeUse`], the first
//! by (time, tap id) counts and each later one is flagged and not priced. The answer depends on the
//! set of taps alone, never on which came in first.

use std::collections::BTreeMap;

use units::{TapId, Timestamp};

use crate::model::{CodeUse, StoredTap, TapFlag};

/// The flags of `taps`, ordered by tap; `elsewhere` are other taps of the same account that may
/// have used the same codes (on other days), which are compared but not flagged.
#[must_use]
pub fn of_taps<'a>(
    taps: &'a [StoredTap],
    elsewhere: impl IntoIterator<Item = &'a StoredTap>,
) -> Vec<(TapId, TapFlag)> {
    let mut first: BTreeMap<CodeUse, (Timestamp, TapId)> = BTreeMap::new();
    for tap in taps.iter().chain(elsewhere) {
        if let Some(code) = tap.code {
            let this = (tap.tap.at, tap.tap.id);
            first
                .entry(code)
                .and_modify(|earliest| *earliest = this.min(*earliest))
                .or_insert(this);
        }
    }
    let mut flags: Vec<(TapId, TapFlag)> = taps
        .iter()
        .filter(|tap| {
            tap.code
                .and_then(|code| first.get(&code))
                .is_some_and(|earliest| *earliest != (tap.tap.at, tap.tap.id))
        })
        .map(|tap| (tap.tap.id, TapFlag::CodeUsedTwice))
        .collect();
    flags.sort_unstable();
    flags
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::TapSource;
    use tariff::{Tap, TapKind};
    use units::{AccountId, CredentialId, ServiceDay, StopId};

    fn tap(number: u8, secs: i64, code: Option<CodeUse>) -> StoredTap {
        StoredTap {
            account: AccountId::from_bytes([1; 16]),
            day: ServiceDay::from_days(1),
            tap: Tap {
                at: Timestamp::from_secs(secs),
                kind: TapKind::On,
                id: TapId::from_bytes([number; 16]),
                stop: StopId::new("north").unwrap(),
                route: None,
            },
            source: TapSource::File,
            code,
        }
    }

    fn flagged(taps: &[StoredTap], elsewhere: &[StoredTap]) -> Vec<u8> {
        let flags = of_taps(taps, elsewhere);
        flags.iter().map(|(tap, _)| tap.as_bytes()[0]).collect()
    }

    #[test]
    fn the_first_use_counts_and_every_later_one_is_flagged() {
        let credential = CredentialId::from_bytes([7; 16]);
        let code = Some(CodeUse::presentation(credential, Timestamp::from_secs(100)));
        let other = Some(CodeUse::presentation(credential, Timestamp::from_secs(101)));
        let on = Some(CodeUse::ticket(credential, TapKind::On));
        let off = Some(CodeUse::ticket(credential, TapKind::Off));

        let check = |taps: &[StoredTap], elsewhere: &[StoredTap], expected: &[u8]| {
            assert_eq!(flagged(taps, elsewhere), expected);
            let mut reversed = taps.to_vec();
            reversed.reverse();
            assert_eq!(
                flagged(&reversed, elsewhere),
                expected,
                "order does not matter"
            );
            let twice = [taps, taps].concat();
            let mut flags = flagged(&twice, elsewhere);
            flags.dedup();
            assert_eq!(flags, expected, "nor does repetition");
        };
        check(
            &[tap(1, 5, code), tap(2, 6, code), tap(3, 7, code)],
            &[],
            &[2, 3],
        );
        check(&[tap(2, 5, code), tap(1, 5, code)], &[], &[2]);
        check(&[tap(1, 5, code), tap(2, 6, other)], &[], &[]);
        check(&[tap(1, 5, on), tap(2, 6, off), tap(3, 7, on)], &[], &[3]);
        check(&[tap(1, 5, None), tap(2, 6, None)], &[], &[]);
        check(&[tap(1, 5, code)], &[tap(2, 4, code)], &[1]);
        check(&[tap(1, 5, code)], &[tap(2, 6, code)], &[]);
    }
}
