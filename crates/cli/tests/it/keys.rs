//! `faregate keys`: the issuer's key file.

use std::path::Path;
use std::process::Command;

use crate::support::{failure, faregate, json};

fn keys(folder: &Path, command: &str) -> Command {
    let mut keys = faregate();
    keys.args(["keys", command, "--json", "--file"])
        .arg(folder.join("issuer.age"));
    keys.arg("--passphrase-file").arg(folder.join("passphrase"));
    keys
}

#[test]
fn keys_are_made_turned_over_and_withdrawn() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("passphrase"),
        "correct horse battery staple\n",
    )
    .unwrap();
    let made = json(&mut keys(folder.path(), "new"));
    assert_eq!(made["keys"].as_array().unwrap().len(), 1, "{made:#}");
    let kid = made["keys"][0]["kid"].as_str().unwrap().to_owned();

    let file = std::fs::read(folder.path().join("issuer.age")).unwrap();
    assert!(file.starts_with(b"age-encryption.org/v1"), "the age format");
    {
        use std::os::unix::fs::PermissionsExt as _;
        let file = std::fs::metadata(folder.path().join("issuer.age")).unwrap();
        assert_eq!(
            file.permissions().mode() & 0o777,
            0o600,
            "for its owner only"
        );
    }
    let said = failure(&mut keys(folder.path(), "new"));
    assert!(said.contains("issuer.age"), "never overwritten: {said}");

    let turned = json(keys(folder.path(), "rotate").args(["--lead-hours", "2"]));
    assert_eq!(turned["keys"].as_array().unwrap().len(), 2, "{turned:#}");
    let listed = json(&mut keys(folder.path(), "list"));
    assert_eq!(listed["keys"].as_array().unwrap().len(), 2);

    let withdrawn = json(keys(folder.path(), "withdraw").args(["--kid", &kid]));
    let left = withdrawn["keys"].as_array().unwrap();
    assert!(
        left.iter().any(|key| key["kid"] != kid.as_str()),
        "{withdrawn:#}"
    );

    std::fs::write(folder.path().join("passphrase"), "wrong").unwrap();
    let said = failure(&mut keys(folder.path(), "list"));
    assert!(said.contains("passphrase"), "{said}");
}
