//! Redis: one server, and three that are a cluster. Both forget everything at their end.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};

use rustix::process::Signal;
use tempfile::TempDir;

use crate::ServiceError;
use crate::instance::{Instance, find, folder, free_port, run};

/// Servers of a cluster: the fewest that Redis calls one.
const NODES: usize = 3;

/// A Redis server, stopped when dropped.
#[derive(Debug)]
pub struct Redis {
    port: u16,
    more: Vec<String>,
    running: Option<Instance>,
    folder: TempDir,
}

impl Redis {
    /// Starts a server, which answers when this returns.
    ///
    /// # Errors
    /// [`ServiceError`] when Redis is not installed or does not start.
    pub fn start() -> Result<Self, ServiceError> {
        Self::start_with(&[])
    }

    /// As [`Self::start`], with more of its options, for example `["--maxmemory", "2mb"]`.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub fn start_with(options: &[&str]) -> Result<Self, ServiceError> {
        let mut server = Self {
            port: free_port()?,
            more: options.iter().map(|&option| option.to_owned()).collect(),
            running: None,
            folder: folder()?,
        };
        server.start_again()?;
        Ok(server)
    }

    /// Starts a stopped server on the same port, empty.
    ///
    /// # Errors
    /// [`ServiceError`] when it does not start.
    pub fn start_again(&mut self) -> Result<(), ServiceError> {
        self.running = None;
        let folder = self.folder.path().display().to_string();
        let port = self.port.to_string();
        let fixed = ["--bind", "127.0.0.1", "--save", "", "--appendonly", "no"];
        let own = [&fixed[..], &["--port", &port, "--dir", &folder]].concat();
        let mut args: Vec<String> = own.iter().map(|&arg| arg.to_owned()).collect();
        args.extend(self.more.iter().cloned());
        let log = self.folder.path().join("log");
        let instance = Instance::start(&program("redis-server")?, &args, &log)?;
        instance.wait_until("redis-server", &log, || self.ask("PING").is_some())?;
        self.running = Some(instance);
        Ok(())
    }

    /// The server's port on 127.0.0.1.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The server's URL.
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Says one command in one line and gives the first line of the answer.
    #[must_use]
    pub fn ask(&self, command: &str) -> Option<String> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).ok()?;
        stream.write_all(format!("{command}\r\n").as_bytes()).ok()?;
        let mut answer = String::new();
        BufReader::new(stream).read_line(&mut answer).ok()?;
        Some(answer.trim().to_owned()).filter(|answer| !answer.is_empty())
    }

    /// Ends the server at once (`kill -9`).
    pub fn kill(&mut self) {
        self.running = None;
    }

    /// Makes the server hang: it keeps its connections and answers nothing.
    pub fn pause(&self) {
        self.signal(Signal::STOP);
    }

    /// Ends [`Self::pause`].
    pub fn resume(&self) {
        self.signal(Signal::CONT);
    }

    fn signal(&self, signal: Signal) {
        if let Some(running) = &self.running {
            running.signal(signal);
        }
    }
}

/// Three servers that are one Redis Cluster, stopped when dropped.
#[derive(Debug)]
pub struct RedisCluster {
    nodes: Vec<Redis>,
}

impl RedisCluster {
    /// Starts the servers and joins them; every slot is served when this returns.
    ///
    /// # Errors
    /// [`ServiceError`] when Redis is not installed or the cluster does not form.
    pub fn start() -> Result<Self, ServiceError> {
        let mut nodes = Vec::new();
        for _ in 0..NODES {
            // The nodes talk among themselves on a second port each.
            let bus = free_port()?.to_string();
            let options = ["--cluster-enabled", "yes", "--cluster-port", &bus];
            nodes.push(Redis::start_with(&options)?);
        }
        let places: Vec<String> = nodes
            .iter()
            .map(|node| format!("127.0.0.1:{}", node.port))
            .collect();
        let mut args = vec!["--cluster", "create"];
        args.extend(places.iter().map(String::as_str));
        args.extend(["--cluster-replicas", "0", "--cluster-yes"]);
        run("join a cluster", &program("redis-cli")?, &args)?;
        for node in &nodes {
            if let Some(running) = &node.running {
                let log = node.folder.path().join("log");
                let port = node.port.to_string();
                let cli = program("redis-cli")?;
                running.wait_until("redis-server", &log, || says_ok(&cli, &port))?;
            }
        }
        Ok(Self { nodes })
    }

    /// The servers.
    #[must_use]
    pub fn nodes(&mut self) -> &mut [Redis] {
        &mut self.nodes
    }

    /// The URLs of the servers.
    #[must_use]
    pub fn urls(&self) -> Vec<String> {
        self.nodes.iter().map(Redis::url).collect()
    }
}

fn says_ok(cli: &Path, port: &str) -> bool {
    let said = run("ask a cluster", cli, &["-p", port, "cluster", "info"]);
    said.is_ok_and(|said| said.contains("cluster_state:ok"))
}

fn program(name: &'static str) -> Result<PathBuf, ServiceError> {
    let folders = ["/usr/bin", "/usr/local/bin"].map(PathBuf::from);
    find(name, "redis-server", &folders)
}
