//! `straight config`

use anyhow::anyhow;

use super::args::{ConfigArgs, GlobalArgs};
use super::out;

/// Prints the configuration in effect, or one key of it.
pub(super) fn show(global: &GlobalArgs, args: &ConfigArgs) -> anyhow::Result<u8> {
    let effective = global.load()?;
    let Some(key) = &args.path else {
        let source = match &effective.file {
            Some(file) => format!("# of {}, the environment and the command line\n", file.display()),
            None => "# of the environment and the command line: there is no newsletter.yaml\n".to_owned(),
        };
        out::print(&(source + &effective.to_yaml()))?;
        return Ok(0);
    };
    let value = effective.value_of(key).map_err(|why| anyhow!(why))?;
    out::print(&format!("{}\n", value.trim_end()))?;
    Ok(0)
}
