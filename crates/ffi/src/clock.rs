//! The reader's clock: trusted only as far as it can prove.

use units::{Span, Timestamp};
use validator::{Clock, ClockRules, Trust};

use crate::decision::{FG_CLOCK_PROVEN, FG_CLOCK_UNPROVEN, FG_CLOCK_WRONG};
use crate::memory::{self, Mark, Plain};
use crate::status::{FgStatus, Outcome, status};

/// "fgck", in the word that marks a clock.
const CLOCK: usize = 0x6667_636b;

/// What a reader may assume of its clocks. No span may be negative.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct FgClockRules {
    /// Largest error of a reading that counts as proven.
    pub error_max_micros: i64,
    /// How far ahead of what is certainly past an unconfirmed wall clock may be.
    pub ahead_max_micros: i64,
    /// Most that the monotonic clock drifts, in parts per million.
    pub drift_ppm: u32,
}

/// What time it is, and what that is worth.
#[repr(C)]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FgReading {
    /// The time to decide by, microseconds since 1970: fg_scan.now_micros.
    pub time_micros: i64,
    /// Largest error of the time; -1 when no bound is known.
    pub error_micros: i64,
    /// How far the wall clock is ahead of what is proven; 0 when nothing is.
    pub wall_ahead_micros: i64,
    /// What it is worth: one of FG_CLOCK_..., for fg_scan.clock and the tap record.
    pub clock: u8,
}

/// What the reader has proof of, in memory of the caller. Its content is private.
///
/// Made by fg_clock_init; one thread at a time may use it. It must stay where it was made.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct FgClock {
    /// Private.
    pub content: [i64; 18],
}

/// The same as the crates have it; fits the memory that C reserves.
#[repr(C)]
#[derive(Clone, Copy)]
struct Held {
    mark: Mark,
    clock: Clock,
}

const _: () = assert!(size_of::<Held>() <= size_of::<FgClock>());
const _: () = assert!(align_of::<Held>() <= align_of::<FgClock>());

// SAFETY: numbers, for which every bit pattern is a value.
unsafe impl Plain for FgClockRules {}
// SAFETY: numbers, for which every bit pattern is a value.
unsafe impl Plain for FgReading {}

impl FgClock {
    /// The clock that `pointer` points at.
    ///
    /// # Safety
    /// Unless null, it points at a clock that nobody else uses during `'a`.
    unsafe fn at<'a>(pointer: *mut Self) -> Result<&'a mut Clock, FgStatus> {
        // SAFETY: what is asked of the pointer is this function's own contract.
        unsafe { Mark::check(pointer, CLOCK) }?;
        // SAFETY: not null and aligned; the mark says that `init` made a clock here, and nobody
        // else uses it by contract.
        let held = unsafe { &mut *pointer.cast::<Held>() };
        Ok(&mut held.clock)
    }
}

/// Writes the default rules: 100 parts per million; 10 s of error; 90 days ahead.
///
/// # Safety
/// `rules`: NULL, or memory for rules.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fg_clock_rules_default(rules: *mut FgClockRules) -> FgStatus {
    let default = ClockRules::default();
    let plain = FgClockRules {
        error_max_micros: default.error_max.as_micros(),
        ahead_max_micros: default.ahead_max.as_micros(),
        drift_ppm: default.drift_ppm,
    };
    // SAFETY: what is asked of the pointer is this function's own contract.
    status(unsafe { memory::write(rules, plain) })
}

/// Makes a clock that has proof of nothing yet: one for each power-on. Then tell it with
/// fg_clock_past what was certain before.
///
/// # Safety
/// `clock`: NULL, or memory for a clock. `rules`: NULL, or rules.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fg_clock_init(
    clock: *mut FgClock,
    rules: *const FgClockRules,
) -> FgStatus {
    // SAFETY: what is asked of the pointers is this function's own contract.
    status(unsafe { init(clock, rules) })
}

/// # Safety
/// As [`fg_clock_init`].
unsafe fn init(clock: *mut FgClock, rules: *const FgClockRules) -> Outcome {
    memory::check(clock)?;
    // SAFETY: what is asked of the pointer is this function's own contract.
    let rules = unsafe { memory::read(rules) }?;
    if rules.error_max_micros < 0 || rules.ahead_max_micros < 0 {
        return Err(FgStatus::BadClock);
    }
    let held = Held {
        mark: Mark::at(clock, CLOCK),
        clock: Clock::new(ClockRules {
            drift_ppm: rules.drift_ppm,
            error_max: Span::from_micros(rules.error_max_micros),
            ahead_max: Span::from_micros(rules.ahead_max_micros),
        }),
    };
    // SAFETY: as above; what is held fits, which the constants above check.
    unsafe { memory::write(clock.cast::<Held>(), held) }
}

/// Evidence that `instant_micros` is past: when a list in use was signed, or a tap of the journal
/// whose record says that its clock was proven. Of other taps say nothing: they would carry a jump
/// of the wall clock on.
///
/// # Safety
/// `clock`: NULL, or a clock that nobody else uses during the call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fg_clock_past(clock: *mut FgClock, instant_micros: i64) -> FgStatus {
    // SAFETY: what is asked of the pointer is this function's own contract.
    let found = unsafe { FgClock::at(clock) };
    status(found.map(|clock| clock.past(Timestamp::from_micros(instant_micros))))
}

/// Evidence that it is `time_micros`, give or take `error_micros`, when the monotonic clock says
/// `mono_micros`: a signed answer to a question just asked, whose round trip is in the error.
///
/// FG_STATUS_BAD_TIME for a time that is certainly past: somebody's old answer. Nothing is changed.
///
/// # Safety
/// As fg_clock_past.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fg_clock_signed(
    clock: *mut FgClock,
    time_micros: i64,
    error_micros: i64,
    mono_micros: i64,
) -> FgStatus {
    // SAFETY: what is asked of the pointer is this function's own contract.
    let found = unsafe { FgClock::at(clock) };
    let (time, mono) = (
        Timestamp::from_micros(time_micros),
        Span::from_micros(mono_micros),
    );
    let taken = found.map(|clock| clock.signed(time, Span::from_micros(error_micros), mono));
    status(taken.and_then(|taken| {
        if taken {
            Ok(())
        } else {
            Err(FgStatus::BadTime)
        }
    }))
}

/// Reads the clocks: the wall clock, which may say anything, and the monotonic one, which counts
/// since power-on. Call it before each fg_validate.
///
/// # Safety
/// `clock`: as fg_clock_past. `reading`: NULL, or memory for a reading.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fg_clock_read(
    clock: *mut FgClock,
    wall_micros: i64,
    mono_micros: i64,
    reading: *mut FgReading,
) -> FgStatus {
    // SAFETY: what is asked of the pointer is this function's own contract.
    let read = unsafe { FgClock::at(clock) }.map(|clock| {
        let wall = Timestamp::from_micros(wall_micros);
        let read = clock.read(wall, Span::from_micros(mono_micros));
        FgReading {
            time_micros: read.time.as_micros(),
            error_micros: read.error.map_or(-1, Span::as_micros),
            wall_ahead_micros: read.wall_ahead.map_or(0, Span::as_micros),
            clock: match read.trust {
                Trust::Proven => FG_CLOCK_PROVEN,
                Trust::Unproven => FG_CLOCK_UNPROVEN,
                Trust::Wrong => FG_CLOCK_WRONG,
            },
        }
    });
    // SAFETY: as above.
    status(read.and_then(|plain| unsafe { memory::write(reading, plain) }))
}
