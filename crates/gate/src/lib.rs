//! # gate
//!
//! **What**: `faregate-gate`, the daemon of a Linux reader: a code comes in, is judged, is written
//! down, the door opens, and the tap is uploaded.
//!
//! **Why it exists**: `validator` decides and `journal` remembers, but neither knows a tty, a disk,
//! a door or a network. This crate is the shell around them.
//!
//! **Where it sits**: layer L3 above `validator`, `journal`, `wire` and `api`. The clock and the
//! randomness are read in [`machine`] alone.
//!
//! **Invariants**: the tap is durable before the door opens; a code that was let pass is not let
//! pass again after a restart; no tap leaves the journal before the server has committed it or the
//! quarantine holds it; a list is durable before it is used; no reader can keep another's rider
//! waiting; logs and status hold no code and no key.
//!
//! ```
//! use gate::config::{Config, EXAMPLE};
//!
//! let config = Config::parse(EXAMPLE)?;
//! assert_eq!(config.gate.id.to_string(), "00000007");
//! # Ok::<(), gate::config::ConfigError>(())
//! ```

pub mod agent;
pub mod answer;
pub mod backoff;
pub mod boot_count;
pub mod clock;
pub mod config;
pub mod core;
pub mod denied;
pub mod door;
pub mod frame;
mod history;
pub mod http;
pub mod input;
pub mod intake;
pub mod key;
pub mod lists;
pub mod live;
pub mod machine;
pub mod media;
pub mod quarantine;
pub mod run;
mod sending;
pub mod signed;
pub mod station;
pub mod status;
pub mod supervisor;
pub mod sync;
pub mod tls;
pub mod upload;
