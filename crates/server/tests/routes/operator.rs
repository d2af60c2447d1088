//! Staff: who may ask what, and what refunds and appeals do, over the whole router.

use api::{OverdueBody, Page, ProposeRefund, ProposeWriteOff, RequestBody, SessionToken, Text};
use axum::body::Body;
use axum::http::{Method, Request, header};
use serde_json::{Value, json};
use settlement::charging::{Attempt, Payer, Payment, PaymentStore as _, Stage, payment_of};
use settlement::corrections::AuditLine;
use settlement::model::{Actor, StaffName};
use settlement::operator::{ChargeFilter, OperatorStore as _};
use settlement::staff::{Role, Staff, StaffStore as _};
use settlement::{charge, ids, ingest};
use sha2::{Digest as _, Sha256};
use units::{Amount, ChargeId, CorrectionId, ServiceDay};

use crate::world::{Answer, World, fresh_key};

/// A city where anna of an outside file rode for 3.00 and was charged; and its staff.
pub(crate) struct Office {
    pub(crate) world: World,
    charge: ChargeId,
}

/// The token of a member of staff: made of the role, so that a test can name it.
pub(crate) fn token(role: Role) -> String {
    let seed = u8::try_from(role.as_str().len()).unwrap();
    SessionToken::from_bytes([seed; 32]).to_text()
}

impl Office {
    pub(crate) async fn new() -> Self {
        let world = World::new().await;
        let store = &world.state.store;
        let file = "tap_id,account_id,time,kind,stop_id,route_id,device_id\n\
                    1,anna,2019-01-07T08:00:00+08:00,on,north,,g1\n\
                    2,anna,2019-01-07T08:20:00+08:00,off,centre,,g2\n";
        let (city, now) = (&world.state.city, world.now());
        let stored = ingest::rows::store(store, city, file.as_bytes(), now, |_| ()).await;
        stored.unwrap();
        let day = ServiceDay::parse("2019-01-07").unwrap();
        charge::close(store, city, &charge::through(day), now)
            .await
            .unwrap();
        let charges = store.charges(&ChargeFilter::default(), None, 10).await;
        let charge = charges.unwrap()[0].id;
        for role in Role::ALL {
            add(&world, role.as_str(), role, &token(role)).await;
        }
        Self { world, charge }
    }

    async fn ask(&self, method: Method, path: &str, role: Option<Role>, body: &Value) -> Answer {
        self.ask_once(method, path, role, body, &fresh_key()).await
    }

    async fn ask_once(
        &self,
        method: Method,
        path: &str,
        role: Option<Role>,
        body: &Value,
        key: &str,
    ) -> Answer {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("/v1/operator/{path}"))
            .header("idempotency-key", key)
            .header(header::CONTENT_TYPE, "application/json");
        if let Some(role) = role {
            let bearer = format!("Bearer {}", token(role));
            request = request.header(header::AUTHORIZATION, bearer);
        }
        let body = Body::from(body.to_string());
        self.world.send(request.body(body).unwrap()).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        let none = Value::Null;
        self.ask(Method::GET, path, Some(Role::Viewer), &none).await
    }

    pub(crate) fn proposal(&self, minor: i64) -> Value {
        let body = ProposeRefund {
            charge_id: Text(self.charge),
            journey_id: None,
            amount_minor: minor,
            reason: "disruption".to_owned(),
            note: "the lift was out of order".to_owned(),
        };
        serde_json::to_value(body).unwrap()
    }

    async fn propose(&self, role: Role, number: u8, minor: i64) -> Answer {
        let (body, key) = (self.proposal(minor), format!("\"{number}\""));
        let post = Method::POST;
        self.ask_once(post, "refunds", Some(role), &body, &key)
            .await
    }

    /// Decides on the agent's proposal of that number.
    async fn decide(&self, role: Role, number: u8, verdict: &str) -> Answer {
        self.decide_on(role, id_of(Role::Agent, number), verdict)
            .await
    }

    async fn decide_on(&self, role: Role, id: CorrectionId, verdict: &str) -> Answer {
        let body = json!({ "verdict": verdict, "note": "checked" });
        let path = format!("requests/{id}/decision");
        self.ask(Method::POST, &path, Some(role), &body).await
    }
}

