//! Signals: the first asks the program to stop in good order.

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// Returns a token that is cancelled by SIGINT, SIGTERM or SIGHUP. A second signal ends the process at
/// once: everything that matters is durable at any moment.
pub(crate) fn stop_token() -> std::io::Result<CancellationToken> {
    let stop = CancellationToken::new();
    for kind in [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()] {
        let mut signals = signal(kind)?;
        let stop = stop.clone();
        tokio::spawn(async move {
            while signals.recv().await.is_some() {
                if stop.is_cancelled() {
                    std::process::exit(128 + kind.as_raw_value());
                }
                stop.cancel();
            }
        });
    }
    Ok(stop)
}
