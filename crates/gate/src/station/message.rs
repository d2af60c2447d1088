//! The datagram between readers: 104 bytes, sealed with the station's key. Layout: `docs/WIRE.md`.

use units::{GateId, Timestamp};

use super::key::{CodeHash, SEAL_BYTES, StationKey};

/// Bytes of a datagram.
pub const DATAGRAM_BYTES: usize = 104;

const SEALED_BYTES: usize = DATAGRAM_BYTES - SEAL_BYTES;
const MAGIC: &[u8; 4] = b"FGS1";

/// What a reader says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Saying {
    /// "I am here."
    Hello,
    /// "I am about to let this many pass on the code, all in all: has anybody else?" Also "I did
    /// not, after all", with a smaller number.
    Claim {
        /// Of which code.
        code: CodeHash,
        /// How many, all in all.
        riders: u8,
        /// Last instant at which the code could pass.
        until: Timestamp,
        /// Whether an answer is waited for.
        asks: bool,
    },
    /// "So many have passed elsewhere."
    Answer {
        /// Of which code.
        code: CodeHash,
        /// How many.
        riders: u8,
        /// Whose claim is answered.
        to: GateId,
        /// The claim's start of that reader.
        boot: u64,
        /// The claim's counter.
        counter: u64,
    },
}

/// A saying with who said it, when.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Message {
    /// Who.
    pub sender: GateId,
    /// Grows with each start of the sender.
    pub boot: u64,
    /// Grows with each message of a start.
    pub counter: u64,
    /// By the sender's clock.
    pub at: Timestamp,
    /// What.
    pub saying: Saying,
}

impl Message {
    /// The datagram.
    #[must_use]
    pub fn encode(&self, key: &StationKey) -> [u8; DATAGRAM_BYTES] {
        let empty = CodeHash([0; 16]);
        let (kind, riders, to, code, boot, number) = match self.saying {
            Saying::Hello => (1, 0, 0, empty, 0, 0),
            Saying::Claim {
                code,
                riders,
                until,
                asks,
            } => {
                let kind = if asks { 2 } else { 3 };
                let until = until.as_micros().cast_unsigned();
                (kind, riders, 0, code, 0, until)
            }
            Saying::Answer {
                code,
                riders,
                to,
                boot,
                counter,
            } => (4, riders, to.as_number(), code, boot, counter),
        };
        let parts: [&[u8]; 10] = [
            MAGIC,
            &[kind, riders, 0, 0],
            &self.sender.as_number().to_be_bytes(),
            &to.to_be_bytes(),
            &self.boot.to_be_bytes(),
            &self.counter.to_be_bytes(),
            &self.at.as_micros().to_be_bytes(),
            &boot.to_be_bytes(),
            &number.to_be_bytes(),
            &code.0,
        ];
        let seal = key.seal(&parts);
        let mut datagram = [0; DATAGRAM_BYTES];
        let mut rest = datagram.iter_mut();
        for (byte, at) in parts.iter().copied().flatten().chain(&seal).zip(&mut rest) {
            *at = *byte;
        }
        datagram
    }

    /// Reads a datagram that carries the station's seal.
    #[must_use]
    pub fn decode(datagram: &[u8], key: &StationKey) -> Option<Self> {
        if datagram.len() != DATAGRAM_BYTES || !datagram.starts_with(MAGIC) {
            return None;
        }
        let (sealed, seal) = datagram.split_at_checked(SEALED_BYTES)?;
        if !key.is_seal(&[sealed], seal) {
            return None;
        }
        let mut reader = Reader(sealed);
        let [_, _, _, _, kind, riders, 0, 0] = reader.take()? else {
            return None;
        };
        let sender = GateId::from_number(u32::from_be_bytes(reader.take()?));
        let to = GateId::from_number(u32::from_be_bytes(reader.take()?));
        let own_boot = u64::from_be_bytes(reader.take()?);
        let own_counter = u64::from_be_bytes(reader.take()?);
        let at = Timestamp::from_micros(i64::from_be_bytes(reader.take()?));
        let boot = u64::from_be_bytes(reader.take()?);
        let number = u64::from_be_bytes(reader.take()?);
        let code = CodeHash(reader.take()?);
        let saying = match kind {
            1 => Saying::Hello,
            2 | 3 => Saying::Claim {
                code,
                riders,
                until: Timestamp::from_micros(number.cast_signed()),
                asks: kind == 2,
            },
            4 => Saying::Answer {
                code,
                riders,
                to,
                boot,
                counter: number,
            },
            _ => return None,
        };
        Some(Self {
            sender,
            boot: own_boot,
            counter: own_counter,
            at,
            saying,
        })
    }
}

/// Takes fields off the front.
struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (field, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*field)
    }
}
