//! What both edges have in common: one loop that feeds the network one input at a time, does all that it asks, and waits
//! for the next input or its one deadline. It knows nothing of what is said on the ports.

use std::fs::File;
use std::future::poll_fn;
use std::io::{self, Write as _};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};

use super::config::Config;
use super::fault::FaultRate;
use super::identity::Identity;
use super::log::LogLine;
use super::network::{InboundError, Network, Output};
use crate::clock::{Clock, Now};

/// Requests that wait for the loop; whoever asks then waits as well.
const CONTROL_INBOX: usize = 64;
/// The runtime's timers fire up to 1 ms late. Waking half of that ahead, and taking what is due within it as due, makes
/// airtimes right on average.
const TIMER_SLACK: Duration = Duration::from_micros(500);
/// Bytes that a port may keep for a reader who does not read. What a modem says beyond that is lost.
pub(super) const UNSENT_MAX: usize = 64 * 1024;

/// Hears of each accepted part before its answer leaves. An error ends the emulation: a witness must not miss anything.
pub type Witness = Box<dyn FnMut(&LogLine) -> io::Result<()> + Send>;

/// A witness that appends a JSON line per part to `file`, each with one write.
pub fn log_to(mut file: File) -> Witness {
    Box::new(move |line| file.write_all(line.to_json_line().as_bytes()))
}

/// What happens on a port.
#[derive(Debug)]
pub(super) enum PortEvent {
    Opened { modem: usize },
    Closed { modem: usize },
    Bytes { modem: usize, data: Vec<u8> },
}

impl PortEvent {
    pub(super) fn modem(&self) -> usize {
        match self {
            Self::Opened { modem } | Self::Closed { modem } | Self::Bytes { modem, .. } => *modem,
        }
    }
}

/// The ports of all modems.
pub(super) trait Ports {
    /// The next event; an error ends the emulation.
    fn poll_event(&mut self, context: &mut Context<'_>) -> Poll<io::Result<PortEvent>>;
    /// Writes in one piece, now or as soon as there is room; see [`UNSENT_MAX`].
    fn write(&mut self, modem: usize, data: &[u8]) -> io::Result<()>;
    /// Hangs up and takes the port away.
    fn hang_up(&mut self, modem: usize) -> io::Result<()>;
    /// Gives the modem a new port.
    fn restore(&mut self, modem: usize) -> io::Result<()>;
}

/// The emulation has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("reach the emulator: it has stopped")]
pub struct Stopped;

/// Why a person's text did not get in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// Nobody is there to take it.
    #[error(transparent)]
    Stopped(#[from] Stopped),
    /// It cannot be sent like this.
    #[error(transparent)]
    Refused(#[from] InboundError),
}

#[derive(Debug)]
enum Control {
    Inbound { modem: usize, from: String, text: String, answer: oneshot::Sender<Result<(), InboundError>> },
    Unplug { modem: usize },
    Plug { modem: usize },
    SetFaults { faults: Vec<FaultRate> },
    Stop,
}

/// Reaches a running emulation. The emulation ends by [`Handle::stop`] or when the last handle is gone.
#[derive(Debug, Clone)]
pub struct Handle {
    control: mpsc::Sender<Control>,
    identities: Arc<[Identity]>,
}

impl Handle {
    /// Who the modems and SIMs are, by index.
    pub fn identities(&self) -> &[Identity] {
        &self.identities
    }

    /// A person sends `text` from `from`, a number or a name, to the SIM in `modem`.
    pub async fn inbound(&self, modem: usize, from: &str, text: &str) -> Result<(), SendError> {
        let (answer, answered) = oneshot::channel();
        self.ask(Control::Inbound { modem, from: from.to_owned(), text: text.to_owned(), answer }).await?;
        Ok(answered.await.map_err(stopped)??)
    }

    /// Takes a modem off the bus until [`Handle::plug`].
    pub async fn unplug(&self, modem: usize) -> Result<(), Stopped> {
        self.ask(Control::Unplug { modem }).await
    }

    /// Puts a modem back on the bus.
    pub async fn plug(&self, modem: usize) -> Result<(), Stopped> {
        self.ask(Control::Plug { modem }).await
    }

    /// Changes the faults from here on.
    pub async fn set_faults(&self, faults: Vec<FaultRate>) -> Result<(), Stopped> {
        self.ask(Control::SetFaults { faults }).await
    }

    /// Ends the emulation: all ports hang up.
    pub async fn stop(&self) -> Result<(), Stopped> {
        self.ask(Control::Stop).await
    }

    async fn ask(&self, control: Control) -> Result<(), Stopped> {
        self.control.send(control).await.map_err(stopped)
    }
}

/// A closed channel says nothing but that the other side is gone.
pub(super) fn stopped<E>(_: E) -> Stopped {
    Stopped
}

/// All that can wake the loop.
enum Wake {
    Control(Option<Control>),
    Port(PortEvent),
    Deadline,
}

/// A network with its ports.
pub(super) struct Edge<P> {
    network: Network,
    ports: P,
    clock: Clock,
    witness: Option<Witness>,
    control: mpsc::Receiver<Control>,
}

impl<P> std::fmt::Debug for Edge<P> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Edge").field("network", &self.network).finish_non_exhaustive()
    }
}

