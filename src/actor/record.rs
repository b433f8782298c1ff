//! Recording how a modem is brought up, for a dialogue of `tests/data/at`. Unlike asking, this sets what a bring-up sets; no
//! PIN is written and no message is read.

use std::path::Path;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use crate::clock::{Clock, Instant};
use crate::modem::{Config, Diverges, Machine, Output, Turn, bring_up};
use crate::serial::{self, Port, PortError};

/// A driver that takes longer to open or write a port is stuck.
const PORT_LIMIT: Duration = Duration::from_secs(5);

/// What is not up by then is written down as far as it went: a SIM may be busy for half a minute.
const LIMIT: Duration = Duration::from_secs(120);

/// Why nothing was recorded.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The port cannot be opened.
    #[error(transparent)]
    Port(#[from] PortError),
    /// It went meanwhile.
    #[error("the port is gone")]
    Gone,
    /// The kernel keeps us waiting.
    #[error("the driver does not answer")]
    Stuck,
    /// What was recorded does not hold without what is personal in it.
    #[error(transparent)]
    Diverges(#[from] Diverges),
}

/// Opens a port, brings its modem up and writes the dialogue down without what is personal in it.
pub async fn record(port: &Path, clock: &Clock) -> Result<String, RecordError> {
    let path = port.to_owned();
    let opening = tokio::task::spawn_blocking(move || serial::open(&path));
    let port = match timeout(PORT_LIMIT, opening).await {
        Ok(Ok(opened)) => opened?,
        Ok(Err(_)) | Err(_) => return Err(RecordError::Stuck),
    };
    let begin = clock.now().instant;
    let mut recorder = Recorder { port, clock, begin, told_ms: 0, heard: Vec::new() };
    recorder.run().await?;
    Ok(bring_up(recorder.heard.iter().map(Heard::turn))?)
}

/// What happened.
enum Heard {
    Modem(Vec<u8>),
    Driver(Vec<u8>),
    Pause(Duration),
}

impl Heard {
    fn turn(&self) -> Turn<'_> {
        match self {
            Self::Modem(octets) => Turn::Modem(octets),
            Self::Driver(octets) => Turn::Driver(octets),
            Self::Pause(pause) => Turn::Pause(*pause),
        }
    }
}

struct Recorder<'a> {
    port: Port,
    clock: &'a Clock,
    begin: Instant,
    /// Milliseconds of which pauses were noted. Parts of one are carried on, so that a deadline is not missed by one.
    told_ms: u128,
    heard: Vec<Heard>,
}

impl Recorder<'_> {
    async fn run(&mut self) -> Result<(), RecordError> {
        let mut machine = Machine::new(Config::default());
        machine.port_opened(self.begin);
        let end = self.begin + LIMIT;
        let mut buffer = [0; 1024];
        loop {
            while let Some(output) = machine.poll_output() {
                match output {
                    Output::Write(octets) => self.write(octets).await?,
                    Output::Up { .. }
                    | Output::Down { .. }
                    | Output::Reopen { .. }
                    | Output::Permit(_)
                    | Output::Reset(_) => return Ok(()),
                    Output::Offer(_)
                    | Output::Settled { .. }
                    | Output::Inbound(_)
                    | Output::Call { .. }
                    | Output::Ussd(_)
                    | Output::Pin { .. }
                    | Output::Changed(_)
                    | Output::Drained
                    | Output::Note(_) => {}
                }
            }
            let deadline = machine.deadline().unwrap_or(end).min(end);
            tokio::select! {
                read = self.port.read(&mut buffer) => match read {
                    Ok(0) | Err(_) => return Err(RecordError::Gone),
                    Ok(count) => {
                        let octets = buffer.get(..count).unwrap_or_default();
                        let now = self.pause();
                        self.heard.push(Heard::Modem(octets.to_vec()));
                        machine.handle_bytes(octets, now);
                    }
                },
                () = tokio::time::sleep_until(self.clock.deadline(deadline)) => {
                    let now = self.pause();
                    if now >= end {
                        return Ok(());
                    }
                    machine.handle_timeout(now);
                }
            }
        }
    }

    async fn write(&mut self, octets: Vec<u8>) -> Result<(), RecordError> {
        let written = timeout(PORT_LIMIT, self.port.write_all(&octets)).await;
        self.heard.push(Heard::Driver(octets));
        match written {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(RecordError::Gone),
            Err(_elapsed) => Err(RecordError::Stuck),
        }
    }

    /// Notes the time since the last note.
    fn pause(&mut self) -> Instant {
        let now = self.clock.now().instant;
        let elapsed_ms = now.saturating_since(self.begin).as_millis();
        let pause = u64::try_from(elapsed_ms - self.told_ms).unwrap_or(u64::MAX);
        if pause > 0 {
            self.heard.push(Heard::Pause(Duration::from_millis(pause)));
            self.told_ms = elapsed_ms;
        }
        now
    }
}
