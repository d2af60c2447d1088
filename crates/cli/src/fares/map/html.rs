//! The picture with names on hover, its key, and the same as a table with every reason.

use std::fmt::Write as _;

use anyhow::Result;
use tariff::explain::Language;

use super::super::money::Money;
use super::super::page::{escape, page as whole_page};
use super::draw::{self, NO_FARE, Surface};
use super::scale::Scale;
use super::{Fares, Stop};

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// The page around the picture.
pub(super) fn page(fares: &Fares, language: Language) -> Result<String> {
    let money = Money::of(&fares.currency)?;
    let scale = Scale::of(fares.stops.iter().filter_map(|stop| stop.fare_minor));
    let title = draw::title(fares);
    let mut body = String::new();
    writeln!(
        body,
        "<h1>{}</h1>\n<p class=\"soft\">{}</p>\n<div class=\"card map\">{}</div>",
        escape(&title),
        escape(&draw::circumstances(fares)),
        draw::svg(fares, Surface::Page)?
    )?;
    key(&mut body, fares, &scale, money)?;
    table(&mut body, fares, &scale, money, language)?;
    writeln!(
        body,
        "<div id=\"tip\" role=\"status\"></div>\n<script>{SCRIPT}</script>"
    )?;
    Ok(whole_page(&title, STYLE, &body))
}

fn key(body: &mut String, fares: &Fares, scale: &Scale, money: Money) -> Result<()> {
    writeln!(body, "<ul class=\"key\">")?;
    for class in scale.classes() {
        writeln!(
            body,
            "<li><i class=\"dot\" style=\"background:{}\"></i>{} \
             <span class=\"soft\">{} stops</span></li>",
            class.colour,
            class.label(money),
            class.stops
        )?;
    }
    let unpriced = draw::unpriced(fares);
    if unpriced > 0 {
        writeln!(
            body,
            "<li><i class=\"dot none\"></i>{NO_FARE} \
             <span class=\"soft\">{unpriced} stops</span></li>"
        )?;
    }
    writeln!(body, "</ul>")?;
    Ok(())
}

/// Every stop, the cheapest first, those without a fare last.
fn table(
    body: &mut String,
    fares: &Fares,
    scale: &Scale,
    money: Money,
    language: Language,
) -> Result<()> {
    writeln!(
        body,
        "<h2>Every stop, and why</h2>\n<div class=\"card\"><table class=\"fares\" role=\"table\">\
         <thead role=\"rowgroup\"><tr role=\"row\"><th scope=\"col\" role=\"columnheader\">to</th>\
         <th scope=\"col\" role=\"columnheader\">fare</th>\
         <th scope=\"col\" role=\"columnheader\">why</th></tr></thead><tbody role=\"rowgroup\">"
    )?;
    let mut stops: Vec<&Stop> = fares.stops.iter().collect();
    stops.sort_by_key(|stop| (stop.fare_minor.is_none(), stop.fare_minor, &stop.name));
    for stop in stops {
        let dot = match stop.fare_minor {
            Some(fare) => format!("\"dot\" style=\"background:{}\"", scale.colour(fare)),
            None => "\"dot none\"".to_owned(),
        };
        writeln!(
            body,
            "<tr role=\"row\" id=\"{}\"><th scope=\"row\" role=\"rowheader\">{}</th>\
             <td role=\"cell\"><i class={dot}></i>{}</td>\
             <td role=\"cell\" lang=\"{}\">{}</td></tr>",
            escape(&stop.stop_id),
            escape(&stop.name),
            draw::fare(stop, money),
            language.tag(),
            escape(&stop.because)
        )?;
    }
    writeln!(body, "</tbody></table></div>")?;
    Ok(())
}
