//! Ledger accounts: who money is owed to or by.

use std::fmt;

use units::{AccountId, IdError, OperatorId, ProviderId};

/// An account of the ledger.
///
/// A balance below zero means that the holder owes; above zero, that it is owed. All balances
/// together are zero.
///
/// Its text form is stable, for stores and dumps: `rider:UUID`, `operator:UUID`,
/// `provider:UUID`, `clearing`, `suspense`, `tax`, `write-off`,
/// `allowances`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum LedgerAccount {
    /// What a rider owes for travel (negative) or has paid ahead (positive).
    Rider(AccountId),
    /// What a transit operator has earned.
    Operator(OperatorId),
    /// What a payment provider has taken from riders and owes to the city (negative).
    Provider(ProviderId),
    /// Charged to riders and not yet taken by a payment provider (negative).
    Clearing,
    /// Money whose owner is not known yet.
    Suspense,
    /// Tax collected for the state.
    Tax,
    /// Charges given up as lost (negative).
    WriteOff,
    /// What the city has taken off right fares (negative): refunds that two persons agreed on.
    Allowances,
}

/// Why a text is no ledger account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LedgerAccountError {
    /// The part before the colon names no kind of account.
    #[error(
        "an account is rider:ID, operator:ID, provider:ID, clearing, suspense, tax, write-off or \
         allowances"
    )]
    UnknownKind,
    /// The part after the colon is no id.
    #[error("the id of the account cannot be read")]
    Id(#[source] IdError),
}

impl LedgerAccount {
    /// Reads the text form that `Display` writes.
    ///
    /// # Errors
    /// [`LedgerAccountError`] for anything else.
    pub fn parse(text: &str) -> Result<Self, LedgerAccountError> {
        match text.split_once(':') {
            Some(("rider", id)) => AccountId::parse(id)
                .map(Self::Rider)
                .map_err(LedgerAccountError::Id),
            Some(("operator", id)) => OperatorId::parse(id)
                .map(Self::Operator)
                .map_err(LedgerAccountError::Id),
            Some(("provider", id)) => ProviderId::parse(id)
                .map(Self::Provider)
                .map_err(LedgerAccountError::Id),
            Some(_) => Err(LedgerAccountError::UnknownKind),
            None => match text {
                "clearing" => Ok(Self::Clearing),
                "suspense" => Ok(Self::Suspense),
                "tax" => Ok(Self::Tax),
                "write-off" => Ok(Self::WriteOff),
                "allowances" => Ok(Self::Allowances),
                _ => Err(LedgerAccountError::UnknownKind),
            },
        }
    }
}

impl fmt::Display for LedgerAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rider(id) => write!(f, "rider:{id}"),
            Self::Operator(id) => write!(f, "operator:{id}"),
            Self::Provider(id) => write!(f, "provider:{id}"),
            Self::Clearing => f.write_str("clearing"),
            Self::Suspense => f.write_str("suspense"),
            Self::Tax => f.write_str("tax"),
            Self::WriteOff => f.write_str("write-off"),
            Self::Allowances => f.write_str("allowances"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_account_has_one_text() {
        let id = "0190163d-8694-739b-aea5-966c26f8ad91";
        let accounts = [
            (
                LedgerAccount::Rider(AccountId::parse(id).unwrap()),
                format!("rider:{id}"),
            ),
            (
                LedgerAccount::Operator(OperatorId::parse(id).unwrap()),
                format!("operator:{id}"),
            ),
            (
                LedgerAccount::Provider(ProviderId::parse(id).unwrap()),
                format!("provider:{id}"),
            ),
            (LedgerAccount::Clearing, "clearing".to_owned()),
            (LedgerAccount::Suspense, "suspense".to_owned()),
            (LedgerAccount::Tax, "tax".to_owned()),
            (LedgerAccount::WriteOff, "write-off".to_owned()),
            (LedgerAccount::Allowances, "allowances".to_owned()),
        ];
        for (account, text) in accounts {
            assert_eq!(account.to_string(), text);
            assert_eq!(LedgerAccount::parse(&text), Ok(account));
        }
        for bad in ["", "rider", "Clearing", "bank:1", "clearing:"] {
            assert_eq!(
                LedgerAccount::parse(bad),
                Err(LedgerAccountError::UnknownKind),
                "{bad}"
            );
        }
        assert_eq!(
            LedgerAccount::parse("rider:1"),
            Err(LedgerAccountError::Id(IdError::NotAUuid))
        );
    }
}
