//! A disk restored from a copy, on a gate that counts its starts elsewhere and sees no server.

use std::path::Path;

use crate::support::{Station, ticket};
use crate::upload::TCP;

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            std::fs::copy(&path, to.join(path.file_name().unwrap())).unwrap();
        }
    }
}

/// Shows a new ticket to a gate that is started for it; gives the tap's epoch and number.
fn ride(station: &Station, number: u64) -> (u64, u64) {
    let running = station.start();
    let answer = station.connect().ask(&ticket(number)).unwrap();
    assert_eq!(answer["reason"], "permitted", "{answer}");
    running.kill();
    let of = |field: &str| answer[field].as_u64().unwrap();
    (of("epoch"), of("seq"))
}

#[test]
fn a_restored_image_begins_a_new_epoch_at_once_where_starts_are_counted() {
    let station = Station::new(TCP, None);
    let count = station.path().join("starts");
    let config = station.path().join("gate.toml");
    let text = std::fs::read_to_string(&config).unwrap();
    let setting = format!(
        "segment_kib = 16\nboot_count_file = \"{}\"",
        count.display()
    );
    std::fs::write(&config, text.replace("segment_kib = 16", &setting)).unwrap();

    let journal = station.path().join("state/journal");
    let image = station.path().join("image");
    assert_eq!(ride(&station, 1).0, 1);
    copy(&journal, &image);
    // A restart is no restored image.
    let (epoch, seq) = ride(&station, 2);
    assert_eq!(epoch, 1);
    std::fs::remove_dir_all(&journal).unwrap();
    copy(&image, &journal);
    let (restored, _) = ride(&station, 3);
    assert!(
        restored > epoch,
        "{restored}: {seq} would have been given out twice"
    );
    assert_eq!(ride(&station, 4).0, restored);

    // A count that began anew would hide the next one: the agent says so and does not start.
    std::fs::write(&count, "1\n").unwrap();
    let output = station.command().output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        !output.status.success() && said.contains("boot count above"),
        "{said}"
    );
}
