//! Wiring: what starts in which order, and what stops in which.
//!
//! Start: the lock of the database, the store, the writer, the first token, the doors, the modems. Stop: no new messages,
//! the modems (what is on the wire gets the configured time and is unknown after it), the doors, the writer. Ready is said
//! when the doors are open. Each step of the stop is bounded, and so is the whole ([`STOP_AFTER_DRAIN`]).

mod certificate;
pub mod handed;
pub mod notify;
mod reload;
mod secret;

use std::fs::File;
use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::serve::ListenerExt;
use tokio::net::{TcpListener, UnixListener};
use tokio::sync::{mpsc, watch};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::timeout;

use crate::actor::audit;
use crate::actor::campaign;
use crate::actor::erasure;
use crate::actor::fleet::{Fleet, ModemState};
use crate::actor::heartbeat::{Heartbeats, Silent};
use crate::actor::hotplug::{self, Bound, By};
use crate::actor::ladder;
use crate::actor::modem::{self, Ended, RefusedPins, Setup};
use crate::actor::place::Place;
use crate::actor::reload::{self as asked, Ask};
use crate::actor::reset::Means;
use crate::actor::retention;
use crate::actor::rollup;
use crate::actor::webhook;
use crate::actor::writer::{Handle, StartError, WriteError, Writer};
use crate::clock::Clock;
use crate::config::rules::RuleBook;
use crate::config::{self, Binding, Config};
use crate::contact::calendar::Calendar;
use crate::contact::secret::Secret;
use crate::dispatch::sim::SimSettings;
use crate::dunning::money::Prices;
use crate::emulator;
use crate::http::tls::{CertificateError, Tls};
use crate::http::{self, App, Bounds, Door};
use crate::serial::replug::Marks;
use crate::serial::usb::Roots;
use crate::sms::id::ModemId;
use crate::store::reader::Reader;
use crate::store::retention::Terms;
use crate::store::{OpenError, Store, StoreError};
use crate::telemetry::Metrics;
use crate::web;

use certificate::Keeper;

/// Open connections get this long to finish their requests at a stop.
const DOORS_CLOSE: Duration = Duration::from_secs(5);

/// After the time for draining: a modem's task may be opening or writing a port, which is given up after 10 s.
const MODEMS_END: Duration = Duration::from_secs(15);

/// Ladders, campaigns, results and webhooks finish what they write.
const TASKS_END: Duration = Duration::from_secs(10);

/// Changes whose callers were cut off, or have hung up, come to their end.
const ERRANDS_END: Duration = Duration::from_secs(3);

/// Looks at persons that were not noted yet are written.
const AUDIT_ENDS: Duration = Duration::from_secs(2);

/// The writer writes what waits and copies its log.
const WRITER_ENDS: Duration = Duration::from_secs(18);

/// How long a stop may take beyond the time for draining.
pub const STOP_AFTER_DRAIN: Duration = Duration::from_secs(
    MODEMS_END.as_secs()
        + TASKS_END.as_secs()
        + DOORS_CLOSE.as_secs()
        + ERRANDS_END.as_secs()
        + AUDIT_ENDS.as_secs()
        + WRITER_ENDS.as_secs(),
);

/// What a daemon is started with.
#[derive(Debug)]
pub struct Options {
    /// The configuration.
    pub config: Config,
    /// Time.
    pub clock: Clock,
    /// Emulated modems, in addition to those that are configured. Others are not looked for then: whoever plays does not
    /// mean to send from the sticks that happen to be plugged in.
    pub simulate: Option<Simulate>,
    /// A socket that the service manager listens on for us, in place of the configured address.
    pub listener: Option<std::net::TcpListener>,
}

/// Emulated modems inside the daemon.
#[derive(Debug)]
pub struct Simulate {
    /// What they do.
    pub config: emulator::Config,
    /// Where their ports are linked. Must exist.
    pub folder: PathBuf,
}

