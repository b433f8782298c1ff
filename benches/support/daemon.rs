//! The gateway inside of the benchmark's own process.

use std::net::Ipv4Addr;
use std::path::Path;
use std::time::Duration;

use recado::clock::{Clock, Timestamp};
use recado::config::{Binding, Config};
use recado::daemon::{Daemon, Options, Simulate};

/// A Tuesday at 10:00 in São Paulo: the hours of contact are open for the length of a run.
const OPEN: Timestamp = Timestamp::from_millis(1_795_525_200_000);

/// A clock for the daemon and for what is measured beside it.
pub(crate) fn working_hours() -> Clock {
    Clock::starting_at(OPEN)
}

/// Starts it as it comes, with rules, caps and list: SIMs without limits, the door on a free port, the database in `folder`.
pub(crate) async fn start_daemon(folder: &Path, clock: &Clock, simulate: Option<Simulate>, ports: &[&Path]) -> Daemon {
    let modem =
        |port: &&Path| recado::config::Modem { by: Binding::Port(port.to_path_buf()), name: None, power_cycle: None };
    let config = Config { modems: ports.iter().map(modem).collect(), ..bench_config(folder) };
    Daemon::start(Options { config, clock: clock.clone(), simulate, listener: None }).await.unwrap()
}

/// How it comes: rules, caps and list, but no limit of its own that would be measured in place of its work.
pub(crate) fn bench_config(folder: &Path) -> Config {
    let mut config = Config::default();
    config.store.path = folder.join("recado.db");
    config.http.listen = (Ipv4Addr::LOCALHOST, 0).into();
    config.http.rate = 0;
    (config.sim.per_minute, config.sim.per_hour, config.sim.per_day, config.sim.per_month) = (0, 0, 0, 0);
    config.sim.min_gap = Duration::ZERO;
    config.discovery.discover = false;
    config
}
