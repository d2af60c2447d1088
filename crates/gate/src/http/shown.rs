//! What a screen is told of an answer: in every language, with how long a good code still holds.
//! It says nothing of the code.

use serde::Serialize;
use units::Span;
use validator::Language;

use crate::answer::{Answer, Verdict};

/// One event of `/display/events`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Shown {
    /// `permitted` or `refused`.
    decision: &'static str,
    /// 0, or the refusal's number.
    code: u16,
    /// The stable name.
    reason: &'static str,
    /// In the gate's language (BCP 47).
    language: &'static str,
    /// For the rider, by language.
    sentences: Sentences,
    /// Riders of the party that may pass.
    riders: Option<u8>,
    /// For how many seconds the screen shows it.
    show_seconds: u16,
    /// For how many more seconds the code, or the credential behind it, is good.
    valid_seconds: Option<u32>,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
struct Sentences {
    en: String,
    zh: String,
    ko: String,
}

impl Shown {
    /// Of an answer to a code that is good for `valid`, by a gate that opens for so many seconds.
    #[must_use]
    pub fn of(answer: &Answer, valid: Option<Span>, language: Language, open_seconds: u16) -> Self {
        let riders = match &answer.verdict {
            Verdict::Opened(permit) | Verdict::Unrecorded(permit) => {
                Some(permit.entitlement.party.as_riders())
            }
            _ => None,
        };
        let opened = riders.is_some();
        Self {
            decision: if opened { "permitted" } else { "refused" },
            code: answer.code(),
            reason: answer.reason(),
            language: match language {
                Language::Chinese => "zh",
                Language::Korean => "ko",
                _ => "en",
            },
            sentences: Sentences {
                en: answer.sentence(Language::English),
                zh: answer.sentence(Language::Chinese),
                ko: answer.sentence(Language::Korean),
            },
            riders,
            show_seconds: if opened { open_seconds } else { 5 },
            valid_seconds: valid
                .filter(|_| opened)
                .and_then(|valid| u32::try_from(valid.as_secs()).ok()),
        }
    }
}
