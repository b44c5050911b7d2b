//! [`Document`] → HTML, as the module above promises it.

use std::collections::{HashMap, HashSet};

use super::fit::{self, Setting};
use super::quotes::Quotes;
use super::tree::{Aligned, Block, Definition, Document, Image, Inline, Item, Style, Table, letters, plain};
use super::{Medium, RenderOptions, SHOWN_WIDTH, Target, anchors, escaped};

/// After so many bytes a space becomes a line break: SMTP ends lines at 998.
const LONG_LINE: usize = 160;
/// A row of more cells has each on a line of its own.
const MANY_CELLS: usize = 4;
/// An address shown as text is cut there, so that it does not overflow a telephone.
const LONGEST_SHOWN_ADDRESS: usize = 40;
/// From so many columns on, tables have one class: templates of one's own have no endless style sheet.
const MOST_COLUMNS: usize = 9;

pub(super) fn render(
    document: &Document,
    widths: &HashMap<&str, u32>,
    options: &RenderOptions<'_>,
) -> String {
    let linked = anchors::linked(document);
    let mut levels = Levels { open: Vec::new(), top: options.top_heading.clamp(1, 6) };
    let mut writer = Writer {
        out: String::new(),
        column: 0,
        options,
        widths,
        linked,
        levels: &mut levels,
        in_link: false,
        referred: HashMap::new(),
    };
    writer.blocks(&document.blocks);
    writer.notes(&document.notes);
    writer.out
}

pub(super) fn render_inline(content: &[Inline], options: &RenderOptions<'_>) -> String {
    let mut levels = Levels { open: Vec::new(), top: 2 };
    let widths = HashMap::new();
    let mut writer = Writer {
        out: String::new(),
        column: 0,
        options,
        widths: &widths,
        linked: HashSet::new(),
        levels: &mut levels,
        in_link: false,
        referred: HashMap::new(),
    };
    writer.inlines(content);
    writer.out
}

/// The levels of headings, with gaps closed.
struct Levels {
    open: Vec<u8>,
    top: u8,
}

impl Levels {
    fn place(&mut self, written: u8) -> u8 {
        self.open.retain(|&level| level < written);
        let above = u8::try_from(self.open.len()).unwrap_or(6);
        self.open.push(written);
        (self.top + above).min(6)
    }
}

struct Writer<'a, 'o> {
    out: String,
    column: usize,
    options: &'a RenderOptions<'o>,
    widths: &'a HashMap<&'a str, u32>,
    /// Ids of headings that a link in the document points at.
    linked: HashSet<String>,
    levels: &'a mut Levels,
    in_link: bool,
    /// How often each footnote has been referred to.
    referred: HashMap<usize, usize>,
}

impl Writer<'_, '_> {
    fn raw(&mut self, html: &str) {
        self.out.push_str(html);
        self.column = match html.rfind('\n') {
            Some(at) => html.len() - at,
            None => self.column + html.len(),
        };
    }

    fn text(&mut self, text: &str) {
        for c in text.chars() {
            match c {
                '&' => self.raw("&amp;"),
                '<' => self.raw("&lt;"),
                '>' => self.raw("&gt;"),
                '"' => self.raw("&quot;"),
                '\u{A0}' => self.raw("&nbsp;"),
                ' ' | '\n' if self.column > LONG_LINE => self.raw("\n"),
                c => self.raw(c.encode_utf8(&mut [0; 4])),
            }
        }
    }

    fn attribute(&mut self, name: &str, value: &str) {
        self.raw(&format!(" {name}=\"{}\"", escaped(value)));
    }

    fn blocks(&mut self, blocks: &[Block]) {
        for block in blocks {
            self.block(block);
        }
    }

