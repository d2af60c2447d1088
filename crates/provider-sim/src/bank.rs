//! What money really moves: intents, refunds and disputes with the balance that they make.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use units::Timestamp;

use crate::faults::{Dice, Faults};
use crate::model::{Dispute, DisputeStatus, Intent, IntentStatus, Metadata, Movement, Refund};
use crate::webhooks::Outbox;

/// What really moved for one payment of the city's, in minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Books {
    /// Collected, in all.
    pub collected: i64,
    /// How many collections that was.
    pub collections: u32,
    /// Given back and arrived.
    pub given_back: i64,
    /// Held or taken by banks.
    pub charged_back: i64,
}

#[derive(Debug)]
pub(crate) struct Bank {
    pub(crate) intents: BTreeMap<String, Intent>,
    pub(crate) refunds: BTreeMap<String, Refund>,
    pub(crate) disputes: BTreeMap<String, Dispute>,
    pub(crate) movements: Vec<Movement>,
    pub(crate) outbox: Outbox,
    pub(crate) fired: BTreeMap<&'static str, u64>,
    numbers: u64,
}

/// A form's fields.
pub(crate) type Form = BTreeMap<String, String>;

/// Status and body of an answer.
pub(crate) type Reply = (u16, Value);

const HOUR: i64 = 3_600;

impl Bank {
    pub(crate) fn new() -> Self {
        Self {
            intents: BTreeMap::new(),
            refunds: BTreeMap::new(),
            disputes: BTreeMap::new(),
            movements: Vec::new(),
            outbox: Outbox::new(),
            fired: BTreeMap::new(),
            numbers: 0,
        }
    }

    pub(crate) fn count(&mut self, fault: &'static str) {
        *self.fired.entry(fault).or_default() += 1;
    }

    fn id(&mut self, prefix: &str) -> String {
        self.numbers += 1;
        format!("{prefix}_{:08}", self.numbers)
    }

    /// A request that passed the idempotency layer.
    pub(crate) fn execute(
        &mut self,
        path: &str,
        form: &Form,
        now: Timestamp,
        rates: &Faults,
        dice: &mut Dice,
    ) -> Reply {
        match path {
            "/v1/payment_intents" => self.collect(form, now, rates, dice),
            _ => self.refund(form, now, rates, dice),
        }
    }

    fn collect(&mut self, form: &Form, now: Timestamp, rates: &Faults, dice: &mut Dice) -> Reply {
        let amount = form.get("amount").and_then(|amount| amount.parse().ok());
        let (Some(amount @ 1..), Some(customer)) = (amount, form.get("customer")) else {
            return error(400, "parameter_missing", "amount and customer are needed");
        };
        let draws = [rates.stolen, rates.declined, rates.slow_bank].map(|rate| dice.chance(rate));
        let end = match draws {
            [true, _, _] => IntentStatus::Declined("stolen_card"),
            [_, true, _] => IntentStatus::Declined("insufficient_funds"),
            _ => IntentStatus::Succeeded,
        };
        let later = now.plus(dice.span(40, HOUR));
        let slow = draws[2];
        let intent = Intent {
            id: self.id("pi"),
            customer: customer.clone(),
            amount,
            currency: form.get("currency").cloned().unwrap_or_default(),
            created: now,
            metadata: metadata(form),
            status: IntentStatus::Processing,
            ends: Some((if slow { later } else { now }, end)),
        };
        let id = intent.id.clone();
        self.intents.insert(id.clone(), intent);
        self.end_intents(now, rates, dice);
        let body = self.intents.get(&id).map(Intent::json).unwrap_or_default();
        if body["status"] == "requires_payment_method" {
            let mut failed = body["last_payment_error"].clone();
            failed["payment_intent"] = body;
            return (402, json!({ "error": failed }));
        }
        (200, body)
    }