/// Why the daemon did not start.
#[derive(Debug, thiserror::Error)]
pub enum DaemonError {
    /// Another daemon works on this database.
    #[error("{path}: another daemon is using this database; stop that one, or name another file by [store] path")]
    InUse {
        /// The database.
        path: PathBuf,
    },
    /// A file beside the database cannot be made.
    #[error("{path}: {source}{}", hint(.source))]
    File {
        /// Which.
        path: PathBuf,
        /// The system's word.
        source: io::Error,
    },
    /// The rules of contact cannot be read.
    #[error("the rules of contact: {}", _0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Rules(Vec<config::Finding>),
    /// The database cannot be used.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The database cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The writer did not start.
    #[error(transparent)]
    Writer(#[from] StartError),
    /// The first token cannot be made.
    #[error(transparent)]
    Token(#[from] http::AdminTokenError),
    /// The writer ended early.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// The service manager listens where the configuration forbids it.
    #[error(
        "the socket of the service manager is {address}, and nothing is encrypted; give http.tls_cert and http.tls_key, or say \
         http.allow_plaintext if this is meant"
    )]
    Plaintext {
        /// Where.
        address: SocketAddr,
    },
    /// There is no certificate to show.
    #[error("the certificate of the API: failed to {0}")]
    Certificate(#[from] CertificateError),
    /// The address cannot be listened on.
    #[error("listen on {address}: {source}{}", hint(.source))]
    Listen {
        /// Which.
        address: String,
        /// The system's word.
        source: io::Error,
    },
    /// The emulated modems did not start.
    #[error("emulated modems: {0}")]
    Emulator(io::Error),
}

/// What to do about a word of the system.
fn hint(error: &io::Error) -> &'static str {
    let known = [
        (
            io::ErrorKind::ReadOnlyFilesystem,
            "; the daemon writes in the folder of its database: mount that for writing, or name another by [store] path",
        ),
        (io::ErrorKind::PermissionDenied, "; give it to the user that the daemon runs as"),
        (io::ErrorKind::StorageFull, "; free some space on this file system"),
        (io::ErrorKind::AddrInUse, "; end what listens there, or name another address by [http] listen"),
        (io::ErrorKind::AddrNotAvailable, "; this host has no such address: name another by [http] listen"),
    ];
    known.into_iter().find(|(kind, _)| *kind == error.kind()).map_or("", |(_, words)| words)
}

impl DaemonError {
    /// Whether the next start fails as well unless a person does something.
    pub fn is_lasting(&self) -> bool {
        match self {
            Self::Rules(_) => true,
            Self::Open(error) => error.is_lasting(),
            Self::InUse { .. }
            | Self::File { .. }
            | Self::Store(_)
            | Self::Writer(_)
            | Self::Token(_)
            | Self::Write(_)
            | Self::Plaintext { .. }
            | Self::Certificate(_)
            | Self::Listen { .. }
            | Self::Emulator(_) => false,
        }
    }
}

/// A running daemon. Ends by [`Daemon::stop`].
#[derive(Debug)]
pub struct Daemon {
    app: App,
    address: SocketAddr,
    socket: PathBuf,
    writer: Writer,
    stop_modems: watch::Sender<bool>,
    modems: JoinSet<Vec<Ended>>,
    close_doors: watch::Sender<bool>,
    doors: JoinSet<()>,
    ladders: JoinHandle<()>,
    campaigns: JoinHandle<()>,
    results: JoinHandle<()>,
    erasures: JoinHandle<()>,
    retention: JoinHandle<()>,
    /// Notes who looked at whom, until the doors are closed.
    audit: JoinHandle<()>,
    stop_audit: watch::Sender<bool>,
    webhooks: JoinHandle<()>,
    /// The door's certificate, where it is encrypted.
    certificate: Option<Arc<Keeper>>,
    /// Looks at its files.
    renewals: JoinHandle<()>,
    /// Tells the ladders of other holidays.
    calendar: watch::Sender<Arc<Calendar>>,
    /// Tells the results of other prices.
    prices: watch::Sender<Arc<Prices>>,
    /// Says for how long what is kept.
    terms: watch::Sender<Terms>,
    /// Who wants the configuration read again.
    asks: mpsc::Receiver<Ask>,
    fleet: Fleet,
    hearts: Heartbeats,
    clock: Clock,
    reader: Arc<Reader>,
    emulator: Option<(emulator::Handle, JoinHandle<io::Result<()>>)>,
    /// What is in force of the configuration.
    config: Config,
    /// The key for erased numbers.
    secret: Secret,
    /// Keeps other daemons off the database for as long as this one lives.
    _lock: File,
}

