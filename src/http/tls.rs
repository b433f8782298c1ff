//! TLS of the TCP door: versions 1.2 and 1.3 (RFC 5246, RFC 8446), HTTP/1.1 by ALPN (RFC 7301), no certificates of clients.
//!
//! Which certificate is shown can be changed while the door is open. Connections that are open go on with what they began
//! with; what they could be resumed by is forgotten with the certificate, so that every new one sees the new one.

mod certificate;

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadBuf};
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::server::TlsStream;

pub use certificate::{Certificate, CertificateError};

/// What every message of a handshake begins with: the content type of its record (RFC 8446, 5.1).
const HANDSHAKE: u8 = 22;

/// Of a request without TLS no more than this is taken.
const REST_MAX: u64 = 64 * 1024;

/// What somebody is told who speaks HTTP without TLS.
const PLAIN: &[u8] =
    b"HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain\r\nconnection: close\r\ncontent-length: 44\r\n\r\n\
    this port speaks TLS: begin with `https://`\n";

/// The certificate of a door. Clones are one.
#[derive(Debug, Clone)]
pub struct Tls(Arc<watch::Sender<Arc<ServerConfig>>>);

impl Tls {
    /// A door that shows this certificate.
    pub fn new(certificate: &Certificate) -> Self {
        Self(Arc::new(watch::Sender::new(certificate.server_config())))
    }

    /// Shows another one from the next connection on.
    pub fn replace(&self, certificate: &Certificate) {
        self.0.send_replace(certificate.server_config());
    }

    /// Shakes hands. Whoever speaks HTTP without TLS is told so.
    pub(super) async fn greet<S>(&self, mut stream: S) -> io::Result<TlsStream<Begun<S>>>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let first = stream.read_u8().await?;
        if first.is_ascii_alphabetic() {
            stream.write_all(PLAIN).await?;
            stream.shutdown().await?;
            // What lies unread at a close would have the system take the answer back.
            tokio::io::copy(&mut stream.take(REST_MAX), &mut tokio::io::sink()).await?;
            return Err(io::Error::new(io::ErrorKind::InvalidData, "HTTP without TLS"));
        }
        if first != HANDSHAKE {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "neither TLS nor HTTP"));
        }
        let config = Arc::clone(&self.0.borrow());
        TlsAcceptor::from(config).accept(Begun { first: Some(first), stream }).await
    }
}

/// A stream whose first octet was looked at.
#[derive(Debug)]
pub(super) struct Begun<S> {
    first: Option<u8>,
    stream: S,
}

impl<S: AsyncRead + Unpin> AsyncRead for Begun<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if buffer.remaining() > 0
            && let Some(first) = self.first.take()
        {
            buffer.put_slice(&[first]);
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Begun<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, octets: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, octets)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        octets: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, octets)
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
