//! Acceptance: which issuer, product, category and party is taken where, and tickets' lives.

use units::{CredentialId, Span, Timestamp};
use validator::{
    Acceptance, Decision, NetworkCode, NothingDenied, Place, Policy, RULES_MAX, Refusal,
    ReplayMemory, ReplaySlot, SetupError, Validator, ZoneCode,
};
use wire::tap::TapKind;
use wire::{IssuerCode, IssuerKey, PartySize, ProductCode, RiderCategory, TicketClaims};

use crate::objects::{
    GATE, KID, NOW_SECS, entitlement, issuer, issuer_key, now, presentation, signed_by, stranger,
    ticket, ticket_claims,
};

const NEIGHBOUR: IssuerCode = IssuerCode::from_number(7);

/// Our issuer and a neighbour whose key has the same name.
fn keys() -> Vec<IssuerKey> {
    let public = stranger().verifying_key().to_bytes();
    let (from, until) = (issuer_key().not_before(), issuer_key().not_after());
    let neighbour = IssuerKey::new(KID, &public, from, until).unwrap();
    vec![neighbour.of_issuer(NEIGHBOUR), issuer_key()]
}

fn at(network: u16, zone: u16) -> Place {
    Place {
        network: NetworkCode::from_number(network),
        zone: ZoneCode::from_number(zone),
        ..Place::new(GATE, TapKind::On)
    }
}

fn show(rules: &[Acceptance], place: &Place, code: &[u8]) -> Decision {
    let validator = Validator::new(keys(), Policy::default()).unwrap();
    let validator = validator.with_rules(rules).unwrap();
    let mut memory = ReplayMemory::new([ReplaySlot::EMPTY; 4]);
    let text = wire::text::encode(code).unwrap();
    validator.validate(text.as_bytes(), place, now(), &NothingDenied, &mut memory)
}

fn passes(rules: &[Acceptance], place: &Place, code: &[u8]) {
    let decision = show(rules, place, code);
    assert!(matches!(decision, Decision::Permitted(_)), "{decision:?}");
}

fn refuses(rules: &[Acceptance], place: &Place, code: &[u8], expected: Refusal) {
    assert_eq!(show(rules, place, code), Decision::Refused(expected));
}

fn neighbours_ticket() -> Vec<u8> {
    let signed = ticket_claims().sign(KID, signed_by(&stranger()));
    signed.unwrap().to_vec()
}

#[test]
fn a_neighbour_travels_where_a_rule_says_so() {
    let rules = [
        Acceptance {
            issuer: Some(IssuerCode::OWN),
            ..Acceptance::ANY
        },
        Acceptance {
            issuer: Some(NEIGHBOUR),
            network: Some(NetworkCode::from_number(2)),
            zone: Some(ZoneCode::from_number(5)),
            ..Acceptance::ANY
        },
    ];
    let elsewhere = Refusal::IssuerNotTakenHere { issuer: NEIGHBOUR };
    passes(&rules, &at(2, 5), &neighbours_ticket());
    refuses(&rules, &at(2, 4), &neighbours_ticket(), elsewhere);
    refuses(&rules, &at(1, 5), &neighbours_ticket(), elsewhere);
    // The key decides who issued it, not its name, which both cities use.
    for place in [at(0, 0), at(1, 5), at(2, 5)] {
        passes(&rules, &place, &ticket());
        passes(&rules, &place, &presentation(None));
    }
}

#[test]
fn no_rules_take_everything_and_an_empty_list_nothing() {
    let validator = Validator::new(keys(), Policy::default()).unwrap();
    let mut memory = ReplayMemory::new([ReplaySlot::EMPTY; 4]);
    let text = wire::text::encode(&neighbours_ticket()).unwrap();
    let place = at(9, 9);
    let decision = validator.validate(text.as_bytes(), &place, now(), &NothingDenied, &mut memory);
    assert!(matches!(decision, Decision::Permitted(permit) if permit.issuer == NEIGHBOUR));
    let issuer = IssuerCode::OWN;
    refuses(
        &[],
        &place,
        &ticket(),
        Refusal::IssuerNotTakenHere { issuer },
    );
}

