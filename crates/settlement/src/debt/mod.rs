//! Debt: collections that failed are tried again on a ladder, what stays unpaid puts a rider on the
//! deny list, and paying takes the rider off.
//!
//! Pure, from payments and a time to what is due, what is open and who is to be denied; but for
//! [`list`], which brings the deny list into line with it.

pub mod deny;
pub mod exposure;
pub mod ladder;
pub mod list;
