//! The front matter of a post, in YAML, TOML or JSON.

use serde_json::{Map, Value};

use crate::article::broken_head;
use crate::yaml::{self, Limits};

/// The fields of a front matter in YAML, TOML or JSON, and where the body begins; else the line that is wrong, and why.
pub(super) fn fields(text: &str) -> Result<(Map<String, Value>, usize), (usize, String)> {
    // Blank lines above it are passed over.
    let above = text.len() - text.trim_start().len();
    let above = text[..above].rfind('\n').map_or(0, |at| at + 1);
    let lines = text[..above].matches('\n').count();
    match at_top(&text[above..]) {
        Ok((fields, 0)) => Ok((fields, 0)),
        Ok((fields, body)) => Ok((fields, above + body)),
        Err((line, why)) => Err((lines + line, why)),
    }
}

fn at_top(text: &str) -> Result<(Map<String, Value>, usize), (usize, String)> {
    let first = text.lines().next().unwrap_or_default().trim_end();
    let fence = match first {
        "---" => "---",
        "+++" => "+++",
        // A text may begin with `{% raw %}` or `{{ x }}`.
        _ if text.strip_prefix('{').is_some_and(|rest| rest.trim_start().starts_with(['"', '}'])) => {
            let mut values = serde_json::Deserializer::from_str(text).into_iter::<Value>();
            return match values.next() {
                Some(Ok(Value::Object(fields))) => Ok((fields, values.byte_offset())),
                Some(Ok(_)) | None => Err((1, "the front matter is no object of JSON".to_owned())),
                Some(Err(error)) => Err((error.line(), format!("the front matter is no JSON: {error}"))),
            };
        }
        _ => return Ok((Map::new(), 0)),
    };
    let start = text.find('\n').map_or(text.len(), |at| at + 1);
    let mut end = start;
    for line in text[start..].split_inclusive('\n') {
        if line.trim_end() == fence || fence == "---" && line.trim_end() == "..." {
            let head = &text[start..end];
            let body = end + line.len();
            let fields = if fence == "---" { from_yaml(head)? } else { from_toml(head)? };
            return Ok((fields, body));
        }
        end += line.len();
    }
    Err((1, format!("the front matter is never closed: there is no second line of `{fence}`")))
}

pub(super) fn from_yaml(head: &str) -> Result<Map<String, Value>, (usize, String)> {
    if head.trim().is_empty() {
        return Ok(Map::new());
    }
    let node = yaml::parse(head, Limits::DOCUMENT).map_err(|error| {
        if let Some((line, why, remedy)) = broken_head(head) {
            return (line + 2, format!("{why}; {remedy}"));
        }
        let remedy = error.remedy.map(|remedy| format!("; {remedy}")).unwrap_or_default();
        let why = error.message.strip_prefix("this is no YAML: ").unwrap_or(&error.message);
        (error.place.line + 1, format!("the front matter is no YAML: {why}{remedy}"))
    })?;
    match node.to_json() {
        Value::Object(fields) => Ok(fields),
        Value::Null => Ok(Map::new()),
        _ => Err((2, "the front matter is no mapping of keys".to_owned())),
    }
}

pub(super) fn from_toml(head: &str) -> Result<Map<String, Value>, (usize, String)> {
    let table: toml::Table = head.parse().map_err(|error: toml::de::Error| {
        let line = error.span().map_or(0, |span| head[..span.start.min(head.len())].matches('\n').count());
        (line + 2, format!("the front matter is no TOML: {}", error.message()))
    })?;
    fn json(value: toml::Value) -> Value {
        match value {
            toml::Value::String(text) => text.into(),
            toml::Value::Integer(number) => number.into(),
            toml::Value::Float(number) => number.into(),
            toml::Value::Boolean(flag) => flag.into(),
            toml::Value::Datetime(moment) => moment.to_string().into(),
            toml::Value::Array(items) => items.into_iter().map(json).collect(),
            toml::Value::Table(fields) => {
                Value::Object(fields.into_iter().map(|(k, v)| (k, json(v))).collect())
            }
        }
    }
    Ok(table.into_iter().map(|(key, value)| (key, json(value))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_found_beneath_blank_lines_and_a_text_without_one_is_a_text() {
        for text in [
            "---\ntitle: A\n---\nText.\n",
            "\n \n---\ntitle: A\n---\nText.\n",
            "\n+++\ntitle = 'A'\n+++\nText.\n",
            "\n{ \"title\": \"A\" }Text.\n",
        ] {
            let (fields, body) = fields(text).unwrap();
            assert_eq!((fields["title"].as_str(), &text[body..]), (Some("A"), "Text.\n"), "{text}");
        }
        for text in ["Text.\n", "{% raw %}x{% endraw %}\n", "{{ x }}\n", "\n    code\n", ""] {
            assert_eq!(fields(text), Ok((Map::new(), 0)), "{text}");
        }
        assert_eq!(fields("\n\n---\na: b: c\n---\n").unwrap_err().0, 4);
        assert_eq!(fields("\n{\"a\": 1,\n").unwrap_err().0, 3);
    }
}
