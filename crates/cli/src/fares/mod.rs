//! `faregate fares`: what travel costs by a city's rules, and why, without anybody charged.

pub(crate) mod arguments;
mod diff;
mod explain;
mod map;
mod money;
mod page;
mod quote;
mod taps;

use anyhow::Result;

use arguments::FaresCommand;

/// Does what is asked; false where the answer is not what a script hopes for.
///
/// # Errors
/// When a file cannot be used, with its place.
pub(crate) fn run(command: &FaresCommand) -> Result<bool> {
    match command {
        FaresCommand::Quote(arguments) => quote::run(arguments),
        FaresCommand::Explain(arguments) => explain::run(arguments),
        FaresCommand::Diff(arguments) => diff::run(arguments),
        FaresCommand::Map(arguments) => map::run(arguments),
    }
}
