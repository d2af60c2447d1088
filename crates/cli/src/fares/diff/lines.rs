//! A comparison for a person at a terminal.

use std::fmt::Write as _;

use anyhow::Result;
use units::{Balance, Currency};

use super::tally::Impact;
use super::top::{Change, JourneyChange};
use super::{Diff, OfCategory};

/// The comparison in lines.
pub(super) fn of(diff: &Diff) -> Result<String> {
    let currency = Currency::from_code(&diff.currency)?;
    let money = |minor: i64| Balance::new(minor, currency).to_string();
    let signed = |minor: i64| format!("{}{}", if minor > 0 { "+" } else { "" }, money(minor));
    let mut out = String::new();
    let all = &diff.all;
    let days = diff.first_day.as_deref().zip(diff.last_day.as_deref());
    let days = days.map_or(String::new(), |(first, last)| {
        format!(", {first} to {last}")
    });
    let counts = diff.counts;
    writeln!(out, "{} taps of {} riders{days}", counts.taps, all.riders)?;
    writeln!(
        out,
        "revenue  {} → {}  ({}{})",
        money(all.before_minor),
        money(all.after_minor),
        signed(all.change_minor),
        per_cent(all)
    )?;
    writeln!(
        out,
        "{} riders pay more, {} less, {} the same",
        all.pay_more, all.pay_less, all.pay_the_same
    )?;
    let middle = all.quantiles;
    writeln!(
        out,
        "riders' changes: half are {} or less, 5 % are {} or less, 5 % are more than {}",
        signed(middle.median),
        signed(middle.p5),
        signed(middle.p95)
    )?;
    if all.unpriced_before + all.unpriced_after > 0 {
        writeln!(
            out,
            "journeys without a fare: {} before, {} after; they are in no sum",
            all.unpriced_before, all.unpriced_after
        )?;
    }
    writeln!(out, "\nriders by change of their total")?;
    out.push_str(&diff.histogram.lines(signed));
    if diff.by_category.len() > 1 {
        writeln!(
            out,
            "\n{:<20} {:>8} {:>16} {:>16} {:>16} {:>8} {:>8}",
            "rider category", "riders", "before", "after", "change", "more", "less"
        )?;
    }
    for row in diff
        .by_category
        .iter()
        .filter(|_| diff.by_category.len() > 1)
    {
        let impact = &row.impact;
        writeln!(
            out,
            "{:<20} {:>8} {:>16} {:>16} {:>16} {:>8} {:>8}",
            category(row),
            impact.riders,
            money(impact.before_minor),
            money(impact.after_minor),
            signed(impact.change_minor),
            impact.pay_more,
            impact.pay_less
        )?;
    }
    let tops = [
        ("pay most more", &diff.pay_most_more),
        ("pay most less", &diff.pay_most_less),
    ];
    for (what, changes) in tops {
        if !changes.is_empty() {
            writeln!(out, "\nthose who {what}")?;
        }
        for change in changes {
            of_change(&mut out, change, &money, &signed)?;
        }
    }
    Ok(out)
}

/// The name of a category for people.
pub(super) fn category(row: &OfCategory) -> &str {
    row.rider_category_id.as_deref().unwrap_or("(default)")
}

/// The change of the revenue as a part of it.
pub(super) fn per_cent(impact: &Impact) -> String {
    let tenths = i128::from(impact.change_minor) * 1000;
    match tenths.checked_div(i128::from(impact.before_minor)) {
        None => String::new(),
        Some(tenths) => {
            let sign = if impact.change_minor < 0 { "−" } else { "+" };
            let size = tenths.unsigned_abs();
            format!(", {sign}{}.{} %", size / 10, size % 10)
        }
    }
}

fn of_change(
    out: &mut String,
    change: &Change,
    money: &impl Fn(i64) -> String,
    signed: &impl Fn(i64) -> String,
) -> Result<()> {
    writeln!(
        out,
        "  {:<24} {} → {}  ({})",
        change.account_id,
        money(change.before_minor),
        money(change.after_minor),
        signed(change.change_minor)
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
