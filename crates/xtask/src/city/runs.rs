//! The rows of a line as runs of stops: in order, whole, and as long as they can be.

use std::collections::BTreeSet;

use anyhow::{Result, bail, ensure};

use super::network::{Branch, Call, Row, place};

/// Name of the branch that every other branch of a line leaves from.
const TRUNK: &str = "trunk";

/// Metres by which a section may be shorter than the crow flies: station points on maps are not
/// the middle of the platform.
const POINT_METRES_MAX: f64 = 130.0;

/// The trunk and branches of a line, each in order and whole, closed stations passed.
pub(crate) fn branches(line: &str, rows: &[Row]) -> Result<Vec<Branch>> {
    let mut branches: Vec<Branch> = Vec::new();
    let mine: Vec<(usize, &Row)> = rows
        .iter()
        .enumerate()
        .filter(|(_, row)| row.line == line)
        .collect();
    let mut names: Vec<&str> = mine.iter().map(|(_, row)| row.branch.as_str()).collect();
    names.dedup();
    ensure!(
        names.first() == Some(&TRUNK),
        "line {line} does not begin with its {TRUNK}"
    );
    for name in names {
        let run: Vec<(usize, &Row)> = mine
            .iter()
            .copied()
            .filter(|(_, row)| row.branch == name)
            .collect();
        check_run(&run)?;
        let calls = calls(&run);
        ensure!(
            calls.len() >= 2,
            "line {line}, {name}: fewer than two open stops"
        );
        if let (Some(trunk), Some(first)) = (branches.first(), calls.first()) {
            let joins = trunk.calls.iter().any(|call| call.stop_id == first.stop_id);
            ensure!(
                joins,
                "line {line}: branch {name} begins at {}, which the {TRUNK} does not have",
                first.stop_id
            );
        }
        ensure!(
            branches.iter().all(|branch| branch.name != name),
            "line {line}: the rows of {name} are not together"
        );
        branches.push(Branch {
            name: name.to_owned(),
            calls,
        });
    }
    check_stops_once(line, &branches)?;
    Ok(branches)
}

/// Orders count up from 1; every row but the last says how far it is, and can be right.
fn check_run(run: &[(usize, &Row)]) -> Result<()> {
    let mut wanted = 0;
    for (at, (index, row)) in run.iter().enumerate() {
        wanted += 1;
        ensure!(
            row.order == wanted,
            "{}: order {}, expected {wanted}",
            place(*index),
            row.order
        );
        match (run.get(at + 1), row.metres_to_next) {
            (None, None) => {}
            (None, Some(_)) => bail!("{}: metres after the last stop", place(*index)),
            (Some(_), None) => bail!("{}: metres_to_next is missing", place(*index)),
            (Some((_, next)), Some(metres)) => {
                let crow = crow_metres(row.degrees()?, next.degrees()?);
                ensure!(
                    f64::from(metres) >= crow - POINT_METRES_MAX,
                    "{}: {metres} m to {}, but the crow flies {crow:.0} m",
                    place(*index),
                    next.stop_id
                );
            }
        }
    }
    Ok(())
}

/// Open stops only; the metres to a closed one go on to the next that is open.
fn calls(run: &[(usize, &Row)]) -> Vec<Call> {
    let mut calls: Vec<Call> = Vec::new();
    for (_, row) in run {
        let metres_to_next = row.metres_to_next.unwrap_or(0);
        if row.is_open() {
            calls.push(Call {
                stop_id: row.stop_id.clone(),
                metres_to_next,
            });
        } else if let Some(before) = calls.last_mut() {
            before.metres_to_next += metres_to_next;
        }
    }
    if let Some(last) = calls.last_mut() {
        last.metres_to_next = 0;
    }
    calls
}

/// No line serves a stop twice, but for the first of a branch, which is the trunk's.
fn check_stops_once(line: &str, branches: &[Branch]) -> Result<()> {
    let mut seen = BTreeSet::new();
    for (index, branch) in branches.iter().enumerate() {
        for call in branch.calls.iter().skip(usize::from(index > 0)) {
            ensure!(
                seen.insert(&call.stop_id),
                "line {line} has {} twice",
                call.stop_id
            );
        }
    }
    Ok(())
}

/// Great-circle metres between two points of (latitude, longitude) degrees.
fn crow_metres(a: (f64, f64), b: (f64, f64)) -> f64 {
    const EARTH_RADIUS_METRES: f64 = 6_371_008.8;
    let half = |from: f64, to: f64| ((to - from).to_radians() / 2.0).sin().powi(2);
    let cosines = a.0.to_radians().cos() * b.0.to_radians().cos();
    let chord = cosines.mul_add(half(a.1, b.1), half(a.0, b.0));
    2.0 * EARTH_RADIUS_METRES * chord.sqrt().asin()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_crow_flies_a_degree_of_latitude_in_111_195_metres() {
        // Earth's mean radius x pi / 180.
        assert!((crow_metres((30.0, 120.0), (31.0, 120.0)) - 111_195.1).abs() < 0.1);
        assert!(crow_metres((30.0, 120.0), (30.0, 120.0)).abs() < 1e-6);
    }
}
