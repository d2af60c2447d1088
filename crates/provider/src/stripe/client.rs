//! The client: orders out, look-ups in.

use std::sync::Arc;
use std::time::Duration;

use reqwest::{Method, RequestBuilder, StatusCode};
use rustls::crypto::aws_lc_rs;
use rustls::{ClientConfig, RootCertStore};
use secrecy::{ExposeSecret as _, SecretString};
use serde::de::DeserializeOwned;
use settlement::charging::{
    Answer, Order, Payment, PaymentProvider, Truth, TruthItem, Unavailable, What,
};
use units::PaymentId;
use uuid::Uuid;

use super::wire::{Dispute, Failure, Intent, List, Object, Refund, amount_of};

/// Pages read of one list: a rider has a payment a day at most, and they are asked for by time.
const PAGES_MAX: usize = 100;

/// Objects asked for per page, Stripe's most.
const PAGE: &str = "100";

/// Bytes read of one answer.
const ANSWER_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// How far the provider's clock may be behind ours, in seconds.
const CLOCKS_DIFFER: i64 = 3_600;

/// Where the provider is and who we are there.
#[derive(Debug)]
pub struct StripeConfig {
    /// `https://api.stripe.com`, or what speaks like it; `http` for tests alone.
    pub url: String,
    /// The secret key.
    pub secret_key: SecretString,
    /// How long one call may take.
    pub timeout: Duration,
}

/// Why there is no client.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// TLS cannot be set up.
    #[error("TLS cannot be set up")]
    Tls(#[from] rustls::Error),
    /// The machine has no authorities to believe.
    #[error("this machine has no certificate authorities: install ca-certificates")]
    NoAuthorities,
    /// The HTTP client cannot be set up.
    #[error("the HTTP client cannot be set up")]
    Http(#[from] reqwest::Error),
}

/// Stripe, as charging uses it.
pub struct Stripe {
    http: reqwest::Client,
    url: String,
    secret_key: SecretString,
}

impl Stripe {
    /// A client; nothing is asked yet.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn new(config: StripeConfig) -> Result<Self, ClientError> {
        let builder = reqwest::Client::builder()
            .timeout(config.timeout)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy();
        let builder = if config.url.starts_with("http://") {
            // No authority is read where none is asked.
            builder.tls_certs_only([])
        } else {
            builder.https_only(true).tls_backend_preconfigured(tls()?)
        };
        Ok(Self {
            http: builder.build()?,
            url: config.url.trim_end_matches('/').to_owned(),
            secret_key: config.secret_key,
        })
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http
            .request(method, format!("{}{path}", self.url))
            .bearer_auth(self.secret_key.expose_secret())
    }

    async fn post(&self, path: &str, order: &Order, form: &[(&str, String)]) -> Answer {
        let request = self
            .request(Method::POST, path)
            .header("Idempotency-Key", Uuid::from_bytes(order.key).to_string())
            .form(form);
        let Ok(response) = request.send().await else {
            return Answer::Unheard;
        };
        let status = response.status();
        if status.is_success() || status == StatusCode::PAYMENT_REQUIRED {
            return Answer::Heard;
        }
        // Of all refusals only that of the request itself proves that nothing was made of it.
        if status != StatusCode::BAD_REQUEST && status != StatusCode::NOT_FOUND {
            return Answer::Unheard;
        }
        match read::<Failure>(response).await {
            Ok(failure) if failure.error.proves_nothing() => Answer::Unheard,
            Ok(failure) => Answer::Refused {
                code: failure.error.code(),
            },
            Err(_) => Answer::Unheard,
        }
    }

    /// Every object of a list, page after page.
    async fn list<T: DeserializeOwned + Object>(
        &self,
        path: &str,
        query: &[(&str, String)],
    ) -> Result<Vec<T>, Unavailable> {
        let mut found: Vec<T> = Vec::new();
        for _ in 0..PAGES_MAX {
            let mut query = query.to_vec();
            query.push(("limit", PAGE.to_owned()));
            if let Some(last) = found.last() {
                query.push(("starting_after", last.id().to_owned()));
            }
            let request = self.request(Method::GET, path).query(&query);
            let response = request.send().await.map_err(|error| unavailable(&error))?;
            if !response.status().is_success() {
                return Err(Unavailable {
                    why: format!("{path} answered {}", response.status()),
                });
            }
            let page: List<T> = read(response).await?;
            let is_last = !page.has_more || page.data.is_empty();
            found.extend(page.data);
            if is_last {
                return Ok(found);
            }
        }
        Err(Unavailable {
            why: format!("{path} has more than {PAGES_MAX} pages"),
        })
    }

    /// The payment of ours that an intent collects: what a webhook is about that names the intent
    /// alone, as those of disputes do. None where the provider has no such intent, or it is not
    /// ours (Stripe, "Retrieve a `PaymentIntent`").
    ///
    /// # Errors
    /// [`Unavailable`]: it may be asked again.
    pub async fn payment_of_intent(&self, intent: &str) -> Result<Option<PaymentId>, Unavailable> {
        // It becomes part of a path.
        let is_id = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        if intent.is_empty() || !intent.bytes().all(is_id) {
            return Ok(None);
        }
        let request = self.request(Method::GET, &format!("/v1/payment_intents/{intent}"));
        let response = request.send().await.map_err(|error| unavailable(&error))?;
        match response.status() {
            StatusCode::NOT_FOUND => Ok(None),
            status if status.is_success() => {
                let intent: Intent = read(response).await?;
                Ok(PaymentId::parse(&intent.metadata.payment).ok())
            }
            status => Err(Unavailable {
                why: format!("the intent's look-up answered {status}"),
            }),
        }
    }

    async fn items(
        &self,
        payment: &Payment,
        customer: &str,
    ) -> Result<Vec<TruthItem>, Unavailable> {
        let since = payment.made_at.as_secs().saturating_sub(CLOCKS_DIFFER);
        let query = [
            ("customer", customer.to_owned()),
            ("created[gte]", since.to_string()),
        ];
        let intents: Vec<Intent> = self.list("/v1/payment_intents", &query).await?;
        let ours = payment.id.to_string();
        let mut items = Vec::new();
        for intent in intents
            .iter()
            .filter(|intent| intent.metadata.payment == ours)
        {
            items.push(intent.item()?);
            if !intent.is_succeeded() {
                continue;
            }
            let of_intent = [("payment_intent", intent.id.clone())];
            let refunds: Vec<Refund> = self.list("/v1/refunds", &of_intent).await?;
            for refund in &refunds {
                items.push(refund.item()?);
            }
            let disputes: Vec<Dispute> = self.list("/v1/disputes", &of_intent).await?;
            for dispute in disputes.iter().filter(|dispute| dispute.holds_money()) {
                let amount = amount_of(dispute.amount, &dispute.currency)?;
                items.push(TruthItem::ChargedBack(amount));
            }
        }
        Ok(items)
    }
}

