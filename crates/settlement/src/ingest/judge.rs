//! Judging: what each stored record is, found out in bulk, on all cores, before money moves.
//!
//! A gate is answered when its records are durable; the riders' evidence costs hundreds of times
//! more than the device's one signature, so it is verified afterwards. Until then a record is
//! *unjudged*: it is no tap and moves nothing. Judging turns each into a tap, a refused tap, a note
//! or a record set aside, in one transaction with the days that change, so that a kill leaves a
//! record either unjudged or judged. What a record is depends on its bytes, the gate, the keys and
//! the issuance log alone, not on when or with which others it is judged. When keys become known
//! that were not, what was set aside for want of them is judged once more ([`again`]).

use std::collections::BTreeMap;

use tariff::{City, Tap, TapKind};
use units::{AccountId, CredentialId};
use wire::note::{NoteRecord, Record};
use wire::tap::{PERMITTED, TapRecord};
use wire::{IssuerKey, KeyError, KeyTable, PreparedKey};

use super::evidence::{self, Shown};
use crate::ids;
use crate::model::{
    Gate, QuarantineReason, Quarantined, RecordOutcome, RefusedTap, StoredTap, TapNote, TapSource,
};
use crate::ports::{IssuanceLog, Issued, JudgedRun, SettlementStore, StoreError, UnjudgedRun};

/// About how many records one transaction judges: some 0.1 s of one core, a megabyte or two.
pub const STEP_RECORDS: u32 = 2_048;

