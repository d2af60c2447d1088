//! Signed lists from end to end: `faregate serve --lists` and `faregate-gate` as processes, keys
//! made offline, codes of a phone, a server that goes back, is away, or is cut off by a kill.

#![expect(clippy::disallowed_methods, reason = "real processes take real time")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use serde_json::Value;
use units::Timestamp;
use wallet::Wallet;
use wire::tap::TapRecord;

use crate::serve::{DEVICE, Server, register, write_all};
use crate::support::{faregate, json};

/// How long anything here may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(90);

/// The gate's program, built as the workspace's tests build it.
fn gate_program() -> PathBuf {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    let built = BUILT.get_or_init(|| {
        let faregate = Path::new(env!("CARGO_BIN_EXE_faregate"));
        let status = Command::new(env!("CARGO"))
            .args(["build", "--quiet", "-p", "gate", "--bin", "faregate-gate"])
            .arg("--target-dir")
            .arg(faregate.parent().and_then(Path::parent).unwrap())
            .status();
        assert!(status.unwrap().success(), "the gate is not built");
        faregate.with_file_name("faregate-gate")
    });
    built.clone()
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

pub(crate) fn now() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    Timestamp::from_secs(i64::try_from(since.unwrap().as_secs()).unwrap())
}

/// A city with signed lists and one gate, in a folder.
struct City {
    folder: tempfile::TempDir,
    ports: [u16; 3],
    last_code: Timestamp,
}

impl City {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        write_all(folder.path());
        let city = Self {
            folder,
            ports: [free_port(), free_port(), free_port()],
            last_code: Timestamp::from_secs(0),
        };
        for name in ["root", "online"] {
            city.keys(&["new"], &["--file", name]);
        }
        let mut init = city.root_command("init");
        init.args(["--city", "trial"]);
        assert_eq!(json(&mut init)["complete"], true);
        city.write_gate();
        city
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// `faregate keys …`; each argument after a `--file` is a file here.
    fn keys(&self, before: &[&str], after: &[&str]) -> Value {
        let mut command = faregate();
        command.arg("keys").args(before).arg("--json");
        command
            .arg("--passphrase-file")
            .arg(self.path("passphrase"));
        let mut is_file = false;
        for argument in after {
            if is_file {
                command.arg(self.path(argument));
            } else {
                command.arg(argument);
            }
            is_file = *argument == "--file";
        }
        json(&mut command)
    }

    /// `faregate keys root …`, signed by the city's root key, delegating to its online key.
    fn root_command(&self, what: &str) -> Command {
        let mut command = faregate();
        command.args(["keys", "root", what, "--json", "--lists"]);
        command.arg(self.path("lists"));
        command.arg("--root-key").arg(self.path("root"));
        command.arg("--online-key").arg(self.path("online"));
        command
            .arg("--passphrase-file")
            .arg(self.path("passphrase"));
        command
    }

    /// The gate's folder: its key, the city's first root, and its configuration.
    fn write_gate(&self) {
        std::fs::create_dir_all(self.path("gate")).unwrap();
        std::fs::write(self.path("gate/key"), hex::encode([0x77; 32])).unwrap();
        std::fs::copy(self.path("lists/root.1"), self.path("gate/root.1")).unwrap();
        let [server, scanner, pages] = self.ports;
        let config = format!(
            "[gate]\nid = \"00000007\"\ndevice = \"{DEVICE}\"\nstop = \"a\"\n\
             state = \"{0}/state\"\nkey_file = \"{0}/key\"\n\
             [[input]]\nfrom = \"tcp\"\ndirection = \"on\"\nlisten = \"127.0.0.1:{scanner}\"\n\
             [policy]\ncode_life_seconds = 1\nphone_slow_seconds = 1\n\
             [lists]\nroot = \"{0}/root.1\"\n\
             [server]\nurl = \"http://127.0.0.1:{server}\"\nupload_ms = 50\nsync_seconds = 1\n\
             [http]\nlisten = \"127.0.0.1:{pages}\"\n",
            self.path("gate").display(),
        );
        std::fs::write(self.path("gate/config.toml"), config).unwrap();
    }

