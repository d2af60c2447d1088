//! The configuration: one TOML file, read once; an unknown or impossible value is an error with
//! its file, line and field.
//!
//! Every section has a file of its own: a struct with `deny_unknown_fields` and a `check` that
//! names a `Mistake` by its field, for which the line is looked up here.

mod clock;
mod door;
mod files;
mod gate;
mod http;
mod input;
mod journal;
mod lists;
mod mistake;
mod policy;
mod server;
mod station;
mod text;
mod unrecorded;

use std::path::Path;

use serde::Deserialize;

pub use clock::ClockConfig;
pub use door::{DoorConfig, PassageConfig};
pub use gate::GateConfig;
pub use http::HttpConfig;
pub use input::{Direction, InputConfig};
pub use journal::JournalConfig;
pub use lists::ListsConfig;
pub use policy::PolicyConfig;
pub use server::ServerConfig;
pub use station::StationConfig;
pub use unrecorded::UnrecordedConfig;

use mistake::Mistake;

/// What `faregate-gate config example` prints, and `deploy/gate` ships.
pub const EXAMPLE: &str = include_str!("../example.toml");

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot be read")]
    Read {
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// Not the TOML that is expected; the message names line, column and field.
    #[error("{0}")]
    Toml(String),
    /// A value that cannot be.
    #[error("line {line}: {field}: expected {expected}, got {got}")]
    Value {
        /// The line in the file, from 1.
        line: usize,
        /// Which, as `table.key`.
        field: String,
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
    /// How it is known that somebody passed.
    #[serde(default)]
    pub passage: PassageConfig,
    /// The journal.
    #[serde(default)]
    pub journal: JournalConfig,
    /// Good codes while the journal cannot be written.
    #[serde(default)]
    pub unrecorded: UnrecordedConfig,
    /// What it may assume of its clocks.
    #[serde(default)]
    pub clock: ClockConfig,
    /// How codes are judged.
    #[serde(default)]
    pub policy: PolicyConfig,
    /// Whose lists it takes.
    #[serde(default)]
    pub lists: ListsConfig,
    /// Where taps go and lists come from.
    pub server: Option<ServerConfig>,
    /// With whom it shares what it lets pass.
    pub station: Option<StationConfig>,
    /// The status pages.
    pub http: Option<HttpConfig>,
}

impl Config {
    /// Reads and checks a file.
    ///
    /// # Errors
    /// [`ConfigError`].
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path).map_err(|source| ConfigError::Read { source })?;
        Self::parse(&text)
    }

    /// Reads and checks a text.
    ///
    /// # Errors
    /// [`ConfigError`].
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        let config: Self = toml::from_str(text)
            .map_err(|error| ConfigError::Toml(mistake::without_passwords(&error.to_string())))?;
        let checked = config.check();
        checked.map_err(|mistake| ConfigError::Value {
            line: mistake::line_of(text, &mistake.field),
            field: mistake.field,
            expected: mistake.expected,
            got: mistake.got,
        })?;
        Ok(config)
    }

    fn check(&self) -> Result<(), Mistake> {
        self.gate.check()?;
        input::check(&self.inputs)?;
        self.door.check()?;
        self.passage.check()?;
        self.journal.check()?;
        self.unrecorded.check()?;
        self.clock.check()?;
        self.lists.check()?;
        self.station.as_ref().map_or(Ok(()), StationConfig::check)?;
        self.http.as_ref().map_or(Ok(()), HttpConfig::check)?;
        self.server.as_ref().map_or(Ok(()), ServerConfig::check)
    }
}

#[cfg(test)]
mod tests {
    use units::GateId;
    use validator::{ClockRules, Policy};

    use super::*;

    #[test]
    fn the_example_is_read() {
        let config = Config::parse(EXAMPLE).unwrap();
        assert_eq!(config.gate.id, GateId::from_number(7));
        assert_eq!(config.inputs.len(), 2);
        assert_eq!(config.policy.to_policy(), Policy::default());
        assert_eq!(config.clock.to_rules(), ClockRules::default());
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
            ("drift_ppm = 100", "drift_ppm = 0", "clock.drift_ppm"),
            ("zone = 0", "zone = -1", "zone"),
            ("upload_ms = 2000", "uplaod_ms = 2000", "uplaod_ms"),
            ("127.0.0.1:9107", "0.0.0.0:9107", "http.listen"),
            ("http://127.0.0.1:8080", "https://x/path", "server.url"),
            ("http://127.0.0.1:8080", "ftp://x", "server.url"),
            ("from = \"serial\"", "from = \"usb\"", "usb"),
            ("idle_ms = 50", "idle_ms = 2", "line 19: input[0].idle_ms"),
            ("baud = 115200", "bauds = 115200", "bauds"),
        ];
        for (right, wrong, named) in cases {
            assert!(EXAMPLE.contains(right), "{right}");
            let error = Config::parse(&EXAMPLE.replacen(right, wrong, 1)).unwrap_err();
            assert!(error.to_string().contains(named), "{wrong}: {error}");
        }
    }

    #[test]
    fn lists_are_signed_or_said_not_to_be() {
        let root = "root = \"/etc/faregate-gate/root.1\"";
        assert!(
            EXAMPLE.contains(root),
            "signed lists are what the example shows"
        );
        let config = Config::parse(EXAMPLE).unwrap();
        assert!(config.lists.root().is_some() && !config.lists.unsigned);
        let unsigned = Config::parse(&EXAMPLE.replacen(root, "unsigned = true", 1)).unwrap();
        assert!(unsigned.lists.root().is_none() && unsigned.lists.unsigned);
        for (lines, got) in [
            ("", "neither"),
            ("unsigned = false", "neither"),
            (&format!("{root}\nunsigned = true")[..], "both"),
        ] {
            let text = EXAMPLE.replacen(root, lines, 1);
            let error = Config::parse(&text).unwrap_err().to_string();
            assert!(
                error.contains("lists.root") && error.contains(got),
                "{error}"
            );
        }
    }

    #[test]
    fn an_impossible_value_is_named_with_its_line() {
        let written = EXAMPLE
            .lines()
            .position(|line| line == "batch_records = 256");
        let text = EXAMPLE.replacen("batch_records = 256", "ca_file = \"x\"", 1);
        let error = Config::parse(&text).unwrap_err().to_string();
        let line = written.unwrap() + 1;
        let expected = format!("line {line}: server.ca_file: expected an https:// server.url");
        assert!(error.starts_with(&expected), "{error}");
    }
}
