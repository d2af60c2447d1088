//! Deltas of the deny list through the C interface: what the snapshot names comes out, or nothing.

use std::process::Command;
use std::ptr;

use faregate_reader::{
    FG_LIST_DENY, FG_LISTS_BYTES, FgListRef, FgLists, FgStatus, fg_lists_complete, fg_lists_held,
    fg_lists_offer_snapshot, fg_lists_offered, fg_lists_refusal, fg_lists_restore,
    fg_lists_take_deny_delta,
};
use wire::lists::{DeltaHeader, DenyHeader, ListRef};

use crate::lists::{Script, init, ticket};
use crate::reader::compile;
use crate::scanner::Memory;
use crate::world::{Lists, NOW, at, deny_list, first_root, signed_root, signed_snapshot};

/// The bytes of a delta, as a server makes it (docs/WIRE.md): ids of sixteen equal bytes.
fn delta(base: &[u8], (version, result): (u64, &[u8]), removed: &[u8], added: &[u8]) -> Vec<u8> {
    let count = |bytes: usize| u64::try_from(bytes).unwrap();
    let header = DeltaHeader {
        base: ListRef::to(1, base).hash,
        result: ListRef::to(1, result).hash,
        head: DenyHeader {
            version,
            issued: at(NOW),
            count: count(result.len() - 40) / 16,
        },
        removed: count(removed.len()),
        added: count(added.len()),
    };
    let mut bytes = header.encode().unwrap().to_vec();
    bytes.extend(removed.iter().chain(added).flat_map(|id| [*id; 16]));
    bytes
}

/// Snapshot 5 denies 10 and 20; snapshot 6 denies 5, 20 and 30.
struct Days {
    before: Lists,
    five: Vec<u8>,
    after: Vec<u8>,
    six: Vec<u8>,
    delta: Vec<u8>,
}

impl Days {
    fn new() -> Self {
        let before = Lists::new([5; 4], &[10, 20]);
        let five = signed_snapshot(&before.snapshot(0, 5, [5; 4]), &[11]);
        let after = deny_list(6, &[5, 20, 30]);
        let later = Lists {
            deny: after.clone(),
            ..before.clone()
        };
        let six = signed_snapshot(&later.snapshot(0, 6, [5, 6, 5, 5]), &[11]);
        let delta = delta(&before.deny, (6, &after), &[10], &[5, 30]);
        Self {
            before,
            five,
            after,
            six,
            delta,
        }
    }
}

fn hash(list: &[u8]) -> String {
    hex::encode(ListRef::to(1, list).hash)
}

