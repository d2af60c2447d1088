//! Why a day costs something else.

use std::collections::BTreeMap;

use serde::Serialize;
use settlement::model::StoredJourney;
use settlement::shadow::ChangedDay;
use tariff::{City, CityFiles, RuleRef};
use units::ServiceDay;

use super::rows::{ChangedRow, Changes, Side};

/// Why a day costs something else.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(tag = "class", rename_all = "snake_case")]
pub(super) enum Cause {
    /// Another tariff of the packages is in force on that day.
    TariffVersion {
        /// Its first service day by the old package; null: that of `gtfs/`.
        old_since: Option<String>,
        /// The same by the new package.
        new_since: Option<String>,
    },
    /// The tariff in force on that day, or on an earlier day that counts, has other rows.
    RuleRow {
        /// Those behind the change, at most ten.
        rows: Vec<ChangedRow>,
    },
    /// No difference of the packages explains it.
    Unexplained {
        /// What this release makes of the taps by the tariff they were charged by.
        reproduced_minor: i128,
    },
}

impl Cause {
    /// The name of its class.
    pub(super) const fn class(&self) -> &'static str {
        match self {
            Self::TariffVersion { .. } => "tariff_version",
            Self::RuleRow { .. } => "rule_row",
            Self::Unexplained { .. } => "unexplained",
        }
    }
}

/// A package that a tariff was loaded from.
pub(super) struct Tariff {
    pub(super) city: City,
    pub(super) files: CityFiles,
}

/// The two packages, and in which rows they differ.
pub(super) struct Causes {
    pub(super) old: Tariff,
    pub(super) new: Tariff,
    /// By the folders of the tariffs in force.
    changes: BTreeMap<(String, String), Changes>,
    /// Of the whole packages.
    all: Changes,
}

impl Causes {
    pub(super) fn new(old: Tariff, new: Tariff) -> Self {
        let whole = |files| Side { files, folder: "" };
        Self {
            all: Changes::between(whole(&old.files), whole(&new.files)),
            old,
            new,
            changes: BTreeMap::new(),
        }
    }

    /// Why `changed` costs something else.
    pub(super) fn of(&mut self, changed: &ChangedDay) -> Cause {
        let unexplained = Cause::Unexplained {
            reproduced_minor: changed.reproduced_minor,
        };
        if !changed.is_reproduced() {
            return unexplained;
        }
        let (old_since, old_folder) = self.old.city.version(changed.day);
        let (new_since, new_folder) = self.new.city.version(changed.day);
        if old_since != new_since {
            let since = |day: Option<ServiceDay>| day.map(|day| day.to_string());
            return Cause::TariffVersion {
                old_since: since(old_since),
                new_since: since(new_since),
            };
        }
        let old = Side {
            files: &self.old.files,
            folder: old_folder,
        };
        let new = Side {
            files: &self.new.files,
            folder: new_folder,
        };
        let key = (old_folder.to_owned(), new_folder.to_owned());
        let in_force = self.changes.entry(key);
        let in_force = in_force.or_insert_with(|| Changes::between(old, new));
        let mut rules: Vec<(Side<'_>, &RuleRef)> = Vec::new();
        for journey in &changed.journeys {
            rules.extend(rules_of(journey.old.as_ref()).map(|rule| (old, rule)));
            rules.extend(rules_of(journey.new.as_ref()).map(|rule| (new, rule)));
        }
        let found = [in_force.behind(&rules), self.all.behind(&rules)];
        let found = found.into_iter().find(|rows| !rows.is_empty());
        // An earlier day of a window may have changed, or a table that no id leads to: the packages
        // differ, and nothing else does.
        let rows = found.unwrap_or_else(|| self.all.first());
        if rows.is_empty() {
            return unexplained;
        }
        Cause::RuleRow { rows }
    }
}

fn rules_of(journey: Option<&StoredJourney>) -> impl Iterator<Item = &RuleRef> {
    let lines = journey.map_or(&[][..], |journey| &journey.lines);
    lines.iter().filter_map(|line| line.rule.as_ref())
}
