//! The reference tells the truth: everything is documented, and every example works.

use crate::support::evaluated;
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
    for function in functions {
        assert!(
            function.description.len() > 20,
            "{} has no description",
            function.signature
        );
        assert!(!function.example.is_empty(), "{} has no example", function.signature);
    }
}

#[test]
fn every_example_works() {
    for function in reference::functions(&engine()) {
        evaluated(&function.example);
    }
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
