//! `POST /v1/tickets`: a bearer code with a short life, as text, SVG or PNG.

use api::{Problem, ProblemCode, Rfc3339, Text, TicketRequest, TicketResponse};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use issuer::{IssuedTicket, TicketWish, picture};
use wire::{PartySize, ProductCode, RiderCategory};

use super::body::{JsonBody, created, keep_out_of_caches};
use super::credentials::refuse;
use crate::document::{BYTES, CODES, JSON, SESSION, problems};
use crate::{ApiError, AppState, Session};

problems! {
    Problems: SESSION, BYTES, JSON, CODES, &[ProblemCode::NotAcceptable];
}

/// Says which ticket a picture shows, since a picture cannot.
const TICKET_ID: HeaderName = HeaderName::from_static("faregate-ticket-id");

/// How a ticket is told.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Form {
    Json,
    Svg,
    Png,
}

/// What is offered, best first where the asker does not mind.
const FORMS: [(Form, &str, &str); 3] = [
    (Form::Json, "application/json", "application/*"),
    (Form::Svg, "image/svg+xml", "image/*"),
    (Form::Png, "image/png", "image/*"),
];

/// Issues a ticket on the session's account.
#[utoipa::path(
    post,
    path = "/v1/tickets",
    operation_id = "issue_ticket",
    tag = "codes",
    security(("session" = [])),
    request_body = TicketRequest,
    responses(
        (status = 201, description = "A ticket, in the form that `Accept` likes best.", content(
            (TicketResponse = "application/json"),
            (String = "image/svg+xml"),
            (Vec<u8> = "image/png"),
        )),
        Problems,
    ),
)]
pub(crate) async fn issue(
    State(state): State<AppState>,
    Session(rider): Session,
    headers: HeaderMap,
    JsonBody(request): JsonBody<TicketRequest>,
) -> Result<Response, ApiError> {
    // Before anything is signed: a ticket that cannot be told is not worth a record.
    let form = accepted(&headers)?;
    let wish = TicketWish {
        category: request.category.map(RiderCategory::from_code),
        party: request.party.map(party).transpose()?,
        product: request.product.map(ProductCode::from_number),
        life: None,
    };
    let ticket = state
        .issuer
        .issue_ticket(&rider, &wish, state.now(), &*state.rng)
        .await
        .map_err(refuse)?;
    match form {
        Form::Json => Ok(created(&TicketResponse {
            ticket_id: Text(ticket.id),
            text: ticket.text,
            starts_at: Rfc3339(ticket.starts_at),
            expires_at: Rfc3339(ticket.expires_at),
        })),
        Form::Svg => {
            let drawing = picture::svg(&ticket.text).map_err(ApiError::internal)?;
            shown(&ticket, "image/svg+xml", drawing.into_bytes())
        }
        Form::Png => {
            let pixels = picture::png(&ticket.text).map_err(ApiError::internal)?;
            shown(&ticket, "image/png", pixels)
        }
    }
}

fn party(riders: u8) -> Result<PartySize, ApiError> {
    PartySize::new(riders).ok_or_else(|| {
        Problem::new(ProblemCode::InvalidBody, "a party has at least one rider")
            .at("/party", "expected 1 or more, got 0")
            .into()
    })
}

fn shown(
    ticket: &IssuedTicket,
    kind: &'static str,
    picture: Vec<u8>,
) -> Result<Response, ApiError> {
    let id = HeaderValue::try_from(ticket.id.to_string()).map_err(ApiError::internal)?;
    let kind = [
        (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
        (TICKET_ID, id),
    ];
    let mut response = (StatusCode::CREATED, kind, picture).into_response();
    keep_out_of_caches(response.headers_mut());
    Ok(response)
}

/// The form that `Accept` likes best (RFC 9110 section 12.5.1); JSON where it is absent.
fn accepted(headers: &HeaderMap) -> Result<Form, ApiError> {
    let mut ranges = Vec::new();
    for value in headers.get_all(header::ACCEPT) {
        ranges.extend(value.to_str().unwrap_or("").split(',').map(read_range));
    }
    if ranges.is_empty() {
        return Ok(Form::Json);
    }
    let mut best = (Form::Json, 0);
    for (form, exact, family) in FORMS {
        // The most specific range that fits decides.
        let quality = [exact, family, "*/*"].into_iter().find_map(|wanted| {
            let mut fitting = ranges.iter().filter(|(range, _)| range == wanted);
            fitting.next().map(|(_, quality)| *quality)
        });
        if quality.unwrap_or(0) > best.1 {
            best = (form, quality.unwrap_or(0));
        }
    }
    if best.1 > 0 {
        return Ok(best.0);
    }
    let offered = FORMS.map(|(_, exact, _)| exact).join(", ");
    let detail = format!("offered are {offered}");
    Err(Problem::new(ProblemCode::NotAcceptable, detail.clone())
        .at("header:accept", detail)
        .into())
}

/// A media range in lower case and its quality in thousandths.
fn read_range(text: &str) -> (String, u16) {
    let mut parts = text.split(';').map(str::trim);
    let range = parts.next().unwrap_or("").to_ascii_lowercase();
    let weight = parts.find_map(|part| part.strip_prefix("q=").or(part.strip_prefix("Q=")));
    (range, weight.map_or(1000, read_quality))
}

/// `0.8` is 800. What is no quality counts as none wanted.
fn read_quality(text: &str) -> u16 {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let digits = part.len() <= 3 && part.bytes().all(|byte| byte.is_ascii_digit());
    match (whole, digits) {
        ("1", true) => 1000,
        ("0", true) => format!("{part:0<3}").parse().unwrap_or(0),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_accept_header_chooses_the_form() {
        let check = |accept: Option<&str>, expected: Option<Form>| {
            let mut headers = HeaderMap::new();
            if let Some(accept) = accept {
                headers.insert(header::ACCEPT, HeaderValue::from_str(accept).unwrap());
            }
            assert_eq!(accepted(&headers).ok(), expected, "{accept:?}");
        };
        check(None, Some(Form::Json));
        check(Some("*/*"), Some(Form::Json));
        check(Some("image/png"), Some(Form::Png));
        check(Some("Image/SVG+XML"), Some(Form::Svg));
        check(Some("image/*"), Some(Form::Svg));
        // What a browser's <img> sends.
        check(
            Some("image/avif,image/webp,image/svg+xml,image/*;q=0.8,*/*;q=0.5"),
            Some(Form::Svg),
        );
        check(
            Some("application/json;q=0.2, image/png;q=0.9"),
            Some(Form::Png),
        );
        check(Some("image/svg+xml;q=0, image/*"), Some(Form::Png));
        check(Some("image/webp"), None);
        check(Some("application/json;q=0"), None);
        check(Some("application/json;q=x"), None);
    }
}
