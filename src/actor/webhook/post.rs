//! One signed request over a connection of our own: to an address that was checked, within a time limit, without redirects.
//!
//! The name of the host is resolved here and every address that it has is checked; the connection goes to one of these, so
//! that a name that leads elsewhere a moment later changes nothing.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST, HeaderValue, USER_AGENT};
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::ClientConfig;
#[cfg(test)]
use tokio_rustls::rustls::RootCertStore;
use tokio_rustls::rustls::pki_types::ServerName;

use crate::clock::Timestamp;
use crate::store::webhook::SigningKey;

use super::retry_after::retry_after;
use super::signature::{seconds, signature};
use super::target::{Target, TargetError, permit};
use super::trust;

/// Of an answer so much is read; nobody needs it, but the connection is used again after it.
const ANSWER_MAX: usize = 64 * 1024;

/// Of an answer so much is shown to whoever tests an endpoint.
const EXCERPT_MAX: usize = 1024;

/// One address of several may be dead.
const CONNECT_WITHIN: Duration = Duration::from_secs(5);

/// Why there was no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum PostError {
    #[error("find the address of {host}: {source}")]
    Resolve { host: String, source: io::Error },
    #[error("post to {host}: it {source}")]
    Forbidden { host: String, source: TargetError },
    #[error("connect to {address}: {source}")]
    Connect { address: SocketAddr, source: io::Error },
    #[error("trust {host}: {source}")]
    Tls { host: String, source: io::Error },
    #[error("hear {host} out: {source}")]
    Exchange { host: String, source: hyper::Error },
    #[error("hear {host} out within {} s", .limit.as_secs_f64())]
    Slow { host: String, limit: Duration },
}

/// What is posted.
#[derive(Debug)]
pub(super) struct Parcel<'a> {
    pub(super) id: &'a str,
    pub(super) body: Bytes,
    pub(super) keys: &'a [SigningKey],
    pub(super) at: Timestamp,
}

/// What came back.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: StatusCode,
    /// What it says of when to try again.
    pub(super) retry_after: Option<Duration>,
    /// The beginning of the body.
    pub(super) excerpt: Vec<u8>,
}

/// A connection that can be used again. Its task ends with it.
pub(super) struct Connection {
    sender: SendRequest<Full<Bytes>>,
    task: JoinHandle<()>,
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Connection")
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.task.abort();
    }
}

trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// Posts.
pub(super) struct Courier {
    limit: Duration,
    pub(super) allow_private: bool,
    /// Whom this host trusts; read when it is needed first.
    tls: OnceLock<Arc<ClientConfig>>,
}

impl fmt::Debug for Courier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Courier").field("limit", &self.limit).finish_non_exhaustive()
    }
}

impl Courier {
    pub(super) fn new(limit: Duration, allow_private: bool) -> Self {
        Self { limit, allow_private, tls: OnceLock::new() }
    }

    /// Trusts these instead of whom the host trusts.
    #[cfg(test)]
    pub(super) fn trusting(self, roots: RootCertStore) -> Self {
        Self { tls: OnceLock::from(Arc::new(trust::of(roots))), ..self }
    }

    /// Posts once. A connection that was kept is used if it still stands, and what can be used again comes back.
    pub(super) async fn post(
        &self,
        kept: Option<Connection>,
        target: &Target,
        parcel: &Parcel<'_>,
    ) -> Result<(Reply, Option<Connection>), PostError> {
        let slow = || PostError::Slow { host: target.host.clone(), limit: self.limit };
        timeout(self.limit, self.exchange(kept, target, parcel)).await.unwrap_or_else(|_elapsed| Err(slow()))
    }

    async fn exchange(
        &self,
        kept: Option<Connection>,
        target: &Target,
        parcel: &Parcel<'_>,
    ) -> Result<(Reply, Option<Connection>), PostError> {
        if let Some(mut connection) = kept
            && connection.sender.ready().await.is_ok()
        {
            // It may have been closed while it lay idle, which shows only now; the id tells the endpoint if it got it twice.
            if let Ok(response) = connection.sender.send_request(request(target, parcel)).await {
                return Self::hear(connection, response, target, parcel.at).await;
            }
        }
        let mut connection = self.connect(target).await?;
        let response = connection.sender.send_request(request(target, parcel)).await;
        let response = response.map_err(|source| PostError::Exchange { host: target.host.clone(), source })?;
        Self::hear(connection, response, target, parcel.at).await
    }

