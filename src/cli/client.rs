//! Asking the daemon: HTTP/1.1 over its Unix socket or over TCP, one connection per question.
//!
//! The command line speaks the same API as everybody else and knows nothing of the store.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1::{self, Connection};
use hyper::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HOST, HeaderValue};
use hyper::{Method, Request, StatusCode, Uri};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;

use crate::actor::webhook::trust;

use super::failure::{Failure, Refusal};
use super::sse::EventParser;

/// A daemon answers in milliseconds, or in seconds on a disk that is busy; what takes longer is stuck.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);

/// Asks one daemon.
#[derive(Debug, Clone)]
pub(super) struct Client {
    door: Door,
    token: Option<String>,
}

#[derive(Debug, Clone)]
enum Door {
    Socket(PathBuf),
    Tcp { host: String, port: u16, is_tls: bool },
}

/// A question.
#[derive(Debug)]
pub(super) struct Ask<'a> {
    /// What to do.
    pub(super) method: Method,
    /// To what, with the query.
    pub(super) path: &'a str,
    /// With what.
    pub(super) body: Option<&'a Value>,
}

/// A question whose document is written down.
struct Call<'a> {
    method: Method,
    path: &'a str,
    body: Option<Bytes>,
}

impl<'a> From<Ask<'a>> for Call<'a> {
    fn from(Ask { method, path, body }: Ask<'a>) -> Self {
        Self { method, path, body: body.map(|body| Bytes::from(body.to_string())) }
    }
}

/// An answer whose body has not been read.
struct Answer {
    status: StatusCode,
    exchange: Exchange,
}

/// A connection and the body that comes over it. Whoever waits for the body also drives the connection.
struct Exchange {
    connection: Option<Pin<Box<Wire>>>,
    body: Incoming,
}

type Wire = Connection<TokioIo<Box<dyn Stream>>, Full<Bytes>>;

trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

impl Client {
    /// Asks over the Unix socket, where file permissions are enough.
    pub(super) fn over_socket(path: &Path) -> Self {
        Self { door: Door::Socket(path.to_owned()), token: None }
    }

    /// Asks over TCP, with TLS where the URL says so; trusted is whom this host trusts.
    pub(super) fn over_tcp(url: &str, token: Option<String>) -> Result<Self, Failure> {
        let refuse = || Failure::Url { url: url.to_owned() };
        let uri: Uri = url.parse().ok().ok_or_else(refuse)?;
        let (is_tls, port) = match uri.scheme_str() {
            Some("http") => (false, 80),
            Some("https") => (true, 443),
            _ => return Err(refuse()),
        };
        let host = uri.host().filter(|_| uri.path() == "/").ok_or_else(refuse)?;
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        Ok(Self { door: Door::Tcp { host, port: uri.port_u16().unwrap_or(port), is_tls }, token })
    }

    /// The document at `path`.
    pub(super) async fn get(&self, path: &str) -> Result<Value, Failure> {
        self.ask(Ask { method: Method::GET, path, body: None }).await
    }

    /// The document that answers; a problem document is a failure.
    pub(super) async fn ask(&self, ask: Ask<'_>) -> Result<Value, Failure> {
        self.ask_within(ask, ANSWER_WITHIN).await
    }

    /// The same where the daemon itself waits for somebody else.
    pub(super) async fn ask_within(&self, ask: Ask<'_>, limit: Duration) -> Result<Value, Failure> {
        self.document(ask.into(), limit).await
    }

    /// The document that answers one that is written down already, because it is large.
    pub(super) async fn post(&self, path: &str, body: Bytes) -> Result<Value, Failure> {
        self.document(Call { method: Method::POST, path, body: Some(body) }, ANSWER_WITHIN).await
    }

    async fn document(&self, call: Call<'_>, limit: Duration) -> Result<Value, Failure> {
        let (status, octets) = self.whole(call, limit).await?;
        if octets.is_empty() && status.is_success() {
            return Ok(Value::Null);
        }
        let document = serde_json::from_slice(&octets).ok().ok_or_else(|| self.stranger(status))?;
        if status.is_success() {
            return Ok(document);
        }
        Err(Refusal::from_document(document).map_or_else(|| self.stranger(status), Failure::Refused))
    }

    /// Status and body of whatever is at `path`, for what is no problem document when it says no.
    pub(super) async fn fetch(&self, path: &str) -> Result<(StatusCode, Bytes), Failure> {
        self.whole(Call { method: Method::GET, path, body: None }, ANSWER_WITHIN).await
    }

