//! Rows in which two city packages differ.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use tariff::{CityFiles, RuleRef};

/// Rows that are named for one change at the most.
pub(super) const ROWS_NAMED_MAX: usize = 10;

/// A row that one package has and the other has not.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
pub(super) struct ChangedRow {
    /// The file, relative to the package.
    pub(super) file: String,
    /// Its line in the file; the header of a table is line 1.
    pub(super) row: u64,
    /// Which package has it: `old` or `new`.
    pub(super) only_in: &'static str,
    /// The line.
    pub(super) text: String,
}

/// The rows in which two tariffs differ, found by the ids in them.
#[derive(Debug, Default)]
pub(super) struct Changes {
    rows: Vec<ChangedRow>,
    /// By an id in the row: places in `rows`.
    by_id: BTreeMap<String, Vec<usize>>,
}

/// One package and the folder of the tariff in it.
#[derive(Clone, Copy)]
pub(super) struct Side<'p> {
    pub(super) files: &'p CityFiles,
    /// With `/` at its end; the whole package where it is empty.
    pub(super) folder: &'p str,
}

impl Side<'_> {
    /// The files of the folder: name in it to text.
    fn tables(&self) -> BTreeMap<&str, String> {
        let files = self.files.0.iter().filter_map(|(path, bytes)| {
            let name = path.strip_prefix(self.folder)?;
            Some((name, String::from_utf8_lossy(bytes).into_owned()))
        });
        files.collect()
    }

    /// The ids in the row that `rule` names.
    fn ids_of(&self, rule: &RuleRef) -> BTreeSet<String> {
        let Some(bytes) = self.files.0.get(&rule.file) else {
            return BTreeSet::new();
        };
        let text = String::from_utf8_lossy(bytes);
        let header = text.lines().next().unwrap_or_default();
        let row = usize::try_from(rule.row).unwrap_or(usize::MAX);
        let line = text.lines().nth(row.saturating_sub(1)).unwrap_or_default();
        ids(header, line).into_iter().collect()
    }
}

impl Changes {
    /// The rows in which the two differ.
    pub(super) fn between(old: Side<'_>, new: Side<'_>) -> Self {
        let mut changes = Self::default();
        let (old_tables, new_tables) = (old.tables(), new.tables());
        let names: BTreeSet<&str> = old_tables
            .keys()
            .chain(new_tables.keys())
            .copied()
            .collect();
        for name in names {
            let text = |tables: &BTreeMap<&str, String>| tables.get(name).cloned();
            let (was, is) = (
                text(&old_tables).unwrap_or_default(),
                text(&new_tables).unwrap_or_default(),
            );
            if was != is {
                changes.add(&format!("{}{name}", old.folder), "old", &was, &is);
                changes.add(&format!("{}{name}", new.folder), "new", &is, &was);
            }
        }
        changes
    }

    /// Adds the lines of `text` that `other` has not as often.
    fn add(&mut self, file: &str, only_in: &'static str, text: &str, other: &str) {
        let mut there: BTreeMap<&str, usize> = BTreeMap::new();
        for line in other.lines() {
            *there.entry(line).or_default() += 1;
        }
        let header = text.lines().next().unwrap_or_default();
        for (row, line) in (1..).zip(text.lines()) {
            match there.get_mut(line) {
                Some(left) if *left > 0 => *left -= 1,
                _ if line.is_empty() => {}
                _ => {
                    for id in ids(header, line) {
                        self.by_id.entry(id).or_default().push(self.rows.len());
                    }
                    self.rows.push(ChangedRow {
                        file: file.to_owned(),
                        row,
                        only_in,
                        text: line.to_owned(),
                    });
                }
            }
        }
    }

    /// The changed rows that `rules` name, or that share an id with one that they name.
    pub(super) fn behind(&self, rules: &[(Side<'_>, &RuleRef)]) -> Vec<ChangedRow> {
        let mut places: BTreeSet<usize> = BTreeSet::new();
        for (side, rule) in rules {
            let is_named = |row: &ChangedRow| row.file == rule.file && row.row == rule.row;
            places.extend(self.rows.iter().position(is_named));
            for id in side.ids_of(rule) {
                places.extend(self.by_id.get(&id).into_iter().flatten());
            }
        }
        let rows = places.into_iter().filter_map(|place| self.rows.get(place));
        rows.take(ROWS_NAMED_MAX).cloned().collect()
    }

    /// The first changed rows, whatever they are about.
    pub(super) fn first(&self) -> Vec<ChangedRow> {
        self.rows.iter().take(ROWS_NAMED_MAX).cloned().collect()
    }
}

/// The values of the columns whose names end with `id`; a file without a header has none.
fn ids(header: &str, line: &str) -> Vec<String> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(line.as_bytes());
    let cells = reader.records().next().and_then(Result::ok);
    let cells = cells.unwrap_or_default();
    header
        .split(',')
        .zip(&cells)
        .filter(|(column, cell)| column.trim().ends_with("id") && !cell.is_empty())
        .map(|(_, cell)| cell.to_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(products: &str, rules: &str) -> CityFiles {
        let tables = [
            ("fare_products.txt", products),
            ("fare_leg_rules.txt", rules),
        ];
        let tables = tables.map(|(name, text)| (format!("gtfs/{name}"), text.into()));
        CityFiles(tables.into_iter().collect())
    }

    #[test]
    fn a_price_is_found_from_the_rule_that_names_its_product() {
        let rules = "network_id,fare_product_id\nmetro,three\nbus,two\n";
        let header = "fare_product_id,amount,currency\n";
        let old = files(&format!("{header}two,2.00,CNY\nthree,3.00,CNY\n"), rules);
        let new = files(&format!("{header}two,2.00,CNY\nthree,3.50,CNY\n"), rules);
        let side = |files| Side {
            files,
            folder: "gtfs/",
        };
        let changes = Changes::between(side(&old), side(&new));
        let rule = |row| RuleRef {
            file: "gtfs/fare_leg_rules.txt".to_owned(),
            row,
        };
        let (metro, bus) = (rule(2), rule(3));
        let seen = changes.behind(&[(side(&old), &metro)]);
        let seen: Vec<_> = seen
            .iter()
            .map(|row| (row.row, row.only_in, &*row.text))
            .collect();
        assert_eq!(
            seen,
            [(3, "old", "three,3.00,CNY"), (3, "new", "three,3.50,CNY")]
        );
        assert_eq!(changes.behind(&[(side(&old), &bus)]), []);
        assert_eq!(changes.first().len(), 2);
        assert_eq!(Changes::between(side(&old), side(&old)).first(), []);
    }
}
