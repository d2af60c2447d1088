//! The machine of one payment: pure, so that every order of answers can be tried.

use units::{Amount, Span, Timestamp};

use super::model::{Attempt, Payment, Request, Stage, Totals, Truth, TruthItem, TruthStatus, What};
use super::{Answer, Order};
use crate::debt::ladder;

/// The first look-up after an answer that did not come; each further one waits twice as long.
const LOOKS_AFTER: Span = Span::from_secs(60);

/// The longest time between two look-ups of one request.
const LOOKS_WITHIN: Span = Span::from_secs(6 * 3_600);

/// A day.
const A_DAY: Span = Span::from_secs(86_400);

/// How long after a failure a rider may ask for another collection, so that nobody is tempted to
/// press a button until a bank gives in: card networks fine that.
const ASKS_APART: Span = Span::from_secs(300);

/// Failures of one payment after which a rider can no longer ask, but has to see staff.
const FAILURES_MAX: usize = 20;

/// What to do about a payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Write this payment, then send this order, then look up.
    Send(Box<(Payment, Order)>),
    /// Look up what the provider has of it, and decide on that ([`after`]).
    LookUp,
}

/// What to do about a payment whose time has come. Only the very first request of a payment is made
/// without a look at what the provider has.
#[must_use]
pub fn next_step(payment: &Payment, now: Timestamp) -> Step {
    if payment.requests > 0 || payment.stage != Stage::Due {
        return Step::LookUp;
    }
    request(payment, What::Collect, payment.amount, None, now)
}

/// Sends the request that is under way once more, with the same key.
fn again(payment: &Payment, request: &Request, now: Timestamp) -> Step {
    let mut payment = payment.clone();
    let order = order(&payment, request);
    let mut request = request.clone();
    request.sent = request.sent.saturating_add(1);
    payment.due = Some(now.plus(pause(request.sent)));
    payment.request = Some(request);
    Step::Send(Box::new((payment, order)))
}

/// A new request: only where none is under way.
fn request(
    payment: &Payment,
    what: What,
    amount: Amount,
    from: Option<String>,
    now: Timestamp,
) -> Step {
    let mut payment = payment.clone();
    payment.requests = payment.requests.saturating_add(1);
    payment.asked = payment.asked && what != What::Collect;
    let request = Request {
        what,
        number: payment.requests,
        amount,
        from,
        first_sent: now,
        sent: 1,
    };
    payment.due = Some(now.plus(pause(1)));
    let order = order(&payment, &request);
    payment.request = Some(request);
    Step::Send(Box::new((payment, order)))
}

fn order(payment: &Payment, request: &Request) -> Order {
    Order {
        payment: payment.id,
        account: payment.account,
        provider: payment.provider,
        payer: payment.payer.clone(),
        what: request.what,
        number: request.number,
        key: payment.key(request.number),
        amount: request.amount,
        from: request.from.clone(),
    }
}

/// A minute, then twice as long each time, up to six hours.
fn pause(sent: u32) -> Span {
    let doubled = 1i64
        .checked_shl(sent.saturating_sub(1).min(20))
        .unwrap_or(1);
    let micros = LOOKS_AFTER.as_micros().saturating_mul(doubled);
    Span::from_micros(micros.min(LOOKS_WITHIN.as_micros()))
}

/// What becomes of a payment once the provider was looked up, and what is to be sent next if
/// anything is. `answer` is what the provider said to the request under way, if it was sent just
/// now. What is posted is not touched here ([`super::differences`]).
#[must_use]
pub fn after(
    payment: &Payment,
    truth: &Truth,
    answer: Option<&Answer>,
    now: Timestamp,
) -> (Payment, Option<Step>) {
    let mut after = payment.clone();
    let mut rests = false;
    if let Some(request) = &payment.request {
        match end_of(request, truth, answer) {
            End::Nowhere if answer.is_none() => {
                let step = again(payment, request, now);
                return (after, Some(step));
            }
            End::Nowhere | End::Open => {
                after.request = Some(Request {
                    sent: request.sent.saturating_add(1),
                    ..request.clone()
                });
                after.due = Some(now.plus(pause(request.sent)));
                return (after, None);
            }
            End::Done => after.request = None,
            End::Failed(code) => {
                after.request = None;
                match request.what {
                    What::Collect => collection_failed(&mut after, &code, now),
                    What::GiveBack => rests = true,
                }
            }
        }
    }
    let Some(totals) = truth.totals(payment.currency()) else {
        // What cannot be counted is not acted on: staff sees it in the reconciliation.
        return (after, None);
    };
    stage(&mut after, totals);
    after.asked = after.asked && after.stage != Stage::Paid;
    if after.stage == Stage::Due || after.asked {
        let is_due = after.asked || after.due.is_some_and(|due| due <= now);
        let open = Amount::new(after.open_by(totals), after.currency()).ok();
        let step = open.filter(|_| is_due);
        let step = step.map(|open| request(&after, What::Collect, open, None, now));
        return (after, step);
    }
    // What could not be given back today is tried again tomorrow.
    after.due = rests.then(|| now.plus(A_DAY));
    let step = if rests {
        None
    } else {
        give_back(&after, truth, totals, now)
    };
    (after, step)
}

