//! `docs/cli.md` lists every error code, every reason, and every field of the documents that `--json` prints.

use crate::markdown::root;
use infrakt::document::error::ErrorDocument;
use infrakt::document::event::{EventShown, RunStarted};
use infrakt::document::plan::{PlanMarked, PlanOrProblem};
use infrakt::document::recipe::{RecipeChecked, RecipeListed, RecipeShown, RecipeWritten};
use infrakt::document::run::{OutputShown, RunShown};
use infrakt::document::server::{ServerAdded, ServerListed, ServerShown, ServerStatus, ServerUnlocked, ServerUpdated};
use infrakt::document::service::{ApiKeyShown, ServiceListening};
use infrakt::document::several::GroupEvent;
use infrakt::document::{app::AppShown, tally::Tally};
use infrakt::facts::Facts;
use infrakt::reason::Reason;
use infrakt::store::App;
use schemars::schema_for;
use serde_json::Value;
use std::collections::BTreeSet;

fn text(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The part of docs/cli.md that programs rely on.
fn contract() -> String {
    let page = text("docs/cli.md");
    let (_, from) = page.split_once("\n## JSON\n").expect("a section about JSON");
    let (contract, _) = from.split_once("\n## Environment\n").expect("the section after it");
    contract.to_owned()
}

/// The words in code spans of a text.
fn words(text: &str) -> BTreeSet<String> {
    let spans = text.split('`').skip(1).step_by(2);
    let is_of_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let words = spans.flat_map(|span| span.split(move |c| !is_of_word(c)));
    words.filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// The codes of all errors, from the functions that give them.
fn codes() -> BTreeSet<String> {
    let mut codes = BTreeSet::new();
    for entry in std::fs::read_dir(root().join("src/error")).expect("a folder") {
        let path = entry.expect("a file").path();
        let source = std::fs::read_to_string(&path).expect("a text");
        let Some((_, function)) = source.split_once("fn code(&self) -> &'static str {") else {
            continue;
        };
        let (body, _) = function.split_once("\n    }\n").expect("the function ends");
        codes.extend(body.split('"').skip(1).step_by(2).map(str::to_owned));
    }
    codes
}

#[test]
fn every_error_code_is_in_the_list_and_no_other() {
    let codes = codes();
    assert!(codes.len() > 50, "only {} codes were found", codes.len());
    let contract = contract();
    let (_, from) = contract.split_once("All error codes").expect("the list");
    let (list, _) = from.split_once("</details>").expect("its end");
    assert_eq!(
        words(list),
        codes,
        "docs/cli.md lists the left ones, src/error has the right ones"
    );
}

/// The names of all properties in a schema, at any depth, and the values that are the only ones of their property, such as
/// the code of a reason or the kind of an action.
fn names(schema: &Value, found: &mut BTreeSet<String>) {
    match schema {
        Value::Object(entries) => {
            if let Some(Value::Object(properties)) = entries.get("properties") {
                found.extend(properties.keys().cloned());
            }
            if let Some(Value::String(only)) = entries.get("const") {
                found.insert(only.trim_start_matches("--").to_owned());
            }
            entries.values().for_each(|value| names(value, found));
        }
        Value::Array(items) => items.iter().for_each(|item| names(item, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn missing(schema: &Value, documented: &BTreeSet<String>) -> Vec<String> {
    let mut found = BTreeSet::new();
    names(schema, &mut found);
    assert!(!found.is_empty(), "the schema has no properties: {schema}");
    found.difference(documented).cloned().collect()
}

#[test]
fn every_field_of_a_document_is_documented() {
    // Facts are described where recipes use them.
    let documented = words(&format!("{}{}", contract(), text("docs/recipes.md")));
    let mut lines = Vec::new();
    for (document, schema) in [
        ("an error", schema_for!(ErrorDocument)),
        ("a reason", schema_for!(Reason)),
        ("run_started", schema_for!(RunStarted)),
        ("an event", schema_for!(EventShown)),
        ("an event of a group", schema_for!(GroupEvent)),
        ("the counts of steps", schema_for!(Tally)),
        ("plan", schema_for!(PlanMarked)),
        ("plan of several servers", schema_for!(PlanOrProblem)),
        ("recipe list", schema_for!(RecipeListed)),
        ("recipe show", schema_for!(RecipeShown)),
        ("recipe new", schema_for!(RecipeWritten)),
        ("recipe check", schema_for!(RecipeChecked)),
        ("runs show", schema_for!(RunShown)),
        ("runs logs", schema_for!(OutputShown)),
        ("server list", schema_for!(ServerListed)),
        ("server add", schema_for!(ServerAdded)),
        ("server show", schema_for!(ServerShown)),
        ("server update", schema_for!(ServerUpdated)),
        ("server status", schema_for!(ServerStatus)),
        ("server unlock", schema_for!(ServerUnlocked)),
        ("serve", schema_for!(ServiceListening)),
        ("serve --print-key", schema_for!(ApiKeyShown<'_>)),
        ("facts", schema_for!(Facts)),
        ("app list", schema_for!(App)),
        ("app show", schema_for!(AppShown)),
    ] {
        for name in missing(schema.as_value(), &documented) {
            lines.push(format!("{document}: `{name}`"));
        }
    }
    assert!(lines.is_empty(), "docs/cli.md does not mention\n{}", lines.join("\n"));
}

#[test]
fn a_field_at_any_depth_is_found_if_it_is_not_documented() {
    let schema = serde_json::json!({
        "properties": { "known": { "items": { "properties": { "forgotten": {}, "kind": { "const": "rare" } } } } },
    });
    let documented = words("A document has `known` and `kind`, and talks of forgotten things.");
    assert_eq!(missing(&schema, &documented), ["forgotten", "rare"]);
}
