//! An entry of the reference.

use serde::Serialize;

/// A function that recipes can call, or a value that they can read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Function {
    /// With its module: `ssh::run`.
    pub name: String,
    pub signature: String,
    /// Where it belongs: a module of primitives (`ssh`), a module of the library (`lib/apt`), what it is called on (`step`,
    /// `text`), what it is a part of (`facts`), or `recipe`.
    pub group: String,
    /// What it does, in Markdown.
    pub description: String,
    /// Rhai code that shows it, from the section `# Example`.
    pub example: String,
}

impl Function {
    /// The first sentence of the description.
    pub fn summary(&self) -> &str {
        let first = self.description.split("\n\n").next().unwrap_or_default();
        first
            .find(". ")
            .or_else(|| first.find(".\n"))
            .and_then(|at| first.get(..=at))
            .unwrap_or(first)
    }
}
