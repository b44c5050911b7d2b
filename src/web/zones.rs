//! Time zones as a reader chooses one: by area, then by city.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use chrono_tz::{TZ_VARIANTS, Tz};
use serde::Serialize;

/// The part of the world that a time zone's name begins with.
#[derive(Debug, Serialize)]
pub(super) struct Area {
    /// None for those that are in none.
    name: Option<&'static str>,
    zones: Vec<Zone>,
}

#[derive(Debug, Serialize)]
struct Zone {
    name: &'static str,
    label: String,
}

/// Areas that hold cities; names without one, or of a country, are old spellings of these.
const OLD: [&str; 7] = ["Brazil", "Canada", "Chile", "Etc", "Mexico", "SystemV", "US"];

/// Every zone that is named by a city, and at the end the few others there are.
pub(super) fn areas() -> &'static [Area] {
    static AREAS: LazyLock<Vec<Area>> = LazyLock::new(|| {
        let mut areas: BTreeMap<&str, Vec<Zone>> = BTreeMap::new();
        let mut others = Vec::new();
        for name in TZ_VARIANTS.into_iter().map(Tz::name) {
            match name.split_once('/') {
                Some((area, city)) if !OLD.contains(&area) => {
                    let label = city.replace('/', ", ").replace('_', " ");
                    areas.entry(area).or_default().push(Zone { name, label });
                }
                _ => others.push(Zone { name, label: name.replace('_', " ") }),
            }
        }
        let mut areas: Vec<Area> =
            areas.into_iter().map(|(name, zones)| Area { name: Some(name), zones }).collect();
        areas.push(Area { name: None, zones: others });
        areas
    });
    &AREAS
}
