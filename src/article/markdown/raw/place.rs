//! Where the tags of raw HTML stand, for findings.

use std::ops::Range;

use super::super::tree::{Simpler, What};
use super::open_comment;

/// Finds tags in their order in the source.
pub(in super::super) struct Places {
    /// In lower case; as long as the source.
    html: String,
    source: String,
    /// Behind the last link or image that was found.
    at: usize,
}

impl Places {
    pub(in super::super) fn new(source: &str) -> Self {
        Places { html: source.to_ascii_lowercase(), source: source.to_owned(), at: 0 }
    }

    /// The tag that `what` speaks of; of links and images, each time the next.
    pub(in super::super) fn find(&mut self, what: &What) -> Option<Range<usize>> {
        match what {
            What::DroppedTag(name) => {
                let tag = self.tags(name, 0).next()?;
                Some(tag.start..tag.start + 1 + name.len())
            }
            What::Simpler(simpler) => {
                let mark = simpler.mark();
                let found = match simpler {
                    Simpler::OpenComment => open_comment(&self.html),
                    Simpler::Rows | Simpler::Columns => self.within(&["td", "th"], mark),
                    Simpler::Letters | Simpler::Backwards => self.within(&["ol"], mark),
                };
                found.map(|at| at..at + mark.len())
            }
            What::Image { src, .. } => self.next("img", src),
            // The linter's word for an address that runs something; ammonia leaves nothing of it.
            What::Link { target, .. } if target.ends_with('…') => {
                let scheme = target.trim_end_matches('…');
                self.tags("a", 0)
                    .chain(self.tags("img", 0))
                    .find(|tag| self.html[tag.clone()].contains(scheme))
                    // Others have addresses too.
                    .or_else(|| self.html.find(scheme).map(|at| at..at + scheme.len()))
            }
            What::Link { target, .. } => self.next("a", target),
            What::Heading { .. }
            | What::UndefinedLabel(_)
            | What::UndefinedNote(_)
            | What::UnusedNote(_)
            | What::TooDeep => None,
        }
    }

    /// Where `mark` stands for the first time in a tag of one of these names.
    fn within(&self, names: &[&str], mark: &str) -> Option<usize> {
        let tags = names.iter().flat_map(|name| self.tags(name, 0));
        tags.filter_map(|tag| Some(tag.start + self.html[tag.clone()].find(mark)?)).min()
    }

    fn next(&mut self, name: &str, address: &str) -> Option<Range<usize>> {
        let encoded = address.replace('&', "&amp;");
        let holds = |tag: &Range<usize>| {
            let source = &self.source[tag.clone()];
            source.contains(address) || source.contains(&encoded)
        };
        let tag = self.tags(name, self.at).find(holds).or_else(|| self.tags(name, self.at).next())?;
        self.at = tag.end;
        Some(tag)
    }

    /// The opening tags `name` from byte `from` on, each up to its `>`.
    fn tags<'p>(&'p self, name: &str, from: usize) -> impl Iterator<Item = Range<usize>> + use<'p> {
        let opening = format!("<{name}");
        let length = opening.len();
        let starts: Vec<usize> = self.html[from..].match_indices(&opening).map(|(at, _)| from + at).collect();
        starts.into_iter().filter_map(move |start| {
            let rest = &self.html[start + length..];
            let ends_there = rest.chars().next().is_none_or(|c| !c.is_ascii_alphanumeric());
            ends_there.then(|| start..start + length + rest.find('>').map_or(rest.len(), |at| at + 1))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_tag_of_a_line_is_found() {
        let html = "<p><IMG src=\"a.png\"> <abbr>x</abbr> <a href='https://e.org/?a=1&amp;b=2'>b</a> <img src=a.png></p>";
        let mut places = Places::new(html);
        let image = || What::Image { src: "a.png".into(), alt: String::new() };
        let link = |target: &str| What::Link { target: target.into(), text: None };
        let found =
            [image(), link("https://e.org/?a=1&b=2"), image(), image(), What::DroppedTag("abbr".into())]
                .map(|what| places.find(&what).map(|at| &html[at]));
        let link = Some("<a href='https://e.org/?a=1&amp;b=2'>");
        assert_eq!(found, [Some("<IMG src=\"a.png\">"), link, Some("<img src=a.png>"), None, Some("<abbr")]);
        let html =
            "<p>What type of boat</p><ol TYPE=a><li>b</ol><table><tr><td>rowspan<th rowspan=2>c</table>";
        let simpler = [Simpler::Letters, Simpler::Rows].map(|simpler| {
            Places::new(html).find(&What::Simpler(simpler)).map(|at| &html[at.start - 4..at.end])
        });
        assert_eq!(simpler, [Some("<ol TYPE"), Some("<th rowspan")]);
        let unsafe_link = What::Link { target: "javascript:…".into(), text: None };
        let html = "<a href=x>a</a> <a href=\"JavaScript:x()\">b</a>";
        assert_eq!(Places::new(html).find(&unsafe_link), Some(16..41));
    }
}
