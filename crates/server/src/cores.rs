//! Every core of the machine, for judging.

use std::panic::resume_unwind;
use std::thread::{ScopedJoinHandle, available_parallelism, scope};

use settlement::ingest::judge::Cores;

/// Fewer items than this are not worth a thread: two signatures take longer than starting one, but
/// not by much.
const ITEMS_PER_THREAD_MIN: usize = 8;

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
        let threads = available_parallelism().map_or(1, usize::from);
        let share = items.len().div_ceil(threads).max(ITEMS_PER_THREAD_MIN);
        if items.len() <= share {
            return items.iter().map(work).collect();
        }
        let work = &work;
        scope(|scope| {
            let start = |part| scope.spawn(move || Iterator::map(part, work).collect::<Vec<_>>());
            let parts: Vec<_> = items.chunks(share).map(<[T]>::iter).map(start).collect();
            let done = parts.into_iter().map(ScopedJoinHandle::join);
            done.flat_map(|part| part.unwrap_or_else(|panic| resume_unwind(panic)))
                .collect()
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
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
        let threads = AllCores.map(&items, |()| format!("{:?}", thread::current().id()));
        let threads: BTreeSet<String> = threads.into_iter().collect();
        let cores = available_parallelism().map_or(1, usize::from);
        assert_eq!(threads.len(), cores.min(1_000 / ITEMS_PER_THREAD_MIN));
    }
}
