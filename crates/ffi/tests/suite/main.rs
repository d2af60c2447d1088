//! Tests of the C interface and of the conformance kit, in one binary.

#[path = "../../examples/conformance_kit/base.rs"]
mod base;
#[path = "../../examples/conformance_kit/codes.rs"]
mod codes;
mod conformance;
#[path = "../../examples/conformance_kit/files.rs"]
mod files;
#[path = "../../examples/header/generate.rs"]
mod generate;
mod hardening;
mod header;
mod interface;
mod library;
#[path = "../../../validator/examples/conformance/model.rs"]
mod model;
#[expect(
    dead_code,
    reason = "shared with the tests of `wire`, which use all of it"
)]
#[path = "../../../wire/tests/suite/objects.rs"]
mod objects;
#[path = "../../examples/conformance_kit/pictures.rs"]
mod pictures;
mod reader;
#[path = "../../examples/conformance_kit/readers.rs"]
mod readers;
#[path = "../../../validator/examples/conformance/run.rs"]
mod run;
mod scanner;
#[path = "../../examples/conformance_kit/sequences.rs"]
mod sequences;
mod taps;