    /// Reads the answer, as far as anybody wants it.
    async fn hear(
        connection: Connection,
        response: Response<Incoming>,
        target: &Target,
        at: Timestamp,
    ) -> Result<(Reply, Option<Connection>), PostError> {
        let status = response.status();
        let retry_after = retry_after(response.headers(), at);
        let mut reply = Reply { status, retry_after, excerpt: Vec::new() };
        let (mut body, mut read) = (response.into_body(), 0);
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|source| PostError::Exchange { host: target.host.clone(), source })?;
            let Ok(octets) = frame.into_data() else { continue };
            read += octets.len();
            let room = EXCERPT_MAX - reply.excerpt.len();
            reply.excerpt.extend(octets.iter().take(room));
            if read > ANSWER_MAX {
                return Ok((reply, None));
            }
        }
        Ok((reply, Some(connection)))
    }

    async fn connect(&self, target: &Target) -> Result<Connection, PostError> {
        let host = || target.host.clone();
        let stream = self.dial(target).await?;
        let stream: Box<dyn Stream> = if target.is_tls {
            let name = ServerName::try_from(target.host.clone()).map_err(io::Error::other);
            let name = name.map_err(|source| PostError::Tls { host: host(), source })?;
            let tls = TlsConnector::from(Arc::clone(self.tls.get_or_init(|| trust::of_host().into())));
            let stream = tls.connect(name, stream).await;
            Box::new(stream.map_err(|source| PostError::Tls { host: host(), source })?)
        } else {
            Box::new(stream)
        };
        let shaken = handshake(TokioIo::new(stream)).await;
        let (sender, wire) = shaken.map_err(|source| PostError::Exchange { host: host(), source })?;
        #[expect(clippy::disallowed_methods, reason = "the task ends with its connection")]
        let task = tokio::spawn(async move {
            // How it ended is told to whoever waits for an answer.
            drop(wire.await);
        });
        Ok(Connection { sender, task })
    }

    /// Connects to one of the addresses of the host, all of which must be allowed.
    async fn dial(&self, target: &Target) -> Result<TcpStream, PostError> {
        let host = || target.host.clone();
        let found = tokio::net::lookup_host((target.host.as_str(), target.port)).await;
        let addresses: Vec<SocketAddr> = found.map_err(|source| PostError::Resolve { host: host(), source })?.collect();
        for address in &addresses {
            permit(address.ip(), self.allow_private).map_err(|source| PostError::Forbidden { host: host(), source })?;
        }
        let nothing = io::Error::other("the name has no address");
        let mut failure = PostError::Resolve { host: host(), source: nothing };
        for address in addresses {
            let connected = timeout(CONNECT_WITHIN, TcpStream::connect(address)).await;
            match connected.unwrap_or_else(|_elapsed| Err(io::ErrorKind::TimedOut.into())) {
                Ok(stream) => {
                    // Small requests are written whole; without this each would wait for the answer to the one before.
                    stream.set_nodelay(true).map_err(|source| PostError::Connect { address, source })?;
                    return Ok(stream);
                }
                Err(source) => failure = PostError::Connect { address, source },
            }
        }
        Err(failure)
    }
}

fn request(target: &Target, parcel: &Parcel<'_>) -> Request<Full<Bytes>> {
    let mut request = Request::post(target.path.as_str())
        .header(HOST, &target.authority)
        .header(CONTENT_TYPE, "application/json")
        .header(USER_AGENT, concat!("Recado/", env!("CARGO_PKG_VERSION")))
        .header("webhook-id", parcel.id)
        .header("webhook-timestamp", seconds(parcel.at))
        .header("webhook-signature", signature(parcel.keys, parcel.id, parcel.at, &parcel.body));
    if let Some(password) = &target.authorization {
        request = request.header(AUTHORIZATION, HeaderValue::clone(password));
    }
    request.body(Full::new(parcel.body.clone())).expect("ids are letters and digits, and the path was read as one")
}
