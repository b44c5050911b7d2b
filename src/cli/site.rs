//! `straight site`: the archive as files.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;

use crate::press::Press;
use crate::web;

/// Write the archive of what was published as files, for any web server
#[derive(Debug, Clone, Args)]
#[command(after_help = "Example:\n  straight site --out public/\n\n\
    Every page but search and forms, the feeds, the maps of the site and the pictures. What has not changed is not \
    touched; what is withdrawn is removed, and nothing else. Links begin with the path of `publication.public_url`.")]
pub(super) struct SiteArgs {
    /// The folder to write into; it is made when absent
    #[arg(long, value_name = "FOLDER")]
    pub(super) out: PathBuf,
}

/// Writes the files and says how many.
///
/// # Errors
/// When the store or a template fails, or a file cannot be written.
pub(super) async fn site(press: &Press, args: &SiteArgs, out: &mut dyn Write) -> anyhow::Result<bool> {
    let written = web::write_site(press, &args.out).await?;
    writeln!(
        out,
        "{}: {} files written, {} as they were",
        args.out.join("index.html").display(),
        written.changed,
        written.unchanged
    )?;
    if written.removed > 0 {
        writeln!(out, "  {} files are removed, because what was in them is withdrawn", written.removed)?;
    }
    Ok(true)
}
