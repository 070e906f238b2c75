//! What differs between two texts, line by line.

use similar::TextDiff;

/// The lines that differ, with three lines around them.
pub fn diff(old: &str, new: &str) -> String {
    let changes = TextDiff::from_lines(old, new);
    let text = changes.unified_diff().context_radius(3).to_string();
    text.lines().map(|line| format!("    {line}\n")).collect()
}
