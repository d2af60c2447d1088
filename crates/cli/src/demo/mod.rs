//! `faregate demo`: a city's morning with every part real, then a page to try it.
//!
//! Registered phones make codes, gates decide, signed batches wait on disk (the *spool*), are
//! uploaded, settled and charged. Everything up to the spool follows from the seed; a start that
//! finds a finished spool goes on from there, one that finds an unfinished one begins anew.

mod cheats;
mod client;
mod dice;
mod gate;
mod live;
mod phone;
mod places;
mod plan;
mod report;
mod spool;
mod town;
mod travel;

use std::fs::File;
use std::path::PathBuf;

use anyhow::{Context as _, Result, bail, ensure};
use api::TapBatch;
use prost::Message as _;
use settlement::{charge, dump};
use tariff::City;
use tempfile::TempDir;
use units::{ServiceDay, Span};

use crate::arguments::DemoArguments;
use crate::output::Reader;
use crate::world::{Stopwatch, system_now};
use crate::{books, folder, progress};

use self::gate::Lists;
use self::phone::Phone;
use self::places::Places;
use self::plan::{Cheat, Plan};
use self::report::Report;
use self::spool::{Spool, Travel, write_durably};
use self::town::Town;
use self::travel::{Gates, travel};

/// Runs the demo; true when every promise came true.
///
/// # Errors
/// When a part of the city cannot be set up or does not answer.
pub(crate) async fn run(arguments: &DemoArguments) -> Result<bool> {
    let watch = Stopwatch::start();
    let city = folder::load_city(arguments.city.as_deref())?;
    let day = match &arguments.date {
        Some(text) => parse_day(text).context("--date")?,
        None => last_whole_morning(&city),
    };
    let home = Home::new(arguments.data.clone())?;
    let spool = Spool::open(home.path.join(SPOOL))?;
    let places = Places::new(&city);
    let riders = usize::try_from(arguments.riders)?;
    let plan = Plan::new(&city, &places, day, riders, arguments.seed);
    let mut gates = Gates::new(&places, arguments.seed);

    let made_from = format!(
        "{} {day} riders={riders} seed={}",
        city.name(),
        arguments.seed
    );
    let finished = spool.finished()?;
    if let Some(found) = &finished {
        ensure!(
            found.made_from == made_from,
            "{} holds another morning ({}); this would be {made_from}: name another --data",
            home.path.display(),
            found.made_from,
        );
    } else {
        spool.clear()?;
        home.forget_books()?;
    }
    let town = Town::start(&home.path, city, &plan, &gates, arguments).await?;
    let store = town.store.clone();
    let travelled = if let Some(travelled) = finished {
        travelled
    } else {
        let travelled = morning(&town, &plan, &mut gates, &spool, arguments.seed).await?;
        let travelled = Travel {
            made_from,
            ..travelled
        };
        spool.finish(&travelled)?;
        travelled
    };
    let settling = Stopwatch::start();
    upload(&town, &spool).await?;
    town.judge().await?;
    let scope = charge::day(day);
    books::bring_up_to_date(&town.store, &town.city, &scope, town.clock.now()).await?;
    let settle_s = settling.seconds();
    let books = books::read(&town.store, &town.city).await?;
    let text = dump::canonical(&town.store).await?;
    write_durably(&home.path.join("canonical-dump.txt"), text.as_bytes())?;

    let about = (town.city.name().to_owned(), day.to_string(), arguments.seed);
    let visited = spool.batches()?.len() > travelled.batches;
    let report = Report::new(about, travelled, books, settle_s, watch.seconds());
    Reader::of(arguments.json).print(&report, &report.lines(town.city.currency())?)?;
    let broken = report.broken_promises(visited);
    for promise in &broken {
        eprintln!("faregate: the demo did not keep its promise: {promise}");
    }
    if !arguments.once {
        resume(&mut gates, &spool)?;
        town.open_to_visitors(gates, spool, &report).await?;
    }
    store.close().await;
    Ok(broken.is_empty())
}

