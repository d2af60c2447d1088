//! A rider's day, packed: its journeys with everything that explains them, and its flags. Taps are
//! named by their place in the day.

use settlement::model::{
    StoredFare, StoredJourney, StoredTap, TapFlag, parse_status, status_as_str,
};
use settlement::ports::StoreError;
use tariff::{FareLine, JourneyStatus, RuleRef};
use units::{AccountId, Amount, JourneyId, ServiceDay, TapId, Timestamp};

use super::{Column, Packer, Unpacker, Vocabulary, corrupt};

/// It has a fare.
const PRICED: u8 = 1;
/// Its id is not the one that its first tap makes.
const OWN_ID: u8 = 1 << 1;
/// It did not begin with its first tap.
const OWN_START: u8 = 1 << 2;
/// Its sentence is not that of its lines.
const OWN_WORDS: u8 = 1 << 3;
/// It is complete.
const COMPLETE: u8 = 1 << 4;
/// It has one line, of the whole fare, with a rule.
const ONE_LINE: u8 = 1 << 5;

/// A day's journeys, in order, and its flags, ordered by tap.
#[derive(Debug, Default)]
pub(crate) struct Day {
    pub(crate) journeys: Vec<StoredJourney>,
    pub(crate) flags: Vec<(TapId, TapFlag)>,
}

/// Packs journeys and flags of the day with `taps`.
pub(crate) fn write(
    words: &mut Vocabulary,
    taps: &[StoredTap],
    journeys: &[StoredJourney],
    flags: &[(TapId, TapFlag)],
) -> Column {
    let mut packer = Packer::new(words);
    let first = taps.first().map_or(0, |stored| stored.tap.at.as_micros());
    packer.len(journeys.len());
    for journey in journeys {
        let made = made(journey.account, taps, &journey.taps);
        let is = |condition: bool, flag: u8| if condition { flag } else { 0 };
        let flags = is(journey.fare != StoredFare::Unpriced, PRICED)
            | is(made.map(|made| made.0) != Some(journey.id), OWN_ID)
            | is(
                made.map(|made| made.1) != Some(journey.started_at),
                OWN_START,
            )
            | is(journey.because != told(&journey.lines), OWN_WORDS)
            | is(journey.status == JourneyStatus::Complete, COMPLETE)
            | is(is_one_line(journey), ONE_LINE);
        let has = |flag: u8| flags & flag != 0;
        packer.byte(flags);
        if !has(COMPLETE) {
            packer.name(status_as_str(journey.status).as_bytes());
        }
        packer.len(journey.taps.len());
        for tap in &journey.taps {
            write_tap(&mut packer, taps, *tap);
        }
        if has(OWN_ID) {
            packer.raw(journey.id.as_bytes());
        }
        if has(OWN_START) {
            packer.int(journey.started_at.as_micros().wrapping_sub(first));
        }
        if let StoredFare::Priced(amount) = journey.fare {
            write_amount(&mut packer, amount);
        }
        if !has(ONE_LINE) {
            packer.len(journey.lines.len());
        }
        for line in &journey.lines {
            if !has(ONE_LINE) {
                write_amount(&mut packer, line.amount);
                packer.byte(u8::from(line.rule.is_some()));
            }
            if let Some(rule) = &line.rule {
                packer.name(rule.file.as_bytes());
                packer.uint(rule.row);
            }
            packer.name(line.because.as_bytes());
        }
        if has(OWN_WORDS) {
            packer.name(journey.because.as_bytes());
        }
    }
    packer.len(flags.len());
    for (tap, flag) in flags {
        write_tap(&mut packer, taps, *tap);
        packer.name(flag.as_str().as_bytes());
    }
    packer.done()
}

