//! What `run` serves over HTTP: the links in every message, past editions, a sign of life.
//!
//! GET and HEAD change nothing: link scanners follow every link of a mail. What changes something is a POST. No page
//! has a script or a cookie; a personal page is opened by the signed token in its address, which is never logged.
//!
//! The pages' links begin with the path of `public_url`; a proxy that serves the program below a path strips it.

mod article_view;
mod articles;
mod client;
mod comments;
mod confirm;
mod digest;
mod edition;
mod editions;
mod erase;
mod failure;
mod feeds;
mod files;
mod forms;
mod fresh;
mod front;
mod groups;
mod guard;
mod health;
mod listing;
mod message;
mod moderate;
mod origin;
mod own_templates;
mod page_cache;
mod pages;
mod places;
mod preferences;
pub mod preview;
mod put_back;
mod robots;
mod search;
mod serve;
mod sign_up;
mod style;
mod unsubscribe;
mod zones;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64};

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::header::CACHE_CONTROL;
use axum::middleware;
use axum::routing::{get, post};
use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use crate::config::{CommentsConfig, Config, SignUpConfig, WebConfig};
use crate::edition::TemplateError;
use crate::message::{Purpose, TokenKeys, Verdict};
use crate::press::health::Health;
use crate::press::{Clock, Correspondence, Press};
use crate::store::{Store, Whose};
use crate::subscriber::Subscriber;

use failure::Failure;
pub use files::{SiteError, Written, write_site};
pub use own_templates::wrong_templates;
use page_cache::PageCache;
pub use pages::Pages;
pub use serve::serve;

/// How large a request's body may be, in bytes.
const BODY_LIMIT: usize = 64 * 1024;

/// What changes seldom; what stands in front may keep it for a minute.
const SHORTLY: [(axum::http::HeaderName, &str); 1] = [(CACHE_CONTROL, "public, max-age=60")];

/// What the pages are made from.
#[derive(Debug, Clone)]
pub struct Web {
    /// Where subscribers and editions are.
    pub store: Store,
    /// The templates, with the publication's words.
    pub pages: Pages,
    /// The publication's time zone.
    pub timezone: Tz,
    /// Tells the time.
    pub clock: Clock,
    /// How readers sign up.
    pub sign_up: SignUpConfig,
    /// Which proxies and other sites are believed.
    pub access: WebConfig,
    /// What readers may say beneath articles.
    pub comments: CommentsConfig,
    /// What readers are written to.
    pub letters: Correspondence,
    /// Whether mail goes out.
    pub health: Health,
    /// Since when pages are made in this way.
    since: DateTime<Utc>,
    /// A digest of all that pages are made of besides their content.
    makeup: String,
    /// The archive's pages as they were rendered last.
    rendered: Arc<PageCache>,
    /// Whether the operator has been told of a proxy that is not trusted.
    proxy_told: Arc<AtomicBool>,
    /// In which minute the operator was last told of a limit that is reached.
    limit_told: Arc<AtomicI64>,
}

impl Web {
    /// The pages of what `press` publishes; the user's own templates for them lie in `web` below those of editions, their words in `words`.
    ///
    /// # Errors
    /// When a template of the user's cannot be read, or is none.
    pub fn new(press: &Press) -> Result<Self, TemplateError> {
        let web = Web::of(&press.config, press.store.clone(), press.clock.clone())?;
        Ok(Web { health: press.health(), ..web })
    }

    /// As [`new`](Self::new), of what a press is made of.
    ///
    /// # Errors
    /// When a template of the user's cannot be read, or is none.
    pub fn of(config: &Config, store: Store, clock: Clock) -> Result<Self, TemplateError> {
        let pages = Pages::new(&config.publication, config.edition.templates.as_deref())?;
        let timezone = config.schedule.timezone;
        let comments = &config.comments;
        let settings = format!("{timezone} {:?} {comments:?}", config.web.outside_links);
        Ok(Web {
            health: Health::of(store.clone(), config.schedule.clone()),
            since: clock.now(),
            makeup: format!("{} {settings}", pages.makeup()),
            rendered: Arc::default(),
            proxy_told: Arc::default(),
            limit_told: Arc::default(),
            store,
            pages,
            timezone,
            clock,
            sign_up: config.sign_up.clone(),
            access: config.web.clone(),
            comments: config.comments.clone(),
            letters: Correspondence::prepare(config)?,
        })
    }
}

