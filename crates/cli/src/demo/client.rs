//! The HTTP API as phones, gates and pages use it.

use anyhow::{Context as _, Result, anyhow, bail};
use api::{
    ChallengeResponse, DenyListResponse, DeviceResponse, IssuerKeysResponse, Problem,
    RegisterDeviceRequest, SessionToken, TapAckBody, TicketRequest, TicketResponse,
};
use reqwest::header::{ACCEPT, CONTENT_TYPE};
use reqwest::{Method, RequestBuilder, Response};
use serde::de::DeserializeOwned;
use units::CredentialId;
use wire::IssuerKey;

/// A server and a connection to it.
pub(super) struct Client {
    http: reqwest::Client,
    base: String,
}

impl Client {
    /// A client of the server at `base`, like `http://127.0.0.1:8080`.
    pub(super) fn new(base: String) -> Result<Self> {
        // A proxy of the machine is not asked for what never leaves it.
        // Nor are certificate authorities read: a machine without any can run the demo.
        let http = reqwest::Client::builder()
            .no_proxy()
            .tls_certs_only([])
            .build()?;
        Ok(Self { http, base })
    }

    /// A challenge for a registration.
    pub(super) async fn challenge(&self) -> Result<ChallengeResponse> {
        self.ask(self.request(Method::POST, "/v1/challenges")).await
    }

    /// Registers a device.
    pub(super) async fn register(&self, request: &RegisterDeviceRequest) -> Result<DeviceResponse> {
        self.ask(self.request(Method::POST, "/v1/devices").json(request))
            .await
    }

    /// A ticket for the account of `session`, as text.
    pub(super) async fn ticket(&self, session: &SessionToken) -> Result<TicketResponse> {
        let request = self
            .request(Method::POST, "/v1/tickets")
            .json(&TicketRequest::default());
        self.ask(request.bearer_auth(session.to_text())).await
    }

    /// The keys that a gate should hold.
    pub(super) async fn issuer_keys(&self) -> Result<Vec<IssuerKey>> {
        let listed: IssuerKeysResponse = self
            .ask(self.request(Method::GET, "/v1/issuer-keys"))
            .await?;
        let mut keys = Vec::new();
        for key in listed.keys {
            keys.push(IssuerKey::new(
                key.kid.0,
                &key.public_key.0,
                key.not_before.0,
                key.not_after.0,
            )?);
        }
        Ok(keys)
    }

    /// The credentials that a gate should refuse.
    pub(super) async fn deny_list(&self) -> Result<Vec<CredentialId>> {
        let list: DenyListResponse = self.ask(self.request(Method::GET, "/v1/deny-list")).await?;
        Ok(list.entries.into_iter().map(|entry| entry.0).collect())
    }

    /// Uploads one signed batch, as protobuf bytes.
    pub(super) async fn upload(&self, batch: Vec<u8>) -> Result<TapAckBody> {
        let request = self
            .request(Method::POST, "/v1/taps")
            .header(CONTENT_TYPE, "application/x-protobuf")
            .body(batch);
        self.ask(request).await
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let url = format!("{}{path}", self.base);
        self.http
            .request(method, url)
            .header(ACCEPT, "application/json")
    }

    async fn ask<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T> {
        let response = request.send().await.context("the server does not answer")?;
        if !response.status().is_success() {
            bail!(refusal(response).await);
        }
        Ok(response.json().await?)
    }
}

/// What the server said when it refused.
async fn refusal(response: Response) -> anyhow::Error {
    let (status, url) = (response.status(), response.url().path().to_owned());
    let Ok(bytes) = response.bytes().await else {
        return anyhow!("{url} answered {status}");
    };
    match serde_json::from_slice::<Problem>(&bytes) {
        Ok(problem) => anyhow!("{url}: {problem}"),
        Err(_) => anyhow!("{url} answered {status}"),
    }
}
