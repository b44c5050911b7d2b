//! Server-sent events: which sheet is the newest, told at once and at each change.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use hyper::body::{Bytes, Frame};
use tokio::sync::mpsc;

use super::Preview;

/// How often a connection that has nothing to tell shows that it lives; a browser that has gone is noticed by it.
const SIGN_OF_LIFE: Duration = Duration::from_secs(15);

/// `GET /events`: an event `sheet` with the newest sheet's number, now and at each change (WHATWG HTML §9.2).
pub(super) async fn events(State(preview): State<Arc<Preview>>) -> Response {
    let (tell, told) = mpsc::channel(4);
    let mut sheet = preview.sheet.clone();
    let stop = preview.stop.clone();
    tokio::spawn(async move {
        // A browser that lost us asks again after so many milliseconds.
        let mut text = Some("retry: 400\n\n".to_owned());
        loop {
            let version = sheet.borrow_and_update().version;
            let text = text.take().unwrap_or_default() + &format!("event: sheet\ndata: {version}\n\n");
            if tell.send(Bytes::from(text)).await.is_err() {
                return;
            }
            loop {
                tokio::select! {
                    changed = sheet.changed() => match changed {
                        Ok(()) => break,
                        Err(_) => return,
                    },
                    () = stop.cancelled() => return,
                    () = tell.closed() => return,
                    () = tokio::time::sleep(SIGN_OF_LIFE) => {
                        if tell.send(Bytes::from_static(b":\n\n")).await.is_err() {
                            return;
                        }
                    }
                }
            }
        }
    });
    ([(CONTENT_TYPE, "text/event-stream")], Body::new(Told(told))).into_response()
}

/// What is told, as the body of an answer that does not end.
struct Told(mpsc::Receiver<Bytes>);

impl hyper::body::Body for Told {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0.poll_recv(context).map(|told| told.map(|bytes| Ok(Frame::data(bytes))))
    }
}
