//! Apportionment: a total in parts, by weight, to the last minor unit.

use std::cmp::Reverse;

use units::Amount;

/// Why a total cannot be apportioned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ApportionError {
    /// No weights, or all of them zero: nobody to give the total to.
    #[error("at least one weight must be above zero, got {got} weights")]
    NoWeight {
        /// How many weights were given.
        got: usize,
    },
    /// The weights do not fit the arithmetic: more than 2^64 of them.
    #[error("the weights sum beyond 128 bits")]
    Overflow,
}

/// Divides `total` by `weights` with the largest remainder method (Hamilton).
///
/// Part *i* is `total × weightᵢ ÷ Σ weights`, rounded down, and the units left over go one each to
/// the parts that rounding took most from. So the parts sum to `total`, each is less than one
/// minor unit from its exact value, and a weight of zero gets zero. Equal remainders go to the
/// larger weight first; equal weights are the same claim, and the earlier of them is first:
/// callers order them by something that stays, such as the operator's id.
///
/// # Errors
/// [`ApportionError`] when no weight is above zero.
pub fn apportion(total: Amount, weights: &[u64]) -> Result<Vec<Amount>, ApportionError> {
    let whole = weights
        .iter()
        .try_fold(0u128, |sum, weight| sum.checked_add(u128::from(*weight)))
        .ok_or(ApportionError::Overflow)?;
    // An amount is at least 0 and below 2^63, a weight below 2^64: their product fits 128 bits.
    let minor = u128::from(total.as_minor().unsigned_abs());
    let mut parts = Vec::with_capacity(weights.len());
    let mut claims = Vec::with_capacity(weights.len());
    let mut left = minor;
    for (index, weight) in weights.iter().enumerate() {
        let product = minor
            .checked_mul(u128::from(*weight))
            .ok_or(ApportionError::Overflow)?;
        let none = ApportionError::NoWeight { got: weights.len() };
        let part = product.checked_div(whole).ok_or(none)?;
        let remainder = product.checked_rem(whole).ok_or(none)?;
        left = left.checked_sub(part).ok_or(ApportionError::Overflow)?;
        parts.push(part);
        claims.push((Reverse(remainder), Reverse(*weight), index));
    }
    if whole == 0 {
        return Err(ApportionError::NoWeight { got: weights.len() });
    }
    claims.sort_unstable();
    // Remainders are each below the whole and sum to `left` wholes, so `left` < number of claims.
    for (_, _, index) in claims
        .into_iter()
        .take(usize::try_from(left).unwrap_or(usize::MAX))
    {
        if let Some(part) = parts.get_mut(index) {
            *part = part.checked_add(1).ok_or(ApportionError::Overflow)?;
        }
    }
    parts
        .into_iter()
        .map(|part| {
            let minor = i64::try_from(part).map_err(|_| ApportionError::Overflow)?;
            Amount::new(minor, total.currency()).map_err(|_| ApportionError::Overflow)
        })
        .collect()
}
