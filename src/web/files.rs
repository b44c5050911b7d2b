//! The archive as files: what the pages answer, written into a folder that any web server can serve.

use std::io;
use std::path::{Component, Path, PathBuf};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use hyper::service::Service as _;
use hyper_util::service::TowerToHyperService;

use super::listing::PAGE;
use super::{Pages, Web};
use crate::edition::TemplateError;
use crate::press::Press;
use crate::store::StoreError;

/// No page and no picture is larger, in bytes.
const LARGEST: usize = 64 * 1024 * 1024;
/// How many editions or articles are read at once.
const BATCH: u32 = 500;

/// What became of the files.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Written {
    /// So many are new or have changed.
    pub changed: usize,
    /// So many were as they should be, and have not been touched.
    pub unchanged: usize,
    /// So many are gone, because what was in them is withdrawn.
    pub removed: usize,
}

/// Why the site cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum SiteError {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The templates.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// A page gave no answer to be kept.
    #[error("the page {path} answered {status}; look at the log (-v)")]
    Page {
        /// Which.
        path: String,
        /// What it answered.
        status: StatusCode,
    },
    /// A file.
    #[error("cannot write {file}: {error}; is the folder yours, and is there room?", file = .file.display())]
    File {
        /// Which.
        file: PathBuf,
        /// What the system said.
        error: io::Error,
    },
}

/// Writes the archive of `press` into `folder`: every page but search and forms, the feeds, the maps and the pictures.
/// Links begin with the path of `public_url`. Each file is put in its place whole; one that is as it should be is not
/// touched; what is withdrawn is removed, and nothing else.
///
/// # Errors
/// When the store or a template fails, or a file cannot be written; what is written by then stays.
pub async fn write_site(press: &Press, folder: &Path) -> Result<Written, SiteError> {
    let mut web = Web::new(press)?;
    let config = &press.config;
    web.pages = Pages::for_files(&config.publication, config.edition.templates.as_deref())?;
    let addresses = addresses(&web).await?;
    let router = super::router(web);
    let mut written = Written::default();
    for (path, expected) in addresses.iter().map(|path| (path.as_str(), StatusCode::OK)).chain(NOT_FOUND) {
        let content = answer(&router, path, expected).await?;
        let Some(file) = file_of(folder, path) else { continue };
        match put(&file, &content).map_err(|error| SiteError::File { file: file.clone(), error })? {
            true => written.changed += 1,
            false => written.unchanged += 1,
        }
    }
    for path in withdrawn(press).await? {
        let Some(file) = file_of(folder, &path).filter(|_| !addresses.contains(&path)) else { continue };
        match std::fs::remove_file(&file) {
            Ok(()) => written.removed += 1,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(SiteError::File { file, error }),
        }
    }
    Ok(written)
}

/// The addresses under which nothing is read any more.
async fn withdrawn(press: &Press) -> Result<Vec<String>, SiteError> {
    let articles = press.store.withdrawals().await?;
    let mut all: Vec<String> = articles.iter().map(|off| format!("/articles/{}", off.slug)).collect();
    for key in press.store.editions_with_withdrawals().await? {
        all.push(format!("/editions/{key}/mail"));
        if press.store.is_edition_withdrawn(&key).await? {
            all.push(format!("/editions/{key}"));
        }
    }
    Ok(all)
}

/// What many servers show for what they have not; no page has this address.
const NOT_FOUND: [(&str, StatusCode); 1] = [("/404.html", StatusCode::NOT_FOUND)];

/// Every address that is written.
async fn addresses(web: &Web) -> Result<Vec<String>, SiteError> {
    let store = &web.store;
    let mut all: Vec<String> =
        ["/", "/editions/", "/feed.atom", "/feed.json", "/sitemap.xml", "/robots.txt", "/style.css"]
            .map(str::to_owned)
            .into();
    all.extend(store.months().await?.into_iter().map(|(month, _)| format!("/editions/{month}")));
    let torn = store.editions_with_withdrawals().await?;
    let mut before = None;
    loop {
        let editions = store.public_editions(before.as_ref(), BATCH).await?;
        all.extend(editions.iter().flat_map(|edition| {
            let page = format!("/editions/{}", edition.key);
            let mail = (!torn.contains(&edition.key)).then(|| format!("{page}/mail"));
            [Some(page), mail].into_iter().flatten()
        }));
        match editions.into_iter().last() {
            Some(last) => before = Some(last.key),
            None => break,
        }
    }
    let mut after = 0;
    loop {
        let places = store.article_places(after, BATCH).await?;
        all.extend(places.iter().map(|place| format!("/articles/{}", place.slug)));
        match places.last() {
            Some(last) => after = last.id,
            None => break,
        }
    }
    let mut after_slug = String::new();
    loop {
        let slugs = store.slugs_of_before(&after_slug, BATCH).await?;
        all.extend(slugs.iter().map(|slug| format!("/articles/{slug}")));
        match slugs.into_iter().last() {
            Some(last) => after_slug = last,
            None => break,
        }
    }
    for (kind, groups) in [("authors", store.authors().await?), ("tags", store.tags().await?)] {
        for group in groups {
            all.push(format!("/{kind}/{}", group.key));
            let pages = group.total.div_ceil(u64::from(PAGE));
            all.extend((2..=pages).map(|page| format!("/{kind}/{}/{page}", group.key)));
        }
    }
    let maps = super::feeds::parts(after);
    all.extend((1..=maps).filter(|_| maps > 1).map(|n| format!("/sitemaps/{n}.xml")));
    let logo = web.pages.logo().map(|logo| logo.file_name.clone());
    all.extend(store.picture_names().await?.into_iter().chain(logo).map(|name| format!("/images/{name}")));
    Ok(all)
}

async fn answer(router: &Router, path: &str, expected: StatusCode) -> Result<Vec<u8>, SiteError> {
    let page = |status| SiteError::Page { path: path.to_owned(), status };
    let request = Request::get(path).body(Body::empty()).map_err(|_| page(StatusCode::BAD_REQUEST))?;
    let response = TowerToHyperService::new(router.clone()).call(request).await;
    let response = response.expect("a router always answers");
    if response.status() != expected {
        return Err(page(response.status()));
    }
    let body = to_bytes(response.into_body(), LARGEST).await;
    Ok(body.map_err(|_| page(StatusCode::PAYLOAD_TOO_LARGE))?.into())
}

/// Where an address stands beneath `folder`: pages in a folder of their own, so that it needs no ending.
fn file_of(folder: &Path, path: &str) -> Option<PathBuf> {
    let path = Path::new(path.trim_start_matches('/'));
    let is_plain = path.components().all(|part| matches!(part, Component::Normal(_)));
    let file = folder.join(path);
    let is_file = path.extension().is_some();
    is_plain.then(|| if is_file { file } else { file.join("index.html") })
}

/// Puts `content` in the place of `file`, whole; whether that was needed.
fn put(file: &Path, content: &[u8]) -> io::Result<bool> {
    if std::fs::read(file).is_ok_and(|there| there == content) {
        return Ok(false);
    }
    let parent = file.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(parent)?;
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let partial = parent.join(format!(".{name}.{}.partial", std::process::id()));
    let done = std::fs::write(&partial, content).and_then(|()| std::fs::rename(&partial, file));
    if done.is_err() {
        // The first error is the one to tell.
        let _ = std::fs::remove_file(&partial);
    }
    done.map(|()| true)
}
