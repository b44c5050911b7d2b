//! Which files of a Jekyll site are posts: `_posts` and `_drafts`, wherever they are.

use std::path::{Component, Path, PathBuf};

use super::tree::{
    File, Kind, Spot, Standing, Tree, begins_with_head, dated, has, is_html, is_jekyll, is_markdown,
    other_markup,
};

impl Tree {
    /// Tells the posts of a Jekyll site from what else is in it.
    pub(super) fn jekyll(&mut self, files: Vec<File>) {
        self.shelves.push(PathBuf::new());
        // Whoever names a folder of posts that is no site means all that are in it.
        let is_site = is_jekyll(&self.root)
            || files.iter().any(|file| has(&file.path, "_posts") || has(&file.path, "_drafts"))
            || ["_posts", "_drafts"].iter().any(|name| has(&self.root, name));
        for file in files {
            let kind = jekyll(&file, is_site, &self.root);
            self.take(file, kind);
        }
    }
}

fn jekyll(file: &File, is_site: bool, root: &Path) -> Kind {
    let name = file.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let whole = root.join(&file.path);
    let is_post = has(&whole, "_posts");
    let is_draft = has(&whole, "_drafts");
    let day_and_rest = dated(&name);
    if !is_markdown(&file.path) {
        return match other_markup(&file.path)
            .filter(|_| (is_post || !is_site) && day_and_rest.is_some() || is_draft)
        {
            Some(markup) => Kind::Other(format!("written in {markup}, not in Markdown")),
            None if is_post && day_and_rest.is_some() && begins_with_head(&whole) => {
                Kind::Other("it begins as a post does, and its name does not end in `.md`".to_owned())
            }
            None => Kind::Rest,
        };
    }
    if !is_draft && (is_post || !is_site) && day_and_rest.is_none() {
        return Kind::Other(
            "its name does not begin with a day, as in 2016-03-04-ferry.md, so that it is no post".to_owned(),
        );
    }
    if !(is_draft || is_post || !is_site) {
        return jekyll_page(file, &whole);
    }
    let stem = file.path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let (day, stem) = match dated(&stem) {
        Some((day, rest)) => (Some(day.to_owned()), rest.to_owned()),
        None => (None, stem),
    };
    let above = file.path.parent().into_iter().flat_map(Path::components);
    let above = above.map(|part| part.as_os_str().to_string_lossy().into_owned());
    let categories: Vec<String> =
        above.take_while(|part| !matches!(part.as_str(), "_posts" | "_drafts")).collect();
    let has_folder = has(&file.path, "_posts") || has(&file.path, "_drafts");
    Kind::Post(Spot {
        shown: file.shown.clone(),
        path: file.path.clone(),
        stem,
        day,
        categories: if has_folder { categories } else { Vec::new() },
        standing: if is_draft { Standing::Draft } else { Standing::Alone },
    })
}

/// A file of a Jekyll site that stands in no folder of posts.
fn jekyll_page(file: &File, whole: &Path) -> Kind {
    let special = file.path.components().find_map(|part| match part {
        Component::Normal(name) => name.to_str().filter(|name| name.starts_with('_')),
        _ => None,
    });
    match special {
        Some("_layouts" | "_includes" | "_sass" | "_data" | "_plugins" | "_site") => Kind::Nothing,
        _ if is_html(&file.path) && !begins_with_head(whole) => Kind::Nothing,
        Some(collection) if file.path.components().count() > 1 => {
            Kind::Other(format!("of the collection `{}`, not a post", collection.trim_start_matches('_')))
        }
        Some(_) | None => Kind::Other("a page, not a post".to_owned()),
    }
}
