//! Whose money a fare is, by hand: rules, shares, statements and what changes them later.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a failed assumption fails the test"
)]

use std::collections::BTreeMap;

use proptest::prelude::*;
use settlement::apportion::statement::{Statement, StatementError, next, said};
use settlement::apportion::{Earner, published, shares};
use settlement::testing::{MemoryStore, world};
use settlement::{ingest, settle};
use tariff::{City, Travelled};
use units::{JourneyId, NetworkId, ServiceDay, StopId, TextId, Timestamp};

const AGENCIES: &str = "agency_id,agency_name,agency_url,agency_timezone\n\
    tt,Testopolis Transit,https://example.org/,Asia/Shanghai\n\
    bb,Bus Brothers,https://example.org/,Asia/Shanghai\n\
    xx,Crossrail,https://example.org/,Asia/Shanghai\n";
const ROUTES: &str = "route_id,agency_id,route_short_name,route_long_name,route_type\n\
    m1,tt,1,Line 1,1\nb1,bb,B1,Market line,3\n";
/// Line 1 is Testopolis Transit's up to the centre and Crossrail's beyond; a longer way round is
/// nobody's choice.
const LINKS: &str = "from_stop_id,to_stop_id,distance_meters,agency_id\n\
    north,centre,3000,tt\ncentre,south,2000,xx\nnorth,south,9000,bb\n";
const HEADER: &str = "tap_id,account_id,time,kind,stop_id,route_id,device_id\n";

fn city(rules: &str, more: &[(&str, &str)]) -> City {
    let mut files = vec![
        ("agency.txt", AGENCIES),
        ("routes.txt", ROUTES),
        ("apportionment_rules.txt", rules),
    ];
    files.extend_from_slice(more);
    world::city_with(&files)
}

fn day(text: &str) -> ServiceDay {
    ServiceDay::parse(text).unwrap()
}

fn agency(id: &str) -> Earner {
    Earner::Agency(TextId::new(id).unwrap())
}

async fn ride(store: &MemoryStore, city: &City, rows: &str) {
    let now = Timestamp::from_secs(1_547_000_000);
    let file = format!("{HEADER}{rows}");
    let report = ingest::rows::store(store, city, file.as_bytes(), now, |row| panic!("{row:?}"));
    report.await.unwrap();
    settle::all(store, city, now).await.unwrap();
}

/// Minor units by earner of every day from the 7th to the 9th of January.
async fn earned(store: &MemoryStore, city: &City) -> BTreeMap<ServiceDay, shares::Shares> {
    let days = day("2019-01-07")..=day("2019-01-09");
    let published = published::read(store, city, &days).await.unwrap();
    shares::of_days(city, &published).unwrap()
}

async fn earned_on_monday(city: &City, rows: &str) -> Vec<(Earner, i64)> {
    let store = MemoryStore::default();
    ride(&store, city, rows).await;
    let mut days = earned(&store, city).await;
    assert!(days.len() <= 1, "{days:?}");
    let of_day = days.pop_first().map(|(_, shares)| shares);
    of_day.unwrap_or_default().into_iter().collect()
}

/// North to south, 5.00.
const THROUGH: &str = "1,anna,2019-01-07T08:00:00+08:00,on,north,,g\n\
    2,anna,2019-01-07T08:30:00+08:00,off,south,,g\n";
/// North to centre for 3.00, then the bus for 2.00.
const CHANGE: &str = "1,anna,2019-01-07T08:00:00+08:00,on,north,m1,g\n\
    2,anna,2019-01-07T08:20:00+08:00,off,centre,m1,g\n\
    3,anna,2019-01-07T08:30:00+08:00,on,market,b1,g\n";