    /// Collections whose time has come end as they end.
    pub(crate) fn end_intents(&mut self, now: Timestamp, rates: &Faults, dice: &mut Dice) {
        let ended: Vec<String> = self
            .intents
            .values()
            .filter(|intent| intent.ends.as_ref().is_some_and(|(at, _)| *at <= now))
            .map(|intent| intent.id.clone())
            .collect();
        for id in ended {
            let Some(intent) = self.intents.get_mut(&id) else {
                continue;
            };
            let Some((at, end)) = intent.ends.take() else {
                continue;
            };
            intent.status = end;
            let intent = intent.clone();
            if intent.status == IntentStatus::Succeeded {
                self.moved(at, "charge", &intent.id, &intent, intent.amount, 30);
                self.tell("payment_intent.succeeded", &intent.json(), now, rates, dice);
                if dice.chance(rates.disputed) {
                    self.plan_dispute(&intent, at, dice);
                }
            } else {
                let is_stolen = intent.status == IntentStatus::Declined("stolen_card");
                self.count(if is_stolen { "stolen_card" } else { "declined" });
                let body = intent.json();
                self.tell("payment_intent.payment_failed", &body, now, rates, dice);
            }
        }
    }

    fn refund(&mut self, form: &Form, now: Timestamp, rates: &Faults, dice: &mut Dice) -> Reply {
        let amount: Option<i64> = form.get("amount").and_then(|amount| amount.parse().ok());
        let intent = form
            .get("payment_intent")
            .and_then(|id| self.intents.get(id));
        let (Some(amount @ 1..), Some(intent)) = (amount, intent.cloned()) else {
            return error(400, "resource_missing", "there is no such payment intent");
        };
        if self.is_disputed(&intent.id, now) {
            return error(400, "charge_disputed", "the bank has the money");
        }
        let gone = self.refunded(&intent.id) + amount;
        if intent.status != IntentStatus::Succeeded || gone > intent.amount {
            return error(400, "charge_already_refunded", "so much is not there");
        }
        let fails = dice.chance(rates.refund_fails);
        let later = now.plus(dice.span(96, HOUR));
        let refund = Refund {
            id: self.id("re"),
            intent: intent.id.clone(),
            amount,
            created: now,
            metadata: metadata(form),
            failed: false,
            fails: fails.then_some(later),
        };
        self.moved(now, "refund", &refund.id, &intent, -amount, 0);
        let body = refund.json(&intent.currency);
        self.refunds.insert(refund.id.clone(), refund);
        self.tell("charge.refunded", &body, now, rates, dice);
        (200, body)
    }

    fn refunded(&self, intent: &str) -> i64 {
        let of_intent = self
            .refunds
            .values()
            .filter(|refund| refund.intent == intent);
        of_intent
            .filter(|refund| !refund.failed)
            .map(|refund| refund.amount)
            .sum()
    }

    fn is_disputed(&self, intent: &str, now: Timestamp) -> bool {
        self.disputes.values().any(|dispute| {
            dispute.intent == intent
                && dispute.created <= now
                && dispute.status != DisputeStatus::Won
        })
    }

    /// A rider's bank will take what is left of the payment, weeks later.
    fn plan_dispute(&mut self, intent: &Intent, at: Timestamp, dice: &mut Dice) {
        let created = at.plus(dice.span(60, 24 * HOUR));
        let ends = created.plus(dice.span(30, 24 * HOUR));
        let id = self.id("dp");
        let dispute = Dispute {
            id: id.clone(),
            intent: intent.id.clone(),
            amount: 0,
            created,
            status: DisputeStatus::NeedsResponse,
            ends,
            is_won: dice.chance(400),
        };
        self.disputes.insert(id, dispute);
    }

