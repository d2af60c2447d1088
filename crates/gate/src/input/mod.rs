//! Where codes come from. Each reader has a thread of its own, so that none waits for another.

mod hid;
mod images;
pub mod keys;
mod lines;
mod look;
pub mod picture;
mod serial;

use std::io;
use std::net::TcpListener;
use std::os::fd::AsFd;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec};
use validator::Language;
use wire::tap::TapKind;

use crate::config::InputConfig;
use crate::intake::{Frame, Intake};
use crate::machine::Stopwatch;

/// What every input is given.
#[derive(Clone, Debug)]
pub struct Line {
    /// Where its codes go.
    pub intake: Arc<Intake>,
    /// The language of its answers.
    pub language: Language,
    /// Numbers for readers and connections.
    pub numbers: Arc<AtomicU64>,
}

impl Line {
    fn number(&self) -> u64 {
        self.numbers.fetch_add(1, Ordering::Relaxed)
    }
}

/// One reader that waits for no answer: its number and direction.
struct Source<'a> {
    line: &'a Line,
    input: u64,
    kind: TapKind,
}

impl<'a> Source<'a> {
    fn new(line: &'a Line, kind: TapKind) -> Self {
        let input = line.number();
        Self { line, input, kind }
    }

    fn offer(&self, text: &[u8], watch: Stopwatch) {
        self.line.intake.offer(Frame {
            input: self.input,
            kind: self.kind,
            text: text.to_vec(),
            watch,
            reply: None,
        });
    }
}

/// Waits between attempts to open: doubled from the first to the last.
const REOPEN_FIRST: Duration = Duration::from_millis(100);
const REOPEN_LAST: Duration = Duration::from_secs(5);

/// Opens a device and reads it until it is gone, for ever: one that is pulled out is waited for.
fn keep_open<D>(
    path: &Path,
    open: impl Fn() -> io::Result<D>,
    read: impl Fn(&D) -> io::Error,
) -> ! {
    let mut wait = REOPEN_FIRST;
    loop {
        match open() {
            Ok(device) => {
                wait = REOPEN_FIRST;
                tracing::info!(path = %path.display(), "the scanner is there");
                let error = read(&device);
                tracing::warn!(path = %path.display(), %error, "the scanner is gone");
            }
            Err(error) => tracing::debug!(path = %path.display(), %error, "no scanner"),
        }
        std::thread::sleep(wait);
        wait = wait.saturating_mul(2).min(REOPEN_LAST);
    }
}

/// Waits for bytes, at most for `idle` where it is given; `false` when none came.
fn wait_readable(device: impl AsFd, idle: Option<Duration>) -> io::Result<bool> {
    let mut polled = [PollFd::new(&device, PollFlags::IN)];
    let limit = idle.map(|idle| Timespec {
        tv_sec: i64::try_from(idle.as_secs()).unwrap_or(i64::MAX),
        tv_nsec: i64::from(idle.subsec_nanos()),
    });
    match rustix::event::poll(&mut polled, limit.as_ref()) {
        Ok(ready) => Ok(ready > 0),
        Err(rustix::io::Errno::INTR) => Ok(true),
        Err(error) => Err(error.into()),
    }
}

/// Starts an input. `ended` is called when it has no more to give: only standard input ends.
///
/// # Errors
/// When an address cannot be listened at, or there is no thread. A tty that is not there yet is
/// waited for.
pub fn start(
    config: &InputConfig,
    line: Line,
    ended: impl FnOnce() + Send + 'static,
) -> io::Result<()> {
    let named = std::thread::Builder::new().name("input".to_owned());
    match config {
        InputConfig::Stdin { direction } => {
            let kind = (*direction).into();
            named.spawn(move || {
                lines::serve(io::stdin(), io::stdout(), kind, &line);
                ended();
            })?;
        }
        InputConfig::Tcp { direction, listen } => {
            let kind = (*direction).into();
            let listener = TcpListener::bind(listen)?;
            tracing::info!(listen = %listener.local_addr()?, "codes are taken over TCP");
            named.spawn(move || lines::listen(&listener, kind, &line))?;
        }
        InputConfig::Serial {
            direction,
            path,
            baud,
            idle_ms,
        } => {
            let scanner = serial::Scanner {
                path: path.clone(),
                baud: *baud,
                idle: Duration::from_millis(u64::from(*idle_ms)),
                kind: (*direction).into(),
            };
            named.spawn(move || scanner.serve(&line))?;
        }
        InputConfig::Hid { direction, path } => {
            let scanner = hid::Scanner {
                path: path.clone(),
                kind: (*direction).into(),
            };
            named.spawn(move || scanner.serve(&line))?;
        }
        InputConfig::Images { direction, path } => {
            let folder = images::Folder::open(path, (*direction).into())?;
            named.spawn(move || folder.serve(&line))?;
        }
    }
    Ok(())
}
