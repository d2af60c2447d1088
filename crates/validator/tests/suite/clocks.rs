//! The clock: what it believes, what it never believes, and what a gate does meanwhile.

use proptest::prelude::*;
use units::{Span, Timestamp};
use validator::{
    Clock, ClockRules, Decision, Degraded, NotReady, Pass, Policy, Reading, Refusal, Trust,
};
use wire::{ClockState, LifeHours, PresentationClaims};

use crate::objects::{
    KID, NOW_SECS, credential_claims, holder, issuer, now, presentation, signed_by, ticket,
};
use crate::shown::Gate;

const SEC: i64 = 1_000_000;
const DAY: i64 = 86_400;

fn secs(secs: i64) -> Span {
    Span::from_secs(secs)
}

fn at(offset_secs: i64) -> Timestamp {
    now().plus(secs(offset_secs))
}

/// A clock that was told the right time, to half a second, 100 s after power-on.
fn synced() -> Clock {
    let mut clock = Clock::new(ClockRules::default());
    assert!(clock.signed(now(), Span::from_micros(SEC / 2), secs(100)));
    clock
}

#[test]
fn without_evidence_nothing_is_proven() {
    let mut clock = Clock::new(ClockRules::default());
    let reading = clock.read(now(), secs(1));
    assert_eq!((reading.time, reading.trust), (now(), Trust::Unproven));
    assert_eq!(
        (reading.error, reading.state()),
        (None, ClockState::Unproven)
    );
}

#[test]
fn signed_time_proves_and_the_monotonic_clock_carries_on() {
    let mut clock = synced();
    let reading = clock.read(at(3600), secs(3700));
    // 3600 s at 100 ppm is 0.36 s, and 0.5 s of the sync.
    assert_eq!((reading.time, reading.trust), (at(3600), Trust::Proven));
    assert_eq!(reading.error, Some(Span::from_micros(860_000)));
    // The error grows to the limit of 10 s: 9.5 s at 100 ppm is 95 000 s.
    let last = clock.read(at(95_000), secs(95_100));
    assert_eq!(last.trust, Trust::Proven);
    let beyond = clock.read(at(95_001), secs(95_101));
    assert_eq!(beyond.trust, Trust::Unproven);
    // Signed time again: as good as new, with nobody's help.
    assert!(clock.signed(at(95_010), Span::ZERO, secs(95_110)));
    assert_eq!(clock.read(at(95_010), secs(95_110)).trust, Trust::Proven);
}

#[test]
fn jumps_of_the_wall_clock_are_seen_and_not_believed() {
    for jump in [-10 * 365 * DAY, -DAY, -60, 60, DAY, 10 * 365 * DAY] {
        let mut clock = synced();
        let reading = clock.read(at(10 + jump), secs(110));
        assert_eq!(
            (reading.time, reading.trust),
            (at(10), Trust::Proven),
            "{jump}"
        );
        assert_eq!(reading.wall_ahead, Some(secs(jump)));
        let back = clock.read(at(20), secs(120));
        assert_eq!((back.time, back.trust), (at(20), Trust::Proven));
    }
}

#[test]
fn the_edge_of_agreement() {
    // 10 s after the sync the bound is 0.5 s and 1 ms.
    let bound = Span::from_micros(501_000);
    let wall = at(10).plus(bound);
    let reading = synced().read(wall, secs(110));
    assert_eq!(reading.time, wall);
    assert_eq!(reading.error, Some(Span::from_micros(1_002_000)));
    let beyond = wall.plus(Span::from_micros(1));
    assert_eq!(synced().read(beyond, secs(110)).time, at(10));
}

#[test]
fn a_wall_clock_behind_the_mark_is_wrong() {
    let clock = || {
        let mut clock = Clock::new(ClockRules::default());
        clock.past(now());
        clock
    };
    let reading = clock().read(at(-10), secs(1));
    assert_eq!((reading.time, reading.trust), (at(-10), Trust::Unproven));
    let reading = clock().read(at(-10).minus(Span::from_micros(1)), secs(1));
    assert_eq!((reading.time, reading.trust), (now(), Trust::Wrong));
    let reading = clock().read(at(90 * DAY), secs(1));
    assert_eq!(reading.trust, Trust::Unproven);
    let reading = clock().read(at(90 * DAY).plus(Span::from_micros(1)), secs(1));
    assert_eq!((reading.time, reading.trust), (now(), Trust::Wrong));
}

#[test]
fn a_dead_battery_recovers_by_itself() {
    for reset in [0, 946_684_800] {
        let mut clock = Clock::new(ClockRules::default());
        clock.past(now());
        let wrong = clock.read(Timestamp::from_secs(reset), secs(5));
        assert_eq!(wrong.trust, Trust::Wrong);
        // The mark runs with the monotonic clock, at the least speed that it has.
        let later = clock.read(Timestamp::from_secs(reset + 1000), secs(1005));
        assert_eq!(later.time, at(1000).minus(Span::from_micros(100_000)));
        // Either somebody sets the wall clock, or signed time comes.
        assert_eq!(clock.read(at(5000), secs(1006)).trust, Trust::Unproven);
        assert!(clock.signed(at(5001), secs(1), secs(1007)));
        let proven = clock.read(Timestamp::from_secs(reset), secs(1008));
        assert_eq!((proven.time, proven.trust), (at(5002), Trust::Proven));
    }
}

