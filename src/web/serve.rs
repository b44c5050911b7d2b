//! Connections: HTTP/1.1 with a deadline for the header, a cap on their number, and a graceful end.

use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::Service;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{debug, warn};

use super::Web;
use super::client::Peer;

/// How many connections are open at once; more wait.
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
    let conversations = TaskTracker::new();
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    while let Some((stream, peer, place)) = shutdown.run_until_cancelled(next(&listener, &places)).await {
        // An answer is one write: nothing is gained by waiting for more.
        let _ = stream.set_nodelay(true);
        let conversation = converse(stream, peer.ip(), router.clone(), shutdown.clone());
        conversations.spawn(async move {
            conversation.await;
            drop(place);
        });
    }
    drop(listener);
    conversations.close();
    conversations.wait().await;
}

async fn next(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> (TcpStream, SocketAddr, OwnedSemaphorePermit) {
    let place = places.clone().acquire_owned().await.expect("the semaphore is never closed");
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => return (stream, peer, place),
            Err(error) => {
                // Out of file descriptors, most often: those who are being answered will give some back.
                warn!(%error, "cannot accept a web connection");
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
    }
}

/// Puts the other end of the connection among each request's extensions.
struct Attended {
    peer: Peer,
    inner: TowerToHyperService<Router>,
}

impl Service<Request<Incoming>> for Attended {
    type Response = <TowerToHyperService<Router> as Service<Request<Incoming>>>::Response;
    type Error = <TowerToHyperService<Router> as Service<Request<Incoming>>>::Error;
    type Future = <TowerToHyperService<Router> as Service<Request<Incoming>>>::Future;

    fn call(&self, mut request: Request<Incoming>) -> Self::Future {
        request.extensions_mut().insert(self.peer);
        self.inner.call(request)
    }
}

async fn converse<Stream>(stream: Stream, peer: IpAddr, router: Router, shutdown: CancellationToken)
where
    Stream: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let attended = Attended { peer: Peer(peer), inner: TowerToHyperService::new(router) };
    let mut connection = pin!(
        http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEADER_DEADLINE)
            .max_buf_size(HEADER_LIMIT)
            .serve_connection(TokioIo::new(stream), attended)
    );
    let ended = tokio::select! {
        result = connection.as_mut() => Some(result),
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

    fn connect(router: Router, shutdown: &CancellationToken) -> DuplexStream {
        let (ours, theirs) = duplex(1024);
        tokio::spawn(converse(theirs, std::net::Ipv4Addr::LOCALHOST.into(), router, shutdown.clone()));
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
        let mut stream = connect(slow(0), &CancellationToken::new());
        stream.write_all(&REQUEST[..20]).await.unwrap();
        let (_, after) = rest(stream).await;
        assert!((HEADER_DEADLINE..HEADER_DEADLINE * 2).contains(&after), "{after:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_that_says_nothing_is_closed() {
        let silent = connect(slow(0), &CancellationToken::new());
        assert!(rest(silent).await.1 < HEADER_DEADLINE * 2);
        let mut idle = connect(slow(0), &CancellationToken::new());
        idle.write_all(REQUEST).await.unwrap();
        let (answer, after) = rest(idle).await;
        assert!(answer.ends_with("late") && after < HEADER_DEADLINE * 2, "{after:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_under_way_is_finished_at_the_end_unless_it_takes_too_long() {
        for (seconds, answered) in [(5, true), (60, false)] {
            let shutdown = CancellationToken::new();
            let mut stream = connect(slow(seconds), &shutdown);
            stream.write_all(REQUEST).await.unwrap();
            tokio::time::sleep(Duration::from_secs(1)).await;
            shutdown.cancel();
            let (answer, after) = rest(stream).await;
            assert_eq!(answer.ends_with("late"), answered, "{answer}");
            assert!(after <= GRACE + Duration::from_secs(1), "{after:?}");
        }
    }
}
