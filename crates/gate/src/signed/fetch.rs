//! Asks the server for roots, the snapshot and the lists that it names.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use reqwest::{Response, StatusCode};
use validator::update::{Held, Offer, Pending, Refused};
use wire::lists::{
    DELTA_BYTES_MAX, DenyDelta, DenyStream, ListName, ListRef, SIGNED_BYTES_MAX, Snapshot,
};

use crate::core::Core;
use crate::denied::Denied;
use crate::lists::ListError;
use crate::machine;
use crate::signed::{HeldBytes, Here, InForce, LoadError, Store};
use crate::status::Status;
use crate::tls::patience;

/// Most roots taken in one sync: a gate that was away for years catches up in a few.
const ROOTS_MAX: usize = 64;

/// Why lists were not refreshed. Those in force stay until they are stale.
#[derive(Debug, thiserror::Error)]
enum SyncError {
    #[error("the server cannot be reached or does not answer")]
    Network(#[from] reqwest::Error),
    #[error("the server answered {0}")]
    Status(StatusCode),
    #[error("expected at most {0} bytes")]
    TooLong(u64),
    #[error(transparent)]
    Refused(#[from] Refused),
    #[error(transparent)]
    Load(#[from] LoadError),
    #[error(transparent)]
    Store(#[from] ListError),
    #[error("the core does not answer")]
    Core,
}

impl From<wire::lists::ListError> for SyncError {
    fn from(error: wire::lists::ListError) -> Self {
        Self::Refused(Refused::List(error))
    }
}

/// Keeps signed lists fresh.
#[derive(Debug)]
pub struct SignedSyncer {
    /// Asks the core.
    pub core: Core,
    /// Counts refusals.
    pub status: Arc<Status>,
    /// The client.
    pub http: reqwest::Client,
    /// The server's address.
    pub url: String,
    /// Where lists outlive a restart.
    pub store: Store,
    /// Where the gate is.
    pub here: Here,
    /// How long the server may be silent.
    pub timeout: Duration,
    /// How often.
    pub every: Duration,
    /// Root and snapshot.
    pub held: Held,
    /// Their bytes.
    pub bytes: HeldBytes,
    /// The lists in use.
    pub in_force: Option<InForce>,
}

impl SignedSyncer {
    /// Syncs for ever.
    pub async fn run(mut self) {
        // What the agent found on disk when it began.
        let found = self.core.ask(|agent| {
            agent
                .signed_lists(machine::now())
                .map(|(lists, _)| lists.clone())
        });
        self.in_force = found.await.flatten();
        loop {
            if let Err(error) = self.refresh().await {
                let reason = match &error {
                    SyncError::Refused(refused) => refused.name(),
                    _ => "not_fetched",
                };
                self.status.lists_refused(reason);
                tracing::warn!(%error, reason, "the lists are not refreshed");
            }
            tokio::time::sleep(self.every).await;
        }
    }

    async fn refresh(&mut self) -> Result<(), SyncError> {
        self.follow_roots().await?;
        let most = u64::try_from(SIGNED_BYTES_MAX).unwrap_or(u64::MAX);
        let Some(signed) = self.get("snapshot", most).await? else {
            return Err(SyncError::Status(StatusCode::NOT_FOUND));
        };
        match self.held.offer_snapshot(&signed, machine::now())? {
            Offer::Held if self.in_force.is_some() => Ok(()),
            // The files were lost: the lists of the snapshot that is held are fetched again.
            Offer::Held => match self.held.snapshot().copied() {
                Some(snapshot) => {
                    self.fetch_lists(&snapshot, None).await?;
                    let (held, bytes) = (self.held.clone(), self.bytes.clone());
                    self.use_lists(held, bytes, None).await
                }
                None => Ok(()),
            },
            Offer::Next(pending) => self.take(pending, signed).await,
        }
    }

    /// Takes each root that follows, one after the other, each durable before the next.
    async fn follow_roots(&mut self) -> Result<(), SyncError> {
        let most = u64::try_from(SIGNED_BYTES_MAX).unwrap_or(u64::MAX);
        for _ in 0..ROOTS_MAX {
            let next = self.held.root().version.saturating_add(1);
            let Some(root) = self.get(&format!("roots/{next}"), most).await? else {
                return Ok(());
            };
            let held = self.held.offer_root(&root)?;
            let bytes = HeldBytes {
                root,
                ..self.bytes.clone()
            };
            self.store.commit(&bytes, held.snapshot())?;
            tracing::info!(version = held.root().version, "a new root is in force");
            (self.held, self.bytes) = (held, bytes);
        }
        Ok(())
    }

    async fn take(&mut self, mut pending: Pending, signed: Vec<u8>) -> Result<(), SyncError> {
        let snapshot = *pending.snapshot();
        self.fetch_lists(&snapshot, self.held.snapshot()).await?;
        // Seconds of work at a slow gate: uploads and pages go on meanwhile.
        let denied = tokio::task::block_in_place(|| self.check_lists(&mut pending))?;
        let held = pending.complete()?;
        let bytes = HeldBytes {
            root: self.bytes.root.clone(),
            taken_under: self.bytes.root.clone(),
            snapshot: signed,
        };
        self.use_lists(held, bytes, denied).await
    }

    /// Reads what is on disk through the machine: only its word makes a snapshot complete. Gives
    /// the deny list where it is a new one, so that it is read no second time.
    fn check_lists(&self, pending: &mut Pending) -> Result<Option<Denied>, SyncError> {
        let mut denied = None;
        let missing: Vec<_> = pending
            .missing()
            .map(|(name, list)| (name, *list))
            .collect();
        for (name, list) in missing {
            if name == ListName::Deny {
                let mut stream = pending.deny_stream();
                let (draft, file) = self.store.draft_denied(&mut stream)?;
                let header = pending.take_deny(stream)?;
                denied = Some(draft.finish(header.version, file));
                continue;
            }
            let path = self.store.list_path(&list);
            let source = |source| ListError::Store {
                path: path.clone(),
                source,
            };
            let bytes = std::fs::read(&path).map_err(source)?;
            match name {
                ListName::Bundle => drop(pending.take_bundle(&bytes)?),
                ListName::Policy => drop(pending.take_policy(&bytes)?),
                ListName::Tariff | ListName::Deny => drop(pending.take_tariff(&bytes)?),
            }
        }
        Ok(denied)
    }

    /// Ready first, durable next, in use last: a list that the validator does not take never
    /// becomes the one that is held.
    async fn use_lists(
        &mut self,
        held: Held,
        bytes: HeldBytes,
        denied: Option<Denied>,
    ) -> Result<(), SyncError> {
        let Some(snapshot) = held.snapshot().copied() else {
            return Ok(());
        };
        let denied = denied
            .map(Arc::new)
            .or_else(|| self.known_denied(&snapshot));
        let (store, here) = (&self.store, &self.here);
        let ready =
            tokio::task::block_in_place(|| store.read_lists(&held, &snapshot, denied, here))?;
        self.store.commit(&bytes, Some(&snapshot))?;
        let handed = ready.clone();
        let used = self
            .core
            .ask(move |agent| agent.use_signed(handed, machine::now()));
        used.await.ok_or(SyncError::Core)?;
        tracing::info!(version = snapshot.version, "new lists are in force");
        (self.held, self.bytes, self.in_force) = (held, bytes, Some(ready));
        Ok(())
    }

    /// The deny list in use, if it is the one that `snapshot` names.
    fn known_denied(&self, snapshot: &Snapshot) -> Option<Arc<Denied>> {
        let before = self.in_force.as_ref()?;
        let same = before.held.snapshot()?.deny == snapshot.deny;
        same.then(|| Arc::clone(&before.denied))
    }

    /// Fetches every list of `snapshot` that is not on disk.
    async fn fetch_lists(
        &self,
        snapshot: &Snapshot,
        before: Option<&Snapshot>,
    ) -> Result<(), SyncError> {
        for name in ListName::ALL {
            let list = snapshot.list(name);
            if self.store.list_path(list).exists() {
                continue;
            }
            if name != ListName::Deny {
                let body = self.get(&object(list), list.length).await?;
                let body = body.ok_or(SyncError::Status(StatusCode::NOT_FOUND))?;
                list.check(&body)?;
                crate::lists::write_whole(&self.store.list_path(list), &body)?;
                continue;
            }
            let by_delta = match before {
                Some(before) => self.apply_delta(&before.deny, list).await,
                None => Ok(false),
            };
            match by_delta {
                Ok(true) => {}
                Ok(false) => self.fetch_denied(list).await?,
                Err(error) => {
                    tracing::warn!(%error, "no use in the delta, the whole list is fetched");
                    self.fetch_denied(list).await?;
                }
            }
        }
        Ok(())
    }

    /// Makes the deny list from the one on disk and a delta, if the server has one.
    async fn apply_delta(&self, base: &ListRef, result: &ListRef) -> Result<bool, SyncError> {
        if !self.store.list_path(base).exists() {
            return Ok(false);
        }
        let route = format!("deltas/{}", hex::encode(base.hash));
        let most = u64::try_from(DELTA_BYTES_MAX).unwrap_or(u64::MAX);
        let Some(body) = self.get(&route, most).await? else {
            return Ok(false);
        };
        tokio::task::block_in_place(|| self.merge(&body, base, result))?;
        Ok(true)
    }

    /// Writes the list that the delta makes of the one on disk, part by part.
    fn merge(&self, body: &[u8], base: &ListRef, result: &ListRef) -> Result<(), SyncError> {
        let delta = DenyDelta::read(body, base, result)?;
        let mut file = ListFile::create(&self.store, result)?;
        file.push(
            &delta
                .result()
                .encode()
                .map_err(wire::lists::ListError::from)?,
        )?;
        let (mut merge, mut out) = (delta.merge(), Vec::new());
        let mut reader = DenyStream::new(*base);
        self.store.stream(base, |part| {
            let mut ids = Vec::new();
            reader.push(part, |id| ids.push(id))?;
            for id in ids {
                merge.take(id, |id| out.extend_from_slice(id.as_bytes()))?;
            }
            file.push(&out).map_err(|_| wire::lists::ListError::Hash)?;
            out.clear();
            Ok(())
        })?;
        reader.finish()?;
        merge.finish(|id| out.extend_from_slice(id.as_bytes()))?;
        file.push(&out)?;
        file.finish()
    }

    /// Fetches the whole deny list, straight to disk.
    async fn fetch_denied(&self, list: &ListRef) -> Result<(), SyncError> {
        let answer = self.ask(&object(list), list.length).await?;
        let mut answer = answer.ok_or(SyncError::Status(StatusCode::NOT_FOUND))?;
        let mut file = ListFile::create(&self.store, list)?;
        while let Some(part) = answer.chunk().await? {
            file.push(&part)?;
        }
        file.finish()
    }

    async fn ask(&self, route: &str, most: u64) -> Result<Option<Response>, SyncError> {
        let url = format!("{}/v1/lists/{route}", self.url);
        let patience = patience(self.timeout, most);
        let answer = self.http.get(url).timeout(patience).send().await?;
        match answer.status() {
            StatusCode::OK => Ok(Some(answer)),
            StatusCode::NOT_FOUND => Ok(None),
            other => Err(SyncError::Status(other)),
        }
    }

    async fn get(&self, route: &str, most: u64) -> Result<Option<Vec<u8>>, SyncError> {
        let Some(mut answer) = self.ask(route, most).await? else {
            return Ok(None);
        };
        let mut body = Vec::new();
        while let Some(part) = answer.chunk().await? {
            body.extend_from_slice(&part);
            if u64::try_from(body.len()).is_ok_and(|length| length > most) {
                return Err(SyncError::TooLong(most));
            }
        }
        Ok(Some(body))
    }
}

fn object(list: &ListRef) -> String {
    format!("objects/{}", hex::encode(list.hash))
}

/// A deny list on its way to disk: checked as it comes, in its place only when it is whole.
struct ListFile {
    place: std::path::PathBuf,
    draft: std::path::PathBuf,
    file: BufWriter<File>,
    stream: DenyStream,
}

impl ListFile {
    fn create(store: &Store, list: &ListRef) -> Result<Self, SyncError> {
        let place = store.list_path(list);
        let draft = place.with_extension("new");
        let file = File::create(&draft).map_err(|source| disk(&draft, source))?;
        Ok(Self {
            place,
            draft,
            file: BufWriter::new(file),
            stream: DenyStream::new(*list),
        })
    }

    fn push(&mut self, part: &[u8]) -> Result<(), SyncError> {
        self.stream.push(part, |_| {})?;
        let written = self.file.write_all(part);
        Ok(written.map_err(|source| disk(&self.draft, source))?)
    }

    fn finish(mut self) -> Result<(), SyncError> {
        self.stream.finish()?;
        let moved = self
            .file
            .flush()
            .and_then(|()| self.file.get_ref().sync_all())
            .and_then(|()| std::fs::rename(&self.draft, &self.place))
            .and_then(|()| match self.place.parent() {
                Some(folder) => File::open(folder)?.sync_all(),
                None => Ok(()),
            });
        Ok(moved.map_err(|source| disk(&self.place, source))?)
    }
}

fn disk(path: &Path, source: std::io::Error) -> ListError {
    ListError::Store {
        path: path.to_owned(),
        source,
    }
}
