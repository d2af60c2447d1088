//! Tap upload: the protobuf envelope of `proto/faregate/v1/taps.proto` and its JSON answer.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use generated::{TapAck, TapBatch};

/// `POST /v1/taps` → 200 for clients that accept JSON; the fields are those of [`TapAck`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct TapAckBody {
    /// Every record of the epoch up to and including this sequence number is durable; absent
    /// while record 0 is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acked_through_seq: Option<u64>,
    /// Records of the batch that were new.
    pub stored: u32,
    /// Records of the batch that were here already, byte for byte.
    pub duplicates: u32,
    /// Records of the batch whose place is taken by other bytes.
    pub conflicts: u32,
}

impl From<TapAck> for TapAckBody {
    fn from(ack: TapAck) -> Self {
        Self {
            acked_through_seq: ack.acked_through_seq,
            stored: ack.stored,
            duplicates: ack.duplicates,
            conflicts: ack.conflicts,
        }
    }
}

mod generated {
    //! What prost makes of the schema.
    include!(concat!(env!("OUT_DIR"), "/faregate.v1.rs"));
}

#[cfg(test)]
mod tests {
    use super::*;
    use prost::Message as _;

    #[test]
    fn a_batch_has_the_bytes_of_the_protobuf_encoding_guide() {
        let batch = TapBatch {
            device_id: vec![0xd0],
            epoch: 1,
            first_seq: 150,
            chain_before: vec![],
            records: vec![vec![0xaa], vec![]],
            signature: vec![0x51],
        };
        // Written by hand: tag = field number << 3 | wire type (2 bytes, 0 varint).
        let bytes = [
            0x0a, 1, 0xd0, 0x10, 1, 0x18, 0x96, 0x01, 0x2a, 1, 0xaa, 0x2a, 0, 0x32, 1, 0x51,
        ];
        assert_eq!(batch.encode_to_vec(), bytes);
        assert_eq!(TapBatch::decode(bytes.as_slice()).unwrap(), batch);
    }
}