#[test]
fn an_old_answer_changes_nothing() {
    let mut clock = synced();
    let before = {
        let mut same = clock;
        same.read(at(3600), secs(3700));
        same
    };
    clock.read(at(3600), secs(3700));
    assert!(
        !clock.signed(at(0), Span::ZERO, secs(3700)),
        "a recorded answer played back"
    );
    assert_eq!(clock, before);
    // A worse one is true, but teaches nothing.
    assert!(clock.signed(at(3601), secs(5), secs(3700)));
    assert_eq!(
        clock.read(at(3600), secs(3700)).error,
        Some(Span::from_micros(860_000))
    );
}

#[test]
fn a_monotonic_clock_that_starts_over_proves_nothing() {
    let mut clock = synced();
    let reading = clock.read(at(50), secs(3));
    assert_eq!((reading.trust, reading.time), (Trust::Unproven, at(50)));
}

fn degraded(unproven: Pass, wrong: Pass) -> Policy {
    Policy {
        degraded: Degraded { unproven, wrong },
        ..Policy::default()
    }
}

#[test]
fn what_passes_on_a_clock_that_is_not_proven() {
    let reading = |trust| Reading {
        trust,
        ..Reading::from(now())
    };
    let unsure = Decision::Refused(Refusal::GateNotReady(NotReady::ClockNotProven));
    for (pass, presentations, tickets) in [
        (Pass::Nothing, false, false),
        (Pass::Presentations, true, false),
        (Pass::Everything, true, true),
    ] {
        for (trust, policy) in [
            (Trust::Unproven, degraded(pass, Pass::Nothing)),
            (Trust::Wrong, degraded(Pass::Nothing, pass)),
        ] {
            for (code, expected) in [(presentation(None), presentations), (ticket(), tickets)] {
                let decision = Gate::under(policy, 8).show(&code, reading(trust));
                match decision {
                    Decision::Permitted(permit) => {
                        assert!(expected, "{pass:?} {trust:?}");
                        assert_eq!(permit.clock, ClockState::Unproven);
                    }
                    refused @ Decision::Refused(_) => {
                        assert!(!expected, "{pass:?} {trust:?}");
                        assert_eq!(refused, unsure);
                    }
                }
                let proven = Gate::under(policy, 8).show(&code, now());
                assert_eq!(proven.code(), 0, "a proven clock decides on all");
            }
        }
    }
}

/// What happens to a gate's clocks: time goes by, the wall clock is set, power fails, a server or a
/// rider comes by.
#[derive(Clone, Debug)]
enum Happens {
    Pass(i64),
    Jump(i64),
    Reset(bool),
    Strobe(i64),
    PowerCut(i64),
    Sync(i64),
}

fn arb_life() -> impl Strategy<Value = Vec<Happens>> {
    let years = 10 * 365 * DAY;
    proptest::collection::vec(
        prop_oneof![
            4 => (0..7200i64).prop_map(Happens::Pass),
            2 => (-years..years).prop_map(Happens::Jump),
            1 => any::<bool>().prop_map(Happens::Reset),
            1 => (1..years).prop_map(Happens::Strobe),
            1 => (1..5 * DAY).prop_map(Happens::PowerCut),
            2 => (0..1_000_000i64).prop_map(Happens::Sync),
        ],
        1..40,
    )
}

/// The world: the right time, and a gate's clocks, which drift.
struct World {
    real: Timestamp,
    wall_ahead: i64,
    mono: i64,
    ppm: i64,
    clock: Clock,
}

impl World {
    fn passes(&mut self, micros: i64) {
        self.real = self.real.plus(Span::from_micros(micros));
        let drifted = micros + micros / 1_000_000 * self.ppm;
        self.mono += drifted;
        self.wall_ahead += drifted - micros;
    }

    fn read(&mut self) -> Reading {
        let wall = self.real.plus(Span::from_micros(self.wall_ahead));
        self.clock.read(wall, Span::from_micros(self.mono))
    }

