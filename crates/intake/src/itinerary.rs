//! Itineraries as JSON: every mistake is told with the itinerary's place, its id, the leg and the
//! field.

use anyhow::{Context as _, Result, bail};
use serde_json::{Map, Value};
use tariff::fares::{Fares, LEGS_MAX, Leg, Moment, Place, Rider, Stops};
use tariff::feed::{AreaIx, NetworkIx, RouteIx, StopIx};

const ITINERARY_FIELDS: [&str; 4] = ["id", "rider_category", "fare_media", "legs"];
const LEG_FIELDS: [&str; 9] = [
    "network_id",
    "route_id",
    "from_stop_id",
    "from_area_ids",
    "to_stop_id",
    "to_area_ids",
    "start",
    "end",
    "trip_id",
];

/// An itinerary to be priced.
pub struct Itinerary {
    /// As it came: a text or a number.
    pub id: Value,
    /// `rider_category_id`; none is named where it is left out or empty.
    pub rider_category: Option<String>,
    /// `fare_media_id`; none is named where it is left out or empty.
    pub fare_media: Option<String>,
    /// In the order of travel.
    pub legs: Vec<Ride>,
}

/// A leg with what it names looked up in the feed.
pub struct Ride {
    network: Option<NetworkIx>,
    route: Option<RouteIx>,
    from: End,
    to: Option<End>,
    start: Moment,
    end: Moment,
}

struct End {
    stop: Option<StopIx>,
    areas: Option<Vec<AreaIx>>,
}

impl Itinerary {
    /// The prices that hold for its rider.
    #[must_use]
    pub fn rider(&self, fares: &Fares) -> Rider {
        let category = self.rider_category.as_deref();
        fares.rider(category, self.fare_media.as_deref())
    }
}

impl Ride {
    /// The leg as the fare engine takes it.
    #[must_use]
    pub fn leg(&self) -> Leg<'_> {
        Leg {
            network: self.network,
            route: self.route,
            from: self.from.place(),
            to: self.to.as_ref().map(End::place),
            start: self.start,
            end: Some(self.end),
        }
    }
}

impl End {
    fn place(&self) -> Place<'_> {
        Place {
            stop: self.stop,
            areas: self.areas.as_deref(),
        }
    }
}

/// Reads all itineraries of a JSON array.
///
/// # Errors
/// The first mistake, with its place.
pub fn read(text: &[u8], fares: &Fares) -> Result<Vec<Itinerary>> {
    let root: Value = serde_json::from_slice(text).context("the legs are no JSON")?;
    let Value::Array(list) = root else {
        bail!("a JSON array of itineraries is wanted, got {}", kind(&root));
    };
    let mut stops = Stops::new(fares);
    let mut read = Vec::with_capacity(list.len());
    for (at, item) in list.iter().enumerate() {
        let place = || match item.get("id") {
            Some(id) => format!("itinerary {at} (id {id})"),
            None => format!("itinerary {at}"),
        };
        read.push(itinerary(item, fares, &mut stops).with_context(place)?);
    }
    Ok(read)
}

fn itinerary(item: &Value, fares: &Fares, stops: &mut Stops<'_>) -> Result<Itinerary> {
    let fields = object(item, &ITINERARY_FIELDS)?;
    let id = match fields.get("id") {
        Some(id @ (Value::String(_) | Value::Number(_))) => id.clone(),
        Some(other) => bail!("field id: a text is wanted, got {}", kind(other)),
        None => bail!("field id is missing"),
    };
    let legs = match fields.get("legs") {
        Some(Value::Array(legs)) => legs,
        Some(other) => bail!("field legs: an array is wanted, got {}", kind(other)),
        None => bail!("field legs is missing"),
    };
    if legs.is_empty() || legs.len() > LEGS_MAX {
        bail!("field legs: 1 to {LEGS_MAX} are wanted, got {}", legs.len());
    }
    let mut rides = Vec::with_capacity(legs.len());
    for (at, leg) in legs.iter().enumerate() {
        rides.push(ride(leg, fares, stops).with_context(|| format!("leg {at}"))?);
    }
    let named = |field| Ok::<_, anyhow::Error>(text(fields, field)?.filter(|id| !id.is_empty()));
    Ok(Itinerary {
        id,
        rider_category: named("rider_category")?.map(str::to_owned),
        fare_media: named("fare_media")?.map(str::to_owned),
        legs: rides,
    })
}

