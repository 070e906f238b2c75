//! The manual for authors, docs/recipes.md, in its sections: so it is at hand where the program is.

const MANUAL: &str = include_str!("../../../docs/recipes.md");

/// A section of the manual.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Section {
    pub title: &'static str,
    /// In Markdown, without its heading and without the sections in it.
    pub text: &'static str,
}

/// All sections, in their order.
pub fn sections() -> Vec<Section> {
    let mut sections = Vec::new();
    let mut begin: Option<(&'static str, usize)> = None;
    let mut in_code = false;
    let mut at = 0;
    for line in MANUAL.split_inclusive('\n') {
        in_code ^= line.starts_with("```");
        let title = line.strip_prefix("### ").or_else(|| line.strip_prefix("## "));
        if let Some(title) = title.filter(|_| !in_code) {
            close(&mut sections, begin, at);
            begin = Some((title.trim(), at + line.len()));
        }
        at += line.len();
    }
    close(&mut sections, begin, at);
    sections
}

fn close(sections: &mut Vec<Section>, begin: Option<(&'static str, usize)>, end: usize) {
    if let Some((title, begin)) = begin {
        let text = MANUAL.get(begin..end).unwrap_or_default().trim();
        sections.push(Section { title, text });
    }
}

#[cfg(test)]
mod tests {
    use super::sections;

    #[test]
    fn sections_are_found_by_their_headings_and_none_is_in_code() {
        let sections = sections();
        let guards = sections
            .iter()
            .find(|section| section.title == "Guards")
            .expect("a section");
        assert!(guards.text.starts_with("A guard is"), "{}", guards.text);
        assert!(
            sections.iter().all(|section| !section.text.contains("\n## ")),
            "{sections:?}"
        );
    }
}
