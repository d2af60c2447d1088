//! Signed lists through the C interface: the reader in C goes by them, and takes what TUF takes.

use std::process::Command;
use std::ptr;

use faregate_reader::{
    FG_LISTS_BYTES, FG_LISTS_CLOSED, FG_LISTS_FRESH, FG_LISTS_STALE, FgListVersions, FgLists,
    FgStaleRule, FgStatus, fg_lists_complete, fg_lists_freshness, fg_lists_init,
    fg_lists_offer_snapshot, fg_lists_refusal, fg_lists_restore, fg_lists_take_tariff,
    fg_lists_versions,
};
use tempfile::TempDir;
use units::{CredentialId, KeyId};
use wire::lists::{Root, Snapshot};
use wire::{Entitlement, PartySize, ProductCode, RiderCategory, TicketClaims};

use crate::reader::{compile, run_over, said};
use crate::scanner::Memory;
use crate::world::{DAY, Lists, NOW, at, first_root, key, root, signed_root, signed_snapshot};

/// The text of a ticket of the world's issuer, good for a minute from `secs` on.
pub(crate) fn ticket(id: u8, secs: i64) -> String {
    use ed25519_dalek::Signer as _;
    let claims = TicketClaims {
        id: CredentialId::from_bytes([id; 16]),
        starts: at(secs),
        expires: at(secs + 60),
        entitlement: Entitlement {
            category: RiderCategory::from_code(0),
            party: PartySize::ONE,
            product: ProductCode::from_number(7),
        },
    };
    let kid = KeyId::from_bytes(*b"hz01");
    let bytes = claims.sign(kid, |message| key(200).sign(message).to_bytes());
    wire::text::encode(&bytes.unwrap()).unwrap().to_string()
}

/// What is written to the reader, and what it has to print.
#[derive(Default)]
pub(crate) struct Script {
    lines: String,
    expected: Vec<String>,
}

impl Script {
    pub(crate) fn says(&mut self, command: &str, bytes: &[u8], expected: &[&str]) -> &mut Self {
        self.lines += &["@", command, " ", &hex::encode(bytes), "\n"].concat();
        self.prints(expected)
    }

    pub(crate) fn line(&mut self, line: &str, expected: &[&str]) -> &mut Self {
        self.lines += &[line, "\n"].concat();
        self.prints(expected)
    }

    fn prints(&mut self, expected: &[&str]) -> &mut Self {
        self.expected
            .extend(expected.iter().map(|line| (*line).to_owned()));
        self
    }

    pub(crate) fn clock(&mut self, secs: i64) -> &mut Self {
        self.line(&format!("@clock {}", secs * 1_000_000), &[])
    }

    /// All lists of a snapshot, which is then complete.
    pub(crate) fn lists(&mut self, lists: &Lists) -> &mut Self {
        self.says("bundle", &lists.bundle, &["taken"]);
        self.says("city_policy", &lists.policy, &["taken"]);
        self.says("tariff", &lists.tariff, &["taken"]);
        self.line("@complete", &["not taken: refused 212"]);
        self.says("deny_list", &lists.deny, &["taken"]);
        self.line("@complete", &["taken"])
    }

    pub(crate) fn run(&self, folder: &TempDir, reader: &mut Command) {
        let path = folder.path().join("lists.txt");
        std::fs::write(&path, &self.lines).unwrap();
        let output = run_over(&path, reader);
        assert!(output.status.success(), "{}", said(&output));
        let printed = String::from_utf8(output.stdout).unwrap();
        let printed: Vec<_> = printed.lines().collect();
        for (got, expected) in printed.iter().zip(&self.expected) {
            assert!(got.starts_with(expected), "expected {expected}, got {got}");
        }
        assert_eq!(printed.len(), self.expected.len());
    }
}