    /// Disputes begin and end, refunds fail, slow banks answer: everything up to `now`.
    pub(crate) fn advance(&mut self, now: Timestamp, rates: &Faults, dice: &mut Dice) {
        self.end_intents(now, rates, dice);
        let failing: Vec<String> = self
            .refunds
            .values()
            .filter(|refund| refund.fails.is_some_and(|at| at <= now))
            .map(|refund| refund.id.clone())
            .collect();
        for id in failing {
            let Some(refund) = self.refunds.get_mut(&id) else {
                continue;
            };
            (refund.failed, refund.fails) = (true, None);
            let refund = refund.clone();
            self.count("refund failed");
            let Some(intent) = self.intents.get(&refund.intent).cloned() else {
                continue;
            };
            self.moved(now, "refund_failure", &refund.id, &intent, refund.amount, 0);
            let body = refund.json(&intent.currency);
            self.tell("charge.refund.updated", &body, now, rates, dice);
        }
        let open: Vec<String> = self.disputes.keys().cloned().collect();
        for id in open {
            self.advance_dispute(&id, now, rates, dice);
        }
    }

    fn advance_dispute(&mut self, id: &str, now: Timestamp, rates: &Faults, dice: &mut Dice) {
        let Some(mut dispute) = self.disputes.get(id).cloned() else {
            return;
        };
        let Some(intent) = self.intents.get(&dispute.intent).cloned() else {
            return;
        };
        if dispute.amount == 0 && dispute.created <= now {
            dispute.amount = intent.amount - self.refunded(&intent.id);
            if dispute.amount == 0 {
                // Nothing is left to take.
                self.disputes.remove(id);
                return;
            }
            self.count("dispute");
            self.moved(now, "dispute", id, &intent, -dispute.amount, 15);
            let body = dispute.json(&intent.currency);
            self.tell("charge.dispute.created", &body, now, rates, dice);
        }
        let is_open = dispute.amount > 0 && dispute.status == DisputeStatus::NeedsResponse;
        if is_open && dispute.ends <= now {
            dispute.status = if dispute.is_won {
                self.count("dispute won");
                self.moved(now, "dispute_reversal", id, &intent, dispute.amount, 0);
                DisputeStatus::Won
            } else {
                DisputeStatus::Lost
            };
            let body = dispute.json(&intent.currency);
            self.tell("charge.dispute.closed", &body, now, rates, dice);
        }
        self.disputes.insert(id.to_owned(), dispute);
    }

    fn moved(
        &mut self,
        created: Timestamp,
        category: &'static str,
        source: &str,
        intent: &Intent,
        gross: i64,
        fee: i64,
    ) {
        let id = self.id("txn");
        self.movements.push(Movement {
            id,
            created,
            category,
            source: source.to_owned(),
            payment: intent.metadata.get("payment").cloned().unwrap_or_default(),
            gross,
            fee,
            currency: intent.currency.clone(),
        });
    }

    fn tell(&mut self, kind: &str, body: &Value, now: Timestamp, rates: &Faults, dice: &mut Dice) {
        let id = self.id("evt");
        let event = json!({
            "id": id,
            "object": "event",
            "type": kind,
            "created": now.as_secs(),
            "data": { "object": body },
        });
        self.outbox.push(&event, now, rates, dice);
    }

    pub(crate) fn books(&self, payment: &str) -> Books {
        let is_of = |intent: &&Intent| {
            intent
                .metadata
                .get("payment")
                .is_some_and(|of| of == payment)
        };
        let mut books = Books::default();
        for intent in self.intents.values().filter(is_of) {
            if intent.status == IntentStatus::Succeeded {
                books.collected += intent.amount;
                books.collections += 1;
            }
            books.given_back += self.refunded(&intent.id);
            let disputes = self.disputes.values();
            let held = disputes.filter(|dispute| {
                dispute.intent == intent.id && dispute.status != DisputeStatus::Won
            });
            books.charged_back += held.map(|dispute| dispute.amount).sum::<i64>();
        }
        books
    }
}

fn metadata(form: &Form) -> Metadata {
    let fields = form.iter().filter_map(|(name, value)| {
        let name = name.strip_prefix("metadata[")?.strip_suffix(']')?;
        Some((name.to_owned(), value.clone()))
    });
    fields.collect()
}

pub(crate) fn error(status: u16, code: &str, message: &str) -> Reply {
    let kind = if status >= 500 {
        "api_error"
    } else {
        "invalid_request_error"
    };
    (
        status,
        json!({"error": {"type": kind, "code": code, "message": message}}),
    )
}
