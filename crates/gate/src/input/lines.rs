//! A line per code, answered with a line of JSON: standard input and TCP.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::sync_channel;
use std::time::Duration;

use wire::tap::TapKind;

use super::Line;
use crate::frame::Framer;
use crate::intake::Frame;
use crate::machine::Stopwatch;

/// Most connections at once; more are closed at once.
const CONNECTIONS_MAX: usize = 16;

/// How long an answer may take to be taken.
const WRITE_TIMEOUT: Duration = Duration::from_secs(2);

/// How long a connection may be silent with half a code, which is forgotten then.
const HALF_CODE: Duration = Duration::from_secs(1);

/// The answer to a code that had to make room for later ones.
const DROPPED: &str = "{\"decision\":\"refused\",\"code\":160,\"reason\":\"dropped\"}";

/// Serves until the reader ends.
pub(super) fn serve(mut from: impl Read, mut to: impl Write, kind: TapKind, line: &Line) {
    let input = line.number();
    let mut framer = Framer::default();
    let mut buffer = [0; 4096];
    loop {
        let got = match from.read(&mut buffer) {
            Ok(0) => break,
            Ok(got) => got,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error)
                if matches!(
                    error.kind(),
                    std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut
                ) =>
            {
                framer.clear();
                continue;
            }
            Err(_) => break,
        };
        let mut written = Ok(());
        framer.push(buffer.get(..got).unwrap_or_default(), |text| {
            if written.is_ok() {
                written =
                    writeln!(to, "{}", ask(text, input, kind, line)).and_then(|()| to.flush());
            }
        });
        if written.is_err() {
            break;
        }
    }
}

/// Hands a code in and waits for its answer.
fn ask(text: &[u8], input: u64, kind: TapKind, line: &Line) -> String {
    let (reply, answer) = sync_channel(1);
    line.intake.offer(Frame {
        input,
        kind,
        text: text.to_vec(),
        watch: Stopwatch::start(),
        reply: Some(reply),
    });
    let body = answer.recv().ok().map(|answer| {
        let body = answer.to_body(line.language);
        serde_json::to_string(&body).unwrap_or_default()
    });
    body.unwrap_or_else(|| DROPPED.to_owned())
}

/// Serves every connection on a thread of its own, for ever.
pub(super) fn listen(listener: &TcpListener, kind: TapKind, line: &Line) {
    let open = Arc::new(AtomicUsize::new(0));
    for stream in listener.incoming() {
        let Ok(stream) = stream else {
            // Out of descriptors, most likely: others must be given time to end.
            std::thread::sleep(Duration::from_millis(50));
            continue;
        };
        if open.fetch_add(1, Ordering::SeqCst) >= CONNECTIONS_MAX {
            open.fetch_sub(1, Ordering::SeqCst);
            continue;
        }
        let (line, counter) = (line.clone(), Arc::clone(&open));
        let spawned = std::thread::Builder::new().spawn(move || {
            if let Err(error) = connection(&stream, kind, &line) {
                tracing::debug!(%error, "a connection ended");
            }
            counter.fetch_sub(1, Ordering::SeqCst);
        });
        if spawned.is_err() {
            open.fetch_sub(1, Ordering::SeqCst);
        }
    }
}

fn connection(stream: &TcpStream, kind: TapKind, line: &Line) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(HALF_CODE))?;
    stream.set_write_timeout(Some(WRITE_TIMEOUT))?;
    serve(stream, stream, kind, line);
    Ok(())
}
