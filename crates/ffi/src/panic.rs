//! The panic handler of the C libraries, which have no std to bring one.

use core::hint;
use core::panic::PanicInfo;

/// Stops the reader: its watchdog restarts it. No input is known to lead here: `ffi`, `validator`
/// and `wire` are linted against every operation that can panic; what is left are bounds checks of
/// the cryptographic crates.
#[panic_handler]
fn stop(_info: &PanicInfo<'_>) -> ! {
    loop {
        hint::spin_loop();
    }
}
