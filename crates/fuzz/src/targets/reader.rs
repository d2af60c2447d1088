//! What a gate reader takes from its disk, its scanners and its installer.

use gate::config::Config;
use gate::frame::{FRAME_BYTES_MAX, Framer};
use gate::input::keys::{EVENT_BYTES, Keyboard, Typed};
use gate::station::StationKey;
use gate::station::message::Message;
use journal::testing::{Medium, chain_start};
use journal::{Journal, Media, Options, Witness};
use units::DeviceId;

/// A disk's segment: the first byte says how many records were really written before the rest of
/// the input overwrote it from the place that the second and third name.
///
/// Recovery ends, never panics, and recovering once more gives the same records.
pub(super) fn journal(bytes: &[u8]) {
    let Some((&[count, high, low], damage)) = bytes.split_first_chunk::<3>() else {
        return;
    };
    let mut medium = written(usize::from(count % 32));
    let place = u32::from(u16::from_be_bytes([high, low]));
    let mut ids = Vec::new();
    if medium.list(&mut ids).is_err() {
        return;
    }
    if let Some(id) = ids.first() {
        let _ = medium.write(*id, place, damage);
    }
    let Some((first, medium)) = recover(medium) else {
        return;
    };
    if let Some((second, _)) = recover(medium) {
        assert_eq!(first, second, "recovered twice, and not the same");
    }
}

/// A medium with `count` records on it.
fn written(count: usize) -> Medium {
    let opened = Journal::open(Medium::new(), options(), Witness::NONE, &mut |_| {});
    let Ok((mut journal, _)) = opened else {
        panic!("an empty medium is refused");
    };
    for number in 0..count {
        let payload = vec![u8::try_from(number).unwrap_or(u8::MAX); 8 + number];
        assert!(journal.append(&payload).is_ok() && journal.sync().is_ok());
    }
    journal.into_media()
}

/// The taps that are found, and the medium as recovery left it.
fn recover(medium: Medium) -> Option<(Vec<Vec<u8>>, Medium)> {
    let mut found = Vec::new();
    let opened = Journal::open(medium, options(), Witness::NONE, &mut |record| {
        found.push(format!("{record:?}").into_bytes());
    });
    let (journal, _) = opened.ok()?;
    Some((found, journal.into_media()))
}

fn options() -> Options {
    Options::new(DeviceId::from_bytes([7; 16]), chain_start, 1)
}

/// Bytes off a scanner's line: at most one cap's worth is held, and no code is longer.
pub(super) fn scanner(bytes: &[u8]) {
    let mut framer = Framer::default();
    let mut whole = Vec::new();
    framer.push(bytes, |code| whole.push(code.to_vec()));
    framer.end(|code| whole.push(code.to_vec()));
    assert!(framer.is_empty());
    assert!(whole.iter().all(|code| code.len() <= FRAME_BYTES_MAX));
    let mut pieces = Vec::new();
    for byte in bytes {
        framer.push(&[*byte], |code| pieces.push(code.to_vec()));
    }
    framer.end(|code| pieces.push(code.to_vec()));
    assert_eq!(whole, pieces, "how bytes arrive changes what was scanned");
}

/// Events of a scanner that types: what is typed does not depend on how the bytes arrive.
pub(super) fn keyboard(bytes: &[u8]) {
    let pushed = |pieces: &mut dyn Iterator<Item = &[u8]>| {
        let mut keyboard = Keyboard::default();
        let mut all = Vec::<Typed>::new();
        for piece in pieces {
            keyboard.push(piece, |typed| all.push(typed));
        }
        all
    };
    let whole = pushed(&mut std::iter::once(bytes));
    assert!(whole.len() <= bytes.len() / EVENT_BYTES);
    let by_seven = pushed(&mut bytes.chunks(7));
    assert_eq!(whole, by_seven, "how bytes arrive changes what was typed");
}

/// A datagram of a neighbour, whose seal is put on here: no fuzzer would find it. What is read is
/// read again from what it is written as.
pub(super) fn datagram(bytes: &[u8]) {
    let key = StationKey::from_bytes([7; 32].into());
    let mut datagram = bytes.to_vec();
    datagram.extend(key.seal(&[bytes]));
    if let Some(message) = Message::decode(&datagram, &key) {
        assert_eq!(Message::decode(&message.encode(&key), &key), Some(message));
    }
}

/// A gate's configuration.
pub(super) fn config(bytes: &[u8]) {
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = Config::parse(text);
    }
}
