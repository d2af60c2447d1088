//! Tests of the C interface and of the conformance kit, in one binary.

#[cfg(test)]
#[path = "../../examples/conformance_kit/base.rs"]
mod base;
#[cfg(test)]
#[path = "../../examples/conformance_kit/codes.rs"]
mod codes;
#[cfg(test)]
mod conformance;
#[cfg(test)]
mod deltas;
#[cfg(test)]
#[path = "../../examples/conformance_kit/files.rs"]
mod files;
#[cfg(test)]
#[path = "../../examples/header/generate.rs"]
mod generate;
#[cfg(test)]
mod hardening;
#[cfg(test)]
mod header;
#[cfg(test)]
mod interface;
#[cfg(test)]
mod library;
#[cfg(test)]
mod lists;
#[cfg(test)]
#[path = "../../../validator/examples/conformance/model.rs"]
mod model;
#[cfg(test)]
#[expect(
    dead_code,
    reason = "shared with the tests of `wire`, which use all of it"
)]
#[path = "../../../wire/tests/suite/objects.rs"]
mod objects;
#[cfg(test)]
#[path = "../../examples/conformance_kit/pictures.rs"]
mod pictures;
#[cfg(test)]
mod reader;
#[cfg(test)]
#[path = "../../examples/conformance_kit/readers.rs"]
mod readers;
#[cfg(test)]
#[path = "../../examples/conformance_kit/riders.rs"]
mod riders;
#[cfg(test)]
#[path = "../../../validator/examples/conformance/run.rs"]
mod run;
#[cfg(test)]
mod scanner;
#[cfg(test)]
#[path = "../../examples/conformance_kit/sequences.rs"]
mod sequences;
#[cfg(test)]
mod taps;
#[cfg(test)]
#[expect(
    dead_code,
    reason = "shared with the tests of `validator::update`, which use all of it"
)]
#[path = "../../../validator/tests/update/world.rs"]
mod world;
