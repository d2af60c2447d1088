//! Fifty thousand requests made from the OpenAPI document, sent to the real server over TCP: none
//! is answered by a failure of ours, and every answer is one that the document describes.
//!
//! Requests are half right and half wrong on purpose: fields go missing, numbers are at the edges
//! of their types, texts are empty, long or no text at all, sessions are others'. The dice are
//! seeded: a failure names its request, and the same request comes again.

use std::collections::{BTreeMap, BTreeSet};

use jsonschema::Validator;
use reqwest::header::HeaderValue;
use serde_json::{Map, Value, json};
use tokio::net::TcpListener;
use tracing::dispatcher;

use crate::matrix::{EVERYBODY, Everything};

const REQUESTS: u32 = 50_000;

/// splitmix64.
struct Dice(u64);

impl Dice {
    fn word(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.word() % u64::try_from(end).unwrap()).unwrap()
    }

    /// True once in `times`.
    fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    fn one<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }

    /// Any text: ASCII, other scripts, control characters, none at all, a long one.
    fn text(&mut self) -> String {
        let length = *self.one(&[0, 1, 5, 40, 300, 2_000]);
        let signs: Vec<char> = match self.below(3) {
            0 => ('a'..='z').collect(),
            1 => "\u{0}\t\n\"'\\%/;,&=#?+ \u{7f}\u{e9}\u{5730}\u{1f687}"
                .chars()
                .collect(),
            _ => (' '..='~').collect(),
        };
        (0..length).map(|_| *self.one(&signs)).collect()
    }

    fn number(&mut self) -> Value {
        let edges = [
            json!(0),
            json!(1),
            json!(-1),
            json!(255),
            json!(256),
            json!(65_536),
            json!(i64::from(u32::MAX) + 1),
            json!(i64::MAX),
            json!(i64::MIN),
            json!(u64::MAX),
            json!(1e300),
            json!(0.5),
        ];
        if self.once_in(3) {
            return json!(self.word() % 1_000);
        }
        self.one(&edges).clone()
    }

    /// A value of another kind than whatever was asked for.
    fn anything(&mut self) -> Value {
        match self.below(7) {
            0 => Value::Null,
            1 => json!(true),
            2 => self.number(),
            3 => json!(self.text()),
            4 => json!([]),
            5 => json!({ self.text(): self.number() }),
            _ => (0..40).fold(Value::Null, |inside, _| json!([inside])),
        }
    }
}

/// The document, and what is known of the city that is asked.
struct Plan {
    document: Value,
    known_ids: Vec<String>,
}

impl Plan {
    fn resolve<'a>(&'a self, schema: &'a Value) -> &'a Value {
        match schema["$ref"].as_str() {
            Some(reference) => self.document.pointer(&reference[1..]).unwrap(),
            None => schema,
        }
    }

    /// A value of this schema, as a rule.
    fn value(&self, schema: &Value, dice: &mut Dice) -> Value {
        let schema = self.resolve(schema);
        if dice.once_in(12) {
            return dice.anything();
        }
        for choice in ["oneOf", "anyOf"] {
            if let Some(choices) = schema[choice].as_array() {
                let chosen = dice.one(choices);
                return self.value(chosen, dice);
            }
        }
        if let Some(values) = schema["enum"].as_array() {
            return dice.one(values).clone();
        }
        let kind = match &schema["type"] {
            Value::Array(kinds) => dice.one(kinds).clone(),
            kind => kind.clone(),
        };
        match kind.as_str() {
            Some("object") => self.object(schema, dice),
            Some("array") => (0..dice.below(3))
                .map(|_| self.value(&schema["items"], dice))
                .collect(),
            Some("integer" | "number") => dice.number(),
            Some("boolean") => json!(dice.once_in(2)),
            Some("string") => json!(self.text(schema, dice)),
            _ => Value::Null,
        }
    }

    fn object(&self, schema: &Value, dice: &mut Dice) -> Value {
        let mut object = Map::new();
        for (name, field) in schema["properties"].as_object().into_iter().flatten() {
            if !dice.once_in(10) {
                object.insert(name.clone(), self.value(field, dice));
            }
        }
        if dice.once_in(10) {
            object.insert(dice.text(), dice.anything());
        }
        Value::Object(object)
    }

