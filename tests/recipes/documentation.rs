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
