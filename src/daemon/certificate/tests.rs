use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::sync::Arc;

use crate::actor::writer::Writer;
use crate::config::Config;
use crate::store::reader::Reader;
use crate::store::{Settings, Store};
use crate::telemetry::Metrics;

use super::*;

/// A keeper with its files and the database that its alarms are in.
struct House {
    folder: tempfile::TempDir,
    files: TlsFiles,
    keeper: Keeper,
    reader: Reader,
    writer: Option<Writer>,
}

impl House {
    async fn new(cert: &str, now: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let files = TlsFiles { cert: folder.path().join("cert.pem"), key: folder.path().join("key.pem") };
        put(&files, cert);
        let path = folder.path().join("recado.db");
        let config = Config::default();
        let settings = Settings {
            sims: config.sim_settings(),
            free_floor: 0,
            country: config.region.country,
            alarms: Vec::new(),
            contact: crate::contact::ContactSettings::none().into(),
        };
        let clock = Clock::starting_at(now.parse().unwrap());
        let reader = Reader::new(&path, settings.sims.clone());
        let store = Store::open(&path, settings, clock.now().utc).unwrap();
        let writer = Writer::start(store, clock.clone(), Arc::new(Metrics::default())).unwrap();
        let keeper = Keeper::open(files.clone(), writer.handle(), clock).await.unwrap();
        Self { folder, files, keeper, reader, writer: Some(writer) }
    }

    /// Alarms that are open.
    fn alarms(&self) -> Vec<String> {
        let alarms = self.reader.alarms(crate::store::view::Page::Before(None), 50).unwrap();
        alarms.into_iter().filter(|alarm| alarm.cleared_at.is_none()).map(|alarm| alarm.kind).collect()
    }

    async fn ends_at(&self) -> String {
        self.keeper.held.lock().await.certificate.ends_at().to_string()
    }
}

impl Drop for House {
    fn drop(&mut self) {
        if let Some(writer) = self.writer.take() {
            writer.stop();
        }
    }
}

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/tls").join(name)
}

/// Puts a certificate and its key in the place of those that are there, as programs do that renew them.
fn put(files: &TlsFiles, name: &str) {
    replace(&files.cert, &std::fs::read(data(&format!("{name}.pem"))).unwrap());
    replace(&files.key, &std::fs::read(data(&format!("{name}.key"))).unwrap());
}

fn replace(path: &Path, octets: &[u8]) {
    let new = path.with_extension("new");
    std::fs::write(&new, octets).unwrap();
    std::fs::set_permissions(&new, std::fs::Permissions::from_mode(0o600)).unwrap();
    std::fs::rename(&new, path).unwrap();
}

const NOW: &str = "2026-11-24T13:00:00Z";
const SHORT: &str = "2030-03-01T00:00:00.000Z";

#[tokio::test]
async fn files_that_have_changed_are_taken_at_the_next_look() {
    let house = House::new("localhost", NOW).await;
    house.keeper.look().await;
    assert_ne!(house.ends_at().await, SHORT);
    put(&house.files, "short");
    house.keeper.look().await;
    assert_eq!((house.ends_at().await.as_str(), house.alarms()), (SHORT, vec![]));
}

#[tokio::test]
async fn half_a_renewal_is_no_alarm_and_rubbish_is_one_until_it_is_mended() {
    let house = House::new("short", NOW).await;
    replace(&house.files.cert, &std::fs::read(data("renewed.pem")).unwrap());
    house.keeper.look().await;
    assert_eq!((house.ends_at().await.as_str(), house.alarms()), (SHORT, vec![]), "its key may come yet");
    house.keeper.look().await;
    assert_eq!((house.ends_at().await.as_str(), house.alarms()), (SHORT, vec!["certificate_refused".to_owned()]));
    replace(&house.files.cert, b"rubbish");
    house.keeper.look().await;
    std::fs::remove_file(&house.files.key).unwrap();
    house.keeper.look().await;
    assert_eq!(house.alarms(), ["certificate_refused"]);
    put(&house.files, "renewed");
    house.keeper.look().await;
    assert_ne!(house.ends_at().await, SHORT);
    assert_eq!(house.alarms(), [""; 0]);
}

#[tokio::test]
async fn whoever_asks_for_it_is_told_at_once_and_the_files_of_before_hold() {
    let house = House::new("short", NOW).await;
    let others = TlsFiles { cert: house.folder.path().join("none.pem"), ..house.files.clone() };
    let error = house.keeper.renew(others).await.unwrap_err();
    assert!(error.to_string().ends_with("none.pem: entity not found"), "{error}");
    assert_eq!((house.ends_at().await.as_str(), house.alarms()), (SHORT, vec!["certificate_refused".to_owned()]));
    house.keeper.renew(house.files.clone()).await.unwrap();
    assert_eq!(house.alarms(), [""; 0]);
}

#[tokio::test]
async fn an_end_that_is_near_is_an_alarm_and_what_has_ended_does_not_stand_for_what_holds() {
    let house = House::new("short", "2030-02-20T00:00:00Z").await;
    assert_eq!(house.alarms(), ["certificate_ending"]);
    put(&house.files, "localhost");
    house.keeper.look().await;
    assert_eq!(house.alarms(), [""; 0]);
    let late = House::new("localhost", "2030-03-02T00:00:00Z").await;
    put(&late.files, "short");
    assert!(matches!(late.keeper.renew(late.files.clone()).await, Err(CertificateError::Ended { .. })));
    assert_ne!(late.ends_at().await, SHORT);
    let over = House::new("short", "2030-03-02T00:00:00Z").await;
    assert_eq!((over.ends_at().await.as_str(), over.alarms()), (SHORT, vec!["certificate_ending".to_owned()]));
}
