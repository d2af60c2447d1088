//! What every call answers.

/// Whether a call did its work. The values never change their meaning; new ones are added.
///
/// A refusal of a code is no failure: fg_validate then answers FG_STATUS_OK.
#[repr(C)]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FgStatus {
    /// It did.
    Ok = 0,
    /// A pointer is NULL that must not be.
    Null = 1,
    /// A pointer is not a multiple of what its type, or fg_validator_align() or
    /// fg_replay_align(), asks for.
    Misaligned = 2,
    /// The memory or buffer is smaller than what goes in.
    TooSmall = 3,
    /// A length is beyond its limit, or beyond what memory can hold.
    TooLarge = 4,
    /// The memory holds no validator or replay memory: it was not initialised, the last
    /// initialisation failed, or it was copied elsewhere.
    NotInitialised = 5,
    /// A public key is no canonical point of the curve, or one of small order.
    BadKey = 6,
    /// More than FG_KEYS_MAX keys, or more than FG_SAME_KID_MAX of one name.
    TooManyKeys = 7,
    /// A span of the policy is negative.
    BadPolicy = 8,
    /// The deny list is not in strictly ascending order.
    NotSorted = 9,
    /// A tap is neither FG_TAP_ON nor FG_TAP_OFF.
    BadKind = 10,
    /// A stop or route id is empty, longer than 64 bytes, no UTF-8, or has control characters.
    BadId = 11,
    /// A time is before 1970.
    BadTime = 12,
    /// No decision has this number.
    UnknownCode = 13,
    /// The worth of a clock is none of FG_CLOCK_..., or a clock's rules have a negative span.
    BadClock = 14,
    /// More than FG_RULES_MAX acceptance rules.
    TooManyRules = 15,
    /// An outcome is none of FG_OUTCOME_....
    BadOutcome = 16,
    /// Lists were not taken: fg_lists_refusal says why. Those from before stay in force.
    ListRefused = 17,
    /// No snapshot is on offer to which the list could belong.
    NoOffer = 18,
    /// A list is none of FG_LIST_....
    BadList = 19,
}

/// What the functions behind the C interface answer.
pub(crate) type Outcome = Result<(), FgStatus>;

/// The status that C gets.
pub(crate) fn status(outcome: Outcome) -> FgStatus {
    match outcome {
        Ok(()) => FgStatus::Ok,
        Err(status) => status,
    }
}
