//! The keys that a scanner types: events of Linux's input layer to bytes of a code. Pure.
//!
//! A scanner in keyboard mode types key codes, not characters; they are read with the US layout,
//! for which it must be set up (its manual has a code for that). Base45's alphabet and `FG1:` need
//! digits, capitals and ` $%*+-./:`; every other printable key gives its character too, so that a
//! scanner with another layout is seen as garbage and not as half a code.

/// Bytes of one event on a 64-bit kernel: two times of 8 bytes, kind, code, value.
pub const EVENT_BYTES: usize = 24;

/// Kind of an event: a key.
const EV_KEY: u16 = 1;
/// Kind of an event: the end of a group; its code [`SYN_DROPPED`] says that events were lost.
const EV_SYN: u16 = 0;
const SYN_DROPPED: u16 = 3;

const ENTER: u16 = 28;
const KEYPAD_ENTER: u16 = 96;
const SHIFTS: [u16; 2] = [42, 54];
const CAPS_LOCK: u16 = 58;

/// What keys have typed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Typed {
    /// A character of a code.
    Byte(u8),
    /// Events were lost: what is held of a code is worthless.
    Lost,
}

/// The state of the keyboard, and the bytes of an event that came in parts.
#[derive(Debug, Default)]
pub struct Keyboard {
    shifts: [bool; 2],
    capitals: bool,
    part: Vec<u8>,
}

impl Keyboard {
    /// Takes bytes of the device and gives what was typed.
    pub fn push(&mut self, mut bytes: &[u8], mut typed: impl FnMut(Typed)) {
        if !self.part.is_empty() {
            let missing = EVENT_BYTES - self.part.len();
            let (head, rest) = bytes.split_at(missing.min(bytes.len()));
            self.part.extend_from_slice(head);
            bytes = rest;
            if self.part.len() < EVENT_BYTES {
                return;
            }
            let whole = std::mem::take(&mut self.part);
            self.event(&whole, &mut typed);
        }
        let events = bytes.chunks_exact(EVENT_BYTES);
        self.part.extend_from_slice(events.remainder());
        for event in events {
            self.event(event, &mut typed);
        }
    }

    fn event(&mut self, event: &[u8], typed: &mut impl FnMut(Typed)) {
        let half = |at: usize| {
            let bytes = event.get(at..at + 2).and_then(|b| b.try_into().ok());
            u16::from_ne_bytes(bytes.unwrap_or_default())
        };
        let (kind, code) = (half(16), half(18));
        let value = event.get(20..24).and_then(|bytes| bytes.try_into().ok());
        let value = i32::from_ne_bytes(value.unwrap_or_default());
        if (kind, code) == (EV_SYN, SYN_DROPPED) {
            self.shifts = [false; 2];
            typed(Typed::Lost);
        }
        if kind != EV_KEY {
            return;
        }
        if let Some(side) = SHIFTS.iter().position(|shift| *shift == code) {
            if let Some(held) = self.shifts.get_mut(side) {
                *held = value != 0;
            }
            return;
        }
        // 1 is a key going down; 0 going up; 2 held for long, which no scanner does.
        if value != 1 {
            return;
        }
        match code {
            ENTER | KEYPAD_ENTER => typed(Typed::Byte(b'\n')),
            CAPS_LOCK => self.capitals = !self.capitals,
            _ => {
                if let Some(byte) = self.character(code) {
                    typed(Typed::Byte(byte));
                }
            }
        }
    }

    fn character(&self, code: u16) -> Option<u8> {
        let shifted = self.shifts.contains(&true);
        let (plain, with_shift) = *US.get(usize::from(code))?;
        let shifted = shifted != (self.capitals && plain.is_ascii_alphabetic());
        let byte = if shifted { with_shift } else { plain };
        (byte != 0).then_some(byte)
    }
}

