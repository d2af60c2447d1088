//! Devices, sessions and renewal.

use api::{Base64Url, CredentialResponse, RegisterDeviceRequest};
use wallet::Wallet;

use crate::world::{DAWN, World, registration};

#[tokio::test]
async fn a_phone_registers_and_its_code_opens_a_gate() {
    let world = World::new().await;
    let mut phone = Wallet::new(&[1; 32]);
    let device = world.register(&mut phone).await;
    let held = phone.credential().unwrap();
    assert_eq!(held.id(), device.credential.credential_id.0);
    assert_eq!(held.starts(), device.credential.starts_at.0);
    assert_eq!(held.expires(), device.credential.expires_at.0);
    assert_eq!((held.expires().since(held.starts())).as_secs(), 86_400);

    let code = phone.present(world.now(), None).unwrap();
    assert_eq!(world.gate_says(&code).await, "permitted");
    world.advance(60);
    assert_eq!(world.gate_says(&code).await, "stale");

    let account = world.state.issuer.account_of(held.id()).await.unwrap();
    assert_eq!(
        account,
        Some(device.account_id.0),
        "settlement finds who pays"
    );
}

#[tokio::test]
async fn answers_with_secrets_stay_out_of_caches() {
    let world = World::new().await;
    let challenge = world.post("/v1/challenges", None, "").await;
    assert_eq!(challenge.header("cache-control"), "no-store");
    let wallet = Wallet::new(&[1; 32]);
    let body = registration(&wallet, world.challenge().await);
    let device = world.post("/v1/devices", None, body).await;
    assert_eq!(device.header("cache-control"), "no-store");
}

#[tokio::test]
async fn a_proof_that_proves_nothing_is_refused() {
    let world = World::new().await;
    let phone = Wallet::new(&[1; 32]);
    let thief = Wallet::new(&[2; 32]);
    let first = world.challenge().await;
    let second = world.challenge().await;
    let request = |key: &Wallet, challenge: [u8; 32], proof: [u8; 64]| {
        let request = RegisterDeviceRequest {
            public_key: Base64Url(key.public_key()),
            challenge: Base64Url(challenge),
            proof: Base64Url(proof),
        };
        serde_json::to_string(&request).unwrap()
    };
    let mut invented = first;
    invented[20] ^= 1;
    let cases = [
        (
            request(&phone, first, thief.prove(&first)),
            "proof_wrong",
            "/proof",
        ),
        (
            request(&thief, first, phone.prove(&first)),
            "proof_wrong",
            "/proof",
        ),
        (
            request(&phone, first, phone.prove(&second)),
            "proof_wrong",
            "/proof",
        ),
        (
            request(&phone, invented, phone.prove(&invented)),
            "challenge_unknown",
            "/challenge",
        ),
        (
            request(&phone, [0; 32], phone.prove(&[0; 32])),
            "challenge_unknown",
            "/challenge",
        ),
    ];
    for (body, code, place) in cases {
        let answer = world.post("/v1/devices", None, body).await;
        let problem = answer.problem(422, code);
        assert_eq!(problem["errors"][0]["pointer"], place, "{problem}");
    }
    let weak = request(&phone, first, phone.prove(&first)).replace(
        &Base64Url(phone.public_key()).to_string(),
        // y = 1: the identity.
        "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    );
    let problem = world
        .post("/v1/devices", None, weak)
        .await
        .problem(422, "public_key_invalid");
    assert_eq!(
        problem["errors"][0]["detail"], "the point has small order",
        "{problem}"
    );
}

#[tokio::test]
async fn a_challenge_is_good_once_and_for_five_minutes() {
    let world = World::new().await;
    let phone = Wallet::new(&[1; 32]);
    let challenge = world.challenge().await;
    world.advance(300);
    let late = world
        .post("/v1/devices", None, registration(&phone, challenge))
        .await;
    late.problem(422, "challenge_expired");

    let challenge = world.challenge().await;
    world.advance(299);
    let body = registration(&phone, challenge);
    assert_eq!(
        world.post("/v1/devices", None, body.clone()).await.status,
        201
    );
    world
        .post("/v1/devices", None, body)
        .await
        .problem(409, "challenge_used");
    // Also for another key: the challenge is used, whoever comes second.
    let other = registration(&Wallet::new(&[2; 32]), challenge);
    world
        .post("/v1/devices", None, other)
        .await
        .problem(409, "challenge_used");
}

#[tokio::test]
async fn the_same_key_keeps_its_account_and_gets_a_new_session() {
    let world = World::new().await;
    let mut phone = Wallet::new(&[1; 32]);
    let first = world.register(&mut phone).await;
    let second = world.register(&mut phone).await;
    let other = world.register(&mut Wallet::new(&[2; 32])).await;
    assert_eq!(first.account_id, second.account_id);
    assert_ne!(first.account_id, other.account_id);
    assert_ne!(first.session, second.session);
    let renew = async |session: &str| world.post("/v1/credentials", Some(session), "").await;
    renew(&first.session.to_text())
        .await
        .problem(401, "unauthorized");
    assert_eq!(renew(&second.session.to_text()).await.status, 201);
}

#[tokio::test]
async fn renewal_gives_a_credential_for_the_same_key_that_lives_longer() {
    let world = World::new().await;
    let mut phone = Wallet::new(&[1; 32]);
    let device = world.register(&mut phone).await;
    let session = device.session.to_text();
    world.advance(43_201);
    assert!(phone.wants_renewal(world.now()));
    let answer = world.post("/v1/credentials", Some(&session), "").await;
    let renewed: CredentialResponse = answer.read(201);
    assert_eq!(answer.header("cache-control"), "no-store");
    let before = phone.present(world.now(), None).unwrap();
    phone.store(&renewed.cose.0).unwrap();
    assert!(!phone.wants_renewal(world.now()));
    let after = phone.present(world.now(), None).unwrap();
    for code in [before, after] {
        assert_eq!(world.gate_says(&code).await, "permitted");
    }
    assert_ne!(renewed.credential_id, device.credential.credential_id);
}

#[tokio::test]
async fn no_session_an_unknown_one_and_one_that_is_over_answer_alike() {
    let world = World::new().await;
    let mut phone = Wallet::new(&[1; 32]);
    let session = world.register(&mut phone).await.session.to_text();
    let unknown = Base64Url([9; 32]).to_string();
    let mut answers = Vec::new();
    for token in [None, Some(unknown.as_str()), Some("short"), Some("")] {
        answers.push(world.post("/v1/credentials", token, "").await);
    }
    assert_eq!(
        world
            .post("/v1/credentials", Some(&session), "")
            .await
            .status,
        201
    );
    world.advance(90 * 86_400);
    answers.push(world.post("/v1/credentials", Some(&session), "").await);
    for answer in &answers {
        answer.problem(401, "unauthorized");
        assert_eq!(answer.body, answers[0].body);
    }
    assert!(world.now() > DAWN);
}
