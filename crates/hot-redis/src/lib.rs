//! # hot-redis
//!
//! **What**: what several servers of one city share while it is hot: hints that a code was seen
//! before, limits on how often somebody may ask, and word that the deny list has changed. In one
//! Redis or in a Redis Cluster.
//!
//! **Why it exists**: a database that has to answer each of these loses its time to them; and
//! whatever Redis holds may be gone, old or a lie at any moment, so nothing else may depend on it.
//!
//! **Where it sits**: an adapter of layer L2. `server` asks it; money, verdicts and the deny list
//! itself live in the store, which is asked when this crate knows nothing.
//!
//! **Invariants**: no call takes longer than its budget; no call fails: what cannot be said is
//! *unknown* ([`Hint::Unknown`], [`Pace::Unknown`]); a Redis that did not answer is not waited for
//! again until it answers; a value of the wrong type or shape is unknown, never a panic; keys hold
//! digests, so that neither codes nor names can be read from Redis.
//!
//! ```no_run
//! # async fn example() -> Result<(), hot_redis::HotError> {
//! use std::time::Duration;
//!
//! let hot = hot_redis::Hot::open(&["redis://127.0.0.1:6379".to_owned()], hot_redis::Kind::One)?;
//! let limit = hot_redis::Limit { times: 10, within: Duration::from_mins(1) };
//! match hot.pace("challenge 192.0.2.7", limit).await {
//!     hot_redis::Pace::Within => {}                 // go on
//!     hot_redis::Pace::TooOften { wait: _ } => {}   // answer 429
//!     hot_redis::Pace::Unknown => {}                // count in this process
//! }
//! # Ok(())
//! # }
//! ```

mod connection;
mod deny;
mod pace;
mod replay;

pub use connection::{BUDGET, Hot, HotError, Kind};
pub use deny::DenyPushes;
pub use pace::{Limit, Pace};
pub use replay::{Hint, SEEN_AT_ONCE_MAX, Seen};

use sha2::{Digest as _, Sha256};

/// The key of something of `kind`, without saying what it is: its digest. Keys with the same tag
/// live on the same node of a cluster (Redis Cluster specification, "Hash tags").
fn key(kind: &str, tag: &str, name: &[&[u8]]) -> String {
    let mut digest = Sha256::new();
    for part in name {
        digest.update(part);
    }
    let digest = digest.finalize();
    format!("faregate:{kind}:{{{tag}}}:{}", hex::encode(&digest[..16]))
}
