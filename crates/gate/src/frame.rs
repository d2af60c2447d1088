//! Codes out of a stream of bytes: a line end or silence ends one, and none is longer than a cap.

/// Most bytes kept of one code: above what the validator reads, so that it says "too long".
pub const FRAME_BYTES_MAX: usize = 1024;

/// Cuts bytes into codes. Holds at most [`FRAME_BYTES_MAX`] bytes, whatever comes.
#[derive(Debug, Default)]
pub struct Framer {
    held: Vec<u8>,
    /// The code is longer than the cap: the rest up to its end is dropped.
    overlong: bool,
}

impl Framer {
    /// Takes bytes and gives every code that ends in them, blanks around it cut off.
    pub fn push(&mut self, bytes: &[u8], mut sink: impl FnMut(&[u8])) {
        for byte in bytes {
            if matches!(byte, b'\r' | b'\n') {
                self.end(&mut sink);
            } else if self.held.len() < FRAME_BYTES_MAX {
                self.held.push(*byte);
            } else {
                self.overlong = true;
            }
        }
    }

    /// The line has been silent: what is held is a code.
    pub fn end(&mut self, mut sink: impl FnMut(&[u8])) {
        let code = self.held.trim_ascii();
        if !code.is_empty() {
            sink(code);
        }
        self.clear();
    }

    /// Forgets what is held: half a code from a reader that went away.
    pub fn clear(&mut self) {
        self.held.clear();
        self.overlong = false;
    }

    /// Whether half a code is held.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.held.is_empty()
    }

    /// Whether the code that is held is longer than the cap.
    #[must_use]
    pub const fn is_overlong(&self) -> bool {
        self.overlong
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(framer: &mut Framer, bytes: &[u8]) -> Vec<Vec<u8>> {
        let mut out = Vec::new();
        framer.push(bytes, |code| out.push(code.to_vec()));
        out
    }

    #[test]
    fn line_ends_and_silence_end_a_code() {
        let mut framer = Framer::default();
        assert_eq!(codes(&mut framer, b"A\r\nB\n\n\rC"), [b"A", b"B"]);
        let mut last = Vec::new();
        framer.end(|code| last.extend_from_slice(code));
        assert_eq!(last, b"C");
        assert!(framer.is_empty());
        assert_eq!(codes(&mut framer, b" D E \n"), [b"D E"]);
    }

    #[test]
    fn an_endless_line_is_capped_and_the_next_code_is_whole() {
        let mut framer = Framer::default();
        for _ in 0..1000 {
            assert!(codes(&mut framer, &[b'x'; 777]).is_empty());
        }
        assert!(framer.is_overlong());
        let got = codes(&mut framer, b"\nFG1:A\n");
        assert_eq!(got.len(), 2);
        assert_eq!(
            (got[0].len(), &got[1][..]),
            (FRAME_BYTES_MAX, &b"FG1:A"[..])
        );
    }

    #[test]
    fn the_codes_do_not_depend_on_how_the_bytes_arrive() {
        let bytes = b"FG1:AB\r\nxx\n\nFG1:CD\r";
        let whole = codes(&mut Framer::default(), bytes);
        for cut in 0..bytes.len() {
            let mut framer = Framer::default();
            let mut parts = codes(&mut framer, &bytes[..cut]);
            parts.extend(codes(&mut framer, &bytes[cut..]));
            assert_eq!(parts, whole, "cut at {cut}");
        }
    }
}
