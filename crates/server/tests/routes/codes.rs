//! Tickets in every form, the deny list, and keys that turn over.

use api::TicketResponse;
use issuer::DenyReason;
use units::{KeyId, Span};
use wallet::Wallet;

use crate::world::World;

/// A world with one registered phone and its session.
async fn world() -> (World, Wallet, String) {
    let world = World::new().await;
    let mut phone = Wallet::new(&[1; 32]);
    let session = world.register(&mut phone).await.session.to_text();
    (world, phone, session)
}

/// Reads a QR code from a PNG's pixels.
fn scan(png: &[u8]) -> String {
    let picture = image::load_from_memory(png).unwrap().to_luma8();
    let mut prepared = rqrr::PreparedImage::prepare_from_greyscale(
        usize::try_from(picture.width()).unwrap(),
        usize::try_from(picture.height()).unwrap(),
        |x, y| {
            picture
                .get_pixel(u32::try_from(x).unwrap(), u32::try_from(y).unwrap())
                .0[0]
        },
    );
    let grids = prepared.detect_grids();
    assert_eq!(grids.len(), 1, "one code in the picture");
    grids[0].decode().unwrap().1
}

#[tokio::test]
async fn a_ticket_as_text_opens_a_gate_for_a_minute() {
    let (world, _, session) = world().await;
    let answer = world
        .post("/v1/tickets", Some(&session), r#"{"party": 1}"#)
        .await;
    let ticket: TicketResponse = answer.read(201);
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(
        (ticket.expires_at.0).since(ticket.starts_at.0),
        Span::from_secs(60)
    );
    assert!(ticket.text.len() <= 221, "QR version 8 at level M");
    assert_eq!(world.gate_says(&ticket.text).await, "permitted");
    let account = world
        .state
        .issuer
        .account_of(ticket.ticket_id.0)
        .await
        .unwrap();
    assert!(account.is_some());
    world.advance(120);
    assert_eq!(world.gate_says(&ticket.text).await, "expired");
}

#[tokio::test]
async fn a_ticket_as_png_is_read_from_its_pixels_and_opens_a_gate() {
    let (world, _, session) = world().await;
    let answer = world
        .post_accepting("/v1/tickets", Some(&session), "{}", "image/png")
        .await;
    assert_eq!(answer.status, 201);
    assert_eq!(answer.header("content-type"), "image/png");
    assert_eq!(answer.header("cache-control"), "no-store");
    let text = scan(&answer.body);
    assert_eq!(world.gate_says(&text).await, "permitted");

    let mut buffer = wire::text::CodeBuffer::new();
    let bytes = wire::text::decode(text.as_bytes(), &mut buffer).unwrap();
    let wire::Code::Ticket(ticket) = wire::parse(bytes).unwrap() else {
        panic!("a ticket")
    };
    assert_eq!(answer.header("faregate-ticket-id"), ticket.id().to_string());
}

#[tokio::test]
async fn a_ticket_as_svg_names_itself() {
    let (world, _, session) = world().await;
    let answer = world
        .post_accepting("/v1/tickets", Some(&session), "{}", "image/svg+xml")
        .await;
    assert_eq!(answer.status, 201);
    assert_eq!(answer.header("content-type"), "image/svg+xml");
    assert_eq!(answer.header("faregate-ticket-id").len(), 36);
    let drawing = String::from_utf8(answer.body).unwrap();
    assert!(
        drawing.starts_with("<?xml") && drawing.ends_with("</svg>"),
        "{drawing}"
    );
}

#[tokio::test]
async fn a_request_makes_nobody_a_child() {
    let (world, _, session) = world().await;
    for (body, place) in [
        (r#"{"category": 1}"#, "/category"),
        (r#"{"product": 7}"#, "/product"),
        (r#"{"party": 2}"#, "/party"),
    ] {
        let problem = world
            .post("/v1/tickets", Some(&session), body)
            .await
            .problem(403, "not_entitled");
        assert_eq!(problem["errors"][0]["pointer"], place, "{problem}");
    }
}

#[tokio::test]
async fn a_denied_rider_is_refused_and_gets_nothing_new_until_allowed() {
    let (world, phone, session) = world().await;
    let empty = world.deny_list().await;
    assert_eq!((empty.version, empty.entries.len()), (0, 0));
    let ticket: TicketResponse = world
        .post("/v1/tickets", Some(&session), "{}")
        .await
        .read(201);

    let credential = phone.credential().unwrap().id();
    let reason = DenyReason::new("unpaid fares").unwrap();
    let until = world.now().plus(Span::from_secs(30 * 86_400));
    world
        .state
        .issuer
        .deny(credential, reason, until, world.now())
        .await
        .unwrap();
    let list = world.deny_list().await;
    assert_eq!(list.version, 1);
    assert_eq!(
        list.entries.len(),
        2,
        "the credential and the ticket that still lives"
    );
    let code = phone.present(world.now(), None).unwrap();
    assert_eq!(world.gate_says(&code).await, "denied");
    assert_eq!(world.gate_says(&ticket.text).await, "denied");
    world
        .post("/v1/credentials", Some(&session), "")
        .await
        .problem(403, "account_denied");
    world
        .post("/v1/tickets", Some(&session), "{}")
        .await
        .problem(403, "account_denied");

    world
        .state
        .issuer
        .allow(credential, world.now())
        .await
        .unwrap();
    assert_eq!(world.deny_list().await.version, 2);
    assert_eq!(world.gate_says(&code).await, "permitted");
    assert_eq!(
        world
            .post("/v1/credentials", Some(&session), "")
            .await
            .status,
        201
    );
}

#[tokio::test]
async fn keys_overlap_when_they_turn_over() {
    let (mut world, mut phone, session) = world().await;
    let kids = |keys: &[wire::IssuerKey]| {
        keys.iter()
            .map(wire::IssuerKey::kid)
            .collect::<Vec<KeyId>>()
    };
    let old = world.keys.keys()[0].kid();
    world.rotate(3600);
    let new = world.keys.keys()[1].kid();
    assert_eq!(
        kids(&world.issuer_keys().await),
        [old, new],
        "announced before it signs"
    );

    // Issued in the old key's last second.
    world.advance(3599);
    let last: api::CredentialResponse = world
        .post("/v1/credentials", Some(&session), "")
        .await
        .read(201);
    phone.store(&last.cose.0).unwrap();
    let signer = |cose: &[u8]| wire::ParsedCredential::parse(cose).unwrap().kid();
    assert_eq!(signer(&last.cose.0), old);
    world.advance(1);
    let next: api::CredentialResponse = world
        .post("/v1/credentials", Some(&session), "")
        .await
        .read(201);
    assert_eq!(signer(&next.cose.0), new);

    // The old key's last credential travels to its own last second...
    world.advance(86_398);
    assert_eq!(
        phone.credential().unwrap().expires().since(world.now()),
        Span::from_secs(1)
    );
    let code = phone.present(world.now(), None).unwrap();
    assert_eq!(world.gate_says(&code).await, "permitted");
    // ...and with it the old key's time is over.
    world.advance(2);
    assert_eq!(kids(&world.issuer_keys().await), [new]);
    phone.store(&next.cose.0).unwrap();
}

#[tokio::test]
async fn a_withdrawn_key_opens_nothing_more() {
    let (mut world, phone, session) = world().await;
    let code = phone.present(world.now(), None).unwrap();
    world.rotate(0);
    let stolen = world.keys.keys()[0].kid();
    world.keys.withdraw(stolen, world.now()).unwrap();
    let ring = world.keys.to_ring().unwrap();
    world.state.issuer.replace_keys(ring, world.now()).unwrap();
    assert_eq!(world.gate_says(&code).await, "unknown_issuer");
    assert_eq!(
        world
            .post("/v1/credentials", Some(&session), "")
            .await
            .status,
        201
    );
}

#[tokio::test]
async fn without_a_key_that_signs_the_server_says_so_and_goes_on() {
    let (world, _, session) = world().await;
    world.advance(30 * 86_400);
    let problem = world
        .post("/v1/credentials", Some(&session), "")
        .await
        .problem(503, "unavailable");
    assert_eq!(
        problem["detail"],
        "no issuer key signs at 2019-02-06T00:00:00Z"
    );
    assert_eq!(world.get("/v1/issuer-keys").await.status, 200);
}