impl Daemon {
    /// Starts everything. When this returns, messages are taken in.
    pub async fn start(options: Options) -> Result<Self, DaemonError> {
        let Options { config, clock, simulate, listener } = options;
        let lock = lock(&config.store.path)?;
        let book = RuleBook::load(&config.region, &config.contact).map_err(DaemonError::Rules)?;
        tracing::info!(edition = %book.edition, "rules of contact in force");
        let key_path = config.key_path();
        let secret = secret::load(&key_path).map_err(|source| DaemonError::File { path: key_path.clone(), source })?;
        let (door, edition) = (reload::door(&config, &book, &secret), book.edition);
        let settings = reload::store(&config, book, secret.clone());
        let (calendar, holidays) = watch::channel(Arc::clone(&settings.contact.calendar));
        let (ladder_handle, asked) = ladder::handle(holidays.clone(), config.text_options());
        let store = Store::open(&config.store.path, settings.clone(), clock.now().utc)?;
        let sims = Arc::new(settings.sims.clone());
        let reader = Arc::new(Reader::new(&config.store.path, settings.sims).with_secret(secret.clone()));
        let metrics = Arc::new(Metrics::default());
        let writer = Writer::start(store, clock.clone(), Arc::clone(&metrics))?;
        // Rules may be others than at the last stop.
        writer.handle().plan_by(edition).await?;
        writer.handle().configuration_read(None).await?;
        let hearts = Heartbeats::default();
        hearts.watch("writer", writer.pulse());
        http::ensure_admin_token(&writer.handle(), config.token_path().parent().unwrap_or(Path::new("."))).await?;
        let fleet = Fleet::default();
        let webhook_settings = webhook::Settings {
            timeout: config.webhooks.timeout,
            allow_private: config.webhooks.allow_private,
            keep: config.webhooks.keep,
        };
        let webhook_handle = webhook::Handle::new(webhook_settings, clock.clone());
        let (reload_handle, asks) = asked::channel();
        let (looks, told) = audit::looks();
        let app = App::new(http::Parts {
            writer: writer.handle(),
            reader: Arc::clone(&reader),
            fleet: fleet.clone(),
            clock: clock.clone(),
            metrics: Arc::clone(&metrics),
            ladders: ladder_handle,
            webhooks: webhook_handle.clone(),
            initial_settings: door,
            reload: reload_handle,
            looks,
        })?;
        let certificate = if let Some(files) = config.http.tls.clone() {
            Some(Arc::new(Keeper::open(files, writer.handle(), clock.clone()).await?))
        } else {
            certificate::none(&writer.handle()).await?;
            None
        };
        let (stop_audit, until) = watch::channel(false);
        let noting = audit::Setup { told, writer: writer.handle(), clock: clock.clone(), stop: until };
        #[expect(clippy::disallowed_methods, reason = "the daemon waits for this task at its end")]
        let audit = tokio::spawn(audit::run(noting));
        let (close_doors, closing) = watch::channel(false);
        let mut doors = JoinSet::new();
        let listener = listen(&config.http, listener).await?;
        let tls = certificate.as_ref().map(|keeper| keeper.tls());
        let address = open_tcp(&app, listener, tls, closing.clone(), &mut doors)?;
        let socket = config.socket_path();
        open_unix(&app, &socket, closing, &mut doors)?;

        let (stop_modems, stop) = watch::channel(false);
        #[expect(clippy::disallowed_methods, reason = "the daemon waits for this task at its end")]
        let ladders = tokio::spawn(ladder::run(ladder::Setup {
            reader: Arc::clone(&reader),
            writer: writer.handle(),
            clock: clock.clone(),
            calendar: holidays,
            text: config.text_options(),
            asked,
            stop: stop.clone(),
        }));
        #[expect(clippy::disallowed_methods, reason = "the daemon waits for this task at its end")]
        let campaigns = tokio::spawn(campaign::run(campaign::Setup {
            reader: Arc::clone(&reader),
            writer: writer.handle(),
            clock: clock.clone(),
            text: config.text_options(),
            stop: stop.clone(),
        }));
        let (keeper, stopped) = (certificate.clone(), stop.clone());
        #[expect(clippy::disallowed_methods, reason = "the daemon waits for this task at its end")]
        let renewals = tokio::spawn(async move {
            if let Some(keeper) = keeper {
                keeper.watch(stopped).await;
            }
        });
        let (prices, priced) = watch::channel(Arc::new(config.prices()));
        #[expect(clippy::disallowed_methods, reason = "the daemon waits for this task at its end")]
        let results = tokio::spawn(rollup::run(rollup::Setup {
            reader: Arc::clone(&reader),
            writer: writer.handle(),
            clock: clock.clone(),
            prices: priced,
            stop: stop.clone(),
        }));
        #[expect(clippy::disallowed_methods, reason = "the daemon waits for this task at its end")]
        let erasures = tokio::spawn(erasure::run(erasure::Setup {
            reader: Arc::clone(&reader),
            writer: writer.handle(),
            clock: clock.clone(),
            stop: stop.clone(),
        }));
        let (terms, kept) = watch::channel(reload::terms(&config));
        #[expect(clippy::disallowed_methods, reason = "the daemon waits for this task at its end")]
        let retention = tokio::spawn(retention::run(retention::Setup {
            reader: Arc::clone(&reader),
            writer: writer.handle(),
            clock: clock.clone(),
            terms: kept,
            stop: stop.clone(),
        }));
        let mut seed = [0; 8];
        getrandom::fill(&mut seed).map_err(OpenError::Random)?;
        #[expect(clippy::disallowed_methods, reason = "the daemon waits for this task at its end")]
        let webhooks = tokio::spawn(webhook::run(webhook::Setup {
            handle: webhook_handle,
            reader: Arc::clone(&reader),
            writer: writer.handle(),
            metrics: Arc::clone(&metrics),
            render: Arc::new(http::posted),
            seed: u64::from_ne_bytes(seed),
            stop: stop.clone(),
        }));
        let modem_config = known_pins(config.modem_settings(), &reader, &sims)?;
        let refused_pins = RefusedPins::default();
        let (handle, time, drain, stops) = (writer.handle(), clock.clone(), config.serve.drain, stop.clone());
        let marks = Marks::beside(&config.store.path);
        let (means, configured) = (Means { marks, ..Means::default() }, config.modems.clone());
        give_back(&means, &handle).await;
        let suspicious_after = config.discovery.suspicious_after;
        let (all, beats, now) = (fleet.clone(), hearts.clone(), clock.clone());
        let setup = move |id: ModemId, place: Place| Setup {
            place,
            config: modem_config.clone(),
            sims: Arc::clone(&sims),
            writer: handle.clone(),
            refused_pins: refused_pins.clone(),
            means: Means { power_cycle: power_cycle(&configured, &id), ..means.clone() },
            suspicious_after,
            fleet: fleet.clone(),
            hearts: beats.clone(),
            clock: time.clone(),
            metrics: Arc::clone(&metrics),
            stop: stops.clone(),
            drain,
            id,
        };
        let mut modems = JoinSet::new();
        let drive = |modems: &mut JoinSet<_>, setup: Setup| modems.spawn(async { vec![modem::run(setup).await] });
        for configured in &config.modems {
            if let Some(port) = configured.port() {
                drive(&mut modems, setup(configured.id(), Place::Fixed(port.to_owned())));
            }
        }
        let mut running = None;
        if let Some(simulate) = simulate {
            let (handle, ports, task) = start_emulator(simulate, &clock)?;
            for port in ports {
                let name = port.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
                drive(&mut modems, setup(ModemId::new(&name), Place::Fixed(port)));
            }
            running = Some((handle, task));
        }
        let discover = config.discovery.discover && running.is_none();
        let bound: Vec<Bound> = config.modems.iter().filter_map(bound).collect();
        if discover || !bound.is_empty() {
            modems.spawn(hotplug::run(hotplug::Setup {
                discover,
                bound,
                places: reader.modem_places()?,
                taken: config.modems.iter().filter_map(|modem| Some(modem.port()?.to_owned())).collect(),
                roots: Roots::default(),
                clock,
                hearts: hearts.clone(),
                stop,
                modem: Box::new(setup),
            }));
        }
        let configured = config.modems.len();
        tracing::info!(%address, socket = %socket.display(), configured, discover, "ready");
        Ok(Self {
            app,
            address,
            socket,
            writer,
            stop_modems,
            modems,
            close_doors,
            doors,
            ladders,
            campaigns,
            results,
            erasures,
            retention,
            audit,
            stop_audit,
            webhooks,
            certificate,
            renewals,
            calendar,
            prices,
            terms,
            asks,
            fleet: all,
            hearts,
            clock: now,
            reader,
            emulator: running,
            config,
            secret,
            _lock: lock,
        })
    }

