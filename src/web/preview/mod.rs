//! `straight preview`: the next edition as its readers will get it, made anew at each save.
//!
//! Everything on the page is made by the server and works without script; the one script fetches the page anew when a
//! file was saved, and changes what differs. Nothing is ever written: the store is opened for looking only, links to
//! leave are made with a key of the preview's own, and the network is asked only when somebody clicks for it.

mod alone;
mod asking;
mod builder;
mod choice;
mod events;
mod facts;
mod frame;
mod guard;
mod message;
mod page;
mod routes;
mod sheet;
mod watcher;

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware;
use axum::routing::{get, post};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::config::{Config, ConfigError};
use crate::edition::EditionKey;
use crate::message::{TokenKey, TokenKeys};
use crate::press::Clock;
use crate::probe::Network;
use crate::subscriber::EmailAddress;

use asking::Asking;
use builder::Builder;
use page::Templates;
use sheet::Sheet;

/// How large a form may be, in bytes.
const BODY_LIMIT: usize = 16 * 1024;

/// Reads the configuration, at the start and whenever its file is saved; beside it the file that was read.
pub type ReadConfig =
    Arc<dyn Fn() -> Result<(Config, Option<std::path::PathBuf>), ConfigError> + Send + Sync>;

/// What the preview shows, and to whom.
#[derive(Clone)]
pub struct Wishes {
    /// This edition; without it the next one.
    pub edition: Option<EditionKey>,
    /// As this subscriber gets it; without it an example's copy.
    pub reader: Option<EmailAddress>,
    /// Who may look.
    pub audience: Audience,
    /// Where the configuration comes from.
    pub read_config: ReadConfig,
    /// Where links may be asked about, when somebody clicks for it.
    pub network: Network,
    /// Tells the time.
    pub clock: Clock,
}

/// Who may look at the preview.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// Whoever sits at this machine.
    ThisMachine,
    /// Whoever reaches it over the network. There is no log-in, so that nobody's address is shown or looked for.
    Network,
}

/// A running preview: what it shows, and what its pages are made with.
pub(super) struct Preview {
    templates: Templates,
    /// Signs sample links, which open nothing anywhere; and the forms.
    keys: TokenKeys,
    /// Stands in every form: whoever can read it, is our page.
    form_token: String,
    audience: Audience,
    reader: Option<EmailAddress>,
    sheet: watch::Receiver<Arc<Sheet>>,
    asking: Asking,
    stop: CancellationToken,
}

/// Makes the first sheet, then serves the preview on `listener` until `stop`.
///
/// Whatever is wrong with articles, templates or configuration stands on the page, and goes when it is mended.
pub async fn preview(listener: TcpListener, wishes: Wishes, stop: CancellationToken) {
    let keys = TokenKeys::new(vec![TokenKey::generate(1)]);
    let (audience, reader) = (wishes.audience, wishes.reader.clone());
    let asking = Asking::new(wishes.network.clone());
    let (builder, sheet) = Builder::begin(wishes).await;
    let preview = Preview {
        templates: Templates::new(),
        form_token: keys.digest("preview-form", "token"),
        keys,
        audience,
        reader,
        sheet,
        asking,
        stop: stop.clone(),
    };
    let building = tokio::spawn(builder.run(stop.clone()));
    super::serve::serve_router(listener, router(preview), stop).await;
    // What it was at may read a slow disk; nothing hangs on its end.
    building.abort();
}

/// Whether a preview for this machine alone may listen on `address`.
#[must_use]
pub fn is_for_this_machine(address: SocketAddr) -> bool {
    address.ip().to_canonical().is_loopback()
}

fn router(preview: Preview) -> Router {
    let preview = Arc::new(preview);
    Router::new()
        .route("/", get(routes::page))
        .route("/frame", get(routes::frame))
        .route("/picture/{name}", get(routes::picture))
        .route("/message.eml", get(routes::message))
        .route("/readers", post(routes::readers))
        .route("/links", post(routes::links))
        .route("/events", get(events::events))
        .route("/preview.css", get(routes::style))
        .route("/preview.js", get(routes::script))
        .route("/favicon.ico", get(routes::no_icon))
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .layer(middleware::from_fn_with_state(preview.clone(), guard::guard))
        .with_state(preview)
}
