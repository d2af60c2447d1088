//! Who of the staff asks: by `Authorization: Bearer TOKEN`, or by the cookie of a session.
//!
//! The cookie is `__Host-`, `Secure`, `HttpOnly` and `SameSite=Strict`, so no other site's page can
//! send it; requests that change something and carry it must also name this server as their
//! origin.

use api::{Problem, ProblemCode, SessionToken};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::uri::Authority;
use axum::http::{HeaderMap, Method, header};
use settlement::model::Actor;
use settlement::staff::{Staff, StaffStore as _, Task};
use sha2::{Digest as _, Sha256};

use crate::{ApiError, AppState};

/// The session's cookie.
pub(crate) const COOKIE: &str = "__Host-faregate-staff";

/// What a store keeps of a token.
pub(crate) fn hash(token: &SessionToken) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

/// The session's token in the cookies of `headers`.
pub(crate) fn cookie(headers: &HeaderMap) -> Option<SessionToken> {
    let values = headers.get_all(header::COOKIE).iter();
    values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(name, _)| *name == COOKIE)
        .and_then(|(_, text)| SessionToken::from_text(text).ok())
}

async fn authenticate(state: &AppState, parts: &Parts) -> Result<Staff, ApiError> {
    let unauthorized = || {
        let detail = "Sign in, or send a staff token as Authorization: Bearer.";
        ApiError::from(Problem::new(ProblemCode::Unauthorized, detail))
    };
    let bearer = parts.headers.get(header::AUTHORIZATION);
    let found = if let Some(value) = bearer {
        let token = value.to_str().ok().and_then(|value| value.split_once(' '));
        let token = token.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
        let token = token.and_then(|(_, text)| SessionToken::from_text(text.trim()).ok());
        let token = token.ok_or_else(unauthorized)?;
        state.store.staff_of_token(&hash(&token)).await
    } else {
        let token = cookie(&parts.headers).ok_or_else(unauthorized)?;
        check_origin(parts)?;
        let session = hash(&token);
        state.store.staff_of_session(&session, state.now()).await
    };
    found.map_err(ApiError::internal)?.ok_or_else(unauthorized)
}

/// A browser names the origin of every request that is not a read; another site's is refused.
pub(crate) fn check_origin(parts: &Parts) -> Result<(), ApiError> {
    if matches!(parts.method, Method::GET | Method::HEAD) {
        return Ok(());
    }
    let text = |name| {
        parts
            .headers
            .get(name)
            .and_then(|value| value.to_str().ok())
    };
    let origin = text(header::ORIGIN).and_then(|origin| origin.split_once("://"));
    // HTTP/2 carries the host in the request's target.
    let host = text(header::HOST).or_else(|| parts.uri.authority().map(Authority::as_str));
    if origin.is_some_and(|(_, authority)| Some(authority) == host) {
        return Ok(());
    }
    let detail = "Only this server's own pages may do this with a session's cookie.";
    let problem = Problem::new(ProblemCode::Forbidden, detail);
    Err(problem.at("header:origin", "expected this server").into())
}

fn allowed(staff: Staff, task: Task) -> Result<Staff, ApiError> {
    if staff.role.may(task) {
        return Ok(staff);
    }
    let detail = format!("The role {} may not do this.", staff.role.as_str());
    Err(Problem::new(ProblemCode::Forbidden, detail).into())
}

macro_rules! extractors {
    ($($(#[$doc:meta])* $name:ident: $task:expr;)*) => {$(
        $(#[$doc])*
        pub(crate) struct $name(pub(crate) Staff);

        impl $name {
            /// Who it is, for the books.
            pub(crate) fn actor(&self) -> Actor {
                Actor::Staff(self.0.name.clone())
            }
        }

        impl FromRequestParts<AppState> for $name {
            type Rejection = ApiError;

            async fn from_request_parts(
                parts: &mut Parts,
                state: &AppState,
            ) -> Result<Self, Self::Rejection> {
                let staff = authenticate(state, parts).await?;
                allowed(staff, $task).map(Self)
            }
        }
    )*};
}

extractors! {
    /// Staff that may look at the books.
    Looker: Task::Look;
    /// Staff that may propose refunds and write-offs and answer appeals.
    Proposer: Task::Propose;
}

impl Proposer {
    /// Whether they may decide refunds and write-offs too.
    ///
    /// # Errors
    /// 403 where their role may not.
    pub(crate) fn check_may_decide(&self) -> Result<(), ApiError> {
        allowed(self.0.clone(), Task::Decide).map(|_| ())
    }
}
