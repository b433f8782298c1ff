//! Emulated modems in memory: for tests in virtual time, under a paused clock.
//!
//! A port is opened by [`Dialer::open`] and closed by dropping what that gave. Opening a port again takes it from whoever
//! had it, and the port of an absent modem gives end of file at once.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead as _, AsyncWrite as _, DuplexStream, ReadBuf};
use tokio::sync::mpsc;

use super::config::Config;
use super::edge::{Edge, Handle, PortEvent, Ports, Stopped, UNSENT_MAX, Witness, stopped};
use crate::clock::Clock;

/// What a serial driver buffers, each way.
const BUFFER: usize = 4096;

/// Emulated modems that nobody runs yet.
#[derive(Debug)]
pub struct Running(Edge<DuplexPorts>);

/// Opens ports.
#[derive(Debug, Clone)]
pub struct Dialer(mpsc::Sender<(usize, DuplexStream)>);

/// Sets up modems in memory. They live while the future of [`Running::run`] is polled.
pub fn start(config: Config, witness: Option<Witness>, clock: &Clock) -> (Handle, Dialer, Running) {
    let (sender, dialled) = mpsc::channel(config.modems.max(1));
    let mut ports = Vec::new();
    ports.resize_with(config.modems, Port::default);
    let ports = DuplexPorts { dialled, ports, events: VecDeque::new() };
    let (handle, edge) = Edge::new(config, ports, witness, clock);
    (handle, Dialer(sender), Running(edge))
}

impl Running {
    /// Runs until it is stopped or all handles are gone.
    pub async fn run(self) -> io::Result<()> {
        self.0.run().await
    }
}

impl Dialer {
    /// Opens the port of `modem`.
    pub async fn open(&self, modem: usize) -> Result<DuplexStream, Stopped> {
        let (ours, theirs) = tokio::io::duplex(BUFFER);
        self.0.send((modem, theirs)).await.map_err(stopped)?;
        Ok(ours)
    }
}

#[derive(Debug, Default)]
struct Port {
    stream: Option<DuplexStream>,
    unsent: VecDeque<u8>,
    is_absent: bool,
}

#[derive(Debug)]
struct DuplexPorts {
    dialled: mpsc::Receiver<(usize, DuplexStream)>,
    ports: Vec<Port>,
    events: VecDeque<PortEvent>,
}

impl Port {
    /// Sends what waits and reads what came; `None` when the other side is gone.
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<Vec<u8>>> {
        let Some(stream) = &mut self.stream else { return Poll::Pending };
        while !self.unsent.is_empty() {
            let (front, _) = self.unsent.as_slices();
            match Pin::new(&mut *stream).poll_write(context, front) {
                Poll::Ready(Ok(count)) => drop(self.unsent.drain(..count)),
                Poll::Ready(Err(_)) => return Poll::Ready(None),
                Poll::Pending => break,
            }
        }
        let mut bytes = [0; BUFFER];
        let mut buffer = ReadBuf::new(&mut bytes);
        let outcome = ready!(Pin::new(stream).poll_read(context, &mut buffer));
        let is_open = outcome.is_ok() && !buffer.filled().is_empty();
        Poll::Ready(is_open.then(|| buffer.filled().to_vec()))
    }

    fn close(&mut self) -> bool {
        self.unsent.clear();
        self.stream.take().is_some()
    }
}

impl Ports for DuplexPorts {
    fn poll_event(&mut self, context: &mut Context<'_>) -> Poll<io::Result<PortEvent>> {
        while let Poll::Ready(Some((modem, stream))) = self.dialled.poll_recv(context) {
            let Some(port) = self.ports.get_mut(modem).filter(|port| !port.is_absent) else { continue };
            if port.close() {
                self.events.push_back(PortEvent::Closed { modem });
            }
            port.stream = Some(stream);
            self.events.push_back(PortEvent::Opened { modem });
        }
        if let Some(event) = self.events.pop_front() {
            return Poll::Ready(Ok(event));
        }
        for (modem, port) in self.ports.iter_mut().enumerate() {
            match port.poll(context) {
                Poll::Ready(Some(data)) => return Poll::Ready(Ok(PortEvent::Bytes { modem, data })),
                Poll::Ready(None) => {
                    port.close();
                    return Poll::Ready(Ok(PortEvent::Closed { modem }));
                }
                Poll::Pending => {}
            }
        }
        Poll::Pending
    }

    fn write(&mut self, modem: usize, data: &[u8]) -> io::Result<()> {
        if let Some(port) = self.ports.get_mut(modem).filter(|port| port.stream.is_some()) {
            let room = UNSENT_MAX.saturating_sub(port.unsent.len());
            port.unsent.extend(data.iter().take(room));
        }
        Ok(())
    }

