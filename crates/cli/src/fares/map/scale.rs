//! Amounts to colours that people with any colour vision tell apart, on light and dark grounds.

use super::super::money::Money;

/// Nine steps of viridis (matplotlib, CC0), ends cut so that none melts into the ground. Lightness
/// rises from step to step, so that grey prints and every colour vision keep the order.
const COLOURS: [&str; 9] = [
    "#472d7b", "#3b528b", "#2c728e", "#21918c", "#28ae80", "#5ec962", "#9bd93c", "#d2e21b",
    "#f4e51e",
];

/// The classes of amounts, ascending.
pub(super) struct Scale {
    classes: Vec<Class>,
}

/// The amounts that have one colour.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Class {
    /// Minor units, both included.
    pub(super) from: i64,
    pub(super) to: i64,
    pub(super) colour: &'static str,
    pub(super) stops: usize,
}

impl Class {
    /// Its amounts, for a person.
    pub(super) fn label(&self, money: Money) -> String {
        if self.from == self.to {
            money.named(self.from)
        } else {
            format!("{} – {}", money.named(self.from), money.plain(self.to))
        }
    }
}

impl Scale {
    /// A class for each amount where there are at most nine, else nine of about equally many stops.
    pub(super) fn of(amounts: impl Iterator<Item = i64>) -> Self {
        let mut sorted: Vec<i64> = amounts.collect();
        sorted.sort_unstable();
        let mut distinct: Vec<(i64, usize)> = Vec::new();
        for amount in &sorted {
            match distinct.last_mut() {
                Some((known, count)) if known == amount => *count += 1,
                _ => distinct.push((*amount, 1)),
            }
        }
        let groups = if distinct.len() <= COLOURS.len() {
            distinct
                .iter()
                .map(|(amount, count)| (*amount, *amount, *count))
                .collect()
        } else {
            grouped(&distinct, sorted.len())
        };
        let last = groups.len().saturating_sub(1).max(1);
        let classes = groups
            .iter()
            .enumerate()
            .map(|(place, (from, to, stops))| Class {
                from: *from,
                to: *to,
                colour: COLOURS[place * (COLOURS.len() - 1) / last],
                stops: *stops,
            });
        Self {
            classes: classes.collect(),
        }
    }

    pub(super) fn classes(&self) -> &[Class] {
        &self.classes
    }

    /// The colour of an amount.
    pub(super) fn colour(&self, amount: i64) -> &'static str {
        let class = self.classes.iter().find(|class| amount <= class.to);
        class.map_or(COLOURS[0], |class| class.colour)
    }
}

/// Groups of neighbouring amounts, each with its share of the stops or more.
fn grouped(distinct: &[(i64, usize)], stops: usize) -> Vec<(i64, i64, usize)> {
    let mut groups: Vec<(i64, i64, usize)> = Vec::new();
    let mut counted = 0;
    for (amount, count) in distinct {
        let begun = groups.len();
        // A new group where those so far have their share.
        let opens =
            begun == 0 || (begun < COLOURS.len() && counted * COLOURS.len() >= stops * begun);
        match groups.last_mut() {
            Some((_, to, sum)) if !opens => {
                *to = *amount;
                *sum += count;
            }
            _ => groups.push((*amount, *amount, *count)),
        }
        counted += count;
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_amounts_have_a_colour_each() {
        let scale = Scale::of([300, 200, 300].into_iter());
        let classes: Vec<_> = scale
            .classes()
            .iter()
            .map(|c| (c.from, c.to, c.stops))
            .collect();
        assert_eq!(classes, [(200, 200, 1), (300, 300, 2)]);
        assert_eq!(
            (scale.colour(200), scale.colour(300)),
            (COLOURS[0], COLOURS[8])
        );
    }

    #[test]
    fn many_amounts_are_grouped_and_none_is_lost() {
        let scale = Scale::of((0..100).map(|step| step * 7));
        assert_eq!(scale.classes().len(), 9);
        assert_eq!(
            scale
                .classes()
                .iter()
                .map(|class| class.stops)
                .sum::<usize>(),
            100
        );
        assert!(
            scale
                .classes()
                .windows(2)
                .all(|two| two[0].to < two[1].from)
        );
    }
}
