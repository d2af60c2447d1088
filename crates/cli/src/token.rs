//! `faregate token inspect`: what a code says, from its text or from a picture of it.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use api::{Base64Url, IssuerKeysResponse, Rfc3339, Text};
use serde::Serialize;
use units::{CredentialId, GateId, KeyId};
use wire::text::CodeBuffer;
use wire::{Code, Entitlement, IssuerKey, VerifyError};

use crate::output::Reader;
use crate::scan;

/// A key file from GET /v1/issuer-keys or a picture may have this many bytes at the most.
const FILE_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// Looks into `code`; true when it is well formed and no checked signature is bad.
///
/// # Errors
/// When a file cannot be read, a picture holds no code, or the text is no code: with the place.
pub(crate) fn inspect(code: &str, keys: Option<&Path>, json: bool) -> Result<bool> {
    let (source, text) = read(code)?;
    let mut buffer = CodeBuffer::new();
    let bytes = wire::text::decode(text.as_bytes(), &mut buffer)
        .with_context(|| format!("not a Faregate code: {:?}", shorten(&text)))?;
    let parsed = wire::parse(bytes).with_context(|| {
        format!(
            "the text is base45, but its {} bytes are no code",
            bytes.len()
        )
    })?;
    let keys = keys.map(read_keys).transpose()?;
    let signatures = check(&parsed, keys.as_deref());
    let good = matches!(signatures, Signatures::Good | Signatures::NotChecked);
    let inspected = Inspected {
        source,
        text: &text,
        text_chars: text.chars().count(),
        size_bytes: bytes.len(),
        hex: hex::encode(bytes),
        signatures,
        code: Described::of(&parsed),
    };
    Reader::of(json).print(&inspected, &inspected.lines()?)?;
    Ok(good)
}

/// The text itself, or the text of the code in the picture at that path.
fn read(code: &str) -> Result<(&'static str, String)> {
    // Base45 has a slash too, so a code could be taken for a path, but not the other way round.
    if code.starts_with("FG1:") || !Path::new(code).exists() {
        let is_picture = [".png", ".jpg", ".jpeg"]
            .iter()
            .any(|ending| code.to_ascii_lowercase().ends_with(ending));
        if is_picture {
            bail!("there is no picture at {code}");
        }
        return Ok(("text", code.to_owned()));
    }
    let about = std::fs::metadata(code).with_context(|| format!("cannot read {code}"))?;
    if !about.is_file() {
        bail!("{code} is no file");
    }
    let size = about.len();
    if size > FILE_BYTES_MAX {
        bail!("{code} has {size} bytes, at most {FILE_BYTES_MAX} are read");
    }
    let bytes = std::fs::read(code).with_context(|| format!("cannot read {code}"))?;
    let text = scan::read_picture(&bytes).with_context(|| code.to_owned())?;
    Ok(("picture", text))
}

fn read_keys(file: &Path) -> Result<Vec<IssuerKey>> {
    let bytes = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    let listed: IssuerKeysResponse = api::parse_json(&bytes)
        .with_context(|| format!("{} is no answer of GET /v1/issuer-keys", file.display()))?;
    let mut keys = Vec::new();
    for key in listed.keys {
        let prepared = IssuerKey::new(
            key.kid.0,
            &key.public_key.0,
            key.not_before.0,
            key.not_after.0,
        )
        .with_context(|| format!("key {} in {}", key.kid, file.display()))?;
        keys.push(prepared);
    }
    Ok(keys)
}

/// What the signatures are worth.
#[derive(Serialize, Clone, Copy, PartialEq, Eq, Debug)]
#[serde(rename_all = "snake_case")]
enum Signatures {
    /// No keys were given.
    NotChecked,
    /// Every signature holds.
    Good,
    /// None of the given keys has the code's key id.
    UnknownIssuer,
    /// The issuer's signature does not hold.
    BadIssuerSignature,
    /// The issuer's signature holds, the phone's does not.
    BadHolderSignature,
}

