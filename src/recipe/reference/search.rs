//! Finds what an author asks for: a function, a group of functions, or a section of the manual.

use super::function::Function;
use super::groups::all;
use super::library::module;
use super::manual::{Section, sections};
use crate::error::nearest;
use rhai::Engine;

/// What was found.
pub enum SearchResult {
    /// Functions of exactly this name.
    Named(Vec<Function>),
    /// All functions of a group, and those that have its name.
    Group(String, Vec<Function>, Vec<Function>),
    /// The section of the manual with this title.
    Manual(Section),
    /// Functions whose name or description has all the words, and sections whose title has them. Either may be empty.
    Mentioned(Vec<Function>, Vec<Section>),
    /// Nothing; the nearest name, if there is one.
    Nothing(Option<String>),
}

/// Looks for words, without regard to upper and lower case.
pub fn search(engine: &Engine, words: &[String]) -> SearchResult {
    let words: Vec<String> = words
        .iter()
        .flat_map(|word| word.split_whitespace())
        .map(str::to_lowercase)
        .collect();
    let asked = words.join(" ");
    let asked = asked.trim_end_matches("()").trim_start_matches('.');
    let all = all(engine);
    let group: Vec<Function> = all
        .iter()
        .filter(|function| is_group(&function.group, asked))
        .cloned()
        .collect();
    let is_named = |function: &&Function| {
        let name = function.name.to_lowercase();
        name == asked || name.rsplit("::").next() == Some(asked) || name.rsplit('.').next() == Some(asked)
    };
    let named: Vec<Function> = all.iter().filter(is_named).cloned().collect();
    if let Some(first) = group.first() {
        return SearchResult::Group(first.group.clone(), group, named);
    }
    if !named.is_empty() {
        return SearchResult::Named(named);
    }
    let sections = sections();
    if let Some(section) = sections.iter().find(|section| section.title.to_lowercase() == asked) {
        return SearchResult::Manual(*section);
    }
    let holds = |text: &str| words.iter().all(|word| has_word(text, word));
    let named = |function: &&Function| holds(&function.name);
    let mut mentioned: Vec<Function> = all.iter().filter(named).cloned().collect();
    let by_text = all
        .iter()
        .filter(|function| holds(&format!("{} {}", function.name, function.description)));
    mentioned.extend(by_text.filter(|function| !named(function)).cloned());
    // Words of the language are explained where they stand first in an example.
    let shown = |section: &&Section| {
        section.text.contains(&format!("`{asked} ")) || section.text.contains(&format!("`{asked}`"))
    };
    let titled = sections.iter().filter(|section| holds(section.title) || shown(section));
    let titled: Vec<Section> = titled.copied().collect();
    if !mentioned.is_empty() || !titled.is_empty() {
        return SearchResult::Mentioned(mentioned, titled);
    }
    let bare = all
        .iter()
        .filter_map(|function| function.name.rsplit(['.', ':']).next());
    let names = all.iter().map(|function| function.name.as_str()).chain(bare);
    let titles = sections.iter().map(|section| section.title);
    SearchResult::Nothing(nearest(asked, names.chain(titles)).map(str::to_owned))
}

/// Whether a word of the text is this word, or begins with it if that is long enough to mean something.
fn has_word(text: &str, word: &str) -> bool {
    let text = text.to_lowercase();
    let mut words = text.split(|c: char| !c.is_alphanumeric());
    words.any(|one| one == word || word.len() > 2 && one.starts_with(word))
}

/// `apt` and `lib/apt` are the same module.
fn is_group(group: &str, asked: &str) -> bool {
    let asked = asked.trim_end_matches("::").trim_end_matches(".rhai");
    group == asked || group.strip_prefix("lib/") == Some(asked) && module(asked).is_some()
}
