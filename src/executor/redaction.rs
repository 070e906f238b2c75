//! Removes secrets from the output of steps, and the paths of the run's own files from the messages of shells, also if the end
//! of a chunk splits one.

use super::script::SPOOL;
use crate::plan::secret::Secrets;
use std::collections::BTreeSet;

const STARS: &[u8] = b"***";
/// The shortest line of a secret that is removed on its own, in bytes: `}` alone is not secret.
const SHORTEST_LINE: usize = 6;
/// The longest name of a run's folder, and of a file in it.
const LONGEST_NAME: usize = 60;

/// Redacts one stream. It holds bytes back that may be the beginning of a secret.
#[derive(Debug, Default)]
pub struct Redaction {
    /// Longest first, so that a secret that contains another one is removed as a whole.
    secrets: Vec<Vec<u8>>,
    held: Vec<u8>,
    /// The first bytes of all secrets.
    first: BTreeSet<u8>,
}

impl Redaction {
    pub fn new(secrets: &Secrets) -> Self {
        let mut values: Vec<Vec<u8>> = Vec::new();
        for secret in secrets.values() {
            let whole = secret.expose().trim_end_matches('\n');
            values.push(whole.as_bytes().to_vec());
            // A key of several lines is often printed line by line, each with a prefix.
            let lines = whole
                .lines()
                .map(str::trim)
                .filter(|line| *line != whole && line.len() >= SHORTEST_LINE);
            values.extend(lines.map(|line| line.as_bytes().to_vec()));
        }
        values.retain(|value| !value.is_empty());
        values.sort_by_key(|value| std::cmp::Reverse(value.len()));
        values.dedup();
        Self {
            first: values
                .iter()
                .filter_map(|value| value.first().copied())
                .chain([b'/'])
                .collect(),
            secrets: values,
            held: Vec::new(),
        }
    }

    /// The bytes of the stream that can be shown after `bytes` arrived.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<u8> {
        self.held.extend_from_slice(bytes);
        self.drain(false)
    }

    /// How many bytes have arrived and are not shown yet.
    pub fn held(&self) -> u64 {
        self.held.len() as u64
    }

    /// The remaining bytes at the stream's end.
    pub fn finish(&mut self) -> Vec<u8> {
        self.drain(true)
    }

    fn drain(&mut self, all: bool) -> Vec<u8> {
        let mut shown = Vec::with_capacity(self.held.len());
        let mut rest = self.held.as_slice();
        loop {
            // No secret and no path begins with most bytes.
            let plain = rest.iter().position(|byte| self.first.contains(byte));
            let (before, from) = rest.split_at(plain.unwrap_or(rest.len()));
            shown.extend_from_slice(before);
            rest = from;
            let Some((&byte, after)) = rest.split_first() else {
                break;
            };
            // Held back while a secret, or a longer one than the one found, may still follow.
            let may_grow = |secret: &&Vec<u8>| secret.len() > rest.len() && secret.starts_with(rest);
            if !all && self.secrets.iter().any(|secret| may_grow(&secret)) {
                break;
            }
            let path = file_of_run(rest);
            if !all && path == RunFile::Incomplete {
                break;
            }
            if let Some(after) = self
                .secrets
                .iter()
                .find_map(|secret| rest.strip_prefix(secret.as_slice()))
            {
                shown.extend_from_slice(STARS);
                rest = after;
            } else if let RunFile::Path(after, instead) = path {
                shown.extend_from_slice(instead);
                rest = after;
            } else {
                shown.push(byte);
                rest = after;
            }
        }
        let held = rest.len();
        self.held.drain(..self.held.len() - held);
        shown
    }
}

/// Whether a path of a run's own file begins here, as a shell names it before a message: `/var/lib/infrakt/spool/1-2-3/4.sh: `.
#[derive(PartialEq, Eq)]
enum RunFile<'a> {
    No,
    Incomplete,
    /// What comes after it, and what stands in its place.
    Path(&'a [u8], &'static [u8]),
}

