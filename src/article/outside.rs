//! The links of articles to the web: what may be asked about over the network, and where it is written.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use url::Url;

use super::directives::Directives;
use super::markdown::{self, Seen, Target, What};
use super::spot::Spot;
use super::yaml::{Node, Value};

/// Keys of the front matter whose addresses readers may follow, or mail programs load.
const KEYS: [&str; 4] = ["url", "sources", "author", "image"];

/// A link to the web, or a picture there.
#[derive(Debug, Clone)]
pub struct OutsideLink {
    /// Where it leads; `http` or `https`.
    pub url: Url,
    /// Where it is written.
    pub spot: Spot,
}

/// Addresses of one text by their places.
pub(super) type Placed = Vec<(Url, Range<usize>)>;

/// The addresses of a whole front matter.
pub(super) fn of_head(node: &Node) -> Placed {
    let mut found = Vec::new();
    if let Value::Map(map) = &node.value {
        let known = map.iter().filter(|(key, _)| KEYS.contains(&key.name.as_str()));
        known.for_each(|(_, node)| collect(node, &mut found));
    }
    found
}

fn collect(node: &Node, found: &mut Placed) {
    match &node.value {
        Value::Text(text) => found.extend(web(text).map(|url| (url, node.span.clone()))),
        Value::List(items) => items.iter().for_each(|item| collect(item, found)),
        Value::Map(map) => map.iter().for_each(|(_, node)| collect(node, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// The addresses of Markdown that begins at byte `offset`.
pub(super) fn of_text(seen: &[Seen], offset: usize) -> Placed {
    let place = |span: &Range<usize>| offset + span.start..offset + span.end;
    let targets = seen.iter().filter_map(|Seen { what, span }| match what {
        What::Link { target, .. } => Some((web(target)?, place(span))),
        What::Image { src, .. } => Some((web(src)?, place(span))),
        What::Heading { .. }
        | What::DroppedTag(_)
        | What::Simpler(_)
        | What::UndefinedLabel(_)
        | What::UndefinedNote(_)
        | What::UnusedNote(_)
        | What::TooDeep => None,
    });
    targets.collect()
}

/// The addresses of a line of Markdown that stands at `span`.
pub(super) fn of_line(line: &str, span: &Range<usize>) -> Placed {
    let (_, seen) = markdown::line(line);
    of_text(&seen, 0).into_iter().map(|(url, _)| (url, span.clone())).collect()
}

fn web(written: &str) -> Option<Url> {
    let Target::Outside(address) = Target::of(written) else { return None };
    Url::parse(&address).ok().filter(|url| matches!(url.scheme(), "http" | "https"))
}

/// The links of the file `shown`, which is at `path` and whose whole text is `source`, with the comments that it has.
pub(super) fn links(
    placed: Placed,
    (shown, path): (&Path, &Path),
    source: &Arc<str>,
    directives: &Directives,
) -> Vec<OutsideLink> {
    let link = |(url, span)| OutsideLink { url, spot: Spot::new((shown, path), source, span, directives) };
    placed.into_iter().map(link).collect()
}