    fn block(&mut self, block: &Block) {
        match block {
            Block::Paragraph(content) => self.element("p", content),
            Block::Plain(content) => {
                self.plain(content);
                self.raw("\n");
            }
            Block::Heading { level, id, content } => self.heading(*level, id, content),
            Block::Quote(blocks) => {
                self.raw("<blockquote>\n");
                self.blocks(blocks);
                self.raw("</blockquote>\n");
            }
            Block::Code(code) => {
                let pre = self.code_tag("pre");
                self.raw(&pre);
                self.raw("<code>");
                for line in code.split_inclusive('\n') {
                    self.column = 0;
                    self.code(line);
                }
                self.raw("</code></pre>\n");
            }
            Block::List { start, items } => self.list(*start, items),
            Block::Table(table) => self.table(table),
            Block::Figure(image) => self.figure(image),
            Block::Definitions(entries) => {
                self.raw("<dl>\n");
                for entry in entries {
                    match entry {
                        Definition::Term(content) => self.element("dt", content),
                        Definition::Meaning(blocks) => {
                            self.raw("<dd>");
                            self.tight(blocks);
                            self.raw("</dd>\n");
                        }
                    }
                }
                self.raw("</dl>\n");
            }
            Block::Rule => self.raw("<hr>\n"),
        }
    }

    /// Says how `content` runs where it runs the other way than what stands around it, lest its full stop stand before it.
    fn turned(&self, content: &[Inline]) -> String {
        let own = self.options.words.turned_within(&plain(content), self.options.dir);
        own.map(|own| format!(" dir=\"{own}\"")).unwrap_or_default()
    }

    /// The content of a tight item, whose mark stays on the side of the list, or of a cell, which stays in its column.
    fn plain(&mut self, content: &[Inline]) {
        let turned = self.turned(content);
        if turned.is_empty() {
            return self.inlines(content);
        }
        self.raw(&format!("<span{turned}>"));
        self.inlines(content);
        self.raw("</span>");
    }

    fn element(&mut self, tag: &str, content: &[Inline]) {
        let turned = self.turned(content);
        self.raw(&format!("<{tag}{turned}>"));
        self.inlines(content);
        self.raw(&format!("</{tag}>\n"));
    }

    fn heading(&mut self, level: u8, id: &str, content: &[Inline]) {
        let level = self.levels.place(level);
        self.raw(&format!("<h{level}"));
        if self.linked.contains(id) && !id.is_empty() {
            let id = format!("{}{id}", self.options.id_prefix);
            self.attribute("id", &id);
        }
        let turned = self.turned(content);
        self.raw(&format!("{turned}>"));
        self.inlines(content);
        self.raw(&format!("</h{level}>\n"));
    }

    /// Blocks of an item; a single line stands without a break.
    fn tight(&mut self, blocks: &[Block]) {
        match blocks {
            [Block::Plain(content)] => self.plain(content),
            [Block::Plain(content), rest @ ..] => {
                self.plain(content);
                self.raw("\n");
                self.blocks(rest);
            }
            blocks => self.blocks(blocks),
        }
    }

    fn list(&mut self, start: Option<u64>, items: &[Item]) {
        let tag = if start.is_some() { "ol" } else { "ul" };
        self.raw(&format!("<{tag}"));
        if items.iter().any(|item| item.task.is_some()) {
            self.raw(" class=\"tasks\"");
        }
        if let Some(start) = start.filter(|&start| start != 1) {
            self.raw(&format!(" start=\"{start}\""));
        }
        self.raw(">\n");
        for item in items {
            self.raw("<li>");
            match (item.task, item.blocks.as_slice()) {
                (None, blocks) => self.tight(blocks),
                (Some(done), [Block::Paragraph(content), rest @ ..]) => {
                    self.raw("<p>");
                    self.raw(super::text::tick(done));
                    self.plain(content);
                    self.raw("</p>\n");
                    self.blocks(rest);
                }
                (Some(done), blocks) => {
                    self.raw(super::text::tick(done));
                    self.tight(blocks);
                }
            }
            self.raw("</li>\n");
        }
        self.raw(&format!("</{tag}>\n"));
    }

    fn table(&mut self, table: &Table) {
        match self.options.medium {
            Medium::Mail => {
                for (table, setting) in &fit::set(table) {
                    self.grid(table, setting);
                }
            }
            Medium::Page => self.grid(table, &Setting::default()),
        }
    }

