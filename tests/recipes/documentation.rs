//! The reference tells the truth: everything is documented, and every example works.

use crate::support::{Files, shown};
use infrakt::recipe::{engine, reference};

#[test]
fn every_function_is_documented_with_an_example() {
    let functions = reference::functions(&engine());
    let names: Vec<&str> = functions.iter().map(|function| function.name.as_str()).collect();
    for expected in [
        "ssh::run",
        "ssh::destroy",
        "db::forget_apps",
        "confirm::destroy",
        "unless",
        "param",
        "secret",
        "fail",
    ] {
        assert!(names.contains(&expected), "{expected} is missing from {names:?}");
    }
    for function in reference::all(&engine()) {
        assert!(
            function.description.len() > 15,
            "{} has no description",
            function.signature
        );
        assert!(!function.example.is_empty(), "{} has no example", function.signature);
    }
}

#[test]
fn every_example_works() {
    for function in reference::all(&engine()) {
        Files::new(&function.example)
            .beside("app.toml", "port = 8080\n")
            .beside("app.env", "PORT={{ port }}\nKEY={{ key }}\n")
            .beside("bin/app", "")
            .beside("site/index.html", "<p>Hello\n")
            .evaluate()
            .unwrap_or_else(|error| panic!("the example of {}:\n{}", function.signature, shown(&error)));
    }
}

#[test]
fn what_rhai_brings_is_explained_too() {
    let all = reference::all(&engine());
    for (group, names) in [
        (
            "text",
            &[
                "len",
                "split",
                "trim",
                "replace",
                "contains",
                "starts_with",
                "to_upper",
                "sub_string",
                "index_of",
            ][..],
        ),
        (
            "list",
            &[
                "push", "map", "filter", "sort", "contains", "is_empty", "index_of", "reverse",
            ],
        ),
        ("map", &["keys", "values", "contains", "remove"]),
    ] {
        for name in names {
            assert!(
                all.iter()
                    .any(|function| function.group == group && function.name == *name),
                "{group}: {name}"
            );
        }
    }
    // Nothing that recipes are refused.
    for refused in ["sleep", "timestamp", "eval"] {
        assert!(!all.iter().any(|function| function.name == refused), "{refused}");
    }
}

#[test]
fn the_definitions_for_editors_have_every_module_and_expected_signatures() {
    let definitions = reference::definitions(&engine());
    for expected in [
        "module static;",
        "module ssh {",
        "module apt {",
        "    fn install(packages: ?);",
        "let facts: Facts;",
    ] {
        assert!(definitions.contains(expected), "{expected}");
    }
    let open = definitions.matches("module ").count() - 1;
    assert_eq!(definitions.matches("\n}\n").count(), open, "each module is closed");
}

/// The page in docs/ is what `infrakt recipe docs` prints. After a change: `UPDATE_DOCS=1 cargo test --test recipes`.
#[test]
fn the_page_of_the_reference_is_up_to_date() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/recipe-reference.md");
    let reference = reference::markdown(&engine());
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(page, &reference).expect("the page is written");
    }
    let written = std::fs::read_to_string(page).expect("the page");
    assert!(
        written == reference,
        "docs/recipe-reference.md is out of date: UPDATE_DOCS=1 cargo test --test recipes"
    );
}
