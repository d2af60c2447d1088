//! Crash at every operation of the medium, in every way that it may lose what was not synced.

use journal::testing::{Medium, Numbers};
use journal::{Mode, Outcome};

use crate::model::{Model, Op, Run, Setting, inspect, open};

/// States counted by one enumeration.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) states: u64,
    pub(crate) in_recovery: u64,
    pub(crate) runs: u64,
}

/// How thoroughly one run's states are looked at.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Depth {
    /// Mixtures drawn at every operation, beside the systematic ones.
    pub(crate) sampled: usize,
    /// Most states of one operation.
    pub(crate) most: usize,
    /// Every how-manieth state is also opened twice, crashed during recovery and written to.
    pub(crate) deep_every: u64,
}

/// Three sizes of sectors; segments that roll after a handful of records.
pub(crate) const SETTINGS: [Setting; 3] = [
    Setting {
        sector: 16,
        segment: 8_704,
        bug: None,
    },
    Setting {
        sector: 64,
        segment: 8_960,
        bug: None,
    },
    Setting {
        sector: 128,
        segment: 9_216,
        bug: None,
    },
];

/// A run of steps drawn by chance: a gate's day with more accidents.
pub(crate) fn ops(numbers: &mut Numbers, count: usize) -> Vec<Op> {
    const LENGTHS: [usize; 4] = [64, 64, 17, 0];
    const OUTCOMES: [Outcome; 3] = [Outcome::Opened, Outcome::DidNotOpen, Outcome::NobodyPassed];
    (0..count)
        .map(|_| match numbers.below(24) {
            0..=9 => Op::Append(LENGTHS[numbers.below(4)]),
            10..=12 => Op::Note(OUTCOMES[numbers.below(3)]),
            13..=18 => Op::Sync,
            19..=20 => Op::Acknowledge,
            21 => Op::Kill,
            22 => Op::PowerCut,
            _ => Op::Resume,
        })
        .collect()
}

/// All crash states of one run.
pub(crate) fn enumerate(
    run: &mut Run,
    ops: &[Op],
    depth: Depth,
    tally: &mut Tally,
) -> Result<(), String> {
    let setting = run.setting;
    tally.runs += 1;
    let seed = run.numbers.draw();
    run.play(ops, &mut |medium, model| {
        let mut outcome = Ok(());
        medium.crash_states(
            seed ^ tally.states,
            depth.sampled,
            depth.most,
            &mut |state| {
                if outcome.is_ok() {
                    outcome = look(state, model, &setting, depth, tally);
                }
            },
        );
        outcome
    })
    .map(|_| ())
}

/// Opens one state and compares; now and then goes further.
fn look(
    mut state: Medium,
    model: &Model,
    setting: &Setting,
    depth: Depth,
    tally: &mut Tally,
) -> Result<(), String> {
    tally.states += 1;
    let deep = tally.states.is_multiple_of(depth.deep_every);
    if deep {
        state.watch();
    }
    let salt = (1 << 40) + tally.states;
    if !deep {
        let (found, next) = inspect(state, setting, salt, model.acked_next)?;
        return model.admits(&found, next).map(|_| ());
    }
    let (mut journal, found) = open(state, setting, salt, model.acked_next)?;
    let items = model.admits(&found, journal.next())?;
    let recovered = Model {
        durable: items.len(),
        items,
        ..model.clone()
    };
    for during in journal.media_mut().take_watched() {
        crash_again(&during, model, setting, salt, tally)?;
    }
    crash_again(journal.media_mut(), &recovered, setting, salt, tally)?;
    write_on(journal, recovered, setting, salt, tally)
}

/// A crash during or just after recovery.
fn crash_again(
    medium: &Medium,
    model: &Model,
    setting: &Setting,
    salt: u64,
    tally: &mut Tally,
) -> Result<(), String> {
    let mut outcome = Ok(());
    medium.crash_states(salt, 4, 6, &mut |state| {
        tally.states += 1;
        tally.in_recovery += 1;
        if outcome.is_ok() {
            outcome = inspect(state, setting, salt, model.acked_next)
                .and_then(|(found, next)| model.admits(&found, next))
                .map(|_| ())
                .map_err(|why| format!("after a crash in recovery: {why}"));
        }
    });
    outcome
}

/// What is written after recovery is kept too.
fn write_on(
    mut journal: journal::Journal<Medium>,
    mut model: Model,
    setting: &Setting,
    salt: u64,
    tally: &mut Tally,
) -> Result<(), String> {
    if journal.mode() != Mode::Writing {
        return Err("recovery did not reach a medium that works".to_owned());
    }
    for payload in [[0xa1; 64], [0xa2; 64]] {
        let place = journal.next();
        journal
            .append(&payload)
            .map_err(|why| format!("after recovery: {why}"))?;
        model
            .items
            .push(crate::model::Item::Tap(place, payload.to_vec()));
        crash_again(journal.media_mut(), &model, setting, salt, tally)?;
        journal
            .sync()
            .map_err(|why| format!("after recovery: {why}"))?;
        model.durable = model.items.len();
        crash_again(journal.media_mut(), &model, setting, salt, tally)?;
    }
    Ok(())
}

/// Many runs with one setting. The first violation ends it.
pub(crate) fn campaign(
    setting: Setting,
    seeds: core::ops::Range<u64>,
    depth: Depth,
) -> Result<Tally, String> {
    let mut tally = Tally::default();
    for seed in seeds {
        one_run(setting, seed, depth, &mut tally)?;
    }
    Ok(tally)
}

fn one_run(setting: Setting, seed: u64, depth: Depth, tally: &mut Tally) -> Result<(), String> {
    let mut run = Run::new(setting, seed);
    let ops = ops(&mut run.numbers, 24);
    enumerate(&mut run, &ops, depth, tally)
        .map_err(|why| format!("seed {seed}, {setting:?}, {ops:?}: {why}"))
}

const DEPTH: Depth = Depth {
    sampled: 24,
    most: 150,
    deep_every: 64,
};

/// Runs until enough states have been looked at.
fn thorough(setting: Setting, first_seed: u64) {
    let mut tally = Tally::default();
    for seed in first_seed.. {
        one_run(setting, seed, DEPTH, &mut tally).unwrap();
        if tally.states >= STATES_MIN {
            break;
        }
    }
    println!("{} byte sectors: {tally:?}", setting.sector);
}

/// What each of the three looks at: together more than two million.
const STATES_MIN: u64 = 675_000;

#[test]
fn no_crash_loses_or_invents_a_record_with_sectors_of_16_bytes() {
    thorough(SETTINGS[0], 0);
}

#[test]
fn no_crash_loses_or_invents_a_record_with_sectors_of_64_bytes() {
    thorough(SETTINGS[1], 1_000);
}

#[test]
fn no_crash_loses_or_invents_a_record_with_sectors_of_128_bytes() {
    thorough(SETTINGS[2], 2_000);
}