    fn hang_up(&mut self, modem: usize) -> io::Result<()> {
        if let Some(port) = self.ports.get_mut(modem) {
            port.close();
            port.is_absent = true;
        }
        Ok(())
    }

    fn restore(&mut self, modem: usize) -> io::Result<()> {
        if let Some(port) = self.ports.get_mut(modem) {
            port.is_absent = false;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};
    use std::time::Duration;

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;
    use crate::emulator::tests::submit_pdu;

    /// Runs `client` beside one modem at 300 ms airtime and gives the numbers of the parts that were accepted.
    async fn with_modem<F: Future<Output = ()>>(client: impl FnOnce(Handle, Dialer) -> F) -> Vec<String> {
        let accepted = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&accepted);
        let witness: Witness = Box::new(move |line| {
            log.lock().unwrap().push(line.to.clone());
            Ok(())
        });
        let (handle, dialer, running) = start(Config::default(), Some(witness), &Clock::host());
        let client = async {
            client(handle.clone(), dialer).await;
            handle.stop().await.unwrap();
        };
        let (outcome, ()) = tokio::join!(running.run(), client);
        outcome.unwrap();
        accepted.lock().unwrap().clone()
    }

    async fn read_until(port: &mut DuplexStream, end: &str) -> String {
        let mut said = String::new();
        while !said.ends_with(end) {
            let mut buffer = [0; 256];
            let count = port.read(&mut buffer).await.unwrap();
            assert_ne!(count, 0, "hung up after {said:?}");
            said.push_str(&String::from_utf8_lossy(&buffer[..count]));
        }
        said
    }

    #[tokio::test(start_paused = true)]
    async fn a_part_takes_its_airtime_in_virtual_time() {
        let accepted = with_modem(|_handle, dialer| async move {
            let mut port = dialer.open(0).await.unwrap();
            let (length, pdu) = submit_pdu("+5511987654321", "Oi", None);
            port.write_all(format!("ATE0\rAT+CMGS={length}\r").as_bytes()).await.unwrap();
            read_until(&mut port, "> ").await;
            let clock = Clock::host();
            port.write_all(format!("{pdu}\x1a").as_bytes()).await.unwrap();
            let said = read_until(&mut port, "OK\r\n").await;
            assert!(said.contains("+CMGS: "), "{said:?}");
            let took = clock.now().instant.since_origin();
            assert!((299..=301).contains(&took.as_millis()), "{took:?}");
        });
        assert_eq!(accepted.await, ["+5511987654321"]);
    }

    #[tokio::test(start_paused = true)]
    async fn an_unplugged_modem_hangs_up_and_can_be_opened_after_it_returned() {
        with_modem(|handle, dialer| async move {
            let mut port = dialer.open(0).await.unwrap();
            port.write_all(b"AT\r").await.unwrap();
            read_until(&mut port, "OK\r\n").await;
            handle.unplug(0).await.unwrap();
            assert_eq!(port.read(&mut [0; 8]).await.unwrap(), 0);
            let mut absent = dialer.open(0).await.unwrap();
            assert_eq!(absent.read(&mut [0; 8]).await.unwrap(), 0);
            handle.plug(0).await.unwrap();
            let mut port = dialer.open(0).await.unwrap();
            port.write_all(b"AT\r").await.unwrap();
            read_until(&mut port, "OK\r\n").await;
        })
        .await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_dropped_port_is_closed_and_loses_what_is_not_stored() {
        with_modem(|handle, dialer| async move {
            let mut port = dialer.open(0).await.unwrap();
            port.write_all(b"ATE0\rAT+CNMI=2,1,0,1,0\r").await.unwrap();
            read_until(&mut port, "OK\r\n\r\nOK\r\n").await;
            drop(port);
            tokio::time::sleep(Duration::from_millis(1)).await;
            handle.inbound(0, "+5511987654321", "alo").await.unwrap();
            let mut port = dialer.open(0).await.unwrap();
            port.write_all(b"AT+CMGL=4\r").await.unwrap();
            let said = read_until(&mut port, "OK\r\n").await;
            assert!(said.starts_with("\r\n+CMGL: 1,0,,"), "{said:?}");
        })
        .await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_text_that_cannot_be_sent_is_refused_and_the_modem_goes_on() {
        with_modem(|handle, _dialer| async move {
            assert!(handle.inbound(7, "+5511987654321", "alo").await.is_err());
            assert!(handle.inbound(0, "", "alo").await.is_err());
            assert_eq!(handle.inbound(0, "+5511987654321", "alo").await, Ok(()));
        })
        .await;
    }
}
