//! What looks destructive in a shell text and is not: comments, the removal of a temporary file that the text itself made,
//! and what a guard keeps from meeting data.
#![expect(clippy::string_slice, reason = "each place was found in the same text before")]

use super::commands::{name_of, programs, read};

/// The text with blanks in place of comments and of `rm` commands that remove only what `mktemp` has just made. The lines
/// stay.
pub fn without_harmless(shell: &str) -> String {
    let text = without_comments(shell);
    let made = made_by_mktemp(&text);
    match made.is_empty() {
        true => text,
        false => without_removals(&text, &made),
    }
}

/// Blanks comments: from a `#` at the beginning of a word, outside of quotes, to the end of the line.
fn without_comments(shell: &str) -> String {
    if !shell.contains('#') {
        return shell.to_owned();
    }
    let mut out = String::with_capacity(shell.len());
    let mut quote = None;
    let mut before = '\n';
    let mut chars = shell.chars();
    while let Some(c) = chars.next() {
        match (quote, c) {
            (None, '#') if before.is_whitespace() || ";&|(".contains(before) => {
                let ended = chars.by_ref().find(|c| *c == '\n');
                out.extend(ended);
                before = '\n';
                continue;
            }
            (None, '\'' | '"') => quote = Some(c),
            (Some(open), c) if open == c => quote = None,
            (None | Some('"'), '\\') => {
                out.push(c);
                out.extend(chars.next());
                before = 'x';
                continue;
            }
            _ => {}
        }
        before = c;
        out.push(c);
    }
    // A quote that is never closed, as in "don't" of a here-document: then a comment can't be told from text.
    match quote {
        Some(_) => shell.to_owned(),
        None => out,
    }
}

/// Variables that get their value from mktemp, and from nothing else.
fn made_by_mktemp(text: &str) -> Vec<String> {
    let mut made = Vec::new();
    for (at, _) in text.match_indices("=$(mktemp").chain(text.match_indices("=\"$(mktemp")) {
        let name: String = text[..at]
            .chars()
            .rev()
            .take_while(|c| c.is_ascii_alphanumeric() || *c == '_')
            .collect();
        let name: String = name.chars().rev().collect();
        let assigned = format!("{name}=");
        let is_start = |at: usize| !text[..at].ends_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
        let times = text.match_indices(&assigned).filter(|(at, _)| is_start(*at)).count();
        let read = ["read ", "read -r ", "for "]
            .iter()
            .any(|word| text.contains(&format!("{word}{name}")));
        if !name.is_empty() && times == 1 && !read {
            made.push(name);
        }
    }
    made
}

fn without_removals(text: &str, made: &[String]) -> String {
    let mut out = text.to_owned();
    for (at, _) in text.match_indices("rm ") {
        if text[..at].ends_with(|c: char| c.is_ascii_alphanumeric() || "-_./".contains(c)) {
            continue;
        }
        if let Some(end) = end_of_removal(&text[at + 3..], made) {
            let range = at..at + 3 + end;
            let blanks = " ".repeat(range.len());
            out.replace_range(range, &blanks);
        }
    }
    out
}

/// Where the arguments of an `rm` end, if all of its targets are these variables.
fn end_of_removal(arguments: &str, made: &[String]) -> Option<usize> {
    let mut targets = 0;
    let mut at = 0;
    loop {
        let rest = &arguments[at..];
        let blanks = rest.len() - rest.trim_start_matches([' ', '\t']).len();
        let word_at = at + blanks;
        let rest = &arguments[word_at..];
        let length = rest
            .find(|c: char| c.is_whitespace() || ";&|)`".contains(c))
            .unwrap_or(rest.len());
        let word = &rest[..length];
        if word.is_empty() {
            return (targets > 0).then_some(word_at);
        }
        let bare: String = word.chars().filter(|c| !"\"'{}\\".contains(*c)).collect();
        let is_option = bare.starts_with('-') && !bare.contains('$');
        let is_made = bare
            .strip_prefix('$')
            .is_some_and(|name| made.iter().any(|made| made == name));
        if !is_option && !is_made {
            return None;
        }
        targets += usize::from(is_made);
        at = word_at + length;
        // The quote that ends a text which this command is the end of: trap "rm -rf $d" EXIT.
        let quotes = |quote: char| word.matches(quote).count() % 2 == 1;
        if quotes('"') || quotes('\'') {
            return (targets > 0).then_some(at);
        }
    }
}

