//! Archives as another program writes them: zip64 is read, a password is refused.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::support::{failure, faregate, json};

/// `fare_products.txt` and `fare_leg_rules.txt`, written by Info-ZIP 3.0: `zip -X -P secret`.
const ENCRYPTED: &str = "\
    UEsDBAoACQAAACaVdl2utfg0OQAAAC0AAAARAAAAZmFyZV9wcm9kdWN0cy50eHQTdlFFTJRVk/hOMD76OFXZrli3\
    to/TUdawvnNWe0hmi3CfNKM9T4m/2k8LOWtunGZ/7TDUKNoGSidQSwcIrrX4NDkAAAAtAAAAUEsDBAoACQAAACaV\
    dl27rrt8LAAAACAAAAASAAAAZmFyZV9sZWdfcnVsZXMudHh0gTJG0VmLN0fabODTLuoaIG52X3644eZjvWfs0EiB\
    /stYtvFrfD6WgtvbU+lQSwcIu667fCwAAAAgAAAAUEsBAh4DCgAJAAAAJpV2Xa61+DQ5AAAALQAAABEAAAAAAAAA\
    AQAAAKSBAAAAAGZhcmVfcHJvZHVjdHMudHh0UEsBAh4DCgAJAAAAJpV2Xbuuu3wsAAAAIAAAABIAAAAAAAAAAQAA\
    AKSBeAAAAGZhcmVfbGVnX3J1bGVzLnR4dFBLBQYAAAAAAgACAH8AAADkAAAAAAA=";

/// The same two files, written by Info-ZIP 3.0: `zip -X -fz`, zip64 records throughout.
const ZIP64: &str = "\
    UEsDBC0AAAAAACaVdl2utfg0//////////8RABQAZmFyZV9wcm9kdWN0cy50eHQBABAALQAAAAAAAAAtAAAAAAAA\
    AGZhcmVfcHJvZHVjdF9pZCxhbW91bnQsY3VycmVuY3kKb25lLDEuMDAsRVVSClBLAwQtAAAAAAAmlXZdu667fP//\
    ////////EgAUAGZhcmVfbGVnX3J1bGVzLnR4dAEAEAAgAAAAAAAAACAAAAAAAAAAbmV0d29ya19pZCxmYXJlX3By\
    b2R1Y3RfaWQKLG9uZQpQSwECHgMtAAAAAAAmlXZdrrX4NC0AAAD/////EQAMAAAAAAABAAAApIEAAAAAZmFyZV9w\
    cm9kdWN0cy50eHQBAAgALQAAAAAAAABQSwECHgMtAAAAAAAmlXZdu667fCAAAAD/////EgAMAAAAAAABAAAApIFw\
    AAAAZmFyZV9sZWdfcnVsZXMudHh0AQAIACAAAAAAAAAAUEsGBiwAAAAAAAAAHgMtAAAAAAAAAAAAAgAAAAAAAAAC\
    AAAAAAAAAJcAAAAAAAAA1AAAAAAAAABQSwYHAAAAAGsBAAAAAAAAAQAAAFBLBQYAAAAAAgACAJcAAAD/////AAA=";

#[test]
fn zip64_is_read_and_a_password_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, archive: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, STANDARD.decode(archive).unwrap()).unwrap();
        path
    };
    let check = |path: &std::path::Path| {
        let mut command = faregate();
        command.args(["city", "check", "--json"]).arg(path);
        command
    };
    let report = json(&mut check(&write("zip64.zip", ZIP64)));
    assert_eq!(report["ok"], true, "{report:#}");
    assert_eq!(report["defects"], serde_json::json!([]), "{report:#}");

    let said = failure(&mut check(&write("encrypted.zip", ENCRYPTED)));
    for file in ["fare_products.txt", "fare_leg_rules.txt"] {
        let line = format!("{file}: expected no password, it is encrypted");
        assert!(said.contains(&line), "{said}");
    }
}