fn sequence() -> Script {
    let lists = Lists::new([5; 4], &[10, 20]);
    let at_five = lists.snapshot(0, 5, [5; 4]);
    let five = signed_snapshot(&at_five, &[11]);
    let mut script = Script::default();
    script.clock(NOW).line("@trust proven", &[]);
    // Nothing but a root: closed. Nothing is on offer, so no list is taken.
    script.says(
        "root",
        &signed_root(&first_root(), &[1]),
        &["not taken: refused"],
    );
    script.says("root", &signed_root(&first_root(), &[1, 2]), &["taken"]);
    script.line(&ticket(1, NOW), &["closed"]);
    script.says("tariff", &lists.tariff, &["not taken: no offer"]);
    // A forged snapshot, then the right one, with all its lists.
    let forged = signed_snapshot(&at_five, &[12]);
    script.says("snapshot", &forged, &["not taken: refused 203"]);
    script.says("snapshot", &five, &["taken", "missing 15", "deltas/"]);
    let other = Lists::new([6; 4], &[]);
    script.says("deny_list", &other.deny, &["not taken: refused 204"]);
    script.lists(&lists);
    script.line(&ticket(1, NOW), &["permitted 0"]);
    script.line(&ticket(10, NOW), &["refused 140 denied"]);
    // The same again; then back, under the same number, and another city's era.
    script.says("snapshot", &five, &["taken", "missing 0"]);
    let four = signed_snapshot(&lists.snapshot(0, 4, [5; 4]), &[11]);
    script.says("snapshot", &four, &["not taken: refused 210"]);
    let twin = Snapshot {
        expires: at(NOW + 9 * DAY),
        ..at_five
    };
    script.says(
        "snapshot",
        &signed_snapshot(&twin, &[11]),
        &["not taken: refused 211"],
    );
    let era = signed_snapshot(&lists.snapshot(1, 6, [5; 4]), &[11]);
    script.says("snapshot", &era, &["not taken: refused 208"]);
    // An offer that is given up leaves nothing behind: 20 is denied until snapshot 7 says so.
    let shorter = Lists {
        deny: crate::world::deny_list(6, &[10]),
        ..lists.clone()
    };
    let six = shorter.snapshot(0, 6, [5, 6, 5, 5]);
    script.says(
        "snapshot",
        &signed_snapshot(&six, &[11]),
        &["taken", "missing 2", "deltas/"],
    );
    script.says("deny_list", &shorter.deny, &["taken"]);
    let rotated = root((2, 0), (&[1, 2, 3], 2), (&[12], 1));
    script.says(
        "root",
        &signed_root(&rotated, &[1]),
        &["not taken: refused 202"],
    );
    script.says("root", &signed_root(&rotated, &[1, 2]), &["taken"]);
    script.line(&ticket(20, NOW), &["refused 140 denied"]);
    let seven = shorter.snapshot(0, 7, [5, 6, 5, 5]);
    script.says(
        "snapshot",
        &signed_snapshot(&seven, &[11]),
        &["not taken: refused 203"],
    );
    script.says(
        "snapshot",
        &signed_snapshot(&seven, &[12]),
        &["taken", "missing 2", "deltas/"],
    );
    script.says("deny_list", &shorter.deny, &["taken"]);
    script.line("@complete", &["taken"]);
    script.line(&ticket(20, NOW), &["permitted 0"]);
    // Over: three riders more, as the policy says, and no more.
    script.clock(NOW + DAY);
    script.says(
        "snapshot",
        &signed_snapshot(&seven, &[12]),
        &["not taken: refused 209"],
    );
    for id in [31, 32, 33] {
        script.line(&ticket(id, NOW + DAY), &["permitted 0"]);
    }
    script.line(&ticket(34, NOW + DAY), &["closed"]);
    script
}

#[test]
fn the_reader_in_c_goes_by_signed_lists() {
    let folder = tempfile::tempdir().unwrap();
    let script = sequence();
    let reader = compile(&folder, "reader", &[]).unwrap();
    script.run(&folder, &mut Command::new(&reader));
    script.run(&folder, Command::new(&reader).arg("tables"));
    match compile(&folder, "sanitized", &["-fsanitize=address,undefined"]) {
        Ok(reader) => {
            let mut command = Command::new(reader);
            script.run(&folder, command.env("UBSAN_OPTIONS", "halt_on_error=1"));
        }
        Err(error) => println!("not run with sanitizers: {error}"),
    }
}

pub(crate) fn init(
    memory: &mut Memory,
    size: usize,
    root: &[u8],
) -> Result<*mut FgLists, FgStatus> {
    let mut lists = ptr::null_mut();
    let start = ptr::from_mut(memory).cast();
    // SAFETY: the memory is larger than `size`; root and pointer live through the call.
    let status = unsafe { fg_lists_init(start, size, root.as_ptr(), root.len(), &raw mut lists) };
    assert_eq!(lists.is_null(), status != FgStatus::Ok);
    if status == FgStatus::Ok {
        Ok(lists)
    } else {
        Err(status)
    }
}

