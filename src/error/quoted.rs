//! Values as messages quote them. It must not know what a value is for.

/// The beginning of a value, which is enough to recognise a long one.
pub fn beginning(value: &str) -> String {
    const SHOWN: usize = 120;
    let more = if value.chars().nth(SHOWN).is_some() { "…" } else { "" };
    let shown: String = value.chars().take(SHOWN).collect();
    format!("{shown}{more}")
}
