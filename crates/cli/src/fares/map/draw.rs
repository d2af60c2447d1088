//! The picture: stops where they are, the fare as colour, amounts in the legend.

use std::fmt::Write as _;

use anyhow::{Result, bail};
use units::{Balance, Currency};

use super::super::page::escape;
use super::scale::Scale;
use super::{Fares, Stop};

/// The longer side of the map, and the margins around it, in units of the picture.
const SIDE: f64 = 900.0;
const MARGIN: f64 = 48.0;
const HEAD: f64 = 84.0;
const LEGEND: f64 = 190.0;
/// Characters have this width for the placing of names.
const LETTER: f64 = 6.6;
/// Stops that are named at the most.
const NAMES_MAX: usize = 40;

/// Looks on light ground.
const LIGHT: &str = "\
.ground{fill:#fbfaf7}.ink{fill:#1c1f23}.soft{fill:#5a6069}.ring{stroke:#1c1f23}\
.halo{stroke:#fbfaf7}.none{fill:none;stroke:#8a8f97}";

/// What a reader who prefers dark sees, and marks under the pointer; pixels have neither.
const SCREEN: &str = "\
@media(prefers-color-scheme:dark){.ground{fill:#14171b}.ink{fill:#eceae4}.soft{fill:#a9afb8}\
.ring{stroke:#eceae4}.halo{stroke:#14171b}}\
.stop:hover circle,.stop:focus circle{stroke-width:3;stroke:currentColor}";

/// Where stops go on the picture.
struct Frame {
    west: f64,
    north: f64,
    /// Degrees of latitude to units.
    scale: f64,
    /// A degree of longitude is so much of one of latitude here.
    narrow: f64,
    width: f64,
    height: f64,
}

/// The whole picture as SVG, for a screen or for pixels.
pub(super) fn svg(fares: &Fares, for_screen: bool) -> Result<String> {
    let screen = if for_screen { SCREEN } else { "" };
    let currency = Currency::from_code(&fares.currency).ok();
    let money = |minor: i64| match currency {
        Some(currency) => Balance::new(minor, currency).to_string(),
        None => minor.to_string(),
    };
    let Some(frame) = Frame::around(&fares.stops) else {
        bail!("no stop has coordinates");
    };
    let scale = Scale::of(fares.stops.iter().filter_map(|stop| stop.fare_minor));
    let (width, height) = (frame.width + LEGEND, frame.height + HEAD);
    let mut out = String::new();
    writeln!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" \
         width=\"{width:.0}\" height=\"{height:.0}\" role=\"img\" aria-label=\"{}\" \
         font-family=\"system-ui,'Noto Sans','Noto Sans CJK SC','DejaVu Sans',sans-serif\">\n\
         <style>{LIGHT}{screen}</style>\n\
         <rect class=\"ground\" width=\"100%\" height=\"100%\"/>",
        escape(&title(fares))
    )?;
    head(&mut out, fares)?;
    stops(&mut out, fares, &frame, &scale, &money)?;
    names(&mut out, fares, &frame)?;
    legend(&mut out, fares, &frame, &scale, &money)?;
    writeln!(out, "</svg>")?;
    Ok(out)
}

/// What the picture is of.
pub(super) fn title(fares: &Fares) -> String {
    format!("Fares from {}", fares.from_stop_name)
}

fn head(out: &mut String, fares: &Fares) -> Result<()> {
    let category = fares.rider_category_id.as_deref();
    let category = category.map_or(String::new(), |id| format!(" · {id}"));
    writeln!(
        out,
        "<text class=\"ink\" x=\"{MARGIN}\" y=\"44\" font-size=\"26\" \
         font-weight=\"700\">{}</text>\n\
         <text class=\"soft\" x=\"{MARGIN}\" y=\"68\" font-size=\"14\">{}{}</text>",
        escape(&title(fares)),
        escape(&fares.at.replace('T', " ")),
        escape(&category)
    )?;
    Ok(())
}

