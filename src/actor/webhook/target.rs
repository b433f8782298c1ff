//! The address of an endpoint, read once: scheme, host, port, path, and a password where it holds one.

use std::fmt;
use std::net::IpAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper::Uri;
use hyper::header::HeaderValue;

use super::guard::{Reach, reach};

/// Longer addresses are cut by programs on the way.
const URL_MAX: usize = 2_000;

/// Why an address is not one that events can be posted to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    /// It is no URL.
    #[error("is not a URL such as https://example.com/recado")]
    NotUrl,
    /// It is none of HTTP.
    #[error("begins with {0}; https is possible")]
    Scheme(String),
    /// It would not be encrypted.
    #[error("is not encrypted; use https, or set allow_private of [webhooks] for endpoints in your own network")]
    Plain,
    /// It is an address that must not be posted to.
    #[error("leads to {0}, which is private or reserved; see allow_private of [webhooks]")]
    Forbidden(IpAddr),
    /// It is too long.
    #[error("is longer than {URL_MAX} characters")]
    TooLong,
}

/// Where a request goes.
#[derive(Clone)]
pub struct Target {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) is_tls: bool,
    /// Path and query.
    pub(super) path: String,
    /// The header `host`.
    pub(super) authority: HeaderValue,
    pub(super) authorization: Option<HeaderValue>,
}

/// Path, query and password may be secrets.
impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Target").field("host", &self.host).finish_non_exhaustive()
    }
}

/// What may be shown of it: the host.
impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.host)
    }
}

impl Target {
    /// Reads an address. Without `allow_private` it must be encrypted, and not name a private address; what a name leads to is
    /// known only when it is connected to.
    pub(super) fn parse(url: &str, allow_private: bool) -> Result<Self, TargetError> {
        if url.len() > URL_MAX {
            return Err(TargetError::TooLong);
        }
        let uri: Uri = url.parse().or(Err(TargetError::NotUrl))?;
        let is_tls = match uri.scheme_str() {
            Some("https") => true,
            Some("http") if allow_private => false,
            Some("http") => return Err(TargetError::Plain),
            Some(other) => return Err(TargetError::Scheme(other.to_owned())),
            None => return Err(TargetError::NotUrl),
        };
        let written = uri.host().filter(|host| !host.is_empty()).ok_or(TargetError::NotUrl)?;
        let host = written.trim_start_matches('[').trim_end_matches(']').to_owned();
        if let Ok(address) = host.parse() {
            permit(address, allow_private)?;
        }
        let authority = match uri.port_u16() {
            Some(port) => format!("{written}:{port}"),
            None => written.to_owned(),
        };
        let password = uri.authority().and_then(|authority| authority.as_str().rsplit_once('@')).map(|(user, _)| user);
        Ok(Self {
            port: uri.port_u16().unwrap_or(if is_tls { 443 } else { 80 }),
            is_tls,
            path: uri.path_and_query().map_or_else(|| "/".to_owned(), ToString::to_string),
            authority: HeaderValue::from_str(&authority).or(Err(TargetError::NotUrl))?,
            authorization: password.map(basic).transpose()?,
            host,
        })
    }
}

/// Whether an address may be connected to.
pub(super) fn permit(address: IpAddr, allow_private: bool) -> Result<(), TargetError> {
    match reach(address) {
        Reach::Public => Ok(()),
        Reach::Private if allow_private => Ok(()),
        Reach::Private | Reach::Never => Err(TargetError::Forbidden(address)),
    }
}

/// User and password of a URL as a header (RFC 7617).
fn basic(password: &str) -> Result<HeaderValue, TargetError> {
    let octets = decoded(password).ok_or(TargetError::NotUrl)?;
    let value = format!("Basic {}", STANDARD.encode(octets));
    let mut value = HeaderValue::from_str(&value).or(Err(TargetError::NotUrl))?;
    value.set_sensitive(true);
    Ok(value)
}

/// What stands for itself and what is written as `%XX` (RFC 3986, 2.1).
fn decoded(text: &str) -> Option<Vec<u8>> {
    let mut octets = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(octet) = rest.next() {
        let mut digit = || char::from(rest.next()?).to_digit(16);
        let octet = if octet == b'%' { u8::try_from(digit()? * 16 + digit()?).ok()? } else { octet };
        octets.push(octet);
    }
    Some(octets)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(url: &str) -> Result<Target, TargetError> {
        Target::parse(url, true)
    }

    #[test]
    fn an_address_is_taken_apart() {
        let target = read("https://u:p%40ss@Example.com:8443/hook?x=1#part").unwrap();
        assert_eq!((target.host.as_str(), target.port, target.is_tls), ("Example.com", 8443, true));
        assert_eq!((target.path.as_str(), target.authority.to_str().unwrap()), ("/hook?x=1", "Example.com:8443"));
        assert_eq!(
            target.authorization.as_ref().unwrap().to_str().unwrap(),
            format!("Basic {}", STANDARD.encode("u:p@ss"))
        );
        assert_eq!(format!("{target} {target:?}"), "Example.com Target { host: \"Example.com\", .. }");
        let target = read("http://[::1]:81").unwrap();
        assert_eq!((target.host.as_str(), target.port, target.path.as_str()), ("::1", 81, "/"));
        assert_eq!(target.authority.to_str().unwrap(), "[::1]:81");
        assert_eq!((read("https://a").unwrap().port, read("http://a").unwrap().port), (443, 80));
    }

    #[test]
    fn what_is_no_address_says_why() {
        for url in ["", "example.com", "/hook", "https://", "https:// a", "https://u%4@a/"] {
            assert_eq!(read(url).unwrap_err(), TargetError::NotUrl, "{url}");
        }
        assert_eq!(read("ftp://a/").unwrap_err(), TargetError::Scheme("ftp".to_owned()));
        assert_eq!(read(&format!("https://a/{}", "x".repeat(URL_MAX))).unwrap_err(), TargetError::TooLong);
    }

    #[test]
    fn private_and_plain_addresses_need_the_switch() {
        assert_eq!(Target::parse("http://example.com/", false).unwrap_err(), TargetError::Plain);
        let loopback = TargetError::Forbidden("127.0.0.1".parse().unwrap());
        assert_eq!(Target::parse("https://127.0.0.1/", false).unwrap_err(), loopback);
        assert!(Target::parse("https://127.0.0.1/", true).is_ok());
        let metadata = TargetError::Forbidden("169.254.169.254".parse().unwrap());
        assert_eq!(Target::parse("http://169.254.169.254/latest", true).unwrap_err(), metadata);
    }
}
