//! What is behind the addresses of a WordPress site: `/2016/03/04/ferry/`, `?p=12`.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use url::Url;

use super::super::homes::{Homes, host_of, on_the_web};
use super::super::relink::Behind;
use super::export::Item;
use crate::article::markdown::percent_decode;

/// What an address of the site leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Led {
    /// A post, and the article that it becomes.
    Post(PathBuf),
    /// The page of a picture or another file, and the address of the file itself.
    File(String),
    /// What is not imported: `a page`.
    Left(&'static str),
}

/// An item of the export, as links find it.
#[derive(Debug)]
pub(super) struct Found {
    id: String,
    /// The addresses that it has and had.
    addresses: Vec<String>,
    led: Led,
}

/// The addresses of everything that an export holds.
#[derive(Debug, Default)]
pub(super) struct Addresses {
    homes: Homes,
    /// By what `key` makes of an address.
    known: HashMap<String, Led>,
    articles: HashSet<PathBuf>,
    /// The ids of headings, of those posts that others link to with one.
    headings: HashMap<PathBuf, HashSet<String>>,
}

impl Addresses {
    pub(super) fn new(homes: Homes, found: Vec<Found>) -> Self {
        let mut addresses = Addresses { homes, ..Addresses::default() };
        if addresses.homes.is_empty() {
            // An export that says no more of its site than the addresses of what is in it.
            let first =
                found.iter().flat_map(|each| &each.addresses).find_map(|url| on_the_web(url)?.join("/").ok());
            addresses.homes.extend(first.as_ref().map(Url::as_str));
        }
        for Found { id, addresses: all, led } in found {
            if let Led::Post(article) = &led {
                addresses.articles.insert(article.clone());
            }
            let mut keys: Vec<String> = all.iter().filter_map(|url| addresses.key(url)).collect();
            keys.push(format!("?p={id}"));
            for key in keys {
                match &led {
                    // The home page is no one item's.
                    _ if key == "/" => {}
                    Led::Post(_) => _ = addresses.known.insert(key, led.clone()),
                    Led::File(_) | Led::Left(_) => {
                        _ = addresses.known.entry(key).or_insert_with(|| led.clone())
                    }
                }
            }
        }
        addresses
    }

    /// What tells one address of the site from others: the number of `?p=12`, else the path.
    fn key(&self, url: &str) -> Option<String> {
        let whole = on_the_web(url)?;
        let within = self.homes.path_of(url);
        // Where a site stood before its move, only whole addresses are known.
        let before = if within.is_some() { String::new() } else { host_of(&whole) };
        let within = within.as_deref().unwrap_or(whole.path());
        let path = within.split('?').next().unwrap_or_default();
        let path = percent_decode(path).to_lowercase();
        let path = path.strip_prefix("/index.php").unwrap_or(&path).trim_end_matches('/');
        let number = whole.query_pairs().find_map(|(key, value)| {
            let is_number = !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit());
            (is_number && matches!(&*key, "p" | "page_id" | "attachment_id")).then(|| value.into_owned())
        });
        Some(match number.filter(|_| path.is_empty()) {
            Some(number) => format!("{before}?p={number}"),
            None => format!("{before}{}", if path.is_empty() { "/" } else { path }),
        })
    }

    /// The article of the post that the whole address `url` leads to.
    pub(super) fn article(&self, url: &str) -> Option<&Path> {
        match self.known.get(&self.key(url)?)? {
            Led::Post(article) => Some(article),
            Led::File(_) | Led::Left(_) => None,
        }
    }

    /// What is behind the whole address `url`, which leads to no article.
    pub(super) fn else_behind(&self, url: &str) -> Behind {
        let Some(key) = self.key(url) else { return Behind::Elsewhere };
        let is_picture = [".jpg", ".jpeg", ".png", ".gif", ".webp"].iter().any(|end| key.ends_with(end));
        match (self.known.get(&key), self.homes.path_of(url)) {
            (Some(Led::File(file)), _) if file != url => Behind::File(file.clone()),
            (Some(Led::Left(what)), _) => Behind::Left(what),
            // To the front door, or from a picture to itself in large.
            (_, Some(_)) if key == "/" || is_picture => Behind::Elsewhere,
            (_, Some(path)) if path.contains("/uploads/") => Behind::Left("a file"),
            (_, Some(_)) => Behind::Left("what is no post of the export"),
            (_, None) => Behind::Elsewhere,
        }
    }

    /// Whether `link`, as an article has it, leads to one of the articles.
    pub(super) fn is_ours(&self, link: &str) -> bool {
        let path = link.split('#').next().and_then(|path| path.strip_prefix("../"));
        path.is_some_and(|path| self.articles.contains(Path::new(path)))
    }

    /// Takes the headings of `article`.
    pub(super) fn has_headings(&mut self, article: PathBuf, ids: HashSet<String>) {
        self.headings.insert(article, ids);
    }

    /// Whether the article that `link` leads to has the heading `id`.
    pub(super) fn has_heading(&self, link: &str, id: &str) -> bool {
        let article = Path::new(link.trim_start_matches("../"));
        self.headings.get(article).is_some_and(|ids| ids.contains(id))
    }
}

impl Found {
    pub(super) fn of(item: &Item, led: Led) -> Self {
        let mut addresses = vec![item.link.trim().to_owned(), item.guid.trim().to_owned()];
        if let Some(link) = on_the_web(&item.link) {
            let mut parts = link.path().trim_end_matches('/').rsplitn(2, '/');
            if let (Some(name), Some(folder)) = (parts.next(), parts.next())
                && percent_decode(name) == percent_decode(&item.name)
            {
                let before = item.old_names.iter();
                addresses.extend(
                    before.filter_map(|name| link.join(&format!("{folder}/{name}/")).ok()).map(String::from),
                );
            }
        }
        Found { id: item.id.trim().to_owned(), addresses, led }
    }
}