/// Whether a command that makes a file system or writes a file with dd is kept from one that holds something: by
/// `blkid DEVICE ||` before it, or by a guard that asks for the same.
pub fn is_guarded(program: &str, rest: &[&str], shell: &str, unless: &[String]) -> bool {
    let asks = |text: &str, asked: &dyn Fn(&[String]) -> bool| {
        let found = read(text).commands;
        found
            .iter()
            .flat_map(|simple| programs(&simple.words, 0))
            .any(|words| asked(&words))
    };
    match name_of(program) {
        name if name == "mkfs" || name.starts_with("mkfs.") => {
            let Some(device) = rest.iter().find(|word| word.starts_with("/dev/")) else {
                return false;
            };
            let is_asked = |words: &[String]| {
                words.first().is_some_and(|name| name_of(name) == "blkid") && words.iter().any(|word| word == device)
            };
            let before = shell
                .find(&format!("{device} ||"))
                .or_else(|| shell.find(&format!("{device}\" ||")));
            let own = before
                .is_some_and(|at| shell.find("mkfs").is_some_and(|mkfs| at < mkfs) && shell[..at].contains("blkid"));
            own || unless.iter().any(|guard| asks(guard, &is_asked))
        }
        "dd" => {
            let target = rest.iter().find_map(|word| word.strip_prefix("of="));
            let Some(file) = target.filter(|file| file.starts_with('/') && !file.starts_with("/dev/")) else {
                return false;
            };
            let is_asked = |words: &[String]| {
                let test = words.first().is_some_and(|name| ["test", "["].contains(&name_of(name)));
                let exists = words
                    .get(1)
                    .is_some_and(|option| ["-e", "-f", "-s"].contains(&option.as_str()));
                test && exists && words.get(2).is_some_and(|path| path == file)
            };
            unless.iter().any(|guard| asks(guard, &is_asked))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::destroying;

    #[test]
    fn comments_and_temporary_files_destroy_nothing() {
        for shell in [
            "# never rm -rf this\ntrue",
            "true # rm -r /srv",
            "d=$(mktemp -d); trap \"rm -rf $d\" EXIT; true",
            "d=$(mktemp -d)\ntrap 'rm -rf \"$d\"' EXIT\ntar x -C \"$d\"",
            "d=\"$(mktemp -d)\"; make -C \"$d\"; rm -rf -- \"$d\"",
        ] {
            assert_eq!(destroying(shell), None, "{shell}");
        }
    }

    #[test]
    fn what_only_looks_like_a_comment_or_a_temporary_file_is_still_seen() {
        for shell in [
            "echo 'a # b'; rm -rf /srv",
            "echo \"#\" && rm -rf /srv # gone",
            "x=${y#z}; rm -rf /srv",
            "echo don't # x\nrm -rf /srv",
            "d=$(mktemp -d); d=/srv; rm -rf $d",
            "d=$(mktemp -d); rm -rf $d /srv",
            "d=$(mktemp -d); rm -rf $d; rm -rf /srv",
            "d=$(mktemp -d); rm -rf \"$d/../srv\"",
            "d=$(mktemp -d); rm -rf $data",
        ] {
            assert_eq!(destroying(shell).as_deref(), Some("rm -r"), "{shell}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_is_too_odd_to_be_cleaned(text in "[a-z #'\"$()=;|&\\\\\nrm-]{0,60}") {
            let cleaned = super::without_harmless(&text);
            proptest::prop_assert_eq!(cleaned.matches('\n').count(), text.matches('\n').count());
        }
    }
}
