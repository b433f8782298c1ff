//! What TLS and tokens cost: single submits over the Unix socket, which has neither, and over TCP with both, in turn.
//!
//! Client and daemon share the machine, so that what the client spends on encrypting counts as the door's cost too.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use recado::config::{Config, TlsFiles};
use recado::daemon::{Daemon, Options};
use tokio::net::{TcpStream, UnixStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use super::daemon::bench_config;
use super::support::{Connection, load, median, post, rate, token};
use super::{Bench, CONNECTIONS, SINGLES, message};

/// Of the throughput without them, what TLS and tokens leave.
const TARGET: f64 = 0.9;

pub(super) fn compare(bench: &Bench, rounds: usize) {
    println!("{:<10} {:>7} {:>13} {:>13} {:>7} {:>6}", "doors", "round", "socket msg/s", "TLS msg/s", "ratio", "load");
    let (mut socket, mut tls, mut ratio) = (Vec::new(), Vec::new(), Vec::new());
    for round in 1..=rounds {
        // Whichever comes second finds the machine as the first has left it.
        let (plain, both) = if round % 2 == 0 {
            let both = over(bench, true);
            (over(bench, false), both)
        } else {
            (over(bench, false), over(bench, true))
        };
        println!("{:<10} {round:>7} {plain:>13.0} {both:>13.0} {:>7.2} {:>6}", "single", both / plain, load());
        socket.push(plain);
        tls.push(both);
        ratio.push(both / plain);
    }
    println!(
        "{:<10} {:>7} {:>13.0} {:>13.0} {:>7.2}  (target {TARGET:.2} or more)",
        "single",
        "median",
        median(&socket),
        median(&tls),
        median(&ratio)
    );
}

/// Submits a second over one of the doors.
fn over(bench: &Bench, is_tls: bool) -> f64 {
    let folder = bench.folder();
    let folder = folder.path();
    let daemon = bench.server.block_on(start(bench, folder));
    let token = token(folder);
    let connector = trusting();
    let time = bench.client.block_on(async {
        let mut lanes = Vec::new();
        for lane in 0..CONNECTIONS {
            let requests: Vec<Vec<u8>> = (0..SINGLES / CONNECTIONS)
                .map(|number| post("/v1/messages", &token, &message(number * CONNECTIONS + lane)))
                .collect();
            let connection = if is_tls {
                let stream = TcpStream::connect(daemon.address()).await.unwrap();
                stream.set_nodelay(true).unwrap();
                Connection::over(connector.connect(ServerName::try_from("localhost").unwrap(), stream).await.unwrap())
            } else {
                Connection::over(UnixStream::connect(folder.join("recado.sock")).await.unwrap())
            };
            lanes.push((connection, requests));
        }
        let mut tasks = JoinSet::new();
        let began = bench.clock.now().instant;
        for (mut connection, requests) in lanes {
            tasks.spawn(async move {
                for request in requests {
                    assert_eq!(connection.ask(&request).await, 202);
                }
            });
        }
        while let Some(done) = tasks.join_next().await {
            done.unwrap();
        }
        bench.clock.now().instant.saturating_since(began)
    });
    bench.server.block_on(daemon.stop());
    rate(SINGLES, time)
}

async fn start(bench: &Bench, folder: &Path) -> Daemon {
    let mut config: Config = bench_config(folder);
    let key = folder.join("localhost.key");
    // In a checkout everybody may read it.
    std::fs::copy(data("localhost.key"), &key).unwrap();
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o600)).unwrap();
    config.http.tls = Some(TlsFiles { cert: data("localhost.pem"), key });
    Daemon::start(Options { config, clock: bench.clock.clone(), simulate: None, listener: None }).await.unwrap()
}

fn trusting() -> TlsConnector {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(data("authority.pem")).unwrap()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let config = config.with_safe_default_protocol_versions().unwrap();
    TlsConnector::from(Arc::new(config.with_root_certificates(roots).with_no_client_auth()))
}

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/tls").join(name)
}
