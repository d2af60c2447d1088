//! Laws over any steps.

use journal::{AppendError, Outcome};
use proptest::prelude::*;

use crate::enumeration::SETTINGS;
use crate::model::{Op, Run, open};

fn arb_op() -> impl Strategy<Value = Op> {
    prop_oneof![
        6 => (0..200_usize).prop_map(Op::Append),
        2 => Just(Op::Note(Outcome::Opened)),
        1 => Just(Op::Note(Outcome::NobodyPassed)),
        5 => Just(Op::Sync),
        2 => Just(Op::Acknowledge),
        1 => Just(Op::Kill),
        1 => Just(Op::PowerCut),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Recovering twice finds what recovering once found, whatever was done before.
    #[test]
    fn recovery_is_idempotent(
        ops in proptest::collection::vec(arb_op(), 0..40),
        seed in 0..1_000_u64,
        size in 0..3_usize,
    ) {
        let setting = SETTINGS[size];
        let mut run = Run::new(setting, seed);
        let medium = run.play(&ops, &mut |_, _| Ok(())).map_err(TestCaseError::fail)?;
        let (once, found) = open(medium, &setting, 1 << 43, run.model.acked_next)
            .map_err(TestCaseError::fail)?;
        let next = once.next();
        let (twice, again) = open(once.into_media(), &setting, 1 << 44, run.model.acked_next)
            .map_err(TestCaseError::fail)?;
        prop_assert_eq!((found, next), (again, twice.next()));
    }

    /// Everything that was appended is there when nothing failed, byte for byte.
    #[test]
    fn what_goes_in_comes_out(
        payloads in proptest::collection::vec(
            proptest::collection::vec(any::<u8>(), 0..300),
            0..30,
        ),
        synced in any::<bool>(),
    ) {
        let setting = SETTINGS[1];
        let (mut journal, _) =
            open(setting.medium(), &setting, 1, None).map_err(TestCaseError::fail)?;
        for payload in &payloads {
            if let Err(AppendError::PendingFull { .. }) = journal.append(payload).map(|_| ()) {
                journal.sync().unwrap();
                journal.append(payload).unwrap();
            }
            if synced {
                journal.sync().unwrap();
            }
        }
        journal.sync().unwrap();
        let mut read = Vec::new();
        journal
            .read(journal::Position::new(0, 0), &mut |record| {
                if let journal::Record::Tap { payload, .. } = record {
                    read.push(payload.to_vec());
                }
                true
            })
            .unwrap();
        prop_assert_eq!(read, payloads);
    }
}
