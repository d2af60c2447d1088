//! Tests of `validator` through its public interface, in one binary.

#[cfg(test)]
mod clocks;
#[cfg(test)]
#[path = "../../../wire/tests/suite/damage.rs"]
#[expect(
    dead_code,
    reason = "shared with the tests of `wire`, which use all of it"
)]
mod damage;
#[cfg(test)]
mod decisions;
#[cfg(test)]
#[path = "../../../wire/tests/suite/hostile.rs"]
#[expect(
    dead_code,
    reason = "shared with the tests of `wire`, which use all of it"
)]
mod hostile;
#[cfg(test)]
#[path = "../../examples/vectors/model.rs"]
mod model;
#[cfg(test)]
#[path = "../../../wire/tests/suite/objects.rs"]
mod objects;
#[cfg(test)]
mod parties;
#[cfg(test)]
mod places;
#[cfg(test)]
mod properties;
#[cfg(test)]
#[path = "../../examples/vectors/refused.rs"]
mod refused;
#[cfg(test)]
mod seeded;
#[cfg(test)]
mod sentences;
#[cfg(test)]
mod shown;
#[cfg(test)]
#[path = "../../examples/vectors/taps.rs"]
mod taps;
#[cfg(test)]
mod vector_files;
#[cfg(test)]
#[path = "../../examples/vectors/vectors.rs"]
mod vectors;
