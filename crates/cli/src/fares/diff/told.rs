//! A rider whose total changes, on the page: what was paid and would be, and why.

use std::fmt::Write as _;

use anyhow::Result;
use tariff::explain::Language;

use super::super::money::Money;
use super::super::page::escape;
use super::html::signed;
use super::top::{Change, JourneyChange};

/// A rider, closed until it is asked for.
pub(super) fn rider(
    body: &mut String,
    change: &Change,
    language: Language,
    money: Money,
) -> Result<()> {
    let category = change.rider_category_name.as_deref();
    let category = category.map_or(String::new(), |name| {
        format!(" <span class=\"soft\">{}</span>", escape(name))
    });
    writeln!(
        body,
        "<details class=\"card\"><summary><span>{}{category}</span>\
         <span class=\"totals\">{} → {}</span>{}</summary>",
        escape(&change.account_id),
        money.plain(change.before_minor),
        money.plain(change.after_minor),
        signed(change.change_minor, money)
    )?;
    for change in &change.journeys {
        journey(body, change, language, money)?;
    }
    let left = change
        .journeys_changed
        .saturating_sub(change.journeys.len());
    if left > 0 {
        writeln!(
            body,
            "<p class=\"journey soft\">And {left} more journeys whose fares change.</p>"
        )?;
    }
    writeln!(body, "</details>")?;
    Ok(())
}

fn journey(
    body: &mut String,
    change: &JourneyChange,
    language: Language,
    money: Money,
) -> Result<()> {
    let fare = |minor: Option<i64>| minor.map_or("no fare".to_owned(), |fare| money.plain(fare));
    writeln!(
        body,
        "<section class=\"journey\"><h3>{}: {} → {}</h3><dl>",
        escape(&change.day),
        fare(change.before_minor),
        fare(change.after_minor)
    )?;
    for (what, lines) in [
        ("before", &change.because_before),
        ("after", &change.because_after),
    ] {
        let (tag, text) = if lines.is_empty() {
            ("en", "These taps are part of another journey.".to_owned())
        } else {
            (language.tag(), escape(&lines.join(" ")))
        };
        writeln!(body, "<dt>{what}</dt><dd lang=\"{tag}\">{text}</dd>")?;
    }
    writeln!(body, "</dl></section>")?;
    Ok(())
}
