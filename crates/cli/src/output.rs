//! What a command prints: one JSON object, or lines for a person.

use std::io::Write as _;

use anyhow::Result;
use serde::Serialize;

/// Whether a program or a person reads along.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Reader {
    /// `--json`: one object on standard output, nothing else there.
    Program,
    /// Lines.
    Person,
}

impl Reader {
    /// The reader that `--json` asks for.
    pub(crate) const fn of(json: bool) -> Self {
        if json { Self::Program } else { Self::Person }
    }

    /// Prints `value` for a program, or `lines` for a person.
    ///
    /// # Errors
    /// When standard output is closed.
    pub(crate) fn print(self, value: &impl Serialize, lines: &str) -> Result<()> {
        let mut out = std::io::stdout().lock();
        match self {
            Self::Program => {
                serde_json::to_writer_pretty(&mut out, value)?;
                writeln!(out)?;
            }
            Self::Person => write!(out, "{lines}")?,
        }
        out.flush()?;
        Ok(())
    }
}