/// Every public page of `web`.
pub fn router(web: Web) -> Router {
    let web = Arc::new(web);
    Router::new()
        .route("/", get(front::front))
        .route("/editions", get(editions::to_list))
        .route("/editions/", get(editions::list))
        .route("/editions/{key}", get(edition::show))
        .route("/editions/{key}/mail", get(edition::mail))
        .route("/images/{file_name}", get(editions::picture))
        .route("/articles/{slug}", get(articles::show))
        .route("/authors/{key}", get(groups::author))
        .route("/authors/{key}/{page}", get(groups::author_page))
        .route("/tags/{key}", get(groups::tag))
        .route("/tags/{key}/{page}", get(groups::tag_page))
        .route("/search", get(search::search))
        .route("/feed.atom", get(feeds::atom_feed))
        .route("/feed.json", get(feeds::json))
        .route("/sitemap.xml", get(feeds::map))
        .route("/sitemaps/{name}", get(feeds::map_part))
        .route("/unsubscribe/{token}", get(unsubscribe::ask).post(unsubscribe::leave))
        .route("/preferences/{token}", get(preferences::show).post(preferences::change))
        .route("/preferences/{token}/address", post(preferences::new_address))
        .route("/preferences/{token}/data", post(preferences::data))
        .route("/preferences/{token}/erase", get(erase::ask).post(erase::erase))
        .route("/subscribe", get(sign_up::form).post(sign_up::subscribe))
        .route("/api/subscribe", post(sign_up::api).options(sign_up::preflight))
        .route("/embed", get(sign_up::embed))
        .route("/confirm/{token}", get(confirm::ask).post(confirm::confirm))
        .route("/address/{token}", get(confirm::ask_address).post(confirm::confirm_address))
        .route("/put-back/{token}", get(put_back::ask).post(put_back::put_back))
        .route("/articles/{slug}/comments", get(comments::show).post(comments::say))
        .route("/moderate/{token}/{decision}", get(moderate::ask).post(moderate::decide))
        .route("/style.css", get(style::sheet))
        .route("/robots.txt", get(robots::robots))
        .route("/favicon.ico", get(robots::favicon))
        .route("/healthz", get(health::health))
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .layer(middleware::from_fn_with_state(web.clone(), guard::guard))
        .with_state(web)
}

/// Who holds a personal link.
struct Bearer {
    whose: Whose,
    keys: TokenKeys,
}

impl Bearer {
    /// The reader whose the link is, who may have left.
    fn reader(&self) -> Option<&Subscriber> {
        match &self.whose {
            Whose::Reader(reader) => Some(reader),
            Whose::Erased | Whose::Nobody => None,
        }
    }
}

/// What a link that works for some time is about.
struct Expiring {
    /// The number of its row.
    number: i64,
    /// The second at which it ends: that of another row of this number, of a restored backup, ends at another.
    expires: i64,
    keys: TokenKeys,
}

impl Web {
    /// What `token` for `purpose` is about, `None` when its time is over; whoever made it up learns that there is no such page.
    async fn expiring(&self, purpose: Purpose, token: &str) -> Result<Option<Expiring>, Failure> {
        let now = self.clock.now();
        let keys = self.store.token_keys(now).await?;
        match keys.verify_until(purpose, token, now) {
            Verdict::Forged => Err(Failure::NoSuchPage),
            Verdict::Expired => Ok(None),
            Verdict::Good { number, expires } => Ok(Some(Expiring { number, expires, keys })),
        }
    }

    /// Whose `token` for `purpose` this is; whoever made it up learns that there is no such page.
    async fn bearer(&self, purpose: Purpose, token: &str) -> Result<Bearer, Failure> {
        let keys = self.store.token_keys(self.clock.now()).await?;
        let holder = keys.verify(purpose, token).ok_or(Failure::NoSuchPage)?;
        Ok(Bearer { whose: self.store.whose(holder).await?, keys })
    }
}
