//! A gate's decision, whole and in parts, against other libraries.

use std::hint::black_box;
use std::path::Path;
use std::process::Command;

use anyhow::Context as _;
use units::CredentialId;
use validator::{Decision, DenyIndex, FilterBlock, Policy, ReplayMemory, ReplaySlot, Validator};
use wire::text::CodeBuffer;
use wire::{Code, Issuer, IssuerKey, KeyTable, PreparedKey};

use crate::codes::{self, CODES, PLACE, Shown};
use crate::deny;
use crate::measure::{Alternative, Times, cold, hot, singles};
use crate::others::{self, two_signatures};
use crate::peers;
use crate::report::Row;

const DENIED: usize = 1_000_000;
/// Rounds of cold runs: each walks 80 MiB for each alternative.
const COLD_ROUNDS: usize = 101;
const SINGLES: usize = 20_000;

type Prepared = PreparedKey<Box<KeyTable>>;
type Denied = DenyIndex<Vec<CredentialId>, Vec<FilterBlock>>;

/// A gate of ours, and the codes shown to it, over and over.
struct Gate<'a, I> {
    validator: Validator<&'a [I]>,
    denied: &'a Denied,
    used: ReplayMemory<[ReplaySlot; 64]>,
}

impl<'a, I: Issuer> Gate<'a, I> {
    fn new(keys: &'a [I], denied: &'a Denied) -> anyhow::Result<Self> {
        Ok(Self {
            validator: Validator::new(keys, Policy::default())?,
            denied,
            used: ReplayMemory::new([ReplaySlot::EMPTY; 64]),
        })
    }

    fn permits(&mut self, codes: &[Shown], item: usize) -> bool {
        let Some(shown) = codes.get(item % codes.len()) else {
            return false;
        };
        if item.is_multiple_of(codes.len()) {
            // From the first code again: its day has come back, so the memory starts anew.
            self.used = ReplayMemory::new([ReplaySlot::EMPTY; 64]);
        }
        let text = shown.text.as_bytes();
        let decision = self
            .validator
            .validate(text, &PLACE, shown.at, self.denied, &mut self.used);
        matches!(decision, Decision::Permitted(permit) if permit.id == shown.id)
    }
}

/// What all measurements use.
struct World {
    key: IssuerKey,
    prepared: [Prepared; 1],
    tickets: Vec<Shown>,
    presentations: Vec<Shown>,
    denied: Denied,
}

/// All rows.
///
/// # Errors
/// When a verdict is wrong or a peer does not work.
pub(crate) fn rows(rounds: usize, avx512: Option<&Path>) -> anyhow::Result<Vec<Row>> {
    let world = world()?;
    let mut rows = Vec::new();
    rows.extend(ticket(&world, rounds)?);
    rows.push(presentation(&world, rounds)?.ratio_at_most(0.55));
    if let Some(program) = avx512 {
        rows.push(elsewhere(program, rounds)?);
    }
    rows.extend(parsing(&world, rounds)?);
    rows.extend(whole(&world, rounds)?);
    rows.extend(preparation(&world, rounds)?);
    rows.extend(deny::rows(rounds)?);
    rows.extend(distribution(&world)?);
    Ok(rows)
}

fn world() -> anyhow::Result<World> {
    let mut ids = Vec::with_capacity(DENIED);
    for number in 0..DENIED {
        ids.push(codes::id("denied", number)?);
    }
    ids.sort_unstable();
    let key = codes::issuer_key()?;
    Ok(World {
        prepared: [key.prepare(Box::new(KeyTable::EMPTY))?],
        key,
        tickets: codes::tickets()?,
        presentations: codes::presentations()?,
        denied: deny::index(ids)?,
    })
}

/// The presentation of this program built with dalek's AVX-512 backend, as that tells it.
fn elsewhere(program: &Path, rounds: usize) -> anyhow::Result<Row> {
    let output = Command::new(program)
        .args(["presentation", "--json", "--rounds", &rounds.to_string()])
        .output()
        .with_context(|| program.display().to_string())?;
    anyhow::ensure!(output.status.success(), "{}", program.display());
    let rows: serde_json::Value = serde_json::from_slice(&output.stdout)?;
    let number = |name: &str| {
        let value = rows.pointer(&format!("/0/{name}"));
        value.and_then(serde_json::Value::as_f64).context("number")
    };
    let name = "the same with dalek's avx512 backend, built apart";
    let row = Row::plain("presentation_avx512", name, number("ours")?, "µs");
    Ok(row
        .against(number("theirs")?, number("ratio")?)
        .ratio_at_most(0.40))
}

