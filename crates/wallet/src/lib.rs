//! # wallet
//!
//! **What**: a rider's phone in Rust: it holds a key, proves it to the issuer, keeps the
//! credential and makes codes with no network.
//!
//! **Why it exists**: the simulator, the tests and other clients need exactly what the phone's
//! page does, without a phone.
//!
//! **Where it sits**: layer L3, above `wire`. It knows no network, no clock and no random source:
//! the seed, the answers of the issuer and the time are arguments.
//!
//! **Invariants**: the private key never leaves, shows in no `Debug` and is zeroed when dropped;
//! a credential is kept only if it names this wallet's key; no code is made from a credential
//! that is not in force.
//!
//! ```
//! use wallet::Wallet;
//!
//! let wallet = Wallet::new(&[7; 32]); // 32 random bytes, in earnest
//! let challenge = [0xcc; 32]; // POST /v1/challenges
//! let proof = wallet.prove(&challenge);
//! assert_eq!(proof.len(), 64); // POST /v1/devices with public key, challenge and proof
//! assert!(wallet.present(units::Timestamp::from_secs(1_546_819_200), None).is_err());
//! ```

mod error;
mod present;

pub use error::{PresentError, StoreError};
pub use present::{HeldCredential, Wallet};
