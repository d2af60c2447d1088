//! The caller's memory: every pointer that comes in goes through here.
//!
//! Types read from C are plain numbers, arrays of them and pointers, so that every bit pattern is
//! a value. Output goes out by raw writes: the caller's buffer may be uninitialised, and no Rust
//! reference to it is ever made.

use core::{ptr, slice};

use crate::status::{FgStatus, Outcome};

/// A type of which C can make no invalid value: numbers, arrays of them, raw pointers.
///
/// # Safety
/// Every bit pattern must be a value of the type.
pub(crate) unsafe trait Plain: Copy {}

// SAFETY: every byte is a `u8`.
unsafe impl Plain for u8 {}
// SAFETY: every word is a `usize`.
unsafe impl Plain for usize {}

/// Refuses a pointer to which nothing of type `T` can be behind.
pub(crate) fn check<T>(pointer: *const T) -> Outcome {
    if pointer.is_null() {
        return Err(FgStatus::Null);
    }
    if !pointer.is_aligned() {
        return Err(FgStatus::Misaligned);
    }
    Ok(())
}

/// The value behind `pointer`.
///
/// # Safety
/// Unless null, it points at a `T` that may be read.
pub(crate) unsafe fn read<T: Plain>(pointer: *const T) -> Result<T, FgStatus> {
    check(pointer)?;
    // SAFETY: not null, aligned, readable by contract, and any bits are a `T`.
    Ok(unsafe { pointer.read() })
}

/// Puts `value` behind `pointer`.
///
/// # Safety
/// Unless null, it points at memory for a `T` that may be written.
pub(crate) unsafe fn write<T: Copy>(pointer: *mut T, value: T) -> Outcome {
    check(pointer)?;
    // SAFETY: not null, aligned, and writable by contract. Nothing is dropped: `T` is `Copy`.
    unsafe { pointer.write(value) };
    Ok(())
}

/// `length` values from `pointer` on. None may be at NULL.
///
/// # Safety
/// Unless `length` is 0 or the pointer null, `length` values of `T` may be read there, and nobody
/// changes them during `'a`.
pub(crate) unsafe fn slice<'a, T: Plain>(
    pointer: *const T,
    length: usize,
) -> Result<&'a [T], FgStatus> {
    if length == 0 {
        return Ok(&[]);
    }
    check(pointer)?;
    let bytes = size_of::<T>().checked_mul(length);
    if bytes.is_none_or(|bytes| isize::try_from(bytes).is_err()) {
        return Err(FgStatus::TooLarge);
    }
    // SAFETY: not null, aligned, no longer than an object can be, readable and unchanged by
    // contract, and any bits are a `T`.
    Ok(unsafe { slice::from_raw_parts(pointer, length) })
}

/// Copies `bytes` to `buffer`, which holds `size`, and writes down how many they are.
///
/// # Safety
/// Unless null, `size` bytes may be written at `buffer`, and a `usize` at `written`; neither
/// overlaps `bytes`.
pub(crate) unsafe fn copy_out(
    bytes: &[u8],
    buffer: *mut u8,
    size: usize,
    written: *mut usize,
) -> Outcome {
    check(written)?;
    check(buffer)?;
    if bytes.len() > size {
        return Err(FgStatus::TooSmall);
    }
    // SAFETY: `buffer` is not null and holds `size` bytes by contract, which is no fewer; bytes
    // have no alignment; the two do not overlap by contract.
    unsafe { ptr::copy_nonoverlapping(bytes.as_ptr(), buffer, bytes.len()) };
    // SAFETY: what is asked for `written` is this function's own contract.
    unsafe { write(written, bytes.len()) }
}

/// At the head of each object in the caller's memory: says that the object is there, and where.
///
/// A copy of the memory elsewhere does not pass, since the objects point into themselves.
#[repr(C)]
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Mark {
    word: usize,
    at: usize,
}

// SAFETY: two words; every bit pattern is two words.
unsafe impl Plain for Mark {}

impl Mark {
    /// No object is here.
    pub(crate) const NONE: Self = Self { word: 0, at: 0 };

    /// The object `word` is at `pointer`.
    pub(crate) fn at<T>(pointer: *const T, word: usize) -> Self {
        Self {
            word,
            at: pointer.addr(),
        }
    }

    /// Refuses memory that does not begin with the mark of the object `word`.
    ///
    /// # Safety
    /// Unless null, `pointer` points at memory for a `T`, which begins with a mark.
    pub(crate) unsafe fn check<T>(pointer: *const T, word: usize) -> Outcome {
        check(pointer)?;
        // SAFETY: what is asked of the pointer is this function's own contract; `T` is at least as
        // aligned as the mark with which it begins.
        let found = unsafe { read(pointer.cast::<Self>()) }?;
        if found == Self::at(pointer, word) {
            Ok(())
        } else {
            Err(FgStatus::NotInitialised)
        }
    }
}
