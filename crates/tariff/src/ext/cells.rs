//! Reading the rows of one extension file: typed cells, every defect with its place.

use units::{AreaId, NetworkId, ProductId, StopId, TextId};

use super::{Known, Scope};
use crate::feed::NAME_BYTES_MAX;
use crate::feed::table::{Row, Table};
use crate::{CityFiles, LoadReport, RuleRef};

/// One row under reading. `good` turns false with the first defect of the row.
pub(crate) struct Cells<'a> {
    file: &'a str,
    row: &'a Row<'a>,
    known: &'a Known<'a>,
    report: &'a mut LoadReport,
    good: bool,
}

/// Reads every row of an optional extension file, like `fare_caps.txt`, with `row`; rows with a
/// defect are left out.
pub(crate) fn rows<T>(
    files: &CityFiles,
    file: &'static str,
    required: &[&str],
    known: &Known<'_>,
    report: &mut LoadReport,
    mut row: impl FnMut(&mut Cells<'_>) -> Option<T>,
) -> Vec<T> {
    let path = known.path(file);
    let mut all = Vec::new();
    let bytes = files.0.get(&path);
    let table = bytes.and_then(|bytes| Table::of(path.clone(), bytes, report));
    let Some(mut table) = table else { return all };
    for column in required {
        table.require(column, report);
    }
    while let Some(read) = table.next(report) {
        let mut cells = Cells {
            file: &path,
            row: &read,
            known,
            report,
            good: true,
        };
        if let Some(made) = row(&mut cells)
            && cells.good
        {
            all.push(made);
        }
    }
    all
}

impl Cells<'_> {
    /// The file and row.
    pub(crate) fn rule(&self) -> RuleRef {
        RuleRef {
            file: self.file.to_owned(),
            row: u64::from(self.row.line),
        }
    }

    pub(crate) fn text(&self, field: &str) -> &str {
        self.row.cell(field)
    }

    /// Whether the row has no defect so far: one that has is no earlier row for those after it.
    pub(crate) const fn is_good(&self) -> bool {
        self.good
    }

    /// Notes a defect of a cell.
    pub(crate) fn defect(&mut self, field: &str, expected: &str) {
        self.good = false;
        // A missing column is one defect of the header, not one more of every row.
        if self.row.has(field) || !self.row.cell(field).is_empty() {
            self.report.push(self.row.defect_of(field, expected));
        }
    }

    /// An amount of the city's currency with its ISO 4217 decimals, in minor units.
    pub(crate) fn amount(&mut self, field: &str) -> Option<i64> {
        let currency = self.known.currency?;
        if self.row.has("currency") && self.text("currency") != currency.code() {
            self.defect("currency", &format!("the city's currency {currency}"));
        }
        let digits = currency.minor_digits();
        let minor = super::money::parse_minor(self.text(field), digits);
        if minor.is_none_or(|minor| minor > AMOUNT_MINOR_MAX) {
            let expected = format!(
                "an amount of at least 0 with {digits} decimals ({currency}), \
                 at most {AMOUNT_MINOR_MAX} minor units"
            );
            self.defect(field, &expected);
            return None;
        }
        minor
    }

    /// An amount, or `None` for an empty cell.
    pub(crate) fn optional_amount(&mut self, field: &str) -> Option<i64> {
        if self.text(field).is_empty() {
            return None;
        }
        self.amount(field)
    }

    /// A whole number within `range`.
    pub(crate) fn number(&mut self, field: &str, range: std::ops::RangeInclusive<i64>) -> i64 {
        let text = self.text(field);
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        match text.parse::<i64>() {
            Ok(number) if digits && range.contains(&number) => number,
            _ => {
                let (from, to) = (range.start(), range.end());
                self.defect(field, &format!("a whole number from {from} to {to}"));
                *from
            }
        }
    }

    /// A whole number within `range`; an empty cell is `default`.
    pub(crate) fn number_or(
        &mut self,
        field: &str,
        default: i64,
        range: std::ops::RangeInclusive<i64>,
    ) -> i64 {
        if self.text(field).is_empty() {
            default
        } else {
            self.number(field, range)
        }
    }

    /// 0 or 1; an empty cell is `default`.
    pub(crate) fn flag(&mut self, field: &str, default: bool) -> bool {
        self.number_or(field, i64::from(default), 0..=1) == 1
    }

    /// An id that must be there.
    pub(crate) fn id(&mut self, field: &str) -> Option<TextId> {
        match TextId::new(self.text(field)) {
            Ok(id) => Some(id),
            Err(error) => {
                self.defect(field, &format!("an id ({error})"));
                None
            }
        }
    }

    /// An id that may be empty and else must be among `known`.
    fn optional<T, E>(
        &mut self,
        field: &str,
        parse: impl Fn(&str) -> Result<T, E>,
        is_known: impl Fn(&Known<'_>, &T) -> bool,
        expected: &str,
    ) -> Option<T> {
        if self.text(field).is_empty() {
            return None;
        }
        let id = parse(self.text(field))
            .ok()
            .filter(|id| is_known(self.known, id));
        if id.is_none() {
            self.defect(field, expected);
        }
        id
    }

    pub(crate) fn network(&mut self, field: &str) -> Option<NetworkId> {
        let expected = "a network of networks.txt or routes.txt";
        self.optional(
            field,
            NetworkId::new,
            |known, id| known.networks.contains(id),
            expected,
        )
    }

    /// An agency that must be there.
    pub(crate) fn agency(&mut self, field: &str) -> Option<TextId> {
        const EXPECTED: &str = "an agency_id of agency.txt";
        if self.text(field).is_empty() {
            self.defect(field, EXPECTED);
            return None;
        }
        let is_known = |known: &Known<'_>, id: &TextId| known.agencies.contains(id);
        self.optional(field, TextId::new, is_known, EXPECTED)
    }

    pub(crate) fn area(&mut self, field: &str) -> Option<AreaId> {
        self.optional(
            field,
            AreaId::new,
            |known, id| known.areas.contains(id),
            "an area of areas.txt",
        )
    }

    /// A stop that may be empty.
    pub(crate) fn optional_stop(&mut self, field: &str) -> Option<StopId> {
        self.optional(
            field,
            StopId::new,
            |known, id| known.stops.contains(id),
            "a stop of stops.txt",
        )
    }

    /// A stop that must be there.
    pub(crate) fn stop(&mut self, field: &str) -> Option<StopId> {
        if self.text(field).is_empty() {
            self.defect(field, "a stop of stops.txt");
            return None;
        }
        self.optional_stop(field)
    }

    pub(crate) fn category(&mut self, field: &str) -> Option<TextId> {
        let expected = "a category of rider_categories.txt";
        self.optional(
            field,
            TextId::new,
            |known, id| known.categories.contains(id),
            expected,
        )
    }

    pub(crate) fn medium(&mut self, field: &str) -> Option<TextId> {
        let expected = "a medium of fare_media.txt";
        self.optional(
            field,
            TextId::new,
            |known, id| known.media.contains(id),
            expected,
        )
    }

    pub(crate) fn timeframe(&mut self, field: &str) -> Option<TextId> {
        let expected = "a group of timeframes.txt";
        self.optional(
            field,
            TextId::new,
            |known, id| known.timeframes.contains(id),
            expected,
        )
    }

    /// A product id that may be empty. Any id: what prices a leg may be a row of an extension.
    pub(crate) fn product(&mut self, field: &str) -> Option<ProductId> {
        self.optional(field, ProductId::new, |_, _| true, "an id of a product")
    }

    /// The scope columns that every rule has: each empty cell means "anything".
    pub(crate) fn scope(&mut self) -> Scope {
        Scope {
            network: self.network("network_id"),
            from_area: self.area("from_area_id"),
            to_area: self.area("to_area_id"),
            timeframe: self.timeframe("from_timeframe_group_id"),
            product: self.product("fare_product_id"),
            category: self.category("rider_category_id"),
            medium: self.medium("fare_media_id"),
        }
    }

    /// A name for riders: the column `name_field`, else the id.
    pub(crate) fn name(&mut self, name_field: &str, id: &TextId) -> String {
        let name = self.text(name_field);
        if name.is_empty() {
            return id.as_str().to_owned();
        }
        let name = name.to_owned();
        if name.len() > NAME_BYTES_MAX {
            self.defect(
                name_field,
                &format!("a name of at most {NAME_BYTES_MAX} bytes"),
            );
        }
        name
    }
}

/// The largest amount of an extension file: 10^12 minor units, so that sums of a lifetime of taps
/// and products with 100 per cent stay far inside 64 bits.
pub(crate) const AMOUNT_MINOR_MAX: i64 = 1_000_000_000_000;
