//! A medium that fails at its n-th operation, for every n, and crashes besides.

use journal::testing::{Fault, Operation};

use crate::enumeration::{SETTINGS, ops};
use crate::model::{Run, Setting, open};

/// Every operation of these runs fails once, twice, or from there on; gives the states looked at.
pub(crate) fn campaign(setting: Setting, seeds: core::ops::Range<u64>) -> Result<u64, String> {
    let mut states = 0;
    for seed in seeds {
        for (count, only, no_space) in [
            (1, None, false),
            (2, None, true),
            (9, None, false),
            (1, Some(Operation::Sync), false),
            (3, Some(Operation::Write), true),
        ] {
            for at in 0..40 {
                let mut run = Run::new(setting, seed);
                run.fault = Some(Fault {
                    at,
                    count,
                    only,
                    no_space,
                });
                let ops = ops(&mut run.numbers, 18);
                let outcome = run.play(&ops, &mut |medium, model| {
                    let mut outcome = Ok(());
                    medium.crash_states(states, 2, 5, &mut |state| {
                        states += 1;
                        if outcome.is_ok() {
                            outcome = open(state, &setting, (1 << 42) + states, model.acked_next)
                                .and_then(|(journal, found)| model.admits(&found, journal.next()))
                                .map(|_| ());
                        }
                    });
                    outcome
                });
                outcome
                    .map_err(|why| format!("seed {seed}, fault {:?}, {ops:?}: {why}", run.fault))?;
            }
        }
    }
    Ok(states)
}

#[test]
fn a_failure_at_any_operation_loses_nothing_durable() {
    for setting in SETTINGS {
        let states = campaign(setting, 0..3).unwrap();
        println!(
            "{} byte sectors: {states} states with failures",
            setting.sector
        );
        assert!(states > 5_000);
    }
}