    fn text(&self, schema: &Value, dice: &mut Dice) -> String {
        if dice.once_in(4) {
            return dice.text();
        }
        match schema["format"].as_str() {
            Some("uuid") if dice.once_in(2) => dice.one(&self.known_ids).clone(),
            Some("date") => {
                let days = [
                    "2019-01-07",
                    "0000-01-01",
                    "9999-12-31",
                    "2019-02-30",
                    "2019-1-7",
                ];
                (*dice.one(&days)).to_owned()
            }
            _ => match schema["examples"].as_array() {
                Some(examples) => dice.one(examples).as_str().unwrap().to_owned(),
                None => dice.text(),
            },
        }
    }
}

/// What the document says about one answer: by media type, and the empty one.
type Described = BTreeMap<String, Option<Validator>>;

/// (operation, status) to what may come.
struct Judge {
    described: BTreeMap<(String, String), Described>,
    problem: Validator,
}

impl Judge {
    fn new(document: &Value) -> Self {
        let mut components = document["components"].clone();
        let schemas = components["schemas"].as_object_mut().unwrap();
        let composed = schemas
            .values()
            .filter_map(|schema| schema["allOf"].as_array());
        let parts: BTreeSet<String> = composed
            .flatten()
            .filter_map(|part| part["$ref"].as_str().map(str::to_owned))
            .collect();
        // A field that the document does not name is a mismatch.
        for (name, schema) in schemas {
            let is_part = parts.contains(&format!("#/components/schemas/{name}"));
            let is_object = schema.get("properties").is_some() || schema.get("allOf").is_some();
            if is_object && !is_part {
                schema["unevaluatedProperties"] = json!(false);
            }
        }
        let components = components;
        let compile = |schema: &Value| {
            let whole = json!({
                "$schema": "https://json-schema.org/draft/2020-12/schema",
                "components": components, "allOf": [schema],
            });
            let options = jsonschema::options().should_validate_formats(true);
            options.build(&whole).unwrap()
        };
        let mut described = BTreeMap::new();
        for operation in operations(document) {
            let answers = operation.described["responses"].as_object().unwrap();
            for (status, answer) in answers {
                let content = answer["content"].as_object().into_iter().flatten();
                let mut kinds: Described = content
                    .map(|(kind, media)| {
                        let is_json = kind.ends_with("json");
                        (kind.clone(), is_json.then(|| compile(&media["schema"])))
                    })
                    .collect();
                if kinds.is_empty() {
                    kinds.insert(String::new(), None);
                }
                described.insert((operation.name.clone(), status.clone()), kinds);
            }
        }
        let problem = compile(&json!({ "$ref": "#/components/schemas/Problem" }));
        Self { described, problem }
    }

    /// What is wrong with an answer.
    fn fault(&self, operation: &str, status: u16, kind: &str, body: &[u8]) -> Option<String> {
        if status >= 500 {
            return Some("a failure of ours".to_owned());
        }
        let kind = kind.split(';').next().unwrap_or_default();
        let place = (operation.to_owned(), status.to_string());
        let validator = match self.described.get(&place) {
            Some(kinds) => match kinds.get(kind) {
                Some(validator) => validator.as_ref(),
                None => return Some(format!("media type {kind:?} is not described")),
            },
            // A method that the document does not name.
            None if status == 405 => Some(&self.problem),
            None => return Some("the status is not described".to_owned()),
        };
        let validator = validator?;
        let Ok(body) = serde_json::from_slice(body) else {
            return Some("no JSON".to_owned());
        };
        let errors: Vec<String> = validator
            .iter_errors(&body)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        (!errors.is_empty()).then(|| errors.join("; "))
    }
}

struct Operation<'a> {
    method: &'a str,
    path: &'a str,
    name: String,
    described: &'a Value,
}

