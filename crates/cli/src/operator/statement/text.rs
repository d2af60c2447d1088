//! A statement for its rider: lines of text, and the same lines as pages to print.

use tariff::City;
use units::Balance;

use super::{OfDay, Statement};
use crate::operator::explain::{journey_lines, request_line, tap_line};
use crate::paper;

/// Blanks before what belongs to the line above; on paper so many points each.
const POINTS_PER_BLANK: f32 = 5.0;

/// The statement in lines.
pub(super) fn lines(city: &City, statement: &Statement) -> Vec<String> {
    let mut lines = head(city, statement);
    lines.extend(body(city, statement));
    lines
}

/// The statement as a document (PDF).
pub(super) fn page(city: &City, statement: &Statement) -> Vec<u8> {
    let lines = body(city, statement).into_iter().flat_map(|line| {
        let text = line.trim_start();
        let blanks = line.len().saturating_sub(text.len());
        let blanks = u8::try_from(blanks).unwrap_or(u8::MAX);
        paper::paragraph(f32::from(blanks) * POINTS_PER_BLANK, text)
    });
    paper::document(&head(city, statement), &lines.collect::<Vec<_>>())
}

fn head(city: &City, statement: &Statement) -> Vec<String> {
    let money = |minor| Balance::new(minor, city.currency());
    let (fares, refunded) = (
        money(statement.fares_minor),
        money(statement.refunded_minor),
    );
    let (unpaid, uncharged) = (
        money(statement.unpaid_minor),
        money(statement.uncharged_minor),
    );
    vec![
        format!("{} - statement of travel", statement.city),
        format!("Rider {}", statement.account),
        format!("{} to {}", statement.first_day, statement.last_day),
        format!(
            "Fares {fares}, refunded {refunded}, charged {}",
            money(statement.charged_minor)
        ),
        format!(
            "Balance {}: not paid {unpaid}, not charged {uncharged}",
            money(statement.balance_minor)
        ),
    ]
}

fn body(city: &City, statement: &Statement) -> Vec<String> {
    let days = statement.days.iter().flat_map(|day| of_day(city, day));
    let mut lines: Vec<String> = days.collect();
    if !statement.payments.is_empty() {
        lines.extend([String::new(), "Payments".to_owned()]);
    }
    for paid in &statement.payments {
        let amount = Balance::new(paid.amount_minor, city.currency());
        lines.push(format!("  {}  {amount}  {}", paid.at, paid.because));
    }
    lines
}

fn of_day(city: &City, day: &OfDay) -> Vec<String> {
    let money = |minor| Balance::new(minor, city.currency());
    let mut lines = vec![
        String::new(),
        format!("{}  {}", day.day, money(day.fares_minor)),
    ];
    for journey in &day.explained.journeys {
        lines.push(String::new());
        let told = journey_lines(city, journey).into_iter();
        lines.extend(told.map(|line| format!("  {line}")));
    }
    for tap in &day.explained.not_priced {
        lines.push(format!("  {}", tap_line(tap)));
    }
    lines.push(String::new());
    for charge in &day.explained.charges {
        let amount = money(charge.amount_minor);
        lines.push(format!("  charge {amount}: {}", charge.because));
    }
    for request in &day.explained.requests {
        lines.push(format!("  {}", request_line(city, request)));
    }
    for cap in &day.caps {
        let (paid, limit) = (money(cap.paid_minor), money(cap.limit_minor));
        let who = match cap.member {
            0 => String::new(),
            member => format!(", companion {member}"),
        };
        let (name, since) = (&cap.name, &cap.since);
        lines.push(format!("  {name}{who}: {paid} of {limit} since {since}"));
    }
    lines
}
