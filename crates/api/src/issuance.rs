//! Bodies of the issuer's routes: challenges, devices, credentials, tickets, keys, deny list.

use serde::{Deserialize, Serialize};
use units::{AccountId, CredentialId, KeyId};
use utoipa::ToSchema;

use crate::{Base64Bytes, Base64Url, Rfc3339, SessionToken, Text, schema};

/// `POST /v1/challenges` → 201: what a device must sign to register.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct ChallengeResponse {
    /// 32 bytes, good for one registration.
    #[schema(value_type = schema::Bytes32)]
    pub challenge: Base64Url<32>,
    /// When it stops being good.
    #[schema(value_type = schema::Time)]
    pub expires_at: Rfc3339,
}

/// `POST /v1/devices`: a device registers its public key.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RegisterDeviceRequest {
    /// The device's Ed25519 public key (RFC 8032).
    #[schema(value_type = schema::Bytes32)]
    pub public_key: Base64Url<32>,
    /// A challenge this issuer made.
    #[schema(value_type = schema::Bytes32)]
    pub challenge: Base64Url<32>,
    /// Ed25519 signature over `"faregate device 1" || challenge || public_key`.
    #[schema(value_type = schema::Bytes64)]
    pub proof: Base64Url<64>,
}

/// `POST /v1/devices` → 201: the rider's account, session and first credential.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct DeviceResponse {
    /// The account the device travels on.
    #[schema(value_type = schema::Uuid)]
    pub account_id: Text<AccountId>,
    /// The secret for `Authorization: Bearer`; it is shown once and never stored here.
    #[schema(value_type = schema::Bytes32)]
    pub session: SessionToken,
    /// A credential that names the device's key.
    pub credential: CredentialResponse,
}

/// `POST /v1/credentials` → 201: a credential that names the device's key.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct CredentialResponse {
    /// The credential: a `COSE_Sign1` (RFC 9052) as in docs/WIRE.md.
    #[schema(value_type = schema::Bytes)]
    pub cose: Base64Bytes,
    /// Its claim `cti`.
    #[schema(value_type = schema::Uuid)]
    pub credential_id: Text<CredentialId>,
    /// From when it can be presented.
    #[schema(value_type = schema::Time)]
    pub starts_at: Rfc3339,
    /// Until when it can be presented.
    #[schema(value_type = schema::Time)]
    pub expires_at: Rfc3339,
}

/// `POST /v1/tickets`: what the ticket is for; what is absent is the account's own.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"party": 2}))]
pub struct TicketRequest {
    /// Rider category, as the city numbers them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<u8>,
    /// How many travel on this ticket, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub party: Option<u8>,
    /// Fare product, as the city numbers them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<u16>,
}

/// `POST /v1/tickets` → 201 as JSON: a bearer code with a short life.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct TicketResponse {
    /// Its claim `cti`.
    #[schema(value_type = schema::Uuid)]
    pub ticket_id: Text<CredentialId>,
    /// The text of the QR code.
    pub text: String,
    /// From when it opens gates.
    #[schema(value_type = schema::Time)]
    pub starts_at: Rfc3339,
    /// Until when it opens gates.
    #[schema(value_type = schema::Time)]
    pub expires_at: Rfc3339,
}

/// One issuer key as readers need it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct IssuerKeyBody {
    /// The key's short name in codes (COSE `kid`).
    #[schema(value_type = schema::KeyName)]
    pub kid: Text<KeyId>,
    /// The Ed25519 public key.
    #[schema(value_type = schema::Bytes32)]
    pub public_key: Base64Url<32>,
    /// From when codes under it are taken.
    #[schema(value_type = schema::Time)]
    pub not_before: Rfc3339,
    /// Until when codes under it are taken.
    #[schema(value_type = schema::Time)]
    pub not_after: Rfc3339,
}

/// `GET /v1/issuer-keys` → 200: every key that readers should hold now.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct IssuerKeysResponse {
    /// In the order they start; keys of the future are among them.
    pub keys: Vec<IssuerKeyBody>,
}

/// `GET /v1/deny-list` → 200: codes that open no gate.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct DenyListResponse {
    /// Grows with every change and never goes back; equal versions are equal lists.
    pub version: u64,
    /// Credentials and tickets, in ascending order.
    #[schema(value_type = Vec<schema::Uuid>)]
    pub entries: Vec<Text<CredentialId>>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use units::Timestamp;

    #[test]
    fn a_device_response_is_this_json() {
        let response = DeviceResponse {
            account_id: Text(AccountId::from_bytes([1; 16])),
            session: SessionToken::from_bytes([2; 32]),
            credential: CredentialResponse {
                cose: Base64Bytes(vec![0x84]),
                credential_id: Text(CredentialId::from_bytes([3; 16])),
                starts_at: Rfc3339(Timestamp::from_secs(1_546_820_100)),
                expires_at: Rfc3339(Timestamp::from_secs(1_546_906_500)),
            },
        };
        insta::assert_json_snapshot!(response, @r#"
        {
          "account_id": "01010101-0101-0101-0101-010101010101",
          "session": "AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI",
          "credential": {
            "cose": "hA",
            "credential_id": "03030303-0303-0303-0303-030303030303",
            "starts_at": "2019-01-07T00:15:00Z",
            "expires_at": "2019-01-08T00:15:00Z"
          }
        }
        "#);
        let text = serde_json::to_string(&response).unwrap();
        assert_eq!(
            serde_json::from_str::<DeviceResponse>(&text).unwrap(),
            response
        );
    }
}
