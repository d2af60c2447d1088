//! Fraud: what honest riders and gates do not do, found afterwards, explained, put before staff.
//!
//! Nothing here blocks anybody: a finding is a sentence about taps that somebody can look at. One
//! alone may be innocent (a clock, a friend's phone, a crowd behind one code), so a subject is to
//! be asked about only when findings repeat ([`Case::advice`]). The findings are a function of the
//! set of records, like charges.

mod device;
mod place;
mod rider;

use std::collections::{BTreeMap, BTreeSet};

use tariff::City;
use units::{AccountId, DeviceId, ServiceDay, TapId, Timestamp};

use crate::model::AccountRecord;
use crate::ports::QuarantinedRecord;

/// Beyond what a finding is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Nobody travels faster, as the crow flies, in metres per second: 45 is 162 km/h.
    pub metres_per_second: u32,
    /// How far the clocks of two gates may be apart, in seconds.
    pub clock_slack_s: u32,
    /// A gate lets no more riders through in one minute.
    pub taps_per_minute: u32,
}

impl Default for Limits {
    /// A metro's: an airport express, gates that ask the time once a day, the fastest flap gates
    /// (40 to 60 riders a minute) with room.
    fn default() -> Self {
        Self {
            metres_per_second: 45,
            clock_slack_s: 120,
            taps_per_minute: 75,
        }
    }
}

/// Who a finding is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// A rider.
    Account(AccountId),
    /// A reader, so whoever runs it.
    Device(DeviceId),
}

/// What was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// One phone or card at two places, with too little time between them.
    ImpossibleTravel,
    /// One code opened two gates: a screenshot, a copied code, or a relay.
    CodeAtTwoGates,
    /// A gate counted more riders in a minute than can pass.
    MoreThanCanPass,
    /// A later record of a device has an earlier time: its clock, or its records, were set back.
    ClockRanBack,
    /// Records of a device that cannot be charged: codes nobody signed or logged, or altered ones.
    Quarantined,
}

impl Kind {
    /// The stable name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ImpossibleTravel => "impossible_travel",
            Self::CodeAtTwoGates => "code_at_two_gates",
            Self::MoreThanCanPass => "more_than_can_pass",
            Self::ClockRanBack => "clock_ran_back",
            Self::Quarantined => "quarantined",
        }
    }
}

/// One thing that was found.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// The service day it counts to.
    pub day: ServiceDay,
    /// When: its first tap or record.
    pub at: Timestamp,
    /// What.
    pub kind: Kind,
    /// The taps it is about, in order of time; of many, the first [`TAPS_NAMED_MAX`].
    pub taps: Vec<TapId>,
    /// What happened, in one English sentence.
    pub because: String,
}

/// Taps that one finding names.
pub const TAPS_NAMED_MAX: usize = 16;

/// Everything that was found about one subject, in order of time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    /// Who.
    pub subject: Subject,
    /// What; never empty.
    pub findings: Vec<Finding>,
}

/// What staff should do about a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Advice {
    /// It may be innocent: look whether it comes again.
    Watch,
    /// It came again: ask the rider, or look at the gate.
    Ask,
}

impl Advice {
    /// The stable name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Watch => "watch",
            Self::Ask => "ask",
        }
    }
}

impl Case {
    /// Findings on two service days, or three on one, are no accident.
    #[must_use]
    pub fn advice(&self) -> Advice {
        let days: BTreeSet<ServiceDay> = self.findings.iter().map(|finding| finding.day).collect();
        if days.len() >= 2 || self.findings.len() >= 3 {
            Advice::Ask
        } else {
            Advice::Watch
        }
    }
}

/// Looks at records one account after the other.
#[derive(Debug)]
pub struct Search<'a> {
    city: &'a City,
    limits: Limits,
    found: BTreeMap<Subject, Vec<Finding>>,
    devices: device::Devices,
}

impl<'a> Search<'a> {
    /// Nothing seen yet.
    #[must_use]
    pub fn new(city: &'a City, limits: Limits) -> Self {
        Self {
            city,
            limits,
            found: BTreeMap::new(),
            devices: device::Devices::default(),
        }
    }

    /// Looks at the taps of an account on `days`. Each account once.
    pub fn account(&mut self, record: &AccountRecord, days: &std::ops::RangeInclusive<ServiceDay>) {
        let of_days = || record.taps.iter().filter(|tap| days.contains(&tap.day));
        let findings = rider::findings(self.city, self.limits, &of_days().collect::<Vec<_>>());
        if !findings.is_empty() {
            self.found
                .insert(Subject::Account(record.account), findings);
        }
        for tap in of_days() {
            self.devices.add(tap);
        }
    }

    /// Looks at a record that was set aside.
    pub fn quarantined(&mut self, record: &QuarantinedRecord) {
        self.devices.set_aside(self.city, record);
    }

    /// What was found: riders first, each in order of id.
    #[must_use]
    pub fn finish(self) -> Vec<Case> {
        let mut found = self.found;
        self.devices.findings(self.city, self.limits, &mut found);
        let cases = found.into_iter().map(|(subject, mut findings)| {
            findings.sort_unstable();
            Case { subject, findings }
        });
        cases.collect()
    }
}