/// The id of proposal `number` by the member of staff who is called as their role.
fn id_of(role: Role, number: u8) -> CorrectionId {
    ids::correction_of(&format!("staff:{}", role.as_str()), &number.to_string())
}

pub(crate) async fn add(world: &World, name: &str, role: Role, token: &str) {
    let staff = Staff {
        name: StaffName::parse(name).unwrap(),
        role,
        added_at: world.now(),
    };
    let line = AuditLine {
        at: world.now(),
        who: Actor::Console,
        action: "staff.add".to_owned(),
        subject: name.to_owned(),
        detail: String::new(),
    };
    let token = SessionToken::from_text(token).unwrap();
    let hash = Sha256::digest(token.as_bytes()).into();
    let store = &world.state.store;
    assert!(store.add_staff(&staff, &hash, &line).await.unwrap());
}

#[tokio::test]
async fn a_refund_takes_two_persons_and_is_explained() {
    let office = Office::new().await;
    office
        .propose(Role::Approver, 1, 100)
        .await
        .read::<Value>(201);
    let id = id_of(Role::Approver, 1);
    let own = office.decide_on(Role::Approver, id, "approved").await;
    own.problem(403, "forbidden");
    let other = SessionToken::from_bytes([99; 32]).to_text();
    add(&office.world, "carl", Role::Approver, &other).await;
    let path = format!("/v1/operator/requests/{id}/decision");
    let body = r#"{"verdict": "approved", "note": "checked"}"#;
    let approved: RequestBody = office.world.post(&path, Some(&other), body).await.read(200);
    assert_eq!(approved.state, "approved");
    let explained: Value = office
        .get(&format!("charges/{}", office.charge))
        .await
        .read(200);
    let amounts: Vec<&Value> = explained["charges"].as_array().unwrap().iter().collect();
    assert_eq!(amounts.len(), 2);
    assert_eq!(amounts[1]["amount_minor"], -100);
    assert_eq!(explained["requests"][0]["decision"]["by"], "staff:carl");
    assert_eq!(
        explained["journeys"][0]["lines"][0]["file"],
        "gtfs/fare_leg_rules.txt"
    );
    assert_eq!(explained["journeys"][0]["lines"][0]["row"], 3);
    let days: Value = office.get("days").await.read(200);
    assert_eq!(days["items"][0]["charged_minor"], 200);
    assert_eq!(days["items"][0]["refunded_minor"], 100);
    let trail: Value = office.get("audit?limit=2").await.read(200);
    // Looking at the charge is in the trail too.
    assert_eq!(trail["items"][0]["action"], "charge.look");
    assert_eq!(trail["items"][1]["action"], "refund.approve");
    assert_eq!(trail["items"][1]["who"], "staff:carl");
}

/// A payment of 3.00 that anna's bank refused.
async fn owe(office: &Office) -> Payment {
    let store = &office.world.state.store;
    let payer = Payer {
        provider: ids::provider_of_name("card"),
        reference: None,
    };
    let amount = Amount::new(300, office.world.state.city.currency()).unwrap();
    let window = ServiceDay::parse("2019-01-07").unwrap();
    let (account, now) = (ids::account_of_text("anna"), office.world.now());
    let payment = Payment {
        stage: Stage::Debt,
        failed: vec![Attempt::new(now, "stolen_card")],
        ..payment_of(account, window, 1, payer, amount, now)
    };
    assert!(store.save(&payment, &[]).await.unwrap());
    payment
}

