//! What is found, and what is not: an innocent look-alike beside each fraud.
//!
//! In the test city North Gate and South Lake are 11.09 km apart; at 45 m/s that is 246 s, and the
//! gates' clocks may be 120 s apart, so 127 s or more between two taps are possible.

#![expect(clippy::unwrap_used, reason = "a failed assumption fails the test")]

use settlement::fraud::{Advice, Case, Kind, Limits, Search, Subject};
use settlement::model::{AccountRecord, CodeUse, StoredTap, TapSource};
use settlement::ports::QuarantinedRecord;
use settlement::testing::world;
use tariff::{City, Holder, Medium, Tap, TapKind};
use units::{AccountId, CredentialId, DeviceId, RouteId, ServiceDay, StopId, TapId, Timestamp};

const ANNA: AccountId = AccountId::from_bytes([1; 16]);

fn gate(number: u8) -> DeviceId {
    DeviceId::from_bytes([number; 16])
}

/// 08:00 in Shanghai on 7 January 2019, and so many seconds.
fn at(seconds: i64) -> Timestamp {
    Timestamp::from_secs(1_546_819_200 + seconds)
}

/// A tap on by code `code` of credential 1, the `seq`-th record of a gate.
fn tap(city: &City, device: DeviceId, seq: u64, stop: &str, seconds: i64, code: i64) -> StoredTap {
    let mut id = [0; 16];
    id[..8].copy_from_slice(&device.as_bytes()[..8]);
    id[8..].copy_from_slice(&seq.to_be_bytes());
    StoredTap {
        account: ANNA,
        day: city.service_day(at(seconds)),
        tap: Tap {
            at: at(seconds),
            kind: TapKind::On,
            id: TapId::from_bytes(id),
            stop: StopId::new(stop).unwrap(),
            route: None::<RouteId>,
            holder: Holder::default(),
        },
        source: TapSource::Gate {
            device,
            epoch: 1,
            seq,
        },
        code: Some(CodeUse::from_slot(CredentialId::from_bytes([1; 16]), code)),
        outcome: None,
    }
}

fn search(city: &City, taps: &[StoredTap], aside: &[QuarantinedRecord]) -> Vec<Case> {
    let days = ServiceDay::from_days(i32::MIN)..=ServiceDay::from_days(i32::MAX);
    let mut search = Search::new(city, Limits::default());
    let record = AccountRecord {
        taps: taps.to_vec(),
        ..AccountRecord::empty(ANNA)
    };
    search.account(&record, &days);
    for record in aside {
        search.quarantined(record);
    }
    search.finish()
}

fn kinds(cases: &[Case]) -> Vec<(Subject, Kind)> {
    let of_case = |case: &Case| {
        let subject = case.subject;
        case.findings
            .iter()
            .map(move |finding| (subject, finding.kind))
            .collect::<Vec<_>>()
    };
    cases.iter().flat_map(of_case).collect()
}

#[test]
fn nobody_is_at_two_ends_of_the_city_at_once() {
    let city = world::city();
    let trip = |seconds| {
        [
            tap(&city, gate(1), 0, "north", 0, 10),
            tap(&city, gate(2), 0, "south", seconds, 20),
        ]
    };
    let found = search(&city, &trip(110), &[]);
    assert_eq!(
        kinds(&found),
        [(Subject::Account(ANNA), Kind::ImpossibleTravel)]
    );
    let finding = &found[0].findings[0];
    assert_eq!(
        finding.because,
        "The same phone or card tapped at North Gate and 110 s later at South Lake, \
         11.0 km away as the crow flies."
    );
    assert_eq!(finding.taps.len(), 2);
    assert_eq!(search(&city, &trip(130), &[]), []);
}

#[test]
fn two_phones_of_one_account_may_be_anywhere() {
    let city = world::city();
    let [mut here, mut there] = [
        tap(&city, gate(1), 0, "north", 0, 10),
        tap(&city, gate(2), 0, "south", 5, 20),
    ];
    here.tap.holder.medium = Some(Medium::from_bytes([1; 16]));
    there.tap.holder.medium = Some(Medium::from_bytes([2; 16]));
    assert_eq!(search(&city, &[here.clone(), there.clone()], &[]), []);
    there.tap.holder.medium = here.tap.holder.medium;
    assert_eq!(search(&city, &[here, there], &[]).len(), 1);
}

