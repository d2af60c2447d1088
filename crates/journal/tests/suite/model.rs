//! What must be there after a crash, kept as plain lists beside the real journal.

use journal::testing::{Fault, Medium, Numbers, chain_start};
use journal::{
    AppendError, Gap, Journal, Mode, Options, Outcome, Position, Record, Sabotage, Witness,
};
use units::DeviceId;

pub(crate) const DEVICE: DeviceId = DeviceId::from_bytes([0xd7; 16]);

/// One record as the model keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Item {
    Tap(Position, Vec<u8>),
    Note(Position, Outcome),
}

impl Item {
    pub(crate) fn of(record: Record<'_>) -> Self {
        match record {
            Record::Tap {
                position, payload, ..
            } => Self::Tap(position, payload.to_vec()),
            Record::Note { tap, outcome } => Self::Note(tap, outcome),
            other => panic!("unknown record {other:?}"),
        }
    }

    const fn is_tap(&self) -> bool {
        matches!(self, Self::Tap(..))
    }
}

/// Sizes and bug of one run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Setting {
    pub(crate) sector: u32,
    pub(crate) segment: u32,
    pub(crate) bug: Option<Sabotage>,
}

impl Setting {
    pub(crate) fn options(&self, salt: u64) -> Options {
        let options = Options::new(DEVICE, chain_start, salt)
            .with_sector_bytes(self.sector)
            .and_then(|options| options.with_segment_bytes(self.segment))
            .expect("sizes");
        match self.bug {
            Some(bug) => options.with_sabotage(bug),
            None => options,
        }
    }

    pub(crate) fn medium(&self) -> Medium {
        Medium::with_sector_bytes(usize::try_from(self.sector).expect("sector"))
    }
}

/// What may and must be found.
#[derive(Debug, Clone, Default)]
pub(crate) struct Model {
    /// Everything that was written, oldest first, also what was trimmed since.
    pub(crate) items: Vec<Item>,
    /// How many of them are durable: they must be there.
    pub(crate) durable: usize,
    /// Taps before this place may be gone: the server has them.
    pub(crate) acked_next: Option<Position>,
    /// Other things that were tried and may have reached the medium.
    pub(crate) ghosts: Vec<Vec<Item>>,
}

impl Model {
    /// Whether every record is there, in order and byte for byte, but for some that the server
    /// has.
    fn is_whole(&self, found: &[Item], written: &[Item]) -> bool {
        let mut rest = found;
        for item in written {
            match rest.split_first() {
                Some((first, later)) if first == item => rest = later,
                _ if self.is_acked(item) => {}
                _ => return false,
            }
        }
        rest.is_empty()
    }

    fn is_acked(&self, item: &Item) -> bool {
        let (Item::Tap(position, _) | Item::Note(position, _)) = item;
        self.acked_next.is_some_and(|next| *position < next)
    }

    /// Whether these records are a byte-exact run of what was written, with everything durable in
    /// it; gives how many items of which branch they end with.
    pub(crate) fn admits(&self, found: &[Item], next: Position) -> Result<Vec<Item>, String> {
        let branches = std::iter::once(&self.items).chain(&self.ghosts);
        for branch in branches {
            for until in self.durable..=branch.len() {
                let taps = branch[..until].iter().filter(|item| item.is_tap()).count();
                if next.seq() == taps as u64 && self.is_whole(found, &branch[..until]) {
                    return Ok(branch[..until].to_vec());
                }
            }
        }
        Err(format!(
            "found {found:?}, next {next}; durable {} of {:?}, acked before {:?}, ghosts {:?}",
            self.durable, self.items, self.acked_next, self.ghosts
        ))
    }
}

/// Opens and collects. Nothing is damaged in these tests, so a gap is a failure, unless the
/// server has it all: a stopped journal removes before it can write that down.
pub(crate) fn open(
    medium: Medium,
    setting: &Setting,
    salt: u64,
    acked_next: Option<Position>,
) -> Result<(Journal<Medium>, Vec<Item>), String> {
    let mut found = Vec::new();
    let options = setting.options(salt);
    let (journal, recovery) = Journal::open(medium, options, Witness::NONE, &mut |record| {
        found.push(Item::of(record));
    })
    .map_err(|error| format!("does not open: {error:?}"))?;
    let acked = |gap: &Gap| acked_next.is_some_and(|next| gap.until <= next);
    if !recovery.gaps.iter().all(acked) {
        return Err(format!("a gap where nothing was damaged: {recovery:?}"));
    }
    Ok((journal, found))
}

/// What opening would find, and the place of the next tap.
pub(crate) fn inspect(
    mut medium: Medium,
    setting: &Setting,
    salt: u64,
    acked_next: Option<Position>,
) -> Result<(Vec<Item>, Position), String> {
    let mut found = Vec::new();
    let recovery = Journal::inspect(&mut medium, &setting.options(salt), &mut |record| {
        found.push(Item::of(record));
    })
    .map_err(|error| format!("cannot be read: {error:?}"))?;
    let acked = |gap: &Gap| acked_next.is_some_and(|next| gap.until <= next);
    if !recovery.gaps.iter().all(acked) {
        return Err(format!("a gap where nothing was damaged: {recovery:?}"));
    }
    Ok((found, recovery.found_next.unwrap_or(Position::new(1, 0))))
}

/// One step of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Op {
    Append(usize),
    Note(Outcome),
    Sync,
    Acknowledge,
    Resume,
    /// The process is killed and starts again; the machine lives.
    Kill,
    /// The power is cut; a state is drawn by chance.
    PowerCut,
}

/// Told of every state of the medium that a crash may meet, and of what must then be found.
pub(crate) type Observer<'o> = dyn FnMut(&Medium, &Model) -> Result<(), String> + 'o;