#[tokio::test]
async fn a_debt_is_listed_and_written_off_by_two_persons() {
    let office = Office::new().await;
    let payment = owe(&office).await;
    let debts: Page<OverdueBody> = office.get("debts").await.read(200);
    let debt = &debts.items[0];
    assert_eq!((debts.items.len(), debt.payment_id.0), (1, payment.id));
    assert_eq!(
        (debt.open_minor, debt.reason.as_deref()),
        (300, Some("stolen_card"))
    );
    let proposal = |minor: i64| {
        let body = ProposeWriteOff {
            payment_id: Text(payment.id),
            amount_minor: minor,
            reason: "uncollectable".to_owned(),
            note: String::new(),
        };
        serde_json::to_value(body).unwrap()
    };
    let ask = async |role, minor| {
        let body = proposal(minor);
        // The amount is the key: another amount is another proposal.
        let (post, key) = (Method::POST, format!("\"{minor}\""));
        let asked = office.ask_once(post, "write-offs", Some(role), &body, &key);
        asked.await
    };
    ask(Role::Viewer, 300).await.problem(403, "forbidden");
    ask(Role::Agent, 301).await.problem(422, "refund_refused");
    let asked: RequestBody = ask(Role::Agent, 300).await.read(201);
    assert_eq!(
        (asked.kind.as_str(), asked.subject.as_str()),
        ("write-off", "payment")
    );
    let id = asked.request_id.0;
    let agent = office.decide_on(Role::Agent, id, "approved").await;
    agent.problem(403, "forbidden");
    let done = office.decide_on(Role::Approver, id, "approved").await;
    let done: RequestBody = done.read(200);
    assert_eq!(done.state, "approved");
    let debts: Page<OverdueBody> = office.get("debts").await.read(200);
    assert_eq!(debts.items, []);
    let trail: Value = office.get("audit?limit=1").await.read(200);
    assert_eq!(trail["items"][0]["action"], "write-off.approve");
}

#[tokio::test]
async fn a_charge_is_told_in_three_languages() {
    let office = Office::new().await;
    let told = async |tag: &str| -> Value {
        let path = format!("charges/{}?language={tag}", office.charge);
        office.get(&path).await.read(200)
    };
    let row = "gtfs/fare_leg_rules.txt row 3";
    let english = format!(
        "Travel from North Gate to Central Square costs CNY 3.00 with product \"Single 3\" ({row})."
    );
    let chinese = format!("从North Gate到Central Square票价 CNY 3.00，票种“Single 3”（{row}）。");
    let korean = format!(
        "North Gate에서 Central Square까지 운임은 승차권 \"Single 3\" 기준 CNY 3.00입니다({row})."
    );
    let sentences = [("en", english), ("zh", chinese), ("ko", korean)];
    for (tag, sentence) in &sentences {
        let charge = told(tag).await;
        let journey = &charge["journeys"][0];
        let line = &journey["lines"][0]["because"];
        let said = (&journey["language"], &journey["because"], line);
        let text = Value::from(sentence.as_str());
        assert_eq!(said, (&json!(tag), &text, &text));
        // The rest is the same in every language.
        assert_eq!(charge["because"], "Travel on 2019-01-07: CNY 3.00.");
        assert_eq!(journey["lines"][0]["row"], 3);
    }
    assert_eq!(told("zh-CN").await, told("zh").await);
    let unspoken = format!("charges/{}?language=fr", office.charge);
    let problem = office.get(&unspoken).await.problem(400, "invalid_query");
    assert_eq!(problem["errors"][0]["pointer"], "query:language");
}

#[tokio::test]
async fn a_day_that_waits_to_be_settled_is_told_as_the_books_have_it() {
    let office = Office::new().await;
    let state = &office.world.state;
    // The journey's end was elsewhere, says a later file; nobody has settled it yet.
    let late = "tap_id,account_id,time,kind,stop_id,route_id,device_id\n\
                3,anna,2019-01-07T08:10:00+08:00,off,south,,g3\n";
    let stored = ingest::rows::store(
        &state.store,
        &state.city,
        late.as_bytes(),
        office.world.now(),
        |_| (),
    );
    stored.await.unwrap();
    let path = format!("charges/{}?language=ko", office.charge);
    let charge: Value = office.get(&path).await.read(200);
    let journey = &charge["journeys"][0];
    assert_eq!(journey["language"], "en");
    let said = journey["because"].as_str().unwrap();
    assert!(said.contains("to Central Square costs CNY 3.00"), "{said}");
}

#[tokio::test]
async fn what_the_rules_refuse_is_a_problem() {
    let office = Office::new().await;
    let answer = office.propose(Role::Agent, 7, 301).await;
    let problem = answer.problem(422, "refund_refused");
    assert!(
        problem["detail"].as_str().unwrap().contains("CNY 3.00"),
        "{problem}"
    );
    let answer = office.propose(Role::Agent, 8, -1).await;
    assert_eq!(
        answer.problem(422, "invalid_body")["errors"][0]["pointer"],
        "/amount_minor"
    );
    let answer = office.decide(Role::Approver, 9, "approved").await;
    answer.problem(404, "not_found");
    office.propose(Role::Agent, 1, 200).await.read::<Value>(201);
    let again = office.propose(Role::Agent, 1, 200).await;
    again.read::<Value>(201);
    office
        .decide(Role::Approver, 1, "rejected")
        .await
        .read::<Value>(200);
    let answer = office.decide(Role::Approver, 1, "approved").await;
    answer.problem(409, "conflict");
    let unknown = ChargeId::from_bytes([9; 16]).to_string();
    for id in [unknown.as_str(), "nonsense"] {
        let answer = office.get(&format!("charges/{id}")).await;
        answer.problem(404, "not_found");
    }
}

