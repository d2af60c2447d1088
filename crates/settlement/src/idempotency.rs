//! Requests that are sent again: what was answered to the first is answered to each.
//!
//! Whoever asks for something that moves money makes a key for it. The first request with a key is
//! worked on and its answer kept for a day; a later one with the same key gets that answer, and
//! one that asks for something else under the same key is refused. Only hashes of keys and of
//! requests are kept, and answers, which hold no secret.

use std::future::Future;

use units::{Span, Timestamp};

use crate::ports::StoreError;

/// How long an answer is kept: a phone that was off over night still finds it.
pub const KEPT_FOR: Span = Span::from_secs(24 * 60 * 60);

/// How long a request may be worked on. After that its process has died, and the next request with
/// the key begins anew.
pub const WORKED_FOR: Span = Span::from_secs(2 * 60);

/// A request as it is remembered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    /// SHA-256 of who asks and of their key.
    pub key: [u8; 32],
    /// SHA-256 of what is asked: method, path and body.
    pub fingerprint: [u8; 32],
}

/// What was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptAnswer {
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
}

/// What is known of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Begun {
    /// Nothing was: it is the caller's to work on now.
    First,
    /// The same request is being worked on.
    UnderWay,
    /// The same request was answered so.
    Answered(KeptAnswer),
    /// Something else was asked with this key.
    Different,
}

/// Where answers are kept. Each method is one transaction.
pub trait AnswerStore: Send + Sync {
    /// Takes the key for this request unless it is taken; forgets what is over at `now`. Of any
    /// number of callers at the same time, one is the first.
    fn begin_request(
        &self,
        asked: &Asked,
        now: Timestamp,
    ) -> impl Future<Output = Result<Begun, StoreError>> + Send;

    /// Keeps the answer of a request that was begun; `None` where it is to be worked on again when
    /// it is sent again.
    fn end_request(
        &self,
        asked: &Asked,
        answer: Option<&KeptAnswer>,
        now: Timestamp,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;
}
