//! The rules of corrections, pure: what is stored and what is asked to what is written.

use units::{Amount, CorrectionId};

use super::port::{AuditLine, Case, CaseChange, Refused};
use crate::charge;
use crate::charging::{Payment, write_off};
use crate::model::{
    About, AccountDay, Correction, CorrectionKind, Decision, NOTE_BYTES_MAX, StoredFare, Subject,
    Verdict,
};
use crate::ports::MoneyFault;

/// What a request comes to: it is written down, if it can be granted as things stand. Asking for
/// the same again under the same id changes nothing.
///
/// # Errors
/// [`Refused`]; then nothing is to be written.
pub fn propose(case: &Case, asked: &Correction) -> Result<CaseChange, Refused> {
    check_note(&asked.note)?;
    if let Some(known) = find(case, asked.id) {
        let is_same = known.subject == asked.subject
            && known.amount == asked.amount
            && known.kind == asked.kind
            && known.maker == asked.maker;
        return if is_same {
            Ok(nothing())
        } else {
            Err(Refused::IdTaken)
        };
    }
    let is_of_payment = matches!(asked.subject, Subject::Payment(_));
    if is_of_payment != (asked.kind == CorrectionKind::WriteOff) {
        return Err(Refused::Unknown);
    }
    let left = left_of(case, asked.subject)?;
    let what = match asked.subject {
        Subject::Charge(id) => format!("charge {id}"),
        Subject::Journey(id) => format!("journey {id}"),
        Subject::Payment(id) => format!("payment {id}"),
    };
    let detail = match asked.kind {
        CorrectionKind::Refund | CorrectionKind::WriteOff => {
            check_amount(asked, left)?;
            format!("{} of {what} ({})", asked.amount, asked.reason.as_str())
        }
        CorrectionKind::Appeal => what,
    };
    Ok(CaseChange {
        audit: Some(AuditLine {
            at: asked.made_at,
            who: asked.maker.clone(),
            action: match asked.kind {
                CorrectionKind::Refund => "refund.propose",
                CorrectionKind::Appeal => "appeal.make",
                CorrectionKind::WriteOff => "write-off.propose",
            }
            .to_owned(),
            subject: asked.id.to_string(),
            detail,
        }),
        asked: Some(Correction {
            decision: None,
            ..asked.clone()
        }),
        ..nothing()
    })
}

/// What a decision about the refund `id` comes to: an approval by another person than the maker
/// adds it to the day's refunds and closes the day anew. Deciding the same again by the same person
/// changes nothing.
///
/// # Errors
/// [`Refused`]; then nothing is to be written.
pub fn give_back(
    case: &Case,
    id: CorrectionId,
    decision: &Decision,
) -> Result<CaseChange, Refused> {
    let Some((correction, mut change)) = by_two(case, id, CorrectionKind::Refund, decision)? else {
        return Ok(nothing());
    };
    if decision.verdict == Verdict::Rejected {
        return Ok(change);
    }
    check_amount(correction, left_of(case, correction.subject)?)?;
    let day = case.day.as_ref().ok_or(Refused::Unknown)?;
    // Not above what is charged, which is an amount: adding cannot leave its range by more than
    // the fares of a day.
    let refunds = day.refunds.checked_add(correction.amount);
    let day = AccountDay {
        refunds: refunds.ok_or(Refused::NoAmount)?,
        ..day.clone()
    };
    let why = sentence(correction, decision, "Refund");
    let about = About::Refund(id);
    let books = charge::close_because(&day, about, &why, decision.at)?;
    change.books = Some(books);
    Ok(change)
}

/// What a decision about the write-off `id` comes to: an approval by another person than the maker
/// gives that much of the payment up, at most what is overdue of it now. Deciding the same again by
/// the same person changes nothing.
///
/// # Errors
/// [`Refused`]; then nothing is to be written.
pub fn give_up(case: &Case, id: CorrectionId, decision: &Decision) -> Result<CaseChange, Refused> {
    let Some((correction, mut change)) = by_two(case, id, CorrectionKind::WriteOff, decision)?
    else {
        return Ok(nothing());
    };
    if decision.verdict == Verdict::Rejected {
        return Ok(change);
    }
    check_amount(correction, left_of(case, correction.subject)?)?;
    let is_meant = |payment: &&Payment| Subject::Payment(payment.id) == correction.subject;
    let payment = case.payments.iter().find(is_meant);
    let why = sentence(correction, decision, "Write-off");
    let payment = payment.ok_or(Refused::Unknown)?;
    let written = write_off(payment, correction.amount, why, decision.at);
    change.payment = Some(written.map_err(MoneyFault::from)?);
    Ok(change)
}

/// Why the books change, for whoever reads the entry.
fn sentence(correction: &Correction, decision: &Decision, what: &str) -> String {
    format!(
        "{what} {} of {} ({}), proposed by {}, approved by {}.",
        correction.id,
        correction.amount,
        correction.reason.as_str(),
        correction.maker,
        decision.by
    )
}

/// What an answer to the appeal `id` comes to: it is written down. Money goes back by a refund.
///
/// # Errors
/// [`Refused`]; then nothing is to be written.
pub fn answer(case: &Case, id: CorrectionId, decision: &Decision) -> Result<CaseChange, Refused> {
    let appeal = undecided(case, id, CorrectionKind::Appeal, decision)?;
    let Some(appeal) = appeal else {
        return Ok(nothing());
    };
    if decision.note.trim().is_empty() {
        return Err(Refused::NoNote);
    }
    Ok(decided(appeal, decision, "appeal"))
}