/// Reads what [`write`] wrote.
pub(crate) fn read(
    packed: &mut Unpacker<'_>,
    (account, day): (AccountId, ServiceDay),
    taps: &[StoredTap],
) -> Result<Day, StoreError> {
    let first = taps.first().map_or(0, |stored| stored.tap.at.as_micros());
    let mut read = Day::default();
    for _ in 0..packed.len()? {
        let flags = packed.byte()?;
        let has = |flag: u8| flags & flag != 0;
        let status = if has(COMPLETE) {
            Ok(JourneyStatus::Complete)
        } else {
            parse_status(packed.text()?)
        };
        let mut of_journey = Vec::new();
        for _ in 0..packed.len()? {
            of_journey.push(read_tap(packed, taps)?);
        }
        let made = made(account, taps, &of_journey);
        let id = match made {
            Some((id, _)) if !has(OWN_ID) => id,
            _ => JourneyId::from_bytes(packed.raw()?),
        };
        let started_at = match made {
            Some((_, started_at)) if !has(OWN_START) => started_at,
            _ => Timestamp::from_micros(packed.int()?.wrapping_add(first)),
        };
        let fare = if has(PRICED) {
            StoredFare::Priced(read_amount(packed)?)
        } else {
            StoredFare::Unpriced
        };
        let lines = match fare {
            StoredFare::Priced(amount) if has(ONE_LINE) => vec![read_words(packed, amount, true)?],
            _ => read_lines(packed)?,
        };
        let because = if has(OWN_WORDS) {
            packed.text()?.to_owned()
        } else {
            told(&lines)
        };
        read.journeys.push(StoredJourney {
            account,
            day,
            id,
            status: status.map_err(|source| StoreError::corrupt("rider_days.statement", source))?,
            started_at,
            taps: of_journey,
            fare,
            lines,
            because,
        });
    }
    for _ in 0..packed.len()? {
        let tap = read_tap(packed, taps)?;
        let flag = TapFlag::parse(packed.text()?);
        let flag = flag.map_err(|source| StoreError::corrupt("rider_days.statement", source))?;
        read.flags.push((tap, flag));
    }
    Ok(read)
}

/// The id and the start that a journey of these taps has of itself; none where its first tap is
/// not of the day.
fn made(
    account: AccountId,
    taps: &[StoredTap],
    of_journey: &[TapId],
) -> Option<(JourneyId, Timestamp)> {
    let first = of_journey.first()?;
    let stored = taps.iter().find(|stored| stored.tap.id == *first)?;
    Some((tariff::ids::journey(account, *first), stored.tap.at))
}

/// Whether a journey has one line, of the whole fare, with a rule.
fn is_one_line(journey: &StoredJourney) -> bool {
    let [line] = journey.lines.as_slice() else {
        return false;
    };
    journey.fare == StoredFare::Priced(line.amount) && line.rule.is_some()
}

fn read_lines(packed: &mut Unpacker<'_>) -> Result<Vec<FareLine>, StoreError> {
    let mut lines = Vec::new();
    for _ in 0..packed.len()? {
        let amount = read_amount(packed)?;
        let has_rule = packed.byte()? != 0;
        lines.push(read_words(packed, amount, has_rule)?);
    }
    Ok(lines)
}

/// The rule and the sentence of a line of `amount`.
fn read_words(
    packed: &mut Unpacker<'_>,
    amount: Amount,
    has_rule: bool,
) -> Result<FareLine, StoreError> {
    let rule = if has_rule {
        Some(RuleRef {
            file: packed.text()?.to_owned(),
            row: packed.uint()?,
        })
    } else {
        None
    };
    Ok(FareLine {
        amount,
        rule,
        because: packed.text()?.to_owned(),
    })
}

/// The sentence of a priced journey: those of its lines.
fn told(lines: &[FareLine]) -> String {
    let sentences: Vec<&str> = lines.iter().map(|line| line.because.as_str()).collect();
    sentences.join(" ")
}

/// A tap by its place from 1; 0 and its id where the day has no such tap.
fn write_tap(packer: &mut Packer<'_>, taps: &[StoredTap], id: TapId) {
    if let Some(place) = taps.iter().position(|stored| stored.tap.id == id) {
        packer.len(place.saturating_add(1));
    } else {
        packer.len(0);
        packer.raw(id.as_bytes());
    }
}

fn read_tap(packed: &mut Unpacker<'_>, taps: &[StoredTap]) -> Result<TapId, StoreError> {
    match packed.narrow::<usize>()?.checked_sub(1) {
        None => packed.raw().map(TapId::from_bytes),
        Some(place) => {
            let wrong = || corrupt("a tap of the day", &place.to_string());
            let stored = taps.get(place).ok_or_else(wrong)?;
            Ok(stored.tap.id)
        }
    }
}

fn write_amount(packer: &mut Packer<'_>, amount: Amount) {
    packer.name(amount.currency().code().as_bytes());
    packer.int(amount.as_minor());
}

fn read_amount(packed: &mut Unpacker<'_>) -> Result<Amount, StoreError> {
    let currency = packed.currency()?;
    let amount = Amount::new(packed.int()?, currency);
    amount.map_err(|source| StoreError::corrupt("rider_days.statement", source))
}
