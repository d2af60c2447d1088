//! A disk that is really full under a real process: a file system of its own in memory, mounted
//! in name spaces of its own, which need no rights.

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use crate::server::Server;
use crate::support::{Running, Station, ticket, wait_for};
use crate::upload::TCP;

/// The size of the disk: room for a few segments of 16 KiB.
const DISK: &str = "size=96k";

/// A process that holds the mount, until it is dropped.
struct Disk {
    holder: Child,
    folder: PathBuf,
}

impl Disk {
    /// Mounts an empty disk over `folder`; `None` where this machine allows nobody to.
    fn mount(folder: PathBuf) -> Option<Self> {
        std::fs::create_dir_all(&folder).unwrap();
        let script = "mount -t tmpfs -o \"$1\" full \"$0\" && echo mounted && exec cat";
        let mut holder = Command::new("unshare")
            .args(["--user", "--map-root-user", "--mount", "sh", "-c", script])
            .arg(&folder)
            .arg(DISK)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .ok()?;
        let mut said = String::new();
        let mut lines = BufReader::new(holder.stdout.take()?);
        let _ = lines.read_line(&mut said);
        let disk = Self { holder, folder };
        (said == "mounted\n").then_some(disk)
    }

    /// The disk as seen from here.
    fn path(&self, name: &str) -> PathBuf {
        let folder = self.folder.strip_prefix("/").unwrap();
        let root = PathBuf::from(format!("/proc/{}/root", self.holder.id()));
        root.join(folder).join(name)
    }

    /// A gate on that disk.
    fn start(&self, station: &Station) -> Running {
        let gate = station.command();
        let mut command = Command::new("nsenter");
        command
            .args(["--user", "--mount", "--preserve-credentials", "--target"])
            .arg(self.holder.id().to_string())
            .arg(gate.get_program())
            .args(gate.get_args())
            .args(["--log", "off"])
            .stdin(Stdio::null());
        Running(command.spawn().unwrap())
    }

    /// Leaves no byte free.
    fn fill(&self) {
        let bytes = vec![0; 1 << 20];
        let file = self.path("filler");
        let error = std::fs::write(file, bytes).unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::StorageFull, "{error}");
    }

    fn free(&self) {
        std::fs::remove_file(self.path("filler")).unwrap();
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Its end is the mount's.
        let _ = self.holder.kill();
        let _ = self.holder.wait();
    }
}

#[test]
fn on_a_full_disk_nobody_passes_without_a_record_and_room_heals_it() {
    let server = Server::start();
    let station = Station::new(TCP, Some(&server.url));
    let Some(disk) = Disk::mount(station.path().join("state/journal")) else {
        println!("absent: name spaces for users, without which no disk can be filled here");
        return;
    };
    let running = disk.start(&station);
    let mut line = station.connect();
    let mut passed = Vec::new();
    let mut next = 0;
    // What is preallocated is still written; then a new segment finds no room.
    disk.fill();
    let refused = loop {
        let answer = line.ask(&ticket(next)).unwrap();
        if answer["reason"] != "permitted" {
            break answer;
        }
        passed.push(next);
        next += 1;
        assert!(next < 2_000, "the disk was never full");
    };
    assert_eq!(refused["reason"], "not_recorded", "{refused}");
    assert!(!passed.is_empty());
    // Still full: the next rider does not pass either.
    assert_eq!(
        line.ask(&ticket(next + 1)).unwrap()["reason"],
        "not_recorded"
    );

    // Room again: it heals by itself, and who did not pass may now.
    disk.free();
    wait_for("a gate that writes again", || {
        line.ask(&ticket(next)).unwrap()["reason"] == "permitted"
    });
    passed.push(next);
    let used = |line: &mut crate::support::Line, number: u64| {
        let answer = line.ask(&ticket(number)).unwrap();
        assert_eq!(
            answer["reason"], "already_used",
            "ticket {number}: {answer}"
        );
    };
    used(&mut line, passed[0]);
    running.kill();
    // The journal that met a full disk is read again, with all who passed.
    let _running = disk.start(&station);
    let mut line = station.connect();
    for number in &passed {
        used(&mut line, *number);
    }
    assert_eq!(line.ask(&ticket(next + 1)).unwrap()["reason"], "permitted");
    wait_for("every pass at the server", || {
        let books = server.books.lock().unwrap();
        let permitted = books.taps.values().filter(|bytes| {
            let record = wire::note::Record::decode(bytes).unwrap();
            matches!(record, wire::note::Record::Tap(tap) if tap.decision == 0)
        });
        permitted.count() == passed.len() + 1
    });
    assert_eq!(server.books.lock().unwrap().wrong, Vec::<String>::new());
}
