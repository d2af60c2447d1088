//! The configuration: one TOML file, read once; an unknown or impossible value is an error with
//! its line.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use units::{DeviceId, GateId, RouteId, Span, StopId};
use validator::{Language, Policy};
use wire::tap::TapKind;

/// What `faregate-gate config example` prints, and `deploy/gate` ships.
pub const EXAMPLE: &str = include_str!("example.toml");

/// Most inputs of one agent: a gate has one or two readers and a line for tests.
const INPUTS_MAX: usize = 8;

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("{path}: cannot be read")]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// Not the TOML that is expected; the message names line and column.
    #[error(transparent)]
    Toml(#[from] toml::de::Error),
    /// A value that cannot be.
    #[error("{field}: expected {expected}, got {got}")]
    Value {
        /// Which, as `table.key`.
        field: &'static str,
        /// What it may be.
        expected: String,
        /// What it is.
        got: String,
    },
}

/// Everything that an agent is told.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Who it is and where.
    pub gate: GateConfig,
    /// Where codes come from.
    #[serde(rename = "input")]
    pub inputs: Vec<InputConfig>,
    /// What it opens.
    #[serde(default)]
    pub door: DoorConfig,
    /// The journal.
    #[serde(default)]
    pub journal: JournalConfig,
    /// How codes are judged.
    #[serde(default)]
    pub policy: PolicyConfig,
    /// Where taps go and lists come from.
    pub server: Option<ServerConfig>,
    /// The status pages.
    pub http: Option<HttpConfig>,
}

/// `[gate]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GateConfig {
    /// The gate's number, 8 hexadecimal digits.
    #[serde(deserialize_with = "gate_id")]
    pub id: GateId,
    /// The device's UUID.
    #[serde(deserialize_with = "device_id")]
    pub device: DeviceId,
    /// The stop it stands at.
    #[serde(deserialize_with = "stop_id")]
    pub stop: StopId,
    /// The route it rides on, where it rides.
    #[serde(default, deserialize_with = "route_id")]
    pub route: Option<RouteId>,
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
}

/// Which way riders pass a reader.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// Into the network.
    On,
    /// Out of it.
    Off,
}

impl From<Direction> for TapKind {
    fn from(direction: Direction) -> Self {
        match direction {
            Direction::On => Self::On,
            Direction::Off => Self::Off,
        }
    }
}

/// `[[input]]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "from", rename_all = "snake_case", deny_unknown_fields)]
pub enum InputConfig {
    /// A line per code; each is answered with a line of JSON on standard output.
    Stdin {
        /// Which way riders pass.
        direction: Direction,
    },
    /// A line per code; each is answered with a line of JSON.
    Tcp {
        /// Which way riders pass.
        direction: Direction,
        /// Where to listen.
        listen: SocketAddr,
    },
    /// A scanner on a tty.
    Serial {
        /// Which way riders pass.
        direction: Direction,
        /// The device file.
        path: PathBuf,
        /// Bits per second.
        #[serde(default = "baud")]
        baud: u32,
        /// Silence that ends a code, in milliseconds, for scanners that send no line end.
        #[serde(default = "idle_ms")]
        idle_ms: u16,
    },
}

/// `[door]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum DoorConfig {
    /// A door that is only said to open.
    #[default]
    Simulated,
    /// Bytes written to a file: a serial relay board, or the value file of a pin.
    Relay {
        /// The device file.
        path: PathBuf,
        /// What opens, in hexadecimal.
        #[serde(deserialize_with = "hex_bytes")]
        open: Vec<u8>,
        /// What closes, in hexadecimal.
        #[serde(deserialize_with = "hex_bytes")]
        close: Vec<u8>,
        /// How long it stays open, in milliseconds.
        open_ms: u16,
    },
}

/// `[journal]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct JournalConfig {
    /// Size of a segment in KiB.
    pub segment_kib: u32,
    /// Refusals written down per minute at the most; the rest is only counted.
    pub refusals_per_minute: u32,
    /// Codes that the replay memory holds.
    pub replay_slots: usize,
}

impl Default for JournalConfig {
    fn default() -> Self {
        Self {
            segment_kib: 1024,
            refusals_per_minute: 60,
            replay_slots: 4096,
        }
    }
}

/// `[policy]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PolicyConfig {
    /// How long a presentation may be shown.
    pub code_life_seconds: u16,
    /// How far a phone's clock may be behind.
    pub phone_slow_seconds: u16,
    /// How far a phone's clock may be ahead.
    pub phone_fast_seconds: u16,
    /// Refuse when the issuer keys were last confirmed longer ago than this.
    pub keys_stale_hours: u16,
    /// Refuse when the deny list was last confirmed longer ago than this.
    pub deny_list_stale_hours: u16,
}

impl Default for PolicyConfig {
    fn default() -> Self {
        Self {
            code_life_seconds: 15,
            phone_slow_seconds: 30,
            phone_fast_seconds: 30,
            keys_stale_hours: 24 * 7,
            deny_list_stale_hours: 24 * 3,
        }
    }
}

impl PolicyConfig {
    /// As the validator takes it.
    #[must_use]
    pub fn to_policy(&self) -> Policy {
        let seconds = |value: u16| Span::from_secs(i64::from(value));
        Policy {
            code_life: seconds(self.code_life_seconds),
            phone_slow_max: seconds(self.phone_slow_seconds),
            phone_fast_max: seconds(self.phone_fast_seconds),
            ..Policy::default()
        }
    }
}

/// `[server]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServerConfig {
    /// Its address, without a path.
    pub url: String,
    /// Most taps in one batch.
    #[serde(default = "batch_records")]
    pub batch_records: usize,
    /// How often to look for taps to send.
    #[serde(default = "upload_ms")]
    pub upload_ms: u32,
    /// How often to ask for lists.
    #[serde(default = "sync_seconds")]
    pub sync_seconds: u32,
    /// How long a request may take.
    #[serde(default = "timeout_ms")]
    pub timeout_ms: u32,
}

