//! The charging file: providers, terms, debt. Secrets stand in files or in the environment.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use provider::invoice::Creditor;
use provider::stripe::{Stripe, StripeConfig};
use provider::{Kind, Providers};
use secrecy::SecretString;
use serde::Deserialize;
use server::Charging;
use settlement::charging::PayWindow;
use settlement::debt::deny::DebtPolicy;
use settlement::ids;
use store::Store;
use tokio::sync::Notify;
use toml::Value;
use units::Span;

const HOUR: i64 = 3_600;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    /// Hours after a service day's end at which its charges are collected.
    #[serde(default = "six")]
    grace_hours: u32,
    unsaid: Option<Unsaid>,
    #[serde(default)]
    debt: Debt,
    #[serde(default)]
    provider: Vec<Provider>,
}

const fn six() -> u32 {
    6
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Unsaid {
    provider: String,
    window: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Debt {
    overdue_max_minor: u32,
    exposure_max_minor: u32,
    entry_days: u16,
}

impl Default for Debt {
    fn default() -> Self {
        Self {
            overdue_max_minor: 0,
            exposure_max_minor: 10_000,
            entry_days: 30,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Provider {
    name: String,
    kind: String,
    url: Option<String>,
    timeout_seconds: Option<u16>,
    secret_key: Option<Value>,
    webhook_secret: Option<Value>,
    creditor: Option<CreditorRow>,
}

/// Where a secret is, never the secret itself.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Secret {
    file: Option<PathBuf>,
    env: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CreditorRow {
    name: String,
    iban: String,
    id: String,
}

/// Reads the charging file; books are kept in `store`.
///
/// # Errors
/// When it cannot be read, or says what cannot be; a secret is never told.
pub(crate) fn read(path: &Path, store: Store) -> Result<Arc<Charging>> {
    let text = std::fs::read_to_string(path);
    let text = text.with_context(|| format!("cannot read {}", path.display()))?;
    let file: File = toml::from_str(&text).map_err(|error| told(path, &text, &error))?;
    let mut named: Vec<(String, Kind)> = Vec::new();
    for row in &file.provider {
        ensure!(
            named.iter().all(|(name, _)| *name != row.name),
            "provider {} stands twice in {}",
            row.name,
            path.display()
        );
        let kind = kind(row).with_context(|| format!("provider {}", row.name))?;
        named.push((row.name.clone(), kind));
    }
    let unsaid = match &file.unsaid {
        None => None,
        Some(unsaid) => {
            let known = named.iter().any(|(name, _)| *name == unsaid.provider);
            ensure!(known, "unsaid: no provider {} is named", unsaid.provider);
            let window = PayWindow::parse(&unsaid.window).context("unsaid: window")?;
            Some((ids::provider_of_name(&unsaid.provider), window))
        }
    };
    Ok(Arc::new(Charging {
        providers: Providers::new(store, named),
        unsaid,
        grace: Span::from_secs(i64::from(file.grace_hours) * HOUR),
        policy: DebtPolicy {
            overdue_max_minor: i64::from(file.debt.overdue_max_minor),
            exposure_max_minor: i64::from(file.debt.exposure_max_minor),
            entry_lasts: Span::from_secs(i64::from(file.debt.entry_days) * 24 * HOUR),
        },
        bell: Notify::new(),
    }))
}

fn kind(row: &Provider) -> Result<Kind> {
    match row.kind.as_str() {
        "prepaid" => Ok(Kind::Prepaid),
        "invoice" => {
            let creditor = row.creditor.as_ref();
            let creditor = creditor.map(|row| Creditor::new(&row.name, &row.iban, &row.id));
            Ok(Kind::Invoice(creditor.transpose()?))
        }
        "stripe" => {
            let key = row.secret_key.as_ref().context("secret_key is missing")?;
            let config = StripeConfig {
                url: row
                    .url
                    .clone()
                    .unwrap_or_else(|| "https://api.stripe.com".to_owned()),
                secret_key: secret(key).context("secret_key")?,
                timeout: Duration::from_secs(u64::from(row.timeout_seconds.unwrap_or(30))),
            };
            let told = row.webhook_secret.as_ref().map(secret).transpose();
            let told = told.context("webhook_secret")?;
            Ok(Kind::Stripe(Box::new(Stripe::new(config)?), told))
        }
        other => bail!("kind is prepaid, invoice or stripe, not {other}"),
    }
}

/// What is wrong and in which line, but not the line: somebody may have put a secret there.
fn told(path: &Path, text: &str, error: &toml::de::Error) -> anyhow::Error {
    let before = error.span().and_then(|span| text.get(..span.start));
    let line = before.unwrap_or_default().matches('\n').count() + 1;
    anyhow::anyhow!("{} line {line}: {}", path.display(), error.message())
}

#[expect(
    clippy::disallowed_methods,
    reason = "part of reading the configuration, once, at the start"
)]
fn secret(of: &Value) -> Result<SecretString> {
    // What stands there instead is not told: it may be the secret.
    let of: Secret = of.clone().try_into().map_err(|_| {
        anyhow::anyhow!(
            "a secret stands elsewhere: say {{ file = \"PATH\" }} or {{ env = \"NAME\" }}"
        )
    })?;
    let text = match (&of.file, &of.env) {
        (Some(path), None) => std::fs::read_to_string(path)
            .with_context(|| format!("cannot read {}", path.display()))?,
        (None, Some(name)) => {
            std::env::var(name).map_err(|_| anyhow::anyhow!("{name} is not set"))?
        }
        _ => bail!("say file = \"PATH\" or env = \"NAME\""),
    };
    let text = text.trim();
    ensure!(!text.is_empty(), "the secret is empty");
    Ok(SecretString::from(text))
}
