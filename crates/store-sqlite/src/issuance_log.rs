//! The issuer's log, as settlement reads it: who was issued which credential or ticket.

use std::collections::BTreeMap;

use settlement::ports::{IssuanceLog, StoreError};
use sqlx::QueryBuilder;
use units::{AccountId, CredentialId};

use crate::SqliteStore;
use crate::columns::array;
use crate::store::backend;
use crate::taps::ROWS_PER_STATEMENT;

impl IssuanceLog for SqliteStore {
    async fn accounts_of(
        &self,
        credentials: &[CredentialId],
    ) -> Result<BTreeMap<CredentialId, AccountId>, StoreError> {
        let failed = backend("read the issuance log");
        let mut accounts = BTreeMap::new();
        let mut tx = self.begin_read().await.map_err(&failed)?;
        for chunk in credentials.chunks(ROWS_PER_STATEMENT) {
            let mut query = QueryBuilder::new(
                "SELECT credential_id, account_id FROM issuances WHERE credential_id IN (",
            );
            let mut ids = query.separated(", ");
            for credential in chunk {
                ids.push_bind(credential.as_bytes().to_vec());
            }
            query.push(")");
            for row in query.build().fetch_all(&mut *tx).await.map_err(&failed)? {
                accounts.insert(
                    CredentialId::from_bytes(array(&row, "credential_id")?),
                    AccountId::from_bytes(array(&row, "account_id")?),
                );
            }
        }
        Ok(accounts)
    }
}
