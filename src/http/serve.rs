//! The connections of a door: how many it holds, and how long one of them may keep it waiting.
//!
//! Every door counts its own connections, so one that is full leaves the others served. The length of a body is bounded
//! where bodies are read (`json`).

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::Router;
use axum::serve::Listener;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Sleep;
use tokio_rustls::server::TlsStream;

use super::tls::{Begun, Tls};

/// Of an answer that comes in pieces no more is asked for while so much of it waits to be taken; a request's head is no longer
/// than this either.
pub(super) const BUFFER_MAX: usize = 64 * 1024;

/// What a door puts up with.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Connections that are open at a time. Further ones are not accepted: they wait in the system's queue until one ends.
    pub connections: usize,
    /// From the opening of a connection, or the end of an answer, to the end of the next request's head; after that the
    /// connection is closed. Over TLS the handshake has as long for itself.
    pub head: Duration,
    /// A connection is closed when so long nothing of an answer can be written, because nobody takes it.
    pub write: Duration,
}

impl Default for Bounds {
    /// Two full doors and 64 modems stay well below the 1024 descriptors that a process usually has. A stream says
    /// something every 15 s.
    fn default() -> Self {
        Self { connections: 256, head: Duration::from_secs(30), write: Duration::from_secs(60) }
    }
}

/// From which address a request came; in the extensions of each. None on the Unix socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Peer(pub(super) Option<IpAddr>);

/// The far end of a connection, as a listener tells it.
pub trait FarEnd {
    /// Its address, where it has one.
    fn ip(&self) -> Option<IpAddr>;
}

impl FarEnd for SocketAddr {
    fn ip(&self) -> Option<IpAddr> {
        Some(Self::ip(self))
    }
}

impl FarEnd for tokio::net::unix::SocketAddr {
    fn ip(&self) -> Option<IpAddr> {
        None
    }
}

/// What is done with a new connection before HTTP is spoken on it.
trait Threshold<S>: Clone + Send + 'static {
    type Stream: AsyncRead + AsyncWrite + Unpin + Send;

    fn cross(self, stream: S) -> impl Future<Output = io::Result<Self::Stream>> + Send;
}

/// Nothing: HTTP comes at once.
#[derive(Clone)]
struct Plain;

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Threshold<S> for Plain {
    type Stream = S;

    async fn cross(self, stream: S) -> io::Result<S> {
        Ok(stream)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Threshold<S> for Tls {
    type Stream = TlsStream<Begun<S>>;

    async fn cross(self, stream: S) -> io::Result<Self::Stream> {
        self.greet(stream).await
    }
}

/// Serves connections until `closing` is over, then those that are open until they end by themselves. Dropping the future
/// cuts them off.
pub async fn serve<L: Listener<Addr: FarEnd>>(
    listener: L,
    router: Router,
    bounds: Bounds,
    closing: impl Future<Output = ()>,
) {
    serve_behind(Plain, listener, router, bounds, closing).await;
}

/// The same over TLS. Hands are shaken by each connection for itself, so that one that is slow keeps nobody else out; it
/// counts from when it was accepted.
pub async fn serve_tls<L: Listener<Addr: FarEnd>>(
    tls: Tls,
    listener: L,
    router: Router,
    bounds: Bounds,
    closing: impl Future<Output = ()>,
) {
    serve_behind(tls, listener, router, bounds, closing).await;
}

async fn serve_behind<L: Listener<Addr: FarEnd>>(
    threshold: impl Threshold<Patient<L::Io>>,
    mut listener: L,
    router: Router,
    bounds: Bounds,
    closing: impl Future<Output = ()>,
) {
    let (close, closed) = watch::channel(());
    let mut connections = JoinSet::new();
    let mut closing = pin!(closing);
    loop {
        tokio::select! {
            () = &mut closing => break,
            Some(ended) = connections.join_next() => watched(ended),
            (stream, far) = listener.accept(), if connections.len() < bounds.connections => {
                let stream = Patient { stream, patience: bounds.write, stalled: None };
                let (threshold, router, closed) = (threshold.clone(), router.clone(), closed.clone());
                connections.spawn(arrival(threshold, stream, Peer(far.ip()), router, bounds, closed));
            }
        }
    }
    drop((listener, close));
    while let Some(ended) = connections.join_next().await {
        watched(ended);
    }
}

fn watched(ended: Result<(), tokio::task::JoinError>) {
    if let Err(error) = ended {
        tracing::error!(%error, "a connection's task ended badly");
    }
}

/// A connection from the moment it is accepted. One that has not crossed the threshold when the door closes is cut off.
async fn arrival<S>(
    threshold: impl Threshold<S>,
    stream: S,
    peer: Peer,
    router: Router,
    bounds: Bounds,
    mut closed: watch::Receiver<()>,
) {
    let crossed = tokio::select! {
        crossed = tokio::time::timeout(bounds.head, threshold.cross(stream)) => crossed,
        // Nothing is ever sent: the door closes by dropping its end.
        _ = closed.changed() => return,
    };
    match crossed {
        Ok(Ok(stream)) => connection(stream, peer, router, bounds, closed).await,
        Ok(Err(error)) => tracing::debug!(%error, "handshake failed"),
        Err(_) => tracing::debug!("handshake not finished in time"),
    }
}

/// One connection, until it ends or the door closes and its answer is out.
async fn connection(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    peer: Peer,
    router: Router,
    bounds: Bounds,
    mut closed: watch::Receiver<()>,
) {
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(bounds.head).max_buf_size(BUFFER_MAX);
    let router = TowerToHyperService::new(router);
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(peer);
        router.call(request)
    });
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        // Nothing is ever sent: the door closes by dropping its end.
        _ = closed.changed() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "connection ended early");
    }
}

/// A stream whose writes fail when nobody takes them for too long.
struct Patient<S> {
    stream: S,
    patience: Duration,
    /// When the write that waits has waited too long.
    stalled: Option<Pin<Box<Sleep>>>,
}

impl<S> Patient<S> {
    /// Watches over a write.
    fn watch<T>(&mut self, written: Poll<io::Result<T>>, cx: &mut Context<'_>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.stalled = None;
            return written;
        }
        let patience = self.patience;
        let stalled = self.stalled.get_or_insert_with(|| Box::pin(tokio::time::sleep(patience)));
        ready!(stalled.as_mut().poll(cx));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Patient<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Patient<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, octets: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, octets);
        self.watch(written, cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        octets: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, octets);
        self.watch(written, cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