/// After a restart a reader goes on where it was: what is older than its snapshot stays refused.
#[test]
fn a_restart_forgets_no_version() {
    let root = signed_root(&first_root(), &[1, 2]);
    let lists = Lists::new([5; 4], &[10, 20]);
    let five = signed_snapshot(&lists.snapshot(0, 5, [5; 4]), &[11]);
    let four = signed_snapshot(&lists.snapshot(0, 4, [4; 4]), &[11]);
    let mut memory = Memory::new();
    let held = init(&mut memory, FG_LISTS_BYTES, &root).unwrap();
    let (mut missing, mut why, mut versions) = (9, 9, FgListVersions::default());
    let (mut freshness, rule) = (
        9,
        FgStaleRule {
            stale_for_micros: 1,
            stale_taps: 1,
        },
    );
    let now = NOW * 1_000_000;
    // SAFETY: the lists of this test, and buffers that live through the calls.
    unsafe {
        let over = |snapshot: &[u8], under: &[u8]| {
            let (snapshot, length) = (snapshot.as_ptr(), snapshot.len());
            fg_lists_restore(held, under.as_ptr(), under.len(), snapshot, length)
        };
        assert_eq!(
            fg_lists_versions(held, now, &raw mut versions),
            FgStatus::Ok
        );
        assert_eq!((versions.bundle, versions.age_s), (0, u32::MAX));
        let mut worth = |now, passed| {
            let at = &raw mut freshness;
            assert_eq!(
                fg_lists_freshness(held, now, &raw const rule, passed, at),
                FgStatus::Ok
            );
            freshness
        };
        assert_eq!(worth(now, 0), FG_LISTS_CLOSED);
        assert_eq!(over(&five[1..], &root), FgStatus::ListRefused);
        assert_eq!(over(&five, &root[1..]), FgStatus::ListRefused);
        assert_eq!(over(&five, &root), FgStatus::Ok);
        assert_eq!(worth(now, 0), FG_LISTS_FRESH);
        let end = now + DAY * 1_000_000;
        assert_eq!(worth(end, 0), FG_LISTS_STALE);
        assert_eq!(worth(end, 1), FG_LISTS_CLOSED);
        assert_eq!(worth(end + 1, 0), FG_LISTS_CLOSED);
        assert_eq!(
            fg_lists_versions(held, now + 7_000_000, &raw mut versions),
            FgStatus::Ok
        );
        let five = FgListVersions {
            bundle: 5,
            deny: 5,
            policy: 5,
            tariff: 5,
            age_s: 7,
        };
        assert_eq!(versions, five);
        let offer = |bytes: &[u8], missing| {
            fg_lists_offer_snapshot(held, bytes.as_ptr(), bytes.len(), now, missing)
        };
        assert_eq!(offer(&four, &raw mut missing), FgStatus::ListRefused);
        assert_eq!(fg_lists_refusal(held, &raw mut why), FgStatus::Ok);
        assert_eq!((why, missing), (210, 9));
        assert_eq!(offer(&four, ptr::null_mut()), FgStatus::Null);
        assert_eq!(
            fg_lists_take_tariff(held, ptr::null(), 0),
            FgStatus::NoOffer
        );
        assert_eq!(fg_lists_complete(held), FgStatus::Ok);
        assert_eq!(fg_lists_complete(ptr::null_mut()), FgStatus::Null);
    }
}

#[test]
fn lists_are_made_of_a_pinned_root_alone() {
    let good = signed_root(&first_root(), &[1, 2]);
    let mut memory = Memory::new();
    assert!(init(&mut memory, FG_LISTS_BYTES, &good).is_ok());
    assert_eq!(init(&mut memory, 16, &good), Err(FgStatus::TooSmall));
    for length in 0..good.len() {
        assert_eq!(
            init(&mut memory, FG_LISTS_BYTES, &good[..length]),
            Err(FgStatus::ListRefused)
        );
    }
    for at in 0..good.len() {
        let mut bytes = good.clone();
        bytes[at] ^= 1;
        let taken = init(&mut memory, FG_LISTS_BYTES, &bytes).is_ok();
        assert_eq!(taken, Root::read_pinned(&bytes).is_ok(), "byte {at}");
    }
    assert!(memory.0[FG_LISTS_BYTES..].iter().all(|byte| *byte == 0xa5));
}
