//! `serve --lists`: publishes lists, and notices keys, denied codes and settings that change.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use hot_redis::{DenyPushes, Hot};
use issuer::Issuer;
use issuer::keyfile::KeyFile;
use issuer::lists::{Folder, Wanted};
use server::{Publisher, ServedLists};
use store::Store;
use tariff::CityFiles;

use crate::arguments::ServeArguments;
use crate::keys;
use crate::lists::said;
use crate::world::system_now;

/// How often changes are looked for: so much later a denied code is in the list.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Between two looks, however often Redis says that there is something new.
const LOOK_PAUSE: Duration = Duration::from_millis(100);

/// A file, and what it held when it was looked at last.
struct Watched {
    path: PathBuf,
    content: Option<Vec<u8>>,
}

impl Watched {
    fn new(path: PathBuf) -> Self {
        let content = std::fs::read(&path).ok();
        Self { path, content }
    }

    /// Whether it holds something else than last time.
    fn changed(&mut self) -> bool {
        let content = std::fs::read(&self.path).ok();
        let changed = content != self.content;
        self.content = content;
        changed
    }
}

/// Lists in the making.
pub(crate) struct Lists {
    publisher: Publisher,
    wanted: Wanted,
    package: CityFiles,
    settings: Watched,
    online_file: Watched,
    online: KeyFile,
    passphrase: PathBuf,
}

impl Lists {
    /// Opens the folder and publishes the first time.
    ///
    /// # Errors
    /// When there is no root, or something cannot be read or signed.
    pub(crate) async fn open(
        (folder, online): (&Path, &Path),
        arguments: &ServeArguments,
        package: CityFiles,
        issuer: Arc<Issuer<Store>>,
        served: Arc<ServedLists>,
    ) -> Result<Self> {
        let settings = Watched::new(folder.join("lists.toml"));
        let mut lists = Self {
            publisher: Publisher::open(issuer, Folder::new(folder), served)?,
            wanted: read_settings(&settings, &package)?,
            package,
            settings,
            online_file: Watched::new(online.to_owned()),
            online: keys::open(online, &arguments.passphrase_file)?,
            passphrase: arguments.passphrase_file.clone(),
        };
        lists.publish().await?;
        Ok(lists)
    }

    async fn publish(&mut self) -> Result<()> {
        let now = system_now();
        let published = self.publisher.refresh(&self.online, &self.wanted, now);
        if published.await? {
            tracing::info!("new lists are published");
        }
        Ok(())
    }

    async fn look(&mut self) -> Result<()> {
        if self.settings.changed() {
            self.wanted = read_settings(&self.settings, &self.package)?;
        }
        if self.online_file.changed() {
            self.online = keys::open(&self.online_file.path, &self.passphrase)?;
        }
        self.publish().await
    }
}

fn read_settings(settings: &Watched, package: &CityFiles) -> Result<Wanted> {
    let content = settings.content.as_deref().unwrap_or_default();
    let text = core::str::from_utf8(content).context("lists.toml")?;
    said::read(text, package, &settings.path)
}

/// Looks for changes for ever: issuer keys (`keys rotate`, `keys withdraw`), and all that lists
/// are made from. What fails is logged and tried again; what is served stays.
pub(crate) async fn watch(
    keys_file: PathBuf,
    passphrase: PathBuf,
    issuer: Arc<Issuer<Store>>,
    mut lists: Option<Lists>,
    hot: Option<Hot>,
) {
    let mut watched = Watched::new(keys_file);
    let mut pushes = hot.as_ref().map(Hot::listen_denied);
    loop {
        next_look(pushes.as_mut()).await;
        if watched.changed()
            && let Err(error) = replace_keys(&watched.path, &passphrase, &issuer)
        {
            tracing::error!(error = %format!("{error:#}"), "the issuer keys are not replaced");
        }
        if let Some(lists) = &mut lists
            && let Err(error) = lists.look().await
        {
            tracing::error!(error = %format!("{error:#}"), "no new lists");
        }
    }
}

/// Waits until it is time to look again, or Redis tells that the deny list has changed.
async fn next_look(pushes: Option<&mut DenyPushes>) {
    tokio::time::sleep(LOOK_PAUSE).await;
    let time = tokio::time::sleep(LOOK_EVERY.saturating_sub(LOOK_PAUSE));
    match pushes {
        None => time.await,
        Some(pushes) => tokio::select! {
            () = time => {}
            () = pushes.changed() => {}
        },
    }
}

fn replace_keys(path: &Path, passphrase: &Path, issuer: &Issuer<Store>) -> Result<()> {
    let ring = keys::open(path, passphrase)?.to_ring()?;
    issuer.replace_keys(ring, system_now())?;
    tracing::info!("the issuer keys are replaced");
    Ok(())
}
