//! Who may ask what: every route and every principal, each answer written down by hand.

use std::collections::BTreeSet;

use api::{Base64Url, RegisterDeviceRequest};
use axum::body::Body;
use axum::http::{Request, header};
use prost::Message as _;
use serde_json::{Value, json};
use settlement::charge;
use settlement::operator::{ChargeFilter, OperatorStore as _};
use settlement::staff::Role;
use tariff::testing::{CENTRE, NORTH};
use units::{AccountId, ChargeId, PaymentId, ServiceDay};
use wallet::Wallet;
use wire::tap::TapKind;

use crate::debts::{self, Town};
use crate::operator::{add, token};
use crate::signed::Signed;
use crate::taps::{batch, record, register_gate, settle, upload_json};
use crate::world::{Answer, World};

/// Everybody who can ask a city's server something.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Who {
    Nobody,
    Rider,
    OtherRider,
    Gate,
    Provider,
    Viewer,
    Maker,
    Approver,
    /// Of another city: a whole token that is unknown here.
    StaffElsewhere,
}

pub(crate) const EVERYBODY: [Who; 9] = [
    Who::Nobody,
    Who::Rider,
    Who::OtherRider,
    Who::Gate,
    Who::Provider,
    Who::Viewer,
    Who::Maker,
    Who::Approver,
    Who::StaffElsewhere,
];

type Answers = [u16; 9];

/// Nobody is asked who they are.
const OPEN: Answers = [200; 9];
const OPEN_MADE: Answers = [201; 9];
/// Any rider, about themselves.
const RIDERS: Answers = [401, 200, 200, 401, 401, 401, 401, 401, 401];
const RIDERS_MADE: Answers = [401, 201, 201, 401, 401, 401, 401, 401, 401];
/// The one rider whose charge it is; for the other one it does not exist.
const OWNER_MADE: Answers = [401, 201, 404, 401, 401, 401, 401, 401, 401];
/// Any staff of this city.
const STAFF: Answers = [401, 401, 401, 401, 401, 200, 200, 200, 401];
const STAFF_NOTHING: Answers = [401, 401, 401, 401, 401, 204, 204, 204, 401];
/// Those of the staff who may propose.
const MAKERS_MADE: Answers = [401, 401, 401, 401, 401, 403, 201, 201, 401];
/// Those who may decide on what another proposed.
const APPROVERS: Answers = [401, 401, 401, 401, 401, 403, 403, 200, 401];

/// (method, path of the document, what everybody is answered)
const TABLE: &[(&str, &str, Answers)] = &[
    ("post", "/v1/challenges", OPEN_MADE),
    ("post", "/v1/devices", OPEN_MADE),
    ("post", "/v1/credentials", RIDERS_MADE),
    ("post", "/v1/tickets", RIDERS_MADE),
    ("get", "/v1/issuer-keys", OPEN),
    ("get", "/v1/deny-list", OPEN),
    ("get", "/v1/lists/roots/{version}", OPEN),
    ("get", "/v1/lists/snapshot", OPEN),
    ("get", "/v1/lists/objects/{hash}", OPEN),
    // No deny list came before the first.
    ("get", "/v1/lists/deltas/{base}", [404; 9]),
    (
        "post",
        "/v1/taps",
        [422, 422, 422, 200, 422, 422, 422, 422, 422],
    ),
    ("get", "/v1/city", OPEN),
    ("get", "/v1/me/activity", RIDERS),
    ("get", "/v1/me/events", RIDERS),
    ("get", "/v1/me/appeals", RIDERS),
    ("post", "/v1/me/appeals", OWNER_MADE),
    ("get", "/v1/me/debt", RIDERS),
    ("post", "/v1/me/pay", RIDERS),
    (
        "post",
        "/v1/webhooks/{provider}",
        [403, 403, 403, 403, 204, 403, 403, 403, 403],
    ),
    ("post", "/v1/operator/session", STAFF),
    ("get", "/v1/operator/me", STAFF),
    ("get", "/v1/operator/days", STAFF),
    ("get", "/v1/operator/queues", STAFF),
    ("get", "/v1/operator/exceptions", STAFF),
    ("get", "/v1/operator/faults", STAFF),
    ("get", "/v1/operator/fraud", STAFF),
    ("get", "/v1/operator/charges", STAFF),
    ("get", "/v1/operator/charges/{id}", STAFF),
    ("post", "/v1/operator/refunds", MAKERS_MADE),
    ("get", "/v1/operator/debts", STAFF),
    ("post", "/v1/operator/write-offs", MAKERS_MADE),
    ("get", "/v1/operator/requests", STAFF),
    ("get", "/v1/operator/requests/{id}", STAFF),
    ("post", "/v1/operator/requests/{id}/decision", APPROVERS),
    ("get", "/v1/operator/audit", STAFF),
    ("delete", "/v1/operator/session", STAFF_NOTHING),
    ("get", "/problems/{code}", OPEN),
    ("get", "/openapi.json", OPEN),
];

