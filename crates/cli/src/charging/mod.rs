//! `faregate charge`: collecting what riders owe, and everything staff ask about it.

pub(crate) mod arguments;
mod config;
mod files;
mod riders;
mod run;
mod status;

use anyhow::Result;

pub(crate) use config::read as read_config;

use arguments::ChargeCommand;

/// Runs one of the commands. False: there is something that staff have to look at.
///
/// # Errors
/// When the configuration, a file or the database cannot be read, or a file not be written.
pub(crate) async fn run(command: &ChargeCommand) -> Result<bool> {
    match command {
        ChargeCommand::Run(arguments) => run::run(arguments).await,
        ChargeCommand::Status(arguments) => status::run(arguments).await,
        ChargeCommand::Reconcile(arguments) => files::reconcile(arguments).await,
        ChargeCommand::Invoice(arguments) => files::invoice(arguments).await,
        ChargeCommand::Statement(arguments) => files::statement(arguments).await,
        ChargeCommand::Profile(arguments) => riders::profile(arguments).await,
        ChargeCommand::TopUp(arguments) => riders::top_up(arguments).await,
    }
}
