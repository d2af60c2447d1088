//! `/problems/<code>`: what the `type` of an error means (RFC 9457 section 3.1.1).

use api::ProblemCode;
use axum::http::{HeaderValue, header};
use axum::response::{Html, IntoResponse as _, Response};

use crate::ApiError;
use crate::app::not_found;
use crate::conditional::Unchanged;
use crate::document::problems;
use crate::extract::Segment;

problems! {
    Problems: &[ProblemCode::NotFound];
}

/// Nothing is loaded or run; the one style is in the page.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'";

/// A page about one kind of problem.
#[utoipa::path(
    get,
    path = "/problems/{code}",
    operation_id = "explain_problem",
    tag = "server",
    params(("code" = String, Path, description = "The `code` of a problem.")),
    responses(
        (status = 200, body = String, content_type = "text/html", description = "A page."),
        Unchanged, Problems,
    ),
)]
pub(crate) async fn one(Segment(code): Segment) -> Result<Response, ApiError> {
    let mut kinds = ProblemCode::ALL.iter();
    let kind = kinds.find(|kind| kind.code() == code);
    let kind = kind.ok_or_else(|| not_found(&format!("/problems/{code}")))?;
    let mut response = Html(page(*kind)).into_response();
    let policy = HeaderValue::from_static(CONTENT_SECURITY_POLICY);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    let nosniff = HeaderValue::from_static("nosniff");
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, nosniff);
    Ok(response)
}

/// Titles and explanations are texts of this program: there is nothing to escape in them, and of
/// Markdown they hold code alone.
fn page(kind: ProblemCode) -> String {
    let (code, status, title) = (kind.code(), kind.status(), kind.title());
    let parts = kind.explanation().trim().split('`').enumerate();
    let means: String = parts
        .map(|(at, part)| match at % 2 {
            0 => part.to_owned(),
            _ => format!("<code>{part}</code>"),
        })
        .collect();
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>{title}</title>\n\
         <style>body{{font:1rem/1.5 system-ui,sans-serif;max-width:40rem;margin:3rem auto;\
         padding:0 1rem}}</style>\n<h1>{title}</h1>\n<p>{means}</p>\n\
         <p>HTTP status {status}, <code>{code}</code>. The answer&#39;s <code>detail</code> says \
         what happened to this request, and <code>errors</code> where.</p>\n</html>\n"
    )
}
