//! A publication with articles for the tests: fixed words, fixed clock.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use straight::article::{Article, Figure, Picture, Slug, Source};
use straight::config::{Author, ImagePolicy, Publication, SignUpWords, Theme};
use straight::edition::{
    Edition, EditionKey, Headline, RenderError, RenderSettings, RenderedEdition, Templates, render,
};
use straight::words::Words;

pub(crate) fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

pub(crate) fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

pub(crate) fn publication() -> Publication {
    Publication {
        name: "The Morning Post".to_owned(),
        tagline: "What the harbour will talk about".to_owned(),
        language: "en-GB".to_owned(),
        from_name: None,
        from: "post@example.org".parse().unwrap(),
        reply_to: None,
        public_url: "https://post.example.org".parse().unwrap(),
        postal_address: "1 Quay Street, Harbour Town HT1 2AB".to_owned(),
        copyright: "© {year} {name}. All rights reserved.".to_owned(),
        list_id: "post.example.org".to_owned(),
        editors: Vec::new(),
        sign_up: SignUpWords {
            title: "Straight Into Your Inbox".to_owned(),
            promise: "Free, every weekday at seven.".to_owned(),
            thanks: "Look into your inbox.".to_owned(),
        },
        sample_keys: Vec::new(),
        theme: Theme::default(),
    }
}

pub(crate) fn ada() -> Author {
    Author {
        name: "Ada Reporter".to_owned(),
        biography: Some("Ada covers the harbour and *the people* who work in it.".to_owned()),
        link: Some("https://post.example.org/ada".parse().unwrap()),
        photo: None,
    }
}

/// A short article of `date`, with nothing but what every article has.
pub(crate) fn article(path: &str, date: &str) -> Article {
    let title = path.trim_end_matches(".md").replace(['-', '/'], " ");
    Article {
        path: path.into(),
        slug: Slug::of_text(&title).unwrap(),
        title,
        date: day(date),
        not_before: None,
        author: None,
        highlights: Vec::new(),
        tags: Vec::new(),
        summary: None,
        image: None,
        url: None,
        lead: false,
        draft: false,
        sources: Vec::new(),
        extra: serde_json::Map::new(),
        markdown: "One paragraph.\n".to_owned(),
        pictures: BTreeMap::new(),
        modified: at("2026-03-01T18:00:00Z"),
    }
}

/// An article with everything in it.
pub(crate) fn ferry() -> Article {
    let photo = Picture {
        media_type: "image/jpeg",
        file_name: "00aa11bb22cc33dd.jpg".to_owned(),
        width: 1104,
        height: 700,
        bytes: Arc::from(&b"not decoded here"[..]),
    };
    let quay = Picture {
        media_type: "image/png",
        file_name: "44ee55ff66aa77bb.png".to_owned(),
        width: 300,
        height: 200,
        bytes: Arc::from(&b"nor here"[..]),
    };
    Article {
        title: "Harbour ferry returns after “four years”".to_owned(),
        slug: Slug::of_text("harbour-ferry-returns").unwrap(),
        author: Some(ada()),
        highlights: vec![
            "Six sailings **each way**, every day, from the north quay and from the south quay alike"
                .to_owned(),
            "The fare [stays](https://post.example.org/fares) at two pounds".to_owned(),
            "Bicycles travel free before nine".to_owned(),
        ],
        tags: vec!["Transport".to_owned(), "Council".to_owned()],
        summary: Some("Six sailings a day from Monday, and the fare stays at two pounds.".to_owned()),
        image: Some(Figure {
            src: "ferry.jpg".to_owned(),
            alt: "A white ferry at the quay, its ramp down".to_owned(),
            caption: Some("The ferry on trials. Photograph: *Ada Reporter*".to_owned()),
        }),
        lead: true,
        sources: vec![
            Source {
                title: "Minutes of the council, 1 March 2026".to_owned(),
                url: Some("https://council.example.org/minutes/2026-03-01".parse().unwrap()),
            },
            Source { title: "The harbour master, in conversation".to_owned(), url: None },
        ],
        markdown: FERRY.to_owned(),
        pictures: BTreeMap::from([("ferry.jpg".to_owned(), photo), ("quay.png".to_owned(), quay)]),
        ..article("ferry.md", "2026-03-02")
    }
}