#[tokio::test]
async fn without_a_rule_the_agency_of_the_route_earns_and_else_the_city_keeps_it() {
    let city = city("share_by\n", &[]);
    let got = earned_on_monday(&city, CHANGE).await;
    assert_eq!(got, [(agency("bb"), 200), (agency("tt"), 300)]);
    // A station's gate names no route, and three agencies could be meant.
    assert_eq!(
        earned_on_monday(&city, THROUGH).await,
        [(Earner::City, 500)]
    );
}

#[tokio::test]
async fn fixed_weights_hand_out_the_last_cent_to_the_largest_remainder() {
    // 5.00 by 2:1 is 333⅓ and 166⅔: the second has the larger remainder.
    let shares = "share_id,agency_id,weight\nline1,tt,2\nline1,xx,1\n";
    let city = city(
        "network_id,share_by,share_id\nmetro,fixed,line1\n",
        &[("apportionment_shares.txt", shares)],
    );
    let got = earned_on_monday(&city, THROUGH).await;
    assert_eq!(got, [(agency("tt"), 333), (agency("xx"), 167)]);
}

#[tokio::test]
async fn distance_counts_the_metres_of_the_shortest_way() {
    // 3,000 and 2,000 of 5,000 m share 5.00; the 9,000 m of the third agency are not travelled.
    let links = [("apportionment_links.txt", LINKS)];
    let city = city("network_id,share_by\nmetro,distance\n", &links);
    let got = earned_on_monday(&city, THROUGH).await;
    assert_eq!(got, [(agency("tt"), 300), (agency("xx"), 200)]);
}

#[tokio::test]
async fn a_ride_without_a_way_goes_on_to_the_next_rule() {
    // Out where one came in (2.00) and a missing tap off (9.00): no metres, so the second row.
    let links = [("apportionment_links.txt", LINKS)];
    let rules = "network_id,share_by,agency_id\nmetro,distance,\nmetro,agency,xx\n";
    let city = city(rules, &links);
    let rows = "1,anna,2019-01-07T08:00:00+08:00,on,north,,g\n\
        2,anna,2019-01-07T08:30:00+08:00,off,north,,g\n\
        3,anna,2019-01-07T09:30:00+08:00,on,north,,g\n";
    assert_eq!(earned_on_monday(&city, rows).await, [(agency("xx"), 1100)]);
}

#[tokio::test]
async fn zones_count_the_areas_that_an_agency_touches() {
    // The first link touches north and centre; the second centre, south and the lake: 2 to 3.
    let links = [
        ("apportionment_links.txt", LINKS),
        (
            "stop_areas.txt",
            "area_id,stop_id\na_north,north\na_centre,centre\na_south,south\nlake,south\n",
        ),
        (
            "areas.txt",
            "area_id,area_name\na_north,North\na_centre,Centre\na_south,South\nlake,Lake\n",
        ),
    ];
    let city = city("network_id,share_by\nmetro,zones\n", &links);
    let got = earned_on_monday(&city, THROUGH).await;
    assert_eq!(got, [(agency("tt"), 200), (agency("xx"), 300)]);
}

#[tokio::test]
async fn what_a_cap_takes_is_borne_by_all_rides_that_share_by_leg_fares() {
    // 3.00 and 2.00 are capped at 4.00 a day: paid are 3.00 and 1.00. By what each would have
    // cost alone, 4.00 × 3/5 = 2.40 and 4.00 × 2/5 = 1.60.
    let caps = ("fare_caps.txt", "cap_id,period,amount\nall_day,day,4.00\n");
    let pooled = "network_id,share_by,agency_id,pool\n\
        metro,agency,tt,leg_fares\nbus,agency,bb,leg_fares\n";
    let got = earned_on_monday(&city(pooled, &[caps]), CHANGE).await;
    assert_eq!(got, [(agency("bb"), 160), (agency("tt"), 240)]);
    let alone = "network_id,share_by,agency_id,pool\n\
        metro,agency,tt,\nbus,agency,bb,journey\n";
    let got = earned_on_monday(&city(alone, &[caps]), CHANGE).await;
    assert_eq!(got, [(agency("bb"), 100), (agency("tt"), 300)]);
}

