//! Debt: collections that failed are tried again on a ladder, what stays unpaid puts a rider on the
//! deny list, and paying takes the rider off.
//!
//! All pure: from payments and a time to what is due, what is open and who is to be denied. The
//! list itself is the issuer's.

pub mod deny;
pub mod exposure;
pub mod ladder;
