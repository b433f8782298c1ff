//! `recado modems --watch`: drawn again whenever something happens, by the stream of events, and goes on when the daemon was
//! away for a while.

use std::time::Duration;

use crate::cli::client::Client;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::overview::Overview;
use crate::cli::print::Printer;
use crate::cli::serve::StopSignals;

use super::screen::Screen;

/// What happens within this is drawn together.
const CALM: Duration = Duration::from_millis(500);

/// Signal and clock change without an event.
const LOOK: Duration = Duration::from_secs(10);

/// Between two looks whether the daemon is back.
const AGAIN: Duration = Duration::from_secs(1);

/// Shows until Ctrl-C.
pub(super) async fn run(client: &Client, printer: &mut Printer<'_>) -> Result<Exit, Failure> {
    let mut stop = StopSignals::new()?;
    // A daemon that is not there at all is said at once.
    let first = Overview::ask(client).await?;
    let mut screen = Screen::of(printer);
    screen.enter(printer)?;
    screen.show(&first, printer)?;
    let outcome = tokio::select! {
        () = stop.wait() => Ok(Exit::Done),
        failure = follow(client, &mut screen, printer) => Err(failure),
    };
    screen.leave(printer)?;
    outcome
}

/// Until something goes wrong that time does not mend.
async fn follow(client: &Client, screen: &mut Screen, printer: &mut Printer<'_>) -> Failure {
    loop {
        let failure = match watch(client, screen, printer).await {
            Ok(never) => match never {},
            Err(failure) => failure,
        };
        if failure.exit() != Exit::Unreachable {
            return failure;
        }
        let why = failure.explain();
        let why = why.trim_start_matches("error: failed to ").split(';').next().unwrap_or_default();
        if let Err(error) = screen.lost(why, printer) {
            return error.into();
        }
        while Overview::ask(client).await.is_err() {
            tokio::time::sleep(AGAIN).await;
        }
    }
}

/// Until the daemon goes.
async fn watch(
    client: &Client,
    screen: &mut Screen,
    printer: &mut Printer<'_>,
) -> Result<std::convert::Infallible, Failure> {
    let mut events = client.follow(client.newest_event().await?).await?;
    loop {
        // After the stream was begun, so that nothing falls between.
        let overview = Overview::ask(client).await?;
        screen.show(&overview, printer)?;
        if let Ok(event) = tokio::time::timeout(LOOK, events.next()).await {
            event?;
            let busy = async {
                loop {
                    events.next().await?;
                }
            };
            // An error comes again when the next is waited for.
            let ended: Result<Result<std::convert::Infallible, Failure>, _> = tokio::time::timeout(CALM, busy).await;
            if let Ok(Err(failure)) = ended {
                return Err(failure);
            }
        }
    }
}
