//! Itineraries as JSON: every mistake is told with the itinerary's place, its id, the leg and the
//! field, and keeps no other itinerary from being priced.

use std::collections::BTreeSet;
use std::fmt;

use anyhow::{Context as _, Result, bail};
use serde::de::{Deserializer as _, Error as _, SeqAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use tariff::fares::{Fares, LEGS_MAX, Leg, Moment, Place, Rider, Stops};
use tariff::feed::{AreaIx, NetworkIx, RouteIx, StopIx};

/// Bytes of all itineraries together.
pub const BYTES_MAX: usize = 256 << 20;
/// Itineraries of one file.
pub const ITINERARIES_MAX: usize = 1_000_000;
/// Bytes of one itinerary: some ten times what its legs need.
pub const ITINERARY_BYTES_MAX: usize = 1 << 20;
/// Notes that are kept; the rest is counted.
pub const NOTES_MAX: usize = 20;

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

/// What a file holds.
#[derive(Debug, Default)]
pub struct Itineraries {
    /// In the order of the file; none is left out.
    pub all: Vec<Itinerary>,
    /// What was put up with: names that the feed does not have, ids that come twice. A sentence
    /// each, at most [`NOTES_MAX`].
    pub notes: Vec<String>,
    /// Notes beyond them.
    pub notes_left_off: usize,
}

/// An itinerary to be priced.
#[derive(Debug)]
pub struct Itinerary {
    /// As it came, a text or a number; null where none can be read.
    pub id: Value,
    /// What it asks, or what keeps it from being priced.
    pub asked: Result<Asked, Mistake>,
}

/// What is to be priced.
#[derive(Debug)]
pub struct Asked {
    /// `rider_category_id`; none is named where it is left out or empty.
    pub rider_category: Option<String>,
    /// `fare_media_id`; none is named where it is left out or empty.
    pub fare_media: Option<String>,
    /// In the order of travel.
    pub legs: Vec<Ride>,
}

/// Why an itinerary cannot be priced.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mistake {
    /// A sentence with the itinerary's place and id, the leg and the field.
    pub said: String,
    /// The legs it has: none of them is priced.
    pub legs: usize,
}

/// A leg with what it names looked up in the feed.
#[derive(Debug)]
pub struct Ride {
    network: Option<NetworkIx>,
    route: Option<RouteIx>,
    from: End,
    to: Option<End>,
    start: Moment,
    end: Moment,
}

#[derive(Debug)]
struct End {
    stop: Option<StopIx>,
    areas: Option<Vec<AreaIx>>,
}

impl Asked {
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
/// Where nothing can be read: no UTF-8, no JSON, no array, or beyond a limit.
pub fn read(bytes: &[u8], fares: &Fares) -> Result<Itineraries> {
    if bytes.len() > BYTES_MAX {
        bail!("at most {} MiB are read", BYTES_MAX >> 20);
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if let Err(error) = std::str::from_utf8(bytes) {
        bail!("expected UTF-8, the byte at {} is not", error.valid_up_to());
    }
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let mut reader = Reader {
        fares,
        stops: Stops::new(fares),
        seen: BTreeSet::new(),
        read: Itineraries::default(),
    };
    json.deserialize_any(&mut reader)
        .and_then(|()| json.end())
        .context("expected a JSON array of itineraries")?;
    Ok(reader.read)
}

/// Takes an array item by item, so that only one of them is in memory as JSON.
struct Reader<'f> {
    fares: &'f Fares,
    stops: Stops<'f>,
    seen: BTreeSet<String>,
    read: Itineraries,
}

impl<'de> Visitor<'de> for &mut Reader<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        while let Some(item) = items.next_element::<&RawValue>()? {
            if self.read.all.len() >= ITINERARIES_MAX {
                return Err(A::Error::custom(format_args!(
                    "at most {ITINERARIES_MAX} itineraries are read"
                )));
            }
            self.take(item.get());
        }
        Ok(())
    }
}

