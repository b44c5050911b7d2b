//! A run of inline content while it is read.

use super::build::DEEPEST;
use super::tree::{Inline, Style};

/// A run of inline content in which raw HTML tags may be open.
#[derive(Default)]
pub(super) struct Run {
    current: Vec<Inline>,
    open: Vec<(String, Opened, Vec<Inline>)>,
}

pub(super) enum Opened {
    Styled(Style),
    Link(String),
    /// A script and its like: neither tag nor content counts.
    Discard,
}

impl Run {
    pub(super) fn push(&mut self, inline: Inline) {
        self.current.push(inline);
    }

    pub(super) fn push_text(&mut self, text: &str) {
        if let Some(Inline::Text(last)) = self.current.last_mut() {
            last.push_str(text);
        } else if !text.is_empty() {
            self.current.push(Inline::Text(text.to_owned()));
        }
    }

    pub(super) fn open(&mut self, name: String, opened: Opened) {
        if self.open.len() < DEEPEST {
            self.open.push((name, opened, std::mem::take(&mut self.current)));
        }
    }

    /// Closes `name`, and what was opened inside it and left open.
    pub(super) fn shut(&mut self, name: &str) {
        if let Some(at) = self.open.iter().rposition(|(open, ..)| open == name) {
            while self.open.len() > at {
                self.pop();
            }
        }
    }

    fn pop(&mut self) {
        if let Some((_, opened, outer)) = self.open.pop() {
            let content = std::mem::replace(&mut self.current, outer);
            match opened {
                Opened::Styled(style) => self.current.push(Inline::Styled(style, content)),
                Opened::Link(target) => self.current.push(Inline::Link { target, content }),
                Opened::Discard => {}
            }
        }
    }

    pub(super) fn close(mut self) -> Vec<Inline> {
        while !self.open.is_empty() {
            self.pop();
        }
        self.current
    }
}
