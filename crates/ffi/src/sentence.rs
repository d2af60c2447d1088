//! What a decision is called, and the sentence for the rider.

use core::ffi::c_char;

use units::{CredentialId, GateId, KeyId, Span};
use validator::{CodeKind, Language, Malformed, NotReady, Refusal};
use wire::text::TextError;
use wire::{IssuerCode, PartySize, ProductCode, RiderCategory, SignatureError, VerifyError};

use crate::decision::{
    FG_CODE_GATE_BOUND, FG_CODE_ONE_WAY, FG_LACK_CLOCK_NOT_PROVEN, FG_LACK_CLOCK_WENT_BACK,
    FG_LACK_MEMORY_FULL, FG_LACK_NO_ISSUER_KEYS, FG_PERMITTED, FgDecision,
};
use crate::memory;
use crate::status::{FgStatus, Outcome, status};

/// Room for every sentence, with the 0 at its end.
pub const FG_SENTENCE_BYTES: usize = 161;

/// Room for every decision's name, with the 0 at its end.
pub const FG_NAME_BYTES: usize = 32;

/// English.
pub const FG_LANGUAGE_ENGLISH: u8 = 0;
/// Chinese, in simplified characters.
pub const FG_LANGUAGE_CHINESE: u8 = 1;
/// Korean.
pub const FG_LANGUAGE_KOREAN: u8 = 2;

/// The language of a number from C; English for numbers that no language has yet.
fn language(number: u8) -> Language {
    match number {
        FG_LANGUAGE_CHINESE => Language::Chinese,
        FG_LANGUAGE_KOREAN => Language::Korean,
        _ => Language::English,
    }
}

/// Said when the call failed and not the rider.
fn call_failed(language: Language) -> &'static str {
    match language {
        Language::Chinese => "本闸机暂不可用：请换一台或询问工作人员。",
        Language::Korean => "개찰구 준비 중입니다. 다른 곳을 쓰거나 직원에게 물어보세요.",
        _ => "This gate is not ready: try another one or ask the staff.",
    }
}

/// The refusal that a decision stands for, with all that its sentence says.
fn refusal(decision: &FgDecision) -> Option<Refusal> {
    let kid = KeyId::from_bytes(decision.kid);
    let span = Span::from_micros(decision.span_micros);
    Some(match decision.code {
        101 => Refusal::NotACode,
        102 => Refusal::Malformed(Malformed::Text(TextError::NotACode)),
        103 => Refusal::TooLong { max: 0, got: 0 },
        110 => Refusal::UnknownIssuer { kid },
        111 => Refusal::IssuerKeyNotInForce { kid },
        112 => Refusal::BadIssuerSignature(VerifyError::Issuer(SignatureError::Mismatch)),
        113 => Refusal::BadHolderSignature(VerifyError::Holder(SignatureError::Mismatch)),
        120 => Refusal::NotYetValid { starts_in: span },
        121 => Refusal::Expired { ended_ago: span },
        122 => Refusal::Stale { age: span },
        123 => Refusal::FromTheFuture { ahead: span },
        125 => Refusal::LivesTooLong {
            max: Span::ZERO,
            got: span,
        },
        130 => Refusal::OtherGate {
            expected: GateId::from_number(decision.code_gate),
            got: GateId::from_number(decision.gate),
        },
        131 => Refusal::IssuerNotTakenHere {
            issuer: IssuerCode::from_number(decision.issuer),
        },
        132 => Refusal::ProductNotTakenHere {
            product: ProductCode::from_number(decision.product),
        },
        133 => Refusal::CategoryNotTakenHere {
            category: RiderCategory::from_code(decision.category),
        },
        134 => Refusal::PartyTooLarge {
            max: PartySize::new(decision.party_max)?,
            got: PartySize::new(decision.party)?,
        },
        135 => Refusal::KindNotTakenHere {
            kind: match decision.code_kind {
                FG_CODE_ONE_WAY => CodeKind::OneWay,
                FG_CODE_GATE_BOUND => CodeKind::GateBound,
                _ => CodeKind::Ticket,
            },
        },
        140 => Refusal::Denied {
            id: CredentialId::from_bytes(decision.id.bytes),
        },
        150 => Refusal::AlreadyUsed,
        151 => Refusal::PartyThrough { wait: span },
        160 => Refusal::GateNotReady(match decision.lack {
            FG_LACK_NO_ISSUER_KEYS => NotReady::NoIssuerKeys,
            FG_LACK_MEMORY_FULL => NotReady::ReplayMemoryFull,
            FG_LACK_CLOCK_WENT_BACK => NotReady::ClockWentBack,
            FG_LACK_CLOCK_NOT_PROVEN => NotReady::ClockNotProven,
            _ => return None,
        }),
        _ => return None,
    })
}