fn operations(document: &Value) -> Vec<Operation<'_>> {
    let paths = document["paths"].as_object().unwrap();
    let all = paths.iter().flat_map(|(path, operations)| {
        let each = operations.as_object().unwrap().iter();
        each.map(|(method, described)| Operation {
            method: method.as_str(),
            path: path.as_str(),
            name: described["operationId"].as_str().unwrap().to_owned(),
            described,
        })
    });
    all.collect()
}

/// Every byte but the plainest, percent-encoded.
fn encode(text: &str) -> String {
    let each = text.bytes().map(|byte| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' => char::from(byte).to_string(),
        other => format!("%{other:02X}"),
    });
    each.collect()
}

/// The address: path and query.
fn address(
    plan: &Plan,
    operation: &Operation<'_>,
    dice: &mut Dice,
    good: Option<String>,
) -> String {
    let parameters = operation.described["parameters"].as_array();
    let mut address = good.unwrap_or_else(|| operation.path.to_owned());
    let mut query = Vec::new();
    for parameter in parameters.into_iter().flatten() {
        let name = parameter["name"].as_str().unwrap();
        let value = match plan.value(&parameter["schema"], dice) {
            Value::String(text) => encode(&text),
            other => encode(&other.to_string()),
        };
        let value = if dice.once_in(40) {
            "%FF%00".to_owned()
        } else {
            value
        };
        match parameter["in"].as_str() {
            Some("path") => {
                // An empty segment is another path.
                let value = if value.is_empty() {
                    "x".to_owned()
                } else {
                    value
                };
                address = address.replace(&format!("{{{name}}}"), &value);
            }
            Some("query") if !dice.once_in(3) => query.push(format!("{name}={value}")),
            _ => {}
        }
    }
    if dice.once_in(20) {
        query.push(format!("{}={}", encode(&dice.text()), encode(&dice.text())));
    }
    let separator = if address.contains('?') { '&' } else { '?' };
    if query.is_empty() {
        return address;
    }
    format!("{address}{separator}{}", query.join("&"))
}

/// The body: right, of the schema, or spoilt.
fn body(plan: &Plan, operation: &Operation<'_>, dice: &mut Dice, good: Vec<u8>) -> Vec<u8> {
    let content = &operation.described["requestBody"]["content"];
    let mut bytes = match content.get("application/json") {
        Some(media) if !dice.once_in(4) && media["schema"].get("$ref").is_some() => {
            plan.value(&media["schema"], dice).to_string().into_bytes()
        }
        _ => good,
    };
    match dice.below(16) {
        0 => bytes.truncate(dice.below(bytes.len() + 1)),
        1 if !bytes.is_empty() => {
            let at = dice.below(bytes.len());
            bytes[at] = bytes[at].wrapping_add(1);
        }
        2 => bytes.extend(dice.text().into_bytes()),
        3 if dice.once_in(20) => bytes.resize(300_000, b' '),
        _ => {}
    }
    bytes
}

fn headers(everything: &Everything, dice: &mut Dice) -> Vec<(&'static str, Vec<u8>)> {
    let mut headers = Vec::new();
    match dice.below(8) {
        0 => {}
        1 => headers.push(("authorization", dice.text().into_bytes())),
        2 => headers.push(("authorization", b"Bearer \xff\xfe".to_vec())),
        _ => {
            let who = *dice.one(&EVERYBODY);
            if let Some(token) = everything.bearer(who) {
                headers.push(("authorization", format!("Bearer {token}").into_bytes()));
            }
        }
    }
    match dice.below(6) {
        0 => {}
        1 => headers.push(("idempotency-key", dice.text().into_bytes())),
        2 => headers.push((
            "idempotency-key",
            format!("\"{}\"", dice.below(9)).into_bytes(),
        )),
        _ => headers.push((
            "idempotency-key",
            format!("\"{}\"", dice.word()).into_bytes(),
        )),
    }
    let accepts = [
        "*/*",
        "image/png",
        "image/svg+xml",
        "application/json",
        "text/html;q=2",
        "",
    ];
    headers.push(("accept", dice.one(&accepts).as_bytes().to_vec()));
    if dice.once_in(8) {
        headers.push((
            "if-none-match",
            dice.one(&["*", "\"x\"", ","]).as_bytes().to_vec(),
        ));
    }
    if dice.once_in(8) {
        let cookie = format!("__Host-faregate-staff={}", dice.text());
        headers.push(("cookie", cookie.into_bytes()));
        headers.push(("origin", dice.text().into_bytes()));
    }
    headers
}

