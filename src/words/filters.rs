//! What templates do with words: fill them in, choose their plural, keep them together.

use tera::{Error, Kwargs, State, StringInput, Tera, TeraResult, Value};

use super::Words;
use super::file::places;
use super::numbers::name;

/// Gives `tera` the filters `fill`, `fill_html`, `plural`, `plural_html`, `number` and `unbroken` in the language of
/// `words`, and the variable `words` to every template that has none of its own.
pub fn register(tera: &mut Tera, words: &Words) {
    tera.global_context().insert("words", &words.variable());
    for (filter, marking) in [("fill", Marking::None), ("fill_html", Marking::Isolate)] {
        let words = words.clone();
        tera.register_filter(filter, move |text: StringInput<'_>, values: Kwargs, state: &State| {
            let values = Values::of(&words, &values, marking, state)?;
            values.put(&text.rendered(state)?, state)
        });
    }
    for (filter, marking) in [("plural", Marking::None), ("plural_html", Marking::Isolate)] {
        let words = words.clone();
        tera.register_filter(filter, move |forms: tera::Map, values: Kwargs, state: &State| {
            let count = values.must_get::<u64>("count")?;
            let form = |name: &'static str| forms.get(&name.into()).and_then(Value::as_str);
            let form = form(name(words.inner.numbers.category(count))).or_else(|| form("other"));
            let form = form.ok_or_else(|| Error::message("`plural` is for words that have forms"))?;
            let escaped = if state.autoescaping_enabled() { state.escape(form)? } else { form.to_owned() };
            Values::of(&words, &values, marking, state)?.put(&escaped, state)
        });
    }
    let own = words.clone();
    tera.register_filter("number", move |number: u64, _: Kwargs, _: &State| own.number(number));
    // Lines break elsewhere: U+00A0 between the words.
    tera.register_filter("unbroken", |text: &str, _: Kwargs, _: &State| text.replace(' ', "\u{A0}"));
}

/// Whether values are set apart from the sentence around them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Marking {
    /// As they are: for plain text and attributes.
    None,
    /// In a `<span dir="auto">`, so that a name in another script does not turn the sentence around.
    Isolate,
}

struct Values(Vec<(String, String)>);

impl Values {
    fn of(words: &Words, values: &Kwargs, marking: Marking, state: &State) -> TeraResult<Self> {
        let mut filled = Vec::new();
        for (name, value) in values.iter() {
            let name = name.as_str().unwrap_or_default().to_owned();
            // What is HTML already is set apart by whoever made it.
            let marking = if value.is_string() && value.is_safe() { Marking::None } else { marking };
            let text = match (value.as_str(), value.as_u64()) {
                (Some(_), _) => state.escape_if_needed(value)?,
                (None, Some(number)) => words.number(number),
                (None, None) => {
                    return Err(Error::message(format!("`{name}` is neither a text nor a whole number")));
                }
            };
            filled.push(match marking {
                Marking::None => (name, text),
                Marking::Isolate => (name, format!("<span dir=\"auto\">{text}</span>")),
            });
        }
        Ok(Values(filled))
    }

    fn put(&self, text: &str, state: &State) -> TeraResult<Value> {
        if let Some(place) = places(text).find(|place| !self.0.iter().any(|(name, _)| name == place)) {
            return Err(Error::message(format!("these words need a value for `{place}`: {text}")));
        }
        let values: Vec<(&str, &str)> =
            self.0.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
        let filled = super::filled(text, &values);
        Ok(if state.autoescaping_enabled() { Value::safe_string(&filled) } else { Value::from(filled) })
    }
}
