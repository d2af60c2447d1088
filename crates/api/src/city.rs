//! Body of what a rider's app and an inspector's reader know of the city.

use serde::{Deserialize, Serialize};
use units::NetworkId;
use utoipa::ToSchema;

use crate::{Text, schema};

/// `GET /v1/city` → 200: where codes of this issuer are taken, and how the city names things.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct CityBody {
    /// The city's name in the language of its choice.
    pub name: String,
    /// Its name by language (BCP 47 tag to text), where it has others.
    pub names: std::collections::BTreeMap<String, String>,
    /// Who runs it and earns its fares.
    pub operator: String,
    /// IANA name of its time zone.
    pub time_zone: String,
    /// ISO 4217 code of its fares.
    pub currency: String,
    /// Where its codes open gates, ordered by id.
    pub networks: Vec<NetworkBody>,
    /// GTFS `rider_category_id`s: category n of a code is the n-th of them; 0 is the default.
    pub rider_categories: Vec<String>,
}

/// A network of the city.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct NetworkBody {
    /// GTFS `network_id`.
    #[schema(value_type = schema::GtfsId)]
    pub network_id: Text<NetworkId>,
    /// Riders only tap on: one tap is a whole journey.
    pub tap_on_only: bool,
    /// The names of its routes, as riders know them, each once.
    pub routes: Vec<String>,
}
