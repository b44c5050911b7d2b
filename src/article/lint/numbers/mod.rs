//! Numbers of the highlights that the text does not have.
//!
//! The two are written by people: `1,200` in the one is `1.200`, `1 200`, `1.2 thousand` or `twelve hundred` in the
//! other, `7 pm` is `19:00`, `04.03.26` is `4 March 2026`. What may be meant counts as said.

mod read;
mod words;

use std::ops::Range;

use chrono::{Datelike, NaiveDate};

use read::{Number, read};

/// Every number that a text says, as far as it can be meant.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// Sorted.
    values: Vec<f64>,
    /// Months and short years, which only dates are compared with.
    of_dates: Vec<f64>,
}

impl Known {
    /// What `text` says, of an article dated `day`.
    pub(super) fn of(text: &str, day: Option<NaiveDate>) -> Self {
        let mut known = Known::default();
        for number in read(text) {
            known.values.extend(&number.values);
            known.values.extend(&number.loosely);
        }
        words::spelt(text, &mut known.values, &mut known.of_dates);
        if let Some(day) = day {
            known.values.extend([f64::from(day.year()), f64::from(day.month()), f64::from(day.day())]);
        }
        let years =
            known.values.iter().filter(|value| (1900.0..2100.0).contains(*value) && value.fract() == 0.0);
        known.of_dates.extend(years.map(|year| year % 100.0));
        known.values.sort_by(f64::total_cmp);
        known
    }

    fn has(&self, number: &Number) -> bool {
        number.values.iter().any(|&value| self.near(value, number.step(value), number.is_about))
            || number.is_date && self.of_dates.iter().any(|other| number.values.contains(other))
    }

    /// Whether a value is said that is `value` when it is rounded to a multiple of `step`; or nearly so.
    fn near(&self, value: f64, step: f64, is_about: bool) -> bool {
        let exact = value.abs() * 1e-9;
        let reach = if is_about { (step / 2.0).max(value * 0.15) } else { step / 2.0 };
        let from = self.values.partition_point(|&other| other < value - reach - exact);
        self.values.get(from).is_some_and(|&other| other <= value + reach + exact)
    }
}