    /// Follows the events after `seq`.
    pub(super) async fn follow(&self, after: i64) -> Result<EventStream<'_>, Failure> {
        let path = format!("/v1/events?after={after}");
        let call = Call { method: Method::GET, path: &path, body: None };
        let mut answer = self.within(ANSWER_WITHIN, self.open(call, "text/event-stream")).await?;
        if answer.status == StatusCode::OK {
            return Ok(EventStream { client: self, exchange: answer.exchange, parser: EventParser::default() });
        }
        let octets = self.within(ANSWER_WITHIN, answer.exchange.collect(self)).await?;
        let refusal = serde_json::from_slice(&octets).ok().and_then(Refusal::from_document);
        Err(refusal.map_or_else(|| self.stranger(answer.status), Failure::Refused))
    }

    /// What comes after the newest event is new; 0 before the first.
    pub(super) async fn newest_event(&self) -> Result<i64, Failure> {
        let page = self.get("/v1/events?limit=1").await?;
        Ok(page.pointer("/items/0/seq").and_then(Value::as_i64).unwrap_or(0))
    }

    async fn whole(&self, call: Call<'_>, limit: Duration) -> Result<(StatusCode, Bytes), Failure> {
        self.within(limit, async {
            let mut answer = self.open(call, "application/json").await?;
            Ok((answer.status, answer.exchange.collect(self).await?))
        })
        .await
    }

    async fn within<T>(&self, limit: Duration, work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
        match timeout(limit, work).await {
            Ok(outcome) => outcome,
            Err(_) => Err(self.unreachable(ErrorKind::TimedOut.into())),
        }
    }

    async fn open(&self, call: Call<'_>, accept: &'static str) -> Result<Answer, Failure> {
        let stream = self.connect().await.map_err(|error| self.unreachable(error))?;
        let (mut sender, connection) =
            http1::handshake(TokioIo::new(stream)).await.map_err(|source| self.lost(source))?;
        let mut connection = Some(Box::pin(connection));
        let answer = sender.send_request(self.request(call, accept)?);
        let response = drive(&mut connection, answer).await.map_err(|source| self.lost(source))?;
        let (head, body) = response.into_parts();
        Ok(Answer { status: head.status, exchange: Exchange { connection, body } })
    }

    async fn connect(&self) -> io::Result<Box<dyn Stream>> {
        Ok(match &self.door {
            Door::Socket(path) => Box::new(UnixStream::connect(path).await?),
            Door::Tcp { host, port, is_tls } => {
                let stream = TcpStream::connect((host.as_str(), *port)).await?;
                if !is_tls {
                    return Ok(Box::new(stream));
                }
                let name =
                    ServerName::try_from(host.clone()).map_err(|_none| io::Error::from(ErrorKind::InvalidInput))?;
                Box::new(TlsConnector::from(Arc::new(trust::of_host())).connect(name, stream).await?)
            }
        })
    }

    fn request(&self, call: Call<'_>, accept: &'static str) -> Result<Request<Full<Bytes>>, Failure> {
        let Call { method, path, body } = call;
        let host = match &self.door {
            Door::Socket(_) => "localhost".to_owned(),
            Door::Tcp { host, port, .. } if host.contains(':') => format!("[{host}]:{port}"),
            Door::Tcp { host, port, .. } => format!("{host}:{port}"),
        };
        let mut request = Request::builder().method(method).uri(path).header(HOST, host).header(ACCEPT, accept);
        if let Some(token) = &self.token {
            let mut bearer = HeaderValue::from_str(&format!("Bearer {token}"))
                .or(Err(Failure::Usage("a token is letters, digits and _ -")))?;
            bearer.set_sensitive(true);
            request = request.header(AUTHORIZATION, bearer);
        }
        if body.is_some() {
            request = request.header(CONTENT_TYPE, "application/json");
        }
        let request = request.body(Full::new(body.unwrap_or_default()));
        Ok(request.expect("paths are made of literals and encoded values"))
    }

    fn unreachable(&self, source: io::Error) -> Failure {
        Failure::Unreachable { door: self.door.to_string(), source }
    }

    fn lost(&self, source: hyper::Error) -> Failure {
        Failure::Lost { door: self.door.to_string(), source }
    }

    pub(super) fn stranger(&self, status: StatusCode) -> Failure {
        Failure::Stranger { door: self.door.to_string(), status: status.as_u16() }
    }
}

