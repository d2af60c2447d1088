//! The routes, one file each.

pub(crate) mod activity;
pub(crate) mod taps;
