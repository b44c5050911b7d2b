//! `straight ledger`: what only a person can decide about it.

use std::io::Write;

use super::args::LedgerCommand;
use crate::press::Press;

/// Runs `straight ledger …`.
///
/// # Errors
/// When the articles cannot be read or the store fails.
pub(super) async fn run(press: &Press, command: &LedgerCommand, out: &mut dyn Write) -> anyhow::Result<bool> {
    match command {
        LedgerCommand::Accept => match press.accept_restored().await? {
            None => {
                writeln!(out, "The database is up to date with what was sent: there is nothing to accept.")?
            }
            Some(accepted) => {
                writeln!(out, "The restored database is accepted.")?;
                writeln!(
                    out,
                    "  {} articles that went out after it was copied count as published",
                    accepted.articles
                )?;
                writeln!(
                    out,
                    "  {} deliveries that were open in it are uncertain now, and are not sent again by themselves",
                    accepted.held
                )?;
            }
        },
    }
    Ok(true)
}
