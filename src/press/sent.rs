//! What went out before, compared with what is due: a story under a new name would go out a second time.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use crate::archive::ArchivedArticle;
use crate::article::subject::{BEST, SubjectLength};
use crate::article::{Article, Spot};
use crate::diagnostic::{Diagnostic, Levels};
use crate::edition::{EditionKey, RenderedEdition};
use crate::store::{Store, StoreError};

/// So many articles back is looked: more than a month of a daily edition.
const LOOKED_AT: u32 = 120;
/// Days within which one title is one story.
const MONTH: i64 = 31;
/// Words that stand together.
const RUN: usize = 4;
/// Fewer runs than this are no text to compare.
const FEWEST_RUNS: usize = 24;

/// An article that went out.
#[derive(Debug, Clone)]
pub struct Sent {
    slug: String,
    title: String,
    edition: EditionKey,
    runs: HashSet<u64>,
}

impl Sent {
    /// The articles that went out last, in the edition `key` or before it.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn until(store: &Store, key: &EditionKey) -> Result<Vec<Self>, StoreError> {
        let latest = store.latest_articles(LOOKED_AT).await?;
        Ok(latest.into_iter().filter(|article| article.card.edition <= *key).map(Sent::of).collect())
    }

    fn of(ArchivedArticle { card, body }: ArchivedArticle) -> Self {
        Sent { runs: runs(&body.text), slug: card.slug, title: card.title, edition: card.edition }
    }
}

/// Warnings about those of `due` that are in `sent` under another name; `names` is where they name themselves.
#[must_use]
pub fn already_sent<'a>(
    due: impl IntoIterator<Item = &'a Article>,
    names: &[Spot],
    sent: &[Sent],
    key: &EditionKey,
    levels: &Levels,
) -> Vec<Diagnostic> {
    const RULE: &str = "already-sent";
    if sent.is_empty() || !levels.is_on(RULE) {
        return Vec::new();
    }
    let told = |article: &Article| {
        let spot = names.iter().find(|spot| spot.path() == article.path)?;
        let others = || sent.iter().filter(|sent| sent.slug != article.slug.as_str());
        let title = words(&article.title);
        let is_near = |sent: &&Sent| (key.date() - sent.edition.date()).num_days() <= MONTH;
        let own = runs(&article.prose());
        let (what, earlier) = (others().find(|sent| is_most_of(&own, &sent.runs)).map(|sent| ("text", sent)))
            .or_else(|| {
                let same = others().filter(is_near).find(|sent| words(&sent.title) == title);
                same.map(|sent| ("title", sent))
            })?;
        spot.finding(
            RULE,
            levels,
            format!(
                "this has the {what} of “{}”, which went out in the edition {}",
                earlier.title, earlier.edition
            ),
            format!("write `slug: {}` if it is the same story; it does not go out again then", earlier.slug),
        )
    };
    due.into_iter().filter_map(told).collect()
}

/// A hint about a subject that inboxes cut, or that says little; `name` is where its first article names itself.
#[must_use]
pub fn subject_length(edition: &RenderedEdition, name: &Spot, levels: &Levels) -> Option<Diagnostic> {
    let best = format!("{} to {}", BEST.start(), BEST.end());
    let (why, remedy) = match SubjectLength::of(&edition.subject) {
        SubjectLength::Good => return None,
        SubjectLength::Short => {
            ("it has room to say more", format!("{best} are read best: let the lead's title say what is new"))
        }
        SubjectLength::Long | SubjectLength::Cut => {
            ("telephones cut it", format!("let the lead's title say it in {best}"))
        }
    };
    let length = edition.subject.chars().count();
    let message = format!("the edition's subject has {length} characters; {why}");
    name.finding("subject-length", levels, message, remedy)
}

/// Whether most of the shorter one of two texts is in the other.
fn is_most_of(one: &HashSet<u64>, other: &HashSet<u64>) -> bool {
    let shorter = one.len().min(other.len());
    shorter >= FEWEST_RUNS && one.intersection(other).count() * 10 >= shorter * 7
}

fn words(text: &str) -> Vec<String> {
    let parts = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    parts.map(str::to_lowercase).collect()
}

/// Hashes of every few words that stand together; of every few characters where a script has no spaces.
fn runs(text: &str) -> HashSet<u64> {
    let mut parts = words(text);
    let letters = parts.iter().map(|word| word.chars().count()).sum::<usize>();
    let mut run = RUN;
    if letters > parts.len() * 16 {
        parts = parts.iter().flat_map(|word| word.chars().map(String::from)).collect();
        run = RUN * 2;
    }
    let hash = |run: &[String]| {
        let mut hasher = DefaultHasher::new();
        run.hash(&mut hasher);
        hasher.finish()
    };
    parts.windows(run).map(hash).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const STORY: &str = "The ferry sails again on Monday after two years in the dock and its first passengers are the \
        children of the island school who have waited for the crossing since the autumn before last while the council \
        counted what the new hull would cost and what it would save";

    #[test]
    fn a_text_is_known_again_when_it_was_touched_and_not_when_it_is_another() {
        let is_known = |text: &str| is_most_of(&runs(text), &runs(STORY));
        assert!(is_known(STORY));
        assert!(is_known(&format!("Update: {}", STORY.replace("two years", "three years"))));
        assert!(is_known(&format!("{STORY} {}", "and much more was said at the quay of it ".repeat(9))));
        assert!(!is_known("The ferry sails again on Monday"), "too little to compare");
        let other = "The ferry stays in the dock on Monday because the council has not counted yet what the new hull \
            costs and the children of the island school wait for another crossing that nobody has promised them so far";
        assert!(!is_known(other));
    }

    #[test]
    fn a_script_without_spaces_is_compared_by_its_signs() {
        let story = "渡轮在船坞停了两年之后将于周一再次启航第一批乘客是岛上学校的孩子们他们从前年秋天起就一直在等待这次航行";
        assert!(is_most_of(&runs(story), &runs(&format!("最新消息{story}"))));
        let other =
            "市议会仍在计算新船体的费用孩子们还要再等一段时间没有人知道渡轮什么时候才会离开船坞重新出海航行";
        assert!(!is_most_of(&runs(story), &runs(other)));
    }
}
