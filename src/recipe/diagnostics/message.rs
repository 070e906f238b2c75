//! An error of a recipe with its message in the words of authors. It must not know what went wrong.

use crate::error::{Position, RecipeError};

pub(super) fn script(message: String, label: &str, position: Option<Position>, help: Option<String>) -> RecipeError {
    RecipeError::Script {
        message,
        label: label.to_owned(),
        position,
        help,
        is_broken: true,
    }
}

/// Names of types in Rust, as authors know them.
pub(super) fn words_of_types(message: &str) -> String {
    const WORDS: [(&str, &str); 14] = [
        ("infrakt::recipe::api::step::handle::StepHandle", "step"),
        ("infrakt::recipe::api::step::outputs::StepOutput", "output of a step"),
        ("infrakt::recipe::api::parameters::SecretRef", "secret"),
        ("infrakt::recipe::api::parameters::Params", "record of parameters"),
        ("infrakt::recipe::api::given::ServerHandle", "server"),
        ("infrakt::recipe::api::given::FactsHandle", "record of facts"),
        ("infrakt::recipe::api::inventory::VarsHandle", "record of variables"),
        ("infrakt::recipe::draft::Problem", "problem"),
        ("&str | ImmutableString | String", "string"),
        ("ImmutableString", "string"),
        ("alloc::string::String", "string"),
        ("i64", "int"),
        ("f64", "float"),
        ("&str", "string"),
    ];
    let mut message = message.to_owned();
    for (rust, word) in WORDS {
        if message.contains(rust) {
            message = message.replace(rust, word);
        }
    }
    match message.as_str() {
        "Step" => "step".to_owned(),
        "Secret" => "secret".to_owned(),
        _ => message,
    }
}