/// Something may have happened to the payment: a webhook came, staff looked. Makes it due.
#[must_use]
pub fn wake(payment: &Payment, now: Timestamp) -> Payment {
    let due = payment.due.map_or(now, |due| due.min(now));
    // A collection that waits for its rung is not hurried by word of anything.
    let waits = payment.stage == Stage::Due && payment.request.is_none();
    Payment {
        due: if waits { payment.due } else { Some(due) },
        ..payment.clone()
    }
}

/// The rider wants to pay what is overdue now: it is collected once more, whatever the ladder says.
/// `None` where nothing is overdue, a request is under way, or the last failure is too fresh.
#[must_use]
pub fn ask(payment: &Payment, now: Timestamp) -> Option<Payment> {
    let last = payment.failed.last();
    let too_soon = last.is_some_and(|failure| failure.at.plus(ASKS_APART) > now);
    let spent = payment.failed.len() >= FAILURES_MAX;
    if !payment.is_overdue() || payment.request.is_some() || too_soon || spent {
        return None;
    }
    Some(Payment {
        asked: true,
        due: Some(now),
        ..payment.clone()
    })
}

/// How a request ended.
enum End {
    /// Not known yet.
    Open,
    /// The provider has nothing of it.
    Nowhere,
    Done,
    Failed(String),
}

fn end_of(request: &Request, truth: &Truth, answer: Option<&Answer>) -> End {
    let found = truth.items.iter().find_map(|item| match item {
        TruthItem::Requested {
            what,
            number,
            status,
            ..
        } if *what == request.what && *number == request.number => Some(status),
        _ => None,
    });
    match (found, answer) {
        (Some(TruthStatus::Done), _) => End::Done,
        (Some(TruthStatus::Failed { code }), _) | (None, Some(Answer::Refused { code })) => {
            End::Failed(code.clone())
        }
        (Some(TruthStatus::Open), _) => End::Open,
        (None, _) => End::Nowhere,
    }
}

fn collection_failed(payment: &mut Payment, code: &str, now: Timestamp) {
    payment.failed.push(Attempt::new(now, code));
    payment.due = ladder::next(&payment.failed);
    if payment.due.is_none() {
        payment.stage = Stage::Debt;
    }
}

/// Brings the stage into line with what the provider has.
fn stage(payment: &mut Payment, totals: Totals) {
    if payment.open_by(totals) == 0 {
        payment.stage = Stage::Paid;
    } else if totals.charged_back > 0 || payment.stage == Stage::Paid {
        // What a bank took back is not taken again without the rider.
        payment.stage = Stage::Debt;
    }
}

/// The request that gives back what is still to be given back, more than was owed included.
fn give_back(payment: &Payment, truth: &Truth, totals: Totals, now: Timestamp) -> Option<Step> {
    let owed = payment.amount.as_minor();
    // What the bank took back cannot be given back too.
    let there = totals.collected.saturating_sub(totals.charged_back);
    let surplus = there.saturating_sub(owed).max(0);
    let wanted = payment.give_back.as_minor().saturating_add(surplus);
    let missing = wanted.min(there).saturating_sub(totals.given_back);
    let amount = Amount::new(missing, payment.currency()).ok()?;
    // Of the newest collection: an earlier one may be what the bank took back.
    let collected = truth.items.iter().filter_map(|item| match item {
        TruthItem::Requested {
            what: What::Collect,
            number,
            reference,
            status: TruthStatus::Done,
            ..
        } => Some((number, reference)),
        _ => None,
    });
    let (_, from) = collected.max()?;
    let from = Some(from.clone());
    (missing > 0).then(|| request(payment, What::GiveBack, amount, from, now))
}
