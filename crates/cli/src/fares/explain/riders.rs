//! Explaining taps: taps, leg, rule, product, and everything that changed the price.

use std::collections::BTreeMap;
use std::io::{BufWriter, Write as _};
use std::path::Path;

use anyhow::{Context as _, Result};
use intake::Package;
use serde::Serialize;
use tariff::explain::{self, Language};
use tariff::{Breakdown, City, Fare, Journey, JourneyStatus, Leg, MissingTap, PricedBy, rate_days};
use units::{NetworkId, ProductId, StopId, TapId, TextId};

use super::super::arguments::ExplainArguments;
use super::super::taps::{self, Categories, Rider};
use super::{Array, RulePlace};
use crate::package;

#[derive(Serialize)]
struct Explained<'a> {
    account_id: &'a str,
    day: String,
    journey_id: String,
    status: &'static str,
    /// Null where no rule prices it.
    fare_minor: Option<i64>,
    currency: String,
    lines: Vec<Line<'a>>,
    /// What keeps it from having a fare.
    #[serde(skip_serializing_if = "Option::is_none")]
    because: Option<String>,
}

#[derive(Serialize)]
struct Line<'a> {
    /// 0 is the holder of the code, n the n-th companion.
    rider: u8,
    rider_category: Option<&'a str>,
    /// `tap_id` of the file.
    taps: Vec<&'a str>,
    leg: Option<LegTold<'a>>,
    rule: RulePlace<'a>,
    priced_by: &'static str,
    product_id: Option<&'a str>,
    price_minor: i64,
    /// Transfers, windows, passes, tiers and caps, in the order in which they count.
    adjustments: Vec<Adjusted>,
    amount_minor: i64,
    because: String,
}

#[derive(Serialize)]
struct LegTold<'a> {
    network_id: Option<&'a str>,
    from_stop_id: &'a str,
    to_stop_id: Option<&'a str>,
    start: String,
    end: Option<String>,
}

#[derive(Serialize)]
struct Adjusted {
    kind: &'static str,
    name: Option<String>,
    rule: Option<Place>,
    before_minor: i64,
    after_minor: i64,
}

#[derive(Serialize)]
struct Place {
    file: String,
    row: u64,
}

/// Explains every journey of the file's riders.
pub(super) fn run(arguments: &ExplainArguments, package: &Package, path: &Path) -> Result<bool> {
    let city = package::city(package, &arguments.city)?;
    let categories = Categories::read(arguments.riders.as_deref())?;
    let dealt = taps::deal(&city, path, arguments.account.as_deref())?;
    let mut out = BufWriter::new(std::io::stdout().lock());
    let language = arguments.language;
    if arguments.json {
        let mut array = Array::begin(out)?;
        dealt.each(&categories, |rider| {
            of_rider(&city, &rider, language, |explained, _| {
                array.push(&explained)
            })
        })?;
        array.end()?;
    } else {
        dealt.each(&categories, |rider| {
            of_rider(&city, &rider, language, |explained, journey| {
                let fare = match &journey.fare {
                    Fare::Priced(fare) => fare.to_string(),
                    Fare::Unpriced { .. } => "no fare".to_owned(),
                };
                let (account, day) = (explained.account_id, &explained.day);
                writeln!(
                    out,
                    "{account:<24} {day} {:<20} {fare:>14}",
                    explained.status
                )?;
                for line in &explained.lines {
                    writeln!(out, "  {}", line.because)?;
                }
                if let Some(because) = &explained.because {
                    writeln!(out, "  {because}")?;
                }
                Ok(())
            })
        })?;
        out.flush()?;
    }
    Ok(true)
}

fn of_rider(
    city: &City,
    rider: &Rider,
    language: Language,
    mut take: impl FnMut(Explained<'_>, &Journey) -> Result<()>,
) -> Result<()> {
    let texts: BTreeMap<TapId, &TextId> = rider.taps.iter().map(|(id, tap)| (tap.id, id)).collect();
    for (day, rating) in rate_days(city, rider.id, &rider.taps_in(city)?) {
        for journey in &rating.journeys {
            let told = journey.breakdown.iter();
            let lines = told.map(|line| of_line(city, line, &texts, language));
            let explained = Explained {
                account_id: rider.account.as_str(),
                day: day.to_string(),
                journey_id: journey.id.to_string(),
                status: status(journey.status),
                fare_minor: match &journey.fare {
                    Fare::Priced(fare) => Some(fare.as_minor()),
                    Fare::Unpriced { .. } => None,
                },
                currency: city.currency().code().to_owned(),
                lines: lines.collect(),
                because: match &journey.fare {
                    Fare::Priced(_) => None,
                    Fare::Unpriced { why } => Some(explain::no_fare(city, why, language)),
                },
            };
            take(explained, journey).context("standard output is closed")?;
        }
    }
    Ok(())
}

fn of_line<'a>(
    city: &City,
    line: &'a Breakdown,
    texts: &BTreeMap<TapId, &'a TextId>,
    language: Language,
) -> Line<'a> {
    let taps = line.taps.iter().filter_map(|id| texts.get(id));
    let tariff = city.in_force(city.service_day(line.tap.at));
    let adjustments = line.adjustments.iter().map(|adjustment| {
        let (name, rule) = explain::rule_of(tariff, adjustment);
        Adjusted {
            kind: adjustment.kind.word(),
            name,
            rule: rule.map(|rule| Place {
                file: rule.file,
                row: rule.row,
            }),
            before_minor: adjustment.before,
            after_minor: adjustment.after,
        }
    });
    Line {
        rider: line.rider,
        rider_category: line.category.as_ref().map(TextId::as_str),
        taps: taps.map(|id| id.as_str()).collect(),
        leg: line.leg.as_ref().map(|leg| of_leg(city, leg)),
        rule: RulePlace {
            file: &line.rule.file,
            row: line.rule.row,
        },
        priced_by: priced_by(line.priced_by),
        product_id: line.product.as_ref().map(ProductId::as_str),
        price_minor: line.price.as_minor(),
        adjustments: adjustments.collect(),
        amount_minor: line.amount.as_minor(),
        because: explain::sentence(city, line, language),
    }
}

fn of_leg<'a>(city: &City, leg: &'a Leg) -> LegTold<'a> {
    LegTold {
        network_id: leg.network.as_ref().map(NetworkId::as_str),
        from_stop_id: leg.from.as_str(),
        to_stop_id: leg.to.as_ref().map(StopId::as_str),
        start: city.wall_clock(leg.start),
        end: leg.end.map(|end| city.wall_clock(end)),
    }
}

const fn status(status: JourneyStatus) -> &'static str {
    match status {
        JourneyStatus::Complete => "complete",
        JourneyStatus::Incomplete(MissingTap::NoTapOff) => "no_tap_off",
        JourneyStatus::Incomplete(MissingTap::NoTapOn) => "no_tap_on",
    }
}

const fn priced_by(by: PricedBy) -> &'static str {
    match by {
        PricedBy::LegRule => "rules",
        PricedBy::Matrix => "matrix",
        PricedBy::Distance { .. } => "distance",
        PricedBy::ZoneTicket => "zone_ticket",
        PricedBy::SameStation => "same_station_exit",
        PricedBy::Maximum => "maximum_fare",
        PricedBy::Disruption { .. } => "disruption",
        PricedBy::Completed { .. } => "completed",
    }
}
