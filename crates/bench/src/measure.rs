//! Time of alternatives that take turns, hot and cold.

use std::hint::black_box;
use std::time::{Duration, Instant};

/// One way to do the job: takes the number of an item, says whether the verdict was the right one.
pub(crate) type Alternative<'a> = Box<dyn FnMut(usize) -> bool + 'a>;

/// One slice of one alternative within a round: far below the scheduler's, so that on a busy
/// machine most slices run undisturbed and the median is one of those.
const SLICE: Duration = Duration::from_micros(300);
/// More than any cache of a machine this runs on.
const WALK_BYTES: usize = 80 << 20;

/// Nanoseconds per operation of one alternative, one value per round.
#[derive(Clone, Debug)]
pub(crate) struct Times(Vec<f64>);

impl Times {
    /// Times that were taken elsewhere, one for each round.
    pub(crate) const fn of(times: Vec<f64>) -> Self {
        Self(times)
    }

    pub(crate) fn median(&self) -> f64 {
        quantile(&self.0, 0.5)
    }

    pub(crate) fn quantile(&self, part: f64) -> f64 {
        quantile(&self.0, part)
    }

    /// The median over rounds of this time through the other's.
    pub(crate) fn ratio_to(&self, other: &Self) -> f64 {
        let ratios: Vec<f64> = self.0.iter().zip(&other.0).map(|(a, b)| a / b).collect();
        quantile(&ratios, 0.5)
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "an index below the length, from a part below 1"
)]
fn quantile(values: &[f64], part: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let index = (sorted.len() as f64 * part) as usize;
    sorted.get(index).copied().unwrap_or(f64::NAN)
}

#[expect(
    clippy::disallowed_methods,
    reason = "measuring time is what this is for"
)]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// Hot: in each round each alternative runs for a slice, in an order that rotates.
///
/// # Errors
/// When an alternative gives a wrong verdict on one of the first `items`.
pub(crate) fn hot(
    alternatives: &mut [(&str, Alternative<'_>)],
    items: usize,
    rounds: usize,
) -> anyhow::Result<Vec<Times>> {
    let mut counts = Vec::new();
    for (name, run) in alternatives.iter_mut() {
        for item in 0..items {
            anyhow::ensure!(run(item), "{name}: wrong verdict on item {item}");
        }
        counts.push(calibrate(run));
    }
    let mut times = vec![Times(Vec::new()); alternatives.len()];
    let mut next = vec![0_usize; alternatives.len()];
    for round in 0..rounds {
        for turn in 0..alternatives.len() {
            let which = (turn + round) % alternatives.len();
            let (_, run) = &mut alternatives[which];
            let count = counts[which];
            // A third of a slice, untimed, brings its code and tables back into the caches.
            repeat(run, &mut next[which], count / 3);
            let start = now();
            repeat(run, &mut next[which], count);
            times[which].0.push(per_operation(start.elapsed(), count));
        }
    }
    Ok(times)
}

/// Hot, of something larger than the nearest cache: one slice is all `items` once, after a pass
/// over all of them that is not timed. By itself, so that nothing else drives it out in between.
///
/// # Errors
/// When a verdict is wrong.
pub(crate) fn passes(
    name: &str,
    mut run: impl FnMut(usize) -> bool,
    items: usize,
    rounds: usize,
) -> anyhow::Result<Times> {
    let mut times = Times(Vec::new());
    for _ in 0..rounds {
        for item in 0..items {
            anyhow::ensure!(run(item), "{name}: wrong verdict on item {item}");
        }
        let start = now();
        for item in 0..items {
            black_box(run(black_box(item)));
        }
        times.0.push(per_operation(start.elapsed(), items));
    }
    Ok(times)
}

/// Cold: each time is one operation right after a walk over 80 MiB.
///
/// # Errors
/// When an alternative gives a wrong verdict.
pub(crate) fn cold(
    alternatives: &mut [(&str, Alternative<'_>)],
    rounds: usize,
) -> anyhow::Result<Vec<Times>> {
    let mut memory = vec![0_u8; WALK_BYTES];
    let mut times = vec![Times(Vec::new()); alternatives.len()];
    for round in 0..rounds {
        for turn in 0..alternatives.len() {
            let which = (turn + round) % alternatives.len();
            for line in memory.chunks_mut(64) {
                line[0] = line[0].wrapping_add(1);
            }
            black_box(&memory);
            std::thread::sleep(Duration::from_micros(50));
            let (name, run) = &mut alternatives[which];
            let start = now();
            let right = run(round);
            let took = start.elapsed();
            anyhow::ensure!(right, "{name}: wrong verdict on item {round}");
            times[which].0.push(per_operation(took, 1));
        }
    }
    Ok(times)
}

/// One by one, hot: the distribution of single operations.
pub(crate) fn singles(run: &mut Alternative<'_>, count: usize) -> Times {
    let mut next = 0;
    repeat(run, &mut next, count / 10);
    let mut times = Vec::with_capacity(count);
    for item in 0..count {
        let start = now();
        black_box(run(item));
        times.push(per_operation(start.elapsed(), 1));
    }
    Times(times)
}

/// Seconds that `run` takes, once.
pub(crate) fn once(run: impl FnOnce()) -> f64 {
    let start = now();
    run();
    start.elapsed().as_secs_f64()
}

/// Seconds that `run` takes, once, and what it gives.
pub(crate) fn timed<T>(run: impl FnOnce() -> T) -> (f64, T) {
    let start = now();
    let done = run();
    (start.elapsed().as_secs_f64(), done)
}

fn calibrate(run: &mut Alternative<'_>) -> usize {
    let mut count = 1;
    loop {
        let start = now();
        repeat(run, &mut 0, count);
        if start.elapsed() >= SLICE {
            return count;
        }
        count *= 2;
    }
}

fn repeat(run: &mut Alternative<'_>, next: &mut usize, count: usize) {
    for _ in 0..count {
        black_box(run(black_box(*next)));
        *next = next.wrapping_add(1);
    }
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^52 of either")]
fn per_operation(took: Duration, count: usize) -> f64 {
    took.as_nanos() as f64 / count as f64
}
