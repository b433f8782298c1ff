//! Terminals that appear in `/dev`, change their permissions, or go (inotify).

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::fs::inotify::{self, CreateFlags, WatchFlags};
use rustix::io::Errno;
use tokio::io::unix::AsyncFd;

/// Room for some dozens of events with names of usual length.
const BUFFER: usize = 4096;

/// The watch, or nothing where the kernel gives none: modems are then found by looking from time to time.
#[derive(Debug)]
pub(super) struct NodeWatch(Option<AsyncFd<OwnedFd>>);

impl NodeWatch {
    pub(super) fn new(folder: &Path) -> Self {
        match watch(folder) {
            Ok(watch) => Self(Some(watch)),
            Err(error) => {
                tracing::warn!(%error, "new ports are not announced; they are looked for every five minutes");
                Self(None)
            }
        }
    }

    /// Waits until something happens to a terminal. Can be dropped at any time: an event that was read has been told.
    pub(super) async fn changed(&mut self) {
        loop {
            let Some(watch) = &self.0 else { return std::future::pending().await };
            match watch.readable().await {
                Ok(mut ready) => match ready.try_io(|watch| read(watch.get_ref())) {
                    Ok(Ok(true)) => return,
                    // Others in the folder, or nothing after all.
                    Ok(Ok(false)) | Err(_) => {}
                    Ok(Err(error)) => self.give_up(&error),
                },
                Err(error) => self.give_up(&error),
            }
        }
    }

    fn give_up(&mut self, error: &io::Error) {
        tracing::warn!(%error, "new ports are not announced any more; they are looked for every five minutes");
        self.0 = None;
    }
}

fn watch(folder: &Path) -> io::Result<AsyncFd<OwnedFd>> {
    let inotify = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK)?;
    let changes = WatchFlags::CREATE | WatchFlags::DELETE | WatchFlags::ATTRIB | WatchFlags::MOVED_TO;
    inotify::add_watch(&inotify, folder, changes)?;
    register(inotify)
}

#[expect(deprecated, reason = "the successor is unsafe; an owned descriptor keeps what it asks for")]
fn register(descriptor: OwnedFd) -> io::Result<AsyncFd<OwnedFd>> {
    AsyncFd::new(descriptor)
}

/// Takes all that there is to say; whether it was of a terminal, or more than fits (no name).
fn read(inotify: &OwnedFd) -> io::Result<bool> {
    let mut buffer = [MaybeUninit::uninit(); BUFFER];
    let mut reader = inotify::Reader::new(inotify, &mut buffer);
    let mut is_terminal = None;
    loop {
        match reader.next() {
            Ok(event) => {
                let is = event.file_name().is_none_or(|name| name.to_bytes().starts_with(b"tty"));
                is_terminal = Some(is_terminal.unwrap_or(false) || is);
            }
            Err(Errno::AGAIN) => break,
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    is_terminal.ok_or_else(|| io::ErrorKind::WouldBlock.into())
}
