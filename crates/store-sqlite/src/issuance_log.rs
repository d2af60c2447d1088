//! The issuer's log, as settlement reads it: who was issued which credential or ticket.

use std::collections::BTreeMap;

use settlement::ports::{IssuanceLog, Issued, StoreError};
use sqlx::QueryBuilder;
use units::{AccountId, CredentialId};

use crate::SqliteStore;
use crate::columns::array;
use crate::store::backend;
use crate::taps::ROWS_PER_STATEMENT;

impl IssuanceLog for SqliteStore {
    async fn issuances_of(
        &self,
        credentials: &[CredentialId],
    ) -> Result<BTreeMap<CredentialId, Issued>, StoreError> {
        let failed = backend("read the issuance log");
        let mut found = BTreeMap::new();
        let mut tx = self.begin_read().await.map_err(&failed)?;
        for chunk in credentials.chunks(ROWS_PER_STATEMENT) {
            let mut query = QueryBuilder::new(
                "SELECT credential_id, account_id, message_hash FROM issuances \
                 WHERE credential_id IN (",
            );
            let mut ids = query.separated(", ");
            for credential in chunk {
                ids.push_bind(credential.as_bytes().to_vec());
            }
            query.push(")");
            for row in query.build().fetch_all(&mut *tx).await.map_err(&failed)? {
                let issued = Issued {
                    account: AccountId::from_bytes(array(&row, "account_id")?),
                    message: array(&row, "message_hash")?,
                };
                let id = CredentialId::from_bytes(array(&row, "credential_id")?);
                found.insert(id, issued);
            }
        }
        Ok(found)
    }
}
