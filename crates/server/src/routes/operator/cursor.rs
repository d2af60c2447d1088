//! Pages: how many items, and where the next one goes on. A cursor is opaque to whoever gets it:
//! the last item's key as bytes, in base64url.

use api::{Base64Bytes, Page, Problem, ProblemCode};
use serde::Deserialize;
use settlement::corrections::PageAfter;
use settlement::operator::ChargeKey;
use units::{AccountId, CorrectionId, PaymentId, ServiceDay, Timestamp};
use utoipa::IntoParams;

use crate::ApiError;

/// Items of a page where the request names no number.
const LIMIT: u32 = 50;

/// The most items of one page.
const LIMIT_MAX: u32 = 200;

/// `?cursor=…&limit=…`.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Paging {
    /// The `next` of the page before.
    #[param(nullable = false)]
    pub(crate) cursor: Option<String>,
    /// Items of the page: 50 where it is absent, 200 at most.
    #[param(nullable = false)]
    pub(crate) limit: Option<u32>,
}

/// The key of an item in its list.
pub(crate) trait Key: Sized {
    fn write(&self) -> Vec<u8>;
    fn read(bytes: &[u8]) -> Option<Self>;
}

impl Paging {
    /// Items on the page.
    pub(crate) fn limit(&self) -> u32 {
        self.limit.unwrap_or(LIMIT).clamp(1, LIMIT_MAX)
    }

    /// Items to ask for: one more than the page holds says whether another page follows.
    pub(crate) fn fetch(&self) -> u32 {
        self.limit() + 1
    }

    /// The key after which the page begins.
    ///
    /// # Errors
    /// 400 for a cursor that is none of ours.
    pub(crate) fn after<K: Key>(&self) -> Result<Option<K>, ApiError> {
        let Some(text) = &self.cursor else {
            return Ok(None);
        };
        let bytes = Base64Bytes::from_text(text).ok();
        match bytes.and_then(|bytes| K::read(&bytes.0)) {
            Some(key) => Ok(Some(key)),
            None => Err(
                Problem::new(ProblemCode::InvalidQuery, "a query parameter is wrong")
                    .at("query:cursor", "expected the `next` of a page of this list")
                    .into(),
            ),
        }
    }

    /// The page of `found`, which was asked for with [`Self::fetch`].
    pub(crate) fn page<T, U, K: Key>(
        &self,
        mut found: Vec<T>,
        key: impl Fn(&T) -> K,
        body: impl Fn(T) -> U,
    ) -> Page<U> {
        let limit = usize::try_from(self.limit()).unwrap_or(usize::MAX);
        let is_more = found.len() > limit;
        found.truncate(limit);
        let last = found.last().filter(|_| is_more);
        let next = last.map(|last| Base64Bytes(key(last).write()).to_string());
        Page {
            items: found.into_iter().map(body).collect(),
            next,
        }
    }
}

fn split<const N: usize>(bytes: &[u8]) -> Option<([u8; N], &[u8])> {
    let (head, tail) = bytes.split_first_chunk::<N>()?;
    Some((*head, tail))
}

impl Key for ServiceDay {
    fn write(&self) -> Vec<u8> {
        self.as_days().to_be_bytes().to_vec()
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let days = bytes.try_into().ok()?;
        Some(Self::from_days(i32::from_be_bytes(days)))
    }
}

impl Key for AccountId {
    fn write(&self) -> Vec<u8> {
        self.as_bytes().to_vec()
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self::from_bytes)
    }
}

/// An account's day.
impl Key for (ServiceDay, AccountId) {
    fn write(&self) -> Vec<u8> {
        let mut bytes = self.0.write();
        bytes.extend(self.1.as_bytes());
        bytes
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let (day, rest) = split(bytes)?;
        let account = AccountId::from_bytes(rest.try_into().ok()?);
        Some((ServiceDay::from_days(i32::from_be_bytes(day)), account))
    }
}

/// A payment.
impl Key for (AccountId, PaymentId) {
    fn write(&self) -> Vec<u8> {
        [*self.0.as_bytes(), *self.1.as_bytes()].concat()
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let (account, rest) = split(bytes)?;
        let payment = PaymentId::from_bytes(rest.try_into().ok()?);
        Some((AccountId::from_bytes(account), payment))
    }
}

/// A line of the audit trail.
impl Key for u64 {
    fn write(&self) -> Vec<u8> {
        self.to_be_bytes().to_vec()
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self::from_be_bytes)
    }
}

impl Key for ChargeKey {
    fn write(&self) -> Vec<u8> {
        let mut bytes = self.day.write();
        bytes.extend(self.account.as_bytes());
        bytes.extend(self.revision.to_be_bytes());
        bytes
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let (day, rest) = split(bytes)?;
        let (account, rest) = split(rest)?;
        Some(Self {
            day: ServiceDay::from_days(i32::from_be_bytes(day)),
            account: AccountId::from_bytes(account),
            revision: u32::from_be_bytes(rest.try_into().ok()?),
        })
    }
}

impl Key for PageAfter {
    fn write(&self) -> Vec<u8> {
        let mut bytes = self.made_at.as_micros().to_be_bytes().to_vec();
        bytes.extend(self.id.as_bytes());
        bytes
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let (made_at, rest) = split(bytes)?;
        Some(Self {
            made_at: Timestamp::from_micros(i64::from_be_bytes(made_at)),
            id: CorrectionId::from_bytes(rest.try_into().ok()?),
        })
    }
}
