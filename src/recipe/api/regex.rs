//! `regex::…`: regular expressions. Their matching takes time in proportion to pattern and text, and both have limits.

use super::call::RhaiResult;
use crate::recipe::data::fits;
use crate::recipe::draft::Problem;
use crate::recipe::limits::{MAX_REGEX, MAX_STRING};
use ::regex::{Regex, RegexBuilder};
use rhai::Array;
use rhai::plugin::*;

/// Regular expressions, as of the Rust library regex: Perl's syntax without look-around and backreferences.
#[export_module]
pub mod regex {
    /// Whether a pattern matches anywhere in a text. `^` and `$` are the beginning and the end of the text; with `(?m)`
    /// in front, of each line. Write the pattern in backticks, where a backslash needs no second one.
    ///
    /// # Example
    /// ```rhai
    /// let name = param("name", "shop", "Name of the app");
    /// if !regex::matches(name, `^[a-z][a-z0-9-]*$`) { invalid(`${name} is not a name.`, "use a-z, 0-9 and -"); }
    /// ```
    #[rhai_fn(return_raw)]
    pub fn matches(context: NativeCallContext, text: &str, pattern: &str) -> RhaiResult<bool> {
        Ok(compile(&context, pattern)?.is_match(text))
    }

    /// The first match of a pattern: a list of the whole match and of each group in parentheses, with `()` for a group
    /// that took no part. `()` if nothing matches.
    ///
    /// # Example
    /// ```rhai
    /// let found = regex::find("nginx/1.26.3 (Debian)", `nginx/(\d+)\.(\d+)`);
    /// if found != () { print(`nginx ${found[1]}`); }
    /// ```
    #[rhai_fn(return_raw)]
    pub fn find(context: NativeCallContext, text: &str, pattern: &str) -> RhaiResult<Dynamic> {
        let found = compile(&context, pattern)?;
        Ok(found.captures(text).map_or(Dynamic::UNIT, |groups| {
            let group = |group: Option<::regex::Match<'_>>| {
                group.map_or(Dynamic::UNIT, |group| group.as_str().to_owned().into())
            };
            groups.iter().map(group).collect::<Array>().into()
        }))
    }

    /// All matches of a pattern, from left to right, as a list of texts.
    ///
    /// # Example
    /// ```rhai
    /// for address in regex::find_all("inet 192.0.2.7/24 inet 192.0.2.8/24", `\d+\.\d+\.\d+\.\d+`) { print(address); }
    /// ```
    #[rhai_fn(return_raw)]
    pub fn find_all(context: NativeCallContext, text: &str, pattern: &str) -> RhaiResult<Array> {
        let pattern = compile(&context, pattern)?;
        list(&context, pattern.find_iter(text).map(|found| found.as_str()))
    }

    /// Replaces all matches of a pattern. `$1` or `${name}` in the replacement is what that group matched, and `$$` is
    /// one `$`.
    ///
    /// # Example
    /// ```rhai
    /// let hidden = regex::replace("key=1234 id=7", `key=\S+`, "key=…");
    /// ```
    #[rhai_fn(return_raw)]
    pub fn replace(context: NativeCallContext, text: &str, pattern: &str, replacement: &str) -> RhaiResult<String> {
        let pattern = compile(&context, pattern)?;
        let mut replaced = String::new();
        let mut at = 0;
        for groups in pattern.captures_iter(text) {
            let Some(whole) = groups.get(0) else { continue };
            #[expect(
                clippy::string_slice,
                reason = "a match begins and ends between characters, and after the one before it"
            )]
            replaced.push_str(&text[at..whole.start()]);
            groups.expand(replacement, &mut replaced);
            at = whole.end();
            if replaced.len() > MAX_STRING {
                return Err(Problem::new(format!("a text has at most {} MiB", MAX_STRING >> 20)).at(&context));
            }
        }
        #[expect(clippy::string_slice, reason = "a match ends between characters")]
        replaced.push_str(&text[at..]);
        Ok(replaced)
    }

    /// The parts of a text between the matches of a pattern.
    ///
    /// # Example
    /// ```rhai
    /// let words = regex::split("one  two,three", `[\s,]+`);
    /// ```
    #[rhai_fn(return_raw)]
    pub fn split(context: NativeCallContext, text: &str, pattern: &str) -> RhaiResult<Array> {
        let pattern = compile(&context, pattern)?;
        list(&context, pattern.split(text))
    }

    /// A pattern that matches exactly this text.
    ///
    /// # Example
    /// ```rhai
    /// let line = regex::matches("a.b=1", `^` + regex::escape("a.b") + "=");
    /// ```
    pub fn escape(text: &str) -> String {
        ::regex::escape(text)
    }
}

fn compile(context: &NativeCallContext, pattern: &str) -> RhaiResult<Regex> {
    let compiled = RegexBuilder::new(pattern)
        .size_limit(MAX_REGEX)
        .dfa_size_limit(MAX_REGEX)
        .nest_limit(50)
        .build();
    compiled.map_err(|error| {
        let problem = match &error {
            ::regex::Error::CompiledTooBig(_) => {
                Problem::new("this pattern is too large").help("use shorter repetitions")
            }
            // The parser draws the pattern with a caret; its last line says what is wrong.
            other => {
                let why = other.to_string();
                let why = why
                    .lines()
                    .last()
                    .unwrap_or_default()
                    .trim_start_matches("error: ")
                    .to_owned();
                let problem = Problem::new(format!("{pattern:?} is not a regular expression: {why}"));
                match why.contains("look-around") || why.contains("backreference") {
                    true => {
                        problem.help("look-around and backreferences are not supported, so that matching has a limit")
                    }
                    false => problem,
                }
            }
        };
        problem.label("this pattern").at(context)
    })
}

fn list<'a>(context: &NativeCallContext, parts: impl Iterator<Item = &'a str>) -> RhaiResult<Array> {
    let mut list = Array::new();
    for part in parts {
        fits("list", list.len() + 1).map_err(|problem| problem.at(context))?;
        list.push(part.to_owned().into());
    }
    Ok(list)
}