/// A run: a journal, and its model beside it.
pub(crate) struct Run {
    pub(crate) setting: Setting,
    pub(crate) model: Model,
    pub(crate) numbers: Numbers,
    /// Planned for the first opening.
    pub(crate) fault: Option<Fault>,
    salt: u64,
}

impl Run {
    pub(crate) fn new(setting: Setting, seed: u64) -> Self {
        Self {
            setting,
            model: Model::default(),
            numbers: Numbers::new(seed),
            fault: None,
            salt: seed << 8,
        }
    }

    /// Opens, takes the steps up to the next restart, opens again, and so on. The observer sees
    /// the medium after each of its operations. Gives the medium at the end, and how many
    /// operations failed.
    pub(crate) fn play(
        &mut self,
        ops: &[Op],
        observe: &mut Observer<'_>,
    ) -> Result<Medium, String> {
        let mut medium = self.setting.medium();
        medium.plan(self.fault);
        let mut rest = ops;
        loop {
            medium.watch();
            let mut journal = self.begin(medium, observe)?;
            let mut restart = None;
            while let Some((op, later)) = rest.split_first() {
                rest = later;
                if matches!(op, Op::Kill | Op::PowerCut) {
                    restart = Some(*op);
                    break;
                }
                self.step(*op, &mut journal, observe)?;
            }
            medium = journal.into_media();
            match restart {
                None => return Ok(medium),
                Some(Op::Kill) => medium = medium.after_kill(),
                Some(_) => medium = self.cut(&medium),
            }
        }
    }

    fn begin(
        &mut self,
        medium: Medium,
        observe: &mut Observer<'_>,
    ) -> Result<Journal<Medium>, String> {
        self.salt += 1;
        let before = medium.clone();
        let (mut journal, found) =
            match open(medium, &self.setting, self.salt, self.model.acked_next) {
                // A medium that cannot be read: the caller tries again later.
                Err(why) if self.fault.is_some() && why.contains("Media(") => open(
                    before.after_kill(),
                    &self.setting,
                    self.salt,
                    self.model.acked_next,
                )?,
                other => other?,
            };
        self.model.items = self.model.admits(&found, journal.next())?;
        self.model.ghosts.clear();
        for state in journal.media_mut().take_watched() {
            observe(&state, &self.model)?;
        }
        if journal.mode() == Mode::Writing {
            self.model.durable = self.model.items.len();
        }
        Ok(journal)
    }

    fn cut(&mut self, medium: &Medium) -> Medium {
        let mut states = Vec::new();
        let seed = self.numbers.draw();
        medium.crash_states(seed, 16, 400, &mut |state| states.push(state));
        let chosen = self.numbers.below(states.len());
        states.swap_remove(chosen)
    }

    fn step(
        &mut self,
        op: Op,
        journal: &mut Journal<Medium>,
        observe: &mut Observer<'_>,
    ) -> Result<(), String> {
        // While the call runs: everything durable before it, and at most what it adds.
        let before = self.model.durable;
        let mut after = before;
        match op {
            Op::Append(length) => {
                let place = journal.next();
                let item = Item::Tap(place, self.payload(length));
                let Item::Tap(_, payload) = &item else {
                    unreachable!()
                };
                let outcome = journal.append(payload).map(|_| ());
                self.take(item, outcome)?;
            }
            Op::Note(outcome) => {
                let Some(tap) = journal.next().seq().checked_sub(1) else {
                    return Ok(());
                };
                let tap = Position::new(journal.next().epoch(), tap);
                let written = journal.note(tap, outcome);
                self.take(Item::Note(tap, outcome), written)?;
            }
            Op::Sync | Op::Resume => {
                let outcome = if op == Op::Sync {
                    journal.sync()
                } else {
                    journal.resume()
                };
                if outcome.is_ok() {
                    after = self.model.items.len();
                }
            }
            Op::Acknowledge => {
                let Some(last) = journal.durable_next().seq().checked_sub(1) else {
                    return Ok(());
                };
                let last = last
                    - self
                        .numbers
                        .below(3)
                        .min(usize::try_from(last).unwrap_or(0)) as u64;
                let last = Position::new(journal.next().epoch(), last);
                self.model.acked_next = self.model.acked_next.max(Some(last.next()));
                let _ = journal.acknowledge(last);
            }
            Op::Kill | Op::PowerCut => {}
        }
        for state in journal.media_mut().take_watched() {
            observe(&state, &self.model)?;
        }
        self.model.durable = after.max(self.proven(journal));
        observe(journal.media_mut(), &self.model)
    }

    /// The door opens for what the journal calls durable.
    fn proven(&self, journal: &Journal<Medium>) -> usize {
        let durable = journal.durable();
        let last =
            self.model.items.iter().rposition(
                |item| matches!(item, Item::Tap(position, _) if durable.covers(*position)),
            );
        last.map_or(self.model.durable, |last| self.model.durable.max(last + 1))
    }

    fn take(&mut self, item: Item, outcome: Result<(), AppendError>) -> Result<(), String> {
        match outcome {
            Ok(()) => self.model.items.push(item),
            Err(AppendError::Stopped(_)) => {
                let mut ghost = self.model.items.clone();
                ghost.push(item);
                self.model.ghosts.push(ghost);
            }
            // Nothing was tried.
            Err(AppendError::PendingFull { .. }) => {}
            Err(other) => return Err(format!("does not append: {other}")),
        }
        Ok(())
    }

    fn payload(&mut self, length: usize) -> Vec<u8> {
        let mut numbers = Numbers::new(self.numbers.draw());
        (0..length)
            .map(|_| numbers.draw().to_le_bytes()[0])
            .collect()
    }
}
