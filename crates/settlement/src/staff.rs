//! Staff: who may do what, and how the server knows them.
//!
//! A member of staff has a name, a role and a token that is shown once; a store keeps the token's
//! SHA-256 alone. A browser signs in with the token and gets a session of some hours, of which the
//! store keeps the hash as well. Every step is a line of the audit trail.

use std::future::Future;

use units::{Span, Timestamp};

use crate::corrections::AuditLine;
use crate::model::{StaffName, UnknownValue};
use crate::ports::StoreError;

/// How long a browser stays signed in: a working day.
pub const SESSION_LIFE: Span = Span::from_secs(10 * 60 * 60);

/// A member of staff.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Staff {
    /// The name: the key.
    pub name: StaffName,
    /// What they may do.
    pub role: Role,
    /// Since when.
    pub added_at: Timestamp,
}

/// What a member of staff may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Looks at everything and changes nothing.
    Viewer,
    /// Also proposes refunds and answers appeals.
    Agent,
    /// Also decides refunds that others proposed.
    Approver,
}

/// What somebody wants to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Task {
    /// See days, queues, charges, requests.
    Look,
    /// Propose a refund or answer an appeal.
    Propose,
    /// Approve or reject a refund.
    Decide,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 3] = [Self::Viewer, Self::Agent, Self::Approver];

    /// Whether the role may do `task`.
    #[must_use]
    pub const fn may(self, task: Task) -> bool {
        match task {
            Task::Look => true,
            Task::Propose => matches!(self, Self::Agent | Self::Approver),
            Task::Decide => matches!(self, Self::Approver),
        }
    }

    /// The stored text.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Agent => "agent",
            Self::Approver => "approver",
        }
    }

    /// Reads the stored text.
    ///
    /// # Errors
    /// [`UnknownValue`] for any other text.
    pub fn parse(text: &str) -> Result<Self, UnknownValue> {
        let found = Self::ALL.into_iter().find(|role| role.as_str() == text);
        found.ok_or_else(|| UnknownValue {
            expected: "viewer, agent or approver",
            got: text.to_owned(),
        })
    }
}

/// Where staff and their sessions are kept. Each method is one transaction.
pub trait StaffStore: Send + Sync {
    /// Adds somebody with the SHA-256 of their token. Answers whether the name was free.
    fn add_staff(
        &self,
        staff: &Staff,
        token_hash: &[u8; 32],
        line: &AuditLine,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Removes somebody: their token and sessions stop working at once; what they did stays.
    /// Answers whether there was somebody of that name.
    fn remove_staff(
        &self,
        name: &StaffName,
        line: &AuditLine,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// All staff, ordered by name.
    fn staff(&self) -> impl Future<Output = Result<Vec<Staff>, StoreError>> + Send;

    /// Whose token has this SHA-256.
    fn staff_of_token(
        &self,
        token_hash: &[u8; 32],
    ) -> impl Future<Output = Result<Option<Staff>, StoreError>> + Send;

    /// Opens a session for `name` until `expires_at`, forgets those that are over at `line.at`.
    fn open_session(
        &self,
        session_hash: &[u8; 32],
        name: &StaffName,
        expires_at: Timestamp,
        line: &AuditLine,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Whose session this is, if it is not over.
    fn staff_of_session(
        &self,
        session_hash: &[u8; 32],
        now: Timestamp,
    ) -> impl Future<Output = Result<Option<Staff>, StoreError>> + Send;

    /// Ends a session.
    fn close_session(
        &self,
        session_hash: &[u8; 32],
    ) -> impl Future<Output = Result<(), StoreError>> + Send;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_role_may_what_the_table_says() {
        // look, propose, decide
        let table = [
            (Role::Viewer, [true, false, false]),
            (Role::Agent, [true, true, false]),
            (Role::Approver, [true, true, true]),
        ];
        for (role, may) in table {
            let tasks = [Task::Look, Task::Propose, Task::Decide];
            assert_eq!(tasks.map(|task| role.may(task)), may, "{role:?}");
            assert_eq!(Role::parse(role.as_str()), Ok(role));
        }
        assert!(Role::parse("admin").is_err());
    }
}
