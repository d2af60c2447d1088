//! Reading JSON bodies, with the place of every error.

use serde::de::DeserializeOwned;
use serde_path_to_error::{Path, Segment};

use crate::{Problem, ProblemCode};

/// Reads a request body.
///
/// # Errors
/// A [`Problem`] of kind [`ProblemCode::JsonSyntax`] with line and column where the bytes are no
/// JSON, or [`ProblemCode::InvalidBody`] with a JSON pointer where a field is wrong.
pub fn parse_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut reader)
        .map_err(|error| problem(&pointer(error.path()), error.inner()))?;
    reader.end().map_err(|error| problem("", &error))?;
    Ok(value)
}

fn problem(pointer: &str, error: &serde_json::Error) -> Problem {
    let detail = error.to_string();
    if error.is_data() {
        Problem::new(
            ProblemCode::InvalidBody,
            format!("field {pointer:?}: {detail}"),
        )
        .at(pointer, detail)
    } else {
        Problem::new(ProblemCode::JsonSyntax, detail.clone()).at(pointer, detail)
    }
}

/// A JSON pointer (RFC 6901): `~` and `/` inside a name are escaped.
fn pointer(path: &Path) -> String {
    let mut text = String::new();
    for segment in path {
        match segment {
            Segment::Seq { index } => {
                text.push('/');
                text.push_str(&index.to_string());
            }
            Segment::Map { key } => {
                text.push('/');
                text.push_str(&key.replace('~', "~0").replace('/', "~1"));
            }
            Segment::Enum { .. } | Segment::Unknown => {}
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{RegisterDeviceRequest, TicketRequest};

    #[test]
    fn errors_name_their_place() {
        let check = |body: &str, code: &str, pointer: &str, words: &str| {
            let problem = parse_json::<TicketRequest>(body.as_bytes()).unwrap_err();
            assert_eq!(&*problem.code, code, "{body}");
            assert_eq!(problem.errors[0].pointer, pointer, "{body}");
            assert!(
                problem.errors[0].detail.contains(words),
                "{body}: {problem}"
            );
        };
        check("", "json_syntax", "", "line 1 column 0");
        check(
            "{\n\"party\": }",
            "json_syntax",
            "/party",
            "line 2 column 10",
        );
        check("{} {}", "json_syntax", "", "trailing characters");
        check(
            r#"{"party": 2.5}"#,
            "invalid_body",
            "/party",
            "floating point",
        );
        check(r#"{"party": 300}"#, "invalid_body", "/party", "300");
        check(
            r#"{"par/ty": 1}"#,
            "invalid_body",
            "/par~1ty",
            "unknown field",
        );
        check("[]x", "json_syntax", "", "trailing characters");
        check("\u{feff}{}", "json_syntax", "", "line 1 column 1");
    }

    #[test]
    fn binary_fields_are_checked_while_reading() {
        let problem = parse_json::<RegisterDeviceRequest>(
            br#"{"public_key": "AAAA", "challenge": "", "proof": ""}"#,
        )
        .unwrap_err();
        assert_eq!(problem.errors[0].pointer, "/public_key");
        assert!(
            problem.detail.contains("expected 32 bytes, got 3"),
            "{problem}"
        );
        let problem = parse_json::<RegisterDeviceRequest>(b"{}").unwrap_err();
        assert!(
            problem.detail.contains("missing field `public_key`"),
            "{problem}"
        );
    }
}
