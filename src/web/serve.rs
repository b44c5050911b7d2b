//! Connections: HTTP/1.1 with a deadline for the header, a cap on their number, and a graceful end.
//!
//! When all places are taken, a newcomer gets the place of whoever has been silent or unfinished for longest, so that
//! visitors who never finish their request keep nobody out.

use std::net::{IpAddr, SocketAddr};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use hyper::Request;
use hyper::body::{Body as _, Incoming};
use hyper::server::conn::http1;
use hyper::service::Service;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{debug, warn};

use super::Web;
use super::client::Peer;
use super::places::{Place, Places, WholeRequest};

/// How many connections are open at once; one more takes the place of one that is not being answered.
const CONNECTIONS: usize = 512;
/// How long a request's header may take, and how long a connection may be idle.
const HEADER_DEADLINE: Duration = Duration::from_secs(15);
/// How long a connection lasts, however busy; what is under way is still answered.
const LIFETIME: Duration = Duration::from_secs(300);
/// How long an answer under way may take at the end.
const GRACE: Duration = Duration::from_secs(10);
/// How large a request's header may be, in bytes.
const HEADER_LIMIT: usize = 16 * 1024;

/// Serves the pages of `web` on `listener` until `shutdown`, then finishes what is under way.
pub async fn serve(listener: TcpListener, web: Web, shutdown: CancellationToken) {
    serve_router(listener, super::router(web), shutdown).await;
}

/// Serves `router` on `listener` until `shutdown`, then finishes what is under way.
pub(super) async fn serve_router(listener: TcpListener, router: Router, shutdown: CancellationToken) {
    serve_at_once(listener, router, shutdown, CONNECTIONS).await;
}

async fn serve_at_once(listener: TcpListener, router: Router, shutdown: CancellationToken, at_once: usize) {
    let conversations = TaskTracker::new();
    let places = Places::new(at_once);
    while let Some((stream, peer, place)) = shutdown.run_until_cancelled(next(&listener, &places)).await {
        // An answer is one write: nothing is gained by waiting for more.
        let _ = stream.set_nodelay(true);
        conversations.spawn(converse(stream, peer.ip(), place, router.clone(), shutdown.clone()));
    }
    drop(listener);
    conversations.close();
    conversations.wait().await;
}

async fn next(listener: &TcpListener, places: &Arc<Places>) -> (TcpStream, SocketAddr, Arc<Place>) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => return (stream, peer, places.take().await),
            Err(error) => {
                // Out of file descriptors, most often: those who are being answered will give some back.
                warn!(%error, "cannot accept a web connection");
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
    }
}

/// Puts the other end of the connection among each request's extensions, and keeps the connection's place while it is
/// being answered.
struct Attended {
    peer: Peer,
    place: Arc<Place>,
    inner: TowerToHyperService<Router>,
}

impl Service<Request<Incoming>> for Attended {
    type Response = axum::response::Response;
    type Error = std::convert::Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let mut request = request.map(|body| {
            if body.is_end_stream() {
                self.place.is_answered();
                Body::new(body)
            } else {
                Body::new(WholeRequest::new(body, Arc::clone(&self.place)))
            }
        });
        request.extensions_mut().insert(self.peer);
        let (answer, place) = (self.inner.call(request), Arc::clone(&self.place));
        Box::pin(async move {
            let answer = answer.await;
            place.asks();
            answer
        })
    }
}

