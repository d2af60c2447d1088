//! 120,000 damaged feeds: no panic, a bounded report, and every error with its file.

use tariff::LoadReport;

use super::{Files, read, whole};

/// `SplitMix64`: numbers from a seed, the same everywhere.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(end.max(1)).unwrap()).unwrap()
    }
}

const CELLS: &[&str] = &[
    "",
    "0",
    "1",
    "2",
    "3",
    "9",
    "-1",
    "-0",
    "+1",
    "4294967295",
    "4294967296",
    "1e9",
    "NaN",
    "inf",
    "24:00:00",
    "24:00:01",
    "7:00",
    "99:99:99",
    "20260230",
    "00000000",
    "99991231",
    "x",
    "y",
    "g1",
    "\"",
    "\"\"",
    "a,b",
    "\t",
    "\u{0}",
    "\u{feff}",
    "\u{202e}",
    "ÿ",
    "0.005",
    ".5",
    "5.",
    "--5",
    "92233720368547758079",
    "-9223372036854775808",
    "9223372036854775807",
    "ZZZ",
    "KWD",
    "jpy",
];

fn damage(files: &mut Files, numbers: &mut Numbers) {
    let names: Vec<String> = files.keys().cloned().collect();
    let name = &names[numbers.below(names.len())];
    let kind = numbers.below(9);
    let bytes = files.get_mut(name).unwrap();
    let at = numbers.below(bytes.len());
    match kind {
        0 => bytes.truncate(at),
        1 => bytes[at] ^= 1 << numbers.below(8),
        2 => bytes[at] = u8::try_from(numbers.below(256)).unwrap(),
        3 => {
            bytes.remove(at);
        }
        4 => bytes.insert(at, b"\",\r\n\t\0\xEF\xFF"[numbers.below(8)]),
        5 => {
            files.remove(name);
        }
        6 => {
            // A row twice.
            let text = bytes.clone();
            let rows: Vec<&[u8]> = text.split_inclusive(|byte| *byte == b'\n').collect();
            bytes.extend_from_slice(rows[numbers.below(rows.len())]);
        }
        _ => {
            let text = String::from_utf8_lossy(bytes).into_owned();
            let mut rows: Vec<Vec<&str>> =
                text.lines().map(|row| row.split(',').collect()).collect();
            let row = numbers.below(rows.len());
            let Some(cells) = rows.get_mut(row) else {
                return;
            };
            let cell = numbers.below(cells.len());
            cells[cell] = CELLS[numbers.below(CELLS.len())];
            let rows: Vec<String> = rows.iter().map(|cells| cells.join(",")).collect();
            *bytes = (rows.join("\n") + "\n").into_bytes();
        }
    }
}

/// Feeds of the kinds there are: everything, the fare files alone, Fares v1 alone, places and days
/// alone. Fewer files each, so that damage comes to all of them and the run stays short.
fn bases() -> [Files; 4] {
    let only = |kept: &dyn Fn(&str) -> bool| -> Files {
        let files = whole().into_iter();
        files.filter(|(name, _)| kept(name)).collect()
    };
    let v1 = |name: &str| matches!(name, "fare_attributes.txt" | "fare_rules.txt");
    let fares = |name: &str| name.starts_with("fare_") && !v1(name);
    let places = |name: &str| matches!(name, "agency.txt" | "stops.txt" | "routes.txt");
    [
        whole(),
        only(&|name| fares(name) || name == "rider_categories.txt"),
        only(&|name| places(name) || v1(name)),
        only(&|name| !fares(name) && !v1(name)),
    ]
}

#[test]
fn damaged_feeds_do_no_harm() {
    let bases = bases();
    assert!(bases.iter().all(|base| read(base).is_ok()));
    let (mut loaded, mut refused) = (0u32, 0u32);
    let mut numbers = Numbers(16);
    for base in bases.iter().cycle().take(120_000) {
        let mut files = base.clone();
        for _ in 0..=numbers.below(3) {
            damage(&mut files, &mut numbers);
            if files.is_empty() || files.values().any(Vec::is_empty) {
                break;
            }
        }
        match read(&files) {
            Ok(feed) => {
                loaded += 1;
                assert!(feed.warnings().is_sound());
                // What loads is sound: each rule's product has a price or names its absence.
                for rule in &feed.leg_rules {
                    assert!(feed.ids.products.is_defined(rule.product));
                }
                for rule in &feed.transfer_rules {
                    let same = rule.from_leg_group == rule.to_leg_group;
                    assert!(same || rule.transfer_count.is_none());
                }
            }
            Err(report) => {
                refused += 1;
                assert!(!report.is_sound() && report.defects().len() <= LoadReport::DEFECTS_MAX);
                for defect in report.defects() {
                    assert!(files.contains_key(&defect.file), "{defect}");
                    assert!(
                        defect
                            .value
                            .as_ref()
                            .is_none_or(|value| value.chars().count() <= 80)
                    );
                }
            }
        }
    }
    // Both happen often, so that neither side of the loader goes untried.
    assert!(
        loaded > 10_000 && refused > 10_000,
        "{loaded} loaded, {refused} refused"
    );
}