    /// The server, at the address that the gate knows.
    fn serve(&self, lists: &str) -> Server {
        let address = format!("127.0.0.1:{}", self.ports[0]);
        let (lists, online) = (self.path(lists), self.path("online"));
        Server::start_with(
            &address,
            self.folder.path(),
            &[
                "--lists".as_ref(),
                lists.as_os_str(),
                "--lists-key".as_ref(),
                online.as_os_str(),
            ],
        )
    }

    fn start_gate(&self) -> Gate {
        let mut command = Command::new(gate_program());
        command.arg("--config").arg(self.path("gate/config.toml"));
        command.args(["--log", "off"]).stdin(Stdio::null());
        Gate(command.spawn().unwrap())
    }

    fn deny(&self, arguments: &[&str]) {
        let mut command = faregate();
        command.arg("deny").args(arguments).arg("--json");
        json(command.arg("--db").arg(self.path("books.db")));
    }

    /// Shows a fresh code of `wallet` to the gate; what it says. Each code is a second younger
    /// than the one before, so that none is a code shown twice.
    fn show(&mut self, wallet: &Wallet) -> String {
        let oldest = now().minus(units::Span::from_secs(10));
        let starts = wallet.credential().unwrap().starts();
        let fresh = self.last_code.plus(units::Span::from_secs(1));
        let made = oldest.max(fresh).max(starts);
        while made > now() {
            std::thread::sleep(Duration::from_millis(20));
        }
        self.last_code = made;
        let code = wallet.present(made, None).unwrap();
        let Ok(mut line) = TcpStream::connect(("127.0.0.1", self.ports[1])) else {
            return "does not listen".to_owned();
        };
        line.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut answer = String::new();
        if line.write_all(format!("{code}\n").as_bytes()).is_err()
            || BufReader::new(line).read_line(&mut answer).is_err()
        {
            return "cut off".to_owned();
        }
        let answer: Value = serde_json::from_str(&answer).unwrap_or_default();
        answer["reason"].as_str().unwrap_or_default().to_owned()
    }

