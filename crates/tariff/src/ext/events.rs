//! Concessions, groups, and what happens to journeys that are not as they should be.

use jiff::civil;
use units::{NetworkId, StopId, TextId};

use super::cells::{self, Cells};
use super::{Known, Scope};
use crate::{CityFiles, LoadReport, RuleRef};

const CONCESSIONS: &str = "fare_concessions.txt";
const GROUPS: &str = "fare_groups.txt";
const EVENTS: &str = "journey_events.txt";
const DISRUPTIONS: &str = "disruptions.txt";

/// A row of `fare_concessions.txt`: rides within the scope cost `pay_percent` of the leg fare.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Concession {
    /// Which rides.
    pub scope: Scope,
    /// 0 to 100.
    pub pay_percent: i64,
    /// The row.
    pub rule: RuleRef,
}

/// A row of `fare_groups.txt`: what companions on one code are.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Group {
    /// `rider_category_id` of the holder of the code; `None` = any.
    pub holder: Option<TextId>,
    /// `companion_from` to `companion_to`: which companions, counted from 1, both inclusive.
    pub companions: (i64, i64),
    /// `companion_category_id`: their category; `None` = the holder's.
    pub category: Option<TextId>,
    /// The row.
    pub rule: RuleRef,
}

/// A row of `journey_events.txt`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Event {
    /// `network_id`: of the journey; `None` = any.
    pub network: Option<NetworkId>,
    /// What happened.
    pub kind: EventKind,
    /// The row.
    pub rule: RuleRef,
}

/// What happened and what it costs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum EventKind {
    /// `same_station_exit`: out where the rider came in, within `minutes` inclusive, costs
    /// `amount` in place of every other fare.
    SameStationExit {
        /// Minutes from tap on to tap off.
        minutes: i64,
        /// Minor units.
        amount: i64,
    },
    /// `over_time`: a complete journey of more than `minutes` costs `amount` more.
    OverTime {
        /// Minutes from tap on to tap off that are still free of it.
        minutes: i64,
        /// Minor units.
        amount: i64,
    },
    /// `auto_completion`: a missing tap is filled in from `evidence` with `confidence_percent`.
    AutoCompletion {
        /// Where the missing end is taken from.
        evidence: Evidence,
        /// How far the two taps may lie apart, minutes.
        minutes: i64,
        /// 1 to 100, stated to the rider.
        confidence_percent: i64,
    },
}

/// Where the missing end of a journey is taken from, strongest first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Evidence {
    /// `next_tap`: where the rider tapped next (or last, before a tap off without tap on).
    NextTap,
    /// `day_ends`: where the rider's day began (or, for a missing tap on, ended): people return.
    DayEnds,
}

/// A row of `disruptions.txt`: a declared disruption.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Disruption {
    /// `disruption_id`.
    pub id: TextId,
    /// `network_id`; `None` = any.
    pub network: Option<NetworkId>,
    /// `stop_id`; `None` = any.
    pub stop: Option<StopId>,
    /// `start`, local date and time, inclusive.
    pub start: civil::DateTime,
    /// `end`, local date and time, exclusive.
    pub end: civil::DateTime,
    /// `incomplete_amount`: what a journey with a missing tap costs, minor units.
    pub incomplete_amount: i64,
    /// The row.
    pub rule: RuleRef,
}

pub(super) fn read_concessions(
    files: &CityFiles,
    known: &Known<'_>,
    report: &mut LoadReport,
) -> Vec<Concession> {
    cells::rows(
        files,
        CONCESSIONS,
        &["pay_percent"],
        known,
        report,
        |cells| {
            Some(Concession {
                pay_percent: cells.number("pay_percent", 0..=100),
                scope: cells.scope(),
                rule: cells.rule(),
            })
        },
    )
}

pub(super) fn read_groups(
    files: &CityFiles,
    known: &Known<'_>,
    report: &mut LoadReport,
) -> Vec<Group> {
    let required = ["companion_from", "companion_to"];
    cells::rows(files, GROUPS, &required, known, report, |cells| {
        let from = cells.number("companion_from", 1..=254);
        let to = cells.number("companion_to", from..=254);
        Some(Group {
            holder: cells.category("rider_category_id"),
            companions: (from, to),
            category: cells.category("companion_category_id"),
            rule: cells.rule(),
        })
    })
}

pub(super) fn read_events(
    files: &CityFiles,
    known: &Known<'_>,
    report: &mut LoadReport,
) -> Vec<Event> {
    cells::rows(
        files,
        EVENTS,
        &["event", "minutes"],
        known,
        report,
        |cells| {
            let minutes = cells.number("minutes", 0..=1440);
            let kind = match cells.text("event") {
                "same_station_exit" => EventKind::SameStationExit {
                    minutes,
                    amount: cells.amount("amount")?,
                },
                "over_time" => EventKind::OverTime {
                    minutes,
                    amount: cells.amount("amount")?,
                },
                "auto_completion" => EventKind::AutoCompletion {
                    evidence: evidence(cells)?,
                    minutes,
                    confidence_percent: cells.number("confidence_percent", 1..=100),
                },
                _ => {
                    let expected = "same_station_exit, over_time or auto_completion";
                    cells.defect("event", expected);
                    return None;
                }
            };
            Some(Event {
                network: cells.network("network_id"),
                kind,
                rule: cells.rule(),
            })
        },
    )
}

fn evidence(cells: &mut Cells<'_>) -> Option<Evidence> {
    match cells.text("evidence") {
        "next_tap" => Some(Evidence::NextTap),
        "day_ends" => Some(Evidence::DayEnds),
        _ => {
            cells.defect("evidence", "next_tap or day_ends");
            None
        }
    }
}

pub(super) fn read_disruptions(
    files: &CityFiles,
    known: &Known<'_>,
    report: &mut LoadReport,
) -> Vec<Disruption> {
    let required = ["disruption_id", "start", "end"];
    cells::rows(files, DISRUPTIONS, &required, known, report, |cells| {
        let id = cells.id("disruption_id");
        let (start, end) = (local(cells, "start"), local(cells, "end"));
        let network = cells.network("network_id");
        let stop = cells.optional_stop("stop_id");
        let incomplete_amount = cells.optional_amount("incomplete_amount").unwrap_or(0);
        let (start, end) = (start?, end?);
        if end <= start {
            cells.defect("end", "a time after start");
        }
        Some(Disruption {
            id: id?,
            network,
            stop,
            start,
            end,
            incomplete_amount,
            rule: cells.rule(),
        })
    })
}

/// Reads a local date and time, `YYYY-MM-DDTHH:MM:SS`.
fn local(cells: &mut Cells<'_>, field: &str) -> Option<civil::DateTime> {
    let text = cells.text(field);
    let at = (text.len() == "2024-01-31T12:00:00".len())
        .then(|| text.parse::<civil::DateTime>().ok())
        .flatten();
    if at.is_none() {
        cells.defect(field, "a local date and time, like 2024-01-31T12:00:00");
    }
    at
}
