//! The log: lines on standard error, or JSON for collectors.

use std::io;

use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Layer, Registry, fmt, registry};

use crate::diagnostic::Colour;

use super::out::colour_of_stderr;

/// Starts the log: `STRAIGHT_LOG`, else `RUST_LOG`, else what `verbosity` asks for.
///
/// # Errors
/// When a variable has no form that is known, in words.
pub(super) fn start(verbosity: u8) -> Result<(), String> {
    let (name, directives) = variable("STRAIGHT_LOG")
        .or_else(|| variable("RUST_LOG"))
        .unwrap_or_else(|| ("-v", default_filter(verbosity).to_owned()));
    let filter: Targets = directives.parse().map_err(|why| {
        format!("`{name}` is no log filter ({why}); write it as in info or straight=debug,warn")
    })?;
    // Where nobody reads standard error, nobody is told of that: writing there would end the process.
    let lines = fmt::layer().with_writer(io::stderr).log_internal_errors(false);
    let lines = lines.with_ansi(colour_of_stderr() == Colour::Always);
    let lines: Box<dyn Layer<Registry> + Send + Sync> =
        match variable("STRAIGHT_LOG_FORMAT").as_ref().map(|(_, word)| word.as_str()) {
            None | Some("text") => lines.with_target(false).boxed(),
            Some("json") => lines.json().flatten_event(true).boxed(),
            Some(_) => return Err("`STRAIGHT_LOG_FORMAT` is neither text nor json".to_owned()),
        };
    // A log that is there already (in tests) is as good.
    let _ = registry().with(lines.with_filter(filter)).try_init();
    Ok(())
}

fn variable(name: &'static str) -> Option<(&'static str, String)> {
    std::env::var(name).ok().filter(|value| !value.is_empty()).map(|value| (name, value))
}

/// Libraries speak one step later than we do.
fn default_filter(verbosity: u8) -> &'static str {
    match verbosity {
        0 => "warn",
        1 => "warn,straight=info",
        2 => "info,straight=debug",
        _ => "debug,straight=trace",
    }
}
