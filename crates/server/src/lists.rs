//! Signed lists: kept ready for gates, and made anew when there is something to say.

use std::collections::BTreeSet;
use std::sync::{Arc, PoisonError, RwLock};

use api::{Problem, ProblemCode};
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use issuer::keyfile::KeyFile;
use issuer::lists::{Folder, FolderError, Issuers, MakeError, Published, Wanted, make, unhex};
use issuer::{DenyError, Issuer};
use settlement::ports::StoreError;
use sha2::{Digest as _, Sha256};
use store::Store;
use units::Timestamp;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use wire::lists::{ListName, Root};

use crate::ApiError;
use crate::conditional::{Unchanged, tag_of};
use crate::document::problems;
use crate::extract::Segment;

/// What gates fetch.
#[derive(Debug, Default)]
pub struct ServedLists(RwLock<Arc<Served>>);

#[derive(Debug, Default)]
struct Served {
    roots: Vec<Vec<u8>>,
    published: Option<Published>,
}

impl ServedLists {
    fn now(&self) -> Arc<Served> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn replace(&self, served: Served) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(served);
    }
}

/// The routes under `/v1/lists`.
pub(crate) fn routes() -> OpenApiRouter<Arc<ServedLists>> {
    OpenApiRouter::default()
        .routes(routes!(root))
        .routes(routes!(snapshot))
        .routes(routes!(object))
        .routes(routes!(delta))
}

problems! {
    Problems: &[ProblemCode::NotFound];
}

type Lists = State<Arc<ServedLists>>;

#[utoipa::path(
    get,
    path = "/v1/lists/roots/{version}",
    operation_id = "read_root",
    tag = "readers",
    params(("version" = u64, Path, description = "Its number, from 1.")),
    responses(
        (status = 200, body = Vec<u8>, content_type = "application/octet-stream",
            description = "The root."),
        Unchanged, Problems,
    ),
)]
async fn root(State(lists): Lists, Segment(version): Segment) -> Result<Response, ApiError> {
    let served = lists.now();
    let index = version
        .parse::<u64>()
        .ok()
        .and_then(|version| version.checked_sub(1))
        .and_then(|index| usize::try_from(index).ok());
    let root = index.and_then(|index| served.roots.get(index));
    let root = root.ok_or_else(|| nothing("no root of this version"))?;
    Ok(whole(Bytes::copy_from_slice(root)))
}

#[utoipa::path(
    get,
    path = "/v1/lists/snapshot",
    operation_id = "read_snapshot",
    tag = "readers",
    responses(
        (status = 200, body = Vec<u8>, content_type = "application/octet-stream",
            description = "The snapshot in force."),
        Unchanged, Problems,
    ),
)]
async fn snapshot(State(lists): Lists) -> Result<Response, ApiError> {
    let served = lists.now();
    let published = served.published.as_ref();
    let signed = published.map(|published| &published.signed);
    let signed = signed.ok_or_else(|| nothing("no lists are published here"))?;
    let tag = tag_of(&Sha256::digest(signed).into());
    let mut response = whole(Bytes::from_owner(Arc::clone(signed)));
    response.headers_mut().insert(header::ETAG, tag);
    Ok(response)
}

#[utoipa::path(
    get,
    path = "/v1/lists/objects/{hash}",
    operation_id = "read_list",
    tag = "readers",
    params(("hash" = String, Path, description = "SHA-256 in hexadecimal.")),
    responses(
        (status = 200, body = Vec<u8>, content_type = "application/octet-stream",
            description = "The list."),
        Unchanged, Problems,
    ),
)]
async fn object(State(lists): Lists, Segment(hash): Segment) -> Result<Response, ApiError> {
    let (served, hash) = (lists.now(), unhex(&hash));
    let published = served.published.as_ref();
    let list = published.and_then(|published| {
        let mut names = ListName::ALL.into_iter();
        let name = names.find(|name| Some(published.snapshot.list(*name).hash) == hash)?;
        Some(Arc::clone(published.list(name)))
    });
    let list = list.ok_or_else(|| nothing("no list with this hash is in force"))?;
    Ok(lasting(Bytes::from_owner(list)))
}