#[tokio::test]
async fn pages_go_on_where_they_stopped() {
    let office = Office::new().await;
    for number in 1..=5 {
        office
            .propose(Role::Agent, number, 10)
            .await
            .read::<Value>(201);
    }
    let mut seen = Vec::new();
    let mut path = "requests?limit=2".to_owned();
    loop {
        let page: Page<RequestBody> = office.get(&path).await.read(200);
        assert!(page.items.len() <= 2);
        seen.extend(page.items.iter().map(|item| item.request_id.0));
        let Some(next) = page.next else { break };
        path = format!("requests?limit=2&cursor={next}");
    }
    // All were made at the same instant: they come in the order of their ids.
    let mut all: Vec<_> = (1..=5).map(|number| id_of(Role::Agent, number)).collect();
    all.sort();
    assert_eq!(seen, all);
    let answer = office.get("requests?cursor=AAAA").await;
    let problem = answer.problem(400, "invalid_query");
    assert_eq!(problem["errors"][0]["pointer"], "query:cursor");
}

#[tokio::test]
async fn a_session_is_a_cookie_that_no_other_site_can_use() {
    let office = Office::new().await;
    let world = &office.world;
    let body = json!({ "token": token(Role::Agent) }).to_string();
    let answer = world.post("/v1/operator/session", None, body).await;
    let me: Value = answer.read(200);
    assert_eq!(
        (&me["name"], &me["may_decide"]),
        (&json!("agent"), &json!(false))
    );
    let set = answer.header("set-cookie").to_owned();
    let (cookie, rest) = set.split_once(';').unwrap();
    assert!(cookie.starts_with("__Host-faregate-staff="), "{set}");
    assert_eq!(
        rest,
        " Max-Age=36000; Path=/; Secure; HttpOnly; SameSite=Strict"
    );
    let send = async |method: Method, path: &str, origin: Option<&str>, body: String| {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("/v1/operator/{path}"))
            .header(header::HOST, "fares.example")
            .header(header::COOKIE, format!("other=1; {cookie}"))
            .header("idempotency-key", fresh_key())
            .header(header::CONTENT_TYPE, "application/json");
        if let Some(origin) = origin {
            request = request.header(header::ORIGIN, origin);
        }
        world.send(request.body(Body::from(body)).unwrap()).await
    };
    send(Method::GET, "me", None, String::new())
        .await
        .read::<Value>(200);
    let refund = || office.proposal(10).to_string();
    for origin in [None, Some("https://evil.example"), Some("null")] {
        let answer = send(Method::POST, "refunds", origin, refund()).await;
        answer.problem(403, "forbidden");
    }
    let own = Some("https://fares.example");
    send(Method::POST, "refunds", own, refund())
        .await
        .read::<Value>(201);
    let over = send(Method::DELETE, "session", own, String::new()).await;
    assert_eq!(over.status, 204);
    let answer = send(Method::GET, "me", None, String::new()).await;
    answer.problem(401, "unauthorized");
    let wrong = json!({ "token": "nonsense" }).to_string();
    let answer = world.post("/v1/operator/session", None, wrong).await;
    answer.problem(401, "unauthorized");
}

#[tokio::test]
async fn a_session_ends_after_a_working_day() {
    let office = Office::new().await;
    let body = json!({ "token": token(Role::Viewer) }).to_string();
    let answer = office.world.post("/v1/operator/session", None, body).await;
    let set = answer.header("set-cookie").to_owned();
    let cookie = set.split(';').next().unwrap();
    let me = async || {
        let request = Request::get("/v1/operator/me").header(header::COOKIE, cookie);
        office
            .world
            .send(request.body(Body::empty()).unwrap())
            .await
    };
    office.world.advance(35_999);
    me().await.read::<Value>(200);
    office.world.advance(1);
    me().await.problem(401, "unauthorized");
}