impl Reader<'_> {
    fn take(&mut self, text: &str) {
        let at = self.read.all.len();
        let item = if text.len() > ITINERARY_BYTES_MAX {
            Err(anyhow::anyhow!(
                "at most {ITINERARY_BYTES_MAX} bytes are read, it has {}",
                text.len()
            ))
        } else {
            serde_json::from_str::<Value>(text).map_err(anyhow::Error::from)
        };
        let id = item.as_ref().ok().and_then(|item| item.get("id"));
        let id = id.filter(|id| matches!(id, Value::String(_) | Value::Number(_)));
        let id = id.cloned().unwrap_or_default();
        let place = match &id {
            Value::Null => format!("itinerary {at}"),
            id => format!("itinerary {at} (id {id})"),
        };
        if !id.is_null() && !self.seen.insert(id.to_string()) {
            self.note(format!("{place}: an earlier one has this id"));
        }
        let legs = item.as_ref().ok().and_then(|item| item.get("legs"));
        let legs = legs.and_then(Value::as_array).map_or(0, Vec::len);
        let mut unknown = Vec::new();
        let asked = item
            .and_then(|item| asked(&item, self.fares, &mut self.stops, &mut unknown))
            .map_err(|error| Mistake {
                said: format!("{place}: {error:#}"),
                legs,
            });
        for name in unknown {
            self.note(format!("{place}: {name}"));
        }
        self.read.all.push(Itinerary { id, asked });
    }

    fn note(&mut self, note: String) {
        if self.read.notes.len() < NOTES_MAX {
            self.read.notes.push(note);
        } else {
            self.read.notes_left_off = self.read.notes_left_off.saturating_add(1);
        }
    }
}

fn asked(
    item: &Value,
    fares: &Fares,
    stops: &mut Stops<'_>,
    unknown: &mut Vec<String>,
) -> Result<Asked> {
    let fields = object(item, &ITINERARY_FIELDS)?;
    match fields.get("id") {
        Some(Value::String(_) | Value::Number(_)) => {}
        Some(other) => bail!("field id: a text is wanted, got {}", kind(other)),
        None => bail!("field id is missing"),
    }
    let legs = match fields.get("legs") {
        Some(Value::Array(legs)) => legs,
        Some(other) => bail!("field legs: an array is wanted, got {}", kind(other)),
        None => bail!("field legs is missing"),
    };
    if legs.is_empty() || legs.len() > LEGS_MAX {
        bail!("field legs: 1 to {LEGS_MAX} are wanted, got {}", legs.len());
    }
    let ids = &fares.feed().ids;
    let named = |field| Ok::<_, anyhow::Error>(text(fields, field)?.filter(|id| !id.is_empty()));
    let (category, medium) = (named("rider_category")?, named("fare_media")?);
    if let Some(id) = category.filter(|id| ids.categories.find(id).is_none()) {
        unknown.push(format!("the feed has no rider category {id:?}"));
    }
    if let Some(id) = medium.filter(|id| ids.media.find(id).is_none()) {
        unknown.push(format!("the feed has no fare medium {id:?}"));
    }
    let mut rides = Vec::with_capacity(legs.len());
    for (at, leg) in legs.iter().enumerate() {
        let mut missing = Vec::new();
        let ride = ride(leg, fares, stops, &mut missing);
        rides.push(ride.with_context(|| format!("leg {at}"))?);
        unknown.extend(missing.into_iter().map(|name| format!("leg {at}: {name}")));
    }
    Ok(Asked {
        rider_category: category.map(str::to_owned),
        fare_media: medium.map(str::to_owned),
        legs: rides,
    })
}

fn ride(
    item: &Value,
    fares: &Fares,
    stops: &mut Stops<'_>,
    unknown: &mut Vec<String>,
) -> Result<Ride> {
    let fields = object(item, &LEG_FIELDS)?;
    let feed = fares.feed();
    unknown.extend(unknown_names(fields, fares));
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

/// What a leg names that the feed, which lists others of its kind, does not have.
fn unknown_names(fields: &Map<String, Value>, fares: &Fares) -> Vec<String> {
    let ids = &fares.feed().ids;
    let named = |field: &str| fields.get(field).and_then(Value::as_str);
    let named = |field: &str| named(field).filter(|id| !id.is_empty());
    let mut said = Vec::new();
    for field in ["from_stop_id", "to_stop_id"] {
        let id = named(field).filter(|_| ids.stops.defined() > 0);
        if let Some(id) = id.filter(|id| ids.stops.find(id).is_none()) {
            said.push(format!(
                "{field}: the feed has no stop {id:?}, it is in no area"
            ));
        }
    }
    let route = named("route_id").filter(|_| ids.routes.defined() > 0);
    if let Some(id) = route.filter(|id| ids.routes.find(id).is_none()) {
        said.push(format!("route_id: the feed has no route {id:?}"));
    }
    let network = named("network_id");
    if let Some(id) = network.filter(|id| ids.networks.find(id).is_none()) {
        said.push(format!(
            "network_id: the feed has no network {id:?}, no rule names it"
        ));
    }
    said
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
