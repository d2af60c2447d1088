//! When lines run: `calendar.txt`, `trips.txt`, `stop_times.txt`, `frequencies.txt`.

use anyhow::Result;

use super::feed::{BUS, FIRST_DAY, Files, LAST_DAY, add};
use super::network::{Call, Line, Network};

/// Seconds a train takes for a kilometre, stops included: line 2 takes 77 minutes for its 42.4 km.
const METRO_SECS_PER_KM: u32 = 109;

/// Seconds a bus in the city takes for a kilometre, stops included: 15 km/h.
const BUS_SECS_PER_KM: u32 = 240;

/// Service: the same every day, as headways between the first and the last departure.
pub(crate) fn hours(network: &Network, files: &mut Files) -> Result<()> {
    let days = [
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
        "sunday",
    ];
    let mut header = vec!["service_id"];
    header.extend(days);
    header.extend(["start_date", "end_date"]);
    let mut row = vec!["daily"];
    row.extend(days.map(|_| "1"));
    row.extend([FIRST_DAY, LAST_DAY]);
    add(files, "calendar.txt", &header, [row])?;

    let mut trips = Vec::new();
    let mut times = Vec::new();
    let mut frequencies = Vec::new();
    for line in &network.lines {
        for (index, calls) in patterns(line).iter().enumerate() {
            let trip = format!("{}-{}", line.route_id, index + 1);
            let headsign = calls
                .last()
                .and_then(|call| network.stops.get(&call.stop_id))
                .map_or("", |stop| stop.name_en.as_str());
            let direction = (index % 2).to_string();
            trips.push([
                line.route_id.clone(),
                "daily".to_owned(),
                trip.clone(),
                headsign.to_owned(),
                direction,
            ]);
            times.extend(stop_times(line, &trip, calls));
            frequencies.push([
                trip,
                format!("{}:00", line.opens),
                format!("{}:00", line.closes),
                line.headway_secs.to_string(),
                "0".to_owned(),
            ]);
        }
    }
    let header = [
        "route_id",
        "service_id",
        "trip_id",
        "trip_headsign",
        "direction_id",
    ];
    add(files, "trips.txt", &header, trips)?;
    let header = [
        "trip_id",
        "arrival_time",
        "departure_time",
        "stop_id",
        "stop_sequence",
        "timepoint",
    ];
    add(files, "stop_times.txt", &header, times)?;
    let header = [
        "trip_id",
        "start_time",
        "end_time",
        "headway_secs",
        "exact_times",
    ];
    add(files, "frequencies.txt", &header, frequencies)
}

/// The runs of a line: to each end and back. With branches, trains run from the start of the
/// trunk into a branch; the trunk alone is no run then.
fn patterns(line: &Line) -> Vec<Vec<Call>> {
    let Some((trunk, branches)) = line.branches.split_first() else {
        return Vec::new();
    };
    let mut ways = Vec::new();
    for branch in branches {
        let Some(joint) = branch.calls.first() else {
            continue;
        };
        let before = trunk
            .calls
            .iter()
            .take_while(|call| call.stop_id != joint.stop_id);
        ways.push(before.chain(&branch.calls).cloned().collect());
    }
    if ways.is_empty() {
        ways.push(trunk.calls.clone());
    }
    ways.into_iter()
        .flat_map(|way| [way.clone(), reversed(&way)])
        .collect()
}

/// The same stops the other way, each with the metres to its new next one.
fn reversed(calls: &[Call]) -> Vec<Call> {
    let metres = calls
        .iter()
        .rev()
        .skip(1)
        .map(|call| call.metres_to_next)
        .chain([0]);
    calls
        .iter()
        .rev()
        .zip(metres)
        .map(|(call, metres_to_next)| Call {
            stop_id: call.stop_id.clone(),
            metres_to_next,
        })
        .collect()
}

/// Times since the trip's start, from the distance at the network's usual speed: approximate,
/// and so marked (`timepoint` 0).
fn stop_times(line: &Line, trip: &str, calls: &[Call]) -> Vec<[String; 6]> {
    let per_km = if line.network == BUS {
        BUS_SECS_PER_KM
    } else {
        METRO_SECS_PER_KM
    };
    let mut metres = 0;
    let mut rows = Vec::new();
    for (index, call) in calls.iter().enumerate() {
        let secs = metres * per_km / 1_000;
        let time = format!("{:02}:{:02}:{:02}", secs / 3_600, secs / 60 % 60, secs % 60);
        rows.push([
            trip.to_owned(),
            time.clone(),
            time,
            call.stop_id.clone(),
            (index + 1).to_string(),
            "0".to_owned(),
        ]);
        metres += call.metres_to_next;
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calls(stops: &[(&str, u32)]) -> Vec<Call> {
        stops
            .iter()
            .map(|(id, metres)| Call {
                stop_id: (*id).to_owned(),
                metres_to_next: *metres,
            })
            .collect()
    }

    fn pairs(calls: &[Call]) -> Vec<(&str, u32)> {
        calls
            .iter()
            .map(|call| (call.stop_id.as_str(), call.metres_to_next))
            .collect()
    }

    #[test]
    fn the_way_back_has_the_same_sections() {
        let there = calls(&[("a", 100), ("b", 250), ("c", 0)]);
        assert_eq!(pairs(&reversed(&there)), [("c", 250), ("b", 100), ("a", 0)]);
        assert_eq!(pairs(&reversed(&reversed(&there))), pairs(&there));
    }

    #[test]
    fn times_grow_with_the_distance_and_are_approximate() {
        let network = Network::parse(
            "agency_id,name_zh,name_en,url\nx,甲,X,https://example.org/\n",
            "line,route_id,network,agency_id,route_type,name_zh,name_en,colour,text_colour,opens,\
             closes,headway_secs\n1,r1,metro,x,1,一,One,000000,FFFFFF,06:00,22:30,300\n",
            "line,branch,order,stop_id,name_zh,name_en,lat,lon,metres_to_next,metres_source,\
             opened\n\
             1,trunk,1,a,甲,A,30.00,120.00,2000,derived,\n\
             1,trunk,2,b,乙,B,30.01,120.00,,,\n",
        )
        .unwrap();
        let files = crate::city::feed::write(&network).unwrap();
        let text = String::from_utf8(files["stop_times.txt"].clone()).unwrap();
        // 2 km at 109 s each: 218 s.
        let expected = "trip_id,arrival_time,departure_time,stop_id,stop_sequence,timepoint\n\
                        r1-1,00:00:00,00:00:00,a,1,0\n\
                        r1-1,00:03:38,00:03:38,b,2,0\n\
                        r1-2,00:00:00,00:00:00,b,1,0\n\
                        r1-2,00:03:38,00:03:38,a,2,0\n";
        assert_eq!(text, expected);
    }
}
