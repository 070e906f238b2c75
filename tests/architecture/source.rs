//! The source as these tests read it: files by room, without comments and without what is only there for tests.

use std::fs;
use std::path::{Path, PathBuf};

pub struct Source {
    /// Below `src`, with `/`.
    pub path: String,
    /// The first part of the path without `.rs`: what other rooms call it.
    pub room: String,
    pub text: String,
}

/// A line of code that counts.
pub struct Line<'a> {
    pub number: usize,
    pub code: &'a str,
}

/// Every file of `src` that ends in `.rs`, by path.
pub fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let sources: Vec<Source> = files(&root)
        .into_iter()
        .map(|path| {
            let text = fs::read_to_string(&path).expect("the source is UTF-8");
            let path = path.strip_prefix(&root).expect("below src").display().to_string();
            let room = path
                .split('/')
                .next()
                .unwrap_or(&path)
                .trim_end_matches(".rs")
                .to_owned();
            Source { path, room, text }
        })
        .collect();
    assert!(sources.len() > 50, "only {} files were found", sources.len());
    sources
}

/// Every file below a folder that ends in `.rs`, by path.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let mut paths = Vec::new();
    collect(folder, &mut paths);
    paths.sort();
    paths
}

fn collect(folder: &Path, paths: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("src can be read") {
        let path = entry.expect("src can be read").path();
        if path.is_dir() {
            collect(&path, paths);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            paths.push(path);
        }
    }
}

impl Source {
    /// The lines up to `#[cfg(test)]`, which stands last in every file that has one, without comments.
    pub fn lines(&self) -> impl Iterator<Item = Line<'_>> {
        self.text
            .lines()
            .enumerate()
            .take_while(|(_, line)| line.trim() != "#[cfg(test)]")
            .map(|(index, line)| Line {
                number: index + 1,
                code: line.split("//").next().unwrap_or(line),
            })
    }

    /// The rooms that a line names after `crate::`, alone or in braces.
    pub fn rooms_named(line: &str) -> Vec<String> {
        let mut rooms = Vec::new();
        for (at, marker) in line.match_indices("crate::") {
            let (before, from) = line.split_at(at);
            if before.ends_with(|before: char| before.is_alphanumeric() || before == '_') {
                continue;
            }
            let (_, rest) = from.split_at(marker.len());
            match rest.strip_prefix('{') {
                Some(group) => {
                    let mut depth = 0;
                    let parts = group.split(|c| {
                        depth += match c {
                            '{' => 1,
                            '}' => -1,
                            _ => 0,
                        };
                        depth == 0 && c == ','
                    });
                    rooms.extend(parts.map(identifier));
                }
                None => rooms.push(identifier(rest)),
            }
        }
        rooms
    }
}

fn identifier(text: &str) -> String {
    text.trim()
        .chars()
        .take_while(|c| c.is_alphanumeric() || *c == '_')
        .collect()
}

/// Whether a line of code uses a crate: `rhai::Engine`, `use rhai;`.
pub fn uses_crate(code: &str, name: &str) -> bool {
    code.match_indices(name).any(|(at, _)| {
        let (before, from) = code.split_at(at);
        let (_, after) = from.split_at(name.len());
        let begins = before
            .chars()
            .next_back()
            .is_none_or(|c| !(c.is_alphanumeric() || c == '_' || c == ':' || c == '"'));
        begins && (after.starts_with("::") || (code.trim_start().starts_with("use ") && after.starts_with(';')))
    })
}

#[test]
fn names_of_rooms_are_read_from_all_forms_of_a_path() {
    assert_eq!(Source::rooms_named("use crate::plan::Plan;"), ["plan"]);
    assert_eq!(
        Source::rooms_named("use crate::{plan::{A, B}, store};"),
        ["plan", "store"]
    );
    assert_eq!(
        Source::rooms_named("let x: crate::ssh::Y = crate::error::z();"),
        ["ssh", "error"]
    );
    assert!(Source::rooms_named("use subcrate::plan;").is_empty());
    assert!(uses_crate("use rhai::Engine;", "rhai") && uses_crate("fn x(e: &rhai::Engine)", "rhai"));
    assert!(!uses_crate("use my_rhai::Engine;", "rhai") && !uses_crate("a::rhai::b", "rhai"));
}
