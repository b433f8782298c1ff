//! Sockets that the service manager opened and hands over: `sd_listen_fds(3)`.

use std::io;
use std::net::TcpListener;

use listenfd::ListenFd;

/// The socket of the API, if there is one. Called once, before there are other threads: the variables that tell of it are
/// taken away, so that no program that we start believes them.
pub fn listener() -> io::Result<Option<TcpListener>> {
    let mut handed = ListenFd::from_env();
    if handed.len() > 1 {
        return Err(io::Error::other("the service manager hands over more than one socket"));
    }
    handed.take_tcp_listener(0)
}
