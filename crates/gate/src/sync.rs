//! Lists come from the server: asked for by tag, made durable, then used.

use std::sync::Arc;
use std::time::Duration;

use reqwest::StatusCode;
use validator::Policy;

use crate::agent::Held;
use crate::core::Core;
use crate::lists::{Confirmation, DeniedBody, Keys, ListError, ListFolder, ListName};
use crate::machine;
use crate::tls::patience;
use crate::upload::describe;

/// Most bytes of a list: about a million denied codes as JSON.
const LIST_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Why a list was not refreshed. The one in use stays until it is stale.
#[derive(Debug, thiserror::Error)]
enum SyncError {
    #[error("the server cannot be reached or does not answer")]
    Network(#[from] reqwest::Error),
    #[error("the server answered {0}")]
    Status(StatusCode),
    #[error("expected at most {LIST_BYTES_MAX} bytes")]
    TooLong,
    #[error("the list is not taken: {0}")]
    List(#[from] ListError),
}

/// Keeps both lists fresh.
#[derive(Debug)]
pub struct Syncer {
    /// Asks the core.
    pub core: Core,
    /// The client.
    pub http: reqwest::Client,
    /// The server's address.
    pub url: String,
    /// Where lists outlive a restart.
    pub folder: ListFolder,
    /// The validator's policy, for new keys.
    pub policy: Policy,
    /// How long the server may be silent.
    pub timeout: Duration,
    /// How often.
    pub every: Duration,
}

impl Syncer {
    /// Syncs for ever.
    pub async fn run(self) {
        loop {
            for name in [ListName::IssuerKeys, ListName::DenyList] {
                if let Err(error) = self.refresh(name).await {
                    let error = describe(&error);
                    tracing::warn!(list = name.as_str(), error, "the list is not refreshed");
                }
            }
            tokio::time::sleep(self.every).await;
        }
    }

    async fn refresh(&self, name: ListName) -> Result<(), SyncError> {
        let mut request = self.http.get(format!("{}/v1/{}", self.url, name.as_str()));
        let in_use = self.core.ask(move |agent| agent.holds(name)).await;
        let before = self.folder.confirmation(name)?;
        if in_use == Some(true)
            && let Some(etag) = &before.etag
        {
            request = request.header("if-none-match", etag);
        }
        // Before the request: an answer is never younger than the question.
        let asked_at = machine::now();
        let most = u64::try_from(LIST_BYTES_MAX).unwrap_or(u64::MAX);
        let request = request.timeout(patience(self.timeout, most));
        let mut response = request.send().await?;
        let status = response.status();
        let etag = response.headers().get("etag");
        let etag = etag.and_then(|tag| tag.to_str().ok()).map(str::to_owned);
        let mut confirmed = Confirmation {
            at_secs: asked_at.as_secs(),
            etag,
        };
        if status == StatusCode::NOT_MODIFIED && in_use == Some(true) {
            confirmed.etag = before.etag;
            self.folder.confirm(name, &confirmed)?;
            let at = confirmed.at();
            self.core.ask(move |agent| agent.confirm(name, at)).await;
            return Ok(());
        }
        if status != StatusCode::OK {
            return Err(SyncError::Status(status));
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await? {
            if body.len().saturating_add(chunk.len()) > LIST_BYTES_MAX {
                return Err(SyncError::TooLong);
            }
            body.extend_from_slice(&chunk);
        }
        let held = self.folder.body(name)?;
        self.replace(name, &body, held.as_deref())?;
        self.folder.confirm(name, &confirmed)?;
        self.hand_over(name, &body, &confirmed).await
    }

    /// Checks a list and makes it durable, if it is another one.
    fn replace(&self, name: ListName, body: &[u8], held: Option<&[u8]>) -> Result<(), SyncError> {
        if held == Some(body) {
            return Ok(());
        }
        match name {
            ListName::IssuerKeys => drop(Keys::read(body, self.policy)?),
            ListName::DenyList => {
                let offered = DeniedBody::read(body)?.version;
                let held = held.and_then(|held| DeniedBody::read(held).ok());
                if let Some(held) = held.filter(|held| held.version > offered) {
                    return Err(SyncError::List(ListError::WentBack {
                        held: held.version,
                        got: offered,
                    }));
                }
            }
        }
        Ok(self.folder.store(name, body)?)
    }

    async fn hand_over(
        &self,
        name: ListName,
        body: &[u8],
        confirmed: &Confirmation,
    ) -> Result<(), SyncError> {
        let confirmed = confirmed.at();
        match name {
            ListName::IssuerKeys => {
                let list = Arc::new(Keys::read(body, self.policy)?);
                let held = Held { list, confirmed };
                let used = move |agent: &mut crate::agent::Agent<_>| {
                    agent.use_keys(held, machine::now());
                };
                self.core.ask(used).await;
            }
            ListName::DenyList => {
                let list = Arc::new(DeniedBody::read(body)?.lay_down(&self.folder)?);
                let held = Held { list, confirmed };
                let used = move |agent: &mut crate::agent::Agent<_>| agent.use_denied(held);
                self.core.ask(used).await;
            }
        }
        Ok(())
    }
}