    fn grid(&mut self, table: &Table, setting: &Setting) {
        let rows = std::iter::once(&table.head).chain(&table.rows);
        let columns = rows.map(Vec::len).max().unwrap_or(0).min(MOST_COLUMNS);
        let records = if setting.labels.is_empty() { "" } else { " records" };
        // How finely a word of a cell may be broken (edition/breakable.rs) is known by the columns, and they by their class.
        self.raw(&format!("<table class=\"columns-{columns}{}{records}\">\n", setting.class));
        if !setting.shares.is_empty() {
            let column = |share: &usize| format!("<col style=\"width:{}.{}%\">", share / 10, share % 10);
            let columns: Vec<String> = setting.shares.iter().map(column).collect();
            self.raw(&format!("<colgroup>{}</colgroup>\n", columns.join("\n")));
        }
        if !table.head.is_empty() {
            self.raw("<thead>\n");
            self.row(&table.head, &table.aligned, |_| ("th", " scope=\"col\""), &[]);
            self.raw("</thead>\n");
        }
        if !table.rows.is_empty() {
            self.raw("<tbody>\n");
            let tag =
                |at: usize| if setting.heads && at == 0 { ("th", " scope=\"row\"") } else { ("td", "") };
            for row in &table.rows {
                self.row(row, &table.aligned, tag, &setting.labels);
            }
            self.raw("</tbody>\n");
        }
        self.raw("</table>\n");
    }

    fn row(
        &mut self,
        cells: &[Vec<Inline>],
        aligned: &[Aligned],
        tag: impl Fn(usize) -> (&'static str, &'static str),
        labels: &[String],
    ) {
        self.raw("<tr>");
        for (i, cell) in cells.iter().enumerate() {
            // An empty corner heads nothing.
            let (tag, scope) = if letters(cell).trim().is_empty() { ("td", "") } else { tag(i) };
            self.raw(&format!("<{tag}{scope}"));
            match aligned.get(i) {
                Some(Aligned::Right) => self.raw(" class=\"right\""),
                Some(Aligned::Centre) => self.raw(" class=\"center\""),
                Some(Aligned::Left) | None => {}
            }
            self.raw(">");
            let label = labels.get(i).filter(|label| i > 0 && !label.is_empty() && !cell.is_empty());
            if let Some(label) = label {
                self.raw("<span class=\"label m\">");
                self.text(&self.options.words.fill("labelled", &[("label", label), ("text", "")]));
                self.raw("</span>");
            }
            self.plain(cell);
            self.raw(&format!("</{tag}>"));
            // The style that each cell gets later makes it longer.
            if self.column > LONG_LINE || cells.len() > MANY_CELLS {
                self.raw("\n");
            }
        }
        self.raw("</tr>\n");
    }

    fn figure(&mut self, image: &Image) {
        let before = self.out.len();
        self.raw("<p class=\"figure\">");
        let opened = self.out.len();
        self.image(image);
        if self.out.len() == opened {
            self.out.truncate(before);
        } else {
            self.raw("</p>\n");
        }
        if let Some(caption) = &image.title {
            let content = super::line_in(caption, &Quotes::of(self.options.words)).0;
            let turned = self.turned(&content);
            self.raw(&format!("<p class=\"caption\"{turned}>"));
            self.inlines(&content);
            self.raw("</p>\n");
        }
    }

    fn image(&mut self, image: &Image) {
        let (src, width) = match Target::of(&image.src) {
            Target::Outside(url) if !url.starts_with("mailto:") => (url, SHOWN_WIDTH),
            Target::Beside(src) => {
                let width =
                    self.widths.get(src.as_str()).map_or(SHOWN_WIDTH, |&width| width.min(SHOWN_WIDTH));
                ((self.options.picture_src)(&src), width)
            }
            Target::Outside(_) | Target::Here(_) | Target::Refused => (String::new(), 0),
        };
        if src.is_empty() {
            return self.text(&image.alt);
        }
        self.raw("<img");
        self.attribute("src", &src);
        self.attribute("alt", &image.alt);
        self.attribute("width", &width.to_string());
        self.raw(">");
    }

    /// The tag of code, which runs from the left whatever stands around it. Among words that do not, it says so even in
    /// a text that runs from the left itself: a page may show that without its own direction.
    fn code_tag(&self, name: &str) -> String {
        let from_the_right = self.options.dir == Some("rtl") || self.options.words.direction() == "rtl";
        if from_the_right { format!("<{name} dir=\"ltr\">") } else { format!("<{name}>") }
    }

