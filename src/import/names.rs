//! How the posts of a site link to each other: by their paths, or by a name that only one of them has.

use std::collections::{BTreeSet, HashMap};
use std::path::{Component, Path, PathBuf};

use super::addresses::Addresses;

/// Where each post stands on the site, and the article that it becomes.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// By path within the site.
    exact: HashMap<String, PathBuf>,
    /// By the last part of the path, where that may be several.
    last: HashMap<String, BTreeSet<PathBuf>>,
    /// By the address that the site gives it.
    own: HashMap<String, BTreeSet<PathBuf>>,
    /// By another address on the site, where that may be several's.
    addresses: HashMap<String, BTreeSet<PathBuf>>,
    /// The articles.
    articles: BTreeSet<PathBuf>,
}

/// Why a name leads to no post.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unknown {
    /// None has it.
    None,
    /// More than one has it.
    Several,
}

impl Names {
    /// The post at `path` of the site becomes `article`, which is relative to the folder of articles; `addresses` is where
    /// browsers found it.
    pub(super) fn add(&mut self, path: &Path, addresses: &Addresses, article: &Path) {
        let key = key_of(&path.to_string_lossy());
        // `{% post_url sport/2016-03-04-final %}` names sport/_posts/2016-03-04-final.md.
        let bare = key.split('/').filter(|part| *part != "_posts").collect::<Vec<_>>().join("/");
        self.last
            .entry(key.rsplit('/').next().unwrap_or_default().to_owned())
            .or_default()
            .insert(article.to_owned());
        for key in [key, bare] {
            self.exact.entry(key).or_insert_with(|| article.to_owned());
        }
        let own = key_of(&addresses.own);
        if !own.is_empty() {
            self.own.entry(own).or_default().insert(article.to_owned());
        }
        for address in &addresses.others {
            self.addresses.entry(key_of(address)).or_default().insert(article.to_owned());
        }
        self.articles.insert(article.to_owned());
    }

    /// The article of the post that is called `name` on a page of `folder`: beside that page, from the root of the site,
    /// or the only one of this name.
    pub(super) fn find(&self, folder: &Path, name: &str) -> Result<&Path, Unknown> {
        let key = key_of(name);
        let beside = || self.beside(folder, name);
        let exact = || self.exact.get(&key).map(PathBuf::as_path);
        let found = if name.starts_with('/') { exact() } else { beside().or_else(exact) };
        match (found, self.last.get(&key).filter(|_| !name.trim_start_matches("./").contains('/'))) {
            (Some(article), _) => Ok(article),
            (None, Some(articles)) if articles.len() > 1 => Err(Unknown::Several),
            (None, articles) => articles.and_then(BTreeSet::first).map(PathBuf::as_path).ok_or(Unknown::None),
        }
    }

    /// The article of the post at `path`, which is relative to `folder`, or with a slash to the site.
    pub(super) fn beside(&self, folder: &Path, path: &str) -> Option<&Path> {
        let mut parts: Vec<&str> = Vec::new();
        let folder = if path.starts_with('/') { Path::new("") } else { folder };
        let folder = folder.to_string_lossy().replace('\\', "/");
        for part in folder.split('/').chain(path.split('/')) {
            match part {
                "" | "." => {}
                ".." => {
                    parts.pop()?;
                }
                part => parts.push(part),
            }
        }
        self.exact.get(&key_of(&parts.join("/"))).map(PathBuf::as_path)
    }

    /// The article of the post that `link` leads to, on a page of `folder`: by its file, or by its address on the site.
    pub(super) fn behind(&self, folder: &Path, link: &str) -> Option<&Path> {
        let path = link.split(['?', '#']).next().unwrap_or_default();
        let is_file = [".md", ".markdown"].iter().any(|end| path.ends_with(end));
        let file = self.beside(folder, path).filter(|_| is_file || path.starts_with('/'));
        file.or_else(|| if path.starts_with('/') { self.at(&key_of(path)) } else { None })
    }

    /// The article of the post at this address; before its day there may stand categories that its front matter gives it.
    fn at(&self, address: &str) -> Option<&Path> {
        let only = |address: &str| {
            let articles = self.own.get(address).or_else(|| self.addresses.get(address));
            articles.filter(|articles| articles.len() == 1)?.first().map(PathBuf::as_path)
        };
        let dated = || {
            let (name, _) = address.rmatch_indices('/').nth(3)?;
            Some(&address[name + 1..])
        };
        only(address).or_else(|| only(dated()?))
    }

