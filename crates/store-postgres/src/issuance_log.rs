//! The issuer's log, as settlement reads it: who was issued which credential or ticket.

use std::collections::BTreeMap;

use settlement::ports::{IssuanceLog, Issued, StoreError};
use units::{AccountId, CredentialId};

use crate::PostgresStore;
use crate::columns::array;
use crate::store::backend;

const SELECT: &str = "SELECT credential_id, account_id, message_hash FROM issuances \
     WHERE credential_id = ANY($1)";

impl IssuanceLog for PostgresStore {
    async fn issuances_of(
        &self,
        credentials: &[CredentialId],
    ) -> Result<BTreeMap<CredentialId, Issued>, StoreError> {
        let ids = credentials.iter().map(|id| id.as_bytes().to_vec());
        let rows = sqlx::query(SELECT)
            .bind(ids.collect::<Vec<_>>())
            .fetch_all(&self.aside)
            .await
            .map_err(backend("read the issuance log"))?;
        let pair = |row| {
            let issued = Issued {
                account: AccountId::from_bytes(array(row, "account_id")?),
                message: array(row, "message_hash")?,
            };
            Ok((
                CredentialId::from_bytes(array(row, "credential_id")?),
                issued,
            ))
        };
        rows.iter().map(pair).collect()
    }
}