    fn inlines(&mut self, content: &[Inline]) {
        for inline in content {
            match inline {
                Inline::Text(text) => self.text(text),
                Inline::Code(code) => {
                    let tag = self.code_tag("code");
                    self.raw(&tag);
                    self.text(code);
                    self.raw("</code>");
                }
                Inline::Styled(style, content) => {
                    let tag = match style {
                        Style::Code | Style::Keyboard => self.code_tag(style.tag()),
                        _ => format!("<{}>", style.tag()),
                    };
                    self.raw(&tag);
                    self.inlines(content);
                    self.raw(&format!("</{}>", style.tag()));
                }
                Inline::Link { target, content } => self.link(target, content),
                Inline::Image(image) => self.image(image),
                Inline::Note(number) => self.note_reference(*number),
                Inline::SoftBreak => self.raw("\n"),
                Inline::HardBreak => self.raw("<br>\n"),
            }
        }
    }

    fn link(&mut self, target: &str, content: &[Inline]) {
        let href = match Target::of(target) {
            Target::Outside(url) => Some(url),
            Target::Here(id) => self.linked.contains(&id).then(|| format!("#{}{id}", self.options.id_prefix)),
            Target::Beside(target) => (self.options.link)(&target),
            Target::Refused => None,
        };
        let Some(href) = href.filter(|_| !self.in_link) else { return self.inlines(content) };
        self.raw("<a");
        self.attribute("href", &href);
        self.raw(">");
        self.in_link = true;
        let shown = plain(content);
        if super::text::is_its_own_text(&shown, target) {
            let shown = shortened(&shown);
            self.text(&shown);
        } else {
            self.inlines(content);
        }
        self.in_link = false;
        self.raw("</a>");
    }

    fn code(&mut self, code: &str) {
        let escaped = code.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        self.raw(&escaped);
    }

    fn note_reference(&mut self, index: usize) {
        let prefix = self.options.id_prefix;
        let number = index + 1;
        let times = self.referred.entry(index).or_insert(0);
        *times += 1;
        let id = if *times == 1 { format!("fnref{number}") } else { format!("fnref{number}-{times}") };
        if self.in_link {
            return self.raw(&format!("<sup>{number}</sup>"));
        }
        self.raw("<sup><a");
        self.attribute("href", &format!("#{prefix}fn{number}"));
        self.attribute("id", &format!("{prefix}{id}"));
        self.attribute("aria-label", &self.options.words.fill("note", &[("number", &number.to_string())]));
        self.raw(&format!(">{number}</a></sup>"));
    }

    fn notes(&mut self, notes: &[Vec<Block>]) {
        if notes.is_empty() {
            return;
        }
        let prefix = self.options.id_prefix;
        self.raw("<ol class=\"notes\">\n");
        for (index, blocks) in notes.iter().enumerate() {
            let number = index + 1;
            self.raw("<li");
            self.attribute("id", &format!("{prefix}fn{number}"));
            self.raw(">");
            let (last, before) = match blocks.split_last() {
                Some((Block::Paragraph(last), before)) => (Some(last), before),
                _ => (None, blocks.as_slice()),
            };
            self.blocks(before);
            self.raw("<p>");
            if let Some(content) = last {
                self.plain(content);
                self.raw(" ");
            }
            self.raw("<a");
            self.attribute("href", &format!("#{prefix}fnref{number}"));
            self.attribute("aria-label", self.options.words.text("back_to_text"));
            self.raw(">↩</a></p></li>\n");
        }
        self.raw("</ol>\n");
    }
}

/// An address as it is shown: without its scheme, and cut where it is long.
pub(super) fn shortened(address: &str) -> String {
    let bare =
        address.trim_start_matches("https://").trim_start_matches("http://").trim_start_matches("mailto:");
    let bare = bare.strip_suffix('/').unwrap_or(bare);
    if bare.chars().count() <= LONGEST_SHOWN_ADDRESS {
        return bare.to_owned();
    }
    bare.chars().take(LONGEST_SHOWN_ADDRESS - 1).chain(['…']).collect()
}
