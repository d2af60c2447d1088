//! `faregate`: reads the command line and hands over to the library.

use clap::Parser as _;

fn main() -> std::process::ExitCode {
    cli::run(cli::Arguments::parse())
}
