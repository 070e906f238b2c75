//! The reference as a page.

use super::groups::{groups, heading};
use rhai::Engine;

/// The whole reference in Markdown.
pub fn markdown(engine: &Engine) -> String {
    let mut text = String::from("# Recipe reference\n");
    for (group, functions) in groups(engine) {
        text.push_str(&format!("\n## {}\n", heading(&group)));
        for function in functions {
            text.push_str(&format!(
                "\n### `{}`\n\n{}\n\n```rhai\n{}\n```\n",
                function.signature, function.description, function.example
            ));
        }
    }
    text
}
