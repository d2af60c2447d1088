//! A gate in a folder, its process, and codes for it.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use ed25519_dalek::{Signer as _, SigningKey};
use gate::machine::{Stopwatch, now};
use serde_json::Value;
use tempfile::TempDir;
use units::{CredentialId, DeviceId, KeyId, Span};
use wire::{
    CredentialClaims, Entitlement, HolderKey, LifeHours, PartySize, PresentationClaims,
    ProductCode, RiderCategory, TicketClaims,
};

pub(crate) const DEVICE: DeviceId = DeviceId::from_bytes([0xd1; 16]);
pub(crate) const DEVICE_SEED: [u8; 32] = [0x77; 32];
const KID: KeyId = KeyId::from_bytes(*b"hz01");

fn issuer() -> SigningKey {
    SigningKey::from_bytes(&[0x11; 32])
}

/// The body of `GET /v1/issuer-keys`.
pub(crate) fn issuer_keys() -> String {
    let key = api::Base64Url(issuer().verifying_key().to_bytes());
    format!(
        "{{\"keys\":[{{\"kid\":\"{KID}\",\"public_key\":\"{key}\",\
         \"not_before\":\"2019-01-01T00:00:00Z\",\"not_after\":\"2099-01-01T00:00:00Z\"}}]}}"
    )
}

/// Ticket number `number`, good for an hour: its text.
pub(crate) fn ticket(number: u64) -> String {
    let mut id = [0; 16];
    id[..8].copy_from_slice(&number.to_be_bytes());
    let claims = TicketClaims {
        id: CredentialId::from_bytes(id),
        starts: now().minus(Span::from_secs(60)),
        expires: now().plus(Span::from_secs(3600)),
        entitlement: Entitlement {
            category: RiderCategory::from_code(0),
            party: PartySize::new(1).unwrap(),
            product: ProductCode::from_number(1),
        },
    };
    let bytes = claims.sign(KID, |message| issuer().sign(message).to_bytes());
    wire::text::encode(&bytes.unwrap()).unwrap().to_string()
}

/// Presentation number `number`, made now: its text.
pub(crate) fn presentation(number: u8) -> String {
    let phone = SigningKey::from_bytes(&[number; 32]);
    let credential = CredentialClaims {
        id: CredentialId::from_bytes([number; 16]),
        holder: HolderKey::from_bytes(&phone.verifying_key().to_bytes()).unwrap(),
        entitlement: Entitlement {
            category: RiderCategory::from_code(0),
            party: PartySize::new(1).unwrap(),
            product: ProductCode::from_number(1),
        },
        expires: now().plus(Span::from_secs(3_600)),
        life: LifeHours::new(24).unwrap(),
    };
    let credential = credential.sign(KID, |message| issuer().sign(message).to_bytes());
    let claims = PresentationClaims {
        issued_at: now(),
        gate: None,
    };
    let signed = claims.sign(&credential.unwrap(), |message| {
        phone.sign(message).to_bytes()
    });
    wire::text::encode(&signed.unwrap()).unwrap().to_string()
}

/// A free port of this machine.
pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

/// A gate's folder: configuration, key, lists.
pub(crate) struct Station {
    pub(crate) folder: TempDir,
    pub(crate) port: u16,
}

impl Station {
    /// A gate with `input` (a table's lines), a server at `url` if given, and both lists on disk.
    pub(crate) fn new(input: &str, url: Option<&str>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let port = free_port();
        let path = folder.path();
        let server = url
            .map(|url| format!("[server]\nurl = \"{url}\"\nbatch_records = 16\nupload_ms = 20\n"));
        let config = format!(
            "[gate]\nid = \"00000007\"\ndevice = \"{DEVICE}\"\nstop = \"a\"\n\
             state = \"{0}/state\"\nkey_file = \"{0}/key\"\n\
             [[input]]\n{1}\n[journal]\nsegment_kib = 16\n\
             [lists]\nunsigned = true\n{2}",
            path.display(),
            input.replace("PORT", &port.to_string()),
            server.unwrap_or_default(),
        );
        std::fs::write(path.join("gate.toml"), config).unwrap();
        std::fs::write(path.join("key"), hex::encode(DEVICE_SEED)).unwrap();
        let lists = path.join("state/lists");
        std::fs::create_dir_all(&lists).unwrap();
        std::fs::write(lists.join("issuer-keys.json"), issuer_keys()).unwrap();
        std::fs::write(lists.join("deny-list.json"), DENY_NOBODY).unwrap();
        let fresh = format!("{{\"at_secs\":{},\"etag\":null}}", now().as_secs());
        for name in ["issuer-keys", "deny-list"] {
            std::fs::write(lists.join(format!("{name}.confirmed.json")), &fresh).unwrap();
        }
        Self { folder, port }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_faregate-gate"));
        command.arg("--config").arg(self.path().join("gate.toml"));
        command
    }

    pub(crate) fn start(&self) -> Running {
        let mut command = self.command();
        command.args(["--log", "off"]).stdin(Stdio::null());
        Running(command.spawn().unwrap())
    }

    /// A line to the gate; waits until it listens.
    pub(crate) fn connect(&self) -> Line {
        let watch = Stopwatch::start();
        loop {
            if let Ok(stream) = TcpStream::connect(("127.0.0.1", self.port)) {
                stream
                    .set_read_timeout(Some(Duration::from_mins(1)))
                    .unwrap();
                return Line(BufReader::new(stream));
            }
            assert!(watch.elapsed() < Duration::from_mins(2), "does not listen");
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

/// The body of a `GET /v1/deny-list` on which nobody is.
pub(crate) const DENY_NOBODY: &str = "{\"version\":1,\"entries\":[]}";

/// A gate's process; killed at the end.
pub(crate) struct Running(pub(crate) Child);

impl Running {
    pub(crate) fn kill(mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Ended already where the test went well.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A connection.
pub(crate) struct Line(pub(crate) BufReader<TcpStream>);

impl Line {
    /// The answer to a code; none when the connection ends.
    pub(crate) fn ask(&mut self, text: &str) -> Option<Value> {
        let line = format!("{text}\n");
        self.0.get_mut().write_all(line.as_bytes()).ok()?;
        let mut answer = String::new();
        match self.0.read_line(&mut answer) {
            Ok(got) if got > 0 && answer.ends_with('\n') => serde_json::from_str(&answer).ok(),
            _ => None,
        }
    }
}

/// Waits until `done` says so.
pub(crate) fn wait_for(what: &str, mut done: impl FnMut() -> bool) {
    let watch = Stopwatch::start();
    while !done() {
        assert!(watch.elapsed() < Duration::from_mins(2), "never: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}
