//! Signed lists with rules of acceptance, over HTTP: whose codes pass where, on what, for whom.

use std::path::Path;

use ed25519_dalek::{Signer as _, SigningKey};
use gate::machine::now;
use sha2::{Digest as _, Sha256};
use units::{CredentialId, KeyId, ServiceDay, Span, TextId, Timestamp};
use wire::lists::{
    BundleWriter, DenyHeader, GatePolicy, ListRef, ListSignature, Networks, PolicyRule, Role, Root,
    SignedKind, Snapshot, SnapshotRole, Tariff, TrustedKey, assemble, key_id, list_message,
};
use wire::{Entitlement, IssuerCode, PartySize, ProductCode, RiderCategory, TicketClaims};

use crate::server::Server;
use crate::support::{Line, Station, wait_for};

const DAY: Span = Span::from_secs(86_400);
/// Seeds of keys: the city's root, its snapshot key, its issuer, and a neighbour's issuer.
const ROOT: u8 = 1;
const ONLINE: u8 = 2;
const OWN: u8 = 3;
const NEIGHBOUR: u8 = 4;
/// The neighbour's number in the bundle.
const GUEST: IssuerCode = IssuerCode::from_number(7);

fn key(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32])
}

fn public(seed: u8) -> [u8; 32] {
    key(seed).verifying_key().to_bytes()
}

fn signed(kind: SignedKind, payload: &[u8], seed: u8) -> Vec<u8> {
    let name = key_id(&public(seed));
    let message = list_message(kind, name, payload).unwrap();
    let made = [ListSignature {
        kid: name,
        signature: key(seed).sign(&message).to_bytes(),
    }];
    assemble(kind, payload, &made).unwrap().to_vec()
}

fn city() -> TextId {
    TextId::new("hangzhou").unwrap()
}

fn root(from: Timestamp) -> Vec<u8> {
    let mut keys = [public(ROOT), public(ONLINE)];
    keys.sort_unstable();
    let only = |seed| Role {
        threshold: 1,
        keys: if keys[0] == public(seed) { 1 } else { 2 },
    };
    let root = Root {
        city: city(),
        version: 1,
        issued: from,
        expires: from.plus(DAY),
        era: 0,
        root: only(ROOT),
        snapshot: SnapshotRole {
            role: only(ONLINE),
            until: from.plus(DAY),
        },
        keys: keys.iter().copied().collect(),
    };
    signed(SignedKind::Root, &root.payload().unwrap(), ROOT)
}

fn bundle(issued: Timestamp) -> Vec<u8> {
    let (own, guest) = (public(OWN), public(NEIGHBOUR));
    let row = |kid: &[u8; 4], public_key, issuer| TrustedKey {
        kid: KeyId::from_bytes(*kid),
        public_key,
        not_before: issued,
        not_after: issued.plus(DAY),
        issuer,
        city: city(),
        networks: Networks::new(&[]),
    };
    let keys = [
        row(b"hz01", &own, IssuerCode::OWN),
        row(b"sh01", &guest, GUEST),
    ];
    let writer = BundleWriter {
        city: city(),
        version: 1,
        issued,
        keys: &keys,
    };
    writer.encode().unwrap().to_vec()
}

/// Own codes on product 1 everywhere, for two at the most; a neighbour's on network 2 in zone 5, on
/// product 1 for category 0.
fn policy(issued: Timestamp) -> Vec<u8> {
    let own = PolicyRule {
        issuer: Some(IssuerCode::OWN),
        product: Some(ProductCode::from_number(1)),
        party_max: PartySize::new(2),
        ..PolicyRule::default()
    };
    let guest = PolicyRule {
        issuer: Some(GUEST),
        network: Some(2),
        zone: Some(5),
        product: Some(ProductCode::from_number(1)),
        category: Some(RiderCategory::from_code(0)),
        ..PolicyRule::default()
    };
    let policy = GatePolicy {
        city: city(),
        version: 1,
        issued,
        code_life: Span::from_secs(15),
        phone_slow_max: Span::from_secs(30),
        phone_fast_max: Span::from_secs(30),
        not_before_tolerance: Span::from_secs(30),
        expiry_tolerance: Span::ZERO,
        modes: 7,
        stale_for: Span::ZERO,
        stale_taps: 0,
    };
    let bytes = policy.encode_with_rules(Some(&[own, guest]));
    bytes.unwrap().to_vec()
}

