//! A value that cannot be, and the line it stands on.

use toml::de::{DeTable, DeValue};

/// A value that cannot be.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Mistake {
    /// Where, as `table.key` or `table[0].key`.
    pub(super) field: String,
    /// What it may be.
    pub(super) expected: String,
    /// What it is.
    pub(super) got: String,
}

impl Mistake {
    pub(super) fn new(
        field: impl Into<String>,
        expected: impl Into<String>,
        got: impl Into<String>,
    ) -> Self {
        Self {
            field: field.into(),
            expected: expected.into(),
            got: got.into(),
        }
    }
}

/// An address as it may be shown: what stands before its last `@` may be a password.
pub(super) fn shown(url: &str) -> String {
    match url.rsplit_once('@') {
        Some((_, host)) if !url.contains("://") => format!("…@{host}"),
        _ => without_passwords(url),
    }
}

/// A text as it may be shown: no address in it with what stands before its last `@`.
pub(super) fn without_passwords(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(scheme) = rest.find("://") {
        let (before, after) = rest.split_at(scheme + "://".len());
        let ends = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '`');
        let (address, later) = after.split_at(after.find(ends).unwrap_or(after.len()));
        out.push_str(before);
        match address.rsplit_once('@') {
            Some((_, host)) => out.extend(["…@", host]),
            None => out.push_str(address),
        }
        rest = later;
    }
    out.push_str(rest);
    out
}

/// A number that must lie between two others, both included.
pub(super) fn within<T: Copy + PartialOrd + std::fmt::Display>(
    field: &str,
    got: T,
    min: T,
    max: T,
) -> Result<(), Mistake> {
    if got >= min && got <= max {
        return Ok(());
    }
    Err(Mistake::new(
        field,
        format!("{min} to {max}"),
        got.to_string(),
    ))
}

/// The line (from 1) of a field in a text; of the nearest table around it where the field itself
/// is not written down.
pub(super) fn line_of(text: &str, field: &str) -> usize {
    let Ok(table) = DeTable::parse(text) else {
        return 1;
    };
    let mut at = 0;
    let mut here = Some(table.get_ref());
    for part in field.split('.') {
        let (key, index) = part.split_once('[').unwrap_or((part, ""));
        let found = here.and_then(|table| {
            let (key, value) = table.iter().find(|(name, _)| name.get_ref() == key)?;
            Some((key.span().start, value))
        });
        let Some((key_at, value)) = found else { break };
        at = key_at;
        let mut value = value;
        if let (Some(items), Ok(index)) = (
            value.get_ref().as_array(),
            index.trim_end_matches(']').parse::<usize>(),
        ) {
            let Some(item) = items.get(index) else { break };
            at = item.span().start;
            value = item;
        }
        here = match value.get_ref() {
            DeValue::Table(table) => Some(table),
            _ => None,
        };
    }
    text.get(..at).unwrap_or_default().matches('\n').count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_shown_without_its_password() {
        let cases = [
            ("https://a:1", "https://a:1"),
            ("redis://user:pass@host:1", "redis://…@host:1"),
            ("redis://:p@ss://x@host", "redis://…@host"),
            ("user:pass@host", "…@host"),
        ];
        for (url, expected) in cases {
            assert_eq!(shown(url), expected);
        }
        let line = "1 | redis = [\"redis://:p@a\", 'redis://b:2']\n  | expected `x://y:z@c`";
        let shown = "1 | redis = [\"redis://…@a\", 'redis://b:2']\n  | expected `x://…@c`";
        assert_eq!(without_passwords(line), shown);
    }

    #[test]
    fn a_field_is_found_on_its_line() {
        let text = "a = 1\n\n[b]\nc = 2\n\n[[d]]\ne = 1\n\n[[d]]\nf = 2\n";
        let cases = [
            ("a", 1),
            ("b", 3),
            ("b.c", 4),
            ("b.missing", 3),
            ("d[0].e", 7),
            ("d[1].f", 10),
            ("d[1].missing", 9),
            ("missing", 1),
        ];
        for (field, line) in cases {
            assert_eq!(line_of(text, field), line, "{field}");
        }
    }
}
