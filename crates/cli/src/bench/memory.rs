//! What a real `faregate-gate` holds in memory: it fetches a long deny list, answers codes, and
//! takes the next list while the first is in use.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use gate::machine::Stopwatch;
use wire::lists::ListRef;

use super::Row;
use super::city::{self, City, ISSUERS};
use super::denied;
use super::server::ListServer;
use super::station::{self, Station};
use crate::arguments::GateBenchArguments;

/// What the agent may hold, in MiB.
const MIB_MAX: f64 = 64.0;

/// What it may hold with the longest list there is, in MiB: 100 MB.
const LONG_MIB_MAX: f64 = 95.3;

/// Codes shown to it: the tables are touched and the journal is written.
const CODES: u32 = 200;

/// Codes that the second list denies anew, in place of as many others.
const CHANGED: u32 = 1_000;

/// How long the agent may take to have a list in use.
const LISTED_WITHIN: Duration = Duration::from_mins(2);

/// Memory with the list in use, and the most there ever was.
pub(super) fn rows(folder: &Path, city: &City, arguments: &GateBenchArguments) -> Result<Vec<Row>> {
    let names = ["agent_memory", "agent_memory_peak"];
    let agent = program(arguments.agent.as_deref())?;
    let (rows, _) = measure(folder, city, arguments.denied, &agent)?;
    Ok(named(names, rows, MIB_MAX).into())
}

/// The same with a long list, and what the list itself costs.
pub(super) fn rows_long(
    folder: &Path,
    city: &City,
    arguments: &GateBenchArguments,
) -> Result<Vec<Row>> {
    let names = ["agent_memory_long", "agent_memory_long_peak"];
    let agent = program(arguments.agent.as_deref())?;
    let (measured, list) = measure(folder, city, arguments.denied_long, &agent)?;
    let mut rows = Vec::from(named(names, measured, LONG_MIB_MAX));
    rows.extend(denied::rows(folder, &list)?);
    Ok(rows)
}

/// What was found of one agent.
#[derive(Clone, Copy)]
struct Measured {
    count: u32,
    resident_kib: u32,
    peak_kib: u32,
}

fn named([held, peak]: [&'static str; 2], found: Measured, most: f64) -> [Row; 2] {
    let with = format!("{} denied ids, {ISSUERS} issuers", found.count);
    let what = format!("memory of faregate-gate with {with}");
    let row =
        |id, what: &str, kib: u32| Row::new(id, what, f64::from(kib) / 1024.0, "MiB").at_most(most);
    let over = "its peak, over a change of the list";
    [
        row(held, &what, found.resident_kib),
        row(peak, over, found.peak_kib),
    ]
}

/// Lets an agent fetch a list of so many ids and then another. Gives the second list too.
fn measure(folder: &Path, city: &City, count: u32, agent: &Path) -> Result<(Measured, ListRef)> {
    let first = city.publish(None, city::denied(0..count))?;
    let changed = city::denied(CHANGED..count.saturating_add(CHANGED));
    let second = city.publish(Some(&first), changed)?;
    let list = second.snapshot.deny;
    let server = ListServer::start(first)?;
    let pages = free_port()?;
    let tables = format!(
        "[server]\nurl = \"http://{}\"\nsync_seconds = 1\n[http]\nlisten = \"127.0.0.1:{pages}\"\n",
        server.address
    );
    let station = Station::new(folder, city, &tables)?;
    let mut agent = Running::start(agent, &station)?;
    agent.wait_for_list(pages, 1)?;
    agent.show(0..CODES)?;
    let resident = agent.counted("VmRSS:")?;
    server.publish(second);
    agent.wait_for_list(pages, 2)?;
    agent.show(CODES..2 * CODES)?;
    let peak = agent.counted("VmHWM:")?;
    let found = Measured {
        count,
        resident_kib: resident,
        peak_kib: peak,
    };
    Ok((found, list))
}

/// The agent that was named, or the one beside this program.
fn program(named: Option<&Path>) -> Result<PathBuf> {
    if let Some(path) = named {
        return Ok(path.to_owned());
    }
    let path = std::env::current_exe()?.with_file_name("faregate-gate");
    ensure!(
        path.exists(),
        "{} is not there: name it with --agent, or leave memory out with --denied 0",
        path.display()
    );
    Ok(path)
}

fn free_port() -> Result<u16> {
    let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    Ok(listener.local_addr()?.port())
}

/// An agent's process; killed at the end.
struct Running {
    child: Child,
    answers: BufReader<std::process::ChildStdout>,
}

impl Running {
    fn start(program: &Path, station: &Station) -> Result<Self> {
        let mut command = Command::new(program);
        command.arg("--config").arg(station.config_file());
        command.args(["--log", "error"]);
        let pipes = command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = pipes
            .spawn()
            .with_context(|| program.display().to_string())?;
        let answers = child.stdout.take().context("its answers")?;
        Ok(Self {
            child,
            answers: BufReader::new(answers),
        })
    }

    fn wait_for_list(&mut self, pages: u16, version: u32) -> Result<()> {
        let wanted = format!("gate_list_version{{list=\"deny-list\"}} {version}\n");
        let watch = Stopwatch::start();
        while !metrics(pages).is_ok_and(|text| text.contains(&wanted)) {
            if let Some(status) = self.child.try_wait()? {
                bail!("the agent has ended: {status}");
            }
            ensure!(
                watch.elapsed() < LISTED_WITHIN,
                "the agent did not take version {version} of the deny list"
            );
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }

    fn show(&mut self, numbers: std::ops::Range<u32>) -> Result<()> {
        for code in station::codes(numbers)? {
            let input = self.child.stdin.as_mut().context("its input")?;
            input.write_all(format!("{code}\n").as_bytes())?;
            let mut answer = String::new();
            self.answers.read_line(&mut answer)?;
            ensure!(
                answer.contains("\"permitted\""),
                "a good code was refused by the agent with the long list: {answer}"
            );
        }
        Ok(())
    }

    /// A figure of its memory, in KiB.
    fn counted(&self, name: &str) -> Result<u32> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        let number = line.and_then(|line| line.split_whitespace().next());
        number
            .and_then(|number| number.parse().ok())
            .with_context(|| format!("/proc has no {name}"))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn metrics(port: u16) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    stream.write_all(b"GET /metrics HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}
