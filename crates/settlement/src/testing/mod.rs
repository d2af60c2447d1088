//! For tests of stores and of everything above them.
//!
//! [`MemoryStore`] is the second implementation of the ports; [`contract`] is the suite that every
//! store must pass; [`world`] makes riders, codes, gates and batches with real keys and signatures;
//! [`shuffle`] deals one set of taps out in many orders, [`weeks`] those of some weeks in a city
//! that counts over days, [`worlds`] those of thousands of riders at once.

pub mod contract;
mod memory;
pub mod shuffle;
pub mod weeks;
pub mod world;
pub mod worlds;

pub use memory::MemoryStore;