/// The real server of `everything`, over TCP.
async fn serve(everything: &Everything) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let router = everything.world().router().clone();
    tokio::spawn(server::serve(listener, router, std::future::pending()));
    url
}

#[tokio::test]
async fn fifty_thousand_generated_requests_meet_no_failure_and_no_surprise() {
    // The log of the other tests would hold some hundred megabytes of these requests.
    let _quiet = dispatcher::set_default(&dispatcher::Dispatch::none());
    let everything = Everything::new().await;
    let url = serve(&everything).await;
    let plan = Plan {
        document: serde_json::from_str(server::openapi()).unwrap(),
        known_ids: everything.ids(),
    };
    let judge = Judge::new(&plan.document);
    let all = operations(&plan.document);
    let client = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap();
    let mut seen: BTreeMap<(String, u16), u32> = BTreeMap::new();
    let mut faults = Vec::new();
    for number in 0..REQUESTS {
        let mut dice = Dice(u64::from(number));
        let operation = &all[usize::try_from(number).unwrap() % all.len()];
        let who = *dice.one(&EVERYBODY);
        let good = dice.once_in(2).then(|| everything.uri(operation.path));
        let address = address(&plan, operation, &mut dice, good);
        let sent = if operation.method == "get" {
            Vec::new()
        } else {
            body(
                &plan,
                operation,
                &mut dice,
                everything.body(operation.path, who).await,
            )
        };
        let method = match dice.below(60) {
            0 => "PUT",
            1 => "PATCH",
            _ => operation.method,
        };
        let method = method.to_uppercase().parse().unwrap();
        let mut request = client.request(method, format!("{url}{address}"));
        let mut shown = headers(&everything, &mut dice);
        let kind = match operation.path {
            _ if dice.once_in(20) => dice.text(),
            "/v1/taps" => "application/x-protobuf".to_owned(),
            _ => "application/json".to_owned(),
        };
        shown.push(("content-type", kind.into_bytes()));
        if operation.path.contains("webhooks") && dice.once_in(2) {
            shown.push(("stripe-signature", everything.signature()));
        }
        for (name, value) in &shown {
            // What no client can send as a header is left out.
            if let Ok(value) = HeaderValue::from_bytes(value) {
                request = request.header(*name, value);
            }
        }
        let answer = request.body(sent.clone()).send().await.unwrap();
        let status = answer.status().as_u16();
        let kind = answer.headers().get("content-type");
        let kind = kind.map_or("", |kind| kind.to_str().unwrap()).to_owned();
        let came = if kind == "text/event-stream" {
            Vec::new()
        } else {
            answer.bytes().await.unwrap().to_vec()
        };
        *seen.entry((operation.name.clone(), status)).or_default() += 1;
        if let Some(fault) = judge.fault(&operation.name, status, &kind, &came) {
            faults.push(format!(
                "request {number}, {} {address}: {status}: {fault}\n  sent {:?}\n  came {:?}",
                operation.method,
                String::from_utf8_lossy(&sent[..sent.len().min(300)]),
                String::from_utf8_lossy(&came[..came.len().min(300)]),
            ));
            assert!(faults.len() < 10, "{}", faults.join("\n"));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    // The dice reach behind every door: each operation has done its work some times.
    let done: BTreeSet<&str> = seen
        .keys()
        .filter(|(_, status)| *status < 400)
        .map(|(name, _)| name.as_str())
        .collect();
    let never: Vec<&String> = all.iter().map(|one| &one.name).collect();
    let never: Vec<_> = never
        .into_iter()
        .filter(|name| !done.contains(name.as_str()))
        .collect();
    // No deny list came before the first.
    assert_eq!(never, ["read_delta"], "{seen:?}");
}