impl PaymentProvider for Stripe {
    async fn send(&self, order: &Order) -> Answer {
        let mut form = vec![
            ("amount", order.amount.as_minor().to_string()),
            ("metadata[payment]", order.payment.to_string()),
            ("metadata[request]", order.number.to_string()),
        ];
        let path = match (order.what, &order.from) {
            (What::Collect, _) => {
                let Some(customer) = order.payer.clone() else {
                    return Answer::Refused {
                        code: "no_such_customer".to_owned(),
                    };
                };
                let currency = order.amount.currency().code().to_ascii_lowercase();
                form.push(("currency", currency));
                form.push(("customer", customer));
                form.push(("confirm", "true".to_owned()));
                form.push(("off_session", "true".to_owned()));
                "/v1/payment_intents"
            }
            (What::GiveBack, Some(from)) => {
                form.push(("payment_intent", from.clone()));
                "/v1/refunds"
            }
            (What::GiveBack, None) => {
                return Answer::Refused {
                    code: "nothing_collected".to_owned(),
                };
            }
        };
        self.post(path, order, &form).await
    }

    async fn look_up(&self, payment: &Payment) -> Result<Truth, Unavailable> {
        // Who never was a customer there can have paid nothing there.
        let items = match &payment.payer {
            Some(customer) => self.items(payment, customer).await?,
            None => Vec::new(),
        };
        Ok(Truth { items })
    }
}

async fn read<T: DeserializeOwned>(response: reqwest::Response) -> Result<T, Unavailable> {
    if response
        .content_length()
        .is_some_and(|bytes| bytes > ANSWER_BYTES_MAX)
    {
        return Err(Unavailable {
            why: "the answer is too long".to_owned(),
        });
    }
    let mut response = response;
    let mut bytes = Vec::new();
    while let Some(chunk) = response
        .chunk()
        .await
        .map_err(|error| unavailable(&error))?
    {
        bytes.extend_from_slice(&chunk);
        if bytes.len() as u64 > ANSWER_BYTES_MAX {
            return Err(Unavailable {
                why: "the answer is too long".to_owned(),
            });
        }
    }
    serde_json::from_slice(&bytes).map_err(|error| Unavailable {
        why: format!("the answer is not as it should be: {error}"),
    })
}

fn unavailable(error: &reqwest::Error) -> Unavailable {
    Unavailable {
        why: if error.is_timeout() {
            "it did not answer in time".to_owned()
        } else {
            "the connection failed".to_owned()
        },
    }
}

fn tls() -> Result<ClientConfig, ClientError> {
    let mut roots = RootCertStore::empty();
    let found = rustls_native_certs::load_native_certs();
    let (taken, _) = roots.add_parsable_certificates(found.certs);
    if taken == 0 {
        return Err(ClientError::NoAuthorities);
    }
    let provider = Arc::new(aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider);
    Ok(builder
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth())
}