#[tokio::test]
async fn a_late_tap_is_in_the_next_statement() {
    let links = [("apportionment_links.txt", LINKS)];
    let rules = "network_id,share_by,agency_id\nmetro,distance,\nmetro,agency,tt\n";
    let city = city(rules, &links);
    let (monday, tuesday) = (day("2019-01-07"), day("2019-01-08"));
    let store = MemoryStore::default();
    ride(
        &store,
        &city,
        "1,anna,2019-01-07T08:00:00+08:00,on,north,,g\n",
    )
    .await;
    let first = next(&[], &(monday..=monday), &earned(&store, &city).await).unwrap();
    assert_eq!(first.number, 1);
    assert_eq!(first.totals().unwrap(), [(agency("tt"), 900)].into());
    // The tap off comes a day late: 5.00 by metres in place of the maximum fare.
    ride(
        &store,
        &city,
        "2,anna,2019-01-07T08:30:00+08:00,off,south,,g\n",
    )
    .await;
    let now = earned(&store, &city).await;
    let second = next(std::slice::from_ref(&first), &(tuesday..=tuesday), &now).unwrap();
    let changes: Vec<_> = second
        .adjustments
        .iter()
        .map(|change| (change.day, change.earner, change.was_minor, change.is_minor))
        .collect();
    assert_eq!(
        changes,
        [
            (monday, agency("tt"), 900, 300),
            (monday, agency("xx"), 0, 200)
        ]
    );
    assert_eq!(
        second.totals().unwrap(),
        [(agency("tt"), -600), (agency("xx"), 200)].into()
    );
    // Together they say what the taps say, and a third has nothing to add.
    let both = [first, second];
    assert_eq!(said(&both).unwrap()[&monday], now[&monday]);
    let wednesday = day("2019-01-09");
    let third = next(&both, &(wednesday..=wednesday), &now).unwrap();
    assert_eq!((third.adjustments.len(), third.shares.len()), (0, 0));
}

#[tokio::test]
async fn nothing_is_published_before_it_is_settled() {
    let city = city("share_by\n", &[]);
    let store = MemoryStore::default();
    let now = Timestamp::from_secs(1_547_000_000);
    let file = format!("{HEADER}{THROUGH}");
    let rows = ingest::rows::store(&store, &city, file.as_bytes(), now, |row| panic!("{row:?}"));
    rows.await.unwrap();
    let monday = day("2019-01-07");
    let refused = published::read(&store, &city, &(monday..=monday)).await;
    let Err(published::PublishError::NotSettled { day, .. }) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!(day, monday);
}

#[tokio::test]
async fn published_journeys_name_no_rider_and_keep_a_rider_s_days_apart() {
    let city = city("share_by\n", &[]);
    let store = MemoryStore::default();
    let mut rows = String::new();
    for rider in 0..20 {
        for date in ["07", "08"] {
            rows +=
                &format!("{rider}-{date},r{rider},2019-01-{date}T08:00:00+08:00,on,market,b1,g\n");
        }
    }
    ride(&store, &city, &rows).await;
    let days = day("2019-01-07")..=day("2019-01-09");
    let published = published::read(&store, &city, &days).await.unwrap();
    assert_eq!(published.len(), 2);
    for of_day in published.values() {
        let ids: Vec<_> = of_day.iter().map(|rides| rides[0].id).collect();
        assert_eq!(ids.len(), 20);
        assert!(
            ids.is_sorted(),
            "a place in the list says nothing of the rider"
        );
    }
}

#[test]
fn statements_follow_each_other_without_a_gap() {
    let none = BTreeMap::new();
    let (monday, tuesday, wednesday) = (day("2019-01-07"), day("2019-01-08"), day("2019-01-09"));
    let first = next(&[], &(monday..=monday), &none).unwrap();
    let refused = next(
        std::slice::from_ref(&first),
        &(wednesday..=wednesday),
        &none,
    );
    let begins = StatementError::Begins {
        before: 1,
        expected: tuesday,
        got: wednesday,
    };
    assert_eq!(refused, Err(begins));
    let refused = next(&[first], &(tuesday..=monday), &none);
    assert_eq!(
        refused,
        Err(StatementError::Empty {
            first: tuesday,
            last: monday
        })
    );
}

