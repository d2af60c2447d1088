//! Laws over generated rules and itineraries.

use proptest::prelude::*;
use tariff::fares::{Moment, Priced};
use units::{ServiceDay, Span};

use crate::support::{Ride, at, feed, minor, price};

/// Rows of the files of a small feed: three networks, areas, groups and products.
#[derive(Clone, Debug)]
struct Rows {
    amounts: [u32; 4],
    legs: Vec<(u8, u8, u8, u8, u8)>,
    transfers: Vec<(u8, u8, u8, u8, u8)>,
    has_priority: bool,
}

fn rows() -> impl Strategy<Value = Rows> {
    let leg = (0..3u8, 0..4u8, 0..4u8, 0..4u8, 0..4u8);
    let transfer = (0..3u8, 0..3u8, 0..4u8, 0..3u8, 0..5u8);
    (
        prop::array::uniform4(0..1000u32),
        prop::collection::vec(leg, 1..8),
        prop::collection::vec(transfer, 0..6),
        any::<bool>(),
    )
        .prop_map(|(amounts, legs, transfers, has_priority)| Rows {
            amounts,
            legs,
            transfers,
            has_priority,
        })
}

fn cell(prefix: &str, value: u8) -> String {
    if value == 0 {
        String::new()
    } else {
        format!("{prefix}{value}")
    }
}

impl Rows {
    /// Prices `rides`, amounts times `scale`, rows from the last where `reversed`.
    fn price(&self, rides: &[Ride], scale: u32, reversed: bool) -> Priced {
        let table = |header: &str, mut lines: Vec<String>| {
            lines.sort();
            lines.dedup();
            if reversed {
                lines.reverse();
            }
            format!("{header}\n{}\n", lines.join("\n"))
        };
        let products = (0..4usize)
            .map(|n| {
                let minor = self.amounts[n] * scale;
                format!("p{n},{}.{:02},EUR", minor / 100, minor % 100)
            })
            .collect();
        let legs = self.legs.iter().map(|(group, network, from, to, product)| {
            // A rule (its key columns and product) is in one leg group only.
            let group = (group + network + from + to + product) % 3;
            let priority = if self.has_priority {
                format!(",{}", (network + from) % 2)
            } else {
                String::new()
            };
            format!(
                "g{group},{},{},{},p{product}{priority}",
                cell("n", *network),
                cell("a", *from),
                cell("a", *to)
            )
        });
        let priority = if self.has_priority {
            ",rule_priority"
        } else {
            ""
        };
        let transfers = self
            .transfers
            .iter()
            .map(|(from, to, count, kind, product)| {
                let count = match (from == to, count) {
                    (false, _) => String::new(),
                    (true, 0) => "-1".to_owned(),
                    (true, count) => count.to_string(),
                };
                let product = if *product == 4 {
                    String::new()
                } else {
                    format!("p{product}")
                };
                format!("g{from},g{to},{count},3600,1,{kind},{product}")
            });
        let fares = feed(&[
            (
                "fare_products.txt",
                &table("fare_product_id,amount,currency", products),
            ),
            (
                "fare_leg_rules.txt",
                &table(
                    &format!(
                        "leg_group_id,network_id,from_area_id,to_area_id,fare_product_id{priority}"
                    ),
                    legs.collect(),
                ),
            ),
            (
                "fare_transfer_rules.txt",
                &table(
                    "from_leg_group_id,to_leg_group_id,transfer_count,duration_limit,\
                     duration_limit_type,fare_transfer_type,fare_product_id",
                    transfers.collect(),
                ),
            ),
            ("networks.txt", &table("network_id", names("n"))),
            ("areas.txt", &table("area_id", names("a"))),
            (
                "stop_areas.txt",
                &table(
                    "area_id,stop_id",
                    vec![
                        "a1,s1".into(),
                        "a2,s2".into(),
                        "a3,s3".into(),
                        "a1,s3".into(),
                    ],
                ),
            ),
        ]);
        price(&fares, rides, (None, None))
    }

