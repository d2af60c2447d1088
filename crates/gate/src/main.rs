//! `faregate-gate`: reads the command line and the configuration, and runs the agent.

mod quarantine_command;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use clap::{Parser, Subcommand};
use gate::config::{Config, EXAMPLE};
use gate::core::Core;
use gate::intake::Intake;
use gate::key::DeviceSigner;
use gate::status::Status;
use gate::supervisor::Supervisor;
use gate::{machine, run};
use quarantine_command::QuarantineCommand;
use zeroize::Zeroizing;

/// The daemon of one reader: scans, decides, writes down, opens, uploads.
#[derive(Parser, Debug)]
#[command(version)]
struct Arguments {
    /// The configuration file.
    #[arg(long, default_value = "/etc/faregate-gate/config.toml")]
    config: PathBuf,
    /// How much to log, on standard error: `info`, `gate=debug`, …
    #[arg(long, default_value = "info")]
    log: String,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// The configuration.
    #[command(subcommand)]
    Config(ConfigCommand),
    /// The device's key.
    #[command(subcommand)]
    Key(KeyCommand),
    /// Taps that the server refused.
    #[command(subcommand)]
    Quarantine(QuarantineCommand),
    /// Reads the codes of a picture on standard input. The agent calls this itself.
    #[command(hide = true)]
    ReadPicture,
}

#[derive(Subcommand, Debug)]
enum ConfigCommand {
    /// Reads the file and says what is wrong with it.
    Check,
    /// Prints a configuration with every setting.
    Example,
}

#[derive(Subcommand, Debug)]
enum KeyCommand {
    /// Makes a key in a new file and prints its public half.
    New {
        /// The file.
        file: PathBuf,
    },
    /// Prints the public half of the key in a file.
    Show {
        /// The file.
        file: PathBuf,
    },
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match start(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say_error(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn start(arguments: &Arguments) -> Result<()> {
    match &arguments.command {
        Some(Command::Config(ConfigCommand::Example)) => say(EXAMPLE),
        Some(Command::Config(ConfigCommand::Check)) => {
            let doubts = read(arguments)?.doubts();
            say("The configuration is good.\n")?;
            doubts
                .iter()
                .try_for_each(|doubt| say(&format!("On this machine: {doubt}\n")))
        }
        Some(Command::Key(KeyCommand::New { file })) => {
            let mut seed = Zeroizing::new([0; 32]);
            machine::fill(seed.as_mut_slice())?;
            public_key(&DeviceSigner::create(file, &seed)?)
        }
        Some(Command::Key(KeyCommand::Show { file })) => public_key(&DeviceSigner::read(file)?),
        Some(Command::Quarantine(command)) => {
            say(&quarantine_command::run(&read(arguments)?, command)?)
        }
        Some(Command::ReadPicture) => {
            gate::input::picture::run(std::io::stdin().lock(), std::io::stdout().lock())
        }
        None => serve(arguments),
    }
}

fn read(arguments: &Arguments) -> Result<Config> {
    Config::read(&arguments.config).with_context(|| format!("{}", arguments.config.display()))
}

fn public_key(signer: &DeviceSigner) -> Result<()> {
    say(&format!("{}\n", api::Base64Url(signer.public_key())))
}

fn serve(arguments: &Arguments) -> Result<()> {
    let config = read(arguments)?;
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::try_new(&arguments.log)?)
        .with_writer(std::io::stderr)
        .init();
    for doubt in config.doubts() {
        tracing::warn!("{doubt}");
    }
    let mut agent = run::open(&config)?;
    let intake = Arc::new(Intake::default());
    let status = Arc::new(Status::new(
        config.gate.rider_language(),
        config.door.open_for(),
    ));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()?;
    run::share(&config, &mut agent, &runtime, &status)?;
    run::start_tasks(&config, &runtime, &intake, &status)?;
    run::start_inputs(&config, &intake, config.gate.rider_language())?;
    tell_supervisor(&runtime, Core::new(Arc::clone(&intake)))?;
    run::serve(&mut agent, &intake, &status);
    runtime.shutdown_background();
    Ok(())
}

/// Tells systemd that everything is started, and from then on that it lives.
#[expect(
    clippy::disallowed_methods,
    reason = "the supervisor speaks through variables, read once"
)]
fn tell_supervisor(runtime: &tokio::runtime::Runtime, core: Core) -> Result<()> {
    let Ok(address) = std::env::var("NOTIFY_SOCKET") else {
        return Ok(());
    };
    let supervisor = Supervisor::new(&address).context("NOTIFY_SOCKET")?;
    supervisor.say("READY=1");
    let allowed = std::env::var("WATCHDOG_USEC").ok();
    if let Some(micros) = allowed.and_then(|text| text.parse().ok()) {
        runtime.spawn(supervisor.keep_alive(core, Duration::from_micros(micros)));
    }
    Ok(())
}

fn say(text: &str) -> Result<()> {
    use std::io::Write as _;
    Ok(std::io::stdout().write_all(text.as_bytes())?)
}

fn say_error(text: &str) {
    use std::io::Write as _;
    // Where even this cannot be said, the exit code says it.
    drop(writeln!(std::io::stderr(), "faregate-gate: {text}"));
}
