//! Which signed lists may follow which: the rules of TUF as a pure state machine.
//!
//! What was offered + what is held + now → what is held next, or [`Refused`]. Nothing here reads
//! a file or a socket. Whoever drives it makes the next [`Held`] durable before using it.
//!
//! ```text
//!            offer_root                      offer_snapshot
//! Held ────────────────────▶ Held   Held ────────────────────▶ Pending
//!      version + 1, signed by             signed, of this city and      │ the four lists, each
//!      the old keys and the new           era, not over, newer          │ by length and hash
//!                                                                       ▼
//!                                                              Pending::complete ──▶ Held
//! ```
//!
//! **Invariants**: (root version, era, snapshot version) never goes back; lists in force are all
//! of one snapshot; nothing that is over when it is offered comes into force; a number stands for
//! one content.

mod freshness;
mod refused;

pub use freshness::{Freshness, StaleRule, acceptance, rules_of};
pub use refused::Refused;

use units::Timestamp;
use wire::lists::{
    Bundle, DenyHeader, DenyStream, GatePolicy, ListName, ListRef, Root, Snapshot, Tariff,
};

/// What a reader goes by: the root, and the snapshot whose lists are in force.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Held {
    root: Root,
    snapshot: Option<Snapshot>,
}

/// What became of an offered snapshot.
#[derive(Clone, PartialEq, Eq, Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "one per sync, taken apart where it is made"
)]
pub enum Offer {
    /// It is the one that is held.
    Held,
    /// It may follow, once all its lists are there.
    Next(Pending),
}

impl Held {
    /// What a new reader holds: a root that was installed with it, and no lists.
    #[must_use]
    pub const fn new(root: Root) -> Self {
        Self {
            root,
            snapshot: None,
        }
    }

    /// What a reader held before a restart: its root, and the snapshot that it took under
    /// `taken_under`, which may be an earlier root.
    ///
    /// # Errors
    /// [`Refused`] when the bytes are not what was stored.
    pub fn restore(root: Root, taken_under: &Root, snapshot: &[u8]) -> Result<Self, Refused> {
        let snapshot = Snapshot::verify(snapshot, taken_under)?;
        let fits = snapshot.city == root.city
            && taken_under.city == root.city
            && taken_under.version <= root.version
            && taken_under.era <= root.era
            && snapshot.era == taken_under.era;
        if !fits {
            return Err(Refused::OtherCity);
        }
        Ok(Self {
            root,
            snapshot: Some(snapshot),
        })
    }

    /// The root.
    #[must_use]
    pub const fn root(&self) -> &Root {
        &self.root
    }

    /// The snapshot whose lists are in force.
    #[must_use]
    pub const fn snapshot(&self) -> Option<&Snapshot> {
        self.snapshot.as_ref()
    }

    /// Takes the next root. Lists in force stay so; where the era is a new one, the next
    /// snapshot may have any version.
    ///
    /// A root that is over is taken: it may be a step on the way to one that is not. It is
    /// [`Held::offer_snapshot`] that asks whether the root is over.
    ///
    /// # Errors
    /// [`Refused`]; what is held stays.
    pub fn offer_root(&self, bytes: &[u8]) -> Result<Self, Refused> {
        let next = self.root.read_next(bytes)?;
        if next.city != self.root.city {
            return Err(Refused::OtherCity);
        }
        let expected = self.root.version.checked_add(1);
        if expected != Some(next.version) {
            return Err(Refused::RootVersion {
                held: self.root.version,
                got: next.version,
            });
        }
        if next.era < self.root.era {
            return Err(Refused::EraWentBack {
                held: self.root.era,
                got: next.era,
            });
        }
        Ok(Self {
            root: next,
            snapshot: self.snapshot,
        })
    }

