//! For tests: the memory store, and later the contract suite every store must pass.

mod memory;

pub use memory::MemoryStore;