/// Writes the sentence that a rider can act on, in UTF-8 with a 0 at its end. For a permit it is
/// empty. `language` is one of FG_LANGUAGE_...; any other number gives English. For more languages
/// make your own sentences from the decision's fields.
///
/// A buffer of FG_SENTENCE_BYTES is always large enough. FG_STATUS_UNKNOWN_CODE for a number that
/// no decision has.
///
/// # Safety
/// `decision`: NULL, or a decision. `buffer`: NULL, or memory for `size` bytes. They do not
/// overlap.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fg_sentence(
    decision: *const FgDecision,
    language: u8,
    buffer: *mut c_char,
    size: usize,
) -> FgStatus {
    // SAFETY: what is asked of the pointers is this function's own contract.
    status(unsafe { sentence(decision, language, buffer, size) })
}

/// # Safety
/// As [`fg_sentence`].
unsafe fn sentence(
    decision: *const FgDecision,
    number: u8,
    buffer: *mut c_char,
    size: usize,
) -> Outcome {
    // SAFETY: what is asked of the pointer is this function's own contract.
    let decision = unsafe { memory::read(decision) }?;
    let language = language(number);
    let refusal = refusal(&decision).map(|refusal| refusal.sentence_in(language));
    let text = match (&refusal, decision.code) {
        (Some(text), _) => text.as_str(),
        (None, FG_PERMITTED) => "",
        (None, 160) => call_failed(language),
        (None, _) => return Err(FgStatus::UnknownCode),
    };
    // SAFETY: as above.
    unsafe { write_text(text, buffer, size) }
}

/// Writes what a decision's number is called, such as already_used, with a 0 at its end; for
/// counting and logs. The names never change.
///
/// A buffer of FG_NAME_BYTES is always large enough. FG_STATUS_UNKNOWN_CODE for a number that no
/// decision has.
///
/// # Safety
/// `buffer`: NULL, or memory for `size` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fg_decision_name(code: u16, buffer: *mut c_char, size: usize) -> FgStatus {
    let name = validator::decision_name(code);
    let known = code == FG_PERMITTED || Refusal::name_of(code).is_some();
    if !known {
        return FgStatus::UnknownCode;
    }
    // SAFETY: what is asked of the pointer is this function's own contract.
    status(unsafe { write_text(name, buffer, size) })
}

/// Copies `text` and a 0.
///
/// # Safety
/// Unless null, `size` bytes may be written at `buffer`.
unsafe fn write_text(text: &str, buffer: *mut c_char, size: usize) -> Outcome {
    let mut written = 0;
    if size <= text.len() {
        memory::check(buffer)?;
        return Err(FgStatus::TooSmall);
    }
    // SAFETY: what is asked of the buffer is this function's own contract; `written` is ours.
    unsafe { memory::copy_out(text.as_bytes(), buffer.cast(), size, &raw mut written) }?;
    // SAFETY: `size` is larger than the text, so the byte behind it is the buffer's.
    let end = unsafe { buffer.add(text.len()) };
    // SAFETY: as above.
    unsafe { memory::write(end, 0) }
}
