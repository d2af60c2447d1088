//! Replay hints: whether another server has lately seen the code of a tap.
//!
//! A hint lets a server point staff at a code that is going round while it goes round. It decides
//! nothing: of two taps with one code settlement flags the later, from the taps themselves.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::future::join_all;
use settlement::model::CodeUse;
use units::TapId;

use crate::{Hot, key};

/// Taps asked about at once: those of one upload.
pub const SEEN_AT_ONCE_MAX: usize = 5_000;

/// How long a code is remembered: readers upload within it when they have a network.
const REMEMBERED: Duration = Duration::from_mins(10);

/// Groups of keys that share a node, so that an upload needs few messages in a cluster of any size.
const GROUPS: u8 = 16;

/// A tap with the code that it showed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// The code.
    pub code: CodeUse,
    /// The tap.
    pub tap: TapId,
}

/// What is known about a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hint {
    /// No other tap showed it lately, as far as Redis remembers.
    First,
    /// This tap showed it first; told again.
    Repeated,
    /// That other tap showed it first, says Redis.
    After(TapId),
    /// Nothing is known.
    Unknown,
}

impl Hot {
    /// Remembers the codes of `taps` and says of each whether another tap showed it before, in
    /// order. Beyond [`SEEN_AT_ONCE_MAX`] taps nothing is asked or known.
    pub async fn seen(&self, taps: &[Seen]) -> Vec<Hint> {
        let mut hints = vec![Hint::Unknown; taps.len()];
        let mut groups: BTreeMap<u8, Vec<usize>> = BTreeMap::new();
        for (index, tap) in taps.iter().enumerate().take(SEEN_AT_ONCE_MAX) {
            groups.entry(group(tap)).or_default().push(index);
        }
        let asked = groups.into_iter().map(|(group, members)| async move {
            let mut pipeline = redis::pipe();
            for tap in members.iter().filter_map(|index| taps.get(*index)) {
                pipeline.add_command(remember(group, tap));
            }
            pipeline.ignore_errors();
            let answers: Option<Vec<redis::RedisResult<redis::Value>>> =
                self.ask_all(&pipeline).await;
            (members, answers.unwrap_or_default())
        });
        for (members, answers) in join_all(asked).await {
            for (index, answer) in members.into_iter().zip(answers) {
                if let (Some(hint), Some(tap)) = (hints.get_mut(index), taps.get(index)) {
                    *hint = read(tap, answer);
                }
            }
        }
        hints
    }
}

fn group(tap: &Seen) -> u8 {
    // The credential's id is random in every byte but two.
    tap.code.credential.as_bytes()[15] % GROUPS
}

/// Writes the tap unless one is there, and answers what was (Redis 7.0: `NX` with `GET`).
fn remember(group: u8, tap: &Seen) -> redis::Cmd {
    let tag = format!("r{group}");
    let code = [
        &tap.code.credential.as_bytes()[..],
        &tap.code.slot().to_be_bytes(),
    ];
    let mut command = redis::cmd("SET");
    command
        .arg(key("seen", &tag, &code))
        .arg(tap.tap.as_bytes())
        .arg("NX")
        .arg("GET")
        .arg("PX")
        .arg(u64::try_from(REMEMBERED.as_millis()).unwrap_or(u64::MAX));
    command
}

fn read(tap: &Seen, answer: redis::RedisResult<redis::Value>) -> Hint {
    match answer {
        Ok(redis::Value::Nil) => Hint::First,
        Ok(redis::Value::BulkString(bytes)) => match <[u8; 16]>::try_from(bytes) {
            Ok(id) if TapId::from_bytes(id) == tap.tap => Hint::Repeated,
            Ok(id) => Hint::After(TapId::from_bytes(id)),
            Err(_) => Hint::Unknown,
        },
        _ => Hint::Unknown,
    }
}
