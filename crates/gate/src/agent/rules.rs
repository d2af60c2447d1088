//! Where a gate is, and what it goes by.

use units::{DeviceId, GateId, RouteId, Span, StopId};
use validator::{ClockRules, NetworkCode, Policy, ZoneCode};

use super::UnrecordedRule;

/// Where and what the gate is.
#[derive(Clone, Debug)]
pub struct Site {
    /// The device.
    pub device: DeviceId,
    /// The gate.
    pub gate: GateId,
    /// The stop.
    pub stop: StopId,
    /// The route, on a vehicle.
    pub route: Option<RouteId>,
    /// The network, by its number in rules of acceptance.
    pub network: NetworkCode,
    /// The fare zone, by its number in rules of acceptance.
    pub zone: ZoneCode,
}

/// What the agent goes by.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// How codes are judged.
    pub policy: Policy,
    /// Oldest issuer keys that are used.
    pub keys_stale: Span,
    /// Oldest deny list that is used.
    pub denied_stale: Span,
    /// Refusals written down per minute.
    pub refusals_per_minute: u32,
    /// Codes that the replay memory holds.
    pub replay_slots: usize,
    /// How long the journal keeps what the server has committed.
    pub keep: Span,
    /// What happens to good codes while the journal cannot be written.
    pub unrecorded: UnrecordedRule,
    /// What it may assume of its clocks.
    pub clock: ClockRules,
}
