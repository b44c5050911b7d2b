//! Where a site stood on the web: which whole addresses are its own.

use url::Url;

/// The addresses of a site, whatever their scheme, with `www.` and without it.
#[derive(Debug, Clone, Default)]
pub(super) struct Homes(Vec<Home>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Home {
    host: String,
    /// Without a slash at its end.
    path: String,
}

impl Homes {
    /// Takes the addresses that are ones; `https://www.example.org/blog/` is `example.org` beneath `/blog`.
    pub(super) fn extend<'t>(&mut self, addresses: impl IntoIterator<Item = &'t str>) {
        for url in addresses.into_iter().filter_map(on_the_web) {
            let home = Home { host: host_of(&url), path: url.path().trim_end_matches('/').to_owned() };
            if !self.0.contains(&home) {
                self.0.push(home);
            }
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The path within the site, with its query, when the whole address `url` is one of the site's: `/2016/ferry/?page=2`.
    pub(super) fn path_of(&self, url: &str) -> Option<String> {
        let url = on_the_web(url)?;
        let host = host_of(&url);
        let within = |home: &Home| {
            let rest = url.path().strip_prefix(home.path.as_str()).filter(|_| home.host == host)?;
            (rest.is_empty() || rest.starts_with('/')).then_some(rest)
        };
        // Of a site within another's address the inner one.
        let rest = self.0.iter().filter_map(within).min_by_key(|rest| rest.len())?;
        let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
        Some(format!("/{}{query}", rest.trim_start_matches('/')))
    }
}

/// `url`, when it is the whole address of a page.
pub(super) fn on_the_web(url: &str) -> Option<Url> {
    let url = Url::parse(url.trim()).ok()?;
    (matches!(url.scheme(), "http" | "https") && url.has_host()).then_some(url)
}

/// Its host, and its port where that is not the usual one.
pub(super) fn host_of(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    let host = host.strip_prefix("www.").unwrap_or(host);
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_the_sites_by_its_host_and_the_folder_it_stands_in() {
        let mut homes = Homes::default();
        homes.extend(["https://www.example.org/blog/", "not one", "https://old.example"]);
        for (url, path) in [
            ("http://example.org/blog/2016/ferry/", "/2016/ferry/"),
            ("https://EXAMPLE.org/blog", "/"),
            ("https://example.org/blog/?p=3#x", "/?p=3"),
            ("http://www.old.example/a.html", "/a.html"),
        ] {
            assert_eq!(homes.path_of(url).as_deref(), Some(path), "{url}");
        }
        for url in [
            "https://example.org/blogs/x",
            "https://example.org/",
            "https://example.org.evil.example/blog/",
            "https://example.org:8080/blog/",
            "mailto:ann@example.org",
            "/blog/x",
        ] {
            assert_eq!(homes.path_of(url), None, "{url}");
        }
    }
}
