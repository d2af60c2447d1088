//! `[station]`: with whom the gate shares the codes that it lets pass.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;

use super::mistake::{Mistake, shown, within};

/// Most readers of a station beside this one.
const PEERS_MAX: usize = 63;

/// `[station]`. Without it a code that passes at two gates within its life is seen by settlement.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StationConfig {
    /// The station's key, the same at all of its readers (`faregate-gate key new`).
    pub key_file: PathBuf,
    /// Where datagrams of the others come in.
    pub listen: Option<SocketAddr>,
    /// The others, or a multicast group.
    #[serde(default)]
    pub peers: Vec<SocketAddr>,
    /// Addresses of Redis (`redis://host:port`).
    #[serde(default)]
    pub redis: Vec<String>,
    /// Whether they are nodes of a cluster.
    #[serde(default)]
    pub redis_cluster: bool,
    /// The longest that the station may hold up a decision, in milliseconds.
    #[serde(default = "five")]
    pub budget_ms: u16,
}

const fn five() -> u16 {
    5
}

impl StationConfig {
    /// The longest that the station may hold up a decision.
    #[must_use]
    pub fn budget(&self) -> Duration {
        Duration::from_millis(u64::from(self.budget_ms))
    }

    pub(super) fn check(&self) -> Result<(), Mistake> {
        within("station.budget_ms", self.budget_ms, 1, 5)?;
        if self.peers.len() > PEERS_MAX {
            let got = self.peers.len().to_string();
            let expected = format!("at most {PEERS_MAX}");
            return Err(Mistake::new("station.peers", expected, got));
        }
        match self.listen {
            None if !self.peers.is_empty() => {
                let expected = "the address at which the peers reach this gate";
                return Err(Mistake::new("station.listen", expected, "none"));
            }
            Some(listen) if self.peers.is_empty() => {
                let expected = "the addresses of the other gates";
                let got = format!("none, but listen = \"{listen}\"");
                return Err(Mistake::new("station.peers", expected, got));
            }
            Some(listen) if self.peers.contains(&listen) => {
                let expected = "the other gates only";
                return Err(Mistake::new("station.peers", expected, listen.to_string()));
            }
            _ => {}
        }
        if self.peers.is_empty() && self.redis.is_empty() {
            return Err(Mistake::new("station", "peers, or redis, or both", "none"));
        }
        if let Some(wrong) = self.redis.iter().find(|url| !is_address(url)) {
            let expected = "redis://host:port";
            return Err(Mistake::new("station.redis", expected, shown(wrong)));
        }
        if !self.redis_cluster && self.redis.len() > 1 {
            let expected = "one address, or redis_cluster = true";
            let got = self.redis.len().to_string();
            return Err(Mistake::new("station.redis", expected, got));
        }
        Ok(())
    }
}

/// A Redis without TLS, on the station's own network: what is kept there is sealed.
fn is_address(url: &str) -> bool {
    reqwest::Url::parse(url).is_ok_and(|url| url.scheme() == "redis" && url.host().is_some())
}

#[cfg(test)]
mod tests {
    use crate::config::{Config, EXAMPLE};

    /// The example with this section instead of the one that is commented out.
    fn parse(section: &str) -> Result<Config, String> {
        let text = format!("{EXAMPLE}\n[station]\nkey_file = \"k\"\n{section}\n");
        Config::parse(&text).map_err(|error| error.to_string())
    }

    #[test]
    fn the_section_of_the_example_is_good() {
        let written = EXAMPLE.find("# [station]").unwrap();
        let (before, section) = EXAMPLE.split_at(written);
        let (section, after) = section.split_once("\n\n").unwrap();
        let section: Vec<_> = section
            .lines()
            .map(|line| line.trim_start_matches("# "))
            .collect();
        let text = format!("{before}{}\n\n{after}", section.join("\n"));
        let station = Config::parse(&text).unwrap().station.unwrap();
        assert_eq!((station.peers.len(), station.redis.len()), (2, 1));
        assert_eq!(station.budget().as_millis(), 5);
    }

    #[test]
    fn what_cannot_be_is_named() {
        let listen = "listen = \"127.0.0.1:1\"";
        let peers = "peers = [\"127.0.0.1:2\"]";
        let redis = "redis = [\"redis://127.0.0.1:6379\"]";
        for good in [format!("{listen}\n{peers}"), redis.to_owned()] {
            assert!(parse(&good).is_ok(), "{good}");
        }
        let cases = [
            (String::new(), "station: expected peers, or redis"),
            (peers.to_owned(), "station.listen: expected the address"),
            (listen.to_owned(), "station.peers: expected the addresses"),
            (
                format!("{listen}\npeers = [\"127.0.0.1:1\"]"),
                "station.peers: expected the other gates",
            ),
            (
                format!("{redis}\nbudget_ms = 6"),
                "station.budget_ms: expected 1 to 5, got 6",
            ),
            (
                "redis = [\"rediss://h:1\"]".to_owned(),
                "station.redis: expected redis://host:port",
            ),
            (
                "redis = [\"redis://a:1\", \"redis://b:1\"]".to_owned(),
                "redis_cluster = true",
            ),
            (format!("{redis}\npeer = 1"), "peer"),
        ];
        for (section, named) in cases {
            let error = parse(&section).unwrap_err();
            assert!(error.contains(named), "{section}: {error}");
        }
    }
}