/// Both signatures of a presentation alone.
///
/// # Errors
/// When a verdict is wrong.
pub(crate) fn presentation_row(rounds: usize) -> anyhow::Result<Row> {
    presentation(&world()?, rounds)
}

fn micros(times: &Times) -> f64 {
    times.median() / 1000.0
}

fn compare(id: &'static str, what: &str, ours: &Times, theirs: &Times) -> Row {
    Row::plain(id, what, micros(ours), "µs").against(micros(theirs), ours.ratio_to(theirs))
}

fn ticket(world: &World, rounds: usize) -> anyhow::Result<Vec<Row>> {
    let codes = &world.tickets;
    let mut ours = Gate::new(&world.prepared, &world.denied)?;
    let generic_keys = [world.key];
    let mut generic = Gate::new(&generic_keys, &world.denied)?;
    let mut theirs = others::Gate::new(*world.key.public_key(), &world.denied);
    let mut alternatives: [(&str, Alternative<'_>); 3] = [
        ("ours", Box::new(|item| ours.permits(codes, item))),
        (
            "common stack",
            Box::new(|item| {
                if item.is_multiple_of(CODES) {
                    theirs.used.clear(); // As ours does: the first code's day has come back.
                }
                theirs.decide(&codes[item % CODES]).is_ok()
            }),
        ),
        (
            "ours, key not prepared",
            Box::new(|item| generic.permits(codes, item)),
        ),
    ];
    let times = hot(&mut alternatives, CODES, rounds)?;
    let lone = cold(&mut alternatives, COLD_ROUNDS)?;
    let name = "ticket: text → decision, against base45 + coset + ring";
    Ok(vec![
        compare("ticket_hot", name, &times[0], &times[1]).ratio_at_most(0.25),
        compare(
            "ticket_cold",
            "the same, cold: one after a walk over 80 MiB",
            &lone[0],
            &lone[1],
        )
        .ratio_at_most(0.30),
        compare(
            "ticket_hot_generic",
            "hot, key not prepared",
            &times[2],
            &times[1],
        ),
        compare(
            "ticket_cold_generic",
            "cold, key not prepared",
            &lone[2],
            &lone[1],
        ),
    ])
}

fn presentation(world: &World, rounds: usize) -> anyhow::Result<Row> {
    let parsed: Vec<Code<'_>> = world
        .presentations
        .iter()
        .map(|shown| wire::parse(&shown.bytes))
        .collect::<Result<_, _>>()?;
    let issuer = *world.key.public_key();
    let pairs = world
        .presentations
        .iter()
        .map(|shown| two_signatures(shown, issuer))
        .collect::<anyhow::Result<Vec<_>>>()?;
    let [prepared] = &world.prepared;
    let ring = |item: usize| {
        pairs[item % CODES].iter().all(|(key, message, signature)| {
            let key = ring::signature::UnparsedPublicKey::new(&ring::signature::ED25519, key);
            key.verify(message, signature).is_ok()
        })
    };
    let times = hot(
        &mut [
            (
                "ours",
                Box::new(|item| parsed[item % CODES].verify(prepared).is_ok()),
            ),
            ("ring", Box::new(ring)),
        ],
        CODES,
        rounds,
    )?;
    let name = "presentation: two signatures, against two of ring";
    Ok(compare("presentation", name, &times[0], &times[1]))
}

/// Text to claims, as a gate begins.
fn read_ours(shown: &Shown) -> Option<CredentialId> {
    let mut buffer = CodeBuffer::new();
    let bytes = wire::text::decode(shown.text.as_bytes(), &mut buffer).ok()?;
    let code = wire::parse(bytes).ok()?;
    Some(black_box(&code).id())
}

fn parsing(world: &World, rounds: usize) -> anyhow::Result<Vec<Row>> {
    let codes = &world.tickets;
    let ours = |item: usize| read_ours(&codes[item % CODES]) == Some(codes[item % CODES].id);
    let theirs = |item: usize| black_box(others::read(&codes[item % CODES].text)).is_ok();
    let times = hot(
        &mut [
            ("ours", Box::new(ours)),
            ("base45 + coset", Box::new(theirs)),
        ],
        CODES,
        rounds,
    )?;
    let name = "ticket: text → claims, no signature, against base45 + coset";
    let (mine, other) = (times[0].median(), times[1].median());
    let parse = Row::plain("parse", name, mine, "ns")
        .at_most(60.0)
        .against(other, times[0].ratio_to(&times[1]))
        .times_faster(40.0);

    let mut gate = Gate::new(&world.prepared, &world.denied)?;
    let counted = allocation_counter::measure(|| {
        for item in 0..CODES {
            black_box(gate.permits(codes, item));
        }
    });
    let other = allocation_counter::measure(|| {
        for shown in codes {
            drop(black_box(others::read(&shown.text)));
        }
    });
    let per_code = |count: u64| f64::from(u32::try_from(count).unwrap_or(u32::MAX)) / 256.0;
    let (mine, other) = (per_code(counted.count_total), per_code(other.count_total));
    let name = "allocations: a whole decision, against reading by base45 + coset";
    let none = Row::plain("allocations", name, mine, "")
        .at_most(0.0)
        .against(other, if other > 0.0 { mine / other } else { f64::NAN });
    Ok(vec![parse, none])
}

fn whole(world: &World, rounds: usize) -> anyhow::Result<Vec<Row>> {
    let codes = &world.tickets;
    let mut gate = Gate::new(&world.prepared, &world.denied)?;
    let (biscuit, paseto, jwt) = (
        peers::biscuit()?,
        peers::paseto()?,
        peers::json_web_token()?,
    );
    let run = |peer: &peers::Peer, item: usize| (peer.decide)(&peer.tokens[item % CODES]).is_ok();
    let times = hot(
        &mut [
            ("ours", Box::new(|item| gate.permits(codes, item))),
            ("biscuit-auth", Box::new(|item| run(&biscuit, item))),
            ("pasetors", Box::new(|item| run(&paseto, item))),
            ("jsonwebtoken", Box::new(|item| run(&jwt, item))),
        ],
        CODES,
        rounds,
    )?;
    let row = |id, name: &str, which: usize, min| {
        let what = format!("whole decision on a ticket, against {name}");
        compare(id, &what, &times[0], &times[which]).times_faster(min)
    };
    Ok(vec![
        row("against_biscuit", "biscuit-auth 6, authorized", 1, 6.0),
        row("against_pasetors", "pasetors, v4.public", 2, 5.0),
        row(
            "against_jsonwebtoken",
            "jsonwebtoken, EdDSA (aws-lc-rs)",
            3,
            3.0,
        ),
    ])
}

fn preparation(world: &World, rounds: usize) -> anyhow::Result<Vec<Row>> {
    let mut table = Box::new(KeyTable::EMPTY);
    let key = world.key;
    let prepare = |_| black_box(key.prepare(&mut *table)).is_ok();
    let times = hot(&mut [("prepare", Box::new(prepare))], 1, rounds)?;
    let bytes = u32::try_from(size_of::<KeyTable>()).context("size")?;
    Ok(vec![
        Row::plain("key_size", "prepared key", f64::from(bytes) / 1024.0, "KiB").at_most(130.0),
        Row::plain(
            "key_preparation",
            "to prepare it",
            times[0].median() / 1e6,
            "ms",
        )
        .at_most(1.0),
    ])
}

fn distribution(world: &World) -> anyhow::Result<Vec<Row>> {
    let mut tickets = Gate::new(&world.prepared, &world.denied)?;
    let mut presentations = Gate::new(&world.prepared, &world.denied)?;
    let mut ticket: Alternative<'_> = Box::new(|item| tickets.permits(&world.tickets, item));
    let ticket = singles(&mut ticket, SINGLES);
    let mut presentation: Alternative<'_> =
        Box::new(|item| presentations.permits(&world.presentations, item));
    let presentation = singles(&mut presentation, SINGLES);
    let row = |id, what: &str, times: &Times, part: f64| {
        Row::plain(id, what, times.quantile(part) / 1000.0, "µs")
    };
    Ok(vec![
        row(
            "ticket_p50",
            "ticket decision, one by one, p50",
            &ticket,
            0.5,
        ),
        row("ticket_p99", "ticket decision, p99", &ticket, 0.99),
        row("ticket_p999", "ticket decision, p99.9", &ticket, 0.999),
        row(
            "presentation_p50",
            "presentation decision, one by one, p50",
            &presentation,
            0.5,
        ),
        row(
            "presentation_p99",
            "presentation decision, p99",
            &presentation,
            0.99,
        ),
        row(
            "presentation_p999",
            "presentation decision, p99.9",
            &presentation,
            0.999,
        ),
    ])
}
