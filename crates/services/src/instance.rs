//! A server's process: started as whom it accepts, ended with its owner.

use std::fs::{File, Permissions};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Output, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use rustix::process::{Pid, Signal, geteuid, kill_process};
use tempfile::TempDir;

use crate::ServiceError;

/// How long a server may take to answer first; a loaded machine with two cores needs some.
const ANSWER_SECONDS_MAX: u64 = 60;
/// Between two questions whether it answers.
const ASK_EVERY: Duration = Duration::from_millis(20);
/// Who runs what refuses to run as root.
const UNPRIVILEGED: u32 = 65_534;

/// A running server. Ends when dropped.
#[derive(Debug)]
pub(crate) struct Instance {
    pid: Pid,
    /// Gives the exit status once.
    ended: Receiver<ExitStatus>,
}

impl Instance {
    /// Starts `program` with its output in `log`.
    ///
    /// A thread of its own starts it and waits for it, because the system ends the server with the
    /// *thread* that started it: so it lives as long as this value and never longer than this
    /// process, be it killed.
    pub(crate) fn start(program: &Path, args: &[String], log: &Path) -> Result<Self, ServiceError> {
        let failed = ServiceError::io("start a server");
        let out = File::create(log).map_err(&failed)?;
        let mut command = unprivileged(&["--pdeathsig", "KILL"], program);
        command
            .args(args)
            .stdin(Stdio::null())
            .stderr(out.try_clone().map_err(&failed)?)
            .stdout(out);
        let (say_started, started) = mpsc::channel();
        let (say_ended, ended) = mpsc::channel();
        std::thread::spawn(move || {
            let mut child = match command.spawn() {
                Ok(child) => child,
                Err(error) => {
                    // Whoever started it has gone when nobody listens: there is nobody to tell.
                    let _ = say_started.send(Err(error));
                    return;
                }
            };
            let _ = say_started.send(Ok(child.id()));
            let status = child.wait();
            let _ = say_ended.send(status.unwrap_or_else(|_| ExitStatus::from_raw(-1)));
        });
        let gone = || std::io::Error::other("its thread is gone");
        let number = started.recv().map_err(|_| failed(gone()))?;
        let number = number.map_err(&failed)?;
        let pid = i32::try_from(number).ok().and_then(Pid::from_raw);
        let pid = pid.ok_or_else(|| failed(gone()))?;
        Ok(Self { pid, ended })
    }

    /// Waits until `answers` says yes.
    pub(crate) fn wait_until(
        &self,
        program: &'static str,
        log: &Path,
        mut answers: impl FnMut() -> bool,
    ) -> Result<(), ServiceError> {
        let asks = u128::from(ANSWER_SECONDS_MAX) * 1_000 / ASK_EVERY.as_millis();
        for _ in 0..asks {
            if answers() {
                return Ok(());
            }
            if self.ended.try_recv().is_ok() {
                break;
            }
            std::thread::sleep(ASK_EVERY);
        }
        Err(ServiceError::Silent {
            program,
            seconds: ANSWER_SECONDS_MAX,
            said: end_of(log),
        })
    }

    /// The server's process.
    pub(crate) fn pid(&self) -> u32 {
        self.pid.as_raw_nonzero().get().unsigned_abs()
    }

    /// Sends `signal`; a server that has ended is not minded.
    pub(crate) fn signal(&self, signal: Signal) {
        let _ = kill_process(self.pid, signal);
    }

    /// Sends `signal` and waits for the end.
    pub(crate) fn end(&self, signal: Signal) {
        self.signal(signal);
        let _ = self.ended.recv();
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        self.end(Signal::KILL);
    }
}

/// A folder that the server may write in.
pub(crate) fn folder() -> Result<TempDir, ServiceError> {
    let failed = ServiceError::io("make a folder");
    let folder = tempfile::Builder::new()
        .prefix("faregate-service-")
        .tempdir()
        .map_err(&failed)?;
    if geteuid().is_root() {
        let owner = Some(UNPRIVILEGED);
        std::os::unix::fs::chown(folder.path(), owner, owner).map_err(&failed)?;
    }
    Ok(folder)
}

/// Writes a file that the server alone may read.
pub(crate) fn private_file(path: &Path, text: &str) -> Result<(), ServiceError> {
    let write = || {
        std::fs::write(path, text)?;
        std::fs::set_permissions(path, Permissions::from_mode(0o600))?;
        if geteuid().is_root() {
            let owner = Some(UNPRIVILEGED);
            std::os::unix::fs::chown(path, owner, owner)?;
        }
        Ok(())
    };
    write().map_err(ServiceError::io("write a file of a server"))
}

/// A port of 127.0.0.1 on which nobody listens.
pub(crate) fn free_port() -> Result<u16, ServiceError> {
    let listener = TcpListener::bind(("127.0.0.1", 0));
    let bound = listener.and_then(|listener| listener.local_addr());
    Ok(bound.map_err(ServiceError::io("find a free port"))?.port())
}

/// Runs a program to its end, as [`unprivileged`].
pub(crate) fn run(
    what: &'static str,
    program: &Path,
    args: &[&str],
) -> Result<String, ServiceError> {
    let output = unprivileged(&[], program).args(args).output();
    let Output {
        status,
        stdout,
        stderr,
    } = output.map_err(ServiceError::io(what))?;
    if status.success() {
        return Ok(String::from_utf8_lossy(&stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&stderr).trim().to_owned();
    Err(ServiceError::Refused { what, said })
}

/// The first of `folders` that has `program`.
pub(crate) fn find(
    program: &'static str,
    package: &'static str,
    folders: &[PathBuf],
) -> Result<PathBuf, ServiceError> {
    let paths = folders.iter().map(|folder| folder.join(program));
    let mut found = paths.filter(|path| path.exists());
    found
        .next()
        .ok_or(ServiceError::Missing { program, package })
}

/// `program` as `nobody` where this process is root, in a folder that everybody may read.
fn unprivileged(options: &[&str], program: &Path) -> Command {
    let mut command = Command::new("setpriv");
    if geteuid().is_root() {
        let who = UNPRIVILEGED.to_string();
        command.args(["--reuid", &who, "--regid", &who, "--clear-groups"]);
    }
    command.args(options).arg("--").arg(program);
    command.current_dir("/");
    command
}

fn end_of(log: &Path) -> String {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(10)..].join("\n")
}