/// A city where everybody has something.
pub(crate) struct Everything {
    town: Town,
    sessions: [String; 2],
    charge: ChargeId,
    overdue: PaymentId,
    refund: String,
    list: String,
    webhook: (String, String),
    taps: api::TapBatch,
}

impl Everything {
    pub(crate) async fn new() -> Self {
        let mut town = debts::town(provider_sim::Faults::NONE).await;
        let mut signed = Signed::new(&mut town.world);
        signed.denied(&town.world).await;
        register_gate(&town.world).await;
        let (mut ann, mut bob) = (Wallet::new(&[1; 32]), Wallet::new(&[2; 32]));
        let first = town.world.register(&mut ann).await;
        let second = town.world.register(&mut bob).await;
        let on = record(&ann, 0, town.world.now(), TapKind::On, NORTH);
        town.world.advance(1_200);
        let off = record(&ann, 1, town.world.now(), TapKind::Off, CENTRE);
        let taps = batch(vec![on, off]);
        upload_json(&town.world, &taps).await;
        settle(&town.world).await;
        let state = &town.world.state;
        let day = charge::through(ServiceDay::parse("2019-01-07").unwrap());
        let closed = charge::close(&state.store, &state.city, &day, state.now());
        closed.await.unwrap();
        let charges = state
            .store
            .charges(&ChargeFilter::default(), None, 10)
            .await;
        let charge = charges.unwrap()[0].id;
        for role in Role::ALL {
            add(&town.world, role.as_str(), role, &token(role)).await;
        }
        town.owe(second.account_id.0).await;
        town.turn().await;
        town.world.advance(600);
        town.bank.sim().advance(town.world.now());
        let told = town.bank.sim().take_webhooks().remove(0);
        // Somebody who has no code owes what cannot be collected.
        let stolen = provider_sim::Faults {
            stolen: 1_000,
            ..provider_sim::Faults::NONE
        };
        town.bank.sim().set_faults(stolen);
        let overdue = town.owe(AccountId::from_bytes([9; 16])).await;
        town.turn().await;
        town.bank.sim().set_faults(provider_sim::Faults::NONE);
        let list = signed.deny_hash(&town.world).await;
        let mut everything = Self {
            town,
            sessions: [first, second].map(|device| device.session.to_text()),
            charge,
            overdue,
            refund: String::new(),
            list,
            webhook: (told.body, told.signature),
            taps,
        };
        everything.refund = everything.propose().await;
        everything
    }

    pub(crate) fn world(&self) -> &World {
        &self.town.world
    }

    /// Ids that mean something here.
    pub(crate) fn ids(&self) -> Vec<String> {
        let (charge, overdue) = (self.charge.to_string(), self.overdue.to_string());
        vec![charge, overdue, self.refund.clone()]
    }

    /// The proof of the provider's webhook.
    pub(crate) fn signature(&self) -> Vec<u8> {
        self.webhook.1.clone().into_bytes()
    }

    async fn propose(&self) -> String {
        let made: Value = self
            .ask("post", "/v1/operator/refunds", Who::Maker)
            .await
            .read(201);
        made["request_id"].as_str().unwrap().to_owned()
    }

    pub(crate) fn bearer(&self, who: Who) -> Option<String> {
        let token = match who {
            Who::Nobody | Who::Gate | Who::Provider => return None,
            Who::Rider => self.sessions[0].clone(),
            Who::OtherRider => self.sessions[1].clone(),
            Who::Viewer => token(Role::Viewer),
            Who::Maker => token(Role::Agent),
            Who::Approver => token(Role::Approver),
            Who::StaffElsewhere => api::SessionToken::from_bytes([99; 32]).to_text(),
        };
        Some(token)
    }

    pub(crate) fn uri(&self, path: &str) -> String {
        let id = if path.contains("charges") {
            self.charge.to_string()
        } else {
            self.refund.clone()
        };
        let path = path
            .replace("{id}", &id)
            .replace("{version}", "1")
            .replace("{hash}", &self.list)
            .replace("{base}", &self.list)
            .replace("{provider}", "card")
            .replace("{code}", "internal");
        if path.ends_with("exceptions") {
            return path + "?day=2019-01-07";
        }
        path
    }

