//! The lists that the core goes by: which are in use, how old they are, and whether they are enough
//! to let somebody pass.

use std::sync::Arc;

use journal::{Media, Mode};
use units::{Span, Timestamp};
use validator::update::Freshness;
use validator::{ReplayMemory, ReplaySlot};
use wire::lists::Snapshot;
use wire::tap::TapRecord;

use super::Agent;
use crate::denied::Denied;
use crate::lists::{Keys, ListName};
use crate::signed::InForce;

/// A list in use, and when the server last confirmed it.
#[derive(Clone, Debug)]
pub struct Held<T> {
    /// The list.
    pub list: Arc<T>,
    /// By this gate's clock.
    pub confirmed: Timestamp,
}

/// Signed lists, and how many riders they let pass after their end.
#[derive(Clone, Debug)]
pub(super) struct Signed {
    pub(super) lists: InForce,
    passed_stale: u32,
}

impl Signed {
    pub(super) fn freshness(&self, now: Timestamp) -> Freshness {
        let rule = self.lists.rule;
        self.lists.held.freshness(now, rule, self.passed_stale)
    }
}

/// Whether somebody passed on this tap, by the lists of this snapshot, after its end.
pub(super) fn passed_stale(tap: &TapRecord<'_>, snapshot: &Snapshot) -> bool {
    tap.decision == wire::tap::PERMITTED
        && tap.at >= snapshot.expires
        && tap.lists == snapshot.versions_at(tap.at)
}

impl<M: Media> Agent<M> {
    /// Uses these keys from now on. The replay memory is filled from the journal for every key
    /// that is new, before the first code under it is judged.
    pub fn use_keys(&mut self, held: Held<Keys>, now: Timestamp) {
        let policy = *held.list.validator.policy();
        if policy != self.rules.policy {
            // Codes live longer or shorter than they were noted for: the memory begins anew, from
            // the journal. What other readers of the station told is lost with it.
            self.live.judge_by(&policy);
            self.used = ReplayMemory::new(vec![ReplaySlot::EMPTY; self.rules.replay_slots]);
            self.keys = None;
            self.rules.policy = policy;
        }
        let known = self.keys.as_ref().map(|keys| &keys.list.public);
        let all_known = known.is_some_and(|known| held.list.public.is_subset(known));
        if !all_known {
            let failed = self.live.note_all(&held.list, now, &mut self.used);
            if failed > 0 {
                tracing::info!(
                    failed,
                    "codes of the journal that these keys do not let pass"
                );
            }
        }
        self.keys = Some(held);
    }

    /// Uses this deny list from now on.
    pub fn use_denied(&mut self, held: Held<Denied>) {
        if let Some(before) = &self.denied
            && !Arc::ptr_eq(&before.list, &held.list)
        {
            self.denied_unread = self.denied_unread.saturating_add(before.list.unread());
        }
        self.denied = Some(held);
    }

    /// How often a page of a deny list could not be read since the start.
    #[must_use]
    pub fn denied_unread(&self) -> u64 {
        let now = self.denied.as_ref().map_or(0, |held| held.list.unread());
        self.denied_unread.saturating_add(now)
    }

    /// Uses these signed lists from now on.
    pub fn use_signed(&mut self, lists: InForce, now: Timestamp) {
        let (keys, denied) = (Arc::clone(&lists.keys), Arc::clone(&lists.denied));
        self.use_keys(
            Held {
                list: keys,
                confirmed: now,
            },
            now,
        );
        self.use_denied(Held {
            list: denied,
            confirmed: now,
        });
        if let Some(snapshot) = lists.held.snapshot() {
            self.clock.past(snapshot.issued);
        }
        // The same snapshot again (after a repair or a restart) does not buy more riders.
        let before = self.signed.take();
        let passed =
            before.and_then(|before| Some((*before.lists.held.snapshot()?, before.passed_stale)));
        let same = |(snapshot, _): &(Snapshot, u32)| Some(snapshot) == lists.held.snapshot();
        let known = passed.or(self.passed_before.take()).filter(same);
        let passed_stale = known.map_or(0, |(_, passed)| passed);
        self.signed = Some(Signed {
            lists,
            passed_stale,
        });
    }

    /// The signed lists in use, and what they are worth at `now`.
    #[must_use]
    pub fn signed_lists(&self, now: Timestamp) -> Option<(&InForce, Freshness)> {
        let signed = self.signed.as_ref()?;
        Some((&signed.lists, signed.freshness(now)))
    }

    /// Whether this list is in use.
    #[must_use]
    pub const fn holds(&self, name: ListName) -> bool {
        match name {
            ListName::IssuerKeys => self.keys.is_some(),
            ListName::DenyList => self.denied.is_some(),
        }
    }

    /// The server has confirmed the list in use at this time.
    pub const fn confirm(&mut self, name: ListName, at: Timestamp) {
        let confirmed = match name {
            ListName::IssuerKeys => match &mut self.keys {
                Some(held) => &mut held.confirmed,
                None => return,
            },
            ListName::DenyList => match &mut self.denied {
                Some(held) => &mut held.confirmed,
                None => return,
            },
        };
        *confirmed = at;
    }

    /// Versions of the lists in use, and the age of what binds them. Of unsigned lists only the
    /// deny list has a version.
    #[must_use]
    pub fn list_versions(&self, now: Timestamp) -> wire::ListVersions {
        if let Some(signed) = &self.signed {
            return signed.lists.versions_at(now);
        }
        let denied = self.denied.as_ref().map_or(0, |held| held.list.version);
        wire::ListVersions {
            deny: u32::try_from(denied).unwrap_or(u32::MAX),
            ..wire::ListVersions::UNKNOWN
        }
    }

    /// Ages of issuer keys and deny list at `now`; none where there is no list.
    #[must_use]
    pub fn list_ages(&self, now: Timestamp) -> (Option<Span>, Option<Span>) {
        let keys = self.keys.as_ref().map(|held| now.since(held.confirmed));
        let denied = self.denied.as_ref().map(|held| now.since(held.confirmed));
        (keys, denied)
    }

    /// Whether the next good code would open the door.
    #[must_use]
    pub fn is_ready(&self, now: Timestamp) -> bool {
        self.fresh_lists(now).is_some() && self.journal.mode() == Mode::Writing
    }

    pub(super) fn fresh_lists(&self, now: Timestamp) -> Option<(&Held<Keys>, &Held<Denied>)> {
        let (keys, denied) = (self.keys.as_ref()?, self.denied.as_ref()?);
        if let Some(signed) = &self.signed {
            let open = signed.freshness(now) != Freshness::Closed;
            return open.then_some((keys, denied));
        }
        let fresh = now.since(keys.confirmed) <= self.rules.keys_stale
            && now.since(denied.confirmed) <= self.rules.denied_stale;
        fresh.then_some((keys, denied))
    }

    /// One more rider passes on lists that are over.
    pub(super) fn count_stale(&mut self, now: Timestamp) {
        if let Some(signed) = &mut self.signed
            && signed.freshness(now) != Freshness::Fresh
        {
            signed.passed_stale = signed.passed_stale.saturating_add(1);
        }
    }
}
