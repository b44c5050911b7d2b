//! Numbers and plurals as Unicode's CLDR has them.

use icu_decimal::DecimalFormatter;
use icu_decimal::input::Decimal;
use icu_decimal::options::DecimalFormatterOptions;
use icu_locale_core::Locale;
use icu_plurals::{PluralCategory, PluralRuleType, PluralRules};

/// The numbers of one language.
pub(super) struct Numbers {
    plurals: PluralRules,
    decimal: DecimalFormatter,
}

impl Numbers {
    /// Those of `language` (BCP 47); of English where it is unknown.
    pub(super) fn of(language: &str) -> Self {
        let locale: Locale = language.parse().unwrap_or(icu_locale_core::locale!("en"));
        let rules = PluralRules::try_new(locale.clone().into(), PluralRuleType::Cardinal.into());
        let decimal = DecimalFormatter::try_new(locale.into(), DecimalFormatterOptions::default());
        Numbers {
            plurals: rules.expect("the rules of all languages are compiled in"),
            decimal: decimal.expect("the symbols of all languages are compiled in"),
        }
    }

    /// Which form goes with `count`.
    pub(super) fn category(&self, count: u64) -> PluralCategory {
        self.plurals.category_for(count)
    }

    /// The forms that the language has.
    pub(super) fn categories(&self) -> Vec<PluralCategory> {
        self.plurals.categories().collect()
    }

    /// With the language's digits and groups.
    pub(super) fn written(&self, number: u64) -> String {
        self.decimal.format(&Decimal::from(number)).to_string()
    }

    /// The language's digits from zero to nine.
    pub(super) fn digits(&self) -> Vec<String> {
        (0..10).map(|digit| self.written(digit)).collect()
    }
}

impl std::fmt::Debug for Numbers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Numbers")
    }
}

/// What a file of words calls a form.
pub(super) fn name(category: PluralCategory) -> &'static str {
    match category {
        PluralCategory::Zero => "zero",
        PluralCategory::One => "one",
        PluralCategory::Two => "two",
        PluralCategory::Few => "few",
        PluralCategory::Many => "many",
        PluralCategory::Other => "other",
    }
}

/// Every form that a language may have.
pub(super) const CATEGORIES: [PluralCategory; 6] = [
    PluralCategory::Zero,
    PluralCategory::One,
    PluralCategory::Two,
    PluralCategory::Few,
    PluralCategory::Many,
    PluralCategory::Other,
];

/// The form of this name.
pub(super) fn category(text: &str) -> Option<PluralCategory> {
    CATEGORIES.into_iter().find(|category| name(*category) == text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_their_language_writes_them() {
        let cases = [
            ("en-US", "1,234,567"),
            ("de", "1.234.567"),
            ("ar", "1,234,567"),
            ("ar-EG", "١٬٢٣٤٬٥٦٧"),
            ("ar-MA", "1.234.567"),
            ("hi", "12,34,567"),
            ("fa", "۱٬۲۳۴٬۵۶۷"),
        ];
        for (language, written) in cases {
            assert_eq!(Numbers::of(language).written(1_234_567), written, "{language}");
        }
    }

    #[test]
    fn arabic_has_six_forms_and_german_two() {
        let forms = |language: &str, counts: &[u64]| -> Vec<&str> {
            let numbers = Numbers::of(language);
            counts.iter().map(|count| name(numbers.category(*count))).collect()
        };
        assert_eq!(
            forms("ar", &[0, 1, 2, 3, 10, 11, 99, 100, 102, 103]),
            ["zero", "one", "two", "few", "few", "many", "many", "other", "other", "few"]
        );
        assert_eq!(forms("de-AT", &[0, 1, 2, 11]), ["other", "one", "other", "other"]);
        assert_eq!(forms("pl", &[1, 2, 5, 22, 25]), ["one", "few", "many", "few", "many"]);
        assert_eq!(forms("ja", &[0, 1, 2]), ["other", "other", "other"]);
    }
}