impl std::fmt::Display for Door {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Socket(path) => write!(f, "{}", path.display()),
            Self::Tcp { host, port, .. } => write!(f, "{host}:{port}"),
        }
    }
}

/// Waits for something that comes over the connection while the connection moves. A connection that ended may have left
/// what is waited for, so its end alone ends nothing.
async fn drive<T>(connection: &mut Option<Pin<Box<Wire>>>, work: impl Future<Output = T>) -> T {
    let mut work = std::pin::pin!(work);
    while let Some(wire) = connection {
        tokio::select! {
            biased;
            outcome = &mut work => return outcome,
            // How it ended is told to whoever waits for the answer.
            _ = wire => *connection = None,
        }
    }
    work.await
}

impl Exchange {
    /// The next piece of the body; `None` at its end.
    async fn piece(&mut self, client: &Client) -> Result<Option<Bytes>, Failure> {
        loop {
            match drive(&mut self.connection, self.body.frame()).await {
                None => return Ok(None),
                Some(Err(source)) => return Err(client.lost(source)),
                Some(Ok(frame)) => {
                    // Trailers are nobody's business here.
                    if let Ok(octets) = frame.into_data() {
                        return Ok(Some(octets));
                    }
                }
            }
        }
    }

    async fn collect(&mut self, client: &Client) -> Result<Bytes, Failure> {
        let mut whole = Vec::new();
        while let Some(piece) = self.piece(client).await? {
            whole.extend_from_slice(&piece);
        }
        Ok(whole.into())
    }
}

/// Events as they happen.
pub(super) struct EventStream<'a> {
    client: &'a Client,
    exchange: Exchange,
    parser: EventParser,
}

impl EventStream<'_> {
    /// Waits for the next event. The daemon's stop is a failure. Nothing is lost when the wait is dropped.
    pub(super) async fn next(&mut self) -> Result<Value, Failure> {
        loop {
            if let Some(data) = self.parser.poll_event() {
                let event = serde_json::from_slice(&data).ok();
                return event.ok_or_else(|| self.client.stranger(StatusCode::OK));
            }
            match self.exchange.piece(self.client).await? {
                Some(octets) => self.parser.handle_octets(&octets),
                None => return Err(Failure::Ended { door: self.client.door.to_string() }),
            }
        }
    }
}

/// A query string, made of the parameters that were given.
#[derive(Debug, Default)]
pub(super) struct Query(String);

impl Query {
    /// Adds a parameter if it has a value.
    pub(super) fn with(mut self, name: &str, value: Option<impl ToString>) -> Self {
        if let Some(value) = value {
            let mark = if self.0.is_empty() { '?' } else { '&' };
            self.0.push(mark);
            self.0.push_str(name);
            self.0.push('=');
            self.0.push_str(&encode(&value.to_string()));
        }
        self
    }

    /// The path with this query.
    pub(super) fn on(&self, path: &str) -> String {
        format!("{path}{}", self.0)
    }
}

/// Everything but the unreserved characters as octets (RFC 3986, 2.1).
pub(super) fn encode(text: &str) -> String {
    let octet = |octet: u8| match octet {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(octet).to_string(),
        other => format!("%{other:02X}"),
    };
    text.bytes().map(octet).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_hold_what_was_given_and_nothing_else() {
        let query = Query::default().with("to", Some("+55 11&x")).with("state", None::<&str>).with("limit", Some(5));
        assert_eq!(query.on("/v1/messages"), "/v1/messages?to=%2B55%2011%26x&limit=5");
        assert_eq!(Query::default().on("/v1/sims"), "/v1/sims");
    }

    #[test]
    fn addresses_are_http_with_or_without_tls() {
        let door = |url| Client::over_tcp(url, None).map(|client| client.door.to_string());
        assert_eq!(door("http://127.0.0.1:7670").unwrap(), "127.0.0.1:7670");
        assert_eq!(door("http://host/").unwrap(), "host:80");
        assert_eq!(door("https://host").unwrap(), "host:443");
        assert_eq!(door("http://[::1]:7670").unwrap(), "::1:7670");
        for url in ["ftp://host", "host:7670", "https://host/v1", "", "http://"] {
            assert!(matches!(door(url), Err(Failure::Url { .. })), "{url}");
        }
    }
}
