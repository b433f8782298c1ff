//! Asking a port what is on it: whether it takes AT commands at all, and who its modem is. Nothing is set, and nothing but
//! questions is written, save ESC to a port that does not answer: it ends what a process before us may have begun.

use std::path::Path;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use crate::at::{self, Command, Ended, Finished, Iccid, Plain, QueryDigits, QuerySignal, QueryText, Session};
use crate::clock::Clock;
use crate::modem::{Identity, ways_to_iccid};
use crate::serial::{self, Port, PortError};

/// Time for each `AT`, and how often: autobauding and sleeping modems miss the first.
const ATTENTION: Duration = Duration::from_millis(500);
const ATTENTION_TRIES: u8 = 3;

/// A driver that takes longer to open or write a port is stuck.
const PORT_LIMIT: Duration = Duration::from_secs(5);

/// Time for all that is asked of one port; a slow SIM alone may take 20 s.
const ASKING_LIMIT: Duration = Duration::from_secs(30);

/// Octets that are kept of what a port says by itself.
const HEARD_MAX: usize = 4096;

/// Older u-blox parts do not hear a command that follows a result within 20 ms.
const BETWEEN: Duration = Duration::from_millis(25);

/// How much is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// The IMEI.
    Imei,
    /// All that [`Asked`] holds.
    Everything,
}

/// What a modem said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Asked {
    /// Who it is.
    pub identity: Identity,
    /// How strong the network's signal is.
    pub signal_dbm: Option<i16>,
}

/// Why a port is not a modem's, or cannot be asked.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// It cannot be opened.
    #[error(transparent)]
    Port(#[from] PortError),
    /// It says positions or diagnostics all the time.
    #[error("streams data and takes no commands")]
    Streams,
    /// Nothing comes back.
    #[error("nothing answers")]
    Mute,
    /// Something comes back that is no answer.
    #[error("what answers is not a modem")]
    NotAModem,
    /// It went while it was asked.
    #[error("gone while it was asked")]
    Gone,
    /// The kernel keeps us waiting.
    #[error("the driver does not answer")]
    Stuck,
}

/// Opens a port, asks, and closes it.
pub async fn ask(port: &Path, depth: Depth, clock: &Clock) -> Result<Asked, ProbeError> {
    let path = port.to_owned();
    let opening = tokio::task::spawn_blocking(move || serial::open(&path));
    let port = match timeout(PORT_LIMIT, opening).await {
        Ok(Ok(opened)) => opened?,
        Ok(Err(_)) | Err(_) => return Err(ProbeError::Stuck),
    };
    let mut dialogue = Dialogue { port, clock, session: Session::default(), heard: Vec::new() };
    dialogue.call().await?;
    let asking = dialogue.ask_all(depth);
    timeout(ASKING_LIMIT, asking).await.unwrap_or(Err(ProbeError::Mute))
}

struct Dialogue<'a> {
    port: Port,
    clock: &'a Clock,
    session: Session,
    /// The first of what came.
    heard: Vec<u8>,
}

impl Dialogue<'_> {
    /// `AT` until it is answered.
    async fn call(&mut self) -> Result<(), ProbeError> {
        for _ in 0..ATTENTION_TRIES {
            let finished = self.run(&Plain::new("").allowed(ATTENTION)).await?;
            if is_stream(&self.heard) {
                return Err(ProbeError::Streams);
            }
            if finished.ended == Ended::Ok {
                return Ok(());
            }
            self.session.interrupt();
        }
        Err(if self.heard.is_empty() { ProbeError::Mute } else { ProbeError::NotAModem })
    }

    async fn ask_all(&mut self, depth: Depth) -> Result<Asked, ProbeError> {
        let mut asked = Asked::default();
        let identity = &mut asked.identity;
        identity.imei = self.question(&QueryDigits("+CGSN")).await?;
        if depth == Depth::Imei {
            return Ok(asked);
        }
        identity.manufacturer = self.question(&QueryText("+CGMI")).await?;
        identity.model = self.question(&QueryText("+CGMM")).await?;
        identity.firmware = self.question(&QueryText("+CGMR")).await?;
        for by in ways_to_iccid(identity) {
            identity.iccid = self.question(&Iccid(by)).await?;
            if identity.iccid.is_some() {
                break;
            }
        }
        asked.signal_dbm = self.question(&QuerySignal).await?.flatten();
        Ok(asked)
    }

    /// The answer, if the modem gives one that can be read.
    async fn question<C: Command>(&mut self, command: &C) -> Result<Option<C::Answer>, ProbeError> {
        tokio::time::sleep(BETWEEN).await;
        let finished = self.run(command).await?;
        Ok((finished.ended == Ended::Ok).then(|| command.read(&finished.reply)).flatten())
    }

    async fn run<C: Command>(&mut self, command: &C) -> Result<Finished, ProbeError> {
        self.session.start(command, self.clock.now().instant);
        let mut buffer = [0; 1024];
        loop {
            while let Some(octets) = self.session.poll_write() {
                match timeout(PORT_LIMIT, self.port.write_all(&octets)).await {
                    Ok(Ok(())) => {}
                    Ok(Err(_)) => return Err(ProbeError::Gone),
                    Err(_elapsed) => return Err(ProbeError::Stuck),
                }
            }
            while let Some(output) = self.session.poll_output() {
                if let at::Output::Finished(finished) = output {
                    return Ok(finished);
                }
            }
            let deadline = self.session.deadline().unwrap_or(self.clock.now().instant);
            tokio::select! {
                read = self.port.read(&mut buffer) => match read {
                    Ok(0) | Err(_) => return Err(ProbeError::Gone),
                    Ok(count) => self.hear(buffer.get(..count).unwrap_or_default()),
                },
                () = tokio::time::sleep_until(self.clock.deadline(deadline)) => {
                    self.session.handle_timeout(self.clock.now().instant);
                }
            }
        }
    }

    fn hear(&mut self, bytes: &[u8]) {
        let room = HEARD_MAX.saturating_sub(self.heard.len());
        self.heard.extend(bytes.iter().take(room));
        self.session.handle_bytes(bytes, self.clock.now().instant);
    }
}

/// Positions (NMEA 0183 sentences begin with `$G`), or the binary frames of a diagnostic port.
fn is_stream(heard: &[u8]) -> bool {
    let is_sentence = heard.split(|octet| matches!(octet, b'\r' | b'\n')).any(|line| line.starts_with(b"$G"));
    let binary = heard.iter().filter(|octet| !octet.is_ascii_graphic() && !octet.is_ascii_whitespace()).count();
    is_sentence || binary * 4 > heard.len().max(16)
}

#[cfg(test)]
mod tests;
