//! The OpenAPI document against the API itself: every route is in it and no other, and what is answered is what it says.

use crate::fixture::Service;
use infrakt::http::openapi;
use infrakt::http::routes::table::ROUTES;
use serde_json::{Value, json};

/// The schema of what a call answers, with all that it refers to.
pub fn schema_of(method: &str, path: &str, status: &str) -> Value {
    let document = document();
    let response = &document["paths"][path][method]["responses"][status];
    let content = response["content"]
        .as_object()
        .unwrap_or_else(|| panic!("{method} {path} {status}"));
    let schema = content.values().next().expect("a schema")["schema"].clone();
    json!({ "allOf": [schema], "components": document["components"] })
}

/// Holds an answer against what the document says of it.
#[track_caller]
pub fn fits(method: &str, path: &str, status: u16, answer: &Value) {
    let schema = schema_of(method, path, &status.to_string());
    let validator = jsonschema::draft202012::new(&schema).expect("a schema");
    let wrong: Vec<String> = validator
        .iter_errors(answer)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(wrong.is_empty(), "{method} {path}: {wrong:#?}\n{answer:#}");
}

fn document() -> Value {
    openapi::document(ROUTES)
}

#[test]
fn the_document_in_docs_is_up_to_date() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/openapi.json");
    let made = format!("{}\n", serde_json::to_string_pretty(&document()).expect("JSON"));
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(path, &made).expect("written");
    }
    let kept = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        kept == made,
        "docs/openapi.json is not up to date; UPDATE_DOCS=1 cargo test --test http openapi"
    );
    let service = Service::start();
    assert_eq!(service.get("/api/openapi.json").answers(200), document());
}

#[test]
fn every_route_is_in_the_document_and_no_other() {
    let service = Service::start();
    let document = document();
    let paths = document["paths"].as_object().expect("paths");
    for (path, operations) in paths {
        let operations = operations.as_object().expect("operations");
        let called = path.replace("{name}", "none").replace("{id}", "999");
        let refused = service.call("PUT", &called).send();
        refused.refuses(405, "method_not_allowed");
        let mut allowed: Vec<String> = refused
            .header("allow")
            .expect("Allow")
            .split(", ")
            .map(str::to_ascii_lowercase)
            .filter(|method| method != "head")
            .collect();
        allowed.sort();
        assert_eq!(allowed, operations.keys().cloned().collect::<Vec<_>>(), "{path}");
    }
    // What docs/api.md tells people is the same.
    let calls = paths.iter().flat_map(|(path, operations)| {
        let methods = operations.as_object().expect("operations").keys();
        methods.map(move |method| format!("{} {path}", method.to_ascii_uppercase()))
    });
    let told = include_str!("../../docs/api.md").lines().filter_map(|line| {
        let call = line.strip_prefix("| `")?.split(['`', '?']).next()?;
        call.contains(" /api/").then(|| call.to_owned())
    });
    let (mut calls, mut told): (Vec<String>, Vec<String>) = (calls.collect(), told.collect());
    calls.sort();
    told.sort();
    assert_eq!(calls, told);
    service.get("/api/nothing").refuses(404, "unknown_route");
}

#[test]
fn the_document_is_valid_openapi() {
    let document = document();
    assert_eq!(document["openapi"], "3.1.0");
    let text = document.to_string();
    let mut names = Vec::new();
    for path in document["paths"].as_object().expect("paths").values() {
        for operation in path.as_object().expect("operations").values() {
            names.push(operation["operationId"].as_str().expect("a name"));
            assert!(operation["summary"].as_str().is_some_and(|summary| !summary.is_empty()));
        }
    }
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count, "names come once");
    // Every reference leads somewhere, and every schema is used.
    let schemas = document["components"]["schemas"].as_object().expect("schemas");
    for (name, schema) in schemas {
        assert!(
            text.contains(&format!("\"#/components/schemas/{name}\"")),
            "nothing refers to {name}"
        );
        jsonschema::draft202012::new(&json!({ "allOf": [schema], "components": document["components"] }))
            .unwrap_or_else(|error| panic!("{name}: {error}"));
    }
}