/// Whether a byte is part of a name.
type Belongs = fn(u8) -> bool;

fn file_of_run(text: &[u8]) -> RunFile<'_> {
    let mut rest = text;
    let folder: Belongs = |byte| byte.is_ascii_alphanumeric() || byte == b'-';
    let name: Belongs = |byte| byte.is_ascii_alphanumeric() || byte == b'.' || byte == b'_';
    let mut found: &[u8] = &[];
    let parts: [(Option<Belongs>, &[u8]); 4] = [
        (None, SPOOL.as_bytes()),
        (None, b"/"),
        (Some(folder), b"/"),
        (Some(name), b": "),
    ];
    for (word, then) in parts {
        if let Some(belongs) = word {
            let length = rest
                .iter()
                .take(LONGEST_NAME)
                .take_while(|byte| belongs(**byte))
                .count();
            (found, rest) = rest.split_at(length);
        }
        rest = match rest.strip_prefix(then) {
            Some(rest) => rest,
            None if then.starts_with(rest) => return RunFile::Incomplete,
            None => return RunFile::No,
        };
    }
    // dash names the file that it was started with, and then the one that it reads.
    RunFile::Path(rest, if found == b"runner" { b"sh: " } else { b"" })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::secret::Secret;
    use proptest::prelude::*;

    fn redaction(values: &[&str]) -> Redaction {
        Redaction::new(
            &values
                .iter()
                .enumerate()
                .map(|(n, value)| (n.to_string(), Secret::new(*value)))
                .collect(),
        )
    }

    #[test]
    fn text_that_is_not_a_secret_is_shown_at_once() {
        let mut redaction = redaction(&["hunter2"]);
        assert_eq!(redaction.push(b"hello hun"), b"hello ");
        assert_eq!(redaction.push(b"gry\n"), b"hungry\n");
    }

    #[test]
    fn messages_of_shells_name_no_file_of_the_run() {
        let text = b"/var/lib/infrakt/spool/5-0a-1/runner: 2: /var/lib/infrakt/spool/5-0a-1/0.sh: tset: not found\n\
            /var/lib/infrakt/spool/5-0a-1/1.only_if.0: 1: tset: not found\n\
            /var/lib/infrakt/spool\n/var/lib/infrakt/spool/5-0a-1/out\n";
        for cut in 0..text.len() {
            let mut redaction = redaction(&[]);
            let mut shown = redaction.push(&text[..cut]);
            shown.extend(redaction.push(&text[cut..]));
            shown.extend(redaction.finish());
            assert_eq!(
                String::from_utf8_lossy(&shown),
                "sh: 2: tset: not found\n1: tset: not found\n\
                 /var/lib/infrakt/spool\n/var/lib/infrakt/spool/5-0a-1/out\n",
                "{cut}"
            );
        }
    }

    #[test]
    fn a_secret_of_several_lines_is_taken_out_line_by_line() {
        let mut redaction = redaction(&["-----BEGIN KEY-----\nabcdef0123\n}\n"]);
        let mut shown = redaction.push(b"  -----BEGIN KEY-----\n  abcdef0123\n  }\n");
        shown.extend(redaction.finish());
        assert_eq!(String::from_utf8_lossy(&shown), "  ***\n  ***\n  }\n");
    }

    proptest! {
        #[test]
        fn a_secret_is_never_shown_however_the_stream_is_cut(cut in 0usize..40, second in 0usize..40) {
            let text = b"user=me password=hunter2hunter2! pin=hun\n";
            let mut redaction = redaction(&["hunter2", "hunter2!"]);
            let (cut, second) = (cut.min(second), cut.max(second));
            let mut shown = redaction.push(&text[..cut]);
            shown.extend(redaction.push(&text[cut..second]));
            shown.extend(redaction.push(&text[second..]));
            shown.extend(redaction.finish());
            prop_assert_eq!(String::from_utf8_lossy(&shown), "user=me password=****** pin=hun\n");
        }
    }
}