#[utoipa::path(
    get,
    path = "/v1/lists/deltas/{base}",
    operation_id = "read_delta",
    tag = "readers",
    params(("base" = String, Path, description = "SHA-256 of the deny list held.")),
    responses(
        (status = 200, body = Vec<u8>, content_type = "application/octet-stream",
            description = "The delta."),
        Unchanged, Problems,
    ),
)]
async fn delta(State(lists): Lists, Segment(base): Segment) -> Result<Response, ApiError> {
    let (served, base) = (lists.now(), unhex(&base));
    let mut deltas = served
        .published
        .iter()
        .flat_map(|published| &published.deltas);
    let delta = deltas.find(|delta| Some(delta.base) == base);
    let bytes = delta.and_then(|delta| delta.bytes.clone());
    let bytes = bytes.ok_or_else(|| nothing("no delta leads from this deny list"))?;
    Ok(whole(Bytes::from_owner(bytes)))
}

fn nothing(detail: &str) -> ApiError {
    Problem::new(ProblemCode::NotFound, detail.to_owned()).into()
}

fn whole(bytes: Bytes) -> Response {
    let kind = [(header::CONTENT_TYPE, "application/octet-stream")];
    (kind, Body::from(bytes)).into_response()
}

/// What is named by its hash never changes.
fn lasting(bytes: Bytes) -> Response {
    let mut response = whole(bytes);
    let value = HeaderValue::from_static("public, max-age=31536000, immutable");
    response.headers_mut().insert(header::CACHE_CONTROL, value);
    response
}

/// Why lists were not made anew. Those that are served stay.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PublishError {
    /// The folder.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// Signing.
    #[error(transparent)]
    Make(#[from] MakeError),
    /// The deny list.
    #[error("the deny list cannot be read")]
    Denied(#[from] DenyError<StoreError>),
}

/// Makes lists anew whenever keys, denied codes, policy or tariff change, and before they are over.
#[derive(Debug)]
pub struct Publisher {
    issuer: Arc<Issuer<Store>>,
    folder: Folder,
    served: Arc<ServedLists>,
    root: Root,
    roots: Vec<Vec<u8>>,
    published: Option<Published>,
    /// Version of the deny list in the store that `published` holds.
    denied: Option<u64>,
}

impl Publisher {
    /// Opens the folder and serves what is published there.
    ///
    /// # Errors
    /// [`PublishError::Folder`].
    pub fn open(
        issuer: Arc<Issuer<Store>>,
        folder: Folder,
        served: Arc<ServedLists>,
    ) -> Result<Self, PublishError> {
        let (roots, root) = folder.roots()?;
        let published = folder.published(&roots)?;
        served.replace(Served {
            roots: roots.clone(),
            published: published.clone(),
        });
        Ok(Self {
            issuer,
            folder,
            served,
            root,
            roots,
            published,
            denied: None,
        })
    }

    /// The root in force.
    #[must_use]
    pub const fn root(&self) -> &Root {
        &self.root
    }

    /// Makes, stores and serves new lists where there is something to say. `wanted` names
    /// neighbours, policy, tariff and life; the city's own keys and denied codes are added here.
    ///
    /// # Errors
    /// [`PublishError`].
    pub async fn refresh(
        &mut self,
        online: &KeyFile,
        wanted: &Wanted,
        now: Timestamp,
    ) -> Result<bool, PublishError> {
        let next_root = self.root.version.saturating_add(1);
        let new_root = self.folder.root_path(next_root).exists();
        if new_root {
            (self.roots, self.root) = self.folder.roots()?;
        }
        let version = self.issuer.deny_version(now).await?;
        let mut wanted = wanted.clone();
        let mut version_held = self.denied;
        if self.denied != Some(version) {
            let list = self.issuer.deny_list(now).await?;
            version_held = Some(list.version);
            wanted.denied = Some(BTreeSet::from_iter(list.entries));
        }
        wanted.issuers.push(Issuers {
            city: self.root.city,
            number: wire::IssuerCode::OWN,
            keys: self.issuer.issuer_keys(now),
            networks: Vec::new(),
        });
        let made = make(self.published.as_ref(), &self.root, online, &wanted, now)?;
        let changed = made.is_some();
        if let Some(published) = made {
            self.folder.publish(&published)?;
            self.published = Some(published);
        }
        self.denied = version_held;
        if changed || new_root {
            self.served.replace(Served {
                roots: self.roots.clone(),
                published: self.published.clone(),
            });
        }
        Ok(changed)
    }
}
