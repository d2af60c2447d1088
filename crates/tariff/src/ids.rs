//! Ids derived from what they name: UUIDs of version 5 (RFC 9562 section 5.5), so that doing a
//! thing again makes the same id again. A day of a city makes some twenty million.

use sha1::{Digest as _, Sha1};
use units::{AccountId, JourneyId, TapId};

const JOURNEYS: [u8; 16] = *b"faregate journey";

/// The UUID of version 5 that `name`, given in parts, has in `namespace`.
#[must_use]
pub fn derive(namespace: &[u8; 16], name: &[&[u8]]) -> [u8; 16] {
    let mut hash = Sha1::new();
    hash.update(namespace);
    for part in name {
        hash.update(part);
    }
    let mut id = [0; 16];
    for (byte, of_hash) in id.iter_mut().zip(hash.finalize()) {
        *byte = of_hash;
    }
    id[6] = (id[6] & 0x0f) | 0x50;
    id[8] = (id[8] & 0x3f) | 0x80;
    id
}

/// The journey of `account` that begins with tap `first`.
#[must_use]
pub fn journey(account: AccountId, first: TapId) -> JourneyId {
    JourneyId::from_bytes(derive(&JOURNEYS, &[account.as_bytes(), first.as_bytes()]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rfcs_example_comes_out_however_it_is_cut() {
        // RFC 9562 appendix A.4: www.example.com in the namespace of domain names (appendix A.4
        // and section 6.6): 6ba7b810-9dad-11d1-80b4-00c04fd430c8.
        let dns = 0x6ba7_b810_9dad_11d1_80b4_00c0_4fd4_30c8_u128.to_be_bytes();
        let expected = 0x2ed6_657d_e927_568b_95e1_2665_a8ae_a6a2_u128.to_be_bytes();
        assert_eq!(derive(&dns, &[b"www.example.com"]), expected);
        assert_eq!(derive(&dns, &[b"www.", b"", b"example.com"]), expected);
    }
}
