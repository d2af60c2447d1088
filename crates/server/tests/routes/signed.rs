//! The signed lists, made as the server makes them and fetched and checked as a gate does.

use std::sync::Arc;

use issuer::keyfile::{FileKey, KeyFile, KeyLives};
use issuer::lists::{Delegation, Folder, RootKeys, Wanted, add_signatures, hex, plan_root};
use server::{Publisher, ServedLists};
use units::{CredentialId, ServiceDay, Span, TextId};
use wire::lists::{DenyStream, GatePolicy, Root, Snapshot, Tariff};

use crate::world::{DAWN, World};

/// A city's published lists and what a gate has pinned of them.
pub(crate) struct Signed {
    publisher: Publisher,
    online: KeyFile,
    wanted: Wanted,
    pinned: Root,
    _folder: tempfile::TempDir,
}

impl Signed {
    /// Signs a root and serves the lists from now on.
    pub(crate) fn new(world: &mut World) -> Self {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::new(place.path());
        let [offline, online] = [1, 2].map(keys);
        let city = TextId::new("hangzhou").unwrap();
        let delegation = Delegation {
            signers: public(&online),
            until: DAWN.plus(Span::from_secs(86_400)),
        };
        let times = (DAWN, DAWN.plus(Span::from_secs(864_000)));
        let root = plan_root((city, 1, 0), times, &public(&offline), &delegation).unwrap();
        let bytes = add_signatures(&root.payload().unwrap(), &[], &[&offline]).unwrap();
        std::fs::write(folder.root_path(1), bytes).unwrap();
        let served = Arc::new(ServedLists::default());
        let issuer = Arc::clone(&world.state.issuer);
        let publisher = Publisher::open(issuer, folder, Arc::clone(&served)).unwrap();
        world.offer(|offers| offers.lists = Some(served));
        Self {
            publisher,
            online,
            wanted: wanted(city),
            pinned: root,
            _folder: place,
        }
    }

    /// The hash of the deny list in force, as paths write it.
    pub(crate) async fn deny_hash(&self, world: &World) -> String {
        let signed = world.get("/v1/lists/snapshot").await;
        let snapshot = Snapshot::verify(&signed.body, &self.pinned).unwrap();
        hex(&snapshot.deny.hash)
    }

    /// What a gate that syncs now reads on the signed deny list.
    pub(crate) async fn denied(&mut self, world: &World) -> Vec<CredentialId> {
        let made = self
            .publisher
            .refresh(&self.online, &self.wanted, world.now());
        made.await.unwrap();
        let signed = world.get("/v1/lists/snapshot").await;
        assert_eq!(signed.status, 200);
        let snapshot = Snapshot::verify(&signed.body, &self.pinned).unwrap();
        let path = format!("/v1/lists/objects/{}", hex(&snapshot.deny.hash));
        let list = world.get(&path).await;
        assert_eq!(list.status, 200);
        let mut stream = DenyStream::new(snapshot.deny);
        let mut denied = Vec::new();
        stream.push(&list.body, |id| denied.push(id)).unwrap();
        stream.finish().unwrap();
        denied
    }
}

fn keys(seed: u8) -> KeyFile {
    let chance = move |bytes: &mut [u8]| bytes.fill(seed);
    KeyFile::create(DAWN, &KeyLives::default(), &chance).unwrap()
}

fn public(file: &KeyFile) -> RootKeys {
    RootKeys {
        keys: file.keys().iter().map(FileKey::public_key).collect(),
        threshold: 1,
    }
}

fn wanted(city: TextId) -> Wanted {
    Wanted {
        issuers: Vec::new(),
        denied: None,
        policy: GatePolicy {
            city,
            version: 0,
            issued: DAWN,
            code_life: Span::from_secs(15),
            phone_slow_max: Span::from_secs(30),
            phone_fast_max: Span::from_secs(30),
            not_before_tolerance: Span::from_secs(30),
            expiry_tolerance: Span::ZERO,
            modes: 7,
            stale_for: Span::from_secs(3_600),
            stale_taps: 100,
        },
        rules: None,
        tariff: Tariff {
            city,
            version: 0,
            issued: DAWN,
            effective: ServiceDay::from_days(17_903),
            length: 1,
            hash: [0; 32],
        },
        life: Span::from_secs(3_600),
    }
}
