//! Sessions of browsers: a token that was shown once stands in a cookie from then on, without its secret.
//!
//! The cookie says which token it was and until when, sealed with the key that lies outside the database. So a session outlives
//! a restart of the daemon and ends with its token, at once. Other sites can neither send the cookie (`SameSite=Strict`), nor
//! read what it shows (this door allows no origin), nor change anything: that needs a header that pages of other origins cannot
//! set. A name that somebody points at this host is not answered, so that no page of theirs becomes of this origin.

use std::net::IpAddr;
use std::time::Duration;

use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode, header};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use subtle::ConstantTimeEq as _;

use crate::clock::Timestamp;

use super::auth::{Grant, TokenKey};
use super::problem::{Kind, Problem};
use super::{Door, Site};

/// How long a browser may go on without showing the token again.
pub(super) const LASTS: Duration = Duration::from_secs(12 * 60 * 60);

const COOKIE: &str = "recado_session";

/// What a page of this origin sends along with a change.
const PAGE_HEADER: &str = "x-recado-page";

/// The header that begins a session of a token.
pub(super) fn cookie(site: &Site, key: TokenKey) -> Result<String, Problem> {
    let until = site.clock.now().utc + LASTS;
    let (hash, _) = site.tokens().resume(key, site.clock.now().utc, &site.writer).ok_or_else(over)?;
    let said = format!("{}.{}", key.0, until.as_millis());
    let seal = URL_SAFE_NO_PAD.encode(seal(site, &said, &hash));
    Ok(format!(
        "{COOKIE}={said}.{seal}; Path=/; Max-Age={}; HttpOnly; SameSite=Strict{}",
        LASTS.as_secs(),
        secure(site)
    ))
}

/// Where the door is encrypted, the browser sends the cookie nowhere else.
fn secure(site: &Site) -> &'static str {
    if matches!(site.door, Door::Tcp { is_tls: true, .. }) { "; Secure" } else { "" }
}

/// The header that ends it in the browser.
pub(super) fn no_cookie(site: &Site) -> String {
    format!("{COOKIE}=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict{}", secure(site))
}

/// Whose session a request belongs to.
pub(super) fn resume(site: &Site, parts: &Parts) -> Result<(TokenKey, std::sync::Arc<Grant>), Problem> {
    let said = of_cookie(&parts.headers)
        .ok_or_else(|| Problem::new(Kind::Unauthorized, "send a token in the header `authorization: Bearer TOKEN`"))?;
    is_of_this_host(site, &parts.headers)?;
    if parts.method != Method::GET && parts.method != Method::HEAD {
        is_of_a_page(&parts.headers)?;
    }
    let now = site.clock.now().utc;
    let (said, given) = said.rsplit_once('.').ok_or_else(over)?;
    let (key, until) = said.split_once('.').ok_or_else(over)?;
    let (key, until) = key.parse().ok().zip(until.parse().ok()).ok_or_else(over)?;
    if Timestamp::from_millis(until) <= now {
        return Err(over());
    }
    let (hash, grant) = site.tokens().resume(TokenKey(key), now, &site.writer).ok_or_else(over)?;
    let given = URL_SAFE_NO_PAD.decode(given).map_err(|_none| over())?;
    if bool::from(given.ct_eq(&seal(site, said, &hash))) { Ok((TokenKey(key), grant)) } else { Err(over()) }
}

/// Refuses names of this host that are not its own: addresses are, and `localhost`, and what is configured.
pub(super) fn is_of_this_host(site: &Site, headers: &HeaderMap) -> Result<(), Problem> {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let name = name(host);
    let is_own = name.eq_ignore_ascii_case("localhost")
        || name.parse::<IpAddr>().is_ok()
        || site.settings().hosts.iter().any(|own| own.eq_ignore_ascii_case(name));
    if is_own {
        return Ok(());
    }
    let detail = "browsers may call this host by its address, as localhost, and by the names in `hosts` of [http]";
    Err(Problem::new(Kind::Forbidden, detail).with_status(StatusCode::MISDIRECTED_REQUEST))
}

/// Lets in who needs no token, where the host is asked for by a name of its own: a page elsewhere may have its name lead here.
/// What is no browser may say no name at all.
pub(super) fn is_open(site: &Site, headers: &HeaderMap) -> Result<(), Problem> {
    if headers.contains_key(header::HOST) { is_of_this_host(site, headers) } else { Ok(()) }
}

/// Refuses changes that a page of another origin may have sent.
pub(super) fn is_of_a_page(headers: &HeaderMap) -> Result<(), Problem> {
    let text = |name: header::HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let origin = text(header::ORIGIN).map(|origin| origin.split_once("://").map_or(origin, |(_, host)| host));
    let is_own = origin.is_none_or(|origin| Some(origin) == text(header::HOST));
    if is_own && headers.contains_key(PAGE_HEADER) {
        return Ok(());
    }
    let detail = format!("with a session, changes need the header `{PAGE_HEADER}` and an origin that is this host");
    Err(Problem::new(Kind::Forbidden, detail))
}

/// The host without its port.
pub(super) fn name(host: &str) -> &str {
    match host.strip_prefix('[') {
        Some(address) => address.split(']').next().unwrap_or_default(),
        None => host.rsplit_once(':').map_or(host, |(name, _)| name),
    }
}

fn of_cookie(headers: &HeaderMap) -> Option<&str> {
    let all = headers.get_all(header::COOKIE).into_iter().filter_map(|value| value.to_str().ok());
    let mut pairs = all.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == COOKIE).map(|(_, value)| value)
}

fn seal(site: &Site, said: &str, hash: &[u8; 32]) -> [u8; 32] {
    site.settings().secret.session(&[said.as_bytes(), hash].concat())
}

fn over() -> Problem {
    Problem::new(Kind::Unauthorized, "this session is over; log in again")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_has_a_name_and_perhaps_a_port() {
        for (host, expected) in [
            ("localhost", "localhost"),
            ("localhost:7670", "localhost"),
            ("127.0.0.1:80", "127.0.0.1"),
            ("[::1]:7670", "::1"),
            ("[::1]", "::1"),
            ("", ""),
        ] {
            assert_eq!(name(host), expected);
        }
    }
}
