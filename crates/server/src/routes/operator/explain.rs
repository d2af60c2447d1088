//! Charges and days, explained down to the taps: the one account of them, for pages, the command
//! line and statements.

use api::{
    ChargeExplanation, DayExplanation, DecisionBody, ExplainedCharge, ExplainedJourney,
    ExplainedLine, ExplainedTap, NotPriced, RequestBody, Rfc3339, Text,
};
use settlement::model::{
    Correction, DayRecord, StoredCharge, StoredFare, StoredJourney, Subject, status_as_str,
};
use settlement::ports::{SettlementStore, StoreError};
use settlement::sentences::{self, Told};
use tariff::explain::Language;
use tariff::{City, TapKind};
use units::ServiceDay;

/// Why `charge` is what it is; `requests` are refunds and appeals of its account. Journeys are told
/// in `language` where they can be ([`settlement::sentences`]), else in the books' English.
///
/// # Errors
/// [`StoreError`] when the store cannot be read.
pub async fn explain<S: SettlementStore>(
    store: &S,
    city: &City,
    charge: &StoredCharge,
    requests: &[Correction],
    language: Language,
) -> Result<ChargeExplanation, StoreError> {
    let record = store.day_record(charge.account, charge.day).await?;
    let mut explained = explanation(city, charge, &record, requests);
    if language != Language::English {
        let of = (charge.account, charge.day);
        let mut told = sentences::of_day(store, city, of, language).await?;
        for journey in &mut explained.of_day.journeys {
            if let Some(told) = told.remove(&journey.journey.0) {
                retell(journey, told, language);
            }
        }
    }
    Ok(explained)
}

fn retell(journey: &mut ExplainedJourney, told: Told, language: Language) {
    language.tag().clone_into(&mut journey.language);
    journey.because = told.because;
    for (line, sentence) in journey.lines.iter_mut().zip(told.lines) {
        line.because = sentence;
    }
}

fn explanation(
    city: &City,
    charge: &StoredCharge,
    record: &DayRecord,
    requests: &[Correction],
) -> ChargeExplanation {
    ChargeExplanation {
        charge: Text(charge.id),
        account: Text(charge.account),
        day: Text(charge.day),
        revision: charge.revision,
        amount_minor: charge.amount.as_minor(),
        currency: charge.amount.currency().to_string(),
        state: charge.state.as_str().to_owned(),
        because: charge.because.clone(),
        of_day: day_explanation(city, charge.day, record, requests),
    }
}

/// What an account's `day` has come to and why: `record` is what is kept about the two, `requests`
/// are refunds and appeals of the account.
#[must_use]
pub fn day_explanation(
    city: &City,
    day: ServiceDay,
    record: &DayRecord,
    requests: &[Correction],
) -> DayExplanation {
    let not_priced = record.flags.iter().map(|(tap, flag)| NotPriced {
        tap: Text(*tap),
        why: flag.as_str().to_owned(),
    });
    let charges = record.charges.iter().map(|other| ExplainedCharge {
        charge: Text(other.id),
        revision: other.revision,
        amount_minor: other.amount.as_minor(),
        because: other.because.clone(),
    });
    let journeys = record.journeys.iter();
    let requests = requests.iter().filter(|request| request.day == day);
    DayExplanation {
        journeys: journeys
            .map(|journey| explain_journey(city, record, journey))
            .collect(),
        not_priced: not_priced.collect(),
        charges: charges.collect(),
        requests: requests.map(describe_request).collect(),
    }
}

fn explain_journey(city: &City, record: &DayRecord, journey: &StoredJourney) -> ExplainedJourney {
    let taps = journey.taps.iter();
    let taps = taps.filter_map(|id| record.taps.iter().find(|tap| tap.tap.id == *id));
    let taps = taps.map(|stored| ExplainedTap {
        tap: Text(stored.tap.id),
        at: city.wall_clock(stored.tap.at),
        kind: match stored.tap.kind {
            TapKind::On => "on",
            TapKind::Off => "off",
        }
        .to_owned(),
        stop: city
            .stop(&stored.tap.stop)
            .map_or_else(|| stored.tap.stop.to_string(), |stop| stop.name.clone()),
    });
    let lines = journey.lines.iter().map(|line| ExplainedLine {
        amount_minor: line.amount.as_minor(),
        file: line.rule.as_ref().map(|rule| rule.file.clone()),
        row: line.rule.as_ref().map(|rule| rule.row),
        because: line.because.clone(),
    });
    ExplainedJourney {
        journey: Text(journey.id),
        status: status_as_str(journey.status).to_owned(),
        fare_minor: fare_minor(journey),
        because: journey.because.clone(),
        language: Language::English.tag().to_owned(),
        taps: taps.collect(),
        lines: lines.collect(),
    }
}

/// The fare, where one applies.
pub(crate) const fn fare_minor(journey: &StoredJourney) -> Option<i64> {
    match journey.fare {
        StoredFare::Priced(amount) => Some(amount.as_minor()),
        StoredFare::Unpriced => None,
    }
}

/// A refund, an appeal or a write-off as staff and riders see it.
pub(crate) fn describe_request(request: &Correction) -> RequestBody {
    let decision = request.decision.as_ref();
    RequestBody {
        request_id: Text(request.id),
        kind: request.kind.as_str().to_owned(),
        account_id: Text(request.account),
        day: Text(request.day),
        subject: request.subject.kind().to_owned(),
        subject_id: match request.subject {
            Subject::Charge(id) => id.to_string(),
            Subject::Journey(id) => id.to_string(),
            Subject::Payment(id) => id.to_string(),
        },
        amount_minor: request.amount.as_minor(),
        currency: request.amount.currency().to_string(),
        reason: request.reason.as_str().to_owned(),
        note: request.note.clone(),
        maker: request.maker.to_string(),
        made_at: Rfc3339(request.made_at),
        state: decision
            .map_or("open", |made| made.verdict.as_str())
            .to_owned(),
        decision: decision.map(|made| DecisionBody {
            by: made.by.to_string(),
            at: Rfc3339(made.at),
            note: made.note.clone(),
        }),
    }
}
