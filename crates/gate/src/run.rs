//! Puts the parts together: the core's thread, its inputs, and the tasks around it.

use std::fs::DirBuilder;
use std::io::ErrorKind;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use journal::{Media, Witness};
use units::Span;
use validator::{Language, NetworkCode, ZoneCode};

use crate::agent::{Agent, Held, Rules, Site, chain_start};
use crate::config::Config;
use crate::core::Core;
use crate::intake::{Intake, Next};
use crate::key::DeviceSigner;
use crate::lists::{DeniedBody, Keys, ListFolder, ListName};
use crate::media::FileMedia;
use crate::quarantine::Quarantine;
use crate::signed::{Here, InForce, SignedSyncer, Store};
use crate::station::{self, Gossip, Hot, Station, StationKey};
use crate::status::Status;
use crate::sync::Syncer;
use crate::upload::Uploader;
use crate::{boot_count, door, http, input, live, machine, tls};

/// Opens journal and lists as they are on disk.
///
/// # Errors
/// When the journal or a file of lists cannot be read. A list of the wrong form is reported and
/// left out: the server's next answer replaces it.
pub fn open(config: &Config) -> Result<Agent<FileMedia>> {
    let state = &config.gate.state;
    let named = || format!("gate.state {}", state.display());
    // Evidence is in there: what riders showed is nobody's business on this machine.
    let mut private = DirBuilder::new();
    let made = private.recursive(true).mode(0o700).create(state);
    made.with_context(named)?;
    let media = match FileMedia::open(&state.join("journal")) {
        Err(error) if error.kind() == ErrorKind::WouldBlock => {
            bail!("{}: another agent holds it", named())
        }
        media => media.with_context(named)?,
    };
    open_on(config, media)
}

/// As [`open`], with the journal on another medium.
///
/// # Errors
/// As [`open`].
pub fn open_on<M: Media>(config: &Config, media: M) -> Result<Agent<M>> {
    let site = Site {
        device: config.gate.device,
        gate: config.gate.id,
        stop: config.gate.stop,
        route: config.gate.route,
        network: NetworkCode::from_number(config.gate.network),
        zone: ZoneCode::from_number(config.gate.zone),
    };
    let hours = |hours: u16| Span::from_secs(i64::from(hours) * 3_600);
    let mut rules = Rules {
        policy: config.policy.to_policy(),
        keys_stale: hours(config.policy.keys_stale_hours),
        denied_stale: hours(config.policy.deny_list_stale_hours),
        refusals_per_minute: config.journal.refusals_per_minute,
        replay_slots: config.journal.replay_slots,
        keep: hours(config.journal.keep_days.saturating_mul(24)),
        unrecorded: config.unrecorded.to_rule(),
        clock: config.clock.to_rules(),
    };
    let found = load_signed(config)?;
    if let Some(in_force) = &found {
        // How long codes of the journal live is for the policy in force to say.
        rules.policy = *in_force.keys.validator.policy();
    }
    let mut salt = [0; 8];
    machine::fill(&mut salt)?;
    let options = journal::Options::new(site.device, chain_start, u64::from_ne_bytes(salt))
        .with_segment_bytes(config.journal.segment_kib.saturating_mul(1024))?;
    let door = door::from_config(&config.door, &config.passage)?;
    let snapshot = found.as_ref().and_then(|lists| lists.held.snapshot());
    let witness = witness(config)?;
    let (mut agent, report) = Agent::open(media, options, witness, (site, rules), door, snapshot)
        .context("the journal cannot be opened")?;
    let (taps, gaps) = (report.taps, report.gaps.len());
    tracing::info!(taps, gaps, epoch = ?report.new_epoch, "the journal is open");
    for gap in &report.gaps {
        tracing::error!(from = %gap.from, until = %gap.until, "taps are missing in the journal");
    }
    match found {
        Some(in_force) => agent.use_signed(in_force, machine::now()),
        None if config.lists.unsigned => load_lists(&mut agent, &config.gate.state, &rules)?,
        None => {}
    }
    Ok(agent)
}

/// What outside the journal's partition knows of it.
fn witness(config: &Config) -> Result<Witness> {
    let Some(file) = &config.journal.boot_count_file else {
        return Ok(Witness::NONE);
    };
    let raised = boot_count::raise(file);
    let count = raised.with_context(|| format!("journal.boot_count_file {}", file.display()))?;
    Ok(Witness::NONE.boot_count(count))
}

fn here(config: &Config) -> Here {
    Here {
        network: config.lists.network_id(),
        base: config.policy.to_policy(),
    }
}

fn signed_store(config: &Config) -> Result<Store> {
    Ok(Store::open(&config.gate.state.join("lists/signed"))?)
}

/// The signed lists that a restart finds.
fn load_signed(config: &Config) -> Result<Option<InForce>> {
    let Some(root) = config.lists.root() else {
        tracing::warn!("lists.unsigned: whoever the server is decides who rides");
        return Ok(None);
    };
    let found = signed_store(config)?.load(root, &here(config));
    found.context("lists.root")
}

fn load_lists<M: Media>(agent: &mut Agent<M>, state: &Path, rules: &Rules) -> Result<()> {
    let folder = ListFolder::open(&state.join("lists"))?;
    if let Some((body, confirmed)) = folder.load(ListName::IssuerKeys)? {
        match Keys::read(&body, rules.policy) {
            Ok(keys) => agent.use_keys(
                Held {
                    list: Arc::new(keys),
                    confirmed: confirmed.at(),
                },
                machine::now(),
            ),
            Err(error) => tracing::error!(%error, "the stored issuer keys are not used"),
        }
    }
    if let Some((body, confirmed)) = folder.load(ListName::DenyList)? {
        match DeniedBody::read(&body).and_then(|body| body.lay_down(&folder)) {
            Ok(denied) => agent.use_denied(Held {
                list: Arc::new(denied),
                confirmed: confirmed.at(),
            }),
            Err(error) => tracing::error!(%error, "the stored deny list is not used"),
        }
    }
    Ok(())
}

