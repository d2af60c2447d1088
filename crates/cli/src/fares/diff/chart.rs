//! How many riders' totals change by how much: bars in a terminal and on a page.

use std::fmt::Write as _;

use serde::Serialize;

use super::super::money::Money;
use super::tally::Deltas;

/// Bars to either side of no change.
const BARS_A_SIDE: i64 = 8;
/// Width of the longest bar in the terminal, in characters.
const WIDTH: u64 = 40;

/// Bars of equal width; the outermost hold everything beyond them too.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub(super) struct Chart {
    pub(super) bars: Vec<Bar>,
}

/// The riders whose change lies between two amounts.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub(super) struct Bar {
    /// Minor units, included; null is without end.
    pub(super) from_minor: Option<i64>,
    /// Minor units, included; null is without end.
    pub(super) to_minor: Option<i64>,
    pub(super) riders: u64,
}

impl Chart {
    /// A bar of its own for no change, and bars of a round width around it, so that 90 % of riders
    /// are within them.
    pub(super) fn of(deltas: &Deltas) -> Self {
        let (low, high) = (deltas.at(5, 100).min(0), deltas.at(95, 100).max(0));
        let most = high.max(low.saturating_neg()).max(1);
        let width = round_width(most.saturating_add(BARS_A_SIDE - 1) / BARS_A_SIDE);
        let place = |delta: i64| -> i64 {
            let bars = (delta.saturating_abs().saturating_add(width - 1)) / width;
            delta.signum() * bars.min(BARS_A_SIDE + 1)
        };
        let mut riders = [0_u64; 19];
        for (delta, count) in deltas.iter() {
            let at = usize::try_from(place(delta) + BARS_A_SIDE + 1).unwrap_or(0);
            if let Some(slot) = riders.get_mut(at) {
                *slot += count;
            }
        }
        let used = |(_, riders): &(i64, u64)| *riders > 0;
        let all: Vec<(i64, u64)> = (-BARS_A_SIDE - 1..).zip(riders).collect();
        let Some(first) = all.iter().position(used) else {
            return Self::default();
        };
        let last = all.iter().rposition(used).unwrap_or(first);
        let bars = all.get(first..=last).unwrap_or_default().iter();
        Self {
            bars: bars.map(|(at, riders)| bar(*at, width, *riders)).collect(),
        }
    }

    /// Lines of block characters.
    pub(super) fn lines(&self, money: Money) -> String {
        let most = self.bars.iter().map(|bar| bar.riders).max().unwrap_or(0);
        let labels: Vec<String> = self.bars.iter().map(|bar| bar.label(money)).collect();
        let longest = labels.iter().map(|text| text.chars().count()).max();
        let pad = longest.unwrap_or(0);
        let mut lines = String::new();
        for (bar, label) in self.bars.iter().zip(labels) {
            let eighths = (bar.riders * WIDTH * 8).checked_div(most).unwrap_or(0);
            let eighths = eighths.max(u64::from(bar.riders > 0));
            // Writing to a text cannot fail.
            let _ = writeln!(lines, "  {label:>pad$} {} {}", blocks(eighths), bar.riders);
        }
        lines
    }
}

impl Bar {
    /// The amounts it stands for, for a person.
    pub(super) fn label(&self, money: Money) -> String {
        let signed = |minor| money.signed(minor);
        match (self.from_minor, self.to_minor) {
            (Some(0), Some(0)) => "no change".to_owned(),
            (Some(from), Some(to)) if from == to => signed(from),
            (Some(from), Some(to)) => format!("{} to {}", signed(from), signed(to)),
            (None, Some(to)) => format!("{} or lower", signed(to)),
            (Some(from), None) => format!("{} or higher", signed(from)),
            (None, None) => "any".to_owned(),
        }
    }
}

fn bar(at: i64, width: i64, riders: u64) -> Bar {
    let far = at.saturating_abs().saturating_mul(width);
    let near = far.saturating_sub(width).saturating_add(1);
    let beyond = at.saturating_abs() > BARS_A_SIDE;
    let (from_minor, to_minor) = match at.signum() {
        0 => (Some(0), Some(0)),
        1 => (Some(near), (!beyond).then_some(far)),
        _ => ((!beyond).then_some(-far), Some(-near)),
    };
    Bar {
        from_minor,
        to_minor,
        riders,
    }
}

/// 1, 2 or 5 and noughts, at least `least`.
fn round_width(least: i64) -> i64 {
    let mut scale: i64 = 1;
    loop {
        for step in [1, 2, 5] {
            let width = scale.saturating_mul(step);
            if width >= least {
                return width;
            }
        }
        scale = scale.saturating_mul(10);
    }
}

/// A bar of so many eighths of a character.
fn blocks(eighths: u64) -> String {
    const PARTS: [char; 8] = [' ', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];
    let whole = usize::try_from(eighths / 8).unwrap_or(0);
    let mut bar = "█".repeat(whole);
    let part = usize::try_from(eighths % 8).unwrap_or(0);
    if part > 0 {
        bar.extend(PARTS.get(part));
    }
    bar
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart(changes: &[(i64, u64)]) -> Chart {
        let mut deltas = Deltas::default();
        for (delta, count) in changes {
            (0..*count).for_each(|_| deltas.add(*delta));
        }
        Chart::of(&deltas)
    }

    #[test]
    fn every_rider_is_in_one_bar() {
        let chart = chart(&[(-300, 2), (0, 50), (1, 3), (100, 40), (9_999, 1)]);
        let riders: u64 = chart.bars.iter().map(|bar| bar.riders).sum();
        assert_eq!(riders, 96);
        // 5 % of 96 is the 5th: 0; 95 % the 92nd: 100. 100 / 8 is 13, rounded up to 20.
        let bars: Vec<_> = chart.bars.iter().filter(|bar| bar.riders > 0).collect();
        let bounds: Vec<_> = bars
            .iter()
            .map(|bar| (bar.from_minor, bar.to_minor))
            .collect();
        assert_eq!(
            bounds,
            [
                (None, Some(-161)),
                (Some(0), Some(0)),
                (Some(1), Some(20)),
                (Some(81), Some(100)),
                (Some(161), None)
            ]
        );
    }

    #[test]
    fn lines_show_blocks_in_proportion() {
        let money = Money::of("CNY").unwrap();
        let lines = chart(&[(0, 4), (5, 1)]).lines(money);
        let lines: Vec<&str> = lines.lines().collect();
        assert_eq!(lines[0].matches('█').count(), 40, "{lines:#?}");
        let last = lines[lines.len() - 1];
        assert_eq!(last.matches('█').count(), 10, "{lines:#?}");
        assert!(chart(&[]).lines(money).is_empty());
    }
}
