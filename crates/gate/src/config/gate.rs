//! `[gate]`: who the agent is and where.

use std::path::PathBuf;

use serde::Deserialize;
use units::{DeviceId, GateId, RouteId, StopId};
use validator::Language;

use super::mistake::Mistake;
use super::text;

/// `[gate]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GateConfig {
    /// The gate's number, 8 hexadecimal digits.
    #[serde(deserialize_with = "text::gate_id")]
    pub id: GateId,
    /// The device's UUID.
    #[serde(deserialize_with = "text::device_id")]
    pub device: DeviceId,
    /// The stop it stands at.
    #[serde(deserialize_with = "text::stop_id")]
    pub stop: StopId,
    /// The route it rides on, where it rides.
    #[serde(default, deserialize_with = "text::route_id")]
    pub route: Option<RouteId>,
    /// The network it stands on, by its number in the city's rules of acceptance.
    #[serde(default)]
    pub network: u16,
    /// The fare zone it stands in, by its number in the city's rules of acceptance.
    #[serde(default)]
    pub zone: u16,
    /// Folder for journal, lists and quarantine.
    pub state: PathBuf,
    /// The device's private key (`faregate-gate key new`).
    pub key_file: PathBuf,
    /// Language of sentences for riders (BCP 47).
    #[serde(default = "english")]
    pub language: String,
}

impl GateConfig {
    /// The language of sentences.
    #[must_use]
    pub fn rider_language(&self) -> Language {
        Language::of_tag(&self.language)
    }

    pub(super) fn check(&self) -> Result<(), Mistake> {
        for (field, path) in [
            ("gate.state", &self.state),
            ("gate.key_file", &self.key_file),
        ] {
            if path.as_os_str().is_empty() {
                return Err(Mistake::new(field, "a path", "none"));
            }
        }
        Ok(())
    }
}

fn english() -> String {
    "en".to_owned()
}