    /// Transfer rules name groups of leg rules: each group has a rule that no ride matches.
    fn with_groups(mut self) -> Self {
        self.transfers.retain(|(from, to, ..)| {
            let has = |group: &u8| {
                self.legs.iter().any(|(g, network, from, to, product)| {
                    (g + network + from + to + product) % 3 == *group
                })
            };
            has(from) && has(to)
        });
        // One record per key (the file's primary key); only equal groups have a count.
        for (from, to, count, ..) in &mut self.transfers {
            *count = if from == to { *count } else { 0 };
        }
        let key = |(from, to, count, _, product): &mut (u8, u8, u8, u8, u8)| {
            (*from, *to, *count, *product)
        };
        self.transfers
            .sort_unstable_by_key(|(from, to, count, kind, product)| {
                (*from, *to, *count, *product, *kind)
            });
        self.transfers.dedup_by_key(key);
        // The same rule is not in two groups: groups are computed from the rest of the row.
        self.legs
            .sort_unstable_by_key(|(_, network, from, to, product)| {
                (*network, *from, *to, *product)
            });
        self.legs
            .dedup_by_key(|(_, network, from, to, product)| (*network, *from, *to, *product));
        self
    }
}

fn names(prefix: &str) -> Vec<String> {
    (1..4).map(|n| format!("{prefix}{n}")).collect()
}

fn rides() -> impl Strategy<Value = Vec<Ride>> {
    prop::collection::vec((0..4u8, 0..4u8, 0..4u8, 1..90u32), 1..7).prop_map(|legs| {
        let mut minute = 480;
        legs.into_iter()
            .map(|(network, from, to, wait)| {
                minute += wait;
                let time = |minute: u32| at("2025-01-15", &format!("00:{minute}"));
                Ride {
                    network: (network > 0).then(|| format!("n{network}")),
                    from: format!("s{from}"),
                    to: format!("s{to}"),
                    start: Some(time(minute)),
                    end: Some(time(minute + 5)),
                    ..Ride::default()
                }
            })
            .collect()
    })
}

fn later(moment: Option<Moment>, weeks: i32) -> Option<Moment> {
    moment.map(|moment| Moment {
        at: moment
            .at
            .plus(Span::from_secs(i64::from(weeks) * 7 * 86_400)),
        day: ServiceDay::from_days(moment.day.as_days() + 7 * weeks),
        ..moment
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// All amounts times a factor: the total times the factor.
    #[test]
    fn scaling_amounts_scales_totals(rows in rows(), rides in rides(), factor in 1..50u32) {
        let rows = rows.with_groups();
        let (plain, scaled) = (rows.price(&rides, 1, false), rows.price(&rides, factor, false));
        prop_assert_eq!(
            minor(&plain).map(|total| total * i64::from(factor)),
            minor(&scaled)
        );
        prop_assert_eq!(plain.status, scaled.status);
    }

    /// Whole weeks later, under the same calendar: nothing changes.
    #[test]
    fn weeks_do_not_matter(rows in rows(), rides in rides(), weeks in 1..60i32) {
        let rows = rows.with_groups();
        let shifted: Vec<Ride> = rides
            .iter()
            .map(|ride| Ride {
                start: later(ride.start, weeks),
                end: later(ride.end, weeks),
                ..ride.clone()
            })
            .collect();
        prop_assert_eq!(rows.price(&rides, 1, false), rows.price(&shifted, 1, false));
    }

    /// The order of rows in the files does not matter.
    #[test]
    fn rows_in_any_order(rows in rows(), rides in rides()) {
        let rows = rows.with_groups();
        let (one, other) = (rows.price(&rides, 1, false), rows.price(&rides, 1, true));
        prop_assert_eq!(one.total, other.total);
        prop_assert_eq!(one.status, other.status);
        prop_assert_eq!(&one.unpriced, &other.unpriced);
        let bought = |priced: &Priced| -> Vec<i64> {
            priced.lines.iter().map(|line| line.amount.as_minor()).collect()
        };
        prop_assert_eq!(bought(&one).iter().sum::<i64>(), bought(&other).iter().sum::<i64>());
    }
}
