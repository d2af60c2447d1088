//! Every bad request gets an RFC 9457 problem that names its place.

use axum::body::Body;
use axum::http::Request;
use wallet::Wallet;

use crate::world::World;

#[tokio::test]
async fn bad_bodies_are_told_where_they_are_bad() {
    let world = World::new().await;
    let check = async |body: &str, status: u16, code: &str, place: &str, words: &str| {
        let problem = world
            .post("/v1/devices", None, body)
            .await
            .problem(status, code);
        assert_eq!(problem["errors"][0]["pointer"], place, "{body}: {problem}");
        let detail = problem["errors"][0]["detail"].as_str().unwrap();
        assert!(detail.contains(words), "{body}: {problem}");
    };
    check("", 400, "json_syntax", "", "line 1 column 0").await;
    check(
        "{\"public_key\":\n  nope}",
        400,
        "json_syntax",
        "/public_key",
        "line 2 column 4",
    )
    .await;
    check("[1]", 422, "invalid_body", "/0", "expected a string").await;
    check("{}", 422, "invalid_body", "", "missing field `public_key`").await;
    check(
        r#"{"public_key": 7}"#,
        422,
        "invalid_body",
        "/public_key",
        "expected a string",
    )
    .await;
    let short = r#"{"public_key": "AAAA"}"#;
    check(
        short,
        422,
        "invalid_body",
        "/public_key",
        "expected 32 bytes, got 3",
    )
    .await;
    let padded = r#"{"public_key": "AAAA=="}"#;
    check(
        padded,
        422,
        "invalid_body",
        "/public_key",
        "without padding",
    )
    .await;
    check(
        r#"{"admin": true}"#,
        422,
        "invalid_body",
        "/admin",
        "unknown field",
    )
    .await;
    check("\u{0}", 400, "json_syntax", "", "line 1 column 1").await;

    let session = world
        .register(&mut Wallet::new(&[1; 32]))
        .await
        .session
        .to_text();
    let ticket = async |body: &str| world.post("/v1/tickets", Some(&session), body).await;
    let problem = ticket(r#"{"party": 0}"#).await.problem(422, "invalid_body");
    assert_eq!(problem["errors"][0]["pointer"], "/party");
    ticket(r#"{"party": 256}"#)
        .await
        .problem(422, "invalid_body");
    ticket(r#"{"life": 9}"#).await.problem(422, "invalid_body");
    // Bytes that are not UTF-8.
    let request = Request::post("/v1/devices").header("content-type", "application/json");
    let raw = world
        .send(request.body(Body::from(vec![b'"', 0xff, b'"'])).unwrap())
        .await;
    raw.problem(400, "json_syntax");
    assert_eq!(ticket("{}").await.status, 201, "the server goes on");
}

#[tokio::test]
async fn wrong_paths_methods_media_types_and_sizes_are_problems_too() {
    let world = World::new().await;
    world.get("/v1/nothing").await.problem(404, "not_found");
    let wrong = world.get("/v1/devices").await;
    wrong.problem(405, "method_not_allowed");
    assert_eq!(wrong.header("allow"), "POST");
    let delete = Request::delete("/v1/deny-list")
        .body(Body::empty())
        .unwrap();
    world.send(delete).await.problem(405, "method_not_allowed");

    for kind in [
        None,
        Some("text/plain"),
        Some("application/x-www-form-urlencoded"),
    ] {
        let mut request = Request::post("/v1/devices");
        if let Some(kind) = kind {
            request = request.header("content-type", kind);
        }
        let answer = world.send(request.body(Body::from("{}")).unwrap()).await;
        let problem = answer.problem(415, "unsupported_media_type");
        assert_eq!(problem["errors"][0]["pointer"], "header:content-type");
    }
    let request =
        Request::post("/v1/devices").header("content-type", "Application/JSON; charset=utf-8");
    let answer = world.send(request.body(Body::from("{}")).unwrap()).await;
    answer.problem(422, "invalid_body");

    let large = format!("{{\"proof\": \"{}\"}}", "A".repeat(64 * 1024));
    world
        .post("/v1/devices", None, large)
        .await
        .problem(413, "body_too_large");
}

#[tokio::test]
async fn a_form_nobody_offers_is_refused_before_anything_is_signed() {
    let world = World::new().await;
    let session = world
        .register(&mut Wallet::new(&[1; 32]))
        .await
        .session
        .to_text();
    let before = world.database_bytes();
    let answer = world
        .post_accepting("/v1/tickets", Some(&session), "{}", "image/webp")
        .await;
    let problem = answer.problem(406, "not_acceptable");
    assert_eq!(
        problem["detail"],
        "offered are application/json, image/svg+xml, image/png"
    );
    assert!(world.database_bytes() == before, "nothing was recorded");
}
