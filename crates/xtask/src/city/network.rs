//! The tables of facts, read and checked: agencies, lines, and the stops along them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::runs::branches;

/// The day whose network is generated: stations that opened later are passed without stopping.
/// The real gate records that the project measures with are of this month.
pub(crate) const NETWORK_DATE: &str = "2019-01-31";

/// A section longer than this (metres) is a slipped digit; the longest here crosses a river.
const SECTION_METRES_MAX: u32 = 10_000;

/// Who runs lines.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Agency {
    #[serde(rename = "agency_id")]
    pub(crate) id: String,
    pub(crate) name_zh: String,
    pub(crate) name_en: String,
    pub(crate) url: String,
}

/// A line: a GTFS route with its stops.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Line {
    /// As `network.csv` calls it.
    #[serde(rename = "line")]
    pub(crate) id: String,
    pub(crate) route_id: String,
    pub(crate) network: String,
    pub(crate) agency_id: String,
    pub(crate) route_type: u16,
    pub(crate) name_zh: String,
    pub(crate) name_en: String,
    pub(crate) colour: String,
    pub(crate) text_colour: String,
    /// First departure from the terminals, `HH:MM`.
    pub(crate) opens: String,
    /// Last departure from the terminals, `HH:MM`.
    pub(crate) closes: String,
    pub(crate) headway_secs: u32,
    /// The trunk first, then the branches in the order of the file.
    #[serde(skip)]
    pub(crate) branches: Vec<Branch>,
}

/// A run of stops: the trunk of a line, or a branch that begins with a stop of the trunk.
#[derive(Debug)]
pub(crate) struct Branch {
    pub(crate) name: String,
    /// Only stops that were open at [`NETWORK_DATE`].
    pub(crate) calls: Vec<Call>,
}

/// A stop of a branch, and how far it is to the next.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) stop_id: String,
    /// Metres along the track; 0 at the end of the branch.
    pub(crate) metres_to_next: u32,
}

/// Two neighbouring stops.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Section<'a> {
    pub(crate) from: &'a str,
    pub(crate) to: &'a str,
    pub(crate) metres: u32,
}

/// A stop, as GTFS will have it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Stop {
    pub(crate) name_zh: String,
    pub(crate) name_en: String,
    /// WGS 84 degrees, as the table writes them.
    pub(crate) lat: String,
    /// WGS 84 degrees, as the table writes them.
    pub(crate) lon: String,
}

/// All of it, checked.
#[derive(Debug)]
pub(crate) struct Network {
    pub(crate) agencies: Vec<Agency>,
    pub(crate) lines: Vec<Line>,
    /// By stop id; only those that were open.
    pub(crate) stops: BTreeMap<String, Stop>,
}

/// A row of `network.csv`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Row {
    pub(crate) line: String,
    pub(crate) branch: String,
    pub(crate) order: u32,
    pub(crate) stop_id: String,
    pub(crate) name_zh: String,
    pub(crate) name_en: String,
    pub(crate) lat: String,
    pub(crate) lon: String,
    pub(crate) metres_to_next: Option<u32>,
    pub(crate) metres_source: String,
    pub(crate) opened: String,
}

impl Line {
    /// The sections of all its branches.
    pub(crate) fn sections(&self) -> impl Iterator<Item = Section<'_>> {
        self.branches.iter().flat_map(|branch| {
            branch
                .calls
                .iter()
                .zip(branch.calls.iter().skip(1))
                .map(|(call, next)| Section {
                    from: &call.stop_id,
                    to: &next.stop_id,
                    metres: call.metres_to_next,
                })
        })
    }
}

impl Network {
    /// Reads the tables of a city's folder.
    ///
    /// # Errors
    /// The first defect, with file and row.
    pub(crate) fn read(folder: &Path) -> Result<Self> {
        let text = |name: &str| {
            let path = folder.join(name);
            fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))
        };
        Self::parse(
            &text("agencies.csv")?,
            &text("lines.csv")?,
            &text("network.csv")?,
        )
    }

    /// Reads the tables from text.
    ///
    /// # Errors
    /// The first defect, with file and row.
    pub(crate) fn parse(agencies: &str, lines: &str, network: &str) -> Result<Self> {
        let agencies: Vec<Agency> = table("agencies.csv", agencies)?;
        let mut lines: Vec<Line> = table("lines.csv", lines)?;
        check_lines(&agencies, &lines)?;
        let rows: Vec<Row> = table("network.csv", network)?;
        let stops = stops(&rows)?;
        for line in &mut lines {
            line.branches = branches(&line.id, &rows)?;
        }
        for (index, row) in rows.iter().enumerate() {
            let known = lines.iter().any(|line| line.id == row.line);
            ensure!(
                known,
                "{}: no line {:?} in lines.csv",
                place(index),
                row.line
            );
        }
        Ok(Self {
            agencies,
            lines,
            stops,
        })
    }
}

