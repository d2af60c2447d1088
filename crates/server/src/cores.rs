//! Every core of the machine, for judging.

use std::panic::resume_unwind;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{ScopedJoinHandle, available_parallelism, scope};

use settlement::ingest::judge::Cores;

/// Items that a thread takes at a time: some hundred microseconds of signatures, worth starting a
/// thread for, and few enough that no core waits long for another that something else slows down.
const ITEMS_AT_A_TIME: usize = 8;

/// As many threads as the process may run at once, for as long as the work takes. The calling
/// thread waits for them, so it should be one that may: [`crate::judge`] sees to that.
#[derive(Debug, Clone, Copy, Default)]
pub struct AllCores;

impl Cores for AllCores {
    fn map<T, R>(&self, items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R>
    where
        T: Sync,
        R: Send,
    {
        let parts: Vec<&[T]> = items.chunks(ITEMS_AT_A_TIME).collect();
        let threads = available_parallelism().map_or(1, usize::from);
        let threads = threads.min(parts.len());
        if threads <= 1 {
            return items.iter().map(work).collect();
        }
        let (next, work) = (AtomicUsize::new(0), &work);
        let take = || {
            let mut done = Vec::new();
            loop {
                let place = next.fetch_add(1, Ordering::Relaxed);
                let Some(part) = parts.get(place) else {
                    return done;
                };
                done.push((place, part.iter().map(work).collect::<Vec<R>>()));
            }
        };
        let mut done: Vec<(usize, Vec<R>)> = scope(|scope| {
            let running: Vec<_> = (0..threads).map(|_| scope.spawn(take)).collect();
            let ended = running.into_iter().map(ScopedJoinHandle::join);
            ended
                .flat_map(|part| part.unwrap_or_else(|panic| resume_unwind(panic)))
                .collect()
        });
        done.sort_unstable_by_key(|(place, _)| *place);
        done.into_iter().flat_map(|(_, part)| part).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::sync::{Barrier, Mutex};
    use std::thread;

    use super::*;

    #[test]
    fn answers_come_in_the_order_of_the_items() {
        for count in [0, 1, 7, 8, 9, 16, 1_000] {
            let items: Vec<usize> = (0..count).collect();
            let doubled = AllCores.map(&items, |item| item * 2);
            assert_eq!(
                doubled,
                items.iter().map(|item| item * 2).collect::<Vec<_>>()
            );
        }
    }

    #[test]
    fn every_core_has_its_part() {
        let items = [(); 1_000];
        let cores = available_parallelism().map_or(1, usize::from);
        let all = Barrier::new(cores);
        let seen = Mutex::new(BTreeSet::new());
        AllCores.map(&items, |()| {
            // Each thread's first item waits for all threads.
            if seen
                .lock()
                .unwrap()
                .insert(format!("{:?}", thread::current().id()))
            {
                all.wait();
            }
        });
        assert_eq!(seen.into_inner().unwrap().len(), cores);
    }
}