/// The US layout by key code (`linux/input-event-codes.h`): without and with shift; 0 for keys
/// that type nothing.
const US: [(u8, u8); 99] = {
    let mut keys = [(0, 0); 99];
    let mut at = 0;
    let rows: [(usize, &[u8], &[u8]); 5] = [
        (2, b"1234567890-=", b"!@#$%^&*()_+"),
        (16, b"qwertyuiop[]", b"QWERTYUIOP{}"),
        (30, b"asdfghjkl;'`", b"ASDFGHJKL:\"~"),
        (43, b"\\zxcvbnm,./", b"|ZXCVBNM<>?"),
        (57, b" ", b" "),
    ];
    while at < rows.len() {
        let (first, plain, shifted) = rows[at];
        let mut key = 0;
        while key < plain.len() {
            keys[first + key] = (plain[key], shifted[key]);
            key += 1;
        }
        at += 1;
    }
    // The keypad, which some scanners use for digits.
    let pad: [(usize, u8); 15] = [
        (55, b'*'),
        (71, b'7'),
        (72, b'8'),
        (73, b'9'),
        (74, b'-'),
        (75, b'4'),
        (76, b'5'),
        (77, b'6'),
        (78, b'+'),
        (79, b'1'),
        (80, b'2'),
        (81, b'3'),
        (82, b'0'),
        (83, b'.'),
        (98, b'/'),
    ];
    let mut at = 0;
    while at < pad.len() {
        let (code, byte) = pad[at];
        keys[code] = (byte, byte);
        at += 1;
    }
    keys
};

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// An event as the kernel writes it.
    pub(crate) fn event(kind: u16, code: u16, value: i32) -> Vec<u8> {
        let mut bytes = vec![0x5a; 16];
        bytes.extend(kind.to_ne_bytes());
        bytes.extend(code.to_ne_bytes());
        bytes.extend(value.to_ne_bytes());
        bytes
    }

    /// Key codes by hand, from `linux/input-event-codes.h`, for the characters used here.
    fn key(character: char) -> (u16, bool) {
        match character {
            'A' => (30, true),
            'B' => (48, true),
            'F' => (33, true),
            'G' => (34, true),
            'Z' => (44, true),
            'Q' => (16, true),
            '0' => (11, false),
            '1' => (2, false),
            '9' => (10, false),
            ' ' => (57, false),
            '$' => (5, true),
            '%' => (6, true),
            '*' => (9, true),
            '+' => (13, true),
            '-' => (12, false),
            '.' => (52, false),
            '/' => (53, false),
            ':' => (39, true),
            '\n' => (28, false),
            other => panic!("no key for {other}"),
        }
    }

    /// What a scanner sends for a text.
    pub(crate) fn typed(text: &str) -> Vec<u8> {
        let mut bytes = Vec::new();
        for character in text.chars() {
            let (code, shift) = key(character);
            if shift {
                bytes.extend(event(1, 42, 1));
            }
            // The scan code, which comes before each key and says nothing.
            bytes.extend(event(4, 4, 0x7_0004));
            bytes.extend(event(1, code, 1));
            bytes.extend(event(0, 0, 0));
            bytes.extend(event(1, code, 0));
            if shift {
                bytes.extend(event(1, 42, 0));
            }
            bytes.extend(event(0, 0, 0));
        }
        bytes
    }

    fn text(bytes: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        Keyboard::default().push(bytes, |typed| match typed {
            Typed::Byte(byte) => out.push(byte),
            Typed::Lost => out.push(b'?'),
        });
        out
    }

    #[test]
    fn every_symbol_of_base45_comes_through() {
        let all = "FG1:ABZQ019 $%*+-./:\n";
        assert_eq!(text(&typed(all)), all.as_bytes());
    }

    #[test]
    fn capitals_and_digits_have_the_keys_of_the_us_layout() {
        let letters: [u16; 26] = [
            30, 48, 46, 32, 18, 33, 34, 35, 23, 36, 37, 38, 50, 49, 24, 25, 16, 19, 31, 20, 22, 47,
            17, 45, 21, 44,
        ];
        let mut bytes = event(1, 54, 1);
        for code in letters {
            bytes.extend(event(1, code, 1));
        }
        bytes.extend(event(1, 54, 0));
        for code in [11, 2, 3, 4, 5, 6, 7, 8, 9, 10] {
            bytes.extend(event(1, code, 1));
        }
        assert_eq!(text(&bytes), b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789");
    }

    #[test]
    fn caps_lock_turns_letters_alone_and_shift_turns_them_back() {
        let mut bytes = event(1, 58, 1);
        bytes.extend(event(1, 58, 0));
        bytes.extend(event(1, 30, 1));
        bytes.extend(event(1, 2, 1));
        bytes.extend(event(1, 42, 1));
        bytes.extend(event(1, 30, 1));
        assert_eq!(text(&bytes), b"A1a");
    }

    #[test]
    fn keys_that_repeat_go_up_or_type_nothing_give_nothing() {
        let mut bytes = event(1, 30, 2);
        bytes.extend(event(1, 30, 0));
        for code in [0, 1, 14, 15, 29, 56, 59, 99, 511, u16::MAX] {
            bytes.extend(event(1, code, 1));
        }
        bytes.extend(event(3, 30, 1));
        assert_eq!(text(&bytes), b"");
    }

    #[test]
    fn lost_events_are_told_and_free_the_shift() {
        let mut bytes = event(1, 42, 1);
        bytes.extend(event(0, SYN_DROPPED, 0));
        bytes.extend(event(1, 2, 1));
        assert_eq!(text(&bytes), b"?1");
    }

    #[test]
    fn it_does_not_matter_how_the_bytes_arrive_and_any_bytes_are_bounded() {
        let bytes = typed("FG1:A\n");
        for cut in 0..bytes.len() {
            let mut keyboard = Keyboard::default();
            let mut out = Vec::new();
            for part in [&bytes[..cut], &bytes[cut..]] {
                keyboard.push(part, |typed| {
                    if let Typed::Byte(byte) = typed {
                        out.push(byte);
                    }
                });
            }
            assert_eq!(out, b"FG1:A\n", "cut at {cut}");
        }
        let mut keyboard = Keyboard::default();
        let mut state = 1u32;
        for _ in 0..10_000 {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let noise = state.to_be_bytes();
            let count = usize::from(noise[0] % 5);
            keyboard.push(&noise[..count.min(4)], |_| ());
            assert!(keyboard.part.len() < EVENT_BYTES);
        }
    }
}
