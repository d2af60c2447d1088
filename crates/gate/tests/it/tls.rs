//! HTTPS to the server, with real certificates over real sockets: whom the agent believes, and
//! what it shows of itself.

use std::io::Read as _;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, date_time_ymd,
};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::server::Server;
use crate::support::{Running, Station, ticket, wait_for};

const SERIAL_INPUT: &str = "from = \"tcp\"\ndirection = \"on\"\nlisten = \"127.0.0.1:PORT\"";

/// A certificate authority.
pub(crate) struct Authority(CertifiedIssuer<'static, KeyPair>);

/// A certificate and its key, both PEM.
pub(crate) struct Paper {
    pub(crate) cert: String,
    pub(crate) key: String,
}

impl Authority {
    pub(crate) fn new(name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        Self(CertifiedIssuer::self_signed(params, key).unwrap())
    }

    pub(crate) fn pem(&self) -> String {
        self.0.pem()
    }

    fn issue(&self, usage: ExtendedKeyUsagePurpose, until_year: i32) -> Paper {
        let mut params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
        params.extended_key_usages = vec![usage];
        params.not_before = date_time_ymd(2019, 1, 1);
        params.not_after = date_time_ymd(until_year, 1, 1);
        let key = KeyPair::generate().unwrap();
        let cert = params.signed_by(&key, &self.0).unwrap();
        Paper {
            cert: cert.pem(),
            key: key.serialize_pem(),
        }
    }

    pub(crate) fn server(&self) -> Paper {
        self.issue(ExtendedKeyUsagePurpose::ServerAuth, 2099)
    }

    fn expired_server(&self) -> Paper {
        self.issue(ExtendedKeyUsagePurpose::ServerAuth, 2020)
    }

    pub(crate) fn client(&self) -> Paper {
        self.issue(ExtendedKeyUsagePurpose::ClientAuth, 2099)
    }
}

/// Connections that have shaken hands.
struct Secure {
    tcp: TcpListener,
    tls: TlsAcceptor,
}

impl axum::serve::Listener for Secure {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            let (stream, from) = self.tcp.accept().await.unwrap();
            if let Ok(stream) = self.tls.accept(stream).await {
                return (stream, from);
            }
        }
    }

    fn local_addr(&self) -> std::io::Result<SocketAddr> {
        self.tcp.local_addr()
    }
}

/// A server with this certificate, which asks clients for one of `clients`.
pub(crate) fn serve(paper: &Paper, clients: Option<&Authority>) -> Server {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = rustls::ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .unwrap();
    let builder = match clients {
        None => builder.with_no_client_auth(),
        Some(authority) => {
            let mut roots = rustls::RootCertStore::empty();
            roots.add(authority.0.der().clone()).unwrap();
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
            builder.with_client_cert_verifier(verifier.build().unwrap())
        }
    };
    let chain = vec![CertificateDer::from_pem_slice(paper.cert.as_bytes()).unwrap()];
    let key = PrivateKeyDer::from_pem_slice(paper.key.as_bytes()).unwrap();
    let config = builder.with_single_cert(chain, key).unwrap();
    Server::start_over("https", move |tcp| Secure {
        tcp,
        tls: TlsAcceptor::from(Arc::new(config)),
    })
}

/// Adds lines to the `[server]` table, which is the configuration's last.
pub(crate) fn add(station: &Station, name: &str, text: &str, field: &str) {
    let path = station.path().join(name);
    std::fs::write(&path, text).unwrap();
    let config = station.path().join("gate.toml");
    let before = std::fs::read_to_string(&config).unwrap();
    let line = format!("{field} = \"{}\"\nsync_seconds = 1\n", path.display());
    let line = if before.contains("sync_seconds") {
        line.lines().next().unwrap().to_owned() + "\n"
    } else {
        line
    };
    std::fs::write(config, before + &line).unwrap();
}

/// Starts an agent whose warnings go to a file.
fn start(station: &Station) -> (Running, std::path::PathBuf) {
    let log = station.path().join("log");
    let mut command: Command = station.command();
    command
        .args(["--log", "gate=warn"])
        .stdin(Stdio::null())
        .stderr(std::fs::File::create(&log).unwrap());
    (Running(command.spawn().unwrap()), log)
}

