//! `straight dkim`: makes keys, and shows what stands in DNS for them.

use std::fmt::Write as _;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow, bail};
use chrono::{DateTime, Utc};

use super::args::{Algorithm, DkimCommand, GlobalArgs, KeygenArgs};
use crate::config::{Config, Environment};
use crate::dkim::{DkimKey, new_ed25519_key, new_rsa_key};

const IN_DNS: &str = "Publish in DNS, as a zone file has it; a web form takes the name, and the quoted strings joined \
                      without their quotes:";

/// Runs `command`; `now` names keys that get no name.
pub(super) fn run(
    global: &GlobalArgs,
    command: &DkimCommand,
    now: DateTime<Utc>,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    match command {
        DkimCommand::Keygen(args) => {
            let named = || Environment::of_process().config_file();
            let newsletter = global.config.clone().or_else(named);
            let domain = match &args.domain {
                Some(domain) => domain.clone(),
                // Only then is it read: it may name keys that are not there yet.
                None => {
                    let publication = global.load()?.config.publication;
                    if publication.sample_keys.contains(&"publication.from") {
                        bail!(
                            "`publication.from` is still the sample's; set it, or name your domain with --domain"
                        );
                    }
                    publication.from.domain().to_owned()
                }
            };
            let made = keygen(args, &domain, now)?;
            let folder =
                newsletter.as_deref().and_then(Path::parent).filter(|path| !path.as_os_str().is_empty());
            out.write_all(told(&made, folder)?.as_bytes())?;
        }
        DkimCommand::Records => out.write_all(records(&global.load()?.config)?.as_bytes())?,
    }
    Ok(())
}

/// A key and the file that it was written into.
#[derive(Debug)]
pub struct Made {
    /// The key.
    pub key: DkimKey,
    /// Its file.
    pub file: PathBuf,
}

/// Makes keys for `domain` and writes each into a new file that only its owner can read.
///
/// # Errors
/// When a name cannot stand in DNS, a file is there already, or cannot be written.
pub fn keygen(args: &KeygenArgs, domain: &str, now: DateTime<Utc>) -> anyhow::Result<Vec<Made>> {
    let domain = match url::Host::parse(domain) {
        Ok(url::Host::Domain(domain)) if domain.contains('.') => domain,
        _ => bail!("`{domain}` is no domain; write it as in example.com"),
    };
    let selector = args.selector.clone().unwrap_or_else(|| now.format("s%Y%m").to_string());
    let selector = DkimKey::selector_of(&selector).map_err(|error| anyhow!("{error}; {}", error.remedy()))?;
    let pems = match args.algorithm {
        Algorithm::Rsa => vec![(selector, new_rsa_key())],
        Algorithm::Ed25519 => vec![(selector, new_ed25519_key())],
        Algorithm::Both => {
            vec![
                (format!("{selector}-rsa"), new_rsa_key()),
                (format!("{selector}-ed25519"), new_ed25519_key()),
            ]
        }
    };
    let mut keys = Vec::new();
    for (selector, pem) in pems {
        let key = DkimKey::from_pem(&domain, &selector, &pem)?;
        let file = args.out.join(format!("{domain}.{selector}.pem"));
        if file.exists() {
            return Err(there_already(&file));
        }
        keys.push((Made { key, file }, pem));
    }
    make_folder(&args.out).with_context(|| format!("cannot make the folder `{}`", args.out.display()))?;
    for (Made { file, .. }, pem) in &keys {
        write_secret(file, pem).map_err(|why| match why.kind() {
            io::ErrorKind::AlreadyExists => there_already(file),
            _ => anyhow!("cannot write `{}`: {why}", file.display()),
        })?;
    }
    Ok(keys.into_iter().map(|(made, _)| made).collect())
}

fn there_already(file: &Path) -> anyhow::Error {
    anyhow!("`{}` is there already and stays as it is; choose another --selector or --out", file.display())
}

fn make_folder(folder: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Never overwrites; what is written is on disk when this returns.
fn write_secret(file: &Path, pem: &str) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut out: File = options.open(file)?;
    out.write_all(pem.as_bytes())?;
    out.sync_all()
}

/// What to do with keys that were made; `folder` is that of newsletter.yaml when it is not the working directory.
///
/// # Errors
/// When the working directory is unknown.
pub fn told(made: &[Made], folder: Option<&Path>) -> io::Result<String> {
    let mut text = String::new();
    let mut lines = String::from("dkim:\n  keys:\n");
    for Made { key, file } in made {
        let _ = writeln!(text, "Written: {} (keep it secret, and keep a copy)", file.display());
        let path = if folder.is_some() { std::path::absolute(file)? } else { file.clone() };
        let path = serde_json::Value::String(path.display().to_string());
        let (domain, selector) = (key.domain(), key.selector());
        let _ = writeln!(lines, "    - {{domain: {domain}, selector: {selector}, key_file: {path}}}");
    }
    let _ = writeln!(text, "\n{IN_DNS}\n");
    for Made { key, .. } in made {
        text.push_str(&key.zone_record());
    }
    let _ = write!(text, "\nOnce DNS answers with them, put into newsletter.yaml:\n\n{lines}");
    Ok(text)
}

/// The DNS records of the configured keys.
///
/// # Errors
/// When there is no key.
pub fn records(config: &Config) -> anyhow::Result<String> {
    if config.dkim.keys.is_empty() {
        bail!("there is no key in dkim.keys; make some with `straight dkim keygen`");
    }
    let records: String = config.dkim.keys.iter().map(DkimKey::zone_record).collect();
    Ok(format!("; {IN_DNS}\n{records}"))
}