    /// Whether `link`, as an article has it, leads to one of the articles.
    pub(super) fn is_ours(&self, link: &str) -> bool {
        let path = link.split('#').next().and_then(|path| path.strip_prefix("../"));
        path.is_some_and(|path| {
            let path = Path::new(path);
            path.components().all(|part| matches!(part, Component::Normal(_))) && self.articles.contains(path)
        })
    }
}

/// `/Posts/Ferry/index.md` → `posts/ferry`.
fn key_of(path: &str) -> String {
    let path = path.trim().replace('\\', "/").to_lowercase();
    let path = path.trim_matches('/').trim_start_matches("./");
    let bare =
        [".md", ".markdown", ".mkd", ".mkdn", ".html", ".htm"].iter().find_map(|end| path.strip_suffix(end));
    let path = bare.unwrap_or(path);
    path.strip_suffix("/index").unwrap_or(path).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> Names {
        let mut names = Names::default();
        for (path, addresses, article) in [
            ("post/tide.md", "/high-water/", "2016/2016-03-04-tide.md"),
            ("blog/2024/tide.md", "/all/", "2024/2024-03-04-tide-2.md"),
            ("post/flood/index.md", "/all/", "2016/2016-03-05-flood.md"),
            ("sport/_posts/2016-03-06-final.md", "2016/03/06/final", "2016/2016-03-06-final.md"),
        ] {
            let addresses = Addresses { own: article.to_owned(), others: vec![addresses.to_owned()] };
            names.add(Path::new(path), &addresses, Path::new(article));
        }
        names
    }

    #[test]
    fn a_post_is_found_beside_from_the_root_or_by_a_name_of_its_own() {
        let names = names();
        let find = |folder: &str, name: &str| {
            names.find(Path::new(folder), name).map(|article| article.to_string_lossy()[16..].to_owned())
        };
        for (folder, name, article) in [
            ("post", "tide.md", "tide.md"),
            ("blog/2024", "tide.md", "tide-2.md"),
            ("blog/2024", "../../post/tide", "tide.md"),
            ("", "/post/tide.md", "tide.md"),
            ("blog", "post/flood", "flood.md"),
            ("blog", "Flood", "flood.md"),
            ("", "sport/2016-03-06-final", "final.md"),
            ("", "2016-03-06-final", "final.md"),
            ("", "sport/_posts/2016-03-06-final.md", "final.md"),
        ] {
            assert_eq!(find(folder, name), Ok(article.to_owned()), "{folder}: {name}");
        }
        assert_eq!(find("about", "tide.md"), Err(Unknown::Several));
        assert_eq!(find("", "news/2016-03-06-final"), Err(Unknown::None));
        assert_eq!(find("post", "../../../etc/passwd"), Err(Unknown::None));
        assert_eq!(find("", "ebb"), Err(Unknown::None));
    }

    #[test]
    fn a_link_is_followed_to_a_file_or_an_address() {
        let names = names();
        let behind = |link: &str| {
            names.behind(Path::new("post"), link).map(|article| article.to_string_lossy()[16..].to_owned())
        };
        for (link, article) in [
            ("tide.md#cost", "tide.md"),
            ("../blog/2024/tide.md", "tide-2.md"),
            ("/post/flood/", "flood.md"),
            ("/High-Water", "tide.md"),
            ("/high-water/index.html?from=mail", "tide.md"),
            ("/2016/03/06/final.html", "final.md"),
            ("/sport/cups/2016/03/06/final/", "final.md"),
        ] {
            assert_eq!(behind(link).as_deref(), Some(article), "{link}");
        }
        for link in ["tide", "../flood/", "/all/", "/", "", "/2016/03/06/", "/x/y/z/2016/03/07/final/"] {
            assert_eq!(behind(link), None, "{link}");
        }
    }

    #[test]
    fn only_links_to_articles_that_there_are_are_ours() {
        let names = names();
        assert!(names.is_ours("../2016/2016-03-04-tide.md#cost"));
        for link in
            ["../2016/2016-03-04-ebb.md", "../tide.md", "2016/2016-03-04-tide.md", "../../x.md", "../"]
        {
            assert!(!names.is_ours(link), "{link}");
        }
    }
}
