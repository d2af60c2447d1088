//! The built web pages, carried inside the binary.

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Redirect, Response};
use rust_embed::RustEmbed;

use crate::conditional::tag_of;

/// What `npm run build` wrote to `web/dist`; empty where the pages were never built.
#[derive(RustEmbed)]
#[folder = "../../web/dist"]
#[allow_missing = true]
struct Pages;

/// What a page may load: only what this server itself sends. WebAssembly from here may be
/// compiled: an inspector's page decides by the validator itself.
const CONTENT_SECURITY_POLICY: &str = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; \
     img-src 'self' blob: data:; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; \
     form-action 'self'";

/// Shown where the binary was built without its pages.
const WITHOUT_PAGES: &str = "Faregate is running. This binary was built without its web pages: \
     build it with `cargo xtask demo`, or use the HTTP API under /v1.\n";

/// The page or file at `uri`; `None` where there is none.
pub(crate) fn serve(uri: &Uri) -> Option<Response> {
    let path = uri.path().trim_start_matches('/');
    let path = if path.is_empty() { "index.html" } else { path };
    if path.ends_with('/') {
        let path = format!("{path}index.html");
        return Pages::get(&path).map(|file| page(&path, file));
    }
    if Pages::get(&format!("{path}/index.html")).is_some() {
        return Some(to_folder(path));
    }
    match Pages::get(path) {
        Some(file) => Some(page(path, file)),
        None if path == "index.html" => Some(WITHOUT_PAGES.into_response()),
        None => None,
    }
}

/// A page that is a folder lies behind a slash, so that its service worker's scope holds it.
fn to_folder(path: &str) -> Response {
    Redirect::permanent(&format!("/{path}/")).into_response()
}

fn page(path: &str, file: rust_embed::EmbeddedFile) -> Response {
    let kind = HeaderValue::from_str(file.metadata.mimetype())
        .unwrap_or(HeaderValue::from_static("application/octet-stream"));
    // Vite puts a hash of the content into the name of everything below `assets/`.
    let keep = if path.starts_with("assets/") {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    let mut response = (StatusCode::OK, Body::from(file.data)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, kind);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(keep));
    headers.insert(header::ETAG, tag_of(&file.metadata.sha256_hash()));
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(CONTENT_SECURITY_POLICY),
    );
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    headers.insert(
        header::REFERRER_POLICY,
        HeaderValue::from_static("no-referrer"),
    );
    response
}
