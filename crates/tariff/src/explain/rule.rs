//! Where what changed a fare stands in the city's files.

use crate::feed::FeedFile;
use crate::{Adjustment, AdjustmentKind, City, RuleRef};

/// The name and the row of the rule that an adjustment comes from. `city` is that of the tariff by
/// which the day was rated ([`City::in_force`]).
#[must_use]
pub fn rule_of(city: &City, adjustment: &Adjustment) -> (Option<String>, Option<RuleRef>) {
    let rules = city.extensions();
    let place = adjustment.place;
    let of = |name: Option<&String>, rule: Option<&RuleRef>| (name.cloned(), rule.cloned());
    match adjustment.kind {
        AdjustmentKind::Transfer | AdjustmentKind::Credit => {
            let row = u64::try_from(place).unwrap_or(u64::MAX);
            let file = match adjustment.kind {
                AdjustmentKind::Credit => FeedFile::LegRules,
                _ => FeedFile::TransferRules,
            };
            let file = city.path(file.name());
            (None, Some(RuleRef { file, row }))
        }
        AdjustmentKind::Concession => (
            None,
            rules.concessions.get(place).map(|row| row.rule.clone()),
        ),
        AdjustmentKind::OverTime => (None, rules.events.get(place).map(|row| row.rule.clone())),
        AdjustmentKind::ZoneTicket => {
            let ticket = rules.tickets.get(place);
            of(
                ticket.map(|ticket| &ticket.name),
                ticket.map(|ticket| &ticket.rule),
            )
        }
        AdjustmentKind::Window => {
            let window = rules.windows.get(place);
            of(
                window.map(|window| &window.name),
                window.map(|window| &window.rule),
            )
        }
        AdjustmentKind::HeldPass | AdjustmentKind::EarnedPass => {
            let pass = rules.passes.get(place);
            of(pass.map(|pass| &pass.name), pass.map(|pass| &pass.rule))
        }
        AdjustmentKind::Tier => {
            let tier = rules.tiers.get(place);
            let step = tier.and_then(|tier| tier.steps.get(adjustment.row));
            of(tier.map(|tier| &tier.name), step.map(|step| &step.rule))
        }
        AdjustmentKind::Cap => {
            let cap = rules.caps.get(place);
            let row = cap.and_then(|cap| cap.rows.get(adjustment.row));
            of(cap.map(|cap| &cap.name), row.map(|row| &row.rule))
        }
        AdjustmentKind::Alone => (None, None),
    }
}
