//! Maps of the site (sitemaps.org): one file, or an index of several.

use std::fmt::Write as _;

use chrono::{DateTime, Utc};

use super::feed::{time, xml};

/// How many articles a map has at most.
pub const LARGEST: u32 = 45_000;
/// How many addresses the protocol allows in one.
pub const ALLOWED: usize = 50_000;

/// A page, and when it changed last if that is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Absolute.
    pub address: String,
    /// When its newest part was published.
    pub changed: Option<DateTime<Utc>>,
}

const SCHEMA: &str = "http://www.sitemaps.org/schemas/sitemap/0.9";

/// A map of these pages.
#[must_use]
pub fn map(entries: &[Entry]) -> String {
    list("urlset", "url", entries)
}

/// The map of these maps.
#[must_use]
pub fn index(maps: &[Entry]) -> String {
    list("sitemapindex", "sitemap", maps)
}

fn list(root: &str, element: &str, entries: &[Entry]) -> String {
    let mut out = format!("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<{root} xmlns=\"{SCHEMA}\">\n");
    for entry in entries {
        let _ = write!(out, "<{element}><loc>{}</loc>", xml(&entry.address));
        if let Some(changed) = entry.changed {
            let _ = write!(out, "<lastmod>{}</lastmod>", time(changed));
        }
        let _ = writeln!(out, "</{element}>");
    }
    let _ = writeln!(out, "</{root}>");
    out
}