    /// A body that is right in form, made by `who`.
    pub(crate) async fn body(&self, path: &str, who: Who) -> Vec<u8> {
        let number = u8::try_from(EVERYBODY.iter().position(|one| *one == who).unwrap()).unwrap();
        let charge = self.charge.to_string();
        let json = match path {
            "/v1/devices" => {
                let wallet = Wallet::new(&[100 + number; 32]);
                let challenge = self.town.world.challenge().await;
                let request = RegisterDeviceRequest {
                    public_key: Base64Url(wallet.public_key()),
                    challenge: Base64Url(challenge),
                    proof: Base64Url(wallet.prove(&challenge)),
                };
                serde_json::to_value(request).unwrap()
            }
            "/v1/taps" => {
                let mut taps = self.taps.clone();
                if who != Who::Gate {
                    taps.signature = vec![number; 64];
                }
                return taps.encode_to_vec();
            }
            "/v1/webhooks/{provider}" => return self.webhook.0.clone().into_bytes(),
            "/v1/operator/session" => json!({ "token": self.bearer(who).unwrap_or_default() }),
            "/v1/operator/refunds" => json!({
                "charge_id": charge, "amount_minor": 10, "reason": "disruption", "note": "late"
            }),
            "/v1/operator/write-offs" => json!({
                "payment_id": self.overdue.to_string(), "amount_minor": 10,
                "reason": "uncollectable", "note": "moved away"
            }),
            "/v1/me/appeals" => json!({ "charge_id": charge, "note": "too much" }),
            "/v1/operator/requests/{id}/decision" => json!({
                "verdict": "approved", "note": "checked"
            }),
            _ => json!({}),
        };
        json.to_string().into_bytes()
    }

    async fn ask(&self, method: &str, path: &str, who: Who) -> Answer {
        let kind = match path {
            "/v1/taps" => "application/x-protobuf",
            _ => "application/json",
        };
        let mut request = Request::builder()
            .method(method.to_uppercase().as_str())
            .uri(self.uri(path))
            .header("idempotency-key", format!("\"{who:?} {path}\""))
            .header(header::CONTENT_TYPE, kind);
        if let Some(token) = self.bearer(who) {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        if who == Who::Provider {
            request = request.header("stripe-signature", &self.webhook.1);
        }
        let request = request
            .body(Body::from(self.body(path, who).await))
            .unwrap();
        if path != "/v1/me/events" {
            return self.town.world.send(request).await;
        }
        // A stream does not end: its beginning is the answer.
        let begun = self.town.world.open(request).await;
        Answer {
            status: begun.status(),
            headers: begun.headers().clone(),
            body: Vec::new(),
        }
    }
}

#[tokio::test]
async fn every_route_answers_everybody_as_the_table_says() {
    let everything = Everything::new().await;
    for (method, path, expected) in TABLE {
        for (who, status) in EVERYBODY.into_iter().zip(expected) {
            let answer = everything.ask(method, path, who).await;
            let said = String::from_utf8_lossy(&answer.body);
            assert_eq!(answer.status, *status, "{method} {path} as {who:?}: {said}");
        }
    }
}

#[test]
fn the_table_names_every_route_once() {
    let document: Value = serde_json::from_str(server::openapi()).unwrap();
    let mut described = BTreeSet::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        for method in operations.as_object().unwrap().keys() {
            described.insert((method.as_str(), path.as_str()));
        }
    }
    let named: BTreeSet<_> = TABLE
        .iter()
        .map(|(method, path, _)| (*method, *path))
        .collect();
    assert_eq!(named.len(), TABLE.len(), "a route is named twice");
    assert_eq!(named, described);
}

#[tokio::test]
async fn a_foreign_id_answers_exactly_as_an_unknown_one() {
    let everything = Everything::new().await;
    let world = &everything.town.world;
    let [_, other] = &everything.sessions;
    let appeal = async |charge: ChargeId, key: &str| {
        let body = json!({ "charge_id": charge.to_string(), "note": "not me" }).to_string();
        let request = Request::post("/v1/me/appeals")
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::AUTHORIZATION, format!("Bearer {other}"))
            .header("idempotency-key", format!("\"{key}\""));
        world.send(request.body(Body::from(body)).unwrap()).await
    };
    let foreign = appeal(everything.charge, "foreign").await;
    let unknown = appeal(ChargeId::from_bytes([9; 16]), "unknown").await;
    assert_eq!(foreign.status, 404);
    assert_eq!(
        (foreign.status, &foreign.body),
        (unknown.status, &unknown.body)
    );
    assert_eq!(foreign.headers, unknown.headers);
    // Ids in paths: an unknown one and a text that is no id, for staff.
    let bearer = format!("Bearer {}", token(Role::Viewer));
    for path in ["charges", "requests"] {
        let mut answers = Vec::new();
        for id in ["09090909-0909-0909-0909-090909090909", "nonsense", "%ff"] {
            let path = format!("/v1/operator/{path}/{id}");
            let answer = world.get_with(&path, "authorization", &bearer).await;
            assert_eq!(answer.problem(404, "not_found")["status"], 404);
            answers.push(answer.status);
        }
    }
}
