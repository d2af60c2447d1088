//! Rate limits that hold over all servers of a city together.

use std::time::Duration;

use crate::{Hot, key};

/// Counts one more and says how many there are and for how long they count.
const COUNT: &str = "local n = redis.call('INCR', KEYS[1]) \
    if n == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end \
    return {n, redis.call('PTTL', KEYS[1])}";

/// How often something may happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// How many times, at least 1.
    pub times: u32,
    /// In which time, counted from the first.
    pub within: Duration,
}

/// Whether something may happen once more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// It may.
    Within,
    /// Not before `wait` has passed.
    TooOften {
        /// At most the limit's own time.
        wait: Duration,
    },
    /// Nothing is known: whoever asks counts for itself.
    Unknown,
}

impl Hot {
    /// Counts what `who` names (an address with a purpose, say) against `limit`.
    pub async fn pace(&self, who: &str, limit: Limit) -> Pace {
        let window = u64::try_from(limit.within.as_millis()).unwrap_or(u64::MAX);
        // An empty tag is none (Redis Cluster specification): keys spread over all nodes.
        let key = key("pace", "", &[who.as_bytes()]);
        let mut command = redis::cmd("EVAL");
        command.arg(COUNT).arg(1).arg(key).arg(window);
        match self.ask::<(i64, i64)>(&command).await {
            Some((count, left)) => judge(count, left, limit, window),
            None => Pace::Unknown,
        }
    }
}

fn judge(count: i64, left: i64, limit: Limit, window: u64) -> Pace {
    // A count below one or a time that never ends is not what the script writes.
    let (Ok(count), Ok(left)) = (u64::try_from(count), u64::try_from(left)) else {
        return Pace::Unknown;
    };
    if count == 0 || left > window {
        Pace::Unknown
    } else if count <= u64::from(limit.times) {
        Pace::Within
    } else {
        Pace::TooOften {
            wait: Duration::from_millis(left),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_script_can_write_is_believed() {
        let limit = Limit {
            times: 2,
            within: Duration::from_secs(1),
        };
        let wait = Duration::from_millis(700);
        assert_eq!(judge(2, 700, limit, 1_000), Pace::Within);
        assert_eq!(judge(3, 700, limit, 1_000), Pace::TooOften { wait });
        for (count, left) in [(0, 1), (-1, 1), (3, -1), (3, -2), (3, 1_001), (i64::MIN, 5)] {
            assert_eq!(judge(count, left, limit, 1_000), Pace::Unknown);
        }
    }
}