impl<P: Ports> Edge<P> {
    pub(super) fn new(config: Config, ports: P, witness: Option<Witness>, clock: &Clock) -> (Handle, Self) {
        let network = Network::new(config, clock.now());
        let (sender, control) = mpsc::channel(CONTROL_INBOX);
        let handle = Handle { control: sender, identities: network.identities().into() };
        (handle, Self { network, ports, clock: clock.clone(), witness, control })
    }

    /// Runs until it is stopped, all handles are gone, or a port or the witness fails.
    pub(super) async fn run(mut self) -> io::Result<()> {
        let timer = tokio::time::sleep_until(self.clock.deadline(self.clock.now().instant));
        let mut timer = std::pin::pin!(timer);
        loop {
            self.drain()?;
            let deadline = self.network.deadline();
            if let Some(at) = deadline.map(|at| self.clock.deadline(at) - TIMER_SLACK)
                && at != timer.deadline()
            {
                timer.as_mut().reset(at);
            }
            let wake = poll_fn(|context| {
                if let Poll::Ready(control) = self.control.poll_recv(context) {
                    return Poll::Ready(Ok(Wake::Control(control)));
                }
                if deadline.is_some() && timer.as_mut().poll(context).is_ready() {
                    return Poll::Ready(Ok(Wake::Deadline));
                }
                self.ports.poll_event(context).map_ok(Wake::Port)
            });
            let wake = wake.await?;
            let now = self.clock.now();
            match wake {
                Wake::Control(None | Some(Control::Stop)) => return Ok(()),
                Wake::Control(Some(control)) => self.obey(control, now),
                Wake::Port(event) => self.handle(event, now),
                Wake::Deadline => {
                    let due = deadline.filter(|at| *at <= now.instant + TIMER_SLACK);
                    self.network
                        .handle_timeout(Now { instant: due.map_or(now.instant, |at| at.max(now.instant)), ..now });
                }
            }
        }
    }

    fn handle(&mut self, event: PortEvent, now: Now) {
        match event {
            PortEvent::Opened { modem } => self.network.port_opened(modem, now),
            PortEvent::Closed { modem } => self.network.port_closed(modem, now),
            PortEvent::Bytes { modem, data } => self.network.handle_bytes(modem, &data, now),
        }
    }

    fn obey(&mut self, control: Control, now: Now) {
        match control {
            Control::Inbound { modem, from, text, answer } => {
                let outcome = self.network.inbound(modem, &from, &text, now);
                // Whoever asked may have stopped waiting; the text is on its way all the same.
                answer.send(outcome).unwrap_or_default();
            }
            Control::Unplug { modem } => self.network.unplug(modem, now),
            Control::Plug { modem } => self.network.plug(modem, now),
            Control::SetFaults { faults } => self.network.set_faults(&faults),
            Control::Stop => {}
        }
    }

    fn drain(&mut self) -> io::Result<()> {
        while let Some(output) = self.network.poll_output() {
            match output {
                Output::Accepted(line) => {
                    if let Some(witness) = &mut self.witness {
                        witness(&line)?;
                    }
                }
                Output::Bytes { modem, data } => self.ports.write(modem, &data)?,
                Output::HangUp { modem } => self.ports.hang_up(modem)?,
                Output::Return { modem } => self.ports.restore(modem)?,
            }
        }
        Ok(())
    }
}