const FERRY: &str = "\
The harbour ferry sails again on Monday after four years in dry dock. The council approved the timetable last
night by nine votes to two, and [the minutes](https://council.example.org/minutes) were published this morning.

## What changes on Monday

The first boat leaves the north quay at six.[^1] Crews trained through the winter on the new engine, which burns a
third less fuel than the one it replaced, and the harbour master expects no delay at the narrow entrance.

> People here planned their week around that boat. They will again.

![The north quay at low tide](quay.png 'The north quay, half past five')

Tickets are sold on board and [online](https://tickets.example.org/a/very/long/address/that/goes/on/and/on/without/any/break/at/all?really=yes).

| Sailing | From | Fare |
|---|---|---:|
| Early | North quay | 2.00 |
| Noon | South quay | 2.00 |

### Cost and paying for it

1. Half from the regional fund
2. Half as a twenty-year loan

The timetable is also a file: `timetable_with_an_unreasonably_long_file_name_that_nobody_can_break.csv`.

```
06:00 north quay -> south quay    crew A, engine checked the evening before, bicycles free of charge
```

[^1]: Six in summer, half past six in winter.
";

pub(crate) fn library() -> Article {
    Article {
        title: "The library opens on Sundays".to_owned(),
        slug: Slug::of_text("library-sundays").unwrap(),
        author: Some(Author {
            name: "Bo Writer".to_owned(),
            biography: Some("Bo reads.".to_owned()),
            link: None,
            photo: Some("https://post.example.org/bo.jpg".parse().unwrap()),
        }),
        highlights: vec![
            "From ten to four".to_owned(),
            "The reading room is **heated**".to_owned(),
            "Nobody is paid more for it".to_owned(),
        ],
        tags: vec!["Culture".to_owned()],
        summary: Some("A trial of six months begins in April.".to_owned()),
        url: Some("https://www.library.example.org/sundays".parse().unwrap()),
        markdown: "The trial begins in April. See also [the ferry](../ferry.md).\n\n## How to get there\n\nOn foot.\n"
            .to_owned(),
        ..article("culture/library.md", "2026-03-01")
    }
}

pub(crate) fn recent() -> Vec<Headline> {
    ["Council approves the timetable", "The market moves indoors"]
        .into_iter()
        .zip(["2026-02-27", "2026-02-26"])
        .map(|(title, date)| Headline {
            slug: Slug::of_text(title).unwrap().to_string(),
            title: title.to_owned(),
            url: format!("https://post.example.org/editions/{date}"),
            date: day(date),
            summary: Some("The first sailing leaves at six each morning, and the fare stays.".to_owned()),
        })
        .collect()
}

pub(crate) fn edition(articles: Vec<Article>) -> Edition {
    Edition {
        earlier: std::collections::BTreeMap::new(),
        key: EditionKey::of(day("2026-03-02")),
        articles,
        recent: recent(),
        number: 214,
        frozen_at: at("2026-03-02T07:00:00.123Z"),
    }
}

pub(crate) const EMBED: RenderSettings = RenderSettings { images: ImagePolicy::Embed, size_limit: 60 * 1024 };

/// The built-in templates in this language.
pub(crate) fn templates(language: &str) -> Templates {
    Templates::with_words(Words::load(language, None).unwrap())
}

pub(crate) fn rendered(articles: Vec<Article>) -> RenderedEdition {
    rendered_with(&templates("en-GB"), articles).unwrap()
}

pub(crate) fn rendered_with(
    templates: &Templates,
    articles: Vec<Article>,
) -> Result<RenderedEdition, RenderError> {
    render(&edition(articles), &publication(), templates, &EMBED)
}

/// What is hard to set on a telephone.
pub(crate) fn torture() -> Article {
    Article {
        title: "Donaudampfschifffahrtsgesellschaftskapitän nimmt Abschied & geht".to_owned(),
        summary: Some(
            "Rindfleischetikettierungsüberwachungsaufgabenübertragungsgesetz aufgehoben.".to_owned(),
        ),
        highlights: vec![
            "See https://example.org/a/very/long/path/without/any/break/at/all/for/a/telephone".to_owned(),
        ],
        tags: vec!["Verkehrsinfrastrukturfinanzierungsgesellschaft".to_owned()],
        markdown: "\
| Element | Where it is separated | Process | Tonnes 2024 | Share |
|---|---|---|---:|---:|
| Praseodymium | Inner Mongolia, Guangdong | hydrometallurgical | 270,000 | 91.5 % |
| Neodymium | Kuantan | solvent extraction | 12,345 | 4.2 % |

> > Nested quotes with https://example.org/a/very/long/path/without/any/break/at/all/for/a/telephone in them.

- one
  - two
    - three with `a_very_long_identifier_that_does_not_break_anywhere_at_all_in_the_world`

    ```
    fn main() { println!(\"{}\", a_very_long_identifier_that_does_not_break_anywhere_at_all_in_the_world()); }
    ```

Term
: Its definition, which has quite a few words so that it must be wrapped in the plain text of the edition.

- [x] done
- [ ] not done

Text with <kbd>Ctrl</kbd>, H<sub>2</sub>O, <mark>marked</mark> and ~~struck~~ words.

---

The end.
"
        .to_owned(),
        ..article("torture.md", "2026-03-02")
    }
}
