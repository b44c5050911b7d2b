//! What of an edition is cut when its mail would be too large: an order of layouts, each smaller than the one before.

use std::ops::Range;

use serde::{Deserialize, Serialize};

/// So many articles are named at least before the first one is cut: a day's news is worth more than one story's end.
const NAMED_AT_LEAST: usize = 10;
/// About how many bytes of HTML stand around the text of an article that is whole.
const AROUND_A_STORY: usize = 2_500;

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
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Layout {
    pub(super) lead: Lead,
    all: usize,
    /// Before this article they are whole.
    whole: usize,
    /// Before this one they have their highlights.
    told: usize,
    /// Before this one they have their headlines.
    named: usize,
    /// Whole all the same, though one before them is not: they are short, and it is long.
    spared: Vec<usize>,
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
        Layout { lead: Lead::Whole, all, whole: all, told: all, named: all, spared: Vec::new() }
    }

    /// The same with the articles at these positions whole.
    pub(super) fn sparing(&self, positions: &[usize]) -> Self {
        Layout { spared: [&self.spared, positions].concat(), ..self.clone() }
    }

    /// Which of the articles that are cut to their highlights have room in so many bytes, by their `weights`, the earlier before
    /// the later; none is as heavy as the first of them, which has not.
    pub(super) fn with_room(&self, weights: &[usize], mut room: usize) -> Vec<usize> {
        // What has a headline only is to have more before another is whole.
        if self.told < self.all {
            return Vec::new();
        }
        let mut fits = |at: usize| {
            let left = room.checked_sub(weights[at] + AROUND_A_STORY);
            room = left.unwrap_or(room);
            left.is_some()
        };
        let shorter = |at: &usize| self.is_told(*at) && weights[*at] < weights[self.whole];
        (self.whole + 1..self.told).filter(shorter).filter(|at| fits(*at)).collect()
    }

    /// Whether the article at this position is cut to its highlights.
    pub(super) fn is_told(&self, position: usize) -> bool {
        (self.whole..self.told).contains(&position) && !self.spared.contains(&position)
    }

    /// The articles that are more than a headline.
    pub(super) fn stories(&self) -> usize {
        self.told
    }

    /// Whether the article at this position is whole, or is the first one.
    pub(super) fn is_read(&self, position: usize) -> bool {
        position < self.told && !self.is_told(position)
    }

    /// Those that are headlines.
    pub(super) fn headlines(&self) -> Range<usize> {
        self.told..self.named
    }

    pub(super) fn cut(&self) -> Cut {
        Cut {
            beginnings: usize::from(self.lead != Lead::Whole),
            highlights: self.told - self.whole - self.spared.len(),
            headlines: self.named - self.told,
            left_out: self.all - self.named,
        }
    }
}

/// Every layout of an edition, from all of it (0) to hardly anything ([`Ladder::last`]):
/// a first article that is larger than the mail by itself loses blocks, down to half a mail, since it is cut whatever becomes of the
/// others; one article after the other is cut to its highlights, from the last to the second; then to its headline, in the same
/// order; then headlines are left out, but for a few; then the first article loses one block after the other; then the
/// last headlines go, and with them the first article's highlights.
/// Where a long article had to be cut, the short ones behind it were cut before it for nothing: [`Layout::with_room`].
#[derive(Debug, Clone, Copy)]
pub(super) struct Ladder {
    articles: usize,
    /// Top-level blocks of the first article.
    blocks: usize,
    /// Those of them that it loses before another article is cut.
    at_first: usize,
}

impl Ladder {
    /// `weight` is that of the first article, `limit` the bytes that the mail may have.
    pub(super) fn new(articles: usize, blocks: usize, weight: usize, limit: usize) -> Self {
        let kept = if weight > limit { (blocks * limit / 2).div_ceil(weight) } else { blocks };
        Ladder { articles, blocks, at_first: blocks - kept }
    }

    fn later(self) -> usize {
        self.articles - 1
    }

    fn kept(self) -> usize {
        self.later().min(NAMED_AT_LEAST)
    }

    /// The step at which all articles but the first have their highlights, and it has all that it has beside others.
    pub(super) fn all_told(self) -> usize {
        self.at_first + self.later()
    }

