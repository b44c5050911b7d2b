//! What of an edition is cut when its mail would be too large: an order of layouts, each smaller than the one before.

use std::ops::Range;

use serde::{Deserialize, Serialize};

/// So many articles are named at least before the first one is cut: a day's news is worth more than one story's end.
const NAMED_AT_LEAST: usize = 10;

/// How many articles of an edition are not whole in its mail, by what is left of them there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cut {
    /// Show how they begin and lead on: the first one, when it is too long by itself.
    pub beginnings: usize,
    /// Show their highlights and lead on.
    pub highlights: usize,
    /// Stand in a list of headlines.
    pub headlines: usize,
    /// Stand on the web only, which the mail says.
    pub left_out: usize,
}

impl Cut {
    /// How many articles are not whole.
    #[must_use]
    pub fn articles(self) -> usize {
        let Cut { beginnings, highlights, headlines, left_out } = self;
        beginnings + highlights + headlines + left_out
    }
}

/// How the articles of an edition stand in its mail, in their order: whole, then by their highlights, then by their
/// headlines, and the rest on the web only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Layout {
    pub(super) lead: Lead,
    all: usize,
    /// Before this article they are whole.
    whole: usize,
    /// Before this one they have their highlights.
    told: usize,
    /// Before this one they have their headlines.
    named: usize,
}

/// How much of the first article there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lead {
    Whole,
    /// So many of its first blocks.
    Begun(usize),
    /// Its headline and the way to it, and nothing of earlier editions either.
    Named,
}

impl Layout {
    pub(super) fn whole(all: usize) -> Self {
        Layout { lead: Lead::Whole, all, whole: all, told: all, named: all }
    }

    /// Whether the article at this position is cut to its highlights.
    pub(super) fn is_told(&self, position: usize) -> bool {
        (self.whole..self.told).contains(&position)
    }

    /// The articles that are more than a headline.
    pub(super) fn stories(&self) -> usize {
        self.told
    }

    /// Those that are whole, or are the first one.
    pub(super) fn read(&self) -> usize {
        self.whole
    }

    /// Those that are headlines.
    pub(super) fn headlines(&self) -> Range<usize> {
        self.told..self.named
    }

    pub(super) fn cut(&self) -> Cut {
        Cut {
            beginnings: usize::from(self.lead != Lead::Whole),
            highlights: self.told - self.whole,
            headlines: self.named - self.told,
            left_out: self.all - self.named,
        }
    }
}

/// Every layout of an edition, from all of it (0) to hardly anything ([`Ladder::last`]):
/// one article after the other is cut to its highlights, from the last to the second; then to its headline, in the same
/// order; then headlines are left out, but for a few; then the first article loses one block after the other; then the
/// last headlines go, and with them the first article's highlights.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ladder {
    articles: usize,
    /// Top-level blocks of the first article.
    blocks: usize,
}

impl Ladder {
    pub(super) fn new(articles: usize, blocks: usize) -> Self {
        Ladder { articles, blocks }
    }

    fn later(self) -> usize {
        self.articles - 1
    }

    fn kept(self) -> usize {
        self.later().min(NAMED_AT_LEAST)
    }

    /// The step at which the first article alone is whole and all others have their highlights.
    pub(super) fn all_told(self) -> usize {
        self.later()
    }

    pub(super) fn last(self) -> usize {
        2 * self.later() + (self.later() - self.kept()) + self.blocks + self.kept() + 1
    }

    /// The first step that is within a limit, or else the last one. Asking whether one is means rendering the edition, so
    /// that few are asked of: `likely` and its neighbour mostly settle it, since articles are of much the same length.
    pub(super) fn first_within<E>(
        self,
        likely: usize,
        mut is_within: impl FnMut(usize) -> Result<bool, E>,
    ) -> Result<usize, E> {
        let (mut too_large, mut fits) = (0, self.last());
        let mut guesses = vec![self.all_told(), likely];
        let mut is_first = true;
        while too_large + 1 < fits {
            let is_open = |step: &usize| (too_large + 1..fits).contains(step);
            let step = std::iter::from_fn(|| guesses.pop()).find(is_open);
            let step = step.unwrap_or(usize::midpoint(too_large, fits));
            let neighbour = if is_within(step)? {
                fits = step;
                step - 1
            } else {
                too_large = step;
                step + 1
            };
            guesses.extend(is_first.then_some(neighbour));
            is_first = false;
        }
        Ok(fits)
    }

    pub(super) fn layout(self, step: usize) -> Layout {
        let all = Layout::whole(self.articles);
        let stages = [self.later(), self.later(), self.later() - self.kept(), self.blocks, self.kept(), 1];
        let mut left = step;
        let [told, named, out, blocks, rest, last] = stages.map(|length| {
            let taken = left.min(length);
            left -= taken;
            taken
        });
        let lead = match (blocks, last) {
            (_, 1) => Lead::Named,
            (0, _) => Lead::Whole,
            (cut, _) => Lead::Begun(self.blocks - cut),
        };
        Layout { lead, whole: all.whole - told, told: all.told - named, named: all.named - out - rest, ..all }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_step_cuts_one_thing_more_and_accounts_for_every_article() {
        for (articles, blocks) in [(1, 0), (1, 5), (2, 3), (10, 4), (11, 4), (12, 1), (100, 30)] {
            let ladder = Ladder::new(articles, blocks);
            let mut before = ladder.layout(0);
            assert_eq!(before, Layout::whole(articles));
            for step in 1..=ladder.last() {
                let layout = ladder.layout(step);
                assert_ne!(layout, before, "{articles} articles, step {step}");
                assert!(layout.whole <= layout.told && layout.told <= layout.named, "{layout:?}");
                assert!(layout.whole >= 1 && layout.named <= articles, "{layout:?}");
                let whole = layout.whole - usize::from(layout.lead != Lead::Whole);
                assert_eq!(whole + layout.cut().articles(), articles, "{layout:?}");
                before = layout;
            }
            assert_eq!((before.lead, before.named), (Lead::Named, 1));
        }
    }

    #[test]
    fn the_first_step_within_a_limit_is_found_by_asking_of_few() {
        for (articles, blocks) in [(1, 0), (1, 50), (2, 3), (10, 30), (100, 30)] {
            let ladder = Ladder::new(articles, blocks);
            for wanted in 1..=ladder.last() {
                for likely in [wanted.saturating_sub(1), wanted, wanted + 1, 0, ladder.last()] {
                    let mut asked = 0;
                    let found = ladder.first_within(likely, |step| {
                        asked += 1;
                        Ok::<_, ()>(step >= wanted)
                    });
                    assert_eq!(found, Ok(wanted), "{articles} articles, {likely} likely");
                    let is_near = likely == wanted || likely + 1 == wanted;
                    let most = if is_near && (1..ladder.last()).contains(&likely) { 2 } else { 12 };
                    assert!(asked <= most, "{articles} articles, {wanted} by {likely}: {asked}");
                }
            }
        }
    }

    #[test]
    fn the_first_article_is_cut_only_when_few_headlines_are_left() {
        let ladder = Ladder::new(100, 30);
        let begun = (0..).find(|step| ladder.layout(*step).lead != Lead::Whole).unwrap();
        assert_eq!(
            ladder.layout(begun).cut(),
            Cut { beginnings: 1, highlights: 0, headlines: 10, left_out: 89 }
        );
        assert_eq!(ladder.layout(ladder.all_told()).cut(), Cut { highlights: 99, ..Cut::default() });
    }
}
