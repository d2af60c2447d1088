//! Where codes come from. Each reader has a thread of its own, so that none waits for another.

mod lines;
mod serial;

use std::io;
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use validator::Language;

use crate::config::InputConfig;
use crate::intake::Intake;

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
    }
    Ok(())
}
