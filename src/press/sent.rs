//! What went out before, compared with what is due: a story under a new name would go out a second time.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use crate::archive::ArchivedArticle;
use crate::article::subject::{BEST, SubjectLength};
use crate::article::{Article, Outline, Spot};
use crate::config::Config;
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
/// A title of fewer words than this is like many others.
const LONG_TITLE: usize = 5;
/// A word of fewer letters than this, and one of another letter, are two words.
const LONG_WORD: usize = 5;

/// An article that went out.
#[derive(Debug, Clone)]
pub struct Sent {
    slug: String,
    title: String,
    edition: EditionKey,
    runs: HashSet<u64>,
}

impl Sent {
    /// The articles that went out last, on the day of the edition `key` (in an extra one of it too) or before.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn until(store: &Store, key: &EditionKey) -> Result<Vec<Self>, StoreError> {
        let latest = store.latest_articles(LOOKED_AT).await?;
        let by = |article: &ArchivedArticle| article.card.edition.date() <= key.date();
        Ok(latest.into_iter().filter(by).map(Sent::of).collect())
    }

    fn of(ArchivedArticle { card, body }: ArchivedArticle) -> Self {
        Sent { runs: runs(&body.text), slug: card.slug, title: card.title, edition: card.edition }
    }
}

/// Those of `due` that are in `sent` under another name, and those that may be; `names` is where their titles stand, and
/// `folder` is all that the folder holds.
#[must_use]
pub fn already_sent<'a>(
    due: impl IntoIterator<Item = &'a Article>,
    (names, folder): (&[Spot], &[Outline]),
    sent: &[Sent],
    key: &EditionKey,
    config: &Config,
) -> Vec<Diagnostic> {
    const SAME: &str = "already-sent";
    const SIMILAR: &str = "similar-title";
    let levels = &config.lint;
    if sent.is_empty() || !(levels.is_on(SAME) || levels.is_on(SIMILAR)) {
        return Vec::new();
    }
    let told = |article: &Article| {
        let spot = names.iter().find(|spot| spot.path() == article.path)?;
        let others = || sent.iter().filter(|sent| sent.slug != article.slug.as_str());
        let title = words(&article.title);
        let days_ago = |sent: &Sent| (key.date() - sent.edition.date()).num_days();
        let own = runs(&article.prose());
        let of_text = || others().find(|sent| is_most_of(&own, &sent.runs));
        let of_title =
            || others().filter(|sent| days_ago(sent) <= MONTH).find(|sent| words(&sent.title) == title);
        // What is older than the backlog is no news that could come twice.
        let near = || others().filter(|sent| days_ago(sent) <= i64::from(config.articles.backlog_days));
        let (rule, what, earlier) = (of_text().map(|sent| (SAME, "the text", sent)))
            .or_else(|| of_title().map(|sent| (SAME, "the title", sent)))
            .or_else(|| {
                let similar = near().find(|sent| are_similar(&words(&sent.title), &title));
                similar.map(|sent| (SIMILAR, "nearly the title", sent))
            })?;
        spot.finding(
            rule,
            levels,
            format!(
                "this has {what} of “{}”, which went out in the edition {}",
                earlier.title, earlier.edition
            ),
            // Two files of one name are an error.
            match folder.iter().find(|outline| outline.slug.as_str() == earlier.slug) {
                Some(there) => format!(
                    "if it is the same story, write what is new into `{}`, which went out, and delete this file",
                    config.articles.folder.join(&there.path).display()
                ),
                None => format!(
                    "write `slug: {}` if it is the same story; it does not go out again then",
                    earlier.slug
                ),
            },
        )
    };
    due.into_iter().filter_map(told).collect()
}

/// A hint about a subject that inboxes cut, or that says little; `name` is where the title of its first article stands.
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

/// Whether two titles are nearly the same words, in a way that hardly makes another story of it. A word that takes the
/// place of another does (Monday, Tuesday; import, export), and so does a number.
fn are_similar(one: &[String], other: &[String]) -> bool {
    let (short, long) = if one.len() <= other.len() { (one, other) } else { (other, one) };
    if short.concat() == long.concat() {
        return true;
    }
    if short.len() < LONG_TITLE {
        return false;
    }
    if short.len() + 1 == long.len() {
        let behind = (&long[..short.len()] == short).then(|| &long[short.len()]);
        let before = (&long[1..] == short).then(|| &long[0]);
        return behind.or(before).is_some_and(|added| !is_number(added));
    }
    let mut differ = short.iter().zip(long).filter(|(a, b)| a != b);
    match (short.len() == long.len(), differ.next(), differ.next()) {
        (true, Some((a, b)), None) => are_one_word(a, b),
        _ => false,
    }
}

/// Digits, or a Roman number as parts of a series have it.
fn is_number(word: &str) -> bool {
    word.chars().any(char::is_numeric) || word.chars().all(|c| matches!(c, 'i' | 'v' | 'x'))
}

/// Whether two long words differ by one letter only, which is not the first.
fn are_one_word(one: &str, other: &str) -> bool {
    if is_number(one) || is_number(other) {
        return false;
    }
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    let (short, long) = if one.len() <= other.len() { (one, other) } else { (other, one) };
    let begins = short.iter().zip(&long).take_while(|(a, b)| a == b).count();
    let rest = (&short[begins..], &long[begins..]);
    let is_near = match (rest.0, rest.1) {
        // `reserves`, `reserve`
        (short, [_, long @ ..]) if short == long => true,
        // `reserved`, `reserves`
        ([_, short @ ..], [_, long @ ..]) => short == long,
        _ => false,
    };
    begins > 0 && short.len() >= LONG_WORD && is_near
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
    fn a_title_is_similar_when_it_is_written_anew_and_not_when_it_says_something_else() {
        let similar = |one: &str, other: &str| are_similar(&words(one), &words(other));
        for (one, other) in [
            ("Email from the quay", "E-Mail from the Quay"),
            ("Russias mine", "Russia’s Mine"),
            ("The ferry to the island sails", "Update: The Ferry to the Island Sails"),
            ("The ferry to the island sails", "The ferry to the island sails again"),
            ("Russia's reserve is no mine", "Russia's reserves is no mine"),
            ("The council organises a new vote", "The council organizes a new vote"),
            ("Die Fähre zur Insel fährt", "Die Fähre zur Insel fährt wieder"),
        ] {
            assert!(similar(one, other) && similar(other, one), "{one} / {other}");
        }
        for (one, other) in [
            // Another word is another story, and the more so in a series.
            ("What moved in the market on Monday", "What moved in the market on Tuesday"),
            ("China cuts the quota for terbium exports", "China cuts the quota for dysprosium exports"),
            ("New duties on import of magnets", "New duties on export of magnets"),
            ("The mine hires two hundred people", "The mine fires two hundred people"),
            ("Neodymium falls for the third week", "Neodymium falls for the fourth week"),
            ("Prices rise by 13 percent in May", "Prices rise by 14 percent in May"),
            ("A short history of the quay", "A short history of the quay, 2"),
            ("A short history of the quay", "A short history of the quay II"),
            ("The council approves of the new mine", "The council approves not of the new mine"),
            // A short one is like many others.
            ("The ferry sails", "The ferry sails again"),
            ("Tides of May", "Tide of May"),
            ("", "Tides"),
        ] {
            assert!(!similar(one, other) && !similar(other, one), "{one} / {other}");
        }
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
