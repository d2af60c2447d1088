//! A PostgreSQL of one's own, as careful with data as one in service: it syncs every commit.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use rustix::process::Signal;
use tempfile::TempDir;

use crate::ServiceError;
use crate::instance::{Instance, find, folder, free_port, private_file, run};

/// The superuser of the instance; it has no password and only this machine reaches it.
const USER: &str = "faregate";

/// A user who is asked for a password, once a test has made one with this name.
pub const GUARDED_USER: &str = "guarded";

/// Who may come, beside what `initdb --auth=trust` lets in.
const DOOR: &str = "host all guarded all scram-sha-256";

/// The door of a server that takes TLS alone.
const TLS_DOOR: &str = "hostssl all all all trust";

/// Databases made by this process: each has a name of its own.
static DATABASES: AtomicU32 = AtomicU32::new(0);

/// The server that the tests of this process share.
static SHARED: Mutex<Weak<Postgres>> = Mutex::new(Weak::new());

/// A PostgreSQL server, stopped and deleted when dropped.
#[derive(Debug)]
pub struct Postgres {
    programs: PathBuf,
    port: u16,
    settings: Vec<String>,
    running: Mutex<Option<Instance>>,
    folder: TempDir,
}

impl Postgres {
    /// Makes a cluster of databases and starts its server, which answers when this returns.
    ///
    /// # Errors
    /// [`ServiceError`] when PostgreSQL is not installed or does not start.
    pub fn start() -> Result<Self, ServiceError> {
        Self::start_with(&[])
    }

    /// As [`Self::start`], with settings of `postgresql.conf` such as `shared_buffers=1GB`.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub fn start_with(settings: &[&str]) -> Result<Self, ServiceError> {
        let server = Self::make(settings)?;
        let door = server.folder.path().join("data/pg_hba.conf");
        let open = std::fs::read_to_string(&door).map_err(ServiceError::io("read a door"))?;
        let both = format!("{DOOR}\n{open}");
        std::fs::write(&door, both).map_err(ServiceError::io("guard a door"))?;
        server.start_again()?;
        Ok(server)
    }

    /// A server that speaks TLS with this certificate and key (PEM), and with nobody in the clear.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub fn start_with_tls(certificate: &str, key: &str) -> Result<Self, ServiceError> {
        let server = Self::make(&["ssl=on"])?;
        let data = server.folder.path().join("data");
        let write = |name: &str, text: &str| private_file(&data.join(name), text);
        // The names that PostgreSQL looks for when it is told none.
        write("server.crt", certificate)?;
        write("server.key", key)?;
        write("pg_hba.conf", TLS_DOOR)?;
        server.start_again()?;
        Ok(server)
    }

    /// Makes a cluster of databases without a server.
    fn make(settings: &[&str]) -> Result<Self, ServiceError> {
        let programs = programs()?;
        let folder = folder()?;
        let data = folder.path().join("data");
        let (user, data) = (format!("--username={USER}"), data.display().to_string());
        // The empty cluster need not survive a power cut; what is written later must.
        let options = ["--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"];
        let args = [&options[..], &["--data-checksums", &user, "-D", &data]].concat();
        run("make a cluster", &programs.join("initdb"), &args)?;
        Ok(Self {
            programs,
            port: free_port()?,
            settings: settings.iter().map(|&one| one.to_owned()).collect(),
            running: Mutex::new(None),
            folder,
        })
    }

    /// The server that tests of one process share; it ends with the last who holds it.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub fn shared() -> Result<Arc<Self>, ServiceError> {
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(server) = shared.upgrade() {
            return Ok(server);
        }
        let server = Arc::new(Self::start()?);
        *shared = Arc::downgrade(&server);
        Ok(server)
    }

    /// Makes a database that nobody else uses and gives its URL.
    ///
    /// # Errors
    /// [`ServiceError`] when the server refuses.
    pub fn create_database(&self) -> Result<String, ServiceError> {
        let number = DATABASES.fetch_add(1, Ordering::Relaxed) + 1;
        let name = format!("test_{number}");
        let port = self.port.to_string();
        let args = ["-h", "127.0.0.1", "-p", &port, "-U", USER, &name];
        run("create a database", &self.programs.join("createdb"), &args)?;
        Ok(self.url(&name))
    }

    /// The URL of a database of this server.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        format!("postgres://{USER}@127.0.0.1:{}/{database}", self.port)
    }

    /// Stops the server as a power cut would, as far as a program can: no session is asked, nothing
    /// is written (`pg_ctl stop -m immediate`). Its files stay.
    pub fn stop_immediately(&self) {
        self.stop(Signal::QUIT);
    }

    /// Stops the server after cutting its sessions off and writing a checkpoint. Its files stay.
    pub fn stop_fast(&self) {
        self.stop(Signal::INT);
    }

    /// Starts a stopped server on the same files and port; it answers when this returns.
    ///
    /// # Errors
    /// [`ServiceError`] when it does not start.
    pub fn start_again(&self) -> Result<(), ServiceError> {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        // One that still runs would keep the files locked.
        *running = None;
        let data = self.folder.path().join("data");
        let mut args = vec!["-D".to_owned(), data.display().to_string()];
        let port = format!("port={}", self.port);
        let fixed = ["listen_addresses=127.0.0.1", "unix_socket_directories="];
        let own = [&fixed[..], &["fsync=on", "synchronous_commit=on", &port]].concat();
        let asked = self.settings.iter().map(String::as_str);
        for setting in own.into_iter().chain(asked) {
            args.extend(["-c".to_owned(), setting.to_owned()]);
        }
        let log = self.folder.path().join("log");
        let instance = Instance::start(&self.programs.join("postgres"), &args, &log)?;
        let port = self.port.to_string();
        let ready = self.programs.join("pg_isready");
        let ask = ["-q", "-h", "127.0.0.1", "-p", &port, "-d", "postgres"];
        instance.wait_until("postgres", &log, || {
            run("ask postgres", &ready, &ask).is_ok()
        })?;
        *running = Some(instance);
        Ok(())
    }

    /// The server's main process, while it runs.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        running.as_ref().map(Instance::pid)
    }

    fn stop(&self, signal: Signal) {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(instance) = running.take() {
            instance.end(signal);
        }
    }
}

impl Drop for Postgres {
    /// Its sessions hold memory that only an orderly end gives back at once; the data is not
    /// wanted any more.
    fn drop(&mut self) {
        self.stop_immediately();
    }
}

/// The folder of the newest PostgreSQL that is installed.
fn programs() -> Result<PathBuf, ServiceError> {
    let versions = std::fs::read_dir(Path::new("/usr/lib/postgresql"));
    let mut installed: Vec<(u32, PathBuf)> = versions
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let version = entry.file_name().to_str()?.parse().ok()?;
            Some((version, entry.path().join("bin")))
        })
        .collect();
    installed.sort_unstable_by(|a, b| b.cmp(a));
    let mut folders: Vec<PathBuf> = installed.into_iter().map(|(_, folder)| folder).collect();
    folders.extend(["/usr/local/pgsql/bin", "/usr/local/bin", "/usr/bin"].map(PathBuf::from));
    let initdb = find("initdb", "postgresql", &folders)?;
    Ok(initdb.parent().map(Path::to_path_buf).unwrap_or_default())
}
