//! One address: the question, the answer, and where it sends on to.

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::timeout;
use url::Url;

use super::{Failure, Prober, Servers, State, page_of};

/// How the program calls itself.
const NAME: &str = concat!("straight/", env!("CARGO_PKG_VERSION"), " (link check)");
/// A head that is longer is none.
const LONGEST_HEAD: usize = 64 * 1024;
/// Fields of a head.
const MOST_FIELDS: usize = 128;

/// The head of an answer, as far as it matters.
struct Answer {
    status: u16,
    location: Option<String>,
}

impl Prober {
    /// Follows `url` to where it ends.
    pub(super) async fn visit(&self, url: &Url, servers: &Servers) -> State {
        let mut at = url.clone();
        let mut moved_to = None;
        let mut for_good = true;
        for _ in 0..=self.limits.redirects {
            let answer = match self.at(&at, servers).await {
                Ok(answer) => answer,
                Err(state) => return state,
            };
            let Some(location) = answer.location.filter(|_| matches!(answer.status, 301..=303 | 307 | 308))
            else {
                return match state(answer.status) {
                    State::Fine => moved_to.map_or(State::Fine, State::Moved),
                    other => other,
                };
            };
            let Some(next) = at.join(&location).ok().filter(|next| matches!(next.scheme(), "http" | "https"))
            else {
                return State::Failing(Failure::Astray(location.chars().take(80).collect()));
            };
            if !self.network.knows(&next) {
                let host = next.host_str().unwrap_or_default().to_owned();
                return State::Failing(Failure::Private(host));
            }
            for_good &= matches!(answer.status, 301 | 308);
            if for_good {
                moved_to = Some(next.clone()).filter(|next| page_of(next) != *url);
            }
            at = page_of(&next);
        }
        State::Failing(Failure::Redirects(self.limits.redirects))
    }

    /// Asks the server of `url`, when nobody else does.
    async fn at(&self, url: &Url, servers: &Servers) -> Result<Answer, State> {
        let server = servers.of(url);
        let mut server = server.lock().await;
        let origin = url.origin().ascii_serialization();
        if let Some(known) = server.weary.get(&origin) {
            return Err(known.clone());
        }
        let head = match self.question("HEAD", url).await {
            // Some servers know GET alone, and say so in every way there is.
            Err(Failure::Broken) => None,
            Ok(answer) if answer.status >= 400 => None,
            Ok(answer) => Some(Ok(answer)),
            Err(failure) => Some(Err(failure)),
        };
        let answered = match head {
            Some(answered) => answered,
            None => self.question("GET", url).await,
        };
        match answered {
            Ok(answer) => {
                // One that has been asked too much is left in peace.
                if answer.status == 429 {
                    server.weary.insert(origin, State::Unclear(429));
                }
                Ok(answer)
            }
            Err(failure) => {
                let state = State::Failing(failure.clone());
                match failure {
                    // It would be so with its other pages too.
                    Failure::Name(_) | Failure::Private(_) | Failure::Connection(_) | Failure::Tls(_) => {
                        server.weary.insert(origin, state.clone());
                    }
                    Failure::Silent
                    | Failure::Broken
                    | Failure::Status(_)
                    | Failure::Redirects(_)
                    | Failure::Astray(_) => {}
                }
                Err(state)
            }
        }
    }

    async fn question(&self, method: &str, url: &Url) -> Result<Answer, Failure> {
        let mut stream = self.connect(url).await?;
        let target =
            url.query().map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()));
        let host = url.host_str().unwrap_or_default();
        let host = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
        let question = format!(
            "{method} {target} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: {NAME}\r\nAccept: text/html,*/*;q=0.8\r\nConnection: close\r\n\r\n"
        );
        let answered = async {
            stream.write_all(question.as_bytes()).await.map_err(|_| Failure::Broken)?;
            stream.flush().await.map_err(|_| Failure::Broken)?;
            answer(&mut stream).await
        };
        timeout(self.limits.answer, answered).await.unwrap_or(Err(Failure::Silent))
    }
}

/// Reads the head of an answer (RFC 9112 §2.1), and none of its body.
async fn answer(stream: &mut (impl AsyncRead + Unpin)) -> Result<Answer, Failure> {
    let mut head = Vec::new();
    let mut looked_at = 0;
    loop {
        // Whoever drips bytes is not parsed at each of them.
        let end = memchr::memmem::find(&head[looked_at..], b"\n\r\n").map(|at| looked_at + at + 3);
        let Some(end) = end else {
            looked_at = head.len().saturating_sub(2);
            let read = stream.read_buf(&mut head).await.map_err(|_| Failure::Broken)?;
            if read == 0 || head.len() > LONGEST_HEAD {
                return Err(Failure::Broken);
            }
            continue;
        };
        let mut fields = [httparse::EMPTY_HEADER; MOST_FIELDS];
        let mut response = httparse::Response::new(&mut fields);
        let Ok(httparse::Status::Complete(_)) = response.parse(&head[..end]) else {
            return Err(Failure::Broken);
        };
        let status = response.code.ok_or(Failure::Broken)?;
        // "Continue" and its kind come before the answer (RFC 9110 §15.2).
        if (100..200).contains(&status) {
            head.drain(..end);
            looked_at = 0;
            continue;
        }
        let location = response.headers.iter().find(|field| field.name.eq_ignore_ascii_case("location"));
        let location = location.map(|field| String::from_utf8_lossy(field.value).into_owned());
        return Ok(Answer { status, location });
    }
}

/// What an answer that sends nowhere says of its page.
fn state(status: u16) -> State {
    match status {
        200..=299 => State::Fine,
        404 | 410 => State::Gone(status),
        // To be logged in, to pay, not to be a program, to come later, to be elsewhere; 999 is one network's own.
        401..=403 | 405..=407 | 418 | 423 | 425 | 429 | 451 | 999 => State::Unclear(status),
        _ => State::Failing(Failure::Status(status)),
    }
}
