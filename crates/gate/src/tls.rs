//! HTTPS to the server: whom the agent believes, and what it shows of itself.
//!
//! One provider (aws-lc-rs), named and never the process's default. With a CA file only the
//! authorities in it count; without one, the machine's.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, bail};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};

use crate::config::ServerConfig;

/// The client for uploads and lists.
///
/// # Errors
/// Which file is not as it should be, and why.
pub fn client(server: &ServerConfig) -> Result<reqwest::Client> {
    let builder = reqwest::Client::builder()
        // Not of a whole answer: ten million denied codes take their time on a slow line.
        .connect_timeout(server.timeout())
        .read_timeout(server.timeout())
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy();
    let builder = if server.is_https() {
        builder
            .https_only(true)
            .tls_backend_preconfigured(tls(server)?)
    } else {
        // No authority is read where none is asked.
        builder.tls_certs_only([])
    };
    Ok(builder.build()?)
}

/// The slowest line on which a list is waited for, in bytes per second.
const SLOWEST_LINE: u64 = 16 * 1024;

/// How long an answer of at most so many bytes may take as a whole: a server that gives one byte
/// now and then must not hold the gate to the lists that it has.
#[must_use]
pub fn patience(silence: Duration, bytes: u64) -> Duration {
    silence.saturating_add(Duration::from_secs(bytes / SLOWEST_LINE))
}

fn tls(server: &ServerConfig) -> Result<ClientConfig> {
    let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(authorities(server.ca_file.as_deref())?);
    let (Some(cert), Some(key)) = (&server.client_cert_file, &server.client_key_file) else {
        return Ok(builder.with_no_client_auth());
    };
    let chain = certificates(cert).context("server.client_cert_file")?;
    // Why it is none would repeat what stands in it.
    let secret = PrivateKeyDer::from_pem_file(key)
        .map_err(|_| anyhow!("server.client_key_file: {}: no key in PEM", key.display()))?;
    builder
        .with_client_auth_cert(chain, secret)
        .context("server.client_key_file is not the key of server.client_cert_file")
}

fn authorities(file: Option<&Path>) -> Result<RootCertStore> {
    let mut roots = RootCertStore::empty();
    if let Some(path) = file {
        for certificate in certificates(path).context("server.ca_file")? {
            roots
                .add(certificate)
                .with_context(|| format!("server.ca_file: {}", path.display()))?;
        }
        return Ok(roots);
    }
    let found = rustls_native_certs::load_native_certs();
    for error in &found.errors {
        tracing::warn!(%error, "an authority of this machine cannot be read");
    }
    let (taken, _) = roots.add_parsable_certificates(found.certs);
    if taken == 0 {
        bail!("this machine has no certificate authorities: install them or set server.ca_file");
    }
    Ok(roots)
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>> {
    let chain = CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .ok()
        .filter(|chain| !chain.is_empty());
    // Why there is none would repeat what stands in a file that may be the wrong one.
    chain.with_context(|| format!("{}: no certificate in PEM", path.display()))
}
