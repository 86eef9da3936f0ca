//! What is logged. Lines of ours hold no words, numbers or keys; lines of libraries that could are kept out.

mod traces;

pub use traces::{Collector, CollectorError, Traces};

use std::io::IsTerminal as _;

use tracing::Metadata;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::{FilterExt, filter_fn};
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, fmt};

/// Libraries that print payloads: never heard at all, because they do it at `error` too.
const SILENT: [&str; 4] = ["async_openai", "eventsource_stream", "process_wrap", "rmcp"];
/// Libraries that print frames, headers or statements below `warn`.
const CAPPED: [&str; 15] = [
    "tungstenite",
    "tokio_tungstenite",
    "hyper",
    "hyper_util",
    "h2",
    "reqwest",
    "rustls",
    "sqlx",
    "sqlx_core",
    "sqlx_postgres",
    "sqlx_sqlite",
    "axum",
    "tower",
    "tower_http",
    "mio",
];

/// Logs to standard error from here on, as `RUST_LOG` asks; `info` without it. With a collector, traces go there
/// until what is returned is dropped.
///
/// # Errors
///
/// When the collector's address cannot be used. Lines are logged all the same.
pub fn start(rust_log: Option<&str>, collector: Option<&Collector>) -> Result<Traces, CollectorError> {
    let wanted = EnvFilter::builder()
        .with_default_directive(LevelFilter::INFO.into())
        .parse_lossy(rust_log.unwrap_or_default());
    let lines = fmt::layer().with_writer(std::io::stderr).with_ansi(std::io::stderr().is_terminal());
    let lines = layer(wanted, lines);
    let (spans, traces) = match collector.map(traces::open).transpose() {
        Ok(Some((spans, traces))) => (Some(spans), Ok(traces)),
        Ok(None) => (None, Ok(Traces::none())),
        Err(error) => (None, Err(error)),
    };
    // A second start in one process keeps the first subscriber.
    let _ = tracing_subscriber::registry().with(lines).with(spans).try_init();
    traces
}

/// A layer that hears what was asked for, without what must never be heard.
pub fn layer<S, L>(wanted: EnvFilter, lines: L) -> impl Layer<S>
where
    S: tracing::Subscriber + for<'a> LookupSpan<'a>,
    L: Layer<S>,
{
    // Without the hint every library's `trace!` would be built and looked at before it is dropped.
    lines.with_filter(wanted.and(filter_fn(may_be_heard).with_max_level_hint(LevelFilter::TRACE)))
}

fn may_be_heard(metadata: &Metadata<'_>) -> bool {
    let library = metadata.target().split("::").next().unwrap_or_default();
    if SILENT.contains(&library) {
        false
    } else if CAPPED.contains(&library) {
        // More severe levels are lesser ones to `tracing`.
        *metadata.level() <= tracing::Level::WARN
    } else {
        true
    }
}