#[test]
fn one_code_at_two_gates_is_told_whatever_the_distance() {
    let city = world::city();
    let taps = [
        tap(&city, gate(1), 0, "north", 0, 10),
        tap(&city, gate(2), 0, "north", 7, 10),
    ];
    let found = search(&city, &taps, &[]);
    assert_eq!(
        kinds(&found),
        [(Subject::Account(ANNA), Kind::CodeAtTwoGates)]
    );
    assert!(
        found[0].findings[0]
            .because
            .contains("7 s later another at North Gate")
    );
    // The companions of a party pass one gate with one code.
    let party = [
        tap(&city, gate(1), 0, "north", 0, 10),
        tap(&city, gate(1), 1, "north", 3, 10),
    ];
    assert_eq!(search(&city, &party, &[]), []);
}

#[test]
fn a_gate_counts_no_more_riders_than_can_pass() {
    let city = world::city();
    let crowd = |riders: u64| {
        let each = |seq: u64| {
            let seconds = i64::try_from(seq * 59 / riders).unwrap();
            let mut tap = tap(&city, gate(1), seq, "north", seconds, 10);
            tap.code = Some(CodeUse::from_slot(
                CredentialId::from_bytes([1; 16]),
                seconds,
            ));
            tap
        };
        (0..riders).map(each).collect::<Vec<_>>()
    };
    assert_eq!(search(&city, &crowd(75), &[]), []);
    let found = search(&city, &crowd(76), &[]);
    assert_eq!(
        kinds(&found),
        [(Subject::Device(gate(1)), Kind::MoreThanCanPass)]
    );
    let because = &found[0].findings[0].because;
    assert_eq!(
        because,
        "76 riders in one minute, where 75 at most can pass."
    );
}

#[test]
fn the_records_of_a_gate_are_in_time() {
    let city = world::city();
    let back = |seconds: i64| {
        [
            tap(&city, gate(1), 7, "north", 600, 10),
            tap(&city, gate(1), 8, "north", 600 - seconds, 20),
        ]
    };
    assert_eq!(search(&city, &back(120), &[]), []);
    let found = search(&city, &back(121), &[]);
    assert_eq!(
        kinds(&found),
        [(Subject::Device(gate(1)), Kind::ClockRanBack)]
    );
    // A replaced reader begins a new epoch with a clock of its own.
    let mut taps = back(500);
    taps[1].source = TapSource::Gate {
        device: gate(1),
        epoch: 2,
        seq: 0,
    };
    assert_eq!(search(&city, &taps, &[]), []);
}

#[test]
fn records_that_nobody_signed_are_counted_by_reason() {
    let city = world::city();
    let record = |seq: u64, reason: &str| QuarantinedRecord {
        device: gate(3),
        epoch: 1,
        seq,
        reason: reason.to_owned(),
        detail: String::new(),
        received_at: at(i64::try_from(seq).unwrap()),
        bytes: Vec::new(),
    };
    let aside = [
        record(2, "not_issued"),
        record(1, "not_issued"),
        record(5, "bad_evidence"),
    ];
    let found = search(&city, &[], &aside);
    assert_eq!(found.len(), 1);
    let told: Vec<_> = found[0]
        .findings
        .iter()
        .map(|of| (of.at, of.because.as_str()))
        .collect();
    assert_eq!(
        told,
        [
            (
                at(1),
                "2 records of this gate cannot be charged: not_issued."
            ),
            (
                at(5),
                "1 record of this gate cannot be charged: bad_evidence."
            ),
        ]
    );
}

#[test]
fn staff_ask_only_when_it_comes_again() {
    let city = world::city();
    // An unlikely hop on each of so many days, or so many hops on one.
    let hops = |hops: &[i64]| {
        let hop = |(seq, start): (u64, &i64)| {
            [
                tap(&city, gate(1), seq, "north", *start, start + 1),
                tap(&city, gate(2), seq, "south", start + 60, start + 2),
            ]
        };
        let taps: Vec<_> = (0..).zip(hops).flat_map(hop).collect();
        search(&city, &taps, &[])[0].advice()
    };
    let day = 24 * 3_600;
    assert_eq!(hops(&[0]), Advice::Watch);
    assert_eq!(hops(&[0, 7_200]), Advice::Watch);
    assert_eq!(hops(&[0, 7_200, 14_400]), Advice::Ask);
    assert_eq!(hops(&[0, day]), Advice::Ask);
}
