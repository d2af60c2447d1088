//! What a store must do for the issuer: [`IssuanceStore`] and the records it keeps.

use core::fmt;
use core::future::Future;

use sha2::{Digest as _, Sha256};
use units::{AccountId, CredentialId, KeyId, Timestamp};
use wire::{Entitlement, HolderKey};

use crate::DenyReason;

macro_rules! hashes {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub struct $name([u8; 32]);

        impl $name {
            /// The SHA-256 of `bytes`.
            #[must_use]
            pub fn of(bytes: &[u8]) -> Self {
                Self(Sha256::digest(bytes).into())
            }

            /// A hash read back from a store.
            #[must_use]
            pub const fn from_bytes(bytes: [u8; 32]) -> Self {
                Self(bytes)
            }

            /// The 32 bytes.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; 32] {
                &self.0
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "("))?;
                for byte in &self.0 {
                    write!(f, "{byte:02x}")?;
                }
                f.write_str(")")
            }
        }
    )*};
}

hashes! {
    /// SHA-256 of a session token: all that is stored of it.
    SessionHash;
    /// SHA-256 of a used challenge.
    ChallengeHash;
    /// SHA-256 of the bytes that were signed (`Sig_structure`, RFC 9052 section 4.4).
    MessageHash;
}

/// Which kind of code a record is about.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum CodeKind {
    /// A credential, which names a phone's key.
    Credential,
    /// A ticket, which whoever holds it may use.
    Ticket,
}

/// A rider with a session: who pays, whose key credentials name, what it may travel as.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rider {
    /// Who is charged.
    pub account: AccountId,
    /// The phone's key.
    pub holder: HolderKey,
    /// What the account may travel as; the party is the largest.
    pub entitlement: Entitlement,
}

/// A device that has proved to hold its key, to be registered in one transaction.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DeviceRegistration {
    /// The account the device gets if its key is new.
    pub account: AccountId,
    /// The device's key.
    pub holder: HolderKey,
    /// What the account may travel as if it is new.
    pub entitlement: Entitlement,
    /// The challenge that was answered; it is good for this registration alone.
    pub challenge: ChallengeHash,
    /// Until when the challenge must be remembered as used.
    pub challenge_until: Timestamp,
    /// The device's new session; an earlier one of the same device ends.
    pub session: SessionHash,
    /// First instant at which the session is over.
    pub session_until: Timestamp,
    /// Now.
    pub at: Timestamp,
}

/// What became of a registration.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "one per registration, taken apart where it is made"
)]
pub enum RegistrationOutcome {
    /// The key has its session: it is this rider's, whether the key was new or known.
    Registered(Rider),
    /// The challenge was used before; nothing was changed.
    ChallengeUsed,
}

/// The record of one signature, written before the signature exists and never changed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct IssuanceRecord {
    /// The code's claim `cti`.
    pub id: CredentialId,
    /// Who is charged for its taps.
    pub account: AccountId,
    /// The key that is about to sign.
    pub kid: KeyId,
    /// Credential or ticket.
    pub kind: CodeKind,
    /// What it entitles to.
    pub entitlement: Entitlement,
    /// Hash of the bytes that are about to be signed.
    pub message: MessageHash,
    /// From when the code opens gates.
    pub starts_at: Timestamp,
    /// Until when the code opens gates.
    pub expires_at: Timestamp,
    /// Now.
    pub recorded_at: Timestamp,
}

/// What became of a record.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Recorded {
    /// It is durable: the signer may be asked.
    Yes,
    /// A code of the account is on the deny list; nothing was written.
    AccountDenied,
}

/// A code to be put on the deny list, with every other live code of the same account.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Denial {
    /// The code; it need not be one of ours.
    pub credential: CredentialId,
    /// Why.
    pub reason: DenyReason,
    /// Now.
    pub at: Timestamp,
    /// First instant at which the entry is dropped.
    pub until: Timestamp,
}

/// The deny list at one version.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DenyList {
    /// Grows with every change.
    pub version: u64,
    /// In ascending order.
    pub entries: Vec<CredentialId>,
}

/// The issuer's durable memory. Every method is one transaction; when it returns `Ok`, what it
/// wrote survives the loss of power.
///
/// `testing::check_contract` says what a store must do, case by case.
pub trait IssuanceStore: Send + Sync {
    /// How the store fails.
    type Error: core::error::Error + Send + Sync + 'static;

    /// Marks the challenge used, finds or makes the account of the key, replaces its session.
    fn register(
        &self,
        registration: &DeviceRegistration,
    ) -> impl Future<Output = Result<RegistrationOutcome, Self::Error>> + Send;

    /// The rider of a session that is not over at `now`.
    fn rider(
        &self,
        session: &SessionHash,
        now: Timestamp,
    ) -> impl Future<Output = Result<Option<Rider>, Self::Error>> + Send;

    /// Appends to the record of signatures, unless a code of the account is on the deny list at
    /// `record.recorded_at`. A second record of one id is an error.
    fn record(
        &self,
        record: &IssuanceRecord,
    ) -> impl Future<Output = Result<Recorded, Self::Error>> + Send;

    /// The record of a code, if this issuer ever was about to sign it.
    fn issued(
        &self,
        id: CredentialId,
    ) -> impl Future<Output = Result<Option<IssuanceRecord>, Self::Error>> + Send;

    /// Puts a code and every code of its account that expires after `denial.at` on the deny
    /// list, or changes their reason and end there. Gives the list's version.
    fn deny(&self, denial: &Denial) -> impl Future<Output = Result<u64, Self::Error>> + Send;

    /// Takes a code and every code of its account off the deny list. Gives the list's version.
    fn allow(
        &self,
        credential: CredentialId,
        now: Timestamp,
    ) -> impl Future<Output = Result<u64, Self::Error>> + Send;

    /// The deny list at `now`. Entries whose end has come are dropped first, as a change of its
    /// own.
    fn deny_list(
        &self,
        now: Timestamp,
    ) -> impl Future<Output = Result<DenyList, Self::Error>> + Send;

    /// The version that [`IssuanceStore::deny_list`] would give, for less work.
    fn deny_version(
        &self,
        now: Timestamp,
    ) -> impl Future<Output = Result<u64, Self::Error>> + Send {
        async move { Ok(self.deny_list(now).await?.version) }
    }
}
