//! The JSON Schema (2020-12) of the front matter, made from the table of keys.

use serde_json::{Map, Value, json};

use super::keys::{AUTHOR, FRONT_MATTER, IMAGE, KeyRow, Kind, SOURCE};

/// The schema by which editors' programs complete and check front matter.
#[must_use]
pub fn schema() -> Value {
    let mut schema = Map::new();
    schema.insert("$schema".to_owned(), json!("https://json-schema.org/draft/2020-12/schema"));
    schema.insert("title".to_owned(), json!("Front matter of an article"));
    schema.extend(object(FRONT_MATTER));
    Value::Object(schema)
}

fn object(rows: &[KeyRow]) -> Map<String, Value> {
    let properties: Map<String, Value> =
        rows.iter().map(|row| (row.name.to_owned(), property(row))).collect();
    let required: Vec<&str> = rows.iter().filter(|row| row.required).map(|row| row.name).collect();
    let mut object = Map::new();
    object.insert("type".to_owned(), json!("object"));
    object.insert("properties".to_owned(), Value::Object(properties));
    if !required.is_empty() {
        object.insert("required".to_owned(), json!(required));
    }
    object.insert("additionalProperties".to_owned(), json!(false));
    object
}

fn property(row: &KeyRow) -> Value {
    let mut property = Map::new();
    property.insert("description".to_owned(), json!(row.description));
    let shape = match row.kind {
        Kind::Text | Kind::Markdown | Kind::Path => line(),
        Kind::Date => json!({"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}([T ].+)?$"}),
        Kind::Slug => json!({"type": "string", "pattern": "^[a-z0-9]+(-[a-z0-9]+)*$", "maxLength": 80}),
        Kind::Url => json!({"type": "string", "format": "uri", "pattern": "^https?://"}),
        Kind::Switch => json!({"type": "boolean"}),
        Kind::Texts | Kind::Markdowns => json!({"type": "array", "items": line()}),
        Kind::Author => json!({"oneOf": [line(), object(AUTHOR)]}),
        Kind::Image => json!({"oneOf": [line(), object(IMAGE)]}),
        Kind::Sources => json!({"type": "array", "items": {"oneOf": [line(), object(SOURCE)]}}),
        Kind::Free => json!({"type": "object"}),
    };
    if let Value::Object(shape) = shape {
        property.extend(shape);
    }
    let example: Value = serde_json::from_str(row.example).expect("examples of the table are JSON");
    property.insert("examples".to_owned(), json!([example]));
    Value::Object(property)
}

fn line() -> Value {
    json!({"type": "string", "minLength": 1})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_has_an_example_of_its_kind() {
        let schema = schema();
        let properties = schema["properties"].as_object().unwrap();
        assert_eq!(properties.len(), FRONT_MATTER.len());
        assert_eq!(schema["required"], json!(["title", "date"]));
        assert_eq!(schema["additionalProperties"], json!(false));
        assert!(schema["properties"]["extra"].get("additionalProperties").is_none());
        for property in properties.values() {
            assert!(property["examples"][0] != Value::Null);
        }
    }
}
