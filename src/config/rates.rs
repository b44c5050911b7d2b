//! The rates of recipient domains.

use std::collections::BTreeMap;

use super::Rate;
use super::reader::Reader;
use super::values::{self, Wrong};
use crate::subscriber::EmailAddress;

/// The most that is sent to any one recipient domain.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DomainRates {
    /// For a domain that is not named, if there is a limit.
    pub default: Option<Rate>,
    /// For single domains, by lower-cased A-labels.
    pub of: BTreeMap<String, Rate>,
}

impl DomainRates {
    /// The rate of `domain`, if there is a limit.
    #[must_use]
    pub fn of(&self, domain: &str) -> Option<Rate> {
        self.of.get(domain).copied().or(self.default)
    }

    /// Whether any domain has a limit.
    #[must_use]
    pub fn are_set(&self) -> bool {
        self.default.is_some() || !self.of.is_empty()
    }
}

const KEY: &str = "delivery.rate_per_domain";
/// The entry for every domain that is not named; no domain has such a name.
const DEFAULT: &str = "default";

/// One rate for every domain, or a mapping of domains to rates.
pub(super) fn per_domain(reader: &mut Reader<'_>) -> DomainRates {
    let mut rates = DomainRates::default();
    let Some(given) = reader.given(KEY) else { return rates };
    let Some(entries) = given.node.as_map() else {
        rates.default = reader.optional(KEY, values::rate);
        return rates;
    };
    let names: Vec<&str> = entries.iter().map(|entry| entry.key.as_str()).collect();
    // Whatever is named is known; a domain that stands twice is told.
    reader.only(given.origin, KEY, entries, &names);
    for name in names {
        let rate = reader.within(given, KEY, name, values::rate);
        if name == DEFAULT {
            rates.default = rate;
            continue;
        }
        match format!("postmaster@{name}").parse::<EmailAddress>() {
            Ok(address) => rates.of.extend(rate.map(|rate| (address.domain().to_owned(), rate))),
            Err(_) => {
                let wrong = Wrong::new(
                    format!("`{}` is no domain", values::shown(name)),
                    "write domains as in `gmail.com: 20/s`, and `default: 5/s` for all others",
                );
                reader.note(given, KEY, "bad-value", &wrong);
            }
        }
    }
    rates
}