fn publish(server: &Server, issued: Timestamp) {
    let deny = DenyHeader {
        version: 1,
        issued,
        count: 0,
    };
    let tariff = Tariff {
        city: city(),
        version: 1,
        issued,
        effective: ServiceDay::from_days(17_903),
        length: 5,
        hash: Sha256::digest(b"fares").into(),
    };
    let lists = [
        bundle(issued),
        deny.encode().unwrap().to_vec(),
        policy(issued),
        tariff.encode().unwrap().to_vec(),
    ];
    let [bundle, deny, policy, tariff] = lists.each_ref().map(|bytes| ListRef::to(1, bytes));
    let snapshot = Snapshot {
        city: city(),
        era: 0,
        version: 1,
        issued,
        expires: issued.plus(DAY),
        bundle,
        deny,
        policy,
        tariff,
    };
    let mut books = server.books.lock().unwrap();
    for bytes in lists {
        let hash = hex::encode(ListRef::to(1, &bytes).hash);
        books.lists.insert(format!("objects/{hash}"), bytes);
    }
    let bytes = signed(SignedKind::Snapshot, &snapshot.payload().unwrap(), ONLINE);
    books.lists.insert("snapshot".to_owned(), bytes);
}

/// A gate of this network and zone that goes by the city's signed lists.
fn station(server: &Server, root: &[u8], place: &str) -> Station {
    let input = "from = \"tcp\"\ndirection = \"on\"\nlisten = \"127.0.0.1:PORT\"";
    let station = Station::new(input, Some(&server.url));
    let file = station.path().join("root");
    std::fs::write(&file, root).unwrap();
    let config = station.path().join("gate.toml");
    let text = std::fs::read_to_string(&config).unwrap();
    let text = text.replacen("[gate]\n", &format!("[gate]\n{place}\n"), 1);
    let root = format!("root = \"{}\"", Path::new(&file).display());
    std::fs::write(&config, text.replacen("unsigned = true", &root, 1)).unwrap();
    station
}

/// Ticket number `number` of this issuer: its text.
fn code(seed: u8, number: u8, category: u8, party: u8, product: u16) -> String {
    let claims = TicketClaims {
        id: CredentialId::from_bytes([number; 16]),
        starts: now().minus(Span::from_secs(60)),
        expires: now().plus(Span::from_secs(3_600)),
        entitlement: Entitlement {
            category: RiderCategory::from_code(category),
            party: PartySize::new(party).unwrap(),
            product: ProductCode::from_number(product),
        },
    };
    let kid = if seed == OWN { b"hz01" } else { b"sh01" };
    let bytes = claims.sign(KeyId::from_bytes(*kid), |message| {
        key(seed).sign(message).to_bytes()
    });
    wire::text::encode(&bytes.unwrap()).unwrap().to_string()
}

fn expect(line: &mut Line, text: &str, code: u64, reason: &str) {
    let answer = line.ask(text).unwrap();
    let got = (answer["code"].as_u64(), answer["reason"].as_str());
    assert_eq!(got, (Some(code), Some(reason)), "{answer}");
}

#[test]
fn a_gate_takes_what_the_citys_signed_rules_take_where_it_stands() {
    let server = Server::start();
    let issued = now().minus(Span::from_secs(5));
    let whole = Timestamp::from_secs(issued.as_secs());
    publish(&server, whole);
    let root = root(whole);
    let here = station(&server, &root, "network = 2\nzone = 5");
    let elsewhere = station(&server, &root, "network = 2\nzone = 6");
    let (first, second) = (here.start(), elsewhere.start());
    for (station, is_guest_taken) in [(&here, true), (&elsewhere, false)] {
        let mut line = station.connect();
        // Until the lists are there nobody passes; what is no code is told from that.
        wait_for("the lists are in force", || {
            let answer = line.ask(&code(OWN, 1, 0, 1, 9)).unwrap();
            answer["code"].as_u64() == Some(132)
        });
        expect(&mut line, &code(OWN, 2, 0, 1, 1), 0, "permitted");
        expect(&mut line, &code(OWN, 3, 3, 2, 1), 0, "permitted");
        expect(&mut line, &code(OWN, 4, 0, 3, 1), 134, "party_too_large");
        let guest = [(5, 0, 1, 0), (6, 0, 9, 132), (7, 1, 1, 133)];
        for (number, category, product, expected) in guest {
            let text = code(NEIGHBOUR, number, category, 1, product);
            let answer = line.ask(&text).unwrap();
            let expected = if is_guest_taken { expected } else { 131 };
            assert_eq!(answer["code"].as_u64(), Some(expected), "{answer}");
        }
    }
    // The rules hold after a restart without a server, from the gate's own disk.
    drop((first, second));
    server.books.lock().unwrap().lists.clear();
    let again = elsewhere.start();
    let mut line = elsewhere.connect();
    expect(
        &mut line,
        &code(NEIGHBOUR, 8, 0, 1, 1),
        131,
        "issuer_not_taken_here",
    );
    expect(&mut line, &code(OWN, 9, 0, 1, 1), 0, "permitted");
    expect(&mut line, &code(OWN, 2, 0, 1, 1), 150, "already_used");
    drop(again);
}