fn wait_for_log(log: &Path, said: &str) {
    wait_for(said, || {
        std::fs::read_to_string(log).unwrap().contains(said)
    });
}

#[test]
fn taps_go_over_tls_to_a_server_that_both_sides_believe() {
    let (authority, gates) = (Authority::new("city"), Authority::new("gates"));
    let server = serve(&authority.server(), Some(&gates));
    let station = Station::new(SERIAL_INPUT, Some(&server.url));
    let client = gates.client();
    add(&station, "ca.pem", &authority.pem(), "ca_file");
    add(&station, "gate.pem", &client.cert, "client_cert_file");
    add(&station, "gate.key", &client.key, "client_key_file");
    let (_running, _) = start(&station);
    let answer = station.connect().ask(&ticket(1)).unwrap();
    assert_eq!(answer["reason"], "permitted");
    wait_for("the tap is the server's", || server.taps() == 1);
}

#[test]
fn a_server_that_is_not_to_be_believed_gets_nothing_and_the_log_says_why() {
    let (authority, other) = (Authority::new("city"), Authority::new("gates"));
    let wrong_host = {
        let mut params = CertificateParams::new(vec!["elsewhere.example".to_owned()]).unwrap();
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let key = KeyPair::generate().unwrap();
        let cert = params.signed_by(&key, &authority.0).unwrap().pem();
        Paper {
            cert,
            key: key.serialize_pem(),
        }
    };
    let cases = [
        (other.server(), "UnknownIssuer"),
        (authority.expired_server(), "certificate expired"),
        (wrong_host, "not valid for name"),
    ];
    for (paper, said) in cases {
        let server = serve(&paper, None);
        let station = Station::new(SERIAL_INPUT, Some(&server.url));
        add(&station, "ca.pem", &authority.pem(), "ca_file");
        let (_running, log) = start(&station);
        assert_eq!(
            station.connect().ask(&ticket(1)).unwrap()["reason"],
            "permitted",
            "the gate itself needs no server"
        );
        wait_for_log(&log, said);
        assert_eq!(server.taps(), 0, "{said}");
    }
}

#[test]
fn a_server_that_asks_for_a_certificate_turns_away_who_has_none_or_anothers() {
    let (authority, gates) = (Authority::new("city"), Authority::new("gates"));
    for stranger in [None, Some(authority.client())] {
        let server = serve(&authority.server(), Some(&gates));
        let station = Station::new(SERIAL_INPUT, Some(&server.url));
        add(&station, "ca.pem", &authority.pem(), "ca_file");
        if let Some(client) = &stranger {
            add(&station, "gate.pem", &client.cert, "client_cert_file");
            add(&station, "gate.key", &client.key, "client_key_file");
        }
        let (_running, log) = start(&station);
        assert_eq!(
            station.connect().ask(&ticket(1)).unwrap()["reason"],
            "permitted"
        );
        let said = match stranger {
            None => "CertificateRequired",
            Some(_) => "received fatal alert",
        };
        wait_for_log(&log, said);
        assert_eq!(server.taps(), 0);
    }
}

#[test]
fn a_file_of_the_wrong_kind_is_told_with_its_field_before_anything_starts() {
    let authority = Authority::new("city");
    let client = authority.client();
    let url = "https://127.0.0.1:1";
    let cases = [
        ("ca_file", "no PEM", None, "server.ca_file"),
        (
            "client_cert_file",
            client.cert.as_str(),
            Some(authority.server().key),
            "server.client_key_file is not the key",
        ),
    ];
    for (field, text, key, said) in cases {
        let station = Station::new(SERIAL_INPUT, Some(url));
        if key.is_some() {
            add(&station, "ca.pem", &authority.pem(), "ca_file");
        }
        add(&station, "file.pem", text, field);
        if let Some(key) = key {
            add(&station, "key.pem", &key, "client_key_file");
        }
        let mut command = station.command();
        command.stdin(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut told = String::new();
        child
            .stderr
            .take()
            .unwrap()
            .read_to_string(&mut told)
            .unwrap();
        assert!(!child.wait().unwrap().success());
        assert!(told.contains(said), "{told}");
    }
}
