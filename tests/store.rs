//! The store on both engines: each story runs on SQLite, and on PostgreSQL when STRAIGHT_TEST_POSTGRES names a server.

#![expect(clippy::unwrap_used, reason = "a story that cannot go on has failed")]

mod approvals;
mod archive;
mod comments;
mod control;
mod deliveries;
mod editions;
pub(crate) mod engines;
mod erasure;
mod keys;
mod letters;
mod look;
mod moves;
mod nodes;
mod outages;
mod rest;
mod sign_ups;
mod soundness;
mod standing;
mod subscribers;

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use straight::delivery::{Next, State};
use straight::edition::{Cut, EmbeddedPicture, Headline, RenderedEdition, Shortened};
use straight::message::Letterhead;
use straight::store::{Begin, Claimed, EditionId, Issue, Origin, PublishOutcome, Settle, Store};
use straight::subscriber::{NewSubscriber, Status};

use engines::{on_both, on_postgres};

/// Seven in the morning, and so many seconds.
fn at(seconds: i64) -> DateTime<Utc> {
    "2026-09-24T07:00:00Z".parse::<DateTime<Utc>>().unwrap() + TimeDelta::seconds(seconds)
}

fn key(text: &str) -> straight::edition::EditionKey {
    text.parse().unwrap()
}

fn reader(email: &str) -> NewSubscriber {
    NewSubscriber {
        email: email.parse().unwrap(),
        name: None,
        timezone: None,
        status: Status::Active,
        since: None,
    }
}

fn rendered(key: &str, slugs: &[&str]) -> RenderedEdition {
    let headline = |slug: &&str| Headline {
        slug: (*slug).to_owned(),
        title: format!("On “{slug}”"),
        url: format!("https://news.example.com/{slug}"),
        date: key[..10].parse().unwrap(),
        summary: Some(format!("What {slug} is about")),
    };
    RenderedEdition {
        shortened: Some(Shortened {
            cut: Cut { highlights: 1, headlines: 2, ..Cut::default() },
            whole_html: "<p>whole</p>".into(),
        }),
        key: key.parse().unwrap(),
        subject: format!("The news of {key} — für alle"),
        preheader: "In short".to_owned(),
        html: "<p>Grüße</p>".to_owned(),
        text: "Grüße\n".to_owned(),
        embedded: vec![picture("tide", b"\x00\x01\xff")],
        headlines: slugs.iter().map(headline).collect(),
        frozen_at: at(0),
        hash: format!("hash of {key}"),
    }
}

fn picture(name: &str, bytes: &[u8]) -> EmbeddedPicture {
    EmbeddedPicture {
        content_id: format!("{name}@example.com"),
        file_name: format!("{name}.png"),
        media_type: "image/png".to_owned(),
        bytes: bytes.into(),
    }
}

fn letterhead() -> Letterhead {
    Letterhead {
        from_name: "The Daily".to_owned(),
        from: "daily@example.com".parse().unwrap(),
        reply_to: Some("desk@example.com".parse().unwrap()),
        list_name: "The Daily".to_owned(),
        list_id: "daily.example.com".to_owned(),
        public_url: "https://news.example.com".to_owned(),
        language: "en".to_owned(),
    }
}

async fn publish_for(store: &Store, edition: &RenderedEdition, examples_too: bool) -> PublishOutcome {
    let pictures = [picture("tide", b"\x00\x01\xff"), picture("linked", b"png")];
    let earlier = [Headline {
        date: "2026-09-01".parse().unwrap(),
        ..rendered("2026-09-01", &["long-ago"]).headlines.remove(0)
    }];
    let letterhead = letterhead();
    let issue = Issue {
        edition,
        letterhead: &letterhead,
        pictures: &pictures,
        articles: &[],
        earlier: &earlier,
        examples_too,
        needs_approval: false,
    };
    store.publish(&issue, at(0)).await.unwrap()
}

/// An edition that is out to these readers.
async fn edition_for(store: &Store, addresses: &[&str]) -> EditionId {
    let readers: Vec<_> = addresses.iter().map(|address| reader(address)).collect();
    store.import(&readers, Origin::File, at(0)).await.unwrap();
    match publish_for(store, &rendered("2026-09-24", &["tide"]), false).await {
        PublishOutcome::Published { id, recipients } => {
            assert_eq!(recipients, addresses.len() as u64);
            id
        }
        other @ (PublishOutcome::AlreadyOut(_) | PublishOutcome::NoReaders | PublishOutcome::Withheld) => {
            panic!("{other:?}")
        }
    }
}

fn begin(row: &Claimed) -> Begin<'_> {
    row.begin()
}

/// The answer to the attempt that `begin(row)` began.
fn settle(row: &Claimed, state: State, at: DateTime<Utc>) -> Settle {
    let next = Next {
        state,
        due_at: None,
        spends_attempt: true,
        bounces_address: false,
        records_uncertain: false,
        reason: (state != State::Sent).then(|| "450 later".to_owned()),
    };
    let (edition, subscriber) = (row.edition, row.subscriber);
    Settle { edition, subscriber, attempt: row.attempt + 1, asked: row.asked(), next, code: Some(250), at }
}

/// Becomes a sender for as long as the answer is kept.
async fn sender(store: &Store) -> straight::store::SenderLock {
    match store.acquire_sender().await.unwrap() {
        straight::store::Ownership::Ours(lock) => lock,
        straight::store::Ownership::Others => panic!("somebody else is sending"),
    }
}

fn addresses(rows: &[Claimed]) -> BTreeSet<String> {
    rows.iter().map(|row| row.email.to_string()).collect()
}
