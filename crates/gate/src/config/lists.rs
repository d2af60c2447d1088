//! `[lists]`: whose lists the gate takes.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::mistake::Mistake;

/// `[lists]`: either the root of a city that signs its lists, or the plain word that the lists
/// are not signed. There is no default: who sends a gate its keys decides who rides.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ListsConfig {
    /// The city's root that the gate was installed with (`faregate keys root init`).
    pub root: Option<PathBuf>,
    /// The network on which the gate stands (GTFS `network_id`), where issuers are trusted on
    /// some networks only.
    pub network: Option<String>,
    /// Takes the lists of its server as they come, on the word of TLS alone.
    pub unsigned: bool,
}

impl ListsConfig {
    /// The root, where lists are signed.
    #[must_use]
    pub fn root(&self) -> Option<&Path> {
        self.root.as_deref()
    }

    /// The network.
    #[must_use]
    pub fn network_id(&self) -> Option<units::NetworkId> {
        let name = self.network.as_deref()?;
        units::NetworkId::new(name).ok()
    }

    pub(super) fn check(&self) -> Result<(), Mistake> {
        let got = match (&self.root, self.unsigned) {
            (Some(_), true) => Some("both"),
            (None, false) => Some("neither"),
            _ => None,
        };
        if let Some(got) = got {
            return Err(Mistake::new(
                "lists.root",
                "the file of the city's root, or `unsigned = true` in its place",
                got,
            ));
        }
        match &self.network {
            Some(name) if units::NetworkId::new(name).is_err() => Err(Mistake::new(
                "lists.network",
                "a network_id of 1 to 64 bytes",
                name.as_str(),
            )),
            _ => Ok(()),
        }
    }
}
