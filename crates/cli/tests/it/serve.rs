//! `faregate serve`: keys, gates file, a phone and a gate over real HTTP, and a clean end.

use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::Duration;

use api::{
    Activity, Base64Url, ChallengeResponse, DeviceResponse, RegisterDeviceRequest, TapAckBody,
    TapBatch,
};
use ed25519_dalek::{Signer as _, SigningKey};
use prost::Message as _;
use serde_json::Value;
use services::Postgres;
use units::{DeviceId, GateId, StopId, Timestamp};
use wallet::Wallet;
use wire::chain::{ChainHead, batch_message};
use wire::tap::{PERMITTED, TapKind, TapRecord};
use wire::text::CodeBuffer;

use crate::support::{failure, faregate, json, write_city};

pub(crate) const DEVICE: DeviceId = DeviceId::from_bytes([0xd1; 16]);

fn device_key() -> SigningKey {
    SigningKey::from_bytes(&[0x77; 32])
}

/// Writes everything that a city needs to be served.
pub(crate) fn write_all(folder: &Path) {
    write_city(&folder.join("city"));
    std::fs::write(folder.join("passphrase"), "correct horse battery staple\n").unwrap();
    let mut keys = faregate();
    keys.args(["keys", "new", "--json", "--file"])
        .arg(folder.join("issuer.age"));
    json(keys.arg("--passphrase-file").arg(folder.join("passphrase")));
    let public_key = Base64Url(device_key().verifying_key().to_bytes());
    let gates = format!(
        "[[gate]]\ndevice_id = \"{DEVICE}\"\npublic_key = \"{public_key}\"\n\
         gate_id = \"00000007\"\n"
    );
    std::fs::write(folder.join("gates.toml"), gates).unwrap();
}

fn serve(folder: &Path) -> std::process::Command {
    serve_at("127.0.0.1:0", folder, folder.join("books.db").as_os_str())
}

fn serve_at(address: &str, folder: &Path, db: &OsStr) -> std::process::Command {
    let mut command = faregate();
    command.args(["serve", "--json", "--listen", address, "--city"]);
    command.arg(folder.join("city")).arg("--db").arg(db);
    command.arg("--keys").arg(folder.join("issuer.age"));
    command
        .arg("--passphrase-file")
        .arg(folder.join("passphrase"));
    command.arg("--gates").arg(folder.join("gates.toml"));
    command
}

/// A running server; killed when a test fails.
pub(crate) struct Server {
    child: Child,
    pub(crate) url: String,
}

impl Server {
    fn start(folder: &Path) -> Self {
        Self::start_with("127.0.0.1:0", folder, &[])
    }

    pub(crate) fn start_with(address: &str, folder: &Path, more: &[&OsStr]) -> Self {
        let books = folder.join("books.db");
        Self::start_command(serve_at(address, folder, books.as_os_str()).args(more))
    }

    /// On the database `db`, a path or a URL.
    pub(crate) fn start_on(db: &str, folder: &Path, more: &[&str]) -> Self {
        Self::start_command(serve_at("127.0.0.1:0", folder, OsStr::new(db)).args(more))
    }

    fn start_command(command: &mut std::process::Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut said = String::new();
        for line in BufReader::new(child.stdout.take().unwrap()).lines() {
            said += &line.unwrap();
            if said.ends_with('}') {
                break;
            }
        }
        let said: Value = serde_json::from_str(&said).unwrap();
        Self {
            child,
            url: said["url"].as_str().unwrap().to_owned(),
        }
    }

    /// Asks it to end as a supervisor does; true when it ended well.
    pub(crate) fn stop(mut self) -> bool {
        let pid = self.child.id().to_string();
        assert!(
            std::process::Command::new("kill")
                .args(["-TERM", &pid])
                .status()
                .unwrap()
                .success()
        );
        self.child.wait().unwrap().success()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Ended already where the test went well.
        drop(self.child.kill());
    }
}