/// The reader in C asks by the hash of its own list, takes the delta, and goes by what comes out;
/// a delta from another list is refused, and the whole list taken in its place.
#[test]
fn the_reader_in_c_goes_by_a_delta() {
    let days = Days::new();
    let nothing = "0".repeat(64);
    let mut script = Script::default();
    script.clock(NOW).line("@trust proven", &[]);
    script.says("root", &signed_root(&first_root(), &[1, 2]), &["taken"]);
    script.says("deny_delta", &days.delta, &["not taken: no offer"]);
    let fetches = format!("deltas/{nothing} objects/{}", hash(&days.before.deny));
    script.says("snapshot", &days.five, &["taken", "missing 15", &fetches]);
    script.says("deny_delta", &days.delta, &["not taken: refused 204"]);
    script.lists(&days.before);
    script.line(&ticket(10, NOW), &["refused 140 denied"]);
    script.line(&ticket(5, NOW), &["permitted 0"]);
    let (mine, new) = (hash(&days.before.deny), hash(&days.after));
    let fetches = format!("deltas/{mine} objects/{new}");
    script.says("snapshot", &days.six, &["taken", "missing 2", &fetches]);
    let strange = delta(&days.after, (6, &days.after), &[], &[]);
    script.says("deny_delta", &strange, &["not taken: refused 204"]);
    script.says(
        "deny_delta",
        &days.delta[..119],
        &["not taken: refused 201"],
    );
    script.line(&ticket(30, NOW), &["permitted 0"]);
    script.says("deny_delta", &days.delta, &["taken"]);
    script.line("@complete", &["taken"]);
    script.line(&ticket(10, NOW), &["permitted 0"]);
    for denied in [5, 20, 30] {
        script.line(&ticket(denied, NOW), &["refused 140 denied"]);
    }
    // What came out of a delta is what the next one begins with.
    let shorter = Lists {
        deny: deny_list(7, &[5]),
        ..days.before
    };
    let seven = signed_snapshot(&shorter.snapshot(0, 7, [5, 7, 5, 5]), &[11]);
    let fetches = format!("deltas/{new} objects/{}", hash(&shorter.deny));
    script.says("snapshot", &seven, &["taken", "missing 2", &fetches]);
    let next = delta(&days.after, (7, &shorter.deny), &[20, 30], &[]);
    script.says("deny_delta", &next, &["taken"]);
    script.line("@complete", &["taken"]);
    script.line(&ticket(20, NOW), &["permitted 0"]);
    script.line(&ticket(5, NOW), &["refused 140 denied"]);

    let folder = tempfile::tempdir().unwrap();
    let reader = compile(&folder, "reader", &[]).unwrap();
    script.run(&folder, &mut Command::new(&reader));
    match compile(&folder, "sanitized", &["-fsanitize=address,undefined"]) {
        Ok(reader) => {
            let mut command = Command::new(reader);
            script.run(&folder, command.env("UBSAN_OPTIONS", "halt_on_error=1"));
            println!("run with the address and undefined-behaviour sanitizers");
        }
        Err(error) => println!("not run with sanitizers: {error}"),
    }
    if Command::new("valgrind").arg("--version").output().is_ok() {
        let mut command = Command::new("valgrind");
        command.args(["--quiet", "--error-exitcode=9"]).arg(reader);
        script.run(&folder, &mut command);
        println!("run under valgrind");
    } else {
        println!("not run under valgrind: it is not installed");
    }
}

/// What a call answers, and the list that it wrote.
struct Taken {
    status: FgStatus,
    ids: Option<usize>,
    list: Vec<u8>,
}

fn take(lists: *mut FgLists, base: &[u8], delta: &[u8], capacity: usize) -> Taken {
    let mut list = vec![0xa5; capacity + 16];
    let (mut ids, mut count) = (ptr::null(), 0);
    // SAFETY: lists of this test or none, and buffers as long as their lengths say.
    let status = unsafe {
        fg_lists_take_deny_delta(
            lists,
            base.as_ptr(),
            base.len(),
            delta.as_ptr(),
            delta.len(),
            list.as_mut_ptr(),
            capacity,
            &raw mut ids,
            &raw mut count,
        )
    };
    assert!(list[capacity..].iter().all(|byte| *byte == 0xa5), "beyond");
    let behind_head = list[40.min(list.len())..].as_ptr();
    assert_eq!(ids.is_null(), status != FgStatus::Ok);
    assert!(ids.is_null() || ptr::eq(ids.cast(), behind_head));
    Taken {
        status,
        ids: (status == FgStatus::Ok).then_some(count),
        list: list[..capacity].to_vec(),
    }
}

/// A reader that holds snapshot 5 and is offered snapshot 6.
fn offered(memory: &mut Memory, days: &Days) -> *mut FgLists {
    let root = signed_root(&first_root(), &[1, 2]);
    let lists = init(memory, FG_LISTS_BYTES, &root).unwrap();
    let (mut missing, now) = (0, NOW * 1_000_000);
    // SAFETY: the lists of this test, and buffers that live through the calls.
    unsafe {
        let (five, length) = (days.five.as_ptr(), days.five.len());
        let restored = fg_lists_restore(lists, root.as_ptr(), root.len(), five, length);
        assert_eq!(restored, FgStatus::Ok);
        let (six, length) = (days.six.as_ptr(), days.six.len());
        let status = fg_lists_offer_snapshot(lists, six, length, now, &raw mut missing);
        assert_eq!((status, missing), (FgStatus::Ok, FG_LIST_DENY));
    }
    lists
}