    pub(super) fn last(self) -> usize {
        2 * self.later() + (self.later() - self.kept()) + self.blocks + self.kept() + 1
    }

    /// How many steps there are of each kind, in their order.
    fn stages(self) -> [usize; 7] {
        let (later, kept) = (self.later(), self.kept());
        [self.at_first, later, later, later - kept, self.blocks - self.at_first, kept, 1]
    }

    /// The first step whose size is within `limit`, or else the last one.
    ///
    /// Knowing a `size` means rendering the edition, so that few are asked for. The sizes of parts add up: of two that are known
    /// the ones between follow, by the `weights` of the articles that are whole, and elsewhere by the number of steps. `whole`
    /// is the size of step 0; it is asked for after that at which no article but the first is whole.
    pub(super) fn first_within<E>(
        self,
        limit: usize,
        weights: &[usize],
        whole: impl FnOnce() -> Result<usize, E>,
        mut size: impl FnMut(usize) -> Result<usize, E>,
    ) -> Result<usize, E> {
        let (mut too_large, mut fits) = ((0, 0), (self.last(), 0));
        let mut end = 0;
        for length in self.stages() {
            end += length;
            // The last step is taken however large it is.
            if length == 0 || end == self.last() {
                continue;
            }
            let found = size(end)?;
            if found <= limit {
                fits = (end, found);
                break;
            }
            too_large = (end, found);
        }
        let whole = whole()?;
        if whole <= limit {
            return Ok(0);
        }
        if too_large.0 == 0 {
            too_large.1 = whole;
        }
        let mut asked = 0;
        while too_large.0 + 1 < fits.0 {
            let all = too_large.1.saturating_sub(fits.1);
            let cut = |step| self.weight_cut(step, weights);
            let (from, to) = (cut(too_large.0), cut(fits.0));
            let added = |step| all * (to - cut(step)) / (to - from);
            let before = fits.0 - 1;
            // Where two thirds of what an article should add are too much already, nobody needs to look.
            if (self.at_first + 1..=self.all_told()).contains(&fits.0)
                && fits.1 + added(before) * 2 / 3 > limit
            {
                break;
            }
            let likely = (too_large.0 + 1..before).find(|step| fits.1 + added(*step) <= limit);
            let step = match asked < 6 {
                true => likely.unwrap_or(before),
                false => usize::midpoint(too_large.0, fits.0),
            };
            asked += 1;
            let found = size(step)?;
            if found <= limit {
                fits = (step, found);
            } else {
                too_large = (step, found);
            }
        }
        Ok(fits.0)
    }

    /// What is cut until `step`, in weights of articles, and behind them in steps.
    fn weight_cut(self, step: usize, weights: &[usize]) -> usize {
        let begun = step.min(self.at_first);
        let block = (weights.first().copied().unwrap_or_default() / self.blocks.max(1)).max(1);
        let articles = (step - begun).min(self.later());
        let weights = weights.iter().rev().take(articles);
        block * begun + weights.map(|weight| weight.max(&1)).sum::<usize>() + (step - begun - articles)
    }

