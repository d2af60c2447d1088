//! Problems: what every error of the HTTP API looks like (RFC 9457).

use core::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// One error in one place of a request.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct FieldError {
    /// Where: a JSON pointer into the body (RFC 6901); the header's or parameter's name after
    /// `header:` or `query:` where the body is not to blame.
    pub pointer: String,
    /// What was expected and what came.
    pub detail: String,
}

/// The body of an error, `application/problem+json` (RFC 9457).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// A reference that names the kind of problem: `/problems/<code>`.
    #[serde(rename = "type")]
    #[schema(value_type = String)]
    pub kind: Box<str>,
    /// The kind in a few words; the same for every occurrence.
    #[schema(value_type = String)]
    pub title: Box<str>,
    /// The HTTP status, repeated.
    pub status: u16,
    /// What happened here and what to do about it.
    pub detail: String,
    /// The kind as a stable name for programs.
    #[schema(value_type = String)]
    pub code: Box<str>,
    /// Places in the request, where some are to blame.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
}

macro_rules! problem_codes {
    ($($(#[doc = $doc:literal])* $name:ident = $code:literal, $status:literal, $title:literal;)*)
    => {
        /// The kinds of problems: a stable name, an HTTP status and a title each.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
        #[non_exhaustive]
        pub enum ProblemCode {
            $($(#[doc = $doc])* $name,)*
        }

        impl ProblemCode {
            /// Every kind, in the order of the statuses.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The stable name, snake case.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }

            /// The HTTP status.
            #[must_use]
            pub const fn status(self) -> u16 {
                match self { $(Self::$name => $status,)* }
            }

            /// The kind in a few words.
            #[must_use]
            pub const fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)* }
            }

            /// What the kind means, in a sentence or two of Markdown.
            #[must_use]
            pub const fn explanation(self) -> &'static str {
                match self { $(Self::$name => concat!($($doc,)*),)* }
            }
        }
    };
}

problem_codes! {
    /// The body is no JSON at all; the detail names line and column.
    JsonSyntax = "json_syntax", 400, "The body is not JSON";
    /// The body could not be read to its end.
    BodyUnreadable = "body_unreadable", 400, "The body could not be read";
    /// A parameter of the query is missing or wrong.
    InvalidQuery = "invalid_query", 400, "A query parameter is wrong";
    /// This request needs the header `Idempotency-Key`, a string in double quotes of 1 to 64
    /// printable ASCII characters, made by whoever asks and new for each thing that is wanted.
    IdempotencyKeyMissing = "idempotency_key_missing", 400, "An idempotency key is needed";
    /// No session, or one that is unknown, over or someone else's: all answer alike.
    Unauthorized = "unauthorized", 401, "A session is needed";
    /// The account has a code on the deny list.
    AccountDenied = "account_denied", 403, "The account is on the deny list";
    /// The account has no right to the category, party or product it asked for.
    NotEntitled = "not_entitled", 403, "The account is not entitled to this";
    /// The role of whoever asks may not do this, or another site's page asks.
    Forbidden = "forbidden", 403, "This is not yours to do";
    /// No reader in service has this device id.
    DeviceNotInService = "device_not_in_service", 403, "The device is not in service";
    /// A webhook whose signature is not the provider's, or too old.
    WebhookUnproven = "webhook_unproven", 403, "The webhook proves no origin";
    /// Nothing lives at this path.
    NotFound = "not_found", 404, "There is nothing here";
    /// The path exists, the method does not.
    MethodNotAllowed = "method_not_allowed", 405, "This method is not allowed here";
    /// No media type of the `Accept` header is offered.
    NotAcceptable = "not_acceptable", 406, "None of the accepted media types is offered";
    /// The challenge has been used before.
    ChallengeUsed = "challenge_used", 409, "The challenge has been used";
    /// Something else has this id, or it was decided already.
    Conflict = "conflict", 409, "It is otherwise already";
    /// A request with this idempotency key is being worked on: ask again in a moment.
    RequestUnderWay = "request_under_way", 409, "The same request is being worked on";
    /// The body has more bytes than the route reads.
    BodyTooLarge = "body_too_large", 413, "The body is too large";
    /// The body has another media type than the route reads.
    UnsupportedMediaType = "unsupported_media_type", 415, "This media type is not read here";
    /// JSON of another shape or with a value that cannot be; `errors` names the place.
    InvalidBody = "invalid_body", 422, "A field of the body is wrong";
    /// The challenge was not made here.
    ChallengeUnknown = "challenge_unknown", 422, "The challenge was not made here";
    /// The challenge was made here and is too old.
    ChallengeExpired = "challenge_expired", 422, "The challenge has expired";
    /// The public key is no key a device could hold.
    PublicKeyInvalid = "public_key_invalid", 422, "The public key is not usable";
    /// The signature does not prove that the device holds the private key.
    ProofWrong = "proof_wrong", 422, "The proof does not fit the key and the challenge";
    /// The device did not sign this batch.
    DeviceSignatureWrong = "device_signature_wrong", 422, "The device did not sign this";
    /// This idempotency key came before with another request: make a new key for a new one.
    IdempotencyKeyReused = "idempotency_key_reused", 422, "The idempotency key is taken";
    /// The rules of refunds refuse it.
    RefundRefused = "refund_refused", 422, "This cannot be refunded";
    /// This client asked too often; the header `Retry-After` says when it may ask again.
    TooManyRequests = "too_many_requests", 429, "Too many requests";
    /// We failed; the request may be sent again.
    Internal = "internal", 500, "The server failed";
    /// The request cannot be served at this time.
    Unavailable = "unavailable", 503, "This cannot be done at this time";
}

impl Problem {
    /// A problem of kind `code`; `detail` says what happened here.
    #[must_use]
    pub fn new(code: ProblemCode, detail: impl Into<String>) -> Self {
        Self {
            kind: format!("/problems/{}", code.code()).into(),
            title: code.title().into(),
            status: code.status(),
            detail: detail.into(),
            code: code.code().into(),
            errors: Vec::new(),
        }
    }

    /// The same problem with one more place that is to blame.
    #[must_use]
    pub fn at(mut self, pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        self.errors.push(FieldError {
            pointer: pointer.into(),
            detail: detail.into(),
        });
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}): {}", self.code, self.status, self.detail)
    }
}

impl std::error::Error for Problem {}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn a_problem_is_rfc_9457_json() {
        let problem = Problem::new(ProblemCode::InvalidBody, "the body has 1 wrong field")
            .at("/party", "expected 1 to 8, got 0");
        insta::assert_json_snapshot!(problem, @r#"
        {
          "type": "/problems/invalid_body",
          "title": "A field of the body is wrong",
          "status": 422,
          "detail": "the body has 1 wrong field",
          "code": "invalid_body",
          "errors": [
            {
              "pointer": "/party",
              "detail": "expected 1 to 8, got 0"
            }
          ]
        }
        "#);
    }

    #[test]
    fn every_kind_has_its_own_name_and_an_error_status() {
        let names: BTreeSet<_> = ProblemCode::ALL.iter().map(|code| code.code()).collect();
        assert_eq!(names.len(), ProblemCode::ALL.len());
        for code in ProblemCode::ALL {
            assert!((400..600).contains(&code.status()), "{code:?}");
        }
    }
}
