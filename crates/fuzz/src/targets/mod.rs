//! The targets, a module for each place that bytes come in at.

mod city;
mod codes;
mod fares;
mod intake;
mod lists;
mod reader;
mod server;

/// A parser and what must hold of it for any bytes.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Its name, also that of its corpus's folder.
    pub name: &'static str,
    /// Longest input worth trying, bytes: somewhat above the parser's own limit.
    pub max_bytes: usize,
    check: fn(&[u8]),
}

impl Target {
    /// Panics when what must hold of `bytes` does not. Inputs too long to tell more are let be.
    pub fn run(&self, bytes: &[u8]) {
        if bytes.len() <= self.max_bytes {
            (self.check)(bytes);
        }
    }
}

/// Every target.
pub const TARGETS: &[Target] = &[
    target("text", 700, codes::text),
    target("code", 400, codes::code),
    target("credential", 300, codes::credential),
    target("tap_record", 700, codes::tap_record),
    target("note", 700, codes::note),
    target("journal", 8_192, reader::journal),
    target("scanner", 4_096, reader::scanner),
    target("keyboard", 4_096, reader::keyboard),
    target("datagram", 72, reader::datagram),
    target("gate_config", 4_096, reader::config),
    target("tap_batch", 4_096, server::tap_batch),
    target("json_bodies", 1_024, server::json_bodies),
    target("foreign_taps", 4_096, server::foreign_taps),
    target("list_root", 1_536, lists::root),
    target("list_snapshot", 768, lists::snapshot),
    target("list_bundle", 1_024, lists::bundle),
    target("list_policy", 320, lists::policy),
    target("list_tariff", 256, lists::tariff),
    target("list_deny", 512, lists::deny),
    target("list_delta", 512, lists::delta),
    target("city_files", 8_192, city::files),
    target("feed", 8_192, fares::feed),
    target("archive", 8_192, intake::archive),
    target("itineraries", 4_096, intake::itineraries),
];

const fn target(name: &'static str, max_bytes: usize, check: fn(&[u8])) -> Target {
    Target {
        name,
        max_bytes,
        check,
    }
}

/// The target of this name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Target> {
    TARGETS.iter().find(|target| target.name == name)
}