/// Registers every phone and lets the riders travel; the taps are on disk afterwards.
async fn morning(
    town: &Town,
    plan: &Plan,
    gates: &mut Gates,
    spool: &Spool,
    seed: u64,
) -> Result<Travel> {
    let watch = Stopwatch::start();
    let mut phones = Vec::with_capacity(plan.riders);
    let bar = progress::bar("phones register", u64::try_from(plan.riders).unwrap_or(0));
    for rider in 0..plan.riders {
        let cheat = plan.cheats.get(&rider).copied();
        // Whoever shows an expired credential fetched it long before.
        let early = if cheat == Some(Cheat::Expired) {
            2 * 86_400
        } else {
            0
        };
        town.clock.set(plan.dawn.minus(Span::from_secs(early)));
        let mut dice = dice::Dice::new(seed, plan::key_stream(rider));
        let phone = Phone::register(&town.client, &mut dice).await?;
        if cheat == Some(Cheat::Denied) {
            town.deny(phone.credential_id, plan.dawn).await?;
        }
        phones.push(phone);
        bar.inc(1);
    }
    bar.finish_and_clear();
    town.clock.set(plan.dawn);
    let registering_s = watch.seconds();

    let lists = Lists::new(
        town.client.issuer_keys().await?,
        town.client.deny_list().await?,
    )?;
    let mut travelled = travel(town, plan, &phones, gates, &lists, seed).await?;
    travelled.registering_s = registering_s;
    let batches = gates.all.iter_mut().flat_map(gate::Gate::take_batches);
    for (number, batch) in batches.enumerate() {
        spool.keep(number, &batch.encode_to_vec())?;
        travelled.batches = number + 1;
    }
    Ok(travelled)
}

/// Uploads every batch of the spool; the server knows those it has.
async fn upload(town: &Town, spool: &Spool) -> Result<()> {
    town.clock.set(town.clock.now().max(town.evening));
    let batches = spool.batches()?;
    let bar = progress::bar("gates upload", u64::try_from(batches.len()).unwrap_or(0));
    for path in batches {
        let bytes =
            std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        town.client
            .upload(bytes)
            .await
            .with_context(|| path.display().to_string())?;
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(())
}

/// Lets the gates go on where their batches on disk end.
fn resume(gates: &mut Gates, spool: &Spool) -> Result<()> {
    for path in spool.batches()? {
        let batch = TapBatch::decode(std::fs::read(&path)?.as_slice())
            .with_context(|| format!("{} is no batch", path.display()))?;
        for gate in &mut gates.all {
            gate.resume(&batch);
        }
    }
    Ok(())
}

/// A day on which codes can be made: their times are 32-bit seconds since 1970 (WIRE.md).
fn parse_day(text: &str) -> Result<ServiceDay> {
    let day = ServiceDay::parse(text)?;
    let (first, last) = (
        ServiceDay::parse("1971-01-01")?,
        ServiceDay::parse("2105-12-31")?,
    );
    ensure!(
        (first..=last).contains(&day),
        "expected a day from {first} to {last}, got {day}"
    );
    Ok(day)
}

/// Today where noon is past, else yesterday.
fn last_whole_morning(city: &City) -> ServiceDay {
    let now = system_now();
    let today = city.service_day(now);
    let (start, _) = city.day_bounds(today);
    if now.since(start) > Span::from_secs(10 * 3_600) {
        today
    } else {
        ServiceDay::from_days(today.as_days().saturating_sub(1))
    }
}

/// Where the books lie: the folder of `--data`, or one that is gone afterwards.
struct Home {
    path: PathBuf,
    _temporary: Option<TempDir>,
    /// Held while the demo runs: two in one folder would remove each other's books.
    _lock: Option<File>,
}

/// The files that an unfinished morning leaves and a new one begins without.
const BOOKS: [&str; 4] = [
    "faregate.db",
    "faregate.db-wal",
    "faregate.db-shm",
    "issuer.age",
];

/// What a demo keeps its batches in. Where it is missing, no demo made the folder's books.
const SPOOL: &str = "spool";

impl Home {
    fn new(named: Option<PathBuf>) -> Result<Self> {
        if let Some(path) = named {
            std::fs::create_dir_all(&path)
                .with_context(|| format!("cannot make the folder {}", path.display()))?;
            let others = BOOKS.iter().find(|name| path.join(name).exists());
            if let Some(name) = others
                && !path.join(SPOOL).exists()
            {
                bail!(
                    "{} holds a {name} that no demo made: name another --data",
                    path.display()
                );
            }
            let lock = File::create(path.join("demo.lock"))
                .with_context(|| format!("cannot write in {}", path.display()))?;
            lock.try_lock()
                .with_context(|| format!("another demo runs in {}", path.display()))?;
            return Ok(Self {
                path,
                _temporary: None,
                _lock: Some(lock),
            });
        }
        let temporary = tempfile::Builder::new()
            .prefix("faregate-demo-")
            .tempdir()?;
        Ok(Self {
            path: temporary.path().to_path_buf(),
            _temporary: Some(temporary),
            _lock: None,
        })
    }

    /// Removes the books of a morning that never came to its end.
    fn forget_books(&self) -> Result<()> {
        for name in BOOKS {
            match std::fs::remove_file(self.path.join(name)) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(error).context("cannot begin anew");
                }
                _ => {}
            }
        }
        Ok(())
    }
}
