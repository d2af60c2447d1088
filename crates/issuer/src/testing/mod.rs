//! For tests: a store in memory, and the contract that every store passes.

mod contract;
mod memory;

pub use contract::check_contract;
pub use memory::{MemoryError, MemoryStore};
