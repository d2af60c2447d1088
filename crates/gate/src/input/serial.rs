//! A scanner on a tty: raw bytes; a code ends with a line end or with silence; a scanner that is
//! pulled out is waited for.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;
use std::time::Duration;

use rustix::fs::OFlags;
use rustix::termios::{OptionalActions, SpecialCodeIndex};
use wire::tap::TapKind;

use super::look::Look;
use super::{Line, Source, keep_open, wait_readable};
use crate::frame::Framer;
use crate::machine::Stopwatch;

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
        let source = Source::new(line, self.kind);
        keep_open(&self.path, || self.open(), |tty| self.read(tty, &source));
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
    fn read(&self, tty: &File, source: &Source<'_>) -> io::Error {
        let mut framer = Framer::default();
        let mut look = Look::default();
        let mut watch = Stopwatch::start();
        let mut buffer = [0; 4096];
        loop {
            let mut sink = |text: &[u8]| look.hand_in(text, watch, source);
            let idle = (!framer.is_empty()).then_some(self.idle);
            match wait_readable(tty, idle) {
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
}