/// The numbers of `highlight` that are not `known`, by their places in it.
pub(super) fn missing(highlight: &str, known: &Known) -> Vec<Range<usize>> {
    let mut missing: Vec<Range<usize>> = Vec::new();
    for number in read(highlight) {
        if !number.is_name && !known.has(&number) && missing.last().is_none_or(|last| *last != number.at) {
            missing.push(number.at);
        }
    }
    missing
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(highlight: &str, text: &str) -> Vec<String> {
        let day = NaiveDate::from_ymd_opt(2026, 3, 2);
        missing(highlight, &Known::of(text, day)).into_iter().map(|at| highlight[at].to_owned()).collect()
    }

    #[test]
    fn what_is_said_in_another_form_is_said() {
        for (highlight, text) in [
            // Thousands and decimals of several countries.
            ("1,200 homes", "some 1.200 homes"),
            ("1,200 homes", "1 200 homes"),
            ("1,200 homes", "1\u{202f}200 homes"),
            ("1’200 homes", "1200 homes"),
            ("1,234,567 votes", "1.234.567 votes"),
            ("12,34,567 rupees", "1,234,567 rupees"),
            ("3,5 Prozent", "3.5 percent"),
            ("1,234.50 dollars", "1.234,50 Dollar"),
            ("1.50 €", "1,5 euros"),
            // Words of scale.
            ("1.2 million", "1,200,000 people"),
            ("$3.4bn", "3.4 billion dollars"),
            ("$3.4bn", "3,400,000,000 dollars"),
            ("3,4 Mrd. Euro", "3,4 Milliarden Euro"),
            ("2 Mio. Euro", "zwei Millionen Euro"),
            ("€12m", "12 million euros"),
            ("12k readers", "12,000 readers"),
            ("3 crore", "30 million"),
            ("3 million", "between 3 and 5 million"),
            ("3–5 million", "3 to 5 million"),
            ("2 Billionen Euro", "2,000 billion euros"),
            ("12m deep", "a hole 12 m deep"),
            ("12 hundred", "1200 of them"),
            ("3万", "30,000"),
            // Percent and currency.
            ("40% fewer", "40 per cent fewer"),
            ("40 % fewer", "forty percent fewer"),
            ("£2", "two pounds"),
            ("US$500", "500 dollars"),
            ("50%", "half of them"),
            ("25 %", "a quarter of it"),
            ("67%", "two thirds"),
            // Words.
            ("6 sailings", "Six sailings each way"),
            ("21 people", "twenty-one people"),
            ("21 Leute", "einundzwanzig Leute"),
            ("200 boats", "two hundred boats"),
            ("12 eggs", "a dozen eggs"),
            ("The 3rd bridge", "the third bridge"),
            ("2x as fast", "twice as fast"),
            // Rounded.
            ("3.4 million", "3,412,500 tonnes"),
            ("40%", "39.7 percent"),
            ("About 3,000", "2,987 came"),
            ("Rund 3.000", "3.112 kamen"),
            ("More than 3,000", "3,412 came"),
            // Dates and hours.
            ("On 4 March 2026", "2026-03-04"),
            ("On 2026-03-04", "on March 4th"),
            ("Am 4.3.", "am 4. März"),
            ("04.03.26", "4 March 2026"),
            ("11/4", "November 4"),
            ("3/4/26", "4 March 2026"),
            ("On 2 March", "It begins on Monday"),
            ("In 2026", "this year"),
            ("At 7 pm", "at 19:00"),
            ("At 19:00", "at 7 p.m."),
            ("At 07:00", "at 7 in the morning"),
            ("Um 19 Uhr", "at 7 pm"),
            ("The class of 2025", "the class of ’25"),
            ("The class of ’25", "the class of 2025"),
            ("In the 1990s", "since the 1990s"),
            // Names are no numbers.
            ("COVID-19 is back", "the virus is back"),
            ("The A380 flies", "the aeroplane flies"),
            ("Q3 was good, the G7 says", "the autumn was good"),
            ("5G arrives", "5G arrives here"),
            ("Version 1.2.3", "version 1.2.3 of it"),
            ("No numbers", "nothing"),
            ("½ of it", "half"),
            ("-5 °C", "minus 5 degrees"),
        ] {
            assert_eq!(told(highlight, text), Vec::<String>::new(), "{highlight:?} in {text:?}");
        }
    }

    #[test]
    fn what_is_not_said_is_told() {
        for (highlight, text, number) in [
            ("1,200 homes", "1,300 homes", "1,200"),
            ("3.4 million", "3.4 billion", "3.4 million"),
            ("3 million", "3 ships", "3 million"),
            ("40%", "41 percent", "40"),
            ("40%", "4 percent", "40"),
            ("Six sailings, 8 on Sundays", "six sailings", "8"),
            ("3.4 million", "3,612,500 tonnes", "3.4 million"),
            ("3,000 came", "2,987 came", "3,000"),
            ("About 3,000", "4,987 came", "3,000"),
            ("In 2019", "in 2018", "2019"),
            ("At 19:30", "at 7 pm", "30"),
            ("2 Mio. Euro", "2 Milliarden Euro", "2 Mio"),
            ("On 5 March", "on 4 March", "5"),
            ("£12m", "£13m", "12m"),
        ] {
            assert_eq!(told(highlight, text), [number], "{highlight:?} in {text:?}");
        }
    }

    #[test]
    fn any_text_is_read_in_time() {
        for text in ["9".repeat(100_000), "9,".repeat(50_000), "1 ".repeat(50_000), "९ １２ ½".repeat(9_000)]
        {
            let known = Known::of(&text, None);
            missing(&text, &known);
        }
    }
}
