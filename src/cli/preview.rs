//! `straight preview`: the next edition in a browser, made anew at each save.

use std::io::Write;
use std::net::SocketAddr;
use std::process::{Command, Stdio};
use std::sync::Arc;

use anyhow::{Context as _, bail};
use tokio::net::TcpListener;

use super::args::{GlobalArgs, PreviewArgs};
use super::signals;
use crate::press::Clock;
use crate::probe::Network;
use crate::web::preview::{Audience, Wishes, is_for_this_machine, preview};

/// Serves the preview until a signal comes.
///
/// # Errors
/// When the address is taken, or open to others without their having been asked in.
pub(super) fn run(global: &GlobalArgs, args: &PreviewArgs, out: &mut dyn Write) -> anyhow::Result<bool> {
    let audience = audience(args)?;
    let wishes = Wishes {
        edition: args.edition.clone(),
        reader: args.reader.clone(),
        audience,
        read_config: {
            let global = global.clone();
            Arc::new(move || global.load().map(|effective| (effective.config, effective.file)))
        },
        network: Network::of_environment(),
        clock: Clock::system(),
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let stop = signals::stop_saying("stopping the preview")?;
        let listener = TcpListener::bind(args.listen).await.with_context(|| {
            format!("cannot listen on {}; name a free address with --listen", args.listen)
        })?;
        let address = listener.local_addr()?;
        let url = url(address);
        writeln!(out, "The preview is at {url}\nIt changes with every save; Ctrl-C ends it.")?;
        if audience == Audience::Network {
            writeln!(out, "Whoever reaches this machine can read what is not published yet.")?;
        }
        out.flush()?;
        if args.open {
            open(&url);
        }
        preview(listener, wishes, stop).await;
        Ok(true)
    })
}

fn audience(args: &PreviewArgs) -> anyhow::Result<Audience> {
    match (args.expose, is_for_this_machine(args.listen)) {
        (true, _) => Ok(Audience::Network),
        (false, true) => Ok(Audience::ThisMachine),
        (false, false) => bail!(
            "{} can be reached from other machines, and a preview has no log-in; listen on 127.0.0.1, or add --expose to mean it",
            args.listen
        ),
    }
}

/// What a browser on this machine is to open.
fn url(address: SocketAddr) -> String {
    match address.ip().is_unspecified() || is_for_this_machine(address) && address.is_ipv4() {
        true => format!("http://localhost:{}/", address.port()),
        false => format!("http://{address}/"),
    }
}

/// Asks the desktop to open `url`; where it cannot, the address stands on the terminal anyway.
fn open(url: &str) {
    let program = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
    let started = Command::new(program)
        .arg(url)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    if started.is_err() {
        super::out::complain(&format!(
            "there is no {program} here to open a browser with; open {url} yourself"
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn others_see_it_only_when_asked_in() {
        let args = |listen: &str, expose| PreviewArgs {
            listen: listen.parse().unwrap(),
            expose,
            open: false,
            edition: None,
            reader: None,
        };
        assert_eq!(audience(&args("127.0.0.1:0", false)).unwrap(), Audience::ThisMachine);
        assert_eq!(audience(&args("[::1]:0", false)).unwrap(), Audience::ThisMachine);
        assert_eq!(audience(&args("0.0.0.0:8025", true)).unwrap(), Audience::Network);
        let refused = audience(&args("0.0.0.0:8025", false)).unwrap_err().to_string();
        assert!(refused.contains("--expose"), "{refused}");
        assert!(audience(&args("192.168.1.2:8025", false)).is_err());
        assert_eq!(url("127.0.0.1:8025".parse().unwrap()), "http://localhost:8025/");
        assert_eq!(url("[::1]:8025".parse().unwrap()), "http://[::1]:8025/");
        assert_eq!(url("0.0.0.0:8025".parse().unwrap()), "http://localhost:8025/");
    }
}
