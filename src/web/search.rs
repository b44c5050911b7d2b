//! Search: a GET form, because it changes nothing.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Query, State};
use axum::http::header::CACHE_CONTROL;
use axum::response::{IntoResponse, Response};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;

use super::Web;
use super::failure::Failure;
use super::groups::Paging;
use super::listing::{Day, Link};
use crate::archive::search::{self, LONGEST_QUERY};
use crate::store::Searched;

/// How many hits a page shows.
const PAGE: u32 = 10;
/// Nobody reads further; going further costs.
const LAST_PAGE: u64 = 50;
/// More searches at once would keep the other pages from the store.
static AT_ONCE: Semaphore = Semaphore::const_new(2);
/// How long a search waits for its turn.
const PATIENCE: Duration = Duration::from_secs(5);

/// What was typed; whatever it is, there is an answer.
#[derive(Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    q: String,
    #[serde(default)]
    page: String,
}

#[derive(Serialize)]
struct SearchPage {
    typed: String,
    outcome: Outcome,
    total: u64,
    hits: Vec<Hit>,
    paging: Option<Paging>,
    longest: usize,
}

/// What the page says above the hits.
#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Outcome {
    /// Nothing was asked.
    Unasked,
    /// There was no word in it to look for.
    NoWord,
    /// These were found.
    Found,
    /// None was found.
    Nothing,
    /// It was broken off.
    TookTooLong,
}

#[derive(Serialize)]
struct Hit {
    url: String,
    /// HTML, with marks.
    title: String,
    /// HTML, with marks.
    excerpt: String,
    day: Day,
    author: Option<Link>,
}

/// `GET /search?q=…&page=…`
pub(super) async fn search(
    State(web): State<Arc<Web>>,
    Query(asked): Query<Asked>,
) -> Result<Response, Failure> {
    let typed: String = asked.q.chars().take(LONGEST_QUERY).filter(|c| !c.is_control()).collect();
    let typed = typed.trim().to_owned();
    let number = asked.page.trim().parse().unwrap_or(1).clamp(1, LAST_PAGE);
    // A space at the end would say that the last word is whole; in a form it is most often an accident.
    let query = search::Query::of(&typed);
    let mut view = SearchPage {
        outcome: Outcome::Unasked,
        total: 0,
        hits: Vec::new(),
        paging: None,
        longest: LONGEST_QUERY,
        typed,
    };
    if !view.typed.is_empty() {
        view.answer(&web, &query, number).await?;
    }
    let page = web.pages.render("search.html", &view)?;
    Ok(([(CACHE_CONTROL, "no-store")], page).into_response())
}

impl SearchPage {
    async fn answer(&mut self, web: &Web, query: &search::Query, number: u64) -> Result<(), Failure> {
        if query.is_empty() {
            self.outcome = Outcome::NoWord;
            return Ok(());
        }
        let Ok(turn) = tokio::time::timeout(PATIENCE, AT_ONCE.acquire()).await else {
            self.outcome = Outcome::TookTooLong;
            return Ok(());
        };
        let searched = web.store.search(query, (number - 1) * u64::from(PAGE), PAGE).await;
        drop(turn);
        let found = match searched? {
            Searched::Found(found) => found,
            Searched::TookTooLong => {
                self.outcome = Outcome::TookTooLong;
                return Ok(());
            }
        };
        self.outcome = if found.total == 0 { Outcome::Nothing } else { Outcome::Found };
        self.total = found.total;
        self.hits = found
            .articles
            .iter()
            .map(|article| {
                let line = web.pages.line(&article.card);
                let text = format!("{}\n{}", article.lead(), article.body.text);
                Hit {
                    title: search::marked(&line.title, query),
                    excerpt: search::excerpt(&text, query),
                    url: line.url,
                    day: line.day,
                    author: line.author,
                }
            })
            .collect();
        let typed = utf8_percent_encode(&self.typed, NON_ALPHANUMERIC).to_string();
        let reachable = found.total.min(LAST_PAGE * u64::from(PAGE));
        let address = |page: u64| web.pages.path(&format!("/search?q={typed}&page={page}"));
        self.paging = Some(Paging::of(number, reachable, u64::from(PAGE), address));
        Ok(())
    }
}
