//! The worker: takes payments whose time has come and brings each one step further.

use units::Timestamp;

use super::machine::{Step, after, next_step};
use super::model::Payment;
use super::posting::differences;
use super::{Answer, PaymentProvider, PaymentStore};
use crate::model::PostedEntry;
use crate::ports::StoreError;

/// Payments taken at a time.
const PAYMENTS_PER_TURN: u32 = 100;

/// Requests sent for one payment in one turn: a collection and what gives a surplus back.
const SENDS_PER_TURN: u32 = 2;

/// What a turn did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Worked {
    /// Payments taken.
    pub taken: u32,
    /// Requests sent.
    pub sent: u32,
    /// Look-ups that the provider did not answer.
    pub unavailable: u32,
    /// Payments that another worker wrote meanwhile; it goes on with them.
    pub lost: u32,
    /// Payments whose sums at the provider cannot be posted: for staff.
    pub unpostable: u32,
}

/// One turn over the payments that are due. Doing it again, by several workers at once, with a kill
/// anywhere, changes nothing but what is due.
///
/// # Errors
/// [`StoreError`]; what was written before it stays, and doing it again goes on.
pub async fn work<S: PaymentStore, P: PaymentProvider>(
    store: &S,
    provider: &P,
    now: Timestamp,
) -> Result<Worked, StoreError> {
    let mut worked = Worked::default();
    for payment in store.due(now, PAYMENTS_PER_TURN).await? {
        worked.add(&work_on(store, provider, payment, now).await?);
    }
    Ok(worked)
}

/// One turn over one payment, as [`work`] makes it: workers that have many payments to ask about
/// ask for several at a time.
///
/// # Errors
/// [`StoreError`], as [`work`].
pub async fn work_on<S: PaymentStore, P: PaymentProvider>(
    store: &S,
    provider: &P,
    payment: Payment,
    now: Timestamp,
) -> Result<Worked, StoreError> {
    let mut worked = Worked {
        taken: 1,
        ..Worked::default()
    };
    one(store, provider, payment, now, &mut worked).await?;
    Ok(worked)
}

impl Worked {
    /// Adds what another turn did.
    pub const fn add(&mut self, other: &Self) {
        self.taken = self.taken.saturating_add(other.taken);
        self.sent = self.sent.saturating_add(other.sent);
        self.unavailable = self.unavailable.saturating_add(other.unavailable);
        self.lost = self.lost.saturating_add(other.lost);
        self.unpostable = self.unpostable.saturating_add(other.unpostable);
    }
}

async fn one<S: PaymentStore, P: PaymentProvider>(
    store: &S,
    provider: &P,
    mut payment: Payment,
    now: Timestamp,
    worked: &mut Worked,
) -> Result<(), StoreError> {
    let mut step = Some(next_step(&payment, now));
    let mut sends = 0;
    while let Some(doing) = step.take() {
        let mut answer: Option<Answer> = None;
        if let Step::Send(sending) = doing {
            if sends == SENDS_PER_TURN {
                // The request is not durable yet, so nothing is forgotten: the next turn asks.
                payment.due = Some(now);
                save(store, &mut payment, &[], worked).await?;
                return Ok(());
            }
            sends += 1;
            let (before, order) = *sending;
            payment = before;
            // Durable first: whoever finds it after a kill looks up what became of it.
            if !save(store, &mut payment, &[], worked).await? {
                return Ok(());
            }
            worked.sent += 1;
            answer = Some(provider.send(&order).await);
        }
        let truth = match provider.look_up(&payment).await {
            Ok(truth) => truth,
            Err(_unavailable) => {
                worked.unavailable += 1;
                postpone(store, &mut payment, now, worked).await?;
                return Ok(());
            }
        };
        let (next, further) = after(&payment, &truth, answer.as_ref(), now);
        let (mut next, entries) = match differences(&next, &truth, now) {
            Ok(posted) => posted,
            Err(_fault) => {
                worked.unpostable += 1;
                postpone(store, &mut payment, now, worked).await?;
                return Ok(());
            }
        };
        if !save(store, &mut next, &entries, worked).await? {
            return Ok(());
        }
        step = further.map(|step| on_top_of(step, &next));
        payment = next;
    }
    Ok(())
}

/// The step was decided on the payment as it was before what was just written.
fn on_top_of(step: Step, written: &Payment) -> Step {
    match step {
        Step::Send(mut sending) => {
            sending.0.version = written.version;
            sending.0.posted = written.posted;
            sending.0.written_off = written.written_off;
            sending.0.entries = written.entries;
            Step::Send(sending)
        }
        Step::LookUp => Step::LookUp,
    }
}

/// An hour's quarter later, unless it is due later anyway.
async fn postpone<S: PaymentStore>(
    store: &S,
    payment: &mut Payment,
    now: Timestamp,
    worked: &mut Worked,
) -> Result<(), StoreError> {
    let later = now.plus(units::Span::from_secs(900));
    payment.due = Some(payment.due.map_or(later, |due| due.max(later)));
    save(store, payment, &[], worked).await?;
    Ok(())
}

async fn save<S: PaymentStore>(
    store: &S,
    payment: &mut Payment,
    entries: &[PostedEntry],
    worked: &mut Worked,
) -> Result<bool, StoreError> {
    let saved = store.save(payment, entries).await?;
    if saved {
        payment.version = payment.version.saturating_add(1);
    } else {
        worked.lost += 1;
    }
    Ok(saved)
}
