//! A scanner on a tty: raw bytes; a code ends with a line end or with silence; a scanner that is
//! pulled out is waited for.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::fs::OFlags;
use rustix::termios::{OptionalActions, SpecialCodeIndex};
use wire::tap::TapKind;

use super::Line;
use crate::frame::Framer;
use crate::intake::Frame;
use crate::machine::Stopwatch;

/// Waits between attempts to open: doubled from the first to the last.
const REOPEN_FIRST: Duration = Duration::from_millis(100);
const REOPEN_LAST: Duration = Duration::from_secs(5);

/// A code that a scanner sends again within this time is the same look at the same phone.
const SAME_LOOK: Duration = Duration::from_secs(2);

/// A scanner's line.
#[derive(Debug)]
pub(super) struct Scanner {
    pub(super) path: PathBuf,
    pub(super) baud: u32,
    pub(super) idle: Duration,
    pub(super) kind: TapKind,
}

impl Scanner {
    /// Reads codes for ever.
    pub(super) fn serve(&self, line: &Line) {
        let input = line.number();
        let mut wait = REOPEN_FIRST;
        loop {
            match self.open() {
                Ok(tty) => {
                    wait = REOPEN_FIRST;
                    tracing::info!(path = %self.path.display(), "the scanner is there");
                    let error = self.read(&tty, input, line);
                    tracing::warn!(path = %self.path.display(), %error, "the scanner is gone");
                }
                Err(error) => {
                    tracing::debug!(path = %self.path.display(), %error, "no scanner");
                }
            }
            std::thread::sleep(wait);
            wait = wait.saturating_mul(2).min(REOPEN_LAST);
        }
    }

    fn open(&self) -> io::Result<File> {
        // Without waiting for a carrier, and never as the agent's own terminal.
        let flags = OFlags::NONBLOCK | OFlags::NOCTTY;
        let tty = OpenOptions::new()
            .read(true)
            .write(true)
            .custom_flags(i32::try_from(flags.bits()).unwrap_or(0))
            .open(&self.path)?;
        let mut settings = rustix::termios::tcgetattr(&tty)?;
        settings.make_raw();
        settings.special_codes[SpecialCodeIndex::VMIN] = 1;
        settings.special_codes[SpecialCodeIndex::VTIME] = 0;
        settings.set_speed(self.baud)?;
        rustix::termios::tcsetattr(&tty, OptionalActions::Flush, &settings)?;
        Ok(tty)
    }

    /// Reads until the line hangs up; says why it ended.
    fn read(&self, tty: &File, input: u64, line: &Line) -> io::Error {
        let mut framer = Framer::default();
        let mut last: Option<(Vec<u8>, Stopwatch)> = None;
        let mut watch = Stopwatch::start();
        let mut buffer = [0; 4096];
        loop {
            let mut sink = |text: &[u8]| self.hand_in(text, watch, &mut last, input, line);
            match self.wait(tty, framer.is_empty()) {
                Ok(true) => {}
                Ok(false) => {
                    framer.end(&mut sink);
                    continue;
                }
                Err(error) => return error,
            }
            match rustix::io::read(tty, &mut buffer) {
                // A tty in raw mode gives no bytes only when its other end is closed.
                Ok(0) => return io::ErrorKind::UnexpectedEof.into(),
                Ok(got) => {
                    framer.push(buffer.get(..got).unwrap_or_default(), &mut sink);
                    watch = Stopwatch::start();
                }
                Err(rustix::io::Errno::INTR | rustix::io::Errno::AGAIN) => {}
                Err(error) => return error.into(),
            }
        }
    }

    /// Waits for bytes; `false` when the line was silent for long enough to end a code.
    fn wait(&self, tty: &File, nothing_held: bool) -> io::Result<bool> {
        let mut polled = [PollFd::new(tty, PollFlags::IN)];
        let idle = Timespec {
            tv_sec: 0,
            tv_nsec: i64::from(self.idle.subsec_nanos()),
        };
        let limit = if nothing_held { None } else { Some(&idle) };
        match rustix::event::poll(&mut polled, limit) {
            Ok(ready) => Ok(ready > 0),
            Err(rustix::io::Errno::INTR) => Ok(true),
            Err(error) => Err(error.into()),
        }
    }

    fn hand_in(
        &self,
        text: &[u8],
        watch: Stopwatch,
        last: &mut Option<(Vec<u8>, Stopwatch)>,
        input: u64,
        line: &Line,
    ) {
        // A scanner reads a phone many times a second: the second look must not turn green to red.
        if let Some((before, seen)) = last
            && before == text
            && seen.elapsed() < SAME_LOOK
        {
            *seen = Stopwatch::start();
            return;
        }
        *last = Some((text.to_vec(), Stopwatch::start()));
        line.intake.offer(Frame {
            input,
            kind: self.kind,
            text: text.to_vec(),
            watch,
            reply: None,
        });
    }
}
