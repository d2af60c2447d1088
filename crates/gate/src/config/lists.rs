//! `[lists]`: whose signed lists the gate takes.

use std::path::PathBuf;

use serde::Deserialize;

use super::mistake::Mistake;

/// `[lists]`. Without it a gate takes the lists of its server as they come, on the word of TLS.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListsConfig {
    /// The city's root that the gate was installed with (`faregate keys root init`).
    pub root: PathBuf,
    /// The network on which the gate stands (GTFS `network_id`), where issuers are trusted on
    /// some networks only.
    pub network: Option<String>,
}

impl ListsConfig {
    /// The network.
    #[must_use]
    pub fn network_id(&self) -> Option<units::NetworkId> {
        let name = self.network.as_deref()?;
        units::NetworkId::new(name).ok()
    }

    pub(super) fn check(&self) -> Result<(), Mistake> {
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
