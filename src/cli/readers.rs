//! Takes lists of readers into the store.

use std::fs::File;
use std::io::{BufReader, Write};
use std::path::Path;

use anyhow::Context as _;

use crate::diagnostic::{Diagnostic, one};
use crate::press::Press;
use crate::store::{ImportReport, Origin};
use crate::subscriber::list::{self, EXAMPLE_FILE, Format, Row};

/// How many rows are in memory at a time.
const AT_A_TIME: usize = 2_000;

/// Imports the configured lists. With none configured, nobody in the store and the outbox as transport, the example
/// readers are taken in, so that there is something to see.
///
/// # Errors
/// When a file cannot be opened, or the store fails. A bad row is told and passed over.
pub(super) async fn read_in(press: &Press, out: &mut dyn Write) -> anyhow::Result<()> {
    for file in &press.config.subscribers {
        let outcome = import_file(press, file, None, Origin::File, out).await?;
        if outcome.report.new + outcome.report.updated + outcome.bad > 0 {
            writeln!(out, "{}: {outcome}", file.display())?;
        }
    }
    let is_outbox = press.config.transport.is_outbox();
    if press.config.subscribers.is_empty() && is_outbox && press.store.has_no_subscribers().await? {
        let rows = list::read(list::EXAMPLE.as_bytes(), Format::Yaml, Path::new(EXAMPLE_FILE));
        let outcome = import(press, rows, Origin::Example, out).await?;
        writeln!(
            out,
            "No readers yet: taking the examples of {EXAMPLE_FILE} ({outcome}); they get the outbox only."
        )?;
    }
    Ok(())
}

/// What became of a list.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Imported {
    pub(super) report: ImportReport,
    /// Rows that could not be read.
    pub(super) bad: u64,
}

impl std::fmt::Display for Imported {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let ImportReport { new, updated, unchanged, suppressed } = self.report;
        write!(f, "{new} new, {updated} updated, {unchanged} unchanged")?;
        if suppressed > 0 {
            let stay = if suppressed == 1 { "stays" } else { "stay" };
            write!(f, ", {suppressed} {stay} out because they left, bounced or complained")?;
        }
        if self.bad > 0 {
            let rows = if self.bad == 1 { "row" } else { "rows" };
            write!(f, ", {} bad {rows} passed over", self.bad)?;
        }
        Ok(())
    }
}

/// Imports one file.
///
/// # Errors
/// When it cannot be opened, or the store fails.
pub(super) async fn import_file(
    press: &Press,
    file: &Path,
    format: Option<Format>,
    origin: Origin,
    out: &mut dyn Write,
) -> anyhow::Result<Imported> {
    let rows = match format {
        None => list::open(file).map_err(|wrong| anyhow::anyhow!("{}", one(&wrong, super::colour())))?,
        Some(format) => {
            let opened = File::open(file).with_context(|| format!("cannot read {}", file.display()))?;
            list::read(BufReader::new(opened), format, file)
        }
    };
    import(press, rows, origin, out).await
}

async fn import(
    press: &Press,
    rows: impl Iterator<Item = Result<Row, Diagnostic>>,
    origin: Origin,
    out: &mut dyn Write,
) -> anyhow::Result<Imported> {
    let mut imported = Imported::default();
    let mut chunk = Vec::with_capacity(AT_A_TIME);
    for row in rows {
        match row {
            Ok(row) => chunk.push(row.subscriber),
            Err(wrong) => {
                imported.bad += 1;
                writeln!(out, "{}", one(&wrong, super::colour()))?;
            }
        }
        if chunk.len() == AT_A_TIME {
            imported.report += press.store.import(&chunk, origin, press.clock.now()).await?;
            chunk.clear();
        }
    }
    imported.report += press.store.import(&chunk, origin, press.clock.now()).await?;
    Ok(imported)
}
