//! A comparison as a page.

use std::fmt::Write as _;

use anyhow::Result;
use units::{Balance, Currency};

use super::super::page::{escape, page as whole_page};
use super::chart::Chart;
use super::lines::{category, per_cent};
use super::top::Change;
use super::{Diff, tally::Impact};

/// Units of the picture: a bar, the label before it, the number behind it.
const ROW: u32 = 24;
const LABEL: u32 = 200;
const BAR: u32 = 400;
const WIDTH: u32 = 680;

/// The page.
pub(super) fn page(diff: &Diff) -> Result<String> {
    let currency = Currency::from_code(&diff.currency)?;
    let money = |minor: i64| Balance::new(minor, currency).to_string();
    let mut body = String::new();
    head(&mut body, diff, &money)?;
    writeln!(
        body,
        "<h2 id=\"chart\">Riders by change of their total</h2>"
    )?;
    chart(&mut body, &diff.histogram, &money)?;
    writeln!(body, "<h2>By rider category</h2>")?;
    table(&mut body, diff, &money)?;
    for (what, changes) in [
        ("Who pays most more", &diff.pay_most_more),
        ("Who pays most less", &diff.pay_most_less),
    ] {
        if !changes.is_empty() {
            writeln!(body, "<h2>{what}</h2>")?;
        }
        for change in changes {
            of_change(&mut body, change, &money)?;
        }
    }
    Ok(whole_page("Fares before and after", "", &body))
}

fn signed(minor: i64, money: &impl Fn(i64) -> String) -> String {
    let text = money(minor);
    match minor {
        1.. => format!("<span class=\"more\">+{text}</span>"),
        0 => text,
        _ => format!("<span class=\"less\">{text}</span>"),
    }
}

fn head(body: &mut String, diff: &Diff, money: &impl Fn(i64) -> String) -> Result<()> {
    let all = &diff.all;
    let days = match (&diff.first_day, &diff.last_day) {
        (Some(first), Some(last)) => format!(" · {first} to {last}"),
        _ => String::new(),
    };
    writeln!(
        body,
        "<h1>Fares before and after</h1>\n\
         <p class=\"soft\">{} → {} · {} taps of {} riders{days}</p>",
        escape(&diff.old),
        escape(&diff.new),
        diff.counts.taps,
        all.riders
    )?;
    let cards = [
        ("revenue before", money(all.before_minor)),
        ("revenue after", money(all.after_minor)),
        (
            "change",
            format!("{}{}", signed(all.change_minor, money), per_cent(all)),
        ),
        ("riders who pay more", all.pay_more.to_string()),
        ("riders who pay less", all.pay_less.to_string()),
        ("riders who pay the same", all.pay_the_same.to_string()),
    ];
    writeln!(body, "<div class=\"cards\">")?;
    for (what, value) in cards {
        writeln!(
            body,
            "<div class=\"card\"><b>{value}</b><span>{what}</span></div>"
        )?;
    }
    writeln!(body, "</div>")?;
    if all.unpriced_before + all.unpriced_after > 0 {
        writeln!(
            body,
            "<p>Journeys without a fare, which are in no sum: {} before, {} after.</p>",
            all.unpriced_before, all.unpriced_after
        )?;
    }
    Ok(())
}

fn chart(body: &mut String, chart: &Chart, money: &impl Fn(i64) -> String) -> Result<()> {
    let most = chart.bars.iter().map(|bar| bar.riders).max().unwrap_or(0);
    let height = u32::try_from(chart.bars.len())? * ROW + 8;
    writeln!(
        body,
        "<figure><svg viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-labelledby=\"chart\" \
         font-size=\"13\" fill=\"var(--ink)\">"
    )?;
    for (bar, row) in chart.bars.iter().zip(0_u32..) {
        let long = (u128::from(bar.riders) * u128::from(BAR))
            .checked_div(u128::from(most))
            .unwrap_or(0);
        let long = long.max(u128::from(bar.riders > 0) * 2);
        let colour = match (bar.from_minor, bar.to_minor) {
            (Some(0), Some(0)) => "none",
            (Some(1..), _) => "more",
            _ => "less",
        };
        let (label, top) = (escape(&bar.label(money)), row * ROW + 4);
        let (text_x, text_y) = (LABEL - 10, top + 14);
        let behind = u128::from(LABEL) + long + 8;
        let riders = bar.riders;
        writeln!(
            body,
            "<g><title>{label}: {riders} riders</title>\
             <text x=\"{text_x}\" y=\"{text_y}\" text-anchor=\"end\">{label}</text>\
             <rect x=\"{LABEL}\" y=\"{top}\" width=\"{long}\" height=\"18\" rx=\"3\" \
             fill=\"var(--{colour})\"/>\
             <text x=\"{behind}\" y=\"{text_y}\">{riders}</text></g>"
        )?;
    }
    writeln!(body, "</svg></figure>")?;
    Ok(())
}

fn table(body: &mut String, diff: &Diff, money: &impl Fn(i64) -> String) -> Result<()> {
    writeln!(
        body,
        "<div class=\"scroll\" tabindex=\"0\"><table><thead><tr><th scope=\"col\">category</th>"
    )?;
    for column in [
        "riders", "before", "after", "change", "pay more", "pay less", "5 %", "median", "95 %",
    ] {
        writeln!(body, "<th scope=\"col\">{column}</th>")?;
    }
    writeln!(body, "</tr></thead><tbody>")?;
    for row in &diff.by_category {
        of_impact(body, category(row), &row.impact, money)?;
    }
    if diff.by_category.len() > 1 {
        of_impact(body, "all", &diff.all, money)?;
    }
    writeln!(body, "</tbody></table></div>")?;
    Ok(())
}

fn of_impact(
    body: &mut String,
    name: &str,
    impact: &Impact,
    money: &impl Fn(i64) -> String,
) -> Result<()> {
    let cells = [
        impact.riders.to_string(),
        money(impact.before_minor),
        money(impact.after_minor),
        signed(impact.change_minor, money),
        impact.pay_more.to_string(),
        impact.pay_less.to_string(),
        signed(impact.quantiles.p5, money),
        signed(impact.quantiles.median, money),
        signed(impact.quantiles.p95, money),
    ];
    write!(body, "<tr><th scope=\"row\">{}</th>", escape(name))?;
    for cell in cells {
        write!(body, "<td>{cell}</td>")?;
    }
    writeln!(body, "</tr>")?;
    Ok(())
}

fn of_change(body: &mut String, change: &Change, money: &impl Fn(i64) -> String) -> Result<()> {
    let category = change.rider_category_id.as_deref();
    let category = category.map_or(String::new(), |id| format!(", {}", escape(id)));
    writeln!(
        body,
        "<details><summary>{}{category}: {} → {} ({})</summary>",
        escape(&change.account_id),
        money(change.before_minor),
        money(change.after_minor),
        signed(change.change_minor, money)
    )?;
    for journey in &change.journeys {
        writeln!(body, "<dl><dt>day</dt><dd>{}</dd>", escape(&journey.day))?;
        for (what, lines) in [
            ("before", &journey.because_before),
            ("after", &journey.because_after),
        ] {
            let text = if lines.is_empty() {
                "These taps are part of another journey.".to_owned()
            } else {
                escape(&lines.join(" "))
            };
            writeln!(body, "<dt>{what}</dt><dd>{text}</dd>")?;
        }
        writeln!(body, "</dl>")?;
    }
    writeln!(body, "</details>")?;
    Ok(())
}
