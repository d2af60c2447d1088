//! The OpenAPI document says what the router answers, no more and no less, and is the one in docs.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use serde_json::Value;
use server::ServedLists;

use crate::debts;
use crate::world::World;

/// Set to write `docs/openapi.json` anew instead of comparing it.
const WRITE: &str = "FAREGATE_WRITE_OPENAPI";

/// The paths that a router has routes for, read from how it shows itself.
fn paths_of(router: &axum::Router) -> BTreeSet<String> {
    let shown = format!("{router:?}");
    // The fallback, which serves the pages, calls itself `/` and `/{*__private…}`.
    let is_ours = |part: &&str| *part != "/" && !part.contains("__private");
    let paths = shown
        .split('"')
        .filter(|part| part.starts_with('/'))
        .filter(is_ours);
    paths.map(str::to_owned).collect()
}

#[tokio::test]
async fn every_route_is_in_the_document_and_the_document_names_no_other() {
    let mut town = debts::town(provider_sim::Faults::NONE).await;
    town.world
        .offer(|offers| offers.lists = Some(Arc::new(ServedLists::default())));
    let routed = paths_of(town.world.router());
    let document: Value = town.world.get("/openapi.json").await.read(200);
    assert_eq!(document["openapi"], "3.1.0");
    let described = document["paths"].as_object().unwrap();
    let described: BTreeSet<String> = described.keys().cloned().collect();
    assert!(described.len() > 30, "{described:?}");
    let only_one: Vec<_> = routed.symmetric_difference(&described).collect();
    assert!(only_one.is_empty(), "{only_one:?}");
}

#[tokio::test]
async fn the_document_in_docs_is_what_the_server_serves() {
    let world = World::new().await;
    let served = world.get("/openapi.json").await;
    assert_eq!(served.header("content-type"), "application/json");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/openapi.json");
    if std::env::var_os(WRITE).is_some() {
        std::fs::write(&path, &served.body).unwrap();
    }
    let committed = std::fs::read(&path).unwrap_or_default();
    let differs = committed
        .split(|byte| *byte == b'\n')
        .zip(served.body.split(|byte| *byte == b'\n'))
        .position(|(one, other)| one != other);
    assert!(
        committed == served.body,
        "docs/openapi.json differs from the code, first in line {:?}: set {WRITE}=1 and run this \
         test to write it",
        differs.map(|line| line + 1)
    );
}

/// Every reference in `value`.
fn references<'a>(value: &'a Value, found: &mut BTreeSet<&'a str>) {
    match value {
        Value::Object(fields) => {
            found.extend(fields.get("$ref").and_then(Value::as_str));
            fields.values().for_each(|field| references(field, found));
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}

#[test]
fn every_reference_leads_somewhere() {
    let document: Value = serde_json::from_str(server::openapi()).unwrap();
    let mut found = BTreeSet::new();
    references(&document, &mut found);
    assert!(found.len() > 40, "{found:?}");
    for reference in found {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
}

#[tokio::test]
async fn every_operation_is_named_and_says_who_may_ask_and_what_may_go_wrong() {
    let document: Value = serde_json::from_str(server::openapi()).unwrap();
    let mut names = BTreeSet::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            let name = operation["operationId"].as_str().unwrap();
            assert!(names.insert(name.to_owned()), "{name} twice");
            assert!(!operation["tags"][0].is_null(), "{name}");
            let needs_session = path.starts_with("/v1/me/")
                || (path.starts_with("/v1/operator/") && name != "sign_in");
            let answers = operation["responses"].as_object().unwrap();
            assert_eq!(
                operation.get("security").is_some() && answers.contains_key("401"),
                needs_session || matches!(name, "renew_credential" | "issue_ticket"),
                "{method} {path}"
            );
            assert!(answers.contains_key("500"), "{name}");
            for (status, answer) in answers {
                let problem = &answer["content"]["application/problem+json"];
                assert_eq!(
                    status.as_str() >= "400",
                    !problem.is_null(),
                    "{name} {status}"
                );
                assert!(
                    problem.is_null() || !problem["examples"].is_null(),
                    "{name}"
                );
            }
        }
    }
}

#[tokio::test]
async fn who_holds_the_present_answer_gets_no_second_copy() {
    let world = World::new().await;
    for path in [
        "/v1/city",
        "/v1/issuer-keys",
        "/v1/deny-list",
        "/openapi.json",
        "/problems/internal",
    ] {
        let first = world.get(path).await;
        let tag = first.header("etag").to_owned();
        assert_eq!((first.status.as_u16(), tag.len()), (200, 66), "{path}");
        for (held, status) in [
            (tag.clone(), 304),
            (format!("\"other\", W/{tag}"), 304),
            ("*".to_owned(), 304),
            ("\"other\"".to_owned(), 200),
            (tag.trim_matches('"').to_owned(), 200),
        ] {
            let again = world.get_with(path, "if-none-match", &held).await;
            assert_eq!(again.status, status, "{path} {held}");
            assert_eq!(again.header("etag"), tag);
            assert_eq!(again.body.is_empty(), status == 304);
            assert_eq!(again.header("cache-control"), first.header("cache-control"));
        }
    }
    // What was said to somebody in particular is kept by nobody.
    let mut wallet = wallet::Wallet::new(&[7; 32]);
    let session = world.register(&mut wallet).await.session.to_text();
    let bearer = format!("Bearer {session}");
    let day = world
        .get_with("/v1/me/activity", "authorization", &bearer)
        .await;
    assert_eq!(
        (day.header("cache-control"), day.header("etag")),
        ("no-store", "")
    );
}
