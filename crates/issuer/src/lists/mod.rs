//! Makes the signed lists of a city: its roots, and snapshots with what they bind.
//!
//! Nothing here reads a clock, and only [`Folder`] touches a disk. Roots are signed by keys that
//! are kept offline, snapshots by a key that the root delegates to for a short time.

mod change;
mod folder;
mod published;
mod root;

pub use change::Change;
pub use folder::{Folder, FolderError, hex, unhex};
pub use published::{DeltaTo, Issuers, MakeError, Published, Wanted, make};
pub use root::{Delegation, RootError, RootKeys, add_signatures, plan_root};

#[cfg(test)]
mod tests;