    /// Somebody wants the configuration read again.
    pub async fn asked(&mut self) -> Option<Ask> {
        self.asks.recv().await
    }

    /// Whether everybody who must live was heard of lately.
    pub fn is_alive(&self) -> Result<(), Silent> {
        self.hearts.check(self.clock.now().instant)
    }

    /// How it stands, in a line.
    pub fn status(&self) -> String {
        let modems = self.fleet.list();
        let ready = modems.iter().filter(|(_, modem)| modem.state == ModemState::Ready).count();
        format!("{ready} of {} modems can send", modems.len())
    }

    /// How long a stop takes at most.
    pub fn stops_within(&self) -> Duration {
        self.config.serve.drain + STOP_AFTER_DRAIN
    }

    /// Where the API listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The emulated modems, where there are any.
    pub fn emulator(&self) -> Option<&emulator::Handle> {
        self.emulator.as_ref().map(|(handle, _)| handle)
    }

    /// Stops everything in order. Bounded by the time that is configured for draining, and a little more.
    pub async fn stop(mut self) {
        tracing::info!("stopping");
        self.app.drain();
        // Nobody reads the configuration any more: who waits for that is told so.
        drop(self.asks);
        self.stop_modems.send_replace(true);
        let mut cut_off = 0;
        let modems = async {
            while let Some(ended) = self.modems.join_next().await {
                match ended {
                    Ok(ended) => cut_off += ended.iter().filter(|end| **end == Ended::CutOff).count(),
                    Err(error) => tracing::error!(%error, "a modem's task ended badly"),
                }
            }
        };
        if timeout(self.config.serve.drain + MODEMS_END, modems).await.is_err() {
            tracing::error!("modems did not end in time; what they have on the wire is unknown at the next start");
            self.modems.abort_all();
        }
        let tasks = [
            ("ladders", self.ladders),
            ("campaigns", self.campaigns),
            ("results", self.results),
            ("erasures", self.erasures),
            ("retention", self.retention),
            ("webhooks", self.webhooks),
            ("renewals", self.renewals),
        ];
        let ended = async {
            for (name, task) in tasks {
                if task.await.is_err() {
                    tracing::error!(name, "task ended badly");
                }
            }
        };
        if timeout(TASKS_END, ended).await.is_err() {
            tracing::error!("tasks did not end in time");
        }
        self.app.close();
        self.close_doors.send_replace(true);
        let doors = async { while self.doors.join_next().await.is_some() {} };
        if timeout(DOORS_CLOSE, doors).await.is_err() {
            tracing::info!("connections cut that did not end by themselves");
            self.doors.abort_all();
        }
        if timeout(ERRANDS_END, self.app.finish()).await.is_err() {
            tracing::error!("changes did not come to their end in time; the audit may lack them");
        }
        self.stop_audit.send_replace(true);
        if timeout(AUDIT_ENDS, self.audit).await.is_err() {
            tracing::error!("looks at persons were not noted in time");
        }
        if let Some((handle, task)) = self.emulator.take()
            && handle.stop().await.is_ok()
            && let Ok(Err(error)) = task.await
        {
            tracing::warn!(%error, "emulated modems ended badly");
        }
        let writer = self.writer;
        // What is committed is on disk, whether or not it comes to its end.
        if !matches!(timeout(WRITER_ENDS, tokio::task::spawn_blocking(move || writer.stop())).await, Ok(Ok(()))) {
            tracing::error!("the writer did not end");
        }
        if let Err(error) = std::fs::remove_file(&self.socket) {
            tracing::debug!(%error, "socket not removed");
        }
        tracing::info!(cut_off, "stopped");
    }
}