    /// Looks at a snapshot.
    ///
    /// # Errors
    /// [`Refused`]; what is held stays.
    pub fn offer_snapshot(&self, bytes: &[u8], now: Timestamp) -> Result<Offer, Refused> {
        let root = &self.root;
        let offered = Snapshot::verify(bytes, root)?;
        if offered.city != root.city {
            return Err(Refused::OtherCity);
        }
        if offered.era != root.era {
            return Err(Refused::OtherEra {
                held: root.era,
                got: offered.era,
            });
        }
        let over = [root.expires, root.snapshot.until, offered.expires];
        if let Some(end) = over.into_iter().find(|end| *end <= now) {
            return Err(Refused::Over { end });
        }
        let floor = self.snapshot.filter(|held| held.era == root.era);
        if let Some(held) = &floor {
            if offered == *held {
                return Ok(Offer::Held);
            }
            follows(held, &offered)?;
        }
        let in_force = self.snapshot.as_ref();
        let mut missing = [true; 4];
        for (slot, name) in missing.iter_mut().zip(ListName::ALL) {
            *slot = in_force.is_none_or(|held| held.list(name) != offered.list(name));
        }
        Ok(Offer::Next(Pending {
            root: self.root.clone(),
            snapshot: offered,
            missing,
        }))
    }
}

/// Refuses a snapshot that goes back in any number, or gives a number to another content.
fn follows(held: &Snapshot, offered: &Snapshot) -> Result<(), Refused> {
    let went_back = |name, held, got| Err(Refused::WentBack { name, held, got });
    if offered.version < held.version {
        return went_back(None, held.version, offered.version);
    }
    if offered.version == held.version {
        return Err(Refused::SameVersion { name: None });
    }
    for name in ListName::ALL {
        let (old, new) = (held.list(name), offered.list(name));
        if new.version < old.version {
            return went_back(Some(name), old.version, new.version);
        }
        if new.version == old.version && new != old {
            return Err(Refused::SameVersion { name: Some(name) });
        }
    }
    Ok(())
}

/// A snapshot that may come into force, and which of its lists are still missing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Pending {
    root: Root,
    snapshot: Snapshot,
    missing: [bool; 4],
}

impl Pending {
    /// The snapshot.
    #[must_use]
    pub const fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    /// The lists that are not there yet. One that the held snapshot names too is there.
    pub fn missing(&self) -> impl Iterator<Item = (ListName, &ListRef)> {
        let waits = ListName::ALL.into_iter().zip(self.missing);
        waits
            .filter(|(_, missing)| *missing)
            .map(|(name, _)| (name, self.snapshot.list(name)))
    }

    /// Takes the trust bundle.
    ///
    /// # Errors
    /// [`Refused::List`] for other bytes.
    pub fn take_bundle<'a>(&mut self, bytes: &'a [u8]) -> Result<Bundle<'a>, Refused> {
        let bundle = Bundle::read(bytes, &self.snapshot)?;
        self.arrived(ListName::Bundle);
        Ok(bundle)
    }

    /// Takes the policy.
    ///
    /// # Errors
    /// [`Refused::List`] for other bytes.
    pub fn take_policy(&mut self, bytes: &[u8]) -> Result<GatePolicy, Refused> {
        let policy = GatePolicy::read(bytes, &self.snapshot)?;
        self.arrived(ListName::Policy);
        Ok(policy)
    }

    /// Takes the tariff.
    ///
    /// # Errors
    /// [`Refused::List`] for other bytes.
    pub fn take_tariff(&mut self, bytes: &[u8]) -> Result<Tariff, Refused> {
        let tariff = Tariff::read(bytes, &self.snapshot)?;
        self.arrived(ListName::Tariff);
        Ok(tariff)
    }

    /// Reads the deny list as it comes, whole or out of a delta.
    #[must_use]
    pub fn deny_stream(&self) -> DenyStream {
        DenyStream::new(self.snapshot.deny)
    }

    /// Takes the deny list that went through [`Pending::deny_stream`].
    ///
    /// # Errors
    /// [`Refused::List`] when it is another one.
    pub fn take_deny(&mut self, stream: DenyStream) -> Result<DenyHeader, Refused> {
        if *stream.expected() != self.snapshot.deny {
            return Err(Refused::List(wire::lists::ListError::Hash));
        }
        let header = stream.finish()?;
        self.arrived(ListName::Deny);
        Ok(header)
    }

    fn arrived(&mut self, name: ListName) {
        for (slot, each) in self.missing.iter_mut().zip(ListName::ALL) {
            *slot = *slot && each != name;
        }
    }

    /// What to hold from now on: make it durable, then use it.
    ///
    /// # Errors
    /// [`Refused::Incomplete`] while a list is missing.
    pub fn complete(self) -> Result<Held, Refused> {
        if let Some((name, _)) = self.missing().next() {
            return Err(Refused::Incomplete { name });
        }
        Ok(Held {
            root: self.root,
            snapshot: Some(self.snapshot),
        })
    }
}
