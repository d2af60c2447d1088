//! One look at one phone: a scanner reads a phone many times a second, and the second reading must
//! not turn green to red.

use std::time::Duration;

use super::Source;
use crate::machine::Stopwatch;

/// A code that comes again within this time is the same look at the same phone.
const SAME_LOOK: Duration = Duration::from_secs(2);

/// The last code.
#[derive(Debug, Default)]
pub(super) struct Look(Option<(Vec<u8>, Stopwatch)>);

impl Look {
    /// Hands a code in, unless it is the last one again.
    pub(super) fn hand_in(&mut self, text: &[u8], watch: Stopwatch, source: &Source<'_>) {
        if let Some((before, seen)) = &mut self.0
            && before == text
            && seen.elapsed() < SAME_LOOK
        {
            *seen = Stopwatch::start();
            return;
        }
        self.0 = Some((text.to_vec(), Stopwatch::start()));
        source.offer(text, watch);
    }
}
