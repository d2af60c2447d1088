//! Gates: the readers whose batches count.

use units::{DeviceId, GateId, RouteId, StopId};

use super::UnknownValue;

/// A registered reader: at a station's gate line or on a vehicle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gate {
    /// The device that signs the batches.
    pub device: DeviceId,
    /// The gate's number in the city; records must carry it.
    pub gate: GateId,
    /// The device's Ed25519 public key (RFC 8032). Never changes: another key is another device.
    pub public_key: [u8; 32],
    /// Where the gate stands; `None` on a vehicle, whose records name the stop of each tap.
    pub stop: Option<StopId>,
    /// The route the gate serves; `None` where records may name any route or none.
    pub route: Option<RouteId>,
    /// Whether its batches are taken.
    pub state: GateState,
}

/// Whether a gate's batches are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum GateState {
    /// In service.
    Active,
    /// Out of service: its uploads are refused as a whole.
    Retired,
}

impl GateState {
    /// The stored text.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Retired => "retired",
        }
    }

    /// Reads the stored text.
    ///
    /// # Errors
    /// [`UnknownValue`] for any other text.
    pub fn parse(text: &str) -> Result<Self, UnknownValue> {
        match text {
            "active" => Ok(Self::Active),
            "retired" => Ok(Self::Retired),
            other => Err(UnknownValue {
                expected: "active or retired",
                got: other.to_owned(),
            }),
        }
    }
}

/// What registering a gate did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Registered {
    /// The device was unknown.
    New,
    /// The device was known under this key; place, number and state are now as given.
    Updated,
    /// The device was known under another key; nothing was changed.
    KeyDiffers,
}
