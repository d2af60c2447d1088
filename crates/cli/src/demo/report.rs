//! What the demo says at its end: to programs, to people, and to its own page.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anyhow::Result;
use serde::Serialize;
use units::{Balance, Currency};

use super::spool::Travel;
use crate::books::Books;

/// A whole morning and its books.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Report {
    city: String,
    day: String,
    seed: u64,
    riders: u64,
    taps: u64,
    permitted: u64,
    refused: u64,
    refused_by_reason: BTreeMap<String, u64>,
    honest_refused: u64,
    cheats: u64,
    cheats_refused: BTreeMap<String, u64>,
    cheats_let_pass: BTreeMap<String, u64>,
    /// Cheats that neither a gate refused nor settlement flagged. Must be 0.
    cheats_unnoticed: u64,
    pictures: u64,
    tickets: u64,
    #[serde(flatten)]
    books: Books,
    /// What the honest journeys cost by the plan; must be what was charged.
    expected_charged_minor: i64,
    validate_us_median: u64,
    stages_s: BTreeMap<&'static str, f64>,
    wall_s: f64,
}

impl Report {
    pub(super) fn new(
        (city, day, seed): (String, String, u64),
        travel: Travel,
        books: Books,
        settle_s: f64,
        wall_s: f64,
    ) -> Self {
        let let_pass: u64 = travel.cheats_let_pass.values().sum();
        let flagged: u64 = books.flagged_by_reason.values().sum();
        Self {
            city,
            day,
            seed,
            riders: travel.riders,
            taps: travel.taps,
            permitted: travel.permitted,
            refused: travel.refused,
            refused_by_reason: travel.refused_by_reason,
            honest_refused: travel.honest_refused,
            cheats: travel.cheats,
            cheats_refused: travel.cheats_refused,
            cheats_let_pass: travel.cheats_let_pass,
            cheats_unnoticed: let_pass.saturating_sub(flagged),
            pictures: travel.pictures,
            tickets: travel.tickets,
            books,
            expected_charged_minor: travel.expected_charged_minor,
            validate_us_median: travel.validate_us_median,
            stages_s: BTreeMap::from([
                ("register", travel.registering_s),
                ("travel", travel.travelling_s),
                ("upload_and_settle", settle_s),
            ]),
            wall_s,
        }
    }

    /// What the demo promises and did not come true. Where visitors have ridden since, nobody knows
    /// what all journeys together must cost.
    pub(super) fn broken_promises(&self, visited: bool) -> Vec<String> {
        let books = &self.books;
        let mut broken = Vec::new();
        let mut expect = |kept: bool, told: String| {
            if !kept {
                broken.push(told);
            }
        };
        expect(
            self.cheats_unnoticed == 0,
            format!("{} cheats went unnoticed", self.cheats_unnoticed),
        );
        expect(
            self.honest_refused == 0,
            format!("gates refused {} honest taps", self.honest_refused),
        );
        expect(
            books.recompute_equal,
            "the books are not what the taps say".to_owned(),
        );
        expect(
            books.ledger_sum_minor == 0,
            format!("the ledger sums to {}", books.ledger_sum_minor),
        );
        let set_aside: u64 = books.quarantined_by_reason.values().sum();
        expect(
            set_aside == 0,
            format!("settlement set {set_aside} records of the gates aside"),
        );
        expect(
            visited || books.charged_minor == self.expected_charged_minor,
            format!(
                "{} minor units were charged, the journeys cost {}",
                books.charged_minor, self.expected_charged_minor
            ),
        );
        broken
    }

    /// The morning for a person.
    ///
    /// # Errors
    /// Never in earnest: writing into a text does not fail.
    pub(super) fn lines(&self, currency: Currency) -> Result<String> {
        let mut lines = String::new();
        let books = &self.books;
        let charged = Balance::new(books.charged_minor, currency);
        writeln!(lines, "\nA morning in {}, {}", self.city, self.day)?;
        writeln!(
            lines,
            "  {:>7} riders, each with a key of their own",
            self.riders
        )?;
        writeln!(
            lines,
            "  {:>7} taps: {} permitted, {} refused ({} µs to decide one, median)",
            self.taps, self.permitted, self.refused, self.validate_us_median
        )?;
        for (reason, count) in &self.refused_by_reason {
            writeln!(lines, "  {count:>7}   {reason}")?;
        }
        let caught: u64 = self.cheats_refused.values().sum();
        let flagged: u64 = books.flagged_by_reason.values().sum();
        writeln!(
            lines,
            "  {:>7} tried to cheat: {caught} refused at the gate, {flagged} flagged by \
             settlement, {} unnoticed",
            self.cheats, self.cheats_unnoticed
        )?;
        writeln!(
            lines,
            "  {:>7} journeys, {} incomplete",
            books.journeys, books.incomplete
        )?;
        writeln!(lines, "  {:>7} charges, {charged} in all", books.charges)?;
        let same = if books.recompute_equal {
            "the same"
        } else {
            "DIFFERENT"
        };
        writeln!(
            lines,
            "  the ledger sums to {}; computed again from the taps it is {same}",
            books.ledger_sum_minor
        )?;
        writeln!(lines, "  in {:.1} s", self.wall_s)?;
        Ok(lines)
    }
}
