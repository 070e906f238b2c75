//! Removes secrets from the output of steps, also if the end of a chunk splits one.

use crate::plan::secret::Secrets;
use std::collections::BTreeSet;

const STARS: &[u8] = b"***";
/// The shortest line of a secret that is removed on its own, in bytes: `}` alone is not secret.
const SHORTEST_LINE: usize = 6;

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
            first: values.iter().filter_map(|value| value.first().copied()).collect(),
            secrets: values,
            held: Vec::new(),
        }
    }

    /// The bytes of the stream that can be shown after `bytes` arrived.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<u8> {
        if self.secrets.is_empty() {
            return bytes.to_vec();
        }
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
        while let Some((&byte, after)) = rest.split_first() {
            // No secret begins with most bytes.
            if !self.first.contains(&byte) {
                shown.push(byte);
                rest = after;
                continue;
            }
            // Held back while a secret, or a longer one than the one found, may still follow.
            let may_grow = |secret: &&Vec<u8>| secret.len() > rest.len() && secret.starts_with(rest);
            if !all && self.secrets.iter().any(|secret| may_grow(&secret)) {
                break;
            }
            if let Some(after) = self
                .secrets
                .iter()
                .find_map(|secret| rest.strip_prefix(secret.as_slice()))
            {
                shown.extend_from_slice(STARS);
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