#[test]
fn product_category_and_party() {
    let rule = Acceptance {
        product: Some(entitlement().product),
        category: Some(entitlement().category),
        party_max: PartySize::new(2).unwrap(),
        ..Acceptance::ANY
    };
    passes(&[rule], &at(0, 0), &ticket());
    let product = entitlement().product;
    let other = Acceptance {
        product: Some(ProductCode::from_number(product.as_number() + 1)),
        ..rule
    };
    let no_product = Refusal::ProductNotTakenHere { product };
    refuses(&[other], &at(0, 0), &ticket(), no_product);
    let category = entitlement().category;
    let child = Acceptance {
        category: Some(RiderCategory::from_code(category.as_code() + 1)),
        ..rule
    };
    let no_category = Refusal::CategoryNotTakenHere { category };
    refuses(&[child], &at(0, 0), &ticket(), no_category);
    let alone = Acceptance {
        party_max: PartySize::ONE,
        ..rule
    };
    let (max, got) = (PartySize::ONE, PartySize::new(2).unwrap());
    let no_party = Refusal::PartyTooLarge { max, got };
    refuses(&[alone], &at(0, 0), &ticket(), no_party);
    // Of several near misses the nearest is told, whatever their order; a rule that fits wins.
    refuses(&[alone, child, other], &at(0, 0), &ticket(), no_party);
    refuses(&[other, child], &at(0, 0), &ticket(), no_category);
    passes(&[other, child, alone, rule], &at(0, 0), &ticket());
}

#[test]
fn tickets_live_as_long_as_policy_or_rule_says() {
    let lasting = |secs| {
        let claims = TicketClaims {
            expires: Timestamp::from_secs(NOW_SECS + secs),
            ..ticket_claims()
        };
        claims.sign(KID, signed_by(&issuer())).unwrap().to_vec()
    };
    let day = 86_400;
    let too_long = |max, got| Refusal::LivesTooLong {
        max: Span::from_secs(max),
        got: Span::from_secs(got),
    };
    let any = [Acceptance::ANY];
    passes(&any, &at(0, 0), &lasting(day));
    refuses(&any, &at(0, 0), &lasting(day + 1), too_long(day, day + 1));
    let paper = [Acceptance {
        ticket_life_max: Some(Span::from_secs(90)),
        ..Acceptance::ANY
    }];
    passes(&paper, &at(0, 0), &lasting(90));
    refuses(&paper, &at(0, 0), &lasting(91), too_long(90, 91));
    // A credential's life is not a ticket's.
    passes(&paper, &at(0, 0), &presentation(None));
}

#[test]
fn the_first_rule_that_fits_sets_the_limits() {
    let limit = |secs| Acceptance {
        ticket_life_max: Some(Span::from_secs(secs)),
        ..Acceptance::ANY
    };
    passes(&[limit(60), limit(1)], &at(0, 0), &ticket());
    let (max, got) = (Span::from_secs(1), Span::from_secs(60));
    let too_long = Refusal::LivesTooLong { max, got };
    refuses(&[limit(1), limit(60)], &at(0, 0), &ticket(), too_long);
}

#[test]
fn rules_have_bounds() {
    let validator = || Validator::new(keys(), Policy::default()).unwrap();
    let rules = vec![Acceptance::ANY; RULES_MAX + 1];
    assert!(validator().with_rules(&rules[1..]).is_ok());
    let error = validator().with_rules(rules).map(|_| ()).unwrap_err();
    let (max, got) = (RULES_MAX, RULES_MAX + 1);
    assert_eq!(error, SetupError::TooManyRules { max, got });
    let negative = Acceptance {
        passback: Some(Span::from_micros(-1)),
        ..Acceptance::ANY
    };
    let error = validator().with_rules(vec![negative]).map(|_| ());
    let (field, micros) = ("passback", -1);
    assert_eq!(error, Err(SetupError::NegativeSpan { field, micros }));
}

/// A refusal by place leaves the code unused: it passes where it is taken.
#[test]
fn a_code_refused_here_passes_there() {
    let rules = vec![Acceptance {
        network: Some(NetworkCode::from_number(1)),
        ..Acceptance::ANY
    }];
    let validator = Validator::new(keys(), Policy::default()).unwrap();
    let validator = validator.with_rules(rules).unwrap();
    let mut memory = ReplayMemory::new([ReplaySlot::EMPTY; 4]);
    let text = wire::text::encode(&ticket()).unwrap();
    let mut numbers = Vec::new();
    for network in [2, 1, 1] {
        let place = at(network, 0);
        let text = text.as_bytes();
        numbers.push(
            validator
                .validate(text, &place, now(), &NothingDenied, &mut memory)
                .code(),
        );
    }
    assert_eq!(numbers, [131, 0, 150]);
    assert_ne!(ticket_claims().id, CredentialId::from_bytes([0; 16]));
}
