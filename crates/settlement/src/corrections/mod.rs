//! Corrections: refunds and write-offs by two persons, and appeals of riders.
//!
//! A member of staff (the maker) proposes to give back an amount for a charge or a journey; another
//! one (the approver) approves or rejects. A rider's appeal is kept and answered the same way, and
//! moves no money by itself.
//!
//! What taps give and what people give are kept apart: a day's charges are
//! fares − min(refunds, fares), where the fares follow from its taps alone and `refunds` is the sum
//! of what was approved. So settling a day again neither undoes a refund nor gives it twice, and
//! the order of approvals, late taps and closings does not matter.
//!
//! - The limit holds inside the transaction that approves ([`CorrectionStore::correct`]): never
//!   more than what is charged for the day now, nor more than is left of what it is about.
//! - An approval posts an allowance (rider +, allowances −) and an adjusting charge below zero,
//!   which the charging machine gives back.
//! - A write-off gives up what is overdue of a payment, at most that: clearing +, write-off −.
//!   Money that comes in after all takes it back ([`crate::charging::differences`]).
//! - Every step is one [`AuditLine`], in the same transaction.

mod port;
mod rules;
mod work;

pub use port::{
    AuditLine, Case, CaseChange, CorrectionFilter, CorrectionStore, PageAfter, Refused,
};
pub(crate) use rules::is_approved_refund;
pub use rules::{answer, give_back, give_up, left_of, propose};
pub use work::{CaseError, ask, judge};