pub(crate) async fn register(
    http: &reqwest::Client,
    url: &str,
    wallet: &mut Wallet,
) -> DeviceResponse {
    let made = http
        .post(format!("{url}/v1/challenges"))
        .send()
        .await
        .unwrap();
    let challenge: ChallengeResponse = made.json().await.unwrap();
    let request = RegisterDeviceRequest {
        public_key: Base64Url(wallet.public_key()),
        challenge: challenge.challenge,
        proof: Base64Url(wallet.prove(&challenge.challenge.0)),
    };
    let made = http
        .post(format!("{url}/v1/devices"))
        .json(&request)
        .send()
        .await
        .unwrap();
    assert_eq!(made.status(), 201);
    let device: DeviceResponse = made.json().await.unwrap();
    wallet.store(&device.credential.cose.0).unwrap();
    device
}

/// Two taps of `wallet`, from `a` to `c`, as a signed batch.
pub(crate) fn batch(wallet: &Wallet, now: Timestamp) -> TapBatch {
    let record = |seq: u64, kind: TapKind, stop: &str, at: Timestamp| {
        let text = wallet.present(at, None).unwrap();
        let mut buffer = CodeBuffer::new();
        let evidence = wire::text::decode(text.as_bytes(), &mut buffer).unwrap();
        let (gate, stop) = (GateId::from_number(7), StopId::new(stop).unwrap());
        let tap = TapRecord {
            seq,
            at,
            kind,
            gate,
            stop,
            route: None,
            decision: PERMITTED,
            evidence,
            lists: wire::ListVersions::UNKNOWN,
            clock: wire::ClockState::Unproven,
        };
        tap.encode().unwrap().to_vec()
    };
    let later = now.plus(units::Span::from_secs(1));
    let records = vec![
        record(0, TapKind::On, "a", now),
        record(1, TapKind::Off, "c", later),
    ];
    let before = ChainHead::start(DEVICE, 1);
    let after = records
        .iter()
        .fold(before, |head, record| head.after(record));
    let message = batch_message(DEVICE, 1, 0, 2, before, after);
    TapBatch {
        device_id: DEVICE.as_bytes().to_vec(),
        epoch: 1,
        first_seq: 0,
        chain_before: before.as_bytes().to_vec(),
        records,
        signature: device_key().sign(&message).to_bytes().to_vec(),
    }
}

pub(crate) async fn upload(http: &reqwest::Client, url: &str, batch: &TapBatch) -> TapAckBody {
    let request = http
        .post(format!("{url}/v1/taps"))
        .header("content-type", "application/x-protobuf")
        .header("accept", "application/json")
        .body(batch.encode_to_vec());
    request.send().await.unwrap().json().await.unwrap()
}

