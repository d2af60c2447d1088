//! What a permitted tap opens, and whether anybody passed.
//!
//! A [`Door`] is a [`Switch`] (a pin, a relay board) with a closer that bounds how long it is open
//! (`timed`), and a sensor that tells of passages (`passage`). The simulated door is the
//! default.

mod gpio;
mod passage;
mod relay;
mod timed;

use std::time::Duration;

pub use gpio::Pin;
pub use passage::{Passage, PassageWatch, Passages};
pub use relay::Relay;
pub use timed::TimedDoor;

use crate::config::{DoorConfig, PassageConfig};

/// Why a door did not open, or a sensor does not tell.
#[derive(Debug, thiserror::Error)]
#[error("{device}: {doing}")]
pub struct DoorError {
    /// Which device.
    pub device: String,
    /// What was not done.
    pub doing: &'static str,
    /// Why.
    #[source]
    pub source: std::io::Error,
}

/// Something with two states: a pin or a relay.
pub trait Switch: Send + 'static {
    /// Opens (`true`) or closes. Must not wait for the hardware for longer than a write takes.
    ///
    /// # Errors
    /// [`DoorError`]; then the state is not known.
    fn set(&mut self, open: bool) -> Result<(), DoorError>;
}

/// A door. It closes by itself.
pub trait Door: Send {
    /// Lets one rider pass.
    ///
    /// # Errors
    /// [`DoorError`]; then it is to be taken as shut, and there is no outcome.
    fn open(&mut self) -> Result<(), DoorError>;

    /// What has come of an opening. Every successful [`Door::open`] has exactly one outcome, told
    /// once and in the order of the openings, at the latest some seconds after the door closed;
    /// `None` as long as the oldest one has none. Never waits.
    fn outcome(&mut self) -> Option<Passage>;
}

/// The door that the configuration names, with its sensor.
///
/// # Errors
/// [`DoorError`] when a device is not there.
pub fn from_config(
    config: &DoorConfig,
    sensor: &PassageConfig,
) -> Result<Box<dyn Door>, DoorError> {
    let open_for = config.open_for();
    let watch = PassageWatch::start(sensor, open_for)?;
    Ok(match config {
        DoorConfig::Simulated => Box::new(SimulatedDoor { watch }),
        DoorConfig::Relay {
            path, open, close, ..
        } => Box::new(TimedDoor::new(
            Relay::new(path, open, close),
            open_for,
            watch,
        )?),
        DoorConfig::Gpio {
            chip,
            line,
            active_low,
            ..
        } => Box::new(TimedDoor::new(
            Pin::output(chip, *line, *active_low)?,
            open_for,
            watch,
        )?),
    })
}

/// No door: an agent without hardware. It may have a sensor all the same.
#[derive(Debug)]
pub struct SimulatedDoor {
    watch: PassageWatch,
}

impl Default for SimulatedDoor {
    fn default() -> Self {
        Self {
            watch: PassageWatch::none(Duration::ZERO),
        }
    }
}

impl Door for SimulatedDoor {
    fn open(&mut self) -> Result<(), DoorError> {
        tracing::debug!("the simulated door opens");
        self.watch.opened();
        Ok(())
    }

    fn outcome(&mut self) -> Option<Passage> {
        self.watch.outcome()
    }
}