async fn converse<Stream>(
    stream: Stream,
    peer: IpAddr,
    place: Arc<Place>,
    router: Router,
    shutdown: CancellationToken,
) where
    Stream: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let attended =
        Attended { peer: Peer(peer), place: Arc::clone(&place), inner: TowerToHyperService::new(router) };
    let mut connection = pin!(
        http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEADER_DEADLINE)
            .max_buf_size(HEADER_LIMIT)
            .serve_connection(TokioIo::new(stream), attended)
    );
    let ended = tokio::select! {
        result = connection.as_mut() => Some(result),
        () = place.given_up() => return,
        () = shutdown.cancelled() => None,
        () = tokio::time::sleep(LIFETIME) => None,
    };
    let result = match ended {
        Some(result) => result,
        None => {
            connection.as_mut().graceful_shutdown();
            match tokio::time::timeout(GRACE, connection).await {
                Ok(result) => result,
                Err(_) => return,
            }
        }
    };
    if let Err(error) = result {
        debug!(%error, "a web connection ended early");
    }
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
    use tokio::time::Instant;

    use super::*;

    const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n";

    async fn connect(router: Router, shutdown: &CancellationToken) -> DuplexStream {
        let (ours, theirs) = duplex(1024);
        let place = Places::new(1).take().await;
        tokio::spawn(converse(theirs, std::net::Ipv4Addr::LOCALHOST.into(), place, router, shutdown.clone()));
        ours
    }

    /// Reads to the end; what came, and after how long.
    async fn rest(mut stream: DuplexStream) -> (String, Duration) {
        let started = Instant::now();
        let mut text = String::new();
        let read = tokio::time::timeout(LIFETIME * 10, stream.read_to_string(&mut text)).await;
        read.expect("the connection is closed in the end").unwrap();
        (text, started.elapsed())
    }

    fn slow(seconds: u64) -> Router {
        Router::new().route(
            "/",
            get(move || async move {
                tokio::time::sleep(Duration::from_secs(seconds)).await;
                "late"
            }),
        )
    }

    #[tokio::test(start_paused = true)]
    async fn a_header_that_never_ends_is_cut_off() {
        let mut stream = connect(slow(0), &CancellationToken::new()).await;
        stream.write_all(&REQUEST[..20]).await.unwrap();
        let (_, after) = rest(stream).await;
        assert!((HEADER_DEADLINE..HEADER_DEADLINE * 2).contains(&after), "{after:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_that_says_nothing_is_closed() {
        let silent = connect(slow(0), &CancellationToken::new()).await;
        assert!(rest(silent).await.1 < HEADER_DEADLINE * 2);
        let mut idle = connect(slow(0), &CancellationToken::new()).await;
        idle.write_all(REQUEST).await.unwrap();
        let (answer, after) = rest(idle).await;
        assert!(answer.ends_with("late") && after < HEADER_DEADLINE * 2, "{after:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_under_way_is_finished_at_the_end_unless_it_takes_too_long() {
        for (seconds, answered) in [(5, true), (60, false)] {
            let shutdown = CancellationToken::new();
            let mut stream = connect(slow(seconds), &shutdown).await;
            stream.write_all(REQUEST).await.unwrap();
            tokio::time::sleep(Duration::from_secs(1)).await;
            shutdown.cancel();
            let (answer, after) = rest(stream).await;
            assert_eq!(answer.ends_with("late"), answered, "{answer}");
            assert!(after <= GRACE + Duration::from_secs(1), "{after:?}");
        }
    }
    /// Four places, and what `first` sends on each of six connections: a seventh is answered in time.
    async fn is_let_in_beside(first: &[u8]) {
        let router = slow(0).route("/form", axum::routing::post(|body: axum::body::Bytes| async { body }));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shutdown = CancellationToken::new();
        let server = tokio::spawn(serve_at_once(listener, router, shutdown.clone(), 4));
        let mut crowd = Vec::new();
        for _ in 0..6 {
            let mut one = TcpStream::connect(address).await.unwrap();
            one.write_all(first).await.unwrap();
            crowd.push(one);
        }
        let answered = async {
            let mut newcomer = TcpStream::connect(address).await.unwrap();
            newcomer.write_all(REQUEST).await.unwrap();
            let mut some = [0; 12];
            newcomer.read_exact(&mut some).await.unwrap();
            some
        };
        let some = tokio::time::timeout(Duration::from_secs(5), answered)
            .await
            .unwrap_or_else(|_| panic!("kept out by {first:?}"));
        assert_eq!(&some, b"HTTP/1.1 200");
        drop(crowd);
        shutdown.cancel();
        server.await.unwrap();
    }

    #[tokio::test]
    async fn who_never_finishes_a_request_keeps_nobody_out() {
        is_let_in_beside(b"GET / HTTP/1.1\r\nX-Slow: ").await;
        is_let_in_beside(b"POST /form HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nslow").await;
        is_let_in_beside(b"").await;
        // Answered, and silent since.
        is_let_in_beside(REQUEST).await;
    }

    #[tokio::test]
    async fn who_is_being_answered_keeps_the_place() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shutdown = CancellationToken::new();
        tokio::spawn(serve_at_once(listener, slow(1), shutdown.clone(), 2));
        let mut all = Vec::new();
        for _ in 0..4 {
            all.push(tokio::spawn(async move {
                let mut one = TcpStream::connect(address).await.unwrap();
                one.write_all(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await.unwrap();
                let mut answer = String::new();
                one.read_to_string(&mut answer).await.unwrap();
                answer
            }));
        }
        for one in all {
            assert!(one.await.unwrap().ends_with("late"));
        }
    }
}
