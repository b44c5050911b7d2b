//! What is logged, at the most talkative level: no token, no whole address, no name.

use std::io::Write;
use std::sync::{Arc, Mutex};

use tracing_subscriber::fmt::MakeWriter;

use super::Harbour;

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Log;

    fn make_writer(&'a self) -> Log {
        self.clone()
    }
}

#[tokio::test]
async fn neither_tokens_nor_addresses_get_into_the_log() {
    let log = Log::default();
    let talkative = || {
        let format = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_ansi(false);
        tracing::Dispatch::new(format.with_writer(log.clone()).finish())
    };
    let _here = tracing::dispatcher::set_default(&talkative());
    // While there is one dispatcher only, tracing lets a thread without any, that of another test, switch lines off.
    let _second = talkative();

    let harbour = Harbour::open().await;
    let (unsubscribe, preferences) = (harbour.unsubscribe_link(), harbour.preferences_link());
    for path in [&unsubscribe, &preferences, "/unsubscribe/canary-token", "/editions/?before=canary-token"] {
        harbour.get(path).await;
    }
    harbour.post_form(&preferences, "name=Canary&timezone=").await;
    harbour.post_form(&unsubscribe, "List-Unsubscribe=One-Click").await;
    harbour.store.close().await;
    harbour.get(&unsubscribe).await;

    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    for told in [
        "preferences changed",
        "a…@example.org",
        "unsubscribed",
        "path=\"/unsubscribe/\"",
        "the store failed",
    ] {
        assert!(log.contains(told), "{told} is not in the log:\n{log}");
    }
    let tokens = [&unsubscribe, &preferences].map(|link| link.rsplit('.').next().unwrap());
    for secret in [tokens[0], tokens[1], "canary", "Canary", "ann@example.org"] {
        assert!(!log.contains(secret), "{secret} is in the log:\n{log}");
    }
}