fn stops(
    out: &mut String,
    fares: &Fares,
    frame: &Frame,
    scale: &Scale,
    money: &impl Fn(i64) -> String,
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
        let name = escape(&stop.name);
        let is_origin = stop.stop_id == fares.from_stop_id;
        let fare = stop.fare_minor.map_or("no fare".to_owned(), money);
        let look = match stop.fare_minor {
            Some(fare) => format!("class=\"halo\" fill=\"{}\"", scale.colour(fare)),
            None => "class=\"none\"".to_owned(),
        };
        let because = escape(&stop.because);
        writeln!(
            out,
            "<g class=\"stop\" data-because=\"{because}\"><title>{name}: {fare}</title>\
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

/// Names of stops, the origin's first, as many as have room.
fn names(out: &mut String, fares: &Fares, frame: &Frame) -> Result<()> {
    let radius = radius(fares.stops.len());
    let mut taken: Vec<[f64; 4]> = Vec::new();
    let dots = fares.stops.iter().map(|stop| frame.place(stop));
    let dots: Vec<(f64, f64)> = if fares.stops.len() > 1500 {
        Vec::new()
    } else {
        dots.collect()
    };
    let is_origin = |stop: &&Stop| stop.stop_id == fares.from_stop_id;
    let first = fares.stops.iter().filter(|stop| is_origin(stop));
    let others = fares.stops.iter().filter(|stop| !is_origin(stop));
    let mut named = 0;
    for stop in first.chain(others) {
        let (x, y) = frame.place(stop);
        let bold = is_origin(&stop);
        let letters: f64 = stop
            .name
            .chars()
            .map(|c| if c.is_ascii() { 1.0 } else { 1.8 })
            .sum();
        let wide = letters * LETTER * if bold { 1.25 } else { 1.0 };
        let left = x + radius + 5.0;
        // The origin's stands above it, clear of its neighbours.
        let y = if bold { y - radius - 14.0 } else { y };
        let place = [left, y - 7.0, left + wide, y + 7.0];
        let free = place[2] < frame.width
            && taken.iter().all(|other| !overlap(&place, other))
            && dots.iter().all(|(dot_x, dot_y)| {
                let dot = [
                    dot_x - radius,
                    dot_y - radius,
                    dot_x + radius,
                    dot_y + radius,
                ];
                (*dot_x, *dot_y) == frame.place(stop) || !overlap(&place, &dot)
            });
        if (!free && !bold) || named >= NAMES_MAX || stop.name.is_empty() {
            continue;
        }
        named += 1;
        taken.push(place);
        let (class, size, weight) = if bold {
            ("ink", 15, 700)
        } else {
            ("soft", 12, 400)
        };
        writeln!(
            out,
            "<text class=\"{class}\" x=\"{left:.1}\" y=\"{:.1}\" font-size=\"{size}\" \
             font-weight=\"{weight}\">{}</text>",
            y + 4.0,
            escape(&stop.name)
        )?;
    }
    Ok(())
}

fn overlap(a: &[f64; 4], b: &[f64; 4]) -> bool {
    a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3]
}

fn legend(
    out: &mut String,
    fares: &Fares,
    frame: &Frame,
    scale: &Scale,
    money: &impl Fn(i64) -> String,
) -> Result<()> {
    let left = frame.width;
    let mut y = HEAD + 16.0;
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
        let text = if class.from == class.to {
            money(class.from)
        } else {
            format!("{} – {}", money(class.from), money(class.to))
        };
        row(
            out,
            &format!("fill=\"{}\"", class.colour),
            &text,
            class.stops,
        )?;
    }
    let unpriced = fares.stops.iter().filter(|stop| stop.fare_minor.is_none());
    let unpriced = unpriced.count();
    if unpriced > 0 {
        row(out, "class=\"none\"", "no fare", unpriced)?;
    }
    Ok(())
}

impl Frame {
    /// The frame of all stops; `None` where there is none.
    fn around(stops: &[Stop]) -> Option<Self> {
        let first = stops.first()?;
        let start = [
            first.lat_degrees,
            first.lat_degrees,
            first.lon_degrees,
            first.lon_degrees,
        ];
        let [south, north, west, east] = stops.iter().fold(start, |[s, n, w, e], stop| {
            let (lat, lon) = (stop.lat_degrees, stop.lon_degrees);
            [s.min(lat), n.max(lat), w.min(lon), e.max(lon)]
        });
        let narrow = f64::midpoint(south, north).to_radians().cos().max(0.05);
        let (wide, high) = ((east - west) * narrow, north - south);
        let scale = SIDE / wide.max(high).max(1e-4);
        Some(Self {
            west,
            north,
            scale,
            narrow,
            width: wide.mul_add(scale, 2.0 * MARGIN).max(420.0),
            height: high.mul_add(scale, MARGIN).max(300.0),
        })
    }

    fn place(&self, stop: &Stop) -> (f64, f64) {
        let x = (stop.lon_degrees - self.west) * self.narrow * self.scale;
        let y = (self.north - stop.lat_degrees) * self.scale;
        (x + MARGIN, y + HEAD + 12.0)
    }
}

/// Fewer stops are larger.
const fn radius(stops: usize) -> f64 {
    match stops {
        0..=150 => 7.0,
        151..=600 => 5.0,
        601..=3000 => 3.5,
        _ => 2.2,
    }
}