/// The command that cuts the power of a configured modem.
fn power_cycle(configured: &[config::Modem], id: &ModemId) -> Option<Vec<String>> {
    configured.iter().find(|modem| modem.id() == *id)?.power_cycle.clone()
}

/// Puts devices back on the bus that a killed daemon had taken off it, before any modem is looked for.
async fn give_back(means: &Means, writer: &Handle) {
    for (place, done) in means.give_back().await {
        let failure = done.err().map(|error| error.to_string());
        match &failure {
            None => tracing::warn!(place, "USB device put back on the bus: a reset of it was cut short"),
            Some(error) => {
                tracing::error!(place, %error, "USB device stays off the bus: unplug it and plug it in again");
            }
        }
        // A modem that can be put back is worth more than the alarm about it.
        if let Err(error) = writer.given_back(place, failure).await {
            tracing::error!(%error, "alarm not written");
        }
    }
}

/// A modem that has to be found.
fn bound(modem: &config::Modem) -> Option<Bound> {
    let by = match &modem.by {
        Binding::Port(_) => return None,
        Binding::Imei(imei) => By::Imei(imei.clone()),
        Binding::Slot(slot) => By::Slot(slot.clone()),
    };
    Some(Bound { id: modem.id(), by })
}

/// The settings without PINs that were refused before: three wrong ones lock a SIM. Another PIN for the same SIM is tried.
fn known_pins(
    mut settings: crate::modem::Config,
    reader: &Reader,
    sims: &SimSettings,
) -> Result<crate::modem::Config, StoreError> {
    let refused = reader.refused_pins()?;
    for card in &mut settings.cards {
        let mark = card.pin_mark();
        if refused.iter().any(|(iccid, refused)| *iccid == card.iccid && Some(*refused) == mark) {
            tracing::warn!(
                sim = sims.card(&card.iccid).names.label(),
                "the PIN of a SIM was refused before and is not tried again; write another into its pin_file"
            );
            card.pin = None;
        }
    }
    Ok(settings)
}