/// Where row `index` of `network.csv` is; the header is line 1.
pub(crate) fn place(index: usize) -> String {
    format!("network.csv line {}", index + 2)
}

fn table<T: DeserializeOwned>(name: &str, text: &str) -> Result<Vec<T>> {
    csv::Reader::from_reader(text.as_bytes())
        .deserialize()
        .collect::<Result<_, _>>()
        .with_context(|| format!("{name} does not read"))
}

fn check_lines(agencies: &[Agency], lines: &[Line]) -> Result<()> {
    let mut ids = BTreeSet::new();
    for line in lines {
        ensure!(ids.insert(&line.id), "lines.csv: line {} twice", line.id);
        ensure!(
            ids.insert(&line.route_id),
            "lines.csv: {} twice",
            line.route_id
        );
        let known = agencies.iter().any(|agency| agency.id == line.agency_id);
        ensure!(
            known,
            "lines.csv: no agency {:?} in agencies.csv",
            line.agency_id
        );
        let hours = line.opens < line.closes && is_shape(&line.opens, "dd:dd");
        ensure!(
            hours && is_shape(&line.closes, "dd:dd"),
            "lines.csv: line {} opens {:?} and closes {:?}, expected HH:MM in order",
            line.id,
            line.opens,
            line.closes
        );
        ensure!(
            line.headway_secs > 0,
            "lines.csv: line {} has no headway",
            line.id
        );
    }
    Ok(())
}

/// Whether `text` looks like `shape`, where `d` is a digit and all else itself.
fn is_shape(text: &str, shape: &str) -> bool {
    text.len() == shape.len()
        && text
            .bytes()
            .zip(shape.bytes())
            .all(|(byte, want)| match want {
                b'd' => byte.is_ascii_digit(),
                other => byte == other,
            })
}

/// Every stop once, its rows in agreement; those not open yet are left out.
fn stops(rows: &[Row]) -> Result<BTreeMap<String, Stop>> {
    let mut stops: BTreeMap<String, Stop> = BTreeMap::new();
    let mut names: BTreeMap<&str, &str> = BTreeMap::new();
    let mut open = BTreeSet::new();
    for (index, row) in rows.iter().enumerate() {
        check_row(row).with_context(|| place(index))?;
        let stop = Stop {
            name_zh: row.name_zh.clone(),
            name_en: row.name_en.clone(),
            lat: row.lat.clone(),
            lon: row.lon.clone(),
        };
        let first = stops
            .entry(row.stop_id.clone())
            .or_insert_with(|| stop.clone());
        ensure!(
            *first == stop,
            "{}: {} differs from an earlier row in name or coordinates",
            place(index),
            row.stop_id
        );
        for name in [row.name_zh.as_str(), row.name_en.as_str()] {
            let owner = names.entry(name).or_insert(&row.stop_id);
            ensure!(
                *owner == row.stop_id,
                "{}: {owner} is {name} too",
                place(index)
            );
        }
        if row.is_open() {
            open.insert(row.stop_id.clone());
        }
    }
    stops.retain(|id, _| open.contains(id));
    Ok(stops)
}

impl Row {
    /// Whether trains stopped here on this line at [`NETWORK_DATE`].
    pub(crate) fn is_open(&self) -> bool {
        self.opened.as_str() <= NETWORK_DATE
    }

    pub(crate) fn degrees(&self) -> Result<(f64, f64)> {
        let degrees = |text: &str, max: f64| match text.parse::<f64>() {
            Ok(value) if value.abs() <= max => Ok(value),
            _ => bail!("{text:?} is not degrees from -{max} to {max}"),
        };
        Ok((degrees(&self.lat, 90.0)?, degrees(&self.lon, 180.0)?))
    }
}

