//! Pages that a browser may keep: which version of one there is, known before it is made, so that whoever has it is told so
//! without a page being rendered; nor is it for others, while it is as it was rendered last.
//!
//! A version is a digest of what the page is made of: the templates, words and settings, and what the store says of its
//! content in a line, never in numbers alone, which come back with a restored backup. It is read before the content: a page
//! that changes in between goes out under the version before, and is asked for once more, never once less.

use axum::body::Bytes;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, HeaderMap, HeaderValue, IF_MODIFIED_SINCE,
    IF_NONE_MATCH, LAST_MODIFIED,
};
use axum::http::{HeaderName, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use chrono::{DateTime, Utc};

use super::Web;
use super::digest::Digest;
use super::failure::Failure;
use crate::store::ArchiveStanding;

const HTML: &str = "text/html; charset=utf-8";

/// What may be kept for ever, because its address changes with its content.
pub(super) const FOR_EVER: &str = "public, max-age=31536000, immutable";

/// Pages change once a day; what stands in front may keep them for a minute.
pub(super) fn shortly() -> (HeaderName, String) {
    (CACHE_CONTROL, "public, max-age=60".to_owned())
}

/// What a page of the archive may do: as our other pages, and show pictures that articles take from elsewhere.
const PAGE_POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self' https:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// How long a page is shown before we are asked for it again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kept {
    /// A minute: it changes when an edition goes out, and not before.
    AMinute,
    /// Not at all: with whoever has it, it stays, and is asked for each time; the answer costs no page.
    UntilAskedFor,
}

/// Which version of a page there is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Version {
    tag: String,
    changed: Option<DateTime<Utc>>,
    kept: Kept,
}

impl Web {
    /// The version of a page that is made of our templates and settings and of `parts`. `changed` is when those changed
    /// last; without it there is no telling.
    pub(super) fn version(&self, parts: &[&str], changed: Option<DateTime<Utc>>) -> Version {
        let mut digest = Digest::default();
        digest.part(&self.makeup);
        for part in parts {
            digest.part(part);
        }
        // Templates and settings may be others since the start.
        let changed = changed.map(|changed| changed.max(self.since));
        Version { tag: digest.hex(), changed, kept: Kept::AMinute }
    }

    /// The version of the page at `path` that is made of nothing but published editions: each changes it.
    pub(super) async fn version_of_archive(&self, path: &str) -> Result<Version, Failure> {
        let standing = self.store.archive_standing().await?;
        let (hash, frozen_at) = standing.newest.clone().unzip();
        let changed = frozen_at.max(standing.withdrawn_at).filter(|_| frozen_at.is_some());
        Ok(self.version(&["archive", path, &hash.unwrap_or_default(), &withdrawn(&standing)], changed))
    }

    /// The answer that takes no rendering: that whoever asks has this version of a page of the archive, or the page as it
    /// was rendered before.
    pub(super) fn known(&self, version: &Version, request: &HeaderMap) -> Option<Response> {
        version.unchanged_page(request).or_else(|| {
            let page = self.rendered.get(&version.tag)?;
            Some(version.answer(page_headers(version.kept), ([(CONTENT_TYPE, HTML)], page)))
        })
    }

    /// A page of the archive, which is of this version, and is not rendered again while it is.
    ///
    /// For versions that do not come back: what changed while the page was being made is in it, and would be then.
    pub(super) fn page(&self, version: &Version, html: Html<String>) -> Response {
        let page = Bytes::from(html.0);
        self.rendered.put(&version.tag, page.clone());
        version.answer(page_headers(version.kept), ([(CONTENT_TYPE, HTML)], page))
    }
}

impl Version {
    /// Of a page that a person changes by a click: a moderator looks at once whether the comment is there, and one that is
    /// taken down, or erased, is gone for everybody.
    pub(super) fn asked_for_each_time(self) -> Self {
        Version { kept: Kept::UntilAskedFor, ..self }
    }

    /// The answer to whoever has this version already (RFC 9110 §13.1): the tag decides where one is given, else the time,
    /// which must be the very one that we said, because clocks differ and editions are dated before they are seen.
    pub(super) fn unchanged<const N: usize>(
        &self,
        request: &HeaderMap,
        headers: [(HeaderName, String); N],
    ) -> Option<Response> {
        let known = if request.contains_key(IF_NONE_MATCH) {
            is_among(request, &self.tag)
        } else {
            let since = request.get(IF_MODIFIED_SINCE).and_then(|value| value.to_str().ok());
            let since = since.and_then(|since| DateTime::parse_from_rfc2822(since).ok());
            since.zip(self.changed).is_some_and(|(since, changed)| since.timestamp() == changed.timestamp())
        };
        known.then(|| self.marked((StatusCode::NOT_MODIFIED, headers).into_response()))
    }

    /// As [`unchanged`](Self::unchanged), for a page of the archive.
    pub(super) fn unchanged_page(&self, request: &HeaderMap) -> Option<Response> {
        self.unchanged(request, page_headers(self.kept))
    }

    /// `body`, which is of this version.
    pub(super) fn answer<const N: usize>(
        &self,
        headers: [(HeaderName, String); N],
        body: impl IntoResponse,
    ) -> Response {
        self.marked((headers, body).into_response())
    }

    /// A page of the archive, which is of this version.
    pub(super) fn page(&self, html: Html<String>) -> Response {
        self.answer(page_headers(self.kept), html)
    }

    fn marked(&self, mut response: Response) -> Response {
        let written = |at: DateTime<Utc>| at.format("%a, %d %b %Y %H:%M:%S GMT").to_string();
        let tag = HeaderValue::try_from(format!("\"{}\"", self.tag)).ok();
        let changed = self.changed.and_then(|changed| HeaderValue::try_from(written(changed)).ok());
        let headers = response.headers_mut();
        headers.extend(tag.map(|tag| (ETAG, tag)));
        headers.extend(changed.map(|changed| (LAST_MODIFIED, changed)));
        response
    }
}

/// What is taken off the public pages, as a part of a version.
pub(super) fn withdrawn(standing: &ArchiveStanding) -> String {
    format!("{} {:?}", standing.withdrawn, standing.withdrawn_at)
}

fn page_headers(kept: Kept) -> [(HeaderName, String); 2] {
    let kept = match kept {
        Kept::AMinute => shortly(),
        Kept::UntilAskedFor => (CACHE_CONTROL, "public, no-cache".to_owned()),
    };
    [kept, (CONTENT_SECURITY_POLICY, PAGE_POLICY.to_owned())]
}

/// `body` under `tag`, which is made of its content, or 304 when whoever asks has it already.
pub(super) fn cacheable<const N: usize>(
    request: &HeaderMap,
    tag: &str,
    headers: [(HeaderName, String); N],
    body: impl IntoResponse,
) -> Response {
    let version = Version { tag: tag.to_owned(), changed: None, kept: Kept::AMinute };
    match version.unchanged(request, headers.clone()) {
        Some(unchanged) => unchanged,
        None => version.answer(headers, body),
    }
}

/// Whether the request names `tag` among what it has (RFC 9110 §13.1.2).
fn is_among(request: &HeaderMap, tag: &str) -> bool {
    let tag = format!("\"{tag}\"");
    request.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok()).any(|value| {
        value.split(',').map(str::trim).any(|one| one == "*" || one.trim_start_matches("W/") == tag)
    })
}
