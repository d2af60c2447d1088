//! The same claims as a ticket's in other token formats, each verified and checked.
//!
//! They read the machine's clock themselves, so their tokens are valid now and long after.

use anyhow::{Context as _, ensure};
use biscuit_auth::macros::{authorizer, biscuit};
use biscuit_auth::{AuthorizerLimits, Biscuit, KeyPair};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use pasetors::claims::{Claims, ClaimsValidationRules};
use pasetors::keys::{AsymmetricKeyPair, Generate as _};
use pasetors::token::UntrustedToken;
use pasetors::{Public, public, version4::V4};
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use serde::{Deserialize, Serialize};

use crate::codes::{CODES, bytes};

/// Takes a token; fails unless it is verified and its claims hold.
pub(crate) type Decide = Box<dyn Fn(&str) -> anyhow::Result<()>>;

/// A row of tokens, and how one is decided.
pub(crate) struct Peer {
    pub(crate) tokens: Vec<String>,
    pub(crate) decide: Decide,
}

const EXPIRES_SECS: u64 = 4_000_000_000;
const PRODUCT: u16 = 7;

/// As long as 16 bytes in hexadecimal.
fn id(number: usize) -> String {
    let [first, second, ..] = bytes("peer", number);
    format!("{number:016x}{first:08x}{second:08x}")
}

#[derive(Serialize, Deserialize)]
struct JwtClaims {
    exp: u64,
    nbf: u64,
    jti: String,
    category: u8,
    party: u8,
    product: u16,
}

pub(crate) fn json_web_token() -> anyhow::Result<Peer> {
    let random = ring::rand::SystemRandom::new();
    let document = Ed25519KeyPair::generate_pkcs8(&random)
        .ok()
        .context("key")?;
    let pair = Ed25519KeyPair::from_pkcs8(document.as_ref())
        .ok()
        .context("key")?;
    let encoding = EncodingKey::from_ed_der(document.as_ref());
    let decoding = DecodingKey::from_ed_der(pair.public_key().as_ref());
    let one = |number| {
        let claims = JwtClaims {
            exp: EXPIRES_SECS,
            nbf: 1_500_000_000,
            jti: id(number),
            category: 0,
            party: 1,
            product: PRODUCT,
        };
        Ok(jsonwebtoken::encode(
            &Header::new(Algorithm::EdDSA),
            &claims,
            &encoding,
        )?)
    };
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.validate_nbf = true;
    let decide = move |token: &str| {
        let data = jsonwebtoken::decode::<JwtClaims>(token, &decoding, &validation)?;
        ensure!(
            data.claims.product == PRODUCT && data.claims.jti.len() == 32,
            "claims"
        );
        Ok(())
    };
    Ok(Peer {
        tokens: (0..CODES).map(one).collect::<anyhow::Result<_>>()?,
        decide: Box::new(decide),
    })
}

pub(crate) fn paseto() -> anyhow::Result<Peer> {
    let pair = AsymmetricKeyPair::<V4>::generate()?;
    let one = |number| {
        let mut claims = Claims::new()?;
        claims.issued_at("2017-07-14T02:40:00+00:00")?;
        claims.not_before("2017-07-14T02:40:00+00:00")?;
        claims.expiration("2096-10-02T07:06:40+00:00")?;
        claims.token_identifier(&id(number))?;
        claims.add_additional("category", 0)?;
        claims.add_additional("party", 1)?;
        claims.add_additional("product", PRODUCT)?;
        Ok(public::sign(&pair.secret, &claims, None, None)?)
    };
    let tokens = (0..CODES).map(one).collect::<anyhow::Result<_>>()?;
    let rules = ClaimsValidationRules::new();
    let decide = move |token: &str| {
        let untrusted = UntrustedToken::<Public, V4>::try_from(token)?;
        let trusted = public::verify(&pair.public, &untrusted, &rules, None, None)?;
        let claims = trusted.payload_claims().context("claims")?;
        let product = claims
            .get_claim("product")
            .and_then(serde_json::Value::as_u64);
        ensure!(product == Some(u64::from(PRODUCT)), "product");
        Ok(())
    };
    Ok(Peer {
        tokens,
        decide: Box::new(decide),
    })
}

pub(crate) fn biscuit() -> anyhow::Result<Peer> {
    let root = KeyPair::new();
    let expires = std::time::UNIX_EPOCH + std::time::Duration::from_secs(EXPIRES_SECS);
    let one = |number| {
        let id = id(number);
        let product = i64::from(PRODUCT);
        let token = biscuit!(
            r#"id({id}); category(0); party(1); product({product});
               check if time($time), $time < {expires};"#
        );
        Ok(token.build(&root)?.to_base64()?)
    };
    let public_key = root.public();
    let now = std::time::UNIX_EPOCH + std::time::Duration::from_hours(500_000);
    let limits = AuthorizerLimits {
        max_time: std::time::Duration::from_secs(1),
        ..AuthorizerLimits::default()
    };
    let decide = move |token: &str| {
        let token = Biscuit::from_base64(token, public_key)?;
        let product = i64::from(PRODUCT);
        let mut authorizer =
            authorizer!("time({now}); allow if product({product}), id($id);").build(&token)?;
        // Its own limit of a millisecond is the scheduler's to break on a busy machine.
        authorizer.authorize_with_limits(limits.clone())?;
        Ok(())
    };
    Ok(Peer {
        tokens: (0..CODES).map(one).collect::<anyhow::Result<_>>()?,
        decide: Box::new(decide),
    })
}