/// Held for as long as the file is open, and gone with the process.
pub fn lock(database: &Path) -> Result<File, DaemonError> {
    let path = database.with_extension("lock");
    let file_error = |source| DaemonError::File { path: path.clone(), source };
    if let Some(folder) = path.parent().filter(|p| !p.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(file_error)?;
    }
    let file = File::options().create(true).truncate(false).write(true).open(&path).map_err(file_error)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => Err(DaemonError::InUse { path: database.to_owned() }),
        Err(std::fs::TryLockError::Error(source)) => Err(file_error(source)),
    }
}

/// The socket that the service manager has handed over, or the configured address.
async fn listen(http: &config::Http, handed: Option<std::net::TcpListener>) -> Result<TcpListener, DaemonError> {
    let listen_error = |source| DaemonError::Listen { address: http.listen.to_string(), source };
    let Some(handed) = handed else { return TcpListener::bind(http.listen).await.map_err(listen_error) };
    handed.set_nonblocking(true).map_err(listen_error)?;
    let listener = TcpListener::from_std(handed).map_err(listen_error)?;
    let address = listener.local_addr().map_err(listen_error)?;
    if !address.ip().is_loopback() && !http.allow_plaintext && http.tls.is_none() {
        return Err(DaemonError::Plaintext { address });
    }
    tracing::info!(%address, "socket taken from the service manager; http.listen is not used");
    Ok(listener)
}

fn open_tcp(
    app: &App,
    listener: TcpListener,
    tls: Option<Tls>,
    closing: watch::Receiver<bool>,
    doors: &mut JoinSet<()>,
) -> Result<SocketAddr, DaemonError> {
    let listen_error = |source| DaemonError::Listen { address: "a socket".to_owned(), source };
    let address = listener.local_addr().map_err(listen_error)?;
    let door = Door::Tcp { loopback: address.ip().is_loopback(), is_tls: tls.is_some() };
    let router = web::router(http::router(app, door));
    // Answers are small and complete: waiting to fill a packet only delays them.
    let listener = listener.tap_io(|stream| {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::trace!(%error, "nodelay not set");
        }
    });
    let (bounds, closing) = (Bounds::default(), closed(closing));
    match tls {
        Some(tls) => doors.spawn(http::serve_tls(tls, listener, http::strict(router), bounds, closing)),
        None => doors.spawn(http::serve(listener, router, bounds, closing)),
    };
    Ok(address)
}

fn open_unix(
    app: &App,
    path: &Path,
    closing: watch::Receiver<bool>,
    doors: &mut JoinSet<()>,
) -> Result<(), DaemonError> {
    let listen_error = |source| DaemonError::Listen { address: path.display().to_string(), source };
    // The lock is ours, so what is left there belongs to a daemon that has ended.
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(listen_error(error)),
        Ok(()) | Err(_) => {}
    }
    let listener = UnixListener::bind(path).map_err(listen_error)?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o660)).map_err(listen_error)?;
    let router = http::router(app, Door::Unix);
    doors.spawn(http::serve(listener, router, Bounds::default(), closed(closing)));
    Ok(())
}

async fn closed(mut closing: watch::Receiver<bool>) {
    // An error means that the daemon is gone, which closes the doors as well.
    if closing.wait_for(|closing| *closing).await.is_err() {
        tracing::debug!("doors close with the daemon");
    }
}

type Emulated = (emulator::Handle, Vec<PathBuf>, JoinHandle<io::Result<()>>);

#[expect(clippy::disallowed_methods, reason = "the daemon starts tasks and waits for this one at its end")]
fn start_emulator(simulate: Simulate, clock: &Clock) -> Result<Emulated, DaemonError> {
    let Simulate { config, folder } = simulate;
    let (handle, running) = emulator::pty::start(config, &folder, None, clock).map_err(DaemonError::Emulator)?;
    let ports = running.paths().to_vec();
    Ok((handle, ports, tokio::spawn(running.run())))
}

#[cfg(test)]
mod tests;