fn check(code: &Code<'_>, keys: Option<&[IssuerKey]>) -> Signatures {
    let Some(keys) = keys else {
        return Signatures::NotChecked;
    };
    let mut worst = Signatures::UnknownIssuer;
    // Key ids are not unique in the world: any key of that name may have signed.
    for key in keys.iter().filter(|key| key.kid() == code.kid()) {
        worst = match code.verify(key) {
            Ok(_) => return Signatures::Good,
            Err(VerifyError::Issuer(_)) => Signatures::BadIssuerSignature,
            Err(_) => Signatures::BadHolderSignature,
        };
    }
    worst
}

#[derive(Serialize)]
struct Inspected<'a> {
    source: &'static str,
    text: &'a str,
    text_chars: usize,
    size_bytes: usize,
    hex: String,
    signatures: Signatures,
    #[serde(flatten)]
    code: Described,
}

#[derive(Serialize)]
struct Described {
    kind: &'static str,
    kid: Text<KeyId>,
    credential_id: Text<CredentialId>,
    starts_at: Rfc3339,
    expires_at: Rfc3339,
    category: u8,
    party: u8,
    product: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    holder_key: Option<Base64Url<32>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    issued_at: Option<Rfc3339>,
    #[serde(skip_serializing_if = "Option::is_none")]
    gate_id: Option<Text<GateId>>,
}

impl Described {
    fn of(code: &Code<'_>) -> Self {
        let common = |kind, starts, expires, entitlement: Entitlement| Self {
            kind,
            kid: Text(code.kid()),
            credential_id: Text(code.id()),
            starts_at: Rfc3339(starts),
            expires_at: Rfc3339(expires),
            category: entitlement.category.as_code(),
            party: entitlement.party.as_riders(),
            product: entitlement.product.as_number(),
            holder_key: None,
            issued_at: None,
            gate_id: None,
        };
        match code {
            Code::Ticket(ticket) => common(
                "ticket",
                ticket.starts(),
                ticket.expires(),
                ticket.entitlement(),
            ),
            Code::Presentation(shown) => {
                let credential = shown.credential();
                Self {
                    holder_key: Some(Base64Url(*credential.holder_bytes())),
                    issued_at: Some(Rfc3339(shown.issued_at())),
                    gate_id: shown.gate().map(Text),
                    ..common(
                        "presentation",
                        credential.starts(),
                        credential.expires(),
                        credential.entitlement(),
                    )
                }
            }
        }
    }
}

impl Inspected<'_> {
    fn lines(&self) -> Result<String> {
        let code = &self.code;
        let mut lines = String::new();
        writeln!(
            lines,
            "{} of {} bytes, {} characters as text",
            code.kind, self.size_bytes, self.text_chars
        )?;
        writeln!(lines, "  signed under   issuer key {}", code.kid)?;
        writeln!(lines, "  id (cti)       {}", code.credential_id)?;
        writeln!(
            lines,
            "  may travel     {} to {}",
            code.starts_at, code.expires_at
        )?;
        writeln!(
            lines,
            "  entitles       category {}, party of {}, product {}",
            code.category, code.party, code.product
        )?;
        if let Some(key) = &code.holder_key {
            writeln!(lines, "  phone's key    {key}")?;
        }
        if let Some(issued_at) = &code.issued_at {
            writeln!(lines, "  made at        {issued_at}")?;
        }
        if let Some(gate) = &code.gate_id {
            writeln!(lines, "  only for gate  {gate}")?;
        }
        let signatures = match self.signatures {
            Signatures::NotChecked => "not checked: give --keys",
            Signatures::Good => "good",
            Signatures::UnknownIssuer => "not checked: none of the keys has this key id",
            Signatures::BadIssuerSignature => "BAD: this issuer did not sign it",
            Signatures::BadHolderSignature => "BAD: the phone did not sign it",
        };
        writeln!(lines, "  signatures     {signatures}")?;
        Ok(lines)
    }
}

/// The beginning of a text that may be anything, for an error message.
fn shorten(text: &str) -> String {
    text.chars().take(40).collect()
}
