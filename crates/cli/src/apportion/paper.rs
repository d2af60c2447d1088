//! What one agency is given of a statement: a table (CSV) and a page to print (PDF).

use anyhow::Result;
use settlement::apportion::statement::Statement;
use tariff::City;
use units::Balance;

use super::archive::Total;
use crate::paper;

/// One line of the table.
struct Line {
    day: String,
    what: &'static str,
    minor: i64,
}

/// The table and the page of the earner of `total`.
///
/// # Errors
/// When a sum leaves 64 bits.
pub(super) fn of_earner(
    city: &City,
    statement: &Statement,
    total: &Total,
) -> Result<(Vec<u8>, Vec<u8>)> {
    let lines = lines(statement, &total.earner)?;
    Ok((table(city, &lines)?, page(city, statement, total, &lines)))
}

fn lines(statement: &Statement, earner: &str) -> Result<Vec<Line>> {
    let mut lines = Vec::new();
    for change in &statement.adjustments {
        if change.earner.to_string() == earner {
            lines.push(Line {
                day: change.day.to_string(),
                what: "adjustment",
                minor: change.minor()?,
            });
        }
    }
    for (day, shares) in &statement.shares {
        let own = shares.iter().find(|(of, _)| of.to_string() == earner);
        if let Some((_, minor)) = own {
            lines.push(Line {
                day: day.to_string(),
                what: "revenue",
                minor: *minor,
            });
        }
    }
    Ok(lines)
}

fn table(city: &City, lines: &[Line]) -> Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(["service_day", "what", "minor", "currency"])?;
    let currency = city.currency().to_string();
    for line in lines {
        let minor = line.minor.to_string();
        writer.write_record([
            line.day.as_str(),
            line.what,
            minor.as_str(),
            currency.as_str(),
        ])?;
    }
    Ok(writer.into_inner()?)
}

fn page(city: &City, statement: &Statement, total: &Total, lines: &[Line]) -> Vec<u8> {
    let money = |minor| Balance::new(minor, city.currency()).to_string();
    let head = [
        format!("{} - statement {}", city.name(), statement.number),
        total.name.clone(),
        format!("{} to {}", statement.days.start(), statement.days.end()),
        format!("Total: {}", money(total.minor)),
    ];
    let rows = lines.iter().map(|line| {
        vec![
            (0.0, line.day.clone()),
            (110.0, line.what.to_owned()),
            (240.0, money(line.minor)),
        ]
    });
    paper::document(&head, &rows.collect::<Vec<_>>())
}
