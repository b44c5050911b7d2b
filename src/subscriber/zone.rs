//! Time zones as people write them.

use chrono_tz::{TZ_VARIANTS, Tz};

use crate::yaml::nearest;

/// A text that names no time zone.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("this is no time zone; {remedy}")]
pub struct UnknownZone {
    /// What to write instead.
    pub remedy: String,
}

/// The zone of the IANA's data base that has this name.
///
/// # Errors
/// With the name that is likely meant: people write the city alone, and the case as it comes.
pub fn zone(text: &str) -> Result<Tz, UnknownZone> {
    let text = text.trim();
    text.parse::<Tz>().map_err(|_| {
        let names = || TZ_VARIANTS.iter().map(|zone| zone.name());
        let city = names().find(|name| {
            let last = name.rsplit('/').next().unwrap_or(name);
            last.eq_ignore_ascii_case(&text.replace(' ', "_")) || name.eq_ignore_ascii_case(text)
        });
        // The comparison below takes time with the length.
        let near = || if text.len() <= 60 { nearest(text, names()) } else { None };
        let remedy = match city.or_else(near) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "write it as in Europe/Berlin, America/New_York or UTC".to_owned(),
        };
        UnknownZone { remedy }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_are_found_by_their_city() {
        let remedy = |text| zone(text).unwrap_err().remedy;
        assert_eq!(zone(" Europe/Berlin"), Ok(Tz::Europe__Berlin));
        assert_eq!(remedy("berlin"), "did you mean `Europe/Berlin`?");
        assert_eq!(remedy("new york"), "did you mean `America/New_York`?");
        assert_eq!(remedy("Amercia/New_York"), "did you mean `America/New_York`?");
        assert_eq!(remedy("+02:00"), "write it as in Europe/Berlin, America/New_York or UTC");
        assert_eq!(remedy(&"x".repeat(100_000)), "write it as in Europe/Berlin, America/New_York or UTC");
    }
}
