//! Taking taps in: signed batches of our gates ([`batch`]) and rows of outside files ([`rows`]).

pub mod batch;
pub mod csv;
mod evidence;
pub mod rows;
pub mod tides;

pub use evidence::EVIDENCE_SKEW_MAX;
