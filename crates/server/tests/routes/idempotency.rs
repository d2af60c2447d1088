//! A request that is sent again is answered again and done once.

use api::{Debt, Page, RequestBody};
use axum::body::Body;
use axum::http::{Request, header};
use futures_util::future::join_all;
use provider_sim::Faults;
use serde_json::{Value, json};
use settlement::charging::PaymentStore as _;
use settlement::staff::Role;
use wallet::Wallet;

use crate::debts;
use crate::operator::{Office, token};
use crate::world::{Answer, World};

const REFUNDS: &str = "/v1/operator/refunds";

async fn send(world: &World, path: &str, bearer: &str, key: &str, body: &Value) -> Answer {
    let request = Request::post(path)
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::AUTHORIZATION, format!("Bearer {bearer}"))
        .header("idempotency-key", key);
    let body = Body::from(body.to_string());
    world.send(request.body(body).unwrap()).await
}

async fn proposals(office: &Office) -> usize {
    let page: Page<RequestBody> = office.get("requests").await.read(200);
    page.items.len()
}

#[tokio::test]
async fn the_same_request_gets_the_same_answer_and_another_one_is_refused() {
    let office = Office::new().await;
    let world = &office.world;
    let agent = token(Role::Agent);
    let body = office.proposal(100);
    let first = send(world, REFUNDS, &agent, "\"one\"", &body).await;
    let made: RequestBody = first.read(201);
    // The clock goes on: an answer that is made anew would tell another time.
    world.advance(60);
    let again = send(world, REFUNDS, &agent, "\"one\"", &body).await;
    assert_eq!((again.status, &again.body), (first.status, &first.body));
    assert_eq!(again.header("content-type"), first.header("content-type"));
    let other = send(world, REFUNDS, &agent, "\"one\"", &office.proposal(101)).await;
    other.problem(422, "idempotency_key_reused");
    let path = format!("/v1/operator/requests/{}/decision", made.request_id);
    let decision = json!({ "verdict": "rejected", "note": "no" });
    let approver = token(Role::Approver);
    // Another path under a key of the same person; the agent's key is nothing to the approver.
    let elsewhere = send(world, &path, &approver, "\"one\"", &decision).await;
    assert_eq!(elsewhere.read::<RequestBody>(200).state, "rejected");
    let refund = send(world, REFUNDS, &approver, "\"one\"", &body).await;
    refund.problem(422, "idempotency_key_reused");
    assert_eq!(proposals(&office).await, 1);
    // What was refused is refused again, in the same words.
    let (much, key) = (office.proposal(100_000), "\"two\"");
    let refused = send(world, REFUNDS, &agent, key, &much).await;
    refused.problem(422, "refund_refused");
    let again = send(world, REFUNDS, &agent, key, &much).await;
    again.problem(422, "refund_refused");
    assert_eq!(again.body, refused.body);
}

#[tokio::test]
async fn after_a_day_the_key_is_free_and_still_makes_no_second_proposal() {
    let office = Office::new().await;
    let agent = token(Role::Agent);
    let body = office.proposal(100);
    let first = send(&office.world, REFUNDS, &agent, "\"one\"", &body).await;
    let first: RequestBody = first.read(201);
    office.world.advance(86_400);
    let later = send(&office.world, REFUNDS, &agent, "\"one\"", &body).await;
    assert_eq!(later.read::<RequestBody>(201), first);
    assert_eq!(proposals(&office).await, 1);
}

#[tokio::test]
async fn a_key_is_needed_where_money_moves() {
    let office = Office::new().await;
    let agent = token(Role::Agent);
    let body = office.proposal(100);
    for key in ["", "one", "\"\"", "\"one"] {
        let answer = send(&office.world, REFUNDS, &agent, key, &body).await;
        let problem = answer.problem(400, "idempotency_key_missing");
        assert_eq!(problem["errors"][0]["pointer"], "header:idempotency-key");
    }
    assert_eq!(proposals(&office).await, 0);
    // Who may not ask learns no more for having a key.
    let stranger = send(&office.world, REFUNDS, "nobody", "", &body).await;
    stranger.problem(401, "unauthorized");
}

#[tokio::test]
async fn of_many_at_the_same_time_one_is_done() {
    let office = Office::new().await;
    let agent = token(Role::Agent);
    let body = office.proposal(100);
    let all = (0..8).map(|_| send(&office.world, REFUNDS, &agent, "\"one\"", &body));
    let answers = join_all(all).await;
    let mut under_way = 0;
    for answer in answers {
        if answer.status == 409 {
            answer.problem(409, "request_under_way");
            under_way += 1;
        } else {
            answer.read::<RequestBody>(201);
        }
    }
    assert!((1..8).contains(&under_way), "{under_way}");
    assert_eq!(proposals(&office).await, 1);
    let after = send(&office.world, REFUNDS, &agent, "\"one\"", &body).await;
    after.read::<RequestBody>(201);
}

#[tokio::test]
async fn paying_again_under_the_same_key_collects_nothing_more() {
    let stolen = Faults {
        stolen: 1_000,
        ..Faults::NONE
    };
    let town = debts::town(stolen).await;
    let mut wallet = Wallet::new(&[7; 32]);
    let device = town.world.register(&mut wallet).await;
    let session = device.session.to_text();
    town.owe(device.account_id.0).await;
    town.turn().await;
    town.world.advance(600);
    let pay = async |key: &str| send(&town.world, "/v1/me/pay", &session, key, &json!({})).await;
    let failed = pay("\"one\"").await;
    assert_eq!(failed.read::<Debt>(200).overdue_minor, 300);
    town.bank.sim().set_faults(Faults::NONE);
    town.world.advance(600);
    // The card is good now, but this is the request that was answered.
    assert_eq!(pay("\"one\"").await.body, failed.body);
    let payments = async || {
        let store = &town.world.state.store;
        store.payments_of(device.account_id.0).await.unwrap()
    };
    assert!(payments().await[0].is_overdue());
    assert_eq!(pay("\"two\"").await.read::<Debt>(200).overdue_minor, 0);
    assert!(!payments().await[0].is_overdue());
}
