//! The picture: stops where they are, the fare as colour, amounts in the legend.

use std::fmt::Write as _;

use anyhow::{Result, bail};

use super::super::money::Money;
use super::super::page::escape;
use super::frame::{Frame, MARGIN};
use super::scale::Scale;
use super::{Fares, Stop, labels};

/// Said of a stop that no rule prices.
pub(super) const NO_FARE: &str = "no fare";

/// Room for the title and the legend, in units of the picture.
const HEAD: f64 = 84.0;
const LEGEND: f64 = 190.0;

/// Looks on light ground.
const LIGHT: &str = "\
.ground{fill:#fbfaf7}.ink{fill:#1c1f23}.soft{fill:#5a6069}.ring{stroke:#1c1f23}\
.halo{stroke:#8a9099}.none{fill:none;stroke:#8a8f97}";

/// What a reader who prefers dark sees; pixels have no such reader.
const SCREEN: &str = "\
@media(prefers-color-scheme:dark){.ground{fill:#14171b}.ink{fill:#eceae4}.soft{fill:#a9afb8}\
.ring{stroke:#eceae4}.halo{stroke:#767d87}}";

/// Where the picture will be.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Surface {
    /// A file of its own, on a screen.
    Screen,
    /// A file of its own, in pixels.
    Pixels,
    /// In a page that says title, legend and colours itself.
    Page,
}

/// The whole picture as SVG.
pub(super) fn svg(fares: &Fares, surface: Surface) -> Result<String> {
    let money = Money::of(&fares.currency)?;
    let Some(frame) = Frame::around(&fares.stops) else {
        bail!("no stop has coordinates");
    };
    let scale = Scale::of(fares.stops.iter().filter_map(|stop| stop.fare_minor));
    let alone = surface != Surface::Page;
    let (top, width, height) = if alone {
        (-HEAD, frame.width + LEGEND, frame.height + HEAD)
    } else {
        (0.0, frame.width, frame.height)
    };
    let mut out = String::new();
    writeln!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 {top:.0} {width:.0} {height:.0}\" \
         width=\"{width:.0}\" height=\"{height:.0}\" role=\"img\" aria-label=\"{}\" \
         font-family=\"system-ui,'Noto Sans','Noto Sans CJK SC','DejaVu Sans',sans-serif\">",
        escape(&title(fares))
    )?;
    if alone {
        let screen = if surface == Surface::Screen {
            SCREEN
        } else {
            ""
        };
        writeln!(
            out,
            "<style>{LIGHT}{screen}</style>\n<rect class=\"ground\" y=\"{top:.0}\" width=\"100%\" \
             height=\"100%\"/>"
        )?;
        head(&mut out, fares)?;
    }
    stops(&mut out, fares, &frame, &scale, money)?;
    labels::names(&mut out, fares, &frame, labels::WIDE)?;
    if alone {
        legend(&mut out, fares, &frame, &scale, money)?;
    } else {
        labels::names(&mut out, fares, &frame, labels::NARROW)?;
    }
    writeln!(out, "</svg>")?;
    Ok(out)
}

/// What the picture is of.
pub(super) fn title(fares: &Fares) -> String {
    format!("Fares from {}", fares.from_stop_name)
}

/// When, and for whom.
pub(super) fn circumstances(fares: &Fares) -> String {
    let category = fares.rider_category_id.as_deref();
    let category = category.map_or(String::new(), |id| format!(" · {id}"));
    format!("{}{category}", fares.at.replace('T', " "))
}

fn head(out: &mut String, fares: &Fares) -> Result<()> {
    writeln!(
        out,
        "<text class=\"ink\" x=\"{MARGIN}\" y=\"-40\" font-size=\"26\" \
         font-weight=\"700\">{}</text>\n\
         <text class=\"soft\" x=\"{MARGIN}\" y=\"-16\" font-size=\"14\">{}</text>",
        escape(&title(fares)),
        escape(&circumstances(fares))
    )?;
    Ok(())
}

fn stops(
    out: &mut String,
    fares: &Fares,
    frame: &Frame,
    scale: &Scale,
    money: Money,
) -> Result<()> {
    let radius = radius(fares.stops.len());
    // Those without a fare first, so that they cover nothing; the origin last.
    let mut order: Vec<&Stop> = fares.stops.iter().collect();
    order.sort_by_key(|stop| {
        (
            stop.stop_id == fares.from_stop_id,
            stop.fare_minor.is_some(),
        )
    });
    for stop in order {
        let (x, y) = frame.place(stop);
        let (id, name) = (escape(&stop.stop_id), escape(&stop.name));
        let is_origin = stop.stop_id == fares.from_stop_id;
        let fare = fare(stop, money);
        let look = match stop.fare_minor {
            Some(fare) => format!("class=\"halo\" fill=\"{}\"", scale.colour(fare)),
            None => "class=\"none\"".to_owned(),
        };
        writeln!(
            out,
            "<g class=\"stop\" data-id=\"{id}\"><title>{name}: {fare}</title>\
             <circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{radius:.1}\" stroke-width=\"1.2\" \
             {look}/></g>"
        )?;
        if is_origin {
            writeln!(
                out,
                "<circle class=\"ring\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{:.1}\" fill=\"none\" \
                 stroke-width=\"2.5\"/>",
                radius + 4.0
            )?;
        }
    }
    Ok(())
}

fn legend(
    out: &mut String,
    fares: &Fares,
    frame: &Frame,
    scale: &Scale,
    money: Money,
) -> Result<()> {
    let left = frame.width;
    let mut y = 16.0;
    let mut row = |out: &mut String, dot: &str, text: &str, stops: usize| -> Result<()> {
        writeln!(
            out,
            "<circle cx=\"{:.1}\" cy=\"{y:.1}\" r=\"8\" {dot}/>\
             <text class=\"ink\" x=\"{:.1}\" y=\"{:.1}\" font-size=\"14\">{}\
             <tspan class=\"soft\" dx=\"8\" font-size=\"12\">{stops}</tspan></text>",
            left + 8.0,
            left + 26.0,
            y + 5.0,
            escape(text)
        )?;
        y += 26.0;
        Ok(())
    };
    for class in scale.classes() {
        let fill = format!("fill=\"{}\"", class.colour);
        row(out, &fill, &class.label(money), class.stops)?;
    }
    let unpriced = unpriced(fares);
    if unpriced > 0 {
        row(out, "class=\"none\"", NO_FARE, unpriced)?;
    }
    Ok(())
}

/// What a stop costs, for a person.
pub(super) fn fare(stop: &Stop, money: Money) -> String {
    stop.fare_minor
        .map_or(NO_FARE.to_owned(), |fare| money.named(fare))
}

/// Stops that no rule prices.
pub(super) fn unpriced(fares: &Fares) -> usize {
    let stops = fares.stops.iter();
    stops.filter(|stop| stop.fare_minor.is_none()).count()
}

/// Fewer stops are larger.
pub(super) const fn radius(stops: usize) -> f64 {
    match stops {
        0..=150 => 7.0,
        151..=600 => 5.0,
        601..=3000 => 3.5,
        _ => 2.2,
    }
}
