//! `straight keys`: the keys of the links in mails. A secret is never shown.

use std::io::Write;

use super::args::{KeysCommand, RotateArgs};
use crate::message::Trust;
use crate::press::Press;

/// Runs `straight keys …`.
///
/// # Errors
/// When the store fails.
pub(super) async fn run(press: &Press, command: &KeysCommand, out: &mut dyn Write) -> anyhow::Result<bool> {
    match command {
        KeysCommand::List => list(press, out).await?,
        KeysCommand::Rotate(args) => rotate(press, args, out).await?,
    }
    Ok(true)
}

async fn list(press: &Press, out: &mut dyn Write) -> anyhow::Result<()> {
    let keys = press.store.key_standings().await?;
    for (place, key) in keys.iter().enumerate() {
        let links = match key.leaked_at {
            _ if place + 1 == keys.len() => "signs new links".to_owned(),
            None => "signed links that go on working".to_owned(),
            Some(at) => {
                let since = at.format("%Y-%m-%d %H:%M UTC");
                format!("has leaked: since {since} its links are good for leaving alone")
            }
        };
        let identifiers = if place == 0 { "; makes identifiers and digests of erased addresses" } else { "" };
        let made = key.made_at.format("%Y-%m-%d %H:%M UTC");
        writeln!(out, "{:>4}  made {made}  {links}{identifiers}", key.id)?;
    }
    Ok(())
}

async fn rotate(press: &Press, args: &RotateArgs, out: &mut dyn Write) -> anyhow::Result<()> {
    let before = if args.leaked { Trust::LeavingOnly } else { Trust::Full };
    let new = press.store.rotate_token_key(before, press.clock.now()).await?;
    writeln!(out, "Key {new} signs new links from now on, in every process over this database.")?;
    match before {
        Trust::Full => writeln!(
            out,
            "  links that are out go on working, and an edition that has been frozen keeps the key that it has"
        )?,
        Trust::LeavingOnly => {
            writeln!(out, "  links that are out let readers leave, and are good for nothing else")?;
            writeln!(out, "  who was about to confirm a sign-up or a new address has to ask again")?;
            writeln!(
                out,
                "  links that decide about comments decide nothing any more: `straight comments list` does"
            )?;
        }
    }
    Ok(())
}
