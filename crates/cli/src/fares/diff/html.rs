//! A comparison as a page.

use std::fmt::Write as _;

use anyhow::Result;

use super::super::money::{Money, count};
use super::super::page::{escape, page as whole_page};
use super::chart::Bar;
use super::lines::{category, gaps, per_cent};
use super::tally::Impact;
use super::{Diff, told};

const STYLE: &str = include_str!("page.css");

/// The page.
pub(super) fn page(diff: &Diff) -> Result<String> {
    let money = Money::of(&diff.currency)?;
    let mut body = String::new();
    head(&mut body, diff, money)?;
    who_pays(&mut body, diff, money)?;
    chart(&mut body, diff, money)?;
    categories(&mut body, diff, money)?;
    for (what, changes) in [
        ("Largest increases", &diff.pay_most_more),
        ("Largest decreases", &diff.pay_most_less),
    ] {
        if !changes.is_empty() {
            writeln!(body, "<h2>{what}</h2>")?;
            writeln!(
                body,
                "<p class=\"soft\">Open a rider for the journeys that change most, and why.</p>"
            )?;
        }
        for change in changes {
            told::rider(&mut body, change, diff.language, money)?;
        }
    }
    let title = format!("{}: fares before and after", diff.city);
    Ok(whole_page(&title, STYLE, &body))
}

/// The class of a change: what it looks like.
const fn side(minor: i64) -> &'static str {
    match minor {
        1.. => "more",
        0 => "same",
        _ => "less",
    }
}

/// A change in its colour, with its sign.
pub(super) fn signed(minor: i64, money: Money) -> String {
    let text = money.signed(minor);
    match minor {
        0 => text,
        _ => format!("<span class=\"{}\">{text}</span>", side(minor)),
    }
}

fn head(body: &mut String, diff: &Diff, money: Money) -> Result<()> {
    let all = &diff.all;
    let days = match (&diff.first_day, &diff.last_day) {
        (Some(first), Some(last)) => format!(", {first} to {last}"),
        _ => String::new(),
    };
    writeln!(
        body,
        "<h1>{}: fares before and after</h1>\n\
         <p class=\"soft\">{} taps of {} riders{days}, rated by two tariffs: {} and {}. Nobody \
         was charged.</p>",
        escape(&diff.city),
        count(diff.counts.taps),
        count(all.riders),
        escape(&diff.old),
        escape(&diff.new),
    )?;
    let change = all.change_minor;
    writeln!(
        body,
        "<div class=\"cards\">\n\
         <div class=\"card\"><b>{}</b><span class=\"soft\">revenue before</span></div>\n\
         <div class=\"card\"><b>{}</b><span class=\"soft\">revenue after</span></div>\n\
         <div class=\"card change\"><b class=\"{}\">{} <i>{}</i></b>\
         <span class=\"soft\">change of the revenue</span></div>\n</div>",
        money.named(all.before_minor),
        money.named(all.after_minor),
        side(change),
        money.signed(change),
        per_cent(all)
    )?;
    for gap in gaps(diff) {
        writeln!(body, "<p>{gap}</p>")?;
    }
    Ok(())
}

/// Riders who pay more, the same, less: one bar and its key.
fn who_pays(body: &mut String, diff: &Diff, money: Money) -> Result<()> {
    let all = &diff.all;
    writeln!(
        body,
        "<h2>Who pays more</h2>\n<p class=\"soft\">By each rider's total.</p>"
    )?;
    writeln!(body, "<div class=\"card\">{}", share(all))?;
    writeln!(body, "<ul class=\"key\">")?;
    for (side, riders, what) in sides(all) {
        let part = percentage(riders, all.riders);
        writeln!(
            body,
            "<li><i class=\"{side}\"></i><b>{}</b> {what} ({part} %)</li>",
            count(riders)
        )?;
    }
    let middle = all.quantiles;
    writeln!(
        body,
        "</ul>\n<p class=\"soft\">The change in the middle is {}; nine riders in ten are between \
         {} and {} ({}).</p></div>",
        money.signed(middle.median),
        money.signed(middle.p5),
        money.signed(middle.p95),
        diff.currency
    )?;
    Ok(())
}

fn sides(impact: &Impact) -> [(&'static str, u64, &'static str); 3] {
    [
        ("less", impact.pay_less, "pay less"),
        ("same", impact.pay_the_same, "pay the same"),
        ("more", impact.pay_more, "pay more"),
    ]
}

/// A part of riders in whole per cent, to the nearest.
fn percentage(riders: u64, all: u64) -> u128 {
    let doubled = u128::from(riders) * 200 + u128::from(all);
    doubled.checked_div(u128::from(all) * 2).unwrap_or(0)
}

