//! The API as its own document tells it: the operations to walk, and whether an answer is
//! what the document promises.

use crate::binary;
use serde_json::Value;

/// One method of one path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Operation {
    /// In capitals.
    pub method: String,
    /// With its parameters in braces.
    pub path: String,
}

impl Operation {
    /// `GET /api/v1/clients/{id}`.
    pub fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }
}

/// The document that the binary prints.
pub fn document() -> Value {
    let output = binary::command()
        .arg("openapi")
        .output()
        .expect("the binary starts");
    assert!(output.status.success(), "octroi openapi failed");
    serde_json::from_slice(&output.stdout).expect("the document is JSON")
}

/// Every operation of the document.
pub fn operations(document: &Value) -> Vec<Operation> {
    let paths = document["paths"]
        .as_object()
        .expect("the document has paths");
    let mut found: Vec<Operation> = paths
        .iter()
        .flat_map(|(path, item)| {
            let methods = item.as_object().expect("a path is an object").keys();
            methods
                .filter(|key| ["get", "put", "post", "delete", "patch"].contains(&key.as_str()))
                .map(|method| Operation {
                    method: method.to_uppercase(),
                    path: path.clone(),
                })
        })
        .collect();
    found.sort();
    found
}

/// What the document says of one operation.
#[track_caller]
pub fn description<'a>(document: &'a Value, operation: &Operation) -> &'a Value {
    let found = &document["paths"][&operation.path][operation.method.to_lowercase()];
    assert!(
        found.is_object(),
        "{} is not in the document",
        operation.name()
    );
    found
}

/// Follows `$ref`.
pub fn resolved<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    match schema["$ref"]
        .as_str()
        .and_then(|reference| reference.strip_prefix('#'))
    {
        Some(pointer) => document
            .pointer(pointer)
            .expect("a reference leads somewhere"),
        None => schema,
    }
}

/// Where `value` is not what `schema` says: fields that are missing, of another type, or not
/// in the schema at all. Empty when it fits.
pub fn mismatches(document: &Value, schema: &Value, value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    compare(document, schema, value, "", &mut found);
    found
}

fn compare(document: &Value, schema: &Value, value: &Value, at: &str, found: &mut Vec<String>) {
    let schema = resolved(document, schema);
    for key in ["oneOf", "anyOf"] {
        if let Some(options) = schema[key].as_array() {
            let fits = |option: &Value| mismatches(document, option, value).is_empty();
            if !options.iter().any(fits) {
                found.push(format!("{at}: none of {key} fits {value}"));
            }
            return;
        }
    }
    if let Some(parts) = schema["allOf"].as_array() {
        compare_parts(document, parts, value, at, found);
        return;
    }
    if !has_type(schema, value) {
        found.push(format!("{at}: {value} is not of type {}", schema["type"]));
        return;
    }
    if let Some(allowed) = schema["enum"].as_array()
        && !allowed.contains(value)
    {
        found.push(format!("{at}: {value} is not one of {allowed:?}"));
    }
    match value {
        Value::Object(_) if schema["properties"].is_object() => {
            compare_parts(document, std::slice::from_ref(schema), value, at, found);
        }
        Value::Array(items) if schema["items"].is_object() => {
            for (i, item) in items.iter().enumerate() {
                compare(
                    document,
                    &schema["items"],
                    item,
                    &format!("{at}/{i}"),
                    found,
                );
            }
        }
        _ => {}
    }
}

/// The properties of all parts together are the properties of the object.
fn compare_parts(
    document: &Value,
    parts: &[Value],
    value: &Value,
    at: &str,
    found: &mut Vec<String>,
) {
    let parts: Vec<&Value> = parts.iter().map(|part| resolved(document, part)).collect();
    let Some(object) = value.as_object() else {
        found.push(format!("{at}: {value} is no object"));
        return;
    };
    for part in &parts {
        for name in part["required"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
        {
            if !object.contains_key(name) {
                found.push(format!("{at}/{name}: required and missing"));
            }
        }
    }
    for (name, field) in object {
        let at = format!("{at}/{name}");
        match parts.iter().find_map(|part| part["properties"].get(name)) {
            Some(schema) => compare(document, schema, field, &at, found),
            None => found.push(format!("{at}: not in the document")),
        }
    }
}

fn has_type(schema: &Value, value: &Value) -> bool {
    let fits = |name: &str| match name {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("the document has a type {other}"),
    };
    match &schema["type"] {
        Value::String(name) => fits(name),
        Value::Array(names) => names.iter().filter_map(Value::as_str).any(fits),
        _ => true,
    }
}
