//! The settlement file: every movement of the city's balance, with lines that do not match where
//! the seed says so.

use units::Timestamp;

use crate::faults::{Dice, Faults};
use crate::model::Movement;

/// A settlement file and what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettlementFile {
    /// The file: CSV with a line of names.
    pub csv: String,
    /// What was done to it, line by line.
    pub faults: Vec<WrongLine>,
}

/// A line that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrongLine {
    /// What is wrong with it.
    pub fault: FileFault,
    /// The payment concerned.
    pub payment: String,
    /// The line's category.
    pub category: &'static str,
    /// How much more than it should the file says by this line, each reference counted once.
    pub change: i64,
}

/// What is wrong with a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FileFault {
    /// It is not there.
    Left,
    /// It is there twice.
    Twice,
    /// Its amount is one minor unit too high.
    Amount,
    /// It is of a payment that nobody knows.
    Stranger,
}

pub(crate) fn write(
    movements: &[Movement],
    until: Timestamp,
    rates: &Faults,
    dice: &mut Dice,
) -> SettlementFile {
    let mut csv = "balance_transaction_id,created,reporting_category,source_id,\
                   payment_metadata[payment],gross,fee,net,currency\n"
        .to_owned();
    let mut faults = Vec::new();
    for movement in movements
        .iter()
        .filter(|movement| movement.created <= until)
    {
        let mut movement = movement.clone();
        let fault = dice.chance(rates.file).then(|| match dice.below(4) {
            0 => FileFault::Left,
            1 => FileFault::Twice,
            2 => FileFault::Amount,
            _ => FileFault::Stranger,
        });
        if let Some(fault) = fault {
            faults.push(WrongLine {
                fault,
                payment: movement.payment.clone(),
                category: movement.category,
                change: match fault {
                    FileFault::Left => -movement.gross,
                    FileFault::Amount => 1,
                    FileFault::Twice | FileFault::Stranger => 0,
                },
            });
        }
        let mut times = 1;
        match fault {
            Some(FileFault::Left) => times = 0,
            Some(FileFault::Twice) => times = 2,
            Some(FileFault::Amount) => movement.gross += 1,
            Some(FileFault::Stranger) => {
                csv.push_str(&line(&movement));
                movement.id.push_str("_stranger");
                "11111111-2222-5333-8444-555555555555".clone_into(&mut movement.payment);
            }
            None => {}
        }
        for _ in 0..times {
            csv.push_str(&line(&movement));
        }
    }
    SettlementFile { csv, faults }
}

fn line(movement: &Movement) -> String {
    let Movement {
        id,
        created,
        category,
        source,
        payment,
        gross,
        fee,
        currency,
    } = movement;
    let (created, net) = (created.as_secs(), gross - fee);
    format!("{id},{created},{category},{source},{payment},{gross},{fee},{net},{currency}\n")
}
