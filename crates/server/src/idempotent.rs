//! `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header): a request that is sent again is
//! answered again and done once.

use std::future::Future;

use api::{Problem, ProblemCode, parse_json};
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde::de::DeserializeOwned;
use settlement::idempotency::{AnswerStore as _, Asked, Begun, KeptAnswer};
use sha2::{Digest as _, Sha256};

use crate::routes::body::check_is_json;
use crate::{ApiError, AppState, RawBody};

/// The header's name.
pub(crate) const HEADER: &str = "idempotency-key";

/// A key has at most this many characters: a UUID has 36.
const KEY_CHARS_MAX: usize = 64;

/// An answer that is kept has at most this many bytes; the largest tells some hundred payments.
const ANSWER_BYTES_MAX: usize = 1024 * 1024;

/// What a route answers that needs a key.
pub(crate) const KEYED: &[ProblemCode] = &[
    ProblemCode::IdempotencyKeyMissing,
    ProblemCode::RequestUnderWay,
    ProblemCode::IdempotencyKeyReused,
];

/// A request with a key.
#[derive(Debug)]
pub(crate) struct Once {
    key: String,
    fingerprint: [u8; 32],
    headers: HeaderMap,
    body: Bytes,
}

impl<S: Send + Sync> FromRequest<S> for Once {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let key = read_key(request.headers()).ok_or_else(missing)?;
        let headers = request.headers().clone();
        let mut fingerprint = Sha256::new();
        for part in [request.method().as_str(), request.uri().path()] {
            fingerprint.update(part);
            fingerprint.update([0]);
        }
        let RawBody(body) = RawBody::from_request(request, state).await?;
        fingerprint.update(&body);
        Ok(Self {
            key,
            fingerprint: fingerprint.finalize().into(),
            headers,
            body,
        })
    }
}

/// The key: an RFC 8941 string, without the quotes. Escapes are refused: nobody needs them.
fn read_key(headers: &HeaderMap) -> Option<String> {
    let text = headers.get(HEADER)?.to_str().ok()?.trim();
    let key = text.strip_prefix('"')?.strip_suffix('"')?;
    let is_plain = key
        .bytes()
        .all(|byte| matches!(byte, b' '..=b'~') && !b"\"\\".contains(&byte));
    (is_plain && (1..=KEY_CHARS_MAX).contains(&key.len())).then(|| key.to_owned())
}

fn missing() -> ApiError {
    let detail = format!(
        "Send Idempotency-Key: a string in double quotes of 1 to {KEY_CHARS_MAX} characters, \
         new for each thing that is wanted."
    );
    let problem = Problem::new(ProblemCode::IdempotencyKeyMissing, detail.clone());
    problem.at("header:idempotency-key", detail).into()
}

impl Once {
    /// The key.
    pub(crate) fn key(&self) -> &str {
        &self.key
    }

    /// The body as JSON.
    ///
    /// # Errors
    /// Problems that name their place.
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<T, ApiError> {
        check_is_json(&self.headers)?;
        Ok(parse_json(&self.body)?)
    }

    /// Does `work` and keeps its answer, or answers what is kept. `who` is who asks: keys of
    /// different askers have nothing to do with each other. Work goes on where a phone hangs up.
    ///
    /// # Errors
    /// Problems for a key that is taken, and what `work` refuses.
    pub(crate) async fn run<W>(
        &self,
        state: &AppState,
        who: &str,
        work: W,
    ) -> Result<Response, ApiError>
    where
        W: Future<Output = Result<Response, ApiError>> + Send + 'static,
    {
        let mut key = Sha256::new();
        for part in [who, self.key.as_str()] {
            key.update(Sha256::digest(part));
        }
        let asked = Asked {
            key: key.finalize().into(),
            fingerprint: self.fingerprint,
        };
        let begun = state.store.begin_request(&asked, state.now()).await;
        match begun.map_err(ApiError::internal)? {
            Begun::First => {}
            Begun::Answered(answer) => return Ok(replay(answer)),
            Begun::UnderWay => {
                let detail = "The same request is being worked on: send it again in a moment.";
                return Err(Problem::new(ProblemCode::RequestUnderWay, detail).into());
            }
            Begun::Different => {
                let detail = "This key came with another request before: make a new one.";
                let problem = Problem::new(ProblemCode::IdempotencyKeyReused, detail);
                return Err(problem.at("header:idempotency-key", detail).into());
            }
        }
        let at_work = state.clone();
        let work = async move { end(&at_work, asked, tokio::spawn(work).await).await };
        tokio::spawn(work).await.map_err(ApiError::internal)?
    }
}

/// Keeps the answer where the same request would be answered the same again.
async fn end(
    state: &AppState,
    asked: Asked,
    done: Result<Result<Response, ApiError>, tokio::task::JoinError>,
) -> Result<Response, ApiError> {
    let response = match done {
        Ok(answer) => answer.unwrap_or_else(ApiError::into_response),
        Err(error) => ApiError::internal(error).into_response(),
    };
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, ANSWER_BYTES_MAX)
        .await
        .map_err(ApiError::internal)?;
    let answer = KeptAnswer {
        status: parts.status.as_u16(),
        body: body.to_vec(),
    };
    let kept = (!parts.status.is_server_error()).then_some(&answer);
    let ended = state.store.end_request(&asked, kept, state.now()).await;
    ended.map_err(ApiError::internal)?;
    Ok(Response::from_parts(parts, Body::from(body)))
}

/// The kept answer: JSON, or a problem.
fn replay(answer: KeptAnswer) -> Response {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let kind = if status.is_client_error() {
        "application/problem+json"
    } else {
        "application/json"
    };
    let kind = [(header::CONTENT_TYPE, HeaderValue::from_static(kind))];
    (status, kind, answer.body).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_a_string_in_quotes_of_1_to_64_characters() {
        let check = |text: &str, expected: Option<&str>| {
            let mut headers = HeaderMap::new();
            headers.insert(HEADER, HeaderValue::from_bytes(text.as_bytes()).unwrap());
            assert_eq!(read_key(&headers).as_deref(), expected, "{text}");
        };
        // The example of the draft.
        let example = "8e03978e-40d5-43dd-bc93-6894a57f9324";
        check(&format!("\"{example}\""), Some(example));
        check("\"a b\"", Some("a b"));
        check(&format!("\"{}\"", "k".repeat(64)), Some(&"k".repeat(64)));
        check(&format!("\"{}\"", "k".repeat(65)), None);
        for wrong in [
            "",
            "\"\"",
            example,
            "\"",
            "\"a\"b\"",
            "\"a\\\\b\"",
            "\"é\"",
            "\"a",
            "a\"",
        ] {
            check(wrong, None);
        }
        assert_eq!(read_key(&HeaderMap::new()), None);
    }
}
