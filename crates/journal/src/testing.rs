//! For tests: a medium in memory that fails, tears, reorders and forgets as real ones do.
use units::DeviceId;

use crate::position::Head;

mod crash;
mod medium;

pub use crash::Numbers;
pub use medium::{Fault, Medium, Operation};

/// A chain start for tests: what it is does not matter to the journal.
#[must_use]
pub fn chain_start(device: DeviceId, epoch: u32) -> Head {
    let mut seed = [0; 32];
    for (slot, byte) in seed
        .iter_mut()
        .zip(device.as_bytes().iter().copied().chain(epoch.to_be_bytes()))
    {
        *slot = byte;
    }
    Head::from_bytes(seed)
}