    pub(super) fn layout(self, step: usize) -> Layout {
        let all = Layout::whole(self.articles);
        let mut left = step;
        let [begun, told, named, out, blocks, rest, last] = self.stages().map(|length| {
            let taken = left.min(length);
            left -= taken;
            taken
        });
        let lead = match (begun + blocks, last) {
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
        for (articles, blocks, weight) in [
            (1, 0, 0),
            (1, 5, 0),
            (2, 3, 0),
            (10, 4, 0),
            (11, 4, 0),
            (12, 1, 0),
            (100, 30, 0),
            (1, 0, 9),
            (1, 5, 9),
            (11, 30, 9),
        ] {
            let ladder = Ladder::new(articles, blocks, weight, 4);
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
    fn the_first_step_within_a_limit_is_found_by_asking_for_few_sizes() {
        for (articles, blocks, weight) in
            [(1, 0, 0), (1, 50, 0), (2, 3, 0), (10, 30, 0), (100, 30, 0), (1, 50, 9), (10, 30, 9)]
        {
            let ladder = Ladder::new(articles, blocks, weight, 4);
            // Articles are of different lengths, and weighed badly.
            let lengths: Vec<usize> = (0..articles).map(|n| 2_000 + n * 37 % 11 * 3_000).collect();
            let weights: Vec<usize> = lengths.iter().zip(0..).map(|(l, n)| l * (8 + n % 5) / 10).collect();
            let size = |step: usize| {
                let below = ladder.last() - step;
                ladder.weight_cut(ladder.last(), &lengths) - ladder.weight_cut(step, &lengths) + 100 * below
            };
            for wanted in 0..=ladder.last() {
                let limit = size(wanted);
                let mut asked = 0;
                let found = ladder.first_within(
                    limit,
                    &weights,
                    || Ok(size(0)),
                    |step| {
                        asked += 1;
                        Ok::<_, ()>(size(step))
                    },
                );
                assert_eq!(found, Ok(wanted), "{articles} articles");
                assert!(asked <= 10, "{articles} articles, {wanted}: {asked}");
            }
        }
    }

    #[test]
    fn short_articles_behind_a_long_one_are_spared_as_far_as_there_is_room() {
        let ladder = Ladder::new(6, 3, 0, 1);
        let (layout, weights) = (ladder.layout(4), [9_000, 9_000, 30_000, 5_000, 30_000, 2_000]);
        assert!(layout.with_room(&weights, 4_000).is_empty());
        assert_eq!(layout.with_room(&weights, 8_000), [3]);
        assert_eq!(layout.with_room(&weights, 60_000), [3, 5]);
        let spared = layout.sparing(&[3]);
        assert_eq!(spared.cut(), Cut { highlights: 3, ..Cut::default() });
        let read = (0..6).map(|at| spared.is_read(at));
        assert_eq!(read.collect::<Vec<_>>(), [true, true, false, true, false, false]);
        assert_eq!(spared.with_room(&weights, 60_000), [5]);
        // Nobody has more before all have their highlights.
        assert!(ladder.layout(6).with_room(&weights, 60_000).is_empty());
    }

    #[test]
    fn of_ten_long_articles_one_layout_is_asked_for_beside_all_of_it() {
        let (ladder, lengths) = (Ladder::new(10, 30, 0, 1), [40_000; 10]);
        let size = |step: usize| 15_000 + 30_000 + 40_000 * (9 - step);
        let mut asked = Vec::new();
        let found = ladder.first_within(
            60_000,
            &lengths,
            || Ok(size(0)),
            |step| {
                asked.push(step);
                Ok::<_, ()>(size(step))
            },
        );
        assert_eq!((found, asked), (Ok(9), vec![9]));
    }

    #[test]
    fn a_first_article_that_is_cut_anyway_is_cut_to_half_a_mail_before_another_is() {
        let ladder = Ladder::new(3, 30, 120, 60);
        for step in 0..=22 {
            let layout = ladder.layout(step);
            assert_eq!(layout.cut().highlights, 0, "{step}");
            assert_eq!(layout.lead, if step == 0 { Lead::Whole } else { Lead::Begun(30 - step) });
        }
        assert_eq!(ladder.layout(23).cut(), Cut { beginnings: 1, highlights: 1, ..Cut::default() });
        assert_eq!(ladder.layout(ladder.all_told()).lead, Lead::Begun(8));
        assert_eq!(ladder.layout(ladder.last() - 1).lead, Lead::Begun(0));
        assert_eq!(Ladder::new(3, 30, 60, 60).layout(1).cut(), Cut { highlights: 1, ..Cut::default() });
    }

    #[test]
    fn the_first_article_is_cut_only_when_few_headlines_are_left() {
        let ladder = Ladder::new(100, 30, 0, 1);
        let begun = (0..).find(|step| ladder.layout(*step).lead != Lead::Whole).unwrap();
        assert_eq!(
            ladder.layout(begun).cut(),
            Cut { beginnings: 1, highlights: 0, headlines: 10, left_out: 89 }
        );
        assert_eq!(ladder.layout(ladder.all_told()).cut(), Cut { highlights: 99, ..Cut::default() });
    }
}