/// Where judging computes: on one core, or on as many as the caller has threads for. This crate
/// starts no thread.
pub trait Cores: Send + Sync {
    /// `work` of each item, in the order of the items.
    fn map<T, R>(&self, items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R>
    where
        T: Sync,
        R: Send;
}

/// The core that calls.
#[derive(Debug, Clone, Copy, Default)]
pub struct OneCore;

impl Cores for OneCore {
    fn map<T, R>(&self, items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R>
    where
        T: Sync,
        R: Send,
    {
        items.iter().map(work).collect()
    }
}

/// Issuer keys with their tables: a signature costs a quarter of what it does without.
#[derive(Debug, Clone)]
pub struct IssuerKeys(Vec<PreparedKey<Box<KeyTable>>>);

impl IssuerKeys {
    /// Prepares `keys`, all that may have signed codes, former ones included; half a millisecond
    /// for each.
    ///
    /// # Errors
    /// [`KeyError`] never, for keys that were taken.
    pub fn prepare(keys: &[IssuerKey]) -> Result<Self, KeyError> {
        let prepare = |key: &IssuerKey| key.prepare(Box::new(KeyTable::EMPTY));
        keys.iter().map(prepare).collect::<Result<_, _>>().map(Self)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &PreparedKey<Box<KeyTable>>> {
        self.0.iter()
    }
}

/// Judges until no record is unjudged. Answers how many were.
///
/// # Errors
/// [`StoreError`]; everything judged before it stays judged.
pub async fn all<S, C>(
    store: &S,
    city: &City,
    keys: &IssuerKeys,
    cores: &C,
) -> Result<u64, StoreError>
where
    S: SettlementStore + IssuanceLog,
    C: Cores,
{
    let mut judged = 0;
    loop {
        match step(store, city, keys, cores, STEP_RECORDS).await? {
            0 => return Ok(judged),
            records => judged += u64::from(records),
        }
    }
}

/// Judges about `limit` records in one transaction. Answers how many; 0 = none is unjudged.
///
/// # Errors
/// [`StoreError`]; then nothing of this step was written.
pub async fn step<S, C>(
    store: &S,
    city: &City,
    keys: &IssuerKeys,
    cores: &C,
    limit: u32,
) -> Result<u32, StoreError>
where
    S: SettlementStore + IssuanceLog,
    C: Cores,
{
    let judge = |runs| decide(store, city, keys, cores, runs);
    store.judge_records(limit, judge).await
}

/// Reasons that keys and the issuance log may mend: a key that was not there, or another city's key
/// file, or a log that was put back from a backup.
const MENDABLE: [QuarantineReason; 3] = [
    QuarantineReason::UnknownIssuer,
    QuarantineReason::BadSignature,
    QuarantineReason::NotInIssuanceLog,
];

/// Judges once more what was set aside for a reason that `keys` may mend: to be called when they
/// have changed. Answers how many records are set aside no more.
///
/// # Errors
/// [`StoreError`]; everything judged before it stays judged.
pub async fn again<S, C>(
    store: &S,
    city: &City,
    keys: &IssuerKeys,
    cores: &C,
) -> Result<u64, StoreError>
where
    S: SettlementStore + IssuanceLog,
    C: Cores,
{
    let (mut mended, mut after) = (0, None);
    loop {
        let judge = |runs| decide(store, city, keys, cores, runs);
        let page = store
            .judge_again(&MENDABLE, after, STEP_RECORDS, judge)
            .await?;
        mended += u64::from(page.mended);
        if page.next.is_none() {
            return Ok(mended);
        }
        after = page.next;
    }
}

/// Finds out what each record of `runs` is.
///
/// # Errors
/// [`StoreError`] when the issuance log cannot be read.
async fn decide<S, C>(
    log: &S,
    city: &City,
    keys: &IssuerKeys,
    cores: &C,
    runs: Vec<UnjudgedRun>,
) -> Result<Vec<JudgedRun>, StoreError>
where
    S: IssuanceLog,
    C: Cores,
{
    let outcomes = {
        let places = runs.iter().flat_map(|run| {
            let numbered = run.records.iter().zip(run.first_seq..);
            numbered.map(move |(bytes, seq)| (run, seq, bytes.as_slice()))
        });
        let places: Vec<(&UnjudgedRun, u64, &[u8])> = places.collect();
        let seen = cores.map(&places, |(run, seq, bytes)| {
            see(&run.gate, keys, bytes, *seq)
        });
        let mut shown: Vec<CredentialId> = seen.iter().filter_map(Seen::credential).collect();
        shown.sort_unstable();
        shown.dedup();
        let issued = log.issuances_of(&shown).await?;
        let seen = places.into_iter().zip(seen);
        seen.map(|((run, seq, _), seen)| conclude(city, run, seq, seen, &issued))
            .collect::<Vec<RecordOutcome>>()
    };
    let mut outcomes = outcomes.into_iter();
    let judged = runs.into_iter().map(|run| JudgedRun {
        outcomes: outcomes.by_ref().take(run.records.len()).collect(),
        run,
    });
    Ok(judged.collect())
}

/// The tariff's word for a record's kind.
pub(crate) const fn kind_of(kind: wire::tap::TapKind) -> TapKind {
    match kind {
        wire::tap::TapKind::On => TapKind::On,
        wire::tap::TapKind::Off => TapKind::Off,
    }
}

/// What a record is, as far as its bytes and the keys can tell.
enum Seen<'r> {
    Permitted(TapRecord<'r>, Shown),
    Refused(TapRecord<'r>, Option<Shown>),
    Note(NoteRecord),
    Quarantined(Quarantined),
}

impl Seen<'_> {
    fn credential(&self) -> Option<CredentialId> {
        match self {
            Self::Permitted(_, shown) | Self::Refused(_, Some(shown)) => {
                Some(shown.code.credential)
            }
            Self::Refused(_, None) | Self::Note(_) | Self::Quarantined(_) => None,
        }
    }
}

fn see<'r>(gate: &Gate, keys: &IssuerKeys, bytes: &'r [u8], seq: u64) -> Seen<'r> {
    let record = match Record::decode(bytes) {
        Ok(record) => record,
        Err(error) => {
            return Seen::Quarantined(Quarantined {
                reason: QuarantineReason::MalformedRecord,
                detail: error.to_string(),
            });
        }
    };
    if record.seq() != seq {
        return Seen::Quarantined(Quarantined {
            reason: QuarantineReason::WrongSequence,
            detail: format!("expected record {seq}, got {}", record.seq()),
        });
    }
    let record = match record {
        Record::Tap(tap) => tap,
        Record::Note(note) => return Seen::Note(note),
    };
    if let Some(detail) = wrong_place(gate, &record) {
        return Seen::Quarantined(Quarantined {
            reason: QuarantineReason::WrongPlace,
            detail,
        });
    }
    if record.decision != PERMITTED {
        return Seen::Refused(record, evidence::attribute(&record, keys));
    }
    match evidence::verify(&record, keys) {
        Ok(shown) => Seen::Permitted(record, shown),
        Err(quarantined) => Seen::Quarantined(quarantined),
    }
}

fn wrong_place(gate: &Gate, record: &TapRecord<'_>) -> Option<String> {
    if record.gate != gate.gate {
        return Some(format!("expected gate {}, got {}", gate.gate, record.gate));
    }
    if let Some(stop) = gate.stop.filter(|stop| *stop != record.stop) {
        return Some(format!("expected stop {stop}, got {}", record.stop));
    }
    let route = gate.route.filter(|route| Some(*route) != record.route)?;
    let got = record
        .route
        .map_or("none".to_owned(), |got| got.to_string());
    Some(format!("expected route {route}, got {got}"))
}

fn conclude(
    city: &City,
    run: &UnjudgedRun,
    seq: u64,
    seen: Seen<'_>,
    issued: &BTreeMap<CredentialId, Issued>,
) -> RecordOutcome {
    let device = run.gate.device;
    match seen {
        Seen::Quarantined(quarantined) => RecordOutcome::Quarantined(quarantined),
        // The device in the tap's id is the one that signed: no gate speaks of another's taps.
        Seen::Note(note) => RecordOutcome::Note(TapNote {
            tap: ids::tap_of_record(device, note.tap_epoch, note.tap_seq),
            epoch: note.tap_epoch,
            seq: note.tap_seq,
            outcome: note.outcome,
        }),
        Seen::Refused(record, shown) => RecordOutcome::Refused(Box::new(RefusedTap {
            id: ids::tap_of_record(device, run.epoch, seq),
            account: shown.and_then(|shown| in_log(&shown, issued).ok()),
            day: city.service_day(record.at),
            at: record.at,
            kind: kind_of(record.kind),
            stop: record.stop,
            route: record.route,
            decision: record.decision,
        })),
        Seen::Permitted(record, shown) => match in_log(&shown, issued) {
            Err(quarantined) => RecordOutcome::Quarantined(quarantined),
            Ok(account) => RecordOutcome::Tap(Box::new(StoredTap {
                account,
                day: city.service_day(record.at),
                tap: Tap {
                    at: record.at,
                    kind: kind_of(record.kind),
                    id: ids::tap_of_record(device, run.epoch, seq),
                    stop: record.stop,
                    route: record.route,
                    holder: shown.holder,
                },
                source: TapSource::Gate {
                    device,
                    epoch: run.epoch,
                    seq,
                },
                code: Some(shown.code),
                outcome: None,
            })),
        },
    }
}

/// Whose a code is, by the issuance log. The issuer's key may have signed what its log does not
/// know: then the key, or a copy of it, was used past the log, and nobody is charged.
fn in_log(
    shown: &Shown,
    issued: &BTreeMap<CredentialId, Issued>,
) -> Result<AccountId, Quarantined> {
    let credential = shown.code.credential;
    let Some(issued) = issued.get(&credential) else {
        return Err(Quarantined {
            reason: QuarantineReason::NotInIssuanceLog,
            detail: format!("{credential} is not in the issuance log"),
        });
    };
    if shown.issued_hash != Some(issued.message) {
        return Err(Quarantined {
            reason: QuarantineReason::DiffersFromIssuanceLog,
            detail: format!("{credential} was issued with other claims than it was shown with"),
        });
    }
    Ok(issued.account)
}
