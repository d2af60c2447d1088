//! A scanner that is a keyboard (USB-HID), through Linux's event devices: taken for this agent
//! alone, so that nothing else on the machine sees what riders show.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::{FileTypeExt as _, OpenOptionsExt as _};
use std::path::PathBuf;
use std::time::Duration;

use evdev::raw_stream::RawDevice;
use rustix::fs::OFlags;

use super::keys::{Keyboard, Typed};
use super::look::Look;
use super::{Line, Source, keep_open, wait_readable};
use crate::frame::Framer;
use crate::machine::Stopwatch;
use wire::tap::TapKind;

/// A code whose keys stop for so long was not read to its end: a scanner types a key within 20 ms.
const HALF_CODE: Duration = Duration::from_millis(200);

/// A scanner that types.
#[derive(Debug)]
pub(super) struct Scanner {
    pub(super) path: PathBuf,
    pub(super) kind: TapKind,
}

/// An opened device, or a recording of one.
enum Keys {
    Device(RawDevice),
    Recording(File),
}

impl AsFd for Keys {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Device(device) => device.as_fd(),
            Self::Recording(file) => file.as_fd(),
        }
    }
}

impl Scanner {
    /// Reads codes for ever.
    pub(super) fn serve(&self, line: &Line) {
        let source = Source::new(line, self.kind);
        keep_open(&self.path, || self.open(), |keys| read(keys, &source));
    }

    fn open(&self) -> io::Result<Keys> {
        // A named pipe gives events that were recorded; it has nothing to be taken.
        if std::fs::metadata(&self.path)?.file_type().is_fifo() {
            let flags = i32::try_from(OFlags::NONBLOCK.bits()).unwrap_or(0);
            let file = OpenOptions::new()
                .read(true)
                .write(true)
                .custom_flags(flags)
                .open(&self.path)?;
            return Ok(Keys::Recording(file));
        }
        let mut device = RawDevice::open(&self.path)?;
        device.grab()?;
        Ok(Keys::Device(device))
    }
}

/// Reads until the device is gone; says why it ended.
fn read(keys: &Keys, source: &Source<'_>) -> io::Error {
    let mut framer = Framer::default();
    let mut keyboard = Keyboard::default();
    let mut look = Look::default();
    let mut watch = Stopwatch::start();
    let mut buffer = [0; 24 * 64];
    loop {
        let idle = (!framer.is_empty()).then_some(HALF_CODE);
        match wait_readable(keys, idle) {
            Ok(true) => {}
            Ok(false) => {
                framer.clear();
                continue;
            }
            Err(error) => return error,
        }
        let got = match rustix::io::read(keys, &mut buffer) {
            Ok(0) => return io::ErrorKind::UnexpectedEof.into(),
            Ok(got) => got,
            Err(rustix::io::Errno::INTR | rustix::io::Errno::AGAIN) => continue,
            Err(error) => return error.into(),
        };
        // A code that is typed within the pause of another one: the half before it is dropped.
        if !framer.is_empty() && watch.elapsed() >= HALF_CODE {
            framer.clear();
        }
        keyboard.push(buffer.get(..got).unwrap_or_default(), |typed| match typed {
            Typed::Byte(byte) => framer.push(&[byte], |text| look.hand_in(text, watch, source)),
            Typed::Lost => framer.clear(),
        });
        watch = Stopwatch::start();
    }
}
