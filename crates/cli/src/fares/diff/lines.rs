//! A comparison for a person at a terminal.

use std::fmt::Write as _;

use anyhow::Result;

use super::super::money::{Money, count};
use super::tally::Impact;
use super::top::{Change, JourneyChange};
use super::{Diff, OfCategory};

/// The comparison in lines.
pub(super) fn of(diff: &Diff) -> Result<String> {
    let money = Money::of(&diff.currency)?;
    let mut out = String::new();
    head(&mut out, diff, money)?;
    writeln!(out, "\nriders by change of their total, {}", diff.currency)?;
    out.push_str(&diff.histogram.lines(money));
    if diff.by_category.len() > 1 {
        categories(&mut out, diff, money)?;
    }
    let tops = [
        ("largest increases", &diff.pay_most_more),
        ("largest decreases", &diff.pay_most_less),
    ];
    for (what, changes) in tops {
        if !changes.is_empty() {
            writeln!(out, "\n{what}, {}", diff.currency)?;
        }
        for change in changes {
            of_change(&mut out, change, money)?;
        }
    }
    Ok(out)
}

fn head(out: &mut String, diff: &Diff, money: Money) -> Result<()> {
    let all = &diff.all;
    let days = diff.first_day.as_deref().zip(diff.last_day.as_deref());
    let days = days.map_or(String::new(), |(first, last)| {
        format!(", {first} to {last}")
    });
    writeln!(
        out,
        "{}: {} taps of {} riders{days}",
        diff.city,
        count(diff.counts.taps),
        count(all.riders)
    )?;
    writeln!(
        out,
        "revenue  {} → {}  ({}, {})",
        money.named(all.before_minor),
        money.named(all.after_minor),
        money.signed(all.change_minor),
        per_cent(all)
    )?;
    writeln!(
        out,
        "riders   {} pay more, {} the same, {} less",
        count(all.pay_more),
        count(all.pay_the_same),
        count(all.pay_less)
    )?;
    let middle = all.quantiles;
    writeln!(
        out,
        "changes  {} in the middle; nine riders in ten are between {} and {}",
        money.signed(middle.median),
        money.signed(middle.p5),
        money.signed(middle.p95)
    )?;
    for gap in gaps(diff) {
        writeln!(out, "{gap}")?;
    }
    Ok(())
}

fn categories(out: &mut String, diff: &Diff, money: Money) -> Result<()> {
    writeln!(
        out,
        "\n{:<20} {:>8} {:>14} {:>14} {:>14} {:>9} {:>7} {:>7}",
        "rider category", "riders", "before", "after", "change", "", "more", "less"
    )?;
    for row in &diff.by_category {
        let impact = &row.impact;
        writeln!(
            out,
            "{:<20} {:>8} {:>14} {:>14} {:>14} {:>9} {:>7} {:>7}",
            category(row),
            count(impact.riders),
            money.plain(impact.before_minor),
            money.plain(impact.after_minor),
            money.signed(impact.change_minor),
            per_cent(impact),
            count(impact.pay_more),
            count(impact.pay_less)
        )?;
    }
    Ok(())
}

/// What the sums do not hold, a sentence each.
pub(super) fn gaps(diff: &Diff) -> Vec<String> {
    let (all, counts) = (&diff.all, diff.counts);
    let mut said = Vec::new();
    if all.unpriced_before + all.unpriced_after > 0 {
        said.push(format!(
            "Journeys without a fare, in no sum: {} before, {} after.",
            count(all.unpriced_before),
            count(all.unpriced_after)
        ));
    }
    if counts.repeated > 0 {
        let rows = count(counts.repeated);
        said.push(format!("Rows that repeat a tap, counted once: {rows}."));
    }
    if counts.rejected > 0 {
        let rows = count(counts.rejected);
        said.push(format!("Rows that cannot be used, left out: {rows}."));
    }
    said
}

/// The name of a category for people.
pub(super) fn category(row: &OfCategory) -> &str {
    let id = row.rider_category_id.as_deref();
    let name = row.rider_category_name.as_deref();
    name.filter(|name| !name.is_empty())
        .or(id)
        .unwrap_or("riders")
}

/// The change of the revenue as a part of it, to the nearest tenth; a dash where there was none.
pub(super) fn per_cent(impact: &Impact) -> String {
    let before = i128::from(impact.before_minor);
    let change = i128::from(impact.change_minor);
    if before <= 0 {
        return "–".to_owned();
    }
    let tenths = (change.abs() * 2000 + before) / (before * 2);
    let sign = match change.signum() {
        1 => "+",
        0 => "",
        _ => "−",
    };
    format!("{sign}{}.{} %", tenths / 10, tenths % 10)
}

fn of_change(out: &mut String, change: &Change, money: Money) -> Result<()> {
    let name = change.rider_category_name.as_deref().unwrap_or_default();
    writeln!(
        out,
        "  {:<24} {name:<16} {} → {}  ({})",
        change.account_id,
        money.plain(change.before_minor),
        money.plain(change.after_minor),
        money.signed(change.change_minor)
    )?;
    for journey in &change.journeys {
        of_journey(out, journey)?;
    }
    Ok(())
}

fn of_journey(out: &mut String, journey: &JourneyChange) -> Result<()> {
    writeln!(out, "    {}", journey.day)?;
    for (what, lines) in [
        ("old", &journey.because_before),
        ("new", &journey.because_after),
    ] {
        for line in lines {
            writeln!(out, "      {what}  {line}")?;
        }
        if lines.is_empty() {
            writeln!(
                out,
                "      {what}  (these taps are part of another journey)"
            )?;
        }
    }
    Ok(())
}
