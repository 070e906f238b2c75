//! Patterns for the names of files in a folder: `*.bak`, `build`, `css/*.map`.

use crate::error::{Error, Result};
use regex::Regex;

/// A pattern with a `/` is for a path from the folder; any other is for a name at any depth. `*` and `?` stand for
/// characters of one name, `**` for any path.
pub struct Pattern {
    whole_path: bool,
    regex: Regex,
}

impl Pattern {
    /// # Errors
    /// If it is empty or too long to be compiled.
    pub fn new(pattern: &str) -> Result<Self> {
        let bad = || Error::usage(format!("{pattern:?} is not a pattern for names of files"));
        let trimmed = pattern.trim_matches('/');
        if trimmed.is_empty() {
            return Err(bad());
        }
        let mut regex = String::from("(?s)^");
        let mut rest = trimmed.chars().peekable();
        while let Some(c) = rest.next() {
            match c {
                '*' if rest.next_if_eq(&'*').is_some() => regex.push_str(".*"),
                '*' => regex.push_str("[^/]*"),
                '?' => regex.push_str("[^/]"),
                c => regex.push_str(&regex::escape(c.encode_utf8(&mut [0; 4]))),
            }
        }
        regex.push('$');
        Ok(Self {
            whole_path: pattern.trim_end_matches('/').contains('/'),
            regex: Regex::new(&regex).map_err(|_| bad())?,
        })
    }

    /// Whether it is for this file or folder.
    pub fn is_for(&self, path: &str) -> bool {
        let name = path.rsplit('/').next().unwrap_or(path);
        self.regex.is_match(if self.whole_path { path } else { name })
    }

    /// Whether it is for this file, or for a folder that the file is in.
    pub fn covers(&self, path: &str) -> bool {
        let ends = path.match_indices('/').map(|(at, _)| at).chain([path.len()]);
        ends.filter_map(|end| path.get(..end)).any(|part| self.is_for(part))
    }
}

#[cfg(test)]
mod tests {
    use super::Pattern;

    #[test]
    fn a_name_is_found_at_any_depth_and_a_path_from_the_folder_on() {
        for (pattern, path, covers) in [
            ("*.bak", "a.bak", true),
            ("*.bak", "css/a.bak", true),
            ("*.bak", "a.bak.txt", false),
            (".git", ".git/objects/aa", true),
            ("build/", "web/build/x.js", true),
            ("css/*.map", "css/a.map", true),
            ("css/*.map", "css/old/a.map", false),
            ("css/**", "css/old/a.map", true),
            ("/build", "web/build/x.js", false),
            ("css/**", "css/two\nlines", true),
            ("a?c", "abc", true),
            ("a.c", "abc", false),
        ] {
            assert_eq!(Pattern::new(pattern).unwrap().covers(path), covers, "{pattern} {path}");
        }
        assert!(Pattern::new("").is_err() && Pattern::new("/").is_err());
    }
}
