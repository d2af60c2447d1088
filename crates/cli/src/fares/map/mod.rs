//! `faregate fares map`: what it costs from one stop to all others, as a picture.

mod draw;
mod frame;
mod html;
mod labels;
mod picture;
mod prices;
mod scale;

use std::path::Path;

use anyhow::{Context as _, Result, bail};
use serde::Serialize;

use super::arguments::MapArguments;
use crate::output::Reader;
use crate::package;
use draw::Surface;

/// The fares from one stop.
#[derive(Serialize)]
struct Fares {
    from_stop_id: String,
    from_stop_name: String,
    at: String,
    rider_category_id: Option<String>,
    currency: String,
    stops: Vec<Stop>,
}

/// A stop and what it costs to go there.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[expect(
    clippy::struct_field_names,
    reason = "the fields of the JSON that is printed"
)]
struct Stop {
    stop_id: String,
    name: String,
    lat_degrees: f64,
    lon_degrees: f64,
    /// Null where no rule prices it.
    fare_minor: Option<i64>,
    because: String,
}

/// Draws the fares; true: the picture is written.
///
/// # Errors
/// When the city cannot be used, the stop is not in it, or the picture cannot be written.
pub(super) fn run(arguments: &MapArguments) -> Result<bool> {
    let form = Form::of(&arguments.out)?;
    let package = package::read(&arguments.city)?;
    let fares = prices::of(arguments, &package)?;
    let bytes = match form {
        Form::Svg => draw::svg(&fares, Surface::Screen)?.into_bytes(),
        Form::Html => html::page(&fares, arguments.language)?.into_bytes(),
        Form::Png => picture::png(&draw::svg(&fares, Surface::Pixels)?)?,
    };
    let path = arguments.out.display();
    std::fs::write(&arguments.out, bytes).with_context(|| format!("cannot write {path}"))?;
    let priced = fares.stops.iter().filter(|stop| stop.fare_minor.is_some());
    let lines = format!(
        "{path}: fares from {} to {} of {} stops\n",
        fares.from_stop_name,
        priced.count(),
        fares.stops.len()
    );
    Reader::of(arguments.json).print(&fares, &lines)?;
    Ok(true)
}

#[derive(Clone, Copy)]
enum Form {
    Svg,
    Png,
    Html,
}

impl Form {
    fn of(path: &Path) -> Result<Self> {
        Ok(match path.extension().and_then(|ending| ending.to_str()) {
            Some("svg") => Self::Svg,
            Some("png") => Self::Png,
            Some("html") => Self::Html,
            _ => bail!("--out: a name that ends with .svg, .png or .html is wanted"),
        })
    }
}