/// How much can be given back for `subject` now: what is left of it after earlier refunds, and
/// never more than what is charged for the whole day. Of a payment: how much can be given up, which
/// is what is overdue.
///
/// # Errors
/// [`Refused::Unknown`] where the day has no such charge, journey or payment.
pub fn left_of(case: &Case, subject: Subject) -> Result<Amount, Refused> {
    let day = || case.day.as_ref().ok_or(Refused::Unknown);
    let cost = match subject {
        Subject::Payment(id) => {
            let payment = case.payments.iter().find(|payment| payment.id == id);
            let payment = payment.ok_or(Refused::Unknown)?;
            let overdue = if payment.is_overdue() {
                payment.open_minor()
            } else {
                0
            };
            return Amount::new(overdue, payment.currency()).map_err(|_| Refused::NoAmount);
        }
        Subject::Charge(id) => {
            let charge = case.charges.iter().find(|charge| charge.id == id);
            charge.ok_or(Refused::Unknown)?.amount.as_minor()
        }
        Subject::Journey(id) => {
            let journey = case.journeys.iter().find(|journey| journey.id == id);
            match journey.ok_or(Refused::Unknown)?.fare {
                StoredFare::Priced(fare) => fare.as_minor(),
                StoredFare::Unpriced => 0,
            }
        }
    };
    let day = day()?;
    let given: i128 = case
        .corrections
        .iter()
        .filter(|other| other.subject == subject && is_approved_refund(other))
        .map(|other| i128::from(other.amount.as_minor()))
        .sum();
    let left = (i128::from(cost) - given).clamp(0, i128::from(day.charged.as_minor()));
    let left = i64::try_from(left).unwrap_or(0);
    Amount::new(left, day.charged.currency()).map_err(|_| Refused::NoAmount)
}

/// Whether money goes back for it.
pub(crate) fn is_approved_refund(correction: &Correction) -> bool {
    let verdict = correction.decision.as_ref().map(|made| made.verdict);
    correction.kind == CorrectionKind::Refund && verdict == Some(Verdict::Approved)
}

fn find(case: &Case, id: CorrectionId) -> Option<&Correction> {
    case.corrections.iter().find(|known| known.id == id)
}

/// The correction to decide; `None` where the same decision was made already.
fn undecided<'a>(
    case: &'a Case,
    id: CorrectionId,
    kind: CorrectionKind,
    decision: &Decision,
) -> Result<Option<&'a Correction>, Refused> {
    check_note(&decision.note)?;
    let correction = find(case, id).filter(|found| found.kind == kind);
    let correction = correction.ok_or(Refused::Unknown)?;
    match &correction.decision {
        None => Ok(Some(correction)),
        Some(made) if (made.verdict, &made.by) == (decision.verdict, &decision.by) => Ok(None),
        Some(made) => Err(Refused::Decided(Box::new(made.clone()))),
    }
}

/// The correction to decide and its decision written down, where two persons have to agree; `None`
/// where the same decision was made already.
fn by_two<'a>(
    case: &'a Case,
    id: CorrectionId,
    kind: CorrectionKind,
    decision: &Decision,
) -> Result<Option<(&'a Correction, CaseChange)>, Refused> {
    let Some(correction) = undecided(case, id, kind, decision)? else {
        return Ok(None);
    };
    match decision.verdict {
        Verdict::Rejected if decision.note.trim().is_empty() => Err(Refused::NoNote),
        Verdict::Approved if correction.maker == decision.by => Err(Refused::SamePerson),
        _ => Ok(Some((
            correction,
            decided(correction, decision, kind.as_str()),
        ))),
    }
}

fn decided(correction: &Correction, decision: &Decision, what: &str) -> CaseChange {
    let verb = match decision.verdict {
        Verdict::Approved => "approve",
        Verdict::Rejected => "reject",
    };
    CaseChange {
        decided: Some((correction.id, decision.clone())),
        audit: Some(AuditLine {
            at: decision.at,
            who: decision.by.clone(),
            action: format!("{what}.{verb}"),
            subject: correction.id.to_string(),
            detail: format!("{} asked by {}", correction.amount, correction.maker),
        }),
        ..nothing()
    }
}

const fn nothing() -> CaseChange {
    CaseChange {
        asked: None,
        decided: None,
        books: None,
        payment: None,
        audit: None,
    }
}

fn check_amount(correction: &Correction, left: Amount) -> Result<(), Refused> {
    let amount = correction.amount;
    if amount.as_minor() == 0 || amount.currency() != left.currency() {
        return Err(Refused::NoAmount);
    }
    if amount.as_minor() <= left.as_minor() {
        return Ok(());
    }
    Err(match correction.subject {
        Subject::Payment(_) => Refused::AboveDebt { left },
        Subject::Charge(_) | Subject::Journey(_) => Refused::TooMuch { left },
    })
}

fn check_note(note: &str) -> Result<(), Refused> {
    if note.len() > NOTE_BYTES_MAX {
        return Err(Refused::NoteTooLong { got: note.len() });
    }
    Ok(())
}
