//! What the records of one reader say.

use std::collections::BTreeMap;

use tariff::City;
use units::{DeviceId, TapId, Timestamp};

use super::{Finding, Kind, Limits, Subject, TAPS_NAMED_MAX};
use crate::model::{StoredTap, TapSource};
use crate::ports::QuarantinedRecord;

/// A permitted tap: number of the record, time, tap.
type Passed = (u64, Timestamp, TapId);

/// Permitted taps by device and epoch, and what was set aside by device and reason.
#[derive(Debug, Default)]
pub(super) struct Devices {
    taps: BTreeMap<(DeviceId, u32), Vec<Passed>>,
    set_aside: BTreeMap<DeviceId, BTreeMap<String, (u64, Finding)>>,
}

impl Devices {
    pub(super) fn add(&mut self, tap: &StoredTap) {
        if let TapSource::Gate { device, epoch, seq } = tap.source {
            let of_device = self.taps.entry((device, epoch)).or_default();
            of_device.push((seq, tap.tap.at, tap.tap.id));
        }
    }

    /// One finding per device and reason, with its number of records.
    pub(super) fn set_aside(&mut self, city: &City, record: &QuarantinedRecord) {
        let of_device = self.set_aside.entry(record.device).or_default();
        let first = Finding {
            day: city.service_day(record.received_at),
            at: record.received_at,
            kind: Kind::Quarantined,
            taps: Vec::new(),
            because: String::new(),
        };
        let entry = of_device.entry(record.reason.clone()).or_insert((0, first));
        entry.0 = entry.0.saturating_add(1);
        if record.received_at < entry.1.at {
            entry.1.at = record.received_at;
            entry.1.day = city.service_day(record.received_at);
        }
    }

    pub(super) fn findings(
        self,
        city: &City,
        limits: Limits,
        found: &mut BTreeMap<Subject, Vec<Finding>>,
    ) {
        for ((device, _), mut taps) in self.taps {
            taps.sort_unstable();
            let mut findings = ran_back(city, limits, &taps);
            findings.extend(crowded(city, limits, &taps));
            if !findings.is_empty() {
                found
                    .entry(Subject::Device(device))
                    .or_default()
                    .extend(findings);
            }
        }
        for (device, reasons) in self.set_aside {
            let findings = reasons.into_iter().map(|(reason, (records, mut finding))| {
                let plural = if records == 1 { "record" } else { "records" };
                finding.because =
                    format!("{records} {plural} of this gate cannot be charged: {reason}.");
                finding
            });
            found
                .entry(Subject::Device(device))
                .or_default()
                .extend(findings);
        }
    }
}

/// Records in order of their numbers whose times go back further than clocks are set.
fn ran_back(city: &City, limits: Limits, taps: &[Passed]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let later = taps.iter().skip(1);
    for ((_, before, first), (_, at, tap)) in taps.iter().zip(later) {
        let back = before.since(*at).as_secs();
        if back > i64::from(limits.clock_slack_s) {
            findings.push(Finding {
                day: city.service_day(*at),
                at: *at,
                kind: Kind::ClockRanBack,
                taps: vec![*first, *tap],
                because: format!("A record is {back} s older than the one in front of it."),
            });
        }
    }
    findings
}

/// Minutes that begin with a tap and hold more than can pass, none of them counted twice.
fn crowded(city: &City, limits: Limits, taps: &[Passed]) -> Vec<Finding> {
    let most = usize::try_from(limits.taps_per_minute).unwrap_or(usize::MAX);
    let mut in_time: Vec<(Timestamp, TapId)> = taps.iter().map(|(_, at, id)| (*at, *id)).collect();
    in_time.sort_unstable();
    let mut findings = Vec::new();
    let mut rest = in_time.as_slice();
    while let Some((start, _)) = rest.first() {
        let minute = rest.partition_point(|(at, _)| at.since(*start).as_secs() < 60);
        if minute <= most {
            rest = rest.get(1..).unwrap_or_default();
            continue;
        }
        let (crowd, after) = rest.split_at(minute);
        findings.push(Finding {
            day: city.service_day(*start),
            at: *start,
            kind: Kind::MoreThanCanPass,
            taps: crowd
                .iter()
                .take(TAPS_NAMED_MAX)
                .map(|(_, id)| *id)
                .collect(),
            because: format!("{minute} riders in one minute, where {most} at most can pass."),
        });
        rest = after;
    }
    findings
}
