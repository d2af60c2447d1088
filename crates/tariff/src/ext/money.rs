//! Amounts of money as extension files write them.

/// Reads a decimal of exactly `digits` decimals as minor units.
pub(crate) fn parse_minor(text: &str, digits: u32) -> Option<i64> {
    let (whole, decimals) = match text.split_once('.') {
        Some((whole, decimals)) if !decimals.is_empty() => (whole, decimals),
        Some(_) => return None,
        None => (text, ""),
    };
    let right_length = u32::try_from(decimals.len()).is_ok_and(|length| length == digits);
    if whole.is_empty() || !right_length {
        return None;
    }
    [whole, decimals]
        .iter()
        .flat_map(|part| part.bytes())
        .try_fold(0i64, |minor, byte| {
            let digit = byte.checked_sub(b'0').filter(|digit| *digit <= 9)?;
            minor.checked_mul(10)?.checked_add(i64::from(digit))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_have_exactly_the_currency_s_digits() {
        for (text, digits, minor) in [
            ("3.00", 2, Some(300)),
            ("0.05", 2, Some(5)),
            ("0.00", 2, Some(0)),
            ("1250", 0, Some(1250)),
            ("1.250", 3, Some(1250)),
            ("92233720368547758.07", 2, Some(i64::MAX)),
            ("92233720368547758.08", 2, None),
            ("3", 2, None),
            ("3.0", 2, None),
            ("3.000", 2, None),
            ("3.", 0, None),
            (".00", 2, None),
            ("-3.00", 2, None),
            ("+3.00", 2, None),
            ("3,00", 2, None),
            ("1e2", 0, None),
            ("３.00", 2, None),
            ("", 0, None),
        ] {
            assert_eq!(
                parse_minor(text, digits),
                minor,
                "{text:?} with {digits} digits"
            );
        }
    }
}
