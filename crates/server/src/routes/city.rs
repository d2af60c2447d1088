//! `GET /v1/city`: where codes are taken, and how the city names things.

use std::collections::BTreeMap;

use api::{CityBody, NetworkBody, Text};
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderName, HeaderValue, header};
use tariff::City;
use units::NetworkId;

use crate::AppState;
use crate::conditional::Unchanged;
use crate::document::problems;

problems! {
    Problems: &[];
}

/// A city changes seldom; an app that opens asks again after an hour.
const KEEP: HeaderValue = HeaderValue::from_static("public, max-age=3600");

/// Answers with the city as its files describe it.
#[utoipa::path(
    get,
    path = "/v1/city",
    operation_id = "describe_city",
    tag = "riders",
    responses((status = 200, body = CityBody, description = "The city."), Unchanged, Problems),
)]
pub(crate) async fn describe(
    State(state): State<AppState>,
) -> ([(HeaderName, HeaderValue); 1], Json<CityBody>) {
    let city = &state.city;
    let body = CityBody {
        name: city.name().to_owned(),
        names: city.names().clone(),
        operator: city.operator().name.clone(),
        time_zone: city.time_zone().to_owned(),
        currency: city.currency().to_string(),
        networks: networks(city),
        rider_categories: city
            .rider_categories()
            .iter()
            .map(ToString::to_string)
            .collect(),
    };
    ([(header::CACHE_CONTROL, KEEP)], Json(body))
}

fn networks(city: &City) -> Vec<NetworkBody> {
    let mut found: BTreeMap<NetworkId, Vec<String>> = BTreeMap::new();
    // Gates that stand in stations name no route: they belong to the city's default network.
    if let Some(network) = city.network(None) {
        found.entry(network).or_default();
    }
    for route in city.routes() {
        let Some(network) = route.network else {
            continue;
        };
        let names = found.entry(network).or_default();
        if !names.contains(&route.name) {
            names.push(route.name.clone());
        }
    }
    let described = found.into_iter().map(|(network, routes)| NetworkBody {
        network_id: Text(network),
        tap_on_only: city.is_tap_on_only(&network),
        routes,
    });
    described.collect()
}
