//! A pin of a GPIO chip, through Linux's character device (its second interface, since 5.10).

use std::path::Path;
use std::time::Duration;

use gpiocdev::Request;
use gpiocdev::line::{EdgeDetection, Value};

use super::{DoorError, Switch};

/// What `gpioinfo` shows as the user of the line.
const CONSUMER: &str = "faregate-gate";

/// A contact is believed when it has been still for so long.
const DEBOUNCE: Duration = Duration::from_millis(5);

/// One line of a chip, held as long as this value lives.
#[derive(Debug)]
pub struct Pin {
    request: Request,
    name: String,
}

impl Pin {
    /// An output, inactive from the start. `chip` is like `/dev/gpiochip0`.
    ///
    /// # Errors
    /// [`DoorError`] when there is no such chip or line, or another process holds it.
    pub fn output(chip: &Path, line: u32, active_low: bool) -> Result<Self, DoorError> {
        let mut builder = Request::builder();
        builder
            .on_chip(chip)
            .with_consumer(CONSUMER)
            .with_line(line)
            .as_output(Value::Inactive);
        Self::request(&mut builder, chip, line, active_low)
    }

    /// An input that tells of rising edges.
    ///
    /// # Errors
    /// As [`Self::output`].
    pub fn input(chip: &Path, line: u32, active_low: bool) -> Result<Self, DoorError> {
        let mut builder = Request::builder();
        builder
            .on_chip(chip)
            .with_consumer(CONSUMER)
            .with_line(line)
            .as_input()
            .with_edge_detection(EdgeDetection::RisingEdge)
            .with_debounce_period(DEBOUNCE);
        Self::request(&mut builder, chip, line, active_low)
    }

    fn request(
        builder: &mut gpiocdev::request::Builder,
        chip: &Path,
        line: u32,
        active_low: bool,
    ) -> Result<Self, DoorError> {
        if active_low {
            builder.as_active_low();
        }
        let name = format!("{} line {line}", chip.display());
        match builder.request() {
            Ok(request) => Ok(Self { request, name }),
            Err(error) => Err(DoorError {
                device: name,
                doing: "the line cannot be had",
                source: std::io::Error::other(error),
            }),
        }
    }

    /// Chip and line.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Calls `told` at every rising edge, until the chip is gone.
    ///
    /// # Errors
    /// Why it ended.
    pub(super) fn each_edge(&self, mut told: impl FnMut()) -> std::io::Result<()> {
        loop {
            self.request
                .read_edge_event()
                .map_err(std::io::Error::other)?;
            told();
        }
    }
}

impl Switch for Pin {
    fn set(&mut self, open: bool) -> Result<(), DoorError> {
        let value = if open { Value::Active } else { Value::Inactive };
        let set = self.request.set_lone_value(value);
        set.map_err(|error| DoorError {
            device: self.name.clone(),
            doing: "the line does not change",
            source: std::io::Error::other(error),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chip_that_is_none_is_told_by_name() {
        for chip in ["/dev/no-such-gpiochip", "/dev/null"] {
            let error = Pin::output(Path::new(chip), 3, true).unwrap_err();
            let text = error.to_string();
            assert_eq!(text, format!("{chip} line 3: the line cannot be had"));
            assert!(Pin::input(Path::new(chip), 3, false).is_err());
        }
    }
}
