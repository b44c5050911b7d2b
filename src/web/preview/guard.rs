//! Who may ask, and what every answer says of itself.
//!
//! A page of somebody else's, open in the same browser, can send requests to this machine, and by a name of its own
//! that leads here (DNS rebinding) read the answers too. So the Host is one that nobody else can have, what other
//! sites embed is refused, and a form has our token and our Origin.

use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HOST, HeaderName, HeaderValue, ORIGIN, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tracing::debug;

use super::{Audience, Preview};

/// What our own page may do: have our style and script, show our frame, send our forms.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; frame-src 'self'; \
     form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
);

/// Wraps every route.
pub(super) async fn guard(State(preview): State<Arc<Preview>>, request: Request, next: Next) -> Response {
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let mut response = match refusal(&preview, &method, request.headers()) {
        Some(why) => (StatusCode::FORBIDDEN, why).into_response(),
        None => next.run(request).await,
    };
    debug!(%method, path, status = response.status().as_u16(), "preview request");
    let headers = response.headers_mut();
    for (name, value) in [
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.entry(X_FRAME_OPTIONS).or_insert(HeaderValue::from_static("DENY"));
    headers.entry(CONTENT_SECURITY_POLICY).or_insert(POLICY);
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

fn refusal(preview: &Preview, method: &Method, headers: &HeaderMap) -> Option<&'static str> {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let host = text(HOST).unwrap_or_default();
    if !is_ours(host, preview.audience) {
        return Some("The preview answers to localhost and to addresses in figures only.\n");
    }
    let site = text(HeaderName::from_static("sec-fetch-site")).unwrap_or("none");
    let visits =
        text(HeaderName::from_static("sec-fetch-dest")) == Some("document") && *method == Method::GET;
    if !matches!(site, "none" | "same-origin") && !visits {
        return Some("The preview is not for other pages.\n");
    }
    let reads = *method == Method::GET || *method == Method::HEAD;
    if !reads && text(ORIGIN) != Some(&format!("http://{host}")) {
        return Some("A form of the preview is sent from the preview.\n");
    }
    None
}

/// Whether `host` is one that nobody but this machine has: no name that a stranger could let lead here.
fn is_ours(host: &str, audience: Audience) -> bool {
    let (name, port) = match host.rsplit_once(':') {
        // The colons of an address without brackets are no port's.
        Some((name, port)) if !name.contains(':') || name.ends_with(']') => (name, Some(port)),
        _ => (host, None),
    };
    if port.is_some_and(|port| port.parse::<u16>().is_err()) {
        return false;
    }
    if name.eq_ignore_ascii_case("localhost") {
        return true;
    }
    let bracketed = name.strip_prefix('[').and_then(|name| name.strip_suffix(']'));
    let address = match bracketed {
        Some(inside) => inside.parse::<Ipv6Addr>().ok().map(IpAddr::V6),
        None => name.parse().ok().filter(IpAddr::is_ipv4),
    };
    match audience {
        Audience::ThisMachine => address.is_some_and(|address| address.to_canonical().is_loopback()),
        Audience::Network => address.is_some(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_a_stranger_could_have_are_refused() {
        for host in ["localhost", "LOCALHOST:8025", "127.0.0.1:1", "127.9.9.9", "[::1]", "[::1]:8025"] {
            assert!(is_ours(host, Audience::ThisMachine) && is_ours(host, Audience::Network), "{host}");
        }
        for host in [
            "",
            "evil.example",
            "localhost.evil.example:8025",
            "127.0.0.1.evil.example",
            "localhost:",
            "localhost:x",
            "evil.localhost",
            "[::1",
            "::1",
            "localhost:80:80",
            "[127.0.0.1]",
            "0x7f.1",
        ] {
            assert!(!is_ours(host, Audience::ThisMachine) && !is_ours(host, Audience::Network), "{host}");
        }
        for host in ["192.168.1.5:8025", "[fd00::5]:8025", "0.0.0.0"] {
            assert!(!is_ours(host, Audience::ThisMachine) && is_ours(host, Audience::Network), "{host}");
        }
    }
}
