//! Explanations: one English sentence for each line of a fare.
//!
//! A sentence names the stops, the product, and the row of the file that decided, so that a rider
//! can be told why and an operator can look it up.

mod charge;
mod language;
mod line;
mod no_fare;
mod rule;

pub use charge::sentence;
pub use language::Language;
pub use line::{ambiguous, line, unpriced};
pub use no_fare::no_fare;
pub use rule::rule_of;

use units::{Amount, StopId};

use crate::{City, Leg, MissingTap, Tap};

/// A journey of which a tap is missing.
pub(crate) fn incomplete(city: &City, tap: &Tap, missing: MissingTap, fare: Amount) -> String {
    let stop = stop_name(city, &tap.stop);
    let minutes = city.longest_journey().as_secs().div_euclid(60);
    let rule = city.incomplete_rule();
    let what = match missing {
        MissingTap::NoTapOff => {
            format!("The tap on at {stop} has no tap off of its own within {minutes} minutes")
        }
        MissingTap::NoTapOn => {
            format!(
                "The tap off at {stop} has no tap on of its own in the {minutes} minutes before it"
            )
        }
    };
    format!("{what}, so the maximum fare of {fare} applies ({rule}).")
}

/// A leg that no rule matches.
pub(crate) fn no_rule(city: &City, leg: &Leg) -> String {
    let network = match leg.network {
        Some(id) => format!("on network {id}"),
        None => "without a known network".to_owned(),
    };
    let journey = journey(city, leg);
    format!("{journey} {network} has no fare: no row of gtfs/fare_leg_rules.txt matches it.")
}

fn journey(city: &City, leg: &Leg) -> String {
    let from = stop_name(city, &leg.from);
    match &leg.to {
        None => format!("Boarding at {from}"),
        Some(to) if *to == leg.from => format!("Entering and leaving at {from}"),
        Some(to) => format!("Travel from {from} to {}", stop_name(city, to)),
    }
}

fn stop_name<'a>(city: &'a City, id: &'a StopId) -> &'a str {
    city.stop(id).map_or(id.as_str(), |stop| stop.name.as_str())
}