/// Each truncation and each change of one bit, of the delta and of its base: the list that is named
/// comes out, or nothing does, the offer stays, and no byte is written outside.
#[test]
fn damaged_deltas_give_no_list() {
    let days = Days::new();
    let mut memory = Memory::new();
    let lists = offered(&mut memory, &days);
    let (base, good, length) = (&days.before.deny, &days.delta, days.after.len());
    let mut refused = 0;
    let mut check = |base: &[u8], delta: &[u8]| {
        let taken = take(lists, base, delta, length);
        match taken.status {
            FgStatus::Ok => assert_eq!(taken.list, days.after),
            other => assert_eq!(other, FgStatus::ListRefused),
        }
        refused += u32::from(taken.status != FgStatus::Ok);
    };
    for cut in 0..good.len() {
        check(base, &good[..cut]);
    }
    for cut in 0..base.len() {
        check(&base[..cut], good);
    }
    for bit in 0..good.len() * 8 {
        let mut delta = good.clone();
        delta[bit / 8] ^= 1 << (bit % 8);
        check(base, &delta);
    }
    // Of the base the ids alone are read.
    for bit in 40 * 8..base.len() * 8 {
        let mut base = base.clone();
        base[bit / 8] ^= 1 << (bit % 8);
        check(&base, good);
    }
    let longer = delta(base, (6, &days.after), &[10], &[5, 30, 40, 50, 60]);
    check(base, &longer);
    println!("{refused} damaged deltas and bases refused");
    assert_eq!(
        refused,
        u32::try_from(good.len() + base.len() + 8 * (good.len() + base.len() - 40) + 1).unwrap()
    );
    // SAFETY: the lists of this test.
    unsafe {
        assert_eq!(fg_lists_complete(lists), FgStatus::ListRefused);
        let mut why = 0;
        assert_eq!(fg_lists_refusal(lists, &raw mut why), FgStatus::Ok);
        assert_eq!(why, 212);
    }
    let taken = take(lists, base, good, length);
    assert_eq!((taken.status, taken.ids), (FgStatus::Ok, Some(3)));
    assert_eq!(taken.list, days.after);
    // SAFETY: the lists of this test.
    assert_eq!(unsafe { fg_lists_complete(lists) }, FgStatus::Ok);
    let again = take(lists, base, good, length);
    assert_eq!(again.status, FgStatus::NoOffer);
}

#[test]
fn room_pointers_and_names_are_checked() {
    let days = Days::new();
    let mut memory = Memory::new();
    let lists = offered(&mut memory, &days);
    for capacity in 0..days.after.len() {
        let taken = take(lists, &days.before.deny, &days.delta, capacity);
        assert_eq!(taken.status, FgStatus::TooSmall);
        assert!(taken.list.iter().all(|byte| *byte == 0xa5), "not written");
    }
    let taken = take(ptr::null_mut(), &[], &[], 100);
    assert_eq!(taken.status, FgStatus::Null);
    let mut named = FgListRef::default();
    // SAFETY: the lists of this test, and a reference that lives through the calls.
    unsafe {
        assert_eq!(
            fg_lists_held(lists, FG_LIST_DENY, &raw mut named),
            FgStatus::Ok
        );
        assert_eq!(named.hash, ListRef::to(5, &days.before.deny).hash);
        assert_eq!((named.version, named.length), (5, 72));
        assert_eq!(
            fg_lists_offered(lists, FG_LIST_DENY, &raw mut named),
            FgStatus::Ok
        );
        assert_eq!(named.hash, ListRef::to(6, &days.after).hash);
        assert_eq!((named.version, named.length), (6, 88));
        for list in (0..=u8::MAX).filter(|list| ![1, 2, 4, 8].contains(list)) {
            let at = &raw mut named;
            assert_eq!(fg_lists_offered(lists, list, at), FgStatus::BadList);
            assert_eq!(fg_lists_held(lists, list, at), FgStatus::BadList);
        }
        let none = ptr::null_mut();
        assert_eq!(fg_lists_held(lists, FG_LIST_DENY, none), FgStatus::Null);
        assert_eq!(
            fg_lists_offered(none.cast(), FG_LIST_DENY, &raw mut named),
            FgStatus::Null
        );
    }
}
