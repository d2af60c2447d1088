//! Hangzhou's distance fare: the bands, and the shortest way between any two stations.

use std::collections::{BTreeMap, BTreeSet};

use super::network::Network;

/// The lowest fare in yuan: to where [`BANDS`] begin, and for leaving where one entered.
const LOWEST_YUAN: u32 = 2;

/// From here on (metres), each started so many metres cost one yuan more. The last has no end.
const BANDS: [(u32, u32); 3] = [(4_000, 4_000), (12_000, 6_000), (24_000, 8_000)];

/// The single fare in yuan for a ride of `metres` along the track.
///
/// ¥2 to 4 km, then ¥1 more for each started 4 km to 12 km, 6 km to 24 km, and 8 km beyond.
pub(crate) fn yuan(metres: u32) -> u32 {
    let mut yuan = LOWEST_YUAN;
    for (index, (from, step)) in BANDS.iter().enumerate() {
        let to = BANDS.get(index + 1).map_or(u32::MAX, |(next, _)| *next);
        if metres > *from {
            yuan += (metres.min(to) - from).div_ceil(*step);
        }
    }
    yuan
}

/// The shortest metres from each metro station to each, itself included (0).
pub(crate) type Distances = BTreeMap<String, BTreeMap<String, u32>>;

/// The shortest ways over all lines of `network_id`, changing where lines share a stop.
///
/// Changing costs no metres. Stations that cannot be reached from each other have no entry.
pub(crate) fn distances(network: &Network, network_id: &str) -> Distances {
    let mut edges: BTreeMap<&str, Vec<(&str, u32)>> = BTreeMap::new();
    for line in network
        .lines
        .iter()
        .filter(|line| line.network == network_id)
    {
        for section in line.sections() {
            edges
                .entry(section.from)
                .or_default()
                .push((section.to, section.metres));
            edges
                .entry(section.to)
                .or_default()
                .push((section.from, section.metres));
        }
    }
    edges
        .keys()
        .map(|from| ((*from).to_owned(), distances_from(from, &edges)))
        .collect()
}

/// Dijkstra's algorithm; the set is the queue, ordered by metres, then stop.
fn distances_from(from: &str, edges: &BTreeMap<&str, Vec<(&str, u32)>>) -> BTreeMap<String, u32> {
    let mut best: BTreeMap<String, u32> = BTreeMap::new();
    let mut queue = BTreeSet::from([(0, from)]);
    while let Some((metres, stop)) = queue.pop_first() {
        if best.contains_key(stop) {
            continue;
        }
        best.insert(stop.to_owned(), metres);
        for (next, length) in edges.get(stop).into_iter().flatten() {
            if !best.contains_key(*next) {
                queue.insert((metres + length, next));
            }
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bands_begin_and_end_where_the_rule_says() {
        // By hand: 2 to 4 km; 3 to 8, 4 to 12; 5 to 18, 6 to 24; 7 to 32, 8 to 40, 9 to 48.
        let edges = [
            (4_000, 2),
            (8_000, 3),
            (12_000, 4),
            (18_000, 5),
            (24_000, 6),
            (32_000, 7),
            (40_000, 8),
            (48_000, 9),
            (56_000, 10),
        ];
        for (metres, fare) in edges {
            assert_eq!(yuan(metres), fare, "{metres} m");
            assert_eq!(yuan(metres - 1), fare, "{} m", metres - 1);
            assert_eq!(yuan(metres + 1), fare + 1, "{} m", metres + 1);
        }
        assert_eq!(yuan(0), 2);
        assert_eq!(yuan(1), 2);
    }

    #[test]
    fn the_shortest_way_changes_lines_where_that_is_shorter() {
        // A ring of two lines: a-b-c-d (300 m) on one, a-e-d (250 m) on the other; f off d.
        let network = Network::parse(
            "agency_id,name_zh,name_en,url\nx,甲,X,https://example.org/\n",
            &lines(&["1", "2", "3"]),
            "line,branch,order,stop_id,name_zh,name_en,lat,lon,metres_to_next,metres_source,\
             opened\n\
             1,trunk,1,a,A,A,0,0,100,derived,\n\
             1,trunk,2,b,B,B,0,0.0008,100,derived,\n\
             1,trunk,3,c,C,C,0,0.0016,100,derived,\n\
             1,trunk,4,d,D,D,0,0.0022,,,\n\
             2,trunk,1,a,A,A,0,0,120,derived,\n\
             2,trunk,2,e,E,E,0,0.001,130,derived,\n\
             2,trunk,3,d,D,D,0,0.0022,,,\n\
             3,trunk,1,d,D,D,0,0.0022,1000,derived,\n\
             3,trunk,2,f,F,F,0,0.0100,,,\n",
        )
        .unwrap();
        let all = distances(&network, "metro");
        assert_eq!(all["a"]["d"], 250);
        assert_eq!(all["a"]["f"], 1250);
        assert_eq!(all["b"]["d"], 200);
        assert_eq!(all["b"]["e"], 220);
        assert_eq!(all["c"]["e"], 230);
        assert_eq!(all["a"]["a"], 0);
    }

    /// `lines.csv` of metro lines that differ in nothing but the name.
    fn lines(ids: &[&str]) -> String {
        let header = "line,route_id,network,agency_id,route_type,name_zh,name_en,colour,\
                      text_colour,opens,closes,headway_secs";
        let row =
            |id: &&str| format!("{id},r{id},metro,x,1,{id},{id},000000,FFFFFF,06:00,22:00,300");
        let rows: Vec<String> = ids.iter().map(row).collect();
        format!("{header}\n{}\n", rows.join("\n"))
    }
}