/// `[http]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HttpConfig {
    /// Where to listen; a loopback address.
    pub listen: SocketAddr,
}

impl Config {
    /// Reads and checks a file.
    ///
    /// # Errors
    /// [`ConfigError`].
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path).map_err(|source| ConfigError::Read {
            path: path.to_owned(),
            source,
        })?;
        Self::parse(&text)
    }

    /// Reads and checks a text.
    ///
    /// # Errors
    /// [`ConfigError`].
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        let config: Self = toml::from_str(text)?;
        config.check()?;
        Ok(config)
    }

    fn check(&self) -> Result<(), ConfigError> {
        let within = |field, got: usize, min: usize, max: usize| {
            if (min..=max).contains(&got) {
                return Ok(());
            }
            Err(ConfigError::Value {
                field,
                expected: format!("{min} to {max}"),
                got: got.to_string(),
            })
        };
        let size = |value: u32| usize::try_from(value).unwrap_or(usize::MAX);
        within("input", self.inputs.len(), 1, INPUTS_MAX)?;
        within(
            "journal.segment_kib",
            size(self.journal.segment_kib),
            16,
            16 * 1024,
        )?;
        within(
            "journal.replay_slots",
            self.journal.replay_slots,
            64,
            65_536,
        )?;
        for input in &self.inputs {
            if let InputConfig::Serial { idle_ms, .. } = input {
                within("input.idle_ms", usize::from(*idle_ms), 5, 1000)?;
            }
        }
        if let DoorConfig::Relay { open_ms, .. } = &self.door {
            within("door.open_ms", usize::from(*open_ms), 100, 30_000)?;
        }
        if let Some(http) = &self.http
            && !http.listen.ip().is_loopback()
        {
            return Err(ConfigError::Value {
                field: "http.listen",
                expected: "a loopback address".to_owned(),
                got: http.listen.to_string(),
            });
        }
        let Some(server) = &self.server else {
            return Ok(());
        };
        within(
            "server.batch_records",
            server.batch_records,
            1,
            journal::BATCH_RECORDS_MAX,
        )?;
        within("server.upload_ms", size(server.upload_ms), 10, 3_600_000)?;
        within("server.sync_seconds", size(server.sync_seconds), 1, 86_400)?;
        within("server.timeout_ms", size(server.timeout_ms), 100, 120_000)?;
        if !server.url.starts_with("http://") || server.url.ends_with('/') {
            return Err(ConfigError::Value {
                field: "server.url",
                expected: "http://host:port without a path (TLS is ended by a local proxy)".into(),
                got: server.url.clone(),
            });
        }
        Ok(())
    }
}

fn english() -> String {
    "en".to_owned()
}

const fn baud() -> u32 {
    115_200
}

const fn idle_ms() -> u16 {
    50
}

const fn batch_records() -> usize {
    256
}

const fn upload_ms() -> u32 {
    2_000
}

const fn sync_seconds() -> u32 {
    60
}

const fn timeout_ms() -> u32 {
    15_000
}

/// A text that `parse` understands.
fn parsed<'de, D: serde::Deserializer<'de>, T, E: std::fmt::Display>(
    from: D,
    parse: impl FnOnce(&str) -> Result<T, E>,
) -> Result<T, D::Error> {
    let text = String::deserialize(from)?;
    parse(&text).map_err(serde::de::Error::custom)
}

fn gate_id<'de, D: serde::Deserializer<'de>>(from: D) -> Result<GateId, D::Error> {
    parsed(from, GateId::parse)
}

fn device_id<'de, D: serde::Deserializer<'de>>(from: D) -> Result<DeviceId, D::Error> {
    parsed(from, DeviceId::parse)
}

fn stop_id<'de, D: serde::Deserializer<'de>>(from: D) -> Result<StopId, D::Error> {
    parsed(from, StopId::new)
}

fn route_id<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<RouteId>, D::Error> {
    parsed(from, RouteId::new).map(Some)
}

fn hex_bytes<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Vec<u8>, D::Error> {
    parsed(from, |text| hex::decode(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_is_read() {
        let config = Config::parse(EXAMPLE).unwrap();
        assert_eq!(config.gate.id, GateId::from_number(7));
        assert_eq!(config.inputs.len(), 2);
        assert_eq!(config.policy.to_policy(), Policy::default());
    }

    #[test]
    fn the_example_that_is_shipped_is_the_one_that_is_printed() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let shipped = std::fs::read_to_string(root.join("deploy/gate/config.toml")).unwrap();
        assert_eq!(shipped, EXAMPLE);
    }

    #[test]
    fn a_wrong_value_is_named_with_its_place() {
        let cases = [
            ("id = \"00000007\"", "id = \"7\"", "8"),
            ("upload_ms = 2000", "upload_ms = 1", "server.upload_ms"),
            ("upload_ms = 2000", "uplaod_ms = 2000", "uplaod_ms"),
            ("127.0.0.1:9107", "0.0.0.0:9107", "http.listen"),
            ("http://127.0.0.1:8080", "https://x", "server.url"),
            ("from = \"serial\"", "from = \"usb\"", "usb"),
            ("idle_ms = 50", "idle_ms = 2", "input.idle_ms"),
            ("baud = 115200", "bauds = 115200", "bauds"),
        ];
        for (right, wrong, named) in cases {
            assert!(EXAMPLE.contains(right), "{right}");
            let error = Config::parse(&EXAMPLE.replacen(right, wrong, 1)).unwrap_err();
            assert!(error.to_string().contains(named), "{wrong}: {error}");
        }
    }
}