/// Rides of the metro and the bus: what each would have cost alone, and what was paid.
fn rides() -> impl Strategy<Value = Vec<published::PublishedJourney>> {
    let ride = (
        any::<u128>(),
        any::<bool>(),
        0_i64..=i64::MAX / 16,
        0_i64..=100_000,
    );
    prop::collection::vec(ride, 0..12).prop_map(|rides| {
        let ride = |(id, bus, alone_minor, fare_minor): (u128, bool, i64, i64)| {
            let network = if bus { "bus" } else { "metro" };
            published::PublishedJourney {
                id: JourneyId::from_bytes(id.to_be_bytes()),
                travelled: Travelled {
                    network: Some(NetworkId::new(network).unwrap()),
                    from: Some(StopId::new("north").unwrap()),
                    to: Some(StopId::new(if bus { "market" } else { "south" }).unwrap()),
                    route: None,
                },
                alone_minor,
                fare_minor,
            }
        };
        rides.into_iter().map(ride).collect()
    })
}

proptest! {
    /// A1 and A2 of the invariants: the shares are the revenue, and none is below 0.
    #[test]
    fn shares_are_the_revenue(
        rides in rides(),
        pool in prop::sample::select(vec!["leg_fares", "journey"]),
    ) {
        let rules = format!(
            "network_id,share_by,agency_id,pool\nmetro,distance,,{pool}\nbus,agency,bb,{pool}\n"
        );
        let city = city(&rules, &[("apportionment_links.txt", LINKS)]);
        let monday = day("2019-01-07");
        let mut got = shares::Shares::new();
        for shares in shares::of_rider_day(&city, monday, &rides).unwrap() {
            shares::add(&mut got, &shares).unwrap();
        }
        prop_assert!(got.values().all(|minor| *minor >= 0));
        let paid: i64 = rides.iter().map(|ride| ride.fare_minor).sum();
        prop_assert_eq!(got.values().sum::<i64>(), paid);
    }
}

/// Shares of up to six days among three earners, as they stand at one time.
fn standing() -> impl Strategy<Value = BTreeMap<i32, Vec<i64>>> {
    let of_day = prop::collection::vec(0_i64..1_000_000_000, 3);
    prop::collection::btree_map(0..6_i32, of_day, 0..6)
}

proptest! {
    /// A3 of the invariants: whatever changes between statements, together they say the present.
    #[test]
    fn statements_together_say_what_the_taps_say(
        standings in prop::collection::vec(standing(), 1..6),
    ) {
        let earners = [agency("a"), agency("b"), Earner::City];
        let mut statements: Vec<Statement> = Vec::new();
        for (number, standing) in (0_i32..).zip(&standings) {
            let now: BTreeMap<ServiceDay, shares::Shares> = standing
                .iter()
                .map(|(day, minor)| {
                    let shares = earners.into_iter().zip(minor.iter().copied()).collect();
                    (ServiceDay::from_days(*day), shares)
                })
                .collect();
            let today = ServiceDay::from_days(number);
            statements.push(next(&statements, &(today..=today), &now).unwrap());
            let said = said(&statements).unwrap();
            for (day, earner) in (0..=number).flat_map(|day| earners.map(|of| (day, of))) {
                let day = ServiceDay::from_days(day);
                let of = |all: &BTreeMap<ServiceDay, shares::Shares>| {
                    all.get(&day).and_then(|shares| shares.get(&earner)).copied().unwrap_or(0)
                };
                prop_assert_eq!(of(&said), of(&now), "{} on {}", earner, day);
            }
        }
    }
}
