//! Running `faregate`, and a small city whose fares a person can add up.

use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use serde_json::Value;

/// The binary under test.
pub(crate) fn faregate() -> Command {
    Command::new(env!("CARGO_BIN_EXE_faregate"))
}

/// Runs to the end and reads the one JSON object on standard output.
pub(crate) fn json(command: &mut Command) -> Value {
    let output = command.output().unwrap();
    assert!(
        output.status.success(),
        "{command:?} failed: {}",
        text(&output.stderr)
    );
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", text(&output.stdout)))
}

/// Runs to the end, which must be a failure; gives back what it said.
pub(crate) fn failure(command: &mut Command) -> String {
    let Output { status, stderr, .. } = command.output().unwrap();
    assert!(!status.success(), "{command:?} succeeded");
    let said = text(&stderr);
    assert!(!said.contains("panicked"), "{said}");
    said
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Writes the city: stations `a`, `b`, `c` in a row, ¥2 next door, ¥3 two stops, maximum ¥9.
pub(crate) fn write_city(folder: &Path) {
    let gtfs = folder.join("gtfs");
    std::fs::create_dir_all(&gtfs).unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.join(name), text).unwrap();
    write(
        "city.toml",
        "name = \"Trial\"\ntime_zone = \"Asia/Shanghai\"\ncurrency = \"CNY\"\n\
         service_day_starts = \"03:00\"\ndefault_network = \"metro\"\n\
         [journey]\nlongest_minutes = 240\n\
         [incomplete]\npolicy = \"maximum_fare\"\nmaximum_minor = 900\n\
         [operator]\nname = \"Trial Metro\"\n\
         [[tap_on_only]]\nnetwork = \"bus\"\n",
    );
    write(
        "gtfs/agency.txt",
        "agency_id,agency_name,agency_url,agency_timezone\n\
         t,Trial Metro,https://example.org,Asia/Shanghai\n",
    );
    write(
        "gtfs/stops.txt",
        "stop_id,stop_name,stop_lat,stop_lon\n\
         a,Apple,30.1,120.1\nb,Birch,30.2,120.2\nc,Cedar,30.3,120.3\nq,Quince,30.4,120.4\n",
    );
    write(
        "gtfs/routes.txt",
        "route_id,agency_id,route_short_name,route_type\nm1,t,1,1\nb7,t,7,3\n",
    );
    write(
        "gtfs/networks.txt",
        "network_id,network_name\nmetro,Metro\nbus,Bus\n",
    );
    write(
        "gtfs/route_networks.txt",
        "network_id,route_id\nmetro,m1\nbus,b7\n",
    );
    write("gtfs/areas.txt", "area_id,area_name\na,A\nb,B\nc,C\n");
    write("gtfs/stop_areas.txt", "area_id,stop_id\na,a\nb,b\nc,c\n");
    write(
        "gtfs/fare_products.txt",
        "fare_product_id,fare_product_name,amount,currency\n\
         two,Two,2.00,CNY\nthree,Three,3.00,CNY\nride,Ride,1.50,CNY\n",
    );
    let mut rules = String::from("network_id,from_area_id,to_area_id,fare_product_id\n");
    for (from, to, product) in [
        ("a", "a", "two"),
        ("b", "b", "two"),
        ("c", "c", "two"),
        ("a", "b", "two"),
        ("b", "a", "two"),
        ("b", "c", "two"),
        ("c", "b", "two"),
        ("a", "c", "three"),
        ("c", "a", "three"),
    ] {
        writeln!(rules, "metro,{from},{to},{product}").unwrap();
    }
    rules += "bus,,,ride\n";
    write("gtfs/fare_leg_rules.txt", &rules);
}

/// The header of a file of taps.
pub(crate) const HEADER: &str = "tap_id,account_id,time,kind,stop_id,route_id,device_id\n";

/// Starts the command again and again and kills it (SIGKILL) a little later each time, until it
/// comes to its end by itself; gives back how many kills hit.
pub(crate) fn kill_ever_later(command: impl Fn() -> Command, first_ms: u64, step_ms: usize) -> u32 {
    let mut kills = 0;
    for wait_ms in (first_ms..).step_by(step_ms) {
        let mut child = command()
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(wait_ms));
        if child.try_wait().unwrap().is_some() {
            break;
        }
        child.kill().unwrap();
        child.wait().unwrap();
        kills += 1;
    }
    kills
}