/// The rider's day once the worker has settled it.
pub(crate) async fn settled_day(http: &reqwest::Client, url: &str, session: &str) -> Activity {
    for _ in 0..900 {
        let request = http
            .get(format!("{url}/v1/me/activity"))
            .bearer_auth(session);
        let day: Activity = request.send().await.unwrap().json().await.unwrap();
        if !day.journeys.is_empty() {
            return day;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("the worker settled nothing in a minute and a half");
}

pub(crate) fn plain_client() -> reqwest::Client {
    let client = reqwest::Client::builder().no_proxy().tls_certs_only([]);
    client.build().unwrap()
}

/// A phone and a gate travel; then the server starts again on the same books.
async fn travel(db: &str, folder: &Path) {
    write_all(folder);
    let http = plain_client();
    let server = Server::start_on(db, folder, &[]);
    let mut wallet = Wallet::new(&[1; 32]);
    let device = register(&http, &server.url, &mut wallet).await;
    let session = device.session.to_text();
    let taps = batch(&wallet, wallet.credential().unwrap().starts());

    let ack = upload(&http, &server.url, &taps).await;
    assert_eq!((ack.stored, ack.duplicates), (2, 0));
    let day = settled_day(&http, &server.url, &session).await;
    // From a to c the trial city takes ¥3.
    assert_eq!(
        (day.journeys[0].fare_minor, day.balance_minor),
        (Some(300), 300),
        "{day:#?}"
    );
    assert!(server.stop(), "it ends well when asked to");

    let server = Server::start_on(db, folder, &[]);
    let ack = upload(&http, &server.url, &taps).await;
    assert_eq!(
        (ack.stored, ack.duplicates),
        (0, 2),
        "the books outlive the process"
    );
    let day = settled_day(&http, &server.url, &session).await;
    assert_eq!(day.balance_minor, 300, "and so does the session");
    assert!(server.stop());
}

#[tokio::test]
async fn a_phone_and_a_gate_travel_and_a_restart_forgets_nothing() {
    let folder = tempfile::tempdir().unwrap();
    travel(
        &folder.path().join("books.db").to_string_lossy(),
        folder.path(),
    )
    .await;
}

#[tokio::test]
async fn they_travel_as_well_where_the_books_are_in_postgres() {
    let folder = tempfile::tempdir().unwrap();
    let postgres = Postgres::shared().unwrap();
    travel(&postgres.create_database().unwrap(), folder.path()).await;
}

#[test]
fn a_request_that_never_ends_does_not_keep_it_from_ending() {
    let folder = tempfile::tempdir().unwrap();
    write_all(folder.path());
    let server = Server::start(folder.path());
    let address = server.url.strip_prefix("http://").unwrap();
    let mut slow = std::net::TcpStream::connect(address).unwrap();
    let half = "POST /v1/devices HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n\
                content-length: 100\r\n\r\n{";
    slow.write_all(half.as_bytes()).unwrap();
    std::thread::sleep(Duration::from_millis(300));
    let (told, ended) = std::sync::mpsc::channel();
    std::thread::spawn(move || told.send(server.stop()));
    assert_eq!(ended.recv_timeout(Duration::from_secs(30)), Ok(true));
}

#[test]
fn what_cannot_be_served_is_said_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    write_all(folder.path());
    std::fs::write(
        folder.path().join("gates.toml"),
        "[[gate]]\ngate_id = \"xyz\"\n",
    )
    .unwrap();
    let said = failure(&mut serve(folder.path()));
    assert!(
        said.contains("gates.toml") && said.contains("line 2"),
        "{said}"
    );
    std::fs::write(
        folder.path().join("city/gtfs/fare_products.txt"),
        "fare_product_id\n",
    )
    .unwrap();
    let said = failure(&mut serve(folder.path()));
    assert!(said.contains("fare_products.txt"), "{said}");
}

#[tokio::test]
async fn another_city_s_keys_and_files_stay_out_of_its_books() {
    let folder = tempfile::tempdir().unwrap();
    write_all(folder.path());
    let http = plain_client();
    let server = Server::start(folder.path());
    register(&http, &server.url, &mut Wallet::new(&[1; 32])).await;
    assert!(server.stop());

    std::fs::rename(
        folder.path().join("issuer.age"),
        folder.path().join("old.age"),
    )
    .unwrap();
    let mut keys = faregate();
    keys.args(["keys", "new", "--json", "--file"])
        .arg(folder.path().join("issuer.age"));
    json(
        keys.arg("--passphrase-file")
            .arg(folder.path().join("passphrase")),
    );
    let said = failure(&mut serve(folder.path()));
    assert!(said.contains("is not the key file of"), "{said}");

    let mut settle = faregate();
    settle
        .args(["settle", "--city"])
        .arg(folder.path().join("city"));
    std::fs::write(folder.path().join("taps.csv"), crate::support::HEADER).unwrap();
    settle.arg("--taps").arg(folder.path().join("taps.csv"));
    let said = failure(settle.arg("--db").arg(folder.path().join("books.db")));
    assert!(said.contains("database of their own"), "{said}");
}

#[tokio::test]
async fn a_client_that_never_ends_its_headers_is_let_go() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let folder = tempfile::tempdir().unwrap();
    write_all(folder.path());
    let server = Server::start(folder.path());
    let address = server.url.trim_start_matches("http://").to_owned();
    let mut slow = tokio::net::TcpStream::connect(address).await.unwrap();
    slow.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n")
        .await
        .unwrap();
    let mut answer = Vec::new();
    let ended = tokio::time::timeout(Duration::from_mins(1), slow.read_to_end(&mut answer)).await;
    assert!(ended.is_ok(), "the connection is still open after a minute");
    assert!(server.stop());
}