fn ride(item: &Value, fares: &Fares, stops: &mut Stops<'_>) -> Result<Ride> {
    let fields = object(item, &LEG_FIELDS)?;
    let feed = fares.feed();
    let route = text(fields, "route_id")?.and_then(|id| feed.ids.routes.find(id));
    // Named, it is that one ("" is none); left out, the route's.
    let network = match text(fields, "network_id")? {
        Some(id) => feed.ids.networks.find(id),
        None => route.and_then(|route| feed.network_of(route)),
    };
    text(fields, "trip_id")?;
    let from = end(fields, "from_stop_id", "from_area_ids", fares, stops)?;
    let to = end(fields, "to_stop_id", "to_area_ids", fares, stops)?;
    let start = moment(fields, "start", fares, from.as_ref())?;
    let arrival = moment(fields, "end", fares, to.as_ref())?;
    if arrival.at < start.at {
        bail!("field end: it is before the start");
    }
    Ok(Ride {
        network,
        route,
        from: from.unwrap_or(End {
            stop: None,
            areas: None,
        }),
        to,
        start,
        end: arrival,
    })
}

/// Where a leg begins or ends: areas where they are named, else those of the stop.
fn end(
    fields: &Map<String, Value>,
    stop_field: &str,
    areas_field: &str,
    fares: &Fares,
    stops: &mut Stops<'_>,
) -> Result<Option<End>> {
    let stop = text(fields, stop_field)?
        .filter(|id| !id.is_empty())
        .map(|id| stops.find(id));
    let areas = match fields.get(areas_field) {
        None | Some(Value::Null) => None,
        Some(Value::Array(list)) => Some(areas(list, areas_field, fares)?),
        Some(other) => bail!(
            "field {areas_field}: an array of texts is wanted, got {}",
            kind(other)
        ),
    };
    Ok((stop.is_some() || areas.is_some()).then_some(End { stop, areas }))
}

/// Areas that the feed does not name match no rule that names one.
fn areas(list: &[Value], field: &str, fares: &Fares) -> Result<Vec<AreaIx>> {
    let mut found = Vec::with_capacity(list.len());
    for item in list {
        match item {
            Value::String(id) => found.extend(fares.feed().ids.areas.find(id)),
            other => bail!("field {field}: texts are wanted, got {}", kind(other)),
        }
    }
    Ok(found)
}

fn moment(
    fields: &Map<String, Value>,
    field: &str,
    fares: &Fares,
    place: Option<&End>,
) -> Result<Moment> {
    let Some(text) = text(fields, field)? else {
        bail!("field {field} is missing");
    };
    fares
        .moment(text, place.and_then(|place| place.stop))
        .with_context(|| format!("field {field}"))
}

/// A field that is a text; `None` where it is left out or null.
fn text<'a>(fields: &'a Map<String, Value>, field: &str) -> Result<Option<&'a str>> {
    match fields.get(field) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(other) => bail!("field {field}: a text is wanted, got {}", kind(other)),
    }
}

fn object<'a>(item: &'a Value, known: &[&str]) -> Result<&'a Map<String, Value>> {
    let Value::Object(fields) = item else {
        bail!("an object is wanted, got {}", kind(item));
    };
    for field in fields.keys() {
        if !known.contains(&field.as_str()) {
            bail!("field {field} is not known; known are {}", known.join(", "));
        }
    }
    Ok(fields)
}

const fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a truth value",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}