    fn happens(&mut self, event: &Happens) {
        match *event {
            Happens::Pass(secs) => self.passes(secs * SEC),
            Happens::Jump(secs) => self.wall_ahead += secs * SEC,
            Happens::Strobe(secs) => self.wall_ahead = -self.wall_ahead.signum() * secs * SEC,
            Happens::Reset(is_2000) => {
                let epoch = if is_2000 { 946_684_800 * SEC } else { 0 };
                self.wall_ahead = epoch - self.real.as_micros();
            }
            Happens::PowerCut(secs) => {
                let proven = self.read();
                self.passes(secs * SEC);
                // The journal's last tap, if its clock was proven, is all that is left.
                self.clock = Clock::new(poor());
                if proven.trust == Trust::Proven {
                    self.clock.past(proven.time);
                }
                self.mono = 0;
            }
            Happens::Sync(error) => {
                let signed = self.real.plus(Span::from_micros(error / 2));
                let mono = Span::from_micros(self.mono);
                assert!(self.clock.signed(signed, Span::from_micros(error), mono));
            }
        }
    }
}

/// Those of a poor clock.
fn poor() -> ClockRules {
    ClockRules {
        drift_ppm: 500,
        ..ClockRules::default()
    }
}

fn world(ppm: i64) -> World {
    World {
        real: now(),
        wall_ahead: 0,
        mono: 0,
        ppm,
        clock: Clock::new(poor()),
    }
}

/// A presentation made at `made` by the phone's clock, of a credential that ends at `ends`.
fn shown(made: i64, ends: i64) -> Vec<u8> {
    let claims = wire::CredentialClaims {
        expires: Timestamp::from_secs(ends),
        life: LifeHours::new(255).unwrap(),
        ..credential_claims()
    };
    let credential = claims.sign(KID, signed_by(&issuer())).unwrap();
    let claims = PresentationClaims {
        issued_at: Timestamp::from_secs(made),
        gate: None,
    };
    let signed = claims.sign(&credential, signed_by(&holder()));
    signed.unwrap().to_vec()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Whatever happens to the wall clock: a proven reading is right within the error it states,
    /// no reading is before what is certainly past, and the mark is never ahead of the world by
    /// more than the error that clocks may have.
    #[test]
    fn proven_readings_are_right(life in arb_life(), ppm in -500..=500i64) {
        let mut world = world(ppm);
        let mut mark = None;
        for event in &life {
            world.happens(event);
            let reading = world.read();
            let off = reading.time.since(world.real).as_micros().abs();
            if let (Trust::Proven, Some(error)) = (reading.trust, reading.error) {
                prop_assert!(off <= error.as_micros() + 1000, "{reading:?} at {:?}", world.real);
                prop_assert!(error <= Span::from_secs(20));
            }
            if let Some(found) = world.clock.mark() {
                prop_assert!(found <= world.real.plus(secs(20)), "poisoned");
                if !matches!(event, Happens::PowerCut(_)) {
                    prop_assert!(Some(found) >= mark, "the mark went back");
                }
                prop_assert!(reading.time >= found.minus(secs(20)));
            }
            mark = world.clock.mark();
        }
    }

    /// No credential is accepted after its end plus the bound, by a rider who sets the phone to
    /// whatever the gate believes.
    #[test]
    fn nothing_passes_after_its_end(
        life in arb_life(),
        ppm in -500..=500i64,
        ends_after in 1..200_000i64,
    ) {
        let policy = degraded(Pass::Nothing, Pass::Nothing);
        let mut world = world(ppm);
        let ends = NOW_SECS + ends_after;
        for event in &life {
            world.happens(event);
            let reading = world.read();
            let code = shown(reading.time.as_secs().clamp(65_536, 4_294_967_295), ends);
            let decision = Gate::under(policy, 4).show(&code, reading);
            if decision.code() == 0 {
                let bound = reading.error.unwrap_or(Span::ZERO);
                prop_assert!(world.real < Timestamp::from_secs(ends).plus(bound), "{reading:?}");
            }
        }
    }

    /// However the wall clock jumps, it is put right by the next signed time.
    #[test]
    fn signed_time_always_heals(life in arb_life(), ppm in -500..=500i64) {
        let mut world = world(ppm);
        for event in &life {
            world.happens(event);
            world.read();
        }
        world.happens(&Happens::Sync(1000));
        let reading = world.read();
        prop_assert_eq!(reading.trust, Trust::Proven);
        prop_assert!(reading.time.since(world.real).as_micros().abs() <= 2_100_000);
    }
}

/// Phones within ±30 s of the time and gates that synced within the hour: how many honest riders,
/// whose screens are up to 5 s old, are refused? At most one in a hundred.
#[test]
fn honest_riders_pass() {
    let (mut shown_codes, mut refused) = (0, 0);
    for skew in -30..=30 {
        for screen_age in 0..=5 {
            for ppm in [-500, 0, 500] {
                let mut world = world(ppm);
                world.happens(&Happens::Sync(0));
                world.passes(600 * SEC);
                let reading = world.read();
                let made = world.real.as_secs() + skew - screen_age;
                let decision = Gate::new().show(&shown(made, NOW_SECS + DAY), reading);
                shown_codes += 1;
                refused += u32::from(decision.code() != 0);
            }
        }
    }
    println!("{refused} of {shown_codes} honest riders refused");
    assert!(refused * 100 <= shown_codes, "{refused} of {shown_codes}");
}
