//! Names of stops on the picture: as many as have room, none across another.

use std::fmt::Write as _;

use anyhow::Result;

use super::super::page::escape;
use super::draw::radius;
use super::frame::Frame;
use super::{Fares, Stop};

/// A letter is so wide, in sizes of its type.
const LETTER: f64 = 0.55;
/// Stops that are named at the most.
const NAMES_MAX: usize = 40;
/// With more stops, names go over dots: they are everywhere.
const DOTS_KEPT_CLEAR: usize = 1_500;

/// How names are written, for one width of the screen.
#[derive(Clone, Copy)]
pub(super) struct Type {
    /// The class of the group, by which a page hides it.
    pub(super) class: &'static str,
    /// Units of the picture.
    pub(super) size: f64,
    /// What dots are drawn larger by.
    pub(super) dots: f64,
}

/// For a picture as wide as a desk.
pub(super) const WIDE: Type = Type {
    class: "wide",
    size: 16.0,
    dots: 1.0,
};

/// For one as wide as a phone, where a unit is less than half a pixel.
pub(super) const NARROW: Type = Type {
    class: "narrow",
    size: 34.0,
    dots: 1.8,
};

/// Writes the names, the origin's first.
pub(super) fn names(out: &mut String, fares: &Fares, frame: &Frame, kind: Type) -> Result<()> {
    let radius = radius(fares.stops.len()) * kind.dots;
    let is_origin = |stop: &Stop| stop.stop_id == fares.from_stop_id;
    let mut dots = Vec::new();
    if fares.stops.len() <= DOTS_KEPT_CLEAR {
        dots.extend(fares.stops.iter().map(|stop| frame.place(stop)));
    }
    let first = fares.stops.iter().filter(|stop| is_origin(stop));
    let others = fares.stops.iter().filter(|stop| !is_origin(stop));
    let mut taken: Vec<Box4> = Vec::new();
    writeln!(out, "<g class=\"{}\">", kind.class)?;
    for stop in first.chain(others).filter(|stop| !stop.name.is_empty()) {
        let bold = is_origin(stop);
        let size = if bold { kind.size * 1.25 } else { kind.size };
        let (x, y) = frame.place(stop);
        let left = x + radius + 5.0;
        // The origin's stands above it, clear of its neighbours.
        let y = if bold { y - radius - size } else { y };
        let wide = letters(&stop.name) * LETTER * size * if bold { 1.1 } else { 1.0 };
        let place = [left, y - size * 0.6, left + wide, y + size * 0.6];
        let own = frame.place(stop);
        let free = place[2] < frame.width
            && taken.iter().all(|other| !overlap(&place, other))
            && dots
                .iter()
                .all(|dot| *dot == own || !overlap(&place, &around(*dot, radius)));
        if !free && !bold {
            continue;
        }
        taken.push(place);
        let (class, weight) = if bold { ("ink", 700) } else { ("soft", 400) };
        writeln!(
            out,
            "<text class=\"{class}\" x=\"{left:.1}\" y=\"{:.1}\" font-size=\"{size:.0}\" \
             font-weight=\"{weight}\">{}</text>",
            size.mul_add(0.33, y),
            escape(&stop.name)
        )?;
        if taken.len() >= NAMES_MAX {
            break;
        }
    }
    writeln!(out, "</g>")?;
    Ok(())
}

/// Left, top, right, bottom.
type Box4 = [f64; 4];

/// The width of a text in letters: one of another script is as wide as two.
fn letters(text: &str) -> f64 {
    let wide = |letter: char| if letter.is_ascii() { 1.0 } else { 1.8 };
    text.chars().map(wide).sum()
}

fn around((x, y): (f64, f64), radius: f64) -> Box4 {
    [x - radius, y - radius, x + radius, y + radius]
}

fn overlap(a: &Box4, b: &Box4) -> bool {
    a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3]
}
