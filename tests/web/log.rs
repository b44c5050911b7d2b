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

#[tokio::test]
async fn a_limit_that_is_reached_and_a_proxy_that_is_not_trusted_are_told_once() {
    let log = Log::default();
    let quiet = || {
        let format = tracing_subscriber::fmt().with_max_level(tracing::Level::WARN).with_ansi(false);
        tracing::Dispatch::new(format.with_writer(log.clone()).finish())
    };
    let _here = tracing::dispatcher::set_default(&quiet());
    let _second = quiet();

    let harbour =
        Harbour::with("web: {trusted_proxies: [10.0.0.0/8]}\nsign_up: {limits: {per_network: [1/h]}}").await;
    let proxied = "X-Forwarded-For: 198.51.100.1\r\n";
    for (reader, status) in [("one", 200), ("two", 429), ("three", 429)] {
        let body = format!("email={reader}%40example.org");
        let answer = harbour.send("/subscribe", proxied, "application/x-www-form-urlencoded", &body).await;
        assert_eq!(answer.status, status, "{reader}");
    }
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    for told in ["X-Forwarded-For of a peer that is not among `web.trusted_proxies`", "a limit is reached"] {
        assert_eq!(log.matches(told).count(), 1, "{told}: {log}");
    }
}
