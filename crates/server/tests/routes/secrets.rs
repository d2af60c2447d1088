//! Secrets are in the key file and on the phone: not in the database, not in the log.

use std::io;
use std::sync::{Arc, Mutex, OnceLock};

use issuer::keyfile::{KeyFile, WorkFactor};
use secrecy::SecretString;
use tracing_subscriber::fmt::MakeWriter;
use wallet::Wallet;

use crate::world::{World, registration};

#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// Everything that this process logs, from the first call on. One for all tests: a subscriber per
/// thread would miss what other threads made `tracing` forget.
pub(crate) fn log() -> &'static Log {
    static LOG: OnceLock<Log> = OnceLock::new();
    LOG.get_or_init(|| {
        let log = Log::default();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(tracing::Level::TRACE)
            .with_writer(log.clone())
            .finish();
        tracing::subscriber::set_global_default(subscriber).unwrap();
        log
    })
}

/// The seeds of a key file, found by opening it as any age tool would.
fn seeds(keys: &KeyFile) -> Vec<[u8; 32]> {
    let passphrase = SecretString::from("p");
    let sealed = keys.seal(&passphrase, WorkFactor::FOR_TESTS).unwrap();
    let json = age::decrypt(&age::scrypt::Identity::new(passphrase), &sealed).unwrap();
    let file: serde_json::Value = serde_json::from_slice(&json).unwrap();
    let read = |text: &serde_json::Value| {
        api::Base64Url::<32>::from_text(text.as_str().unwrap())
            .unwrap()
            .0
    };
    let mut seeds = vec![read(&file["challenge_secret"])];
    for key in file["keys"].as_array().unwrap() {
        seeds.push(read(&key["seed"]));
    }
    seeds
}

#[tokio::test]
async fn no_secret_is_in_the_database_or_the_log() {
    let mut world = World::new().await;
    let mut phone = Wallet::new(&[0x5e; 32]);
    let device = world.register(&mut phone).await;
    let session = device.session.to_text();
    world.rotate(0);
    assert_eq!(
        world
            .post("/v1/credentials", Some(&session), "")
            .await
            .status,
        201
    );
    assert_eq!(
        world.post("/v1/tickets", Some(&session), "{}").await.status,
        201
    );
    // Errors are logged, too.
    world
        .post("/v1/tickets", Some(&session), "{")
        .await
        .problem(400, "json_syntax");
    let body = registration(&phone, [0; 32]);
    world
        .post("/v1/devices", None, body)
        .await
        .problem(422, "challenge_unknown");

    let log = log().0.lock().unwrap().clone();
    let database = world.database_bytes();
    assert!(log.len() > 1000, "the log was written: {} bytes", log.len());
    let id = device.credential.credential_id.0;
    let holds = |bytes: &[u8], part: &[u8]| bytes.windows(part.len()).any(|window| window == part);
    assert!(
        holds(&database, id.as_bytes()),
        "the database is what was read"
    );

    let mut secrets = seeds(&world.keys);
    assert_eq!(secrets.len(), 3, "a challenge secret and two keys");
    secrets.push([0x5e; 32]);
    secrets.push(*device.session.as_bytes());
    for secret in secrets {
        let text = api::Base64Url(secret).to_string();
        for form in [&secret[..], text.as_bytes(), hex::encode(secret).as_bytes()] {
            assert!(
                !holds(&database, form),
                "a secret is in the database: {text}"
            );
            assert!(!holds(&log, form), "a secret is in the log: {text}");
        }
    }
}
