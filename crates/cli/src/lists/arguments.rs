//! `faregate keys root` and `faregate deny`.

use std::path::PathBuf;

use clap::{Args, Subcommand, value_parser};

use crate::database::DatabaseArguments;
use crate::hot::RedisArguments;

/// Where lists are, and which keys sign roots.
#[derive(Args, Debug)]
pub struct RootArguments {
    /// The folder from which `serve --lists` serves.
    #[arg(long)]
    pub lists: PathBuf,
    /// Key files of root keys, made with `faregate keys new` and kept offline.
    #[arg(long = "root-key", required = true)]
    pub root_keys: Vec<PathBuf>,
    /// A file with the passphrase of every key file named here.
    #[arg(long)]
    pub passphrase_file: PathBuf,
    /// Prints a JSON object.
    #[arg(long)]
    pub json: bool,
}

/// Who signs what, from the new root on.
#[derive(Args, Debug)]
pub struct DelegationArguments {
    /// Key files of online keys, which sign snapshots (`serve --lists-key`).
    #[arg(long = "online-key", required = true)]
    pub online_keys: Vec<PathBuf>,
    /// Public root keys, base64url, whose holders sign elsewhere with `root sign`.
    #[arg(long = "root-public")]
    pub root_public: Vec<String>,
    /// How many distinct root keys must sign a root.
    #[arg(long, default_value_t = 1, value_parser = value_parser!(u8).range(1..=16))]
    pub threshold: u8,
    /// Days until the root is over.
    #[arg(long, default_value_t = 365, value_parser = value_parser!(u32).range(1..=3_650))]
    pub days: u32,
    /// Days until the online keys are over.
    #[arg(long, default_value_t = 30, value_parser = value_parser!(u32).range(1..=3_650))]
    pub online_days: u32,
}

/// `faregate keys root`.
#[derive(Subcommand, Debug)]
pub enum RootCommand {
    /// Makes the first root of a city. Gates are installed with it.
    Init {
        /// Folder and root keys.
        #[command(flatten)]
        root: RootArguments,
        /// The city's name in all its lists.
        #[arg(long)]
        city: String,
        /// Online keys, threshold, times.
        #[command(flatten)]
        delegation: DelegationArguments,
    },
    /// Makes the next root: later times, other online keys, other root keys.
    #[command(after_help = "\
The new root is signed by the keys named with --root-key; enough of the old root's keys and enough
of the new one's must be among them. Missing signatures are added with `faregate keys root sign`.

--new-era makes gates forget the versions that they hold. It is the way back after a thief has
signed lists with the last version there is: name other --online-key files and raise the era.")]
    Rotate {
        /// Folder and signing root keys.
        #[command(flatten)]
        root: RootArguments,
        /// Key files of the new root's keys; those of --root-key where left out.
        #[arg(long = "new-root-key")]
        new_root_keys: Vec<PathBuf>,
        /// Online keys, threshold, times.
        #[command(flatten)]
        delegation: DelegationArguments,
        /// Versions begin anew.
        #[arg(long)]
        new_era: bool,
    },
    /// Adds signatures to the root that waits for them.
    Sign {
        /// Folder and root keys.
        #[command(flatten)]
        root: RootArguments,
    },
}

/// `faregate deny`.
#[derive(Subcommand, Debug)]
pub enum DenyCommand {
    /// Denies a credential or ticket, and every live one of its account.
    Add {
        /// Where the books are.
        #[command(flatten)]
        database: DatabaseArguments,
        /// Where servers listen for it.
        #[command(flatten)]
        redis: RedisArguments,
        /// Its id (`cti`), a UUID.
        #[arg(long)]
        id: String,
        /// Why, for staff: one line.
        #[arg(long)]
        reason: String,
        /// Hours until it is lifted by itself.
        #[arg(long, value_parser = value_parser!(u32).range(1..=87_600))]
        hours: u32,
        /// Prints a JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Lifts a denial, and that of every code of the account.
    Lift {
        /// Where the books are.
        #[command(flatten)]
        database: DatabaseArguments,
        /// Where servers listen for it.
        #[command(flatten)]
        redis: RedisArguments,
        /// Its id (`cti`), a UUID.
        #[arg(long)]
        id: String,
        /// Prints a JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Lists the denied ids.
    List {
        /// Where the books are.
        #[command(flatten)]
        database: DatabaseArguments,
        /// Prints a JSON object.
        #[arg(long)]
        json: bool,
    },
}
