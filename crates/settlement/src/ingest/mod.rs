//! Taking taps in: signed batches of our gates ([`batch`]), whose records are judged afterwards
//! ([`judge`]), and rows of outside files ([`rows`]).

pub mod batch;
pub mod csv;
mod evidence;
pub mod judge;
pub mod rows;
pub mod tides;

pub use evidence::EVIDENCE_SKEW_MAX;
