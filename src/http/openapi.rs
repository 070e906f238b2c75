//! The OpenAPI 3.1 document of the API, made from the table of routes and from the types of requests and answers.
//!
//! It must not know how a request is answered.

use super::problem::ProblemShown;
use super::routes::route::{Good, Route, SchemaOf};
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value, json};
use std::borrow::Cow;

/// The document itself, as a schema: only that it is one.
pub struct OpenApiDocument;

impl JsonSchema for OpenApiDocument {
    fn schema_name() -> Cow<'static, str> {
        "OpenApi".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "object", "required": ["openapi", "info", "paths", "components"] })
    }
}

/// The document.
pub fn document(routes: &[Route]) -> Value {
    // What is read may lack what has a default; what is answered has it all.
    let settings = || {
        SchemaSettings::draft2020_12().with(|settings| {
            settings.definitions_path = "/components/schemas".into();
            settings.meta_schema = None;
        })
    };
    let mut read = settings().for_deserialize().into_generator();
    let mut answered = settings().for_serialize().into_generator();
    let mut paths: Map<String, Value> = Map::new();
    for route in routes {
        let operation = operation(route, &mut read, &mut answered);
        let path = paths.entry(route.path).or_insert_with(|| json!({}));
        path[route.method.name().to_ascii_lowercase()] = operation;
    }
    let mut schemas = read.take_definitions(true);
    schemas.extend(answered.take_definitions(true));
    for schema in schemas.values_mut() {
        tidy(schema);
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "infrakt",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Wipes and provisions servers over SSH. docs/api.md describes what applies to every \
                            request.",
            "license": { "name": "MIT", "identifier": "MIT" },
        },
        "servers": [{ "url": "/" }],
        "security": [{ "key": [] }],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": { "key": { "type": "apiKey", "in": "header", "name": "X-API-Key" } },
        },
    })
}

/// Takes out what is true of the types and says nothing about JSON.
fn tidy(schema: &mut Value) {
    match schema {
        Value::Array(list) => list.iter_mut().for_each(tidy),
        Value::Object(fields) => {
            // What may be missing is not the same as null.
            fields.retain(|name, value| !(name == "default" && value.is_null()));
            if let Some(Value::String(description)) = fields.get_mut("description") {
                *description = description
                    .replace('\n', " ")
                    .replace("`None`", "null")
                    .replace("[`", "`")
                    .replace("`]", "`");
            }
            fields.values_mut().for_each(tidy);
        }
        _ => {}
    }
}

fn operation(route: &Route, read: &mut SchemaGenerator, answered: &mut SchemaGenerator) -> Value {
    let mut operation = Map::new();
    let mut describe = |field: &str, value: Value| operation.insert(field.to_owned(), value);
    describe("operationId", route.name.into());
    describe("summary", route.summary.into());
    let mut parameters: Vec<Value> = in_path(route);
    if let Some(query) = route.query {
        parameters.extend(in_query(query, read));
    }
    if let Good::Events(_) = route.answer {
        parameters.push(json!({
            "name": "Last-Event-ID", "in": "header", "required": false, "schema": { "type": "integer", "minimum": 0 },
        }));
    }
    if !parameters.is_empty() {
        describe("parameters", parameters.into());
    }
    if let Some(body) = &route.body {
        let content = json!({ "application/json": { "schema": (body.schema)(read) } });
        describe("requestBody", json!({ "required": body.required, "content": content }));
    }
    if route.path == "/api/health" {
        describe("security", json!([]));
    }
    let mut responses = Map::new();
    match route.answer {
        Good::Json(status, schema) => {
            let content = json!({ "application/json": { "schema": schema(answered) } });
            responses.insert(status.to_string(), json!({ "description": "Done", "content": content }));
        }
        Good::Nothing => {
            responses.insert("204".to_owned(), json!({ "description": "Done" }));
        }
        Good::Events(schema) => {
            let described = "Events with an id, a name, and JSON data; the schema describes the data of one event";
            let content = json!({ "text/event-stream": { "schema": schema(answered) } });
            responses.insert(
                "200".to_owned(),
                json!({ "description": described, "content": content }),
            );
        }
    }
    let problem = json!({ "application/json": { "schema": answered.subschema_for::<ProblemShown>() } });
    for status in route.refusals {
        let response = json!({ "description": described(*status), "content": problem });
        responses.insert(status.to_string(), response);
    }
    responses.insert(
        "default".to_owned(),
        json!({ "description": "Errors that any request can get", "content": problem }),
    );
    describe("responses", responses.into());
    operation.into()
}

fn described(status: u16) -> &'static str {
    match status {
        404 => "Not found",
        409 => "Not possible in the present state: protected, locked, name taken, or not resumable",
        422 => "The body or the query is invalid, or a consent is missing or does not match",
        502 => "The server could not be reached or trusted",
        _ => "Refused",
    }
}

fn in_path(route: &Route) -> Vec<Value> {
    let names = route.path.split('/').filter_map(|segment| {
        let name = segment.strip_prefix('{')?.strip_suffix('}')?;
        let schema = match name {
            "id" => json!({ "type": "integer" }),
            _ => json!({ "type": "string" }),
        };
        Some(json!({ "name": name, "in": "path", "required": true, "schema": schema }))
    });
    names.collect()
}

/// The fields of a query's type, each as a parameter.
fn in_query(query: SchemaOf, generator: &mut SchemaGenerator) -> Vec<Value> {
    // The schema of a type with a name is a reference to its definition, which nothing else refers to.
    let reference = query(generator).to_value();
    let name = reference
        .get("$ref")
        .and_then(Value::as_str)
        .and_then(|path| path.rsplit('/').next())
        .unwrap_or_default()
        .to_owned();
    let schema = generator.definitions_mut().remove(&name).unwrap_or_default();
    let required: Vec<&str> = schema
        .get("required")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let fields = schema
        .get("properties")
        .and_then(Value::as_object)
        .into_iter()
        .flatten();
    fields
        .map(|(field, schema)| {
            let mut schema = schema.clone();
            let description = schema.as_object_mut().and_then(|schema| schema.remove("description"));
            json!({
                "name": field, "in": "query", "required": required.contains(&field.as_str()),
                "description": description.unwrap_or_default(), "schema": schema,
            })
        })
        .collect()
}
