//! `fare_od_matrix.csv` and `fare_od_classes.txt`: a fare for each pair of stops and class.

use std::collections::BTreeMap;

use units::{ProductId, StopId, TextId};

use super::cells;
use super::{Known, Ride, Scope};
use crate::{CityFiles, Defect, LoadReport, RuleRef};

const MATRIX: &str = "fare_od_matrix.csv";
const CLASSES: &str = "fare_od_classes.txt";

/// Classes of one matrix.
const CLASSES_MAX: usize = 64;

/// Fares by origin and destination.
#[derive(Clone, Debug, Default)]
pub struct OdMatrix {
    file: String,
    classes: Vec<Class>,
    stops: BTreeMap<StopId, u32>,
    /// (from, to) to the line in the file and the place of the first of its amounts.
    pairs: BTreeMap<(u32, u32), (u64, usize)>,
    /// The amounts of a pair, one for each class; `None` where the cell is empty.
    amounts: Vec<Option<i64>>,
}

/// One row of `fare_od_classes.txt`: a column of the matrix and whose it is.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Class {
    column: TextId,
    product: Option<ProductId>,
    scope: Scope,
}

/// What the matrix says of one ride.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OdFare {
    /// Minor units.
    pub amount: i64,
    /// `fare_product_id` of the class, else its column's name.
    pub product: ProductId,
    /// The column.
    pub class: TextId,
    /// The row of the matrix.
    pub rule: RuleRef,
}

impl OdMatrix {
    /// How many directed pairs have fares.
    #[must_use]
    pub fn pairs(&self) -> usize {
        self.pairs.len()
    }

    /// Whose the classes are.
    pub(super) fn scopes(&self) -> impl Iterator<Item = &Scope> + '_ {
        self.classes.iter().map(|class| &class.scope)
    }

    /// The least fare over the classes that hold `ride` (of equal ones the first class).
    #[must_use]
    pub fn price(&self, ride: &Ride<'_>, from: &StopId, to: &StopId) -> Option<OdFare> {
        let key = (*self.stops.get(from)?, *self.stops.get(to)?);
        let (row, place) = *self.pairs.get(&key)?;
        let amounts = self.amounts.get(place..)?;
        let (amount, class) = self
            .classes
            .iter()
            .zip(amounts)
            .filter(|(class, _)| class.scope.holds(ride))
            .filter_map(|(class, amount)| Some(((*amount)?, class)))
            .min_by_key(|(amount, _)| *amount)?;
        let product = match class.product {
            Some(product) => product,
            None => ProductId::new(class.column.as_str()).ok()?,
        };
        Some(OdFare {
            amount,
            product,
            class: class.column,
            rule: RuleRef {
                file: self.file.clone(),
                row,
            },
        })
    }
}

pub(super) fn read(files: &CityFiles, known: &Known<'_>, report: &mut LoadReport) -> OdMatrix {
    let mut columns = Vec::new();
    let classes = cells::rows(files, CLASSES, &["column"], known, report, |cells| {
        let column = cells.id("column");
        let product = cells.product("fare_product_id");
        let scope = Scope {
            product: None,
            ..cells.scope()
        };
        let column = column?;
        if matches!(
            column.as_str(),
            "from_stop_id" | "to_stop_id" | "both_directions"
        ) {
            cells.defect("column", "a column with fares");
        }
        columns.push(column);
        Some(Class {
            column,
            product,
            scope,
        })
    });
    if classes.len() > CLASSES_MAX {
        report.push(Defect::of_file(
            &known.path(CLASSES),
            format!("at most {CLASSES_MAX} classes"),
        ));
        return OdMatrix::default();
    }
    if classes.is_empty() {
        if files.0.contains_key(&known.path(MATRIX)) {
            report.push(Defect::of_file(
                &known.path(CLASSES),
                "a row for each column with fares",
            ));
        }
        return OdMatrix::default();
    }
    let mut required = vec!["from_stop_id", "to_stop_id"];
    required.extend(columns.iter().map(TextId::as_str));
    let mut matrix = OdMatrix {
        file: known.path(MATRIX),
        ..OdMatrix::default()
    };
    cells::rows(files, MATRIX, &required, known, report, |cells| {
        let (from, to) = (cells.stop("from_stop_id"), cells.stop("to_stop_id"));
        let both = cells.flag("both_directions", false);
        let amounts: Vec<Option<i64>> = classes
            .iter()
            .map(|class| cells.optional_amount(class.column.as_str()))
            .collect();
        let (from, to) = (matrix.number(from?), matrix.number(to?));
        let place = matrix.amounts.len();
        let row = cells.rule().row;
        let mut keys = vec![(from, to)];
        if both && from != to {
            keys.push((to, from));
        }
        for key in keys {
            if matrix.pairs.insert(key, (row, place)).is_some() {
                cells.defect("to_stop_id", "each pair of stops once");
            }
        }
        matrix.amounts.extend(amounts);
        Some(())
    });
    matrix.classes = classes;
    matrix
}

impl OdMatrix {
    fn number(&mut self, stop: StopId) -> u32 {
        let next = u32::try_from(self.stops.len()).unwrap_or(u32::MAX);
        *self.stops.entry(stop).or_insert(next)
    }
}