    /// Shows codes until the gate says `expected`.
    fn until(&mut self, wallet: &Wallet, expected: &str) {
        let begun = Instant::now();
        loop {
            let said = self.show(wallet);
            if said == expected {
                return;
            }
            assert!(begun.elapsed() < PATIENCE, "{said}, and never {expected}");
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// A page of the gate; empty while it is not served.
    fn page(&self, route: &str) -> String {
        let mut text = String::new();
        if let Ok(mut line) = TcpStream::connect(("127.0.0.1", self.ports[2])) {
            let ask = format!("GET {route} HTTP/1.1\r\nhost: gate\r\nconnection: close\r\n\r\n");
            if line.write_all(ask.as_bytes()).is_ok() && line.read_to_string(&mut text).is_err() {
                text.clear();
            }
        }
        text
    }

    /// The version of a list that the gate says it uses.
    fn version(&self, list: &str) -> Option<u64> {
        let name = format!("gate_list_version{{list=\"{list}\"}} ");
        let metrics = self.page("/metrics");
        let line = metrics.lines().find_map(|line| line.strip_prefix(&name))?;
        line.trim().parse().ok()
    }

    fn wait(&self, what: &str, done: impl Fn(&Self) -> bool) {
        let begun = Instant::now();
        while !done(self) {
            assert!(begun.elapsed() < PATIENCE, "never: {what}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn phone(url: &str, seed: u8) -> Wallet {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let http = reqwest::Client::builder().no_proxy().tls_certs_only([]);
        let mut wallet = Wallet::new(&[seed; 32]);
        runtime.block_on(register(&http.build().unwrap(), url, &mut wallet));
        wallet
    }
}

/// A running gate; killed (SIGKILL) at the end.
struct Gate(Child);

impl Drop for Gate {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        std::fs::copy(&path, to.join(path.file_name().unwrap())).unwrap();
    }
}

/// Denied and lifted; a withdrawn issuer key; the kinds of codes and tolerances of the policy; and
/// each tap says by which lists it was decided. The server is not restarted in between.
#[test]
fn what_the_city_says_reaches_the_gate_and_its_taps() {
    let mut city = City::new();
    let server = city.serve("lists");
    let phone = City::phone(&server.url, 1);
    let _gate = city.start_gate();
    // The gate's own configuration says 1 s; the signed policy's 15 s and 30 s come before it.
    city.until(&phone, "permitted");
    let id = phone.credential().unwrap().id().to_string();
    city.deny(&[
        "add",
        "--id",
        &id,
        "--reason",
        "stolen phone",
        "--hours",
        "1",
    ]);
    city.until(&phone, "denied");
    city.deny(&["lift", "--id", &id]);
    city.until(&phone, "permitted");

    let settings = city.path("lists/lists.toml");
    std::fs::write(&settings, "[policy]\none_way = false\n").unwrap();
    city.until(&phone, "kind_not_taken_here");
    std::fs::write(&settings, "").unwrap();
    city.until(&phone, "permitted");

    let listed = city.keys(&["list"], &["--file", "issuer.age"]);
    let old = listed["keys"][0]["kid"].as_str().unwrap().to_owned();
    city.keys(&["rotate", "--lead-hours", "0"], &["--file", "issuer.age"]);
    city.keys(&["withdraw", "--kid", &old], &["--file", "issuer.age"]);
    city.until(&phone, "unknown_issuer");
    let renewed = City::phone(&server.url, 2);
    city.until(&renewed, "permitted");

    let versions: Vec<_> = ["trust-bundle", "deny-list", "policy", "tariff"]
        .map(|list| city.version(list).unwrap())
        .to_vec();
    assert!(
        versions[0] >= 3 && versions[1] >= 3 && versions[2] == 3,
        "{versions:?}"
    );
    city.wait("all taps are uploaded", |city| {
        city.page("/metrics").contains("gate_queue_records 0")
    });
    assert!(server.stop());
    let taps = stored_taps(&city.path("books.db"));
    assert!(taps.len() >= 6, "{} taps", taps.len());
    let bundles: Vec<_> = taps.iter().map(|lists| u64::from(lists.bundle)).collect();
    assert!(
        bundles.is_sorted() && bundles.last() == Some(&versions[0]),
        "{bundles:?}"
    );
    assert!(
        taps.iter()
            .all(|lists| lists.policy > 0 && lists.tariff == 1)
    );
    assert!(taps.iter().all(|lists| lists.age_s < 600), "{taps:?}");
    let denied: Vec<_> = taps.iter().map(|lists| u64::from(lists.deny)).collect();
    assert!(
        denied.is_sorted() && denied.last() == Some(&versions[1]),
        "{denied:?}"
    );
}

/// The versions in the tap records of the books, in their order.
fn stored_taps(books: &Path) -> Vec<wire::ListVersions> {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let url = format!("sqlite:{}", books.display());
    let rows: Vec<(Vec<u8>,)> = runtime.block_on(async {
        let pool = sqlx::SqlitePool::connect(&url).await.unwrap();
        let all = "SELECT record FROM device_records ORDER BY epoch, seq";
        sqlx::query_as(all).fetch_all(&pool).await.unwrap()
    });
    let taps = rows
        .iter()
        .filter_map(|(record,)| TapRecord::decode(record).ok());
    taps.map(|tap| tap.lists).collect()
}

/// A server that offers an older state is refused and told of; a root of a new era, signed
/// offline, leads out of it.
#[test]
fn older_lists_are_refused_until_the_root_says_a_new_era() {
    let mut city = City::new();
    let server = city.serve("lists");
    let phone = City::phone(&server.url, 1);
    let gate = city.start_gate();
    city.until(&phone, "permitted");
    copy_folder(&city.path("lists"), &city.path("older"));
    let id = phone.credential().unwrap().id().to_string();
    let reason = ["--reason", "lost", "--hours", "1"];
    city.deny(&[&["add", "--id", &id][..], &reason].concat());
    city.until(&phone, "denied");
    let held = city.version("deny-list");
    assert!(server.stop());

    // The books are an older copy too: the thief of a backup lifts the denial with it.
    city.deny(&["lift", "--id", &id]);
    let server = city.serve("older");
    city.wait("the gate says that the lists went back", |city| {
        let metrics = city.page("/metrics");
        ["went_back", "same_version"].iter().any(|reason| {
            metrics.contains(&format!("gate_lists_refused_total{{reason=\"{reason}\"}}"))
        })
    });
    assert_eq!(city.version("deny-list"), held);
    assert_eq!(city.show(&phone), "denied");
    // Nor does a restart of the gate make it forget.
    drop(gate);
    let _gate = city.start_gate();
    city.until(&phone, "denied");
    assert_eq!(city.version("deny-list"), held);
    assert!(server.stop());

    let mut rotate = city.root_command("rotate");
    rotate.arg("--new-era");
    let rotate = json(&mut rotate);
    assert_eq!((&rotate["version"], &rotate["era"]), (&2.into(), &1.into()));
    std::fs::copy(city.path("lists/root.2"), city.path("older/root.2")).unwrap();
    let _server = city.serve("older");
    city.until(&phone, "permitted");
    assert_eq!(city.version("deny-list"), Some(1), "versions count anew");
}

/// Cut off past the snapshot's end: so many riders pass as the policy says, then nobody; when the
/// server is back, everybody.
#[test]
fn a_gate_that_is_cut_off_lets_as_many_pass_as_the_policy_says() {
    let mut city = City::new();
    std::fs::create_dir_all(city.path("lists")).unwrap();
    let settings = "[policy]\nsnapshot_seconds = 20\nstale_hours = 1\nstale_taps = 2\n";
    std::fs::write(city.path("lists/lists.toml"), settings).unwrap();
    let server = city.serve("lists");
    let phone = City::phone(&server.url, 1);
    let gate = city.start_gate();
    city.until(&phone, "permitted");
    assert!(server.stop());
    // The last snapshot that it can have taken is over.
    std::thread::sleep(Duration::from_secs(22));
    assert!(
        city.page("/readyz").contains("200 OK"),
        "stale, and not yet closed"
    );
    assert_eq!(city.show(&phone), "permitted");
    // A restart buys no more riders: those who passed are counted from the journal.
    drop(gate);
    let gate = city.start_gate();
    city.until(&phone, "permitted");
    assert_eq!(city.show(&phone), "lists_stale");
    drop(gate);
    let gate = city.start_gate();
    city.wait("it listens", |city| !city.page("/readyz").is_empty());
    assert_eq!(city.show(&phone), "lists_stale");
    assert!(city.page("/readyz").contains("503"));
    let server = city.serve("lists");
    city.until(&phone, "permitted");
    assert!(city.page("/readyz").contains("200 OK"));
    assert!(server.stop());
    drop(gate);
}

/// Killed at random instants of its syncs, the gate starts with old or new lists, whole, and no
/// version ever goes back.
#[test]
fn a_gate_killed_while_it_syncs_starts_with_whole_lists_that_never_go_back() {
    const KILLS: u32 = 30;
    let mut city = City::new();
    let server = city.serve("lists");
    let phone = City::phone(&server.url, 1);
    let gate = city.start_gate();
    city.until(&phone, "permitted");
    drop(gate);
    let mut newest = 0;
    for round in 0..KILLS {
        // Another list at each start: ids of nobody.
        let id = format!("00000000-0000-4000-8000-{round:012x}");
        city.deny(&["add", "--id", &id, "--reason", "drill", "--hours", "1"]);
        let gate = city.start_gate();
        // The whole of a start and its first sync, in steps of some ms.
        std::thread::sleep(Duration::from_millis(u64::from(round) * 17 % 400));
        drop(gate);
        if round % 5 != 4 {
            continue;
        }
        let _gate = city.start_gate();
        city.wait("it says its versions", |city| {
            city.version("deny-list").is_some()
        });
        let held = city.version("deny-list").unwrap();
        assert!(held >= newest, "round {round}: {held} after {newest}");
        newest = held;
        assert_eq!(city.show(&phone), "permitted", "round {round}");
    }
    assert!(newest > 1, "some sync came to its end");
    assert!(server.stop());
}
