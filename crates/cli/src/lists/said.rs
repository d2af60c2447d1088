//! `lists.toml`: what a city says in its lists beside its own keys and denied codes.

use std::path::Path;

use anyhow::{Context as _, Result};
use api::{Base64Url, Rfc3339, Text};
use issuer::lists::{Issuers, Wanted};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use tariff::CityFiles;
use units::{KeyId, NetworkId, ServiceDay, Span, TextId, Timestamp};
use wire::lists::{GatePolicy, PolicyRule, Tariff};
use wire::{IssuerCode, IssuerKey, PartySize, ProductCode, RiderCategory};

/// The file; each part has a default.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Said {
    policy: PolicyTable,
    tariff: TariffTable,
    issuer: Vec<IssuerTable>,
    accept: Option<Vec<AcceptTable>>,
}

/// `[[accept]]`: a rule of acceptance. What it does not say does not matter to it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct AcceptTable {
    issuer: Option<u16>,
    network: Option<u16>,
    zone: Option<u16>,
    product: Option<u16>,
    category: Option<u8>,
    party_max: Option<u8>,
    ticket_hours_max: Option<u16>,
    passback_seconds: Option<u32>,
}

impl AcceptTable {
    fn to_rule(&self) -> Result<PolicyRule> {
        let party = |riders| PartySize::new(riders).context("accept.party_max: expected 1 or more");
        Ok(PolicyRule {
            issuer: self.issuer.map(IssuerCode::from_number),
            network: self.network,
            zone: self.zone,
            product: self.product.map(ProductCode::from_number),
            category: self.category.map(RiderCategory::from_code),
            party_max: self.party_max.map(party).transpose()?,
            ticket_life_max: self
                .ticket_hours_max
                .map(|hours| Span::from_secs(i64::from(hours) * 3_600)),
            passback: self
                .passback_seconds
                .map(|seconds| Span::from_secs(i64::from(seconds))),
        })
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct PolicyTable {
    code_life_seconds: u16,
    phone_slow_seconds: u16,
    phone_fast_seconds: u16,
    not_before_seconds: u16,
    expiry_seconds: u16,
    one_way: bool,
    gate_bound: bool,
    tickets: bool,
    snapshot_seconds: u32,
    stale_hours: u16,
    stale_taps: u32,
}

impl Default for PolicyTable {
    /// A snapshot for a day; a gate that is cut off goes on for two more, and for 5,000 riders.
    fn default() -> Self {
        Self {
            code_life_seconds: 15,
            phone_slow_seconds: 30,
            phone_fast_seconds: 30,
            not_before_seconds: 30,
            expiry_seconds: 0,
            one_way: true,
            gate_bound: true,
            tickets: true,
            snapshot_seconds: 24 * 3_600,
            stale_hours: 48,
            stale_taps: 5_000,
        }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct TariffTable {
    effective: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct IssuerTable {
    number: u16,
    city: String,
    #[serde(default)]
    networks: Vec<String>,
    key: Vec<KeyTable>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyTable {
    kid: Text<KeyId>,
    public_key: Base64Url<32>,
    not_before: Rfc3339,
    not_after: Rfc3339,
}

/// What `text` (the content of `lists.toml`) and the city package say.
///
/// # Errors
/// When the text is no such file.
pub(crate) fn read(text: &str, package: &CityFiles, place: &Path) -> Result<Wanted> {
    let said: Said = toml::from_str(text).with_context(|| place.display().to_string())?;
    let issuers = said.issuer.iter().map(neighbour).collect::<Result<_>>();
    let rules = said.accept.as_ref().map(|rules| {
        let rules = rules.iter().map(AcceptTable::to_rule);
        rules.collect::<Result<Vec<_>>>()
    });
    let policy = &said.policy;
    let seconds = |value: u16| Span::from_secs(i64::from(value));
    let city = TextId::new("-")?;
    let modes = [
        (policy.one_way, GatePolicy::ONE_WAY),
        (policy.gate_bound, GatePolicy::GATE_BOUND),
        (policy.tickets, GatePolicy::TICKETS),
    ];
    let (length, hash) = digest(package);
    let effective = match &said.tariff.effective {
        Some(text) => ServiceDay::parse(text).context("tariff.effective")?,
        None => ServiceDay::from_days(0),
    };
    let epoch = Timestamp::from_secs(0);
    Ok(Wanted {
        issuers: issuers.with_context(|| place.display().to_string())?,
        denied: None,
        policy: GatePolicy {
            city,
            version: 0,
            issued: epoch,
            code_life: seconds(policy.code_life_seconds),
            phone_slow_max: seconds(policy.phone_slow_seconds),
            phone_fast_max: seconds(policy.phone_fast_seconds),
            not_before_tolerance: seconds(policy.not_before_seconds),
            expiry_tolerance: seconds(policy.expiry_seconds),
            modes: modes
                .iter()
                .filter(|(on, _)| *on)
                .fold(0, |all, (_, mode)| all | mode),
            stale_for: Span::from_secs(i64::from(policy.stale_hours) * 3_600),
            stale_taps: policy.stale_taps,
        },
        rules: rules
            .transpose()
            .with_context(|| place.display().to_string())?,
        tariff: Tariff {
            city,
            version: 0,
            issued: epoch,
            effective,
            length,
            hash,
        },
        life: Span::from_secs(i64::from(policy.snapshot_seconds)),
    })
}

fn neighbour(row: &IssuerTable) -> Result<Issuers> {
    let key = |key: &KeyTable| {
        IssuerKey::new(
            key.kid.0,
            &key.public_key.0,
            key.not_before.0,
            key.not_after.0,
        )
        .with_context(|| format!("key {} of {}", key.kid.0, row.city))
    };
    let network = |name: &String| NetworkId::new(name).context("networks");
    Ok(Issuers {
        city: TextId::new(&row.city).context("city")?,
        number: IssuerCode::from_number(row.number),
        keys: row.key.iter().map(key).collect::<Result<_>>()?,
        networks: row.networks.iter().map(network).collect::<Result<_>>()?,
    })
}

/// Length and SHA-256 of a city package: its files in the order of their names, each as name,
/// length (8 bytes, big endian) and content.
fn digest(package: &CityFiles) -> (u64, [u8; 32]) {
    let (mut hash, mut length) = (Sha256::new(), 0_u64);
    for (name, content) in &package.0 {
        let bytes = u64::try_from(content.len()).unwrap_or(u64::MAX);
        hash.update(name.as_bytes());
        hash.update(bytes.to_be_bytes());
        hash.update(content);
        length = length.saturating_add(bytes);
    }
    (length, hash.finalize().into())
}
