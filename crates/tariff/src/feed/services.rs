//! `calendar.txt`, `calendar_dates.txt` and `timeframes.txt`.

use std::collections::BTreeMap;

use super::Feed;
use super::cells::DAY_S;
use super::files::{FeedFile, FeedFiles};
use super::names::{ServiceIx, TimeframeIx};
use super::rows::{Service, Timeframe, Weekly};
use super::table::{Column, Row, Table};
use crate::LoadReport;

/// Reads days and times.
pub(super) fn read(files: &FeedFiles<'_>, feed: &mut Feed, report: &mut LoadReport) {
    calendar(files, feed, report);
    calendar_dates(files, feed, report);
    feed.ids.services.listed = !feed.services.is_empty();
    timeframes(files, feed, report);
}

fn calendar(files: &FeedFiles<'_>, feed: &mut Feed, report: &mut LoadReport) {
    let Some(mut table) = Table::open(files, FeedFile::Calendar, report) else {
        return;
    };
    let id = table.required("service_id", report);
    let days = [
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
        "sunday",
    ]
    .map(|name| table.required(name, report));
    let start = table.required("start_date", report);
    let end = table.required("end_date", report);
    while let Some(row) = table.next(report) {
        if row.define(id, &mut feed.ids.services, report).is_none() {
            continue;
        }
        let runs = days.map(|day| runs(&row, day, report));
        let dates = (row.date(start, report), row.date(end, report));
        let (Some(first), Some(last)) = dates else {
            feed.services.push(Service::default());
            continue;
        };
        if last < first {
            let expected = "a date that is not before start_date; the service has no days";
            report.push(row.defect(end, expected).warning());
        }
        feed.services.push(Service {
            weekly: Some(Weekly {
                row: row.line,
                days: runs,
                start: first,
                end: last,
            }),
            dates: Vec::new(),
        });
    }
}

fn runs(row: &Row<'_>, day: Column, report: &mut LoadReport) -> bool {
    let choice = row.choice(day, 2).ok().flatten();
    if choice.is_none() && day.exists() {
        report.push(row.defect(day, "0 or 1"));
    }
    choice == Some(1)
}

fn calendar_dates(files: &FeedFiles<'_>, feed: &mut Feed, report: &mut LoadReport) {
    let Some(mut table) = Table::open(files, FeedFile::CalendarDates, report) else {
        return;
    };
    let id = table.required("service_id", report);
    let date = table.required("date", report);
    let exception = table.required("exception_type", report);
    // What is said of each service and date.
    let mut said: BTreeMap<ServiceIx, BTreeMap<units::ServiceDay, bool>> = BTreeMap::new();
    while let Some(row) = table.next(report) {
        let Some(text) = row.id(id, report) else {
            continue;
        };
        let services = &mut feed.ids.services;
        let service = services.define(text).or_else(|| services.find(text));
        let day = row.date(date, report);
        let added = match row.choice(exception, 3) {
            Ok(Some(1)) => Some(true),
            Ok(Some(2)) => Some(false),
            _ => {
                if exception.exists() {
                    report.push(row.defect(exception, "1 (added) or 2 (removed)"));
                }
                None
            }
        };
        let (Some(service), Some(day), Some(added)) = (service, day, added) else {
            continue;
        };
        match said.entry(service).or_default().insert(day, added) {
            None => {}
            Some(earlier) => {
                let expected = "a date that no earlier row of this service has";
                let defect = row.defect(date, expected);
                let same = earlier == added;
                report.push(if same { defect.warning() } else { defect });
            }
        }
    }
    feed.services
        .resize_with(feed.ids.services.len(), Service::default);
    for (service, dates) in said {
        if let Some(row) = feed.services.get_mut(service.index()) {
            row.dates = dates.into_iter().collect();
        }
    }
}

fn timeframes(files: &FeedFiles<'_>, feed: &mut Feed, report: &mut LoadReport) {
    let Some(mut table) = Table::open(files, FeedFile::Timeframes, report) else {
        return;
    };
    let group = table.required("timeframe_group_id", report);
    let start = table.optional("start_time");
    let end = table.optional("end_time");
    let service = table.required("service_id", report);
    let mut known: BTreeMap<(TimeframeIx, ServiceIx), BTreeMap<u32, u32>> = BTreeMap::new();
    while let Some(row) = table.next(report) {
        let Some(text) = row.id(group, report) else {
            continue;
        };
        let names = &mut feed.ids.timeframes;
        let index = names.define(text).or_else(|| names.find(text));
        let what = "a service of calendar.txt or calendar_dates.txt";
        let of = row.required_reference(service, &mut feed.ids.services, what, report);
        let times = interval(&row, start, end, report);
        let (Some(index), Some(of), Some((start_s, end_s))) = (index, of, times) else {
            continue;
        };
        let others = known.entry((index, of)).or_default();
        let before = others.range(..end_s).next_back();
        if before.is_some_and(|(_, other_end)| *other_end > start_s) {
            let expected = "a time that overlaps no earlier row of the same group and service; \
                            both count";
            report.push(row.defect(start, expected).warning());
        }
        let longest = others.entry(start_s).or_insert(end_s);
        *longest = end_s.max(*longest);
        feed.timeframes.push(Timeframe {
            row: row.line,
            group: index,
            start_s,
            end_s,
            service: of,
        });
    }
}

/// The seconds of a row: both times or none, and the end after the start.
fn interval(
    row: &Row<'_>,
    start: Column,
    end: Column,
    report: &mut LoadReport,
) -> Option<(u32, u32)> {
    let times = (row.local_time(start, report), row.local_time(end, report));
    match times {
        (Ok(None), Ok(None)) => Some((0, DAY_S)),
        (Ok(Some(from)), Ok(Some(to))) if from < to => Some((from, to)),
        (Ok(Some(_)), Ok(Some(_))) => {
            let expected = "a time after start_time; a time past midnight needs a second row";
            report.push(row.defect(end, expected));
            None
        }
        (Ok(Some(_)), Ok(None)) => {
            report.push(row.defect(end, "a time, because start_time has one"));
            None
        }
        (Ok(None), Ok(Some(_))) => {
            report.push(row.defect(start, "a time, because end_time has one"));
            None
        }
        _ => None,
    }
}
