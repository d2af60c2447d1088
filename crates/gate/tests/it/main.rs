//! The agent as a process: codes in, taps on disk, batches at a server, kills in between.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "these are tests"
)]

mod accepted;
mod backlog;
mod clock_jumps;
mod doors;
mod full_disk;
mod kills;
mod lines;
mod mistakes;
mod pages;
mod quarantine;
mod redis;
mod restored;
mod scanners;
mod secrets;
mod serial;
mod server;
mod station;
mod support;
mod tls;
mod upload;