/// Begins to share with the other readers of the station, where the configuration names them.
///
/// # Errors
/// When the station's key cannot be read, its address cannot be listened at, or an address of
/// Redis is none.
pub fn share<M: Media>(
    config: &Config,
    agent: &mut Agent<M>,
    runtime: &tokio::runtime::Runtime,
    status: &Status,
) -> Result<()> {
    let Some(with) = &config.station else {
        return Ok(());
    };
    let _inside = runtime.enter();
    let key = StationKey::read(&with.key_file)?;
    let boot = station::next_start(&config.gate.state.join("station.start"), machine::now())
        .context("the number of this start cannot be kept")?;
    let counts = Arc::clone(status.station());
    let mut station = Station::new(key, config.gate.id, boot, with.budget(), counts);
    if let Some(listen) = with.listen {
        let gossip = Gossip::start(listen, with.peers.clone(), &station)
            .with_context(|| format!("station.listen {listen}"))?;
        station = station.with_gossip(gossip);
    }
    if !with.redis.is_empty() {
        let hot = Hot::start(&with.redis, with.redis_cluster, &station).context("station.redis")?;
        station = station.with_hot(hot);
    }
    agent.share(station);
    Ok(())
}

/// Starts every input.
///
/// # Errors
/// When one cannot be started.
pub fn start_inputs(config: &Config, intake: &Arc<Intake>, language: Language) -> Result<()> {
    let numbers = Arc::new(AtomicU64::new(1));
    for input in &config.inputs {
        let line = input::Line {
            intake: Arc::clone(intake),
            language,
            numbers: Arc::clone(&numbers),
        };
        let stopping = Arc::clone(intake);
        let alone = config.inputs.len() == 1;
        let ended = move || {
            // An agent that is fed by a pipe is done when the pipe is.
            if alone {
                stopping.stop();
            }
        };
        input::start(input, line, ended).with_context(|| format!("input {input:?}"))?;
    }
    Ok(())
}

/// Starts pages, upload and sync, where they are configured, and the end on SIGTERM or SIGINT.
///
/// # Errors
/// When the key cannot be read or a task cannot be made.
pub fn start_tasks(
    config: &Config,
    runtime: &tokio::runtime::Runtime,
    intake: &Arc<Intake>,
    status: &Arc<Status>,
) -> Result<()> {
    let core = Core::new(Arc::clone(intake));
    let _inside = runtime.enter();
    stop_on_signal(&core)?;
    if let Some(pages) = &config.http {
        let shown = http::Pages {
            core: core.clone(),
            status: Arc::clone(status),
        };
        http::start(pages.listen, shown)
            .with_context(|| format!("http.listen {}", pages.listen))?;
    }
    let Some(server) = &config.server else {
        return Ok(());
    };
    let client = tls::client(server)?;
    let uploader = Uploader {
        core: core.clone(),
        http: client.clone(),
        url: server.url.clone(),
        device: config.gate.device,
        signer: DeviceSigner::read(&config.gate.key_file)?,
        quarantine: Quarantine::of(&config.gate.state),
        timeout: server.timeout(),
        records_max: server.batch_records,
        every: Duration::from_millis(u64::from(server.upload_ms)),
        status: Arc::clone(status),
    };
    runtime.spawn(uploader.run());
    let every = Duration::from_secs(u64::from(server.sync_seconds));
    if let Some(root) = config.lists.root() {
        let store = signed_store(config)?;
        let (held, bytes) = store.load_held(root).context("lists.root")?;
        let syncer = SignedSyncer {
            core,
            status: Arc::clone(status),
            http: client,
            url: server.url.clone(),
            timeout: server.timeout(),
            store,
            here: here(config),
            every,
            held,
            bytes,
            in_force: None,
        };
        runtime.spawn(syncer.run());
        return Ok(());
    }
    let syncer = Syncer {
        core,
        http: client,
        url: server.url.clone(),
        timeout: server.timeout(),
        folder: ListFolder::open(&config.gate.state.join("lists"))?,
        policy: config.policy.to_policy(),
        every,
    };
    runtime.spawn(syncer.run());
    Ok(())
}

fn stop_on_signal(core: &Core) -> Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    for kind in [SignalKind::terminate(), SignalKind::interrupt()] {
        let (mut asked, core) = (signal(kind)?, core.clone());
        tokio::spawn(async move {
            asked.recv().await;
            tracing::info!("the agent is asked to end");
            core.intake().stop();
        });
    }
    Ok(())
}

/// The core: answers codes and does jobs until the intake stops.
pub fn serve(agent: &mut Agent<FileMedia>, intake: &Intake, status: &Status) {
    loop {
        match intake.next(Agent::<FileMedia>::tick_every()) {
            Next::Frame(frame) => {
                let answer = agent.scan(&frame.text, frame.kind, machine::now(), frame.watch);
                tracing::info!(reason = answer.reason(), took_us = answer.took_us, "scan");
                status.answered(&answer, || live::valid_for(&frame.text, machine::now()));
                if let Some(reply) = frame.reply {
                    // Who asked may have gone; the tap stands.
                    let _ = reply.try_send(answer);
                }
            }
            Next::Job(job) => job(agent),
            Next::Idle => {}
            Next::Stop => break,
        }
        agent.tick(machine::now());
    }
    agent.flush();
    let lost = agent.unrecorded();
    if lost > 0 {
        tracing::error!(
            lost,
            "riders passed without a record, and the journal still fails"
        );
    }
}