fn check_row(row: &Row) -> Result<()> {
    let good = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    ensure!(
        !row.stop_id.is_empty() && row.stop_id.bytes().all(good),
        "stop_id {:?}, expected a-z, 0-9 and -",
        row.stop_id
    );
    ensure!(
        !row.name_zh.is_empty() && !row.name_en.is_empty(),
        "a name is missing"
    );
    row.degrees()?;
    ensure!(
        row.opened.is_empty() || is_shape(&row.opened, "dddd-dd-dd"),
        "opened {:?}, expected YYYY-MM-DD or nothing",
        row.opened
    );
    let source = row.metres_source.as_str();
    match row.metres_to_next {
        None => ensure!(source.is_empty(), "metres_source {source:?} without metres"),
        Some(metres) => {
            ensure!(
                (1..=SECTION_METRES_MAX).contains(&metres),
                "metres_to_next {metres}, expected 1 to {SECTION_METRES_MAX}"
            );
            ensure!(
                matches!(source, "published" | "derived" | "estimated"),
                "metres_source {source:?}, expected published, derived or estimated"
            );
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const AGENCIES: &str = "agency_id,name_zh,name_en,url\nx,甲,X,https://example.org/\n";
    const LINES: &str = "line,route_id,network,agency_id,route_type,name_zh,name_en,colour,\
                         text_colour,opens,closes,headway_secs\n\
                         1,r1,metro,x,1,一,One,000000,FFFFFF,06:00,22:30,300\n";
    const HEADER: &str = "line,branch,order,stop_id,name_zh,name_en,lat,lon,metres_to_next,\
                          metres_source,opened\n";
    const GOOD: &str = "1,trunk,1,a,甲,A,30.00,120.00,1200,published,2012-11-24\n\
                        1,trunk,2,b,乙,B,30.01,120.00,1150,derived,2020-06-30\n\
                        1,trunk,3,c,丙,C,30.02,120.00,,,2012-11-24\n\
                        1,spur,1,c,丙,C,30.02,120.00,2000,derived,2012-11-24\n\
                        1,spur,2,d,丁,D,30.03,120.01,,,2012-11-24\n";

    fn parse(rows: &str) -> Result<Network> {
        Network::parse(AGENCIES, LINES, &format!("{HEADER}{rows}"))
    }

    #[test]
    fn a_station_that_is_not_open_yet_is_passed() {
        let network = parse(GOOD).unwrap();
        let sections: Vec<_> = network.lines[0].sections().collect();
        let section = |from, to, metres| Section { from, to, metres };
        assert_eq!(sections, [section("a", "c", 2350), section("c", "d", 2000)]);
        assert_eq!(network.stops.keys().collect::<Vec<_>>(), ["a", "c", "d"]);
    }

    #[test]
    fn each_defect_is_named() {
        for (from, to, message) in [
            (
                "trunk,2,b",
                "trunk,3,b",
                "network.csv line 3: order 3, expected 2",
            ),
            (
                "1200,published",
                ",",
                "network.csv line 2: metres_to_next is missing",
            ),
            (
                "1200,published",
                "900,published",
                "but the crow flies 1112 m",
            ),
            (
                "1200,published",
                "1200,guessed",
                "metres_source \"guessed\"",
            ),
            ("120.01,,", "120.01,5,derived", "metres after the last stop"),
            (
                "spur,1,c,丙,C,30.02",
                "spur,1,c,丙,C,30.03",
                "c differs from an earlier row",
            ),
            (
                "spur,1,c,丙,C,",
                "spur,1,e,戊,E,",
                "which the trunk does not have",
            ),
            (
                "spur,2,d,丁,D",
                "spur,2,a,甲,A",
                "a differs from an earlier row",
            ),
            ("spur,2,d,丁,D", "spur,2,d,丁,A", "a is A too"),
            ("1,trunk,1", "2,trunk,1", "order 2, expected 1"),
            ("3,c,丙,C,30.02,", "3,C,丙,C,30.02,", "stop_id \"C\""),
            ("2020-06-30", "30.6.2020", "expected YYYY-MM-DD"),
            ("30.01", "91", "not degrees"),
        ] {
            assert!(GOOD.contains(from), "{from}");
            let error = format!("{:#}", parse(&GOOD.replacen(from, to, 1)).unwrap_err());
            assert!(error.contains(message), "{from} -> {to}: {error}");
        }
    }

    #[test]
    fn a_line_has_each_stop_once() {
        let rows = GOOD.replace(
            "1,spur,2,d,丁,D,30.03,120.01",
            "1,spur,2,a,甲,A,30.00,120.00",
        );
        let rows = rows.replace("2000,derived", "2300,derived");
        let error = parse(&rows).unwrap_err().to_string();
        assert_eq!(error, "line 1 has a twice");
    }
}
