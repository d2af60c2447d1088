//! The OpenAPI 3.1 document, made from the routes themselves: what is registered is described.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use api::{Problem, ProblemCode};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::example::{Example, ExampleBuilder};
use utoipa::openapi::response::{self, ResponseBuilder};
use utoipa::openapi::schema::{AllOfBuilder, ObjectBuilder, SchemaType, Type};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{OpenApi, Ref, RefOr, Schema};
use utoipa::{Modify, OpenApi as _};

use crate::app;
use crate::conditional::Unchanged;
use crate::routes::operator::COOKIE;

/// What every route may answer.
pub(crate) const EVERYWHERE: &[ProblemCode] =
    &[ProblemCode::TooManyRequests, ProblemCode::Internal];

/// What a route answers where no session is in force.
pub(crate) const SESSION: &[ProblemCode] = &[ProblemCode::Unauthorized];

/// What a route of staff answers that changes something.
pub(crate) const STAFF: &[ProblemCode] = &[ProblemCode::Unauthorized, ProblemCode::Forbidden];

/// What a route answers that reads a body of bytes.
pub(crate) const BYTES: &[ProblemCode] = &[ProblemCode::BodyUnreadable, ProblemCode::BodyTooLarge];

/// What a route answers that reads JSON.
pub(crate) const JSON: &[ProblemCode] = &[
    ProblemCode::JsonSyntax,
    ProblemCode::UnsupportedMediaType,
    ProblemCode::InvalidBody,
];

/// What a route answers that reads parameters of the query.
pub(crate) const QUERY: &[ProblemCode] = &[ProblemCode::InvalidQuery];

/// What a route answers that signs a code.
pub(crate) const CODES: &[ProblemCode] = &[
    ProblemCode::AccountDenied,
    ProblemCode::NotEntitled,
    ProblemCode::Unavailable,
];

/// Names the problems that one route answers, for its description.
macro_rules! problems {
    ($($name:ident: $($set:expr),+;)+) => {$(
        pub(crate) struct $name;

        impl utoipa::IntoResponses for $name {
            fn responses() -> std::collections::BTreeMap<
                String,
                utoipa::openapi::RefOr<utoipa::openapi::response::Response>,
            > {
                $crate::document::of_codes(&[$crate::document::EVERYWHERE, $($set),+].concat())
            }
        }
    )+};
}
pub(crate) use problems;

/// One response for each status of `codes`: its schema holds these codes and no other.
pub(crate) fn of_codes(codes: &[ProblemCode]) -> BTreeMap<String, RefOr<response::Response>> {
    let mut by_status: BTreeMap<u16, BTreeSet<ProblemCode>> = BTreeMap::new();
    for code in codes {
        by_status.entry(code.status()).or_default().insert(*code);
    }
    let described = by_status.into_iter().map(|(status, codes)| {
        let names: Vec<&str> = codes.iter().map(|code| code.code()).collect();
        let of = |kind| ObjectBuilder::new().schema_type(SchemaType::Type(kind));
        let told = ObjectBuilder::new()
            .property("status", of(Type::Integer).enum_values(Some([status])))
            .property("code", of(Type::String).enum_values(Some(names)));
        let schema = AllOfBuilder::new()
            .item(Ref::from_schema_name("Problem"))
            .item(told)
            .build();
        let examples = codes.iter().map(|code| {
            let shared = Ref::new(format!("#/components/examples/{}", code.code()));
            (code.code(), RefOr::<Example>::Ref(shared))
        });
        let titles: Vec<&str> = codes.iter().map(|code| code.title()).collect();
        let content = ContentBuilder::new()
            .schema(Some(Schema::AllOf(schema)))
            .examples_from_iter(examples)
            .build();
        let response = ResponseBuilder::new()
            .description(format!("{}.", titles.join("; ")))
            .content("application/problem+json", content)
            .build();
        (status.to_string(), RefOr::T(response))
    });
    described.collect()
}

/// The frame of the document: the paths come from the routers.
#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Faregate",
        description = "Codes that open gates, what they cost, and the books behind them. JSON in \
            snake_case; binary is base64url without padding; money is in minor units; every error \
            is an RFC 9457 problem with a stable `code`.",
    ),
    tags(
        (name = "codes", description = "Phones register and fetch codes."),
        (name = "readers", description = "What gates fetch, and what they upload."),
        (name = "riders", description = "A rider's own days, debts and appeals."),
        (name = "staff", description = "The books, refunds and their approval."),
        (name = "server", description = "The server about itself."),
    ),
    components(schemas(
        api::Problem, api::FieldError, api::schema::Uuid, api::schema::Day, api::schema::Time,
        api::schema::KeyName, api::schema::GtfsId, api::schema::IdempotencyKey,
        api::schema::Bytes, api::schema::Bytes32, api::schema::Bytes64,
    )),
    modifiers(&Shared),
)]
struct Frame;

/// Who may ask and how they say so, and each problem as an example.
struct Shared;

impl Modify for Shared {
    fn modify(&self, document: &mut OpenApi) {
        let bearer = |description: &str| {
            let http = HttpBuilder::new().scheme(HttpAuthScheme::Bearer);
            RefOr::T(SecurityScheme::Http(
                http.description(Some(description)).build(),
            ))
        };
        let key = ApiKeyValue::with_description;
        let cookie = key(
            COOKIE,
            "From `POST /v1/operator/session`. What is no `GET` must come from this server's own \
             pages.",
        );
        let signature = key(
            "Stripe-Signature",
            "The provider's proof that it sent the webhook.",
        );
        let components = document.components.get_or_insert_default();
        components
            .examples
            .extend(ProblemCode::ALL.iter().map(|code| {
                let shown = Problem::new(*code, code.explanation().trim());
                let shown = serde_json::to_value(shown).ok();
                let example = ExampleBuilder::new().summary(code.title()).value(shown);
                (code.code().to_owned(), RefOr::T(example.build()))
            }));
        components.security_schemes.extend([
            (
                "session".to_owned(),
                bearer("A rider's session, from `POST /v1/devices`."),
            ),
            (
                "staff_token".to_owned(),
                bearer("The token that `faregate staff add` printed."),
            ),
            (
                "staff_cookie".to_owned(),
                RefOr::T(SecurityScheme::ApiKey(ApiKey::Cookie(cookie))),
            ),
            (
                "provider_signature".to_owned(),
                RefOr::T(SecurityScheme::ApiKey(ApiKey::Header(signature))),
            ),
        ]);
    }
}

/// The OpenAPI document of every route that [`crate::router`] can answer, as JSON, two spaces deep.
#[must_use]
pub fn openapi() -> &'static str {
    static DOCUMENT: OnceLock<String> = OnceLock::new();
    DOCUMENT.get_or_init(|| {
        let mut document = Frame::openapi();
        for part in app::descriptions() {
            document.merge(part);
        }
        let json = document.to_pretty_json();
        json.map_or_else(|_| String::new(), |json| json + "\n")
    })
}

problems! { Openapi: &[]; }

/// The OpenAPI document.
#[utoipa::path(get, path = "/openapi.json", operation_id = "openapi", tag = "server",
    responses(
        (status = 200, body = serde_json::Value, description = "This document."),
        Unchanged,
        Openapi,
    ))]
pub(crate) async fn serve() -> Response {
    let kind = HeaderValue::from_static("application/json");
    ([(header::CONTENT_TYPE, kind)], openapi()).into_response()
}