/// A bar whose parts are the riders who pay less, the same, more; its text stands beside it.
fn share(impact: &Impact) -> String {
    let mut bar = String::from("<div class=\"share\" aria-hidden=\"true\">");
    for (side, riders, _) in sides(impact) {
        if riders > 0 {
            // Writing to a text cannot fail.
            let _ = write!(bar, "<i class=\"{side}\" style=\"flex:{riders}\"></i>");
        }
    }
    bar.push_str("</div>");
    bar
}

fn chart(body: &mut String, diff: &Diff, money: Money) -> Result<()> {
    let bars = &diff.histogram.bars;
    let most = bars.iter().map(|bar| bar.riders).max().unwrap_or(0);
    writeln!(
        body,
        "<h2>By how much</h2>\n<p class=\"soft\">Riders by the change of their total, {}.</p>\n\
         <div class=\"card\"><table class=\"bars\"><thead><tr><th scope=\"col\">change</th>\
         <th scope=\"col\">riders</th></tr></thead><tbody>",
        diff.currency
    )?;
    for bar in bars {
        of_bar(body, bar, most, money)?;
    }
    writeln!(body, "</tbody></table></div>")?;
    Ok(())
}

/// A bar's length is a part of the room that the longest one's number leaves.
fn of_bar(body: &mut String, bar: &Bar, most: u64, money: Money) -> Result<()> {
    let side = match (bar.from_minor, bar.to_minor) {
        (Some(0), Some(0)) => "same",
        (Some(1..), _) => "more",
        _ => "less",
    };
    let none = if bar.riders == 0 { " none" } else { "" };
    writeln!(
        body,
        "<tr><th scope=\"row\">{}</th><td><span class=\"bar {side}{none}\" \
         style=\"flex:{} 0 0\"></span>{}\
         <span class=\"room\" style=\"flex:{} 0 0\"></span></td></tr>",
        escape(&bar.label(money)),
        bar.riders,
        count(bar.riders),
        most - bar.riders
    )?;
    Ok(())
}

fn categories(body: &mut String, diff: &Diff, money: Money) -> Result<()> {
    writeln!(
        body,
        "<h2>By rider category</h2>\n<p class=\"soft\">Amounts in {}. Riders' changes: the one in \
         the middle, and the span that nine in ten are in.</p>\n\
         <div class=\"card\"><table class=\"impact\" role=\"table\"><thead role=\"rowgroup\">\
         <tr role=\"row\">",
        diff.currency
    )?;
    for column in COLUMNS {
        writeln!(
            body,
            "<th scope=\"col\" role=\"columnheader\">{column}</th>"
        )?;
    }
    writeln!(body, "</tr></thead><tbody role=\"rowgroup\">")?;
    for row in &diff.by_category {
        of_impact(body, category(row), &row.impact, "", money)?;
    }
    if diff.by_category.len() > 1 {
        of_impact(body, "All riders", &diff.all, "all", money)?;
    }
    writeln!(body, "</tbody></table></div>")?;
    Ok(())
}

const COLUMNS: [&str; 7] = [
    "category",
    "riders",
    "before",
    "after",
    "change",
    "pay less, same, more",
    "riders' changes",
];

fn of_impact(
    body: &mut String,
    name: &str,
    impact: &Impact,
    class: &str,
    money: Money,
) -> Result<()> {
    let quantiles = impact.quantiles;
    let cells = [
        count(impact.riders),
        money.plain(impact.before_minor),
        money.plain(impact.after_minor),
        format!(
            "<span>{} <small>{}</small></span>",
            signed(impact.change_minor, money),
            per_cent(impact)
        ),
        format!(
            "<span>{}<small>{}, {}, {}</small></span>",
            share(impact),
            count(impact.pay_less),
            count(impact.pay_the_same),
            count(impact.pay_more)
        ),
        format!(
            "<span>{} <small>{} to {}</small></span>",
            signed(quantiles.median, money),
            money.signed(quantiles.p5),
            money.signed(quantiles.p95)
        ),
    ];
    write!(
        body,
        "<tr role=\"row\" class=\"{class}\"><th scope=\"row\" role=\"rowheader\">{}</th>",
        escape(name)
    )?;
    for (cell, label) in cells.iter().zip(COLUMNS.iter().skip(1)) {
        write!(body, "<td role=\"cell\" data-label=\"{label}\">{cell}</td>")?;
    }
    writeln!(body, "</tr>")?;
    Ok(())
}
