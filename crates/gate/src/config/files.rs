//! The files that a configuration names, as they are on this machine.

use std::fs::File;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use super::Config;

/// Bits of a file's mode by which others than its owner may read or write it.
const OTHERS: u32 = 0o077;

impl Config {
    /// What would keep the agent from starting here, or is careless: files that cannot be read, and
    /// keys that others may read. Empty where all is well; the gate may be another machine.
    #[must_use]
    pub fn doubts(&self) -> Vec<String> {
        let mut files: Vec<(&str, &Path, bool)> = Vec::new();
        if let Some(root) = self.lists.root() {
            files.push(("lists.root", root, false));
        }
        if let Some(server) = &self.server {
            files.push(("gate.key_file", &self.gate.key_file, true));
            for (field, file, is_key) in [
                ("server.ca_file", &server.ca_file, false),
                ("server.client_cert_file", &server.client_cert_file, false),
                ("server.client_key_file", &server.client_key_file, true),
            ] {
                files.extend(file.as_deref().map(|file| (field, file, is_key)));
            }
        }
        if let Some(station) = &self.station {
            files.push(("station.key_file", &station.key_file, true));
        }
        let doubts = files.into_iter().filter_map(|(field, path, is_key)| {
            let found = doubt(path, is_key)?;
            Some(format!("{field}: {}: {found}", path.display()))
        });
        doubts.collect()
    }
}

fn doubt(path: &Path, is_key: bool) -> Option<String> {
    match File::open(path).and_then(|file| file.metadata()) {
        Err(error) => Some(error.to_string()),
        Ok(found) if !found.is_file() => Some("expected a file".to_owned()),
        Ok(found) if is_key && found.mode() & OTHERS != 0 => Some(format!(
            "expected a key that its owner alone reads (mode 600), got mode {:o}",
            found.mode() & 0o777
        )),
        Ok(_) => None,
    }
}