/// An authority, and a certificate of its own: PEM of the first, certificate and key.
fn papers(
    name: &str,
    usage: rcgen::ExtendedKeyUsagePurpose,
    until_year: i32,
) -> (String, String, String) {
    let mut params = rcgen::CertificateParams::new(Vec::new()).unwrap();
    params
        .distinguished_name
        .push(rcgen::DnType::CommonName, name);
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let key = rcgen::KeyPair::generate().unwrap();
    let authority = rcgen::CertifiedIssuer::self_signed(params, key).unwrap();
    let mut params = rcgen::CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
    params.extended_key_usages = vec![usage];
    params.not_before = rcgen::date_time_ymd(2019, 1, 1);
    params.not_after = rcgen::date_time_ymd(until_year, 1, 1);
    let key = rcgen::KeyPair::generate().unwrap();
    let cert = params.signed_by(&key, &authority).unwrap();
    (authority.pem(), cert.pem(), key.serialize_pem())
}

/// A client that believes one authority and shows a certificate.
fn client(authority: &str, paper: Option<&(String, String, String)>) -> reqwest::Client {
    let authority = reqwest::Certificate::from_pem(authority.as_bytes()).unwrap();
    let mut builder = reqwest::Client::builder()
        .no_proxy()
        .tls_certs_only([authority]);
    if let Some((_, cert, key)) = paper {
        let identity = reqwest::Identity::from_pem((cert.clone() + key).as_bytes());
        builder = builder.identity(identity.unwrap());
    }
    builder.build().unwrap()
}

#[tokio::test]
async fn https_is_served_to_clients_with_the_certificate_that_is_asked_for() {
    use rcgen::ExtendedKeyUsagePurpose::{ClientAuth, ServerAuth};
    let folder = tempfile::tempdir().unwrap();
    write_all(folder.path());
    let server_papers = papers("city", ServerAuth, 2099);
    let gate = papers("gates", ClientAuth, 2099);
    let expired = papers("gates", ClientAuth, 2020);
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let (cert, key) = (
        file("server.pem", &server_papers.1),
        file("server.key", &server_papers.2),
    );
    let clients = file("clients.pem", &(gate.0.clone() + &expired.0));
    let secure = [
        "--tls-cert".as_ref(),
        cert.as_os_str(),
        "--tls-key".as_ref(),
        key.as_os_str(),
        "--tls-client-ca".as_ref(),
        clients.as_os_str(),
    ];
    let server = Server::start_with("127.0.0.1:0", folder.path(), &secure);
    assert!(server.url.starts_with("https://"), "{}", server.url);
    let url = format!("{}/v1/issuer-keys", server.url);
    let ask = async |client: reqwest::Client| match client.get(&url).send().await {
        Ok(answer) => Ok(answer.status().as_u16()),
        Err(error) => Err(format!("{error:?}")),
    };
    // A client that never shakes hands keeps no other waiting.
    let address = server.url.strip_prefix("https://").unwrap();
    let _silent = std::net::TcpStream::connect(address).unwrap();
    assert_eq!(ask(client(&server_papers.0, Some(&gate))).await, Ok(200));
    let refused = [
        (client(&server_papers.0, None), "CertificateRequired"),
        (
            client(&server_papers.0, Some(&server_papers)),
            "UnsupportedCertificate",
        ),
        (
            client(&server_papers.0, Some(&expired)),
            "CertificateExpired",
        ),
        (client(&gate.0, Some(&gate)), "UnknownIssuer"),
    ];
    for (client, said) in refused {
        let error = ask(client).await.unwrap_err();
        assert!(error.contains(said), "{said}: {error}");
    }
    let plain = reqwest::Client::builder().no_proxy().tls_certs_only([]);
    let plain = plain.build().unwrap();
    let answer = plain.get(url.replace("https", "http")).send().await;
    assert!(answer.is_err(), "no plain HTTP at this door");
    assert!(server.stop());

    let mut other_key = serve(folder.path());
    other_key.arg("--tls-cert").arg(&cert);
    let wrong = file("wrong.key", &gate.2);
    let told = failure(other_key.arg("--tls-key").arg(&wrong));
    assert!(
        told.contains("wrong.key: not the certificate's key"),
        "{told}"
    );
}
