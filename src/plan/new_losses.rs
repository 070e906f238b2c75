//! Losses that were not shown to a person: new things, other things with the same name, and growth.

use super::{Loss, Losses};

/// Growth up to this many bytes, or up to a tenth, is ignored: a log, a cache, an idle database.
const NOISE_BYTES: u64 = 1_000_000;

impl Losses {
    /// What is lost with `self` and was not with `before`, in words: `volume pgdata`, or `volume pgdata (recreated
    /// since)`.
    pub fn new_since(&self, before: &Losses) -> Vec<String> {
        let mut new = Vec::new();
        for ((kind, now), (_, then)) in self.kinds().into_iter().zip(before.kinds()) {
            for loss in now {
                new.extend(loss.new_since(then).into_iter().map(|what| format!("{kind} {what}")));
            }
        }
        new
    }
}

impl Loss {
    /// What of it is in none of `before`.
    fn new_since(&self, before: &[Loss]) -> Vec<String> {
        let mut of_this_name = before.iter().filter(|then| then.name == self.name).peekable();
        if of_this_name.peek().is_none() {
            return vec![self.name.clone()];
        }
        // A plan of an older infrakt has only the names of things.
        let same = of_this_name.find(|then| then.identity.is_none() || then.identity == self.identity);
        let Some(then) = same else {
            return vec![format!("{} (recreated since)", self.name)];
        };
        let mut new: Vec<String> = Vec::new();
        if then.identity.is_some() {
            for entry in &self.entries {
                match then.entries.iter().find(|known| known.path == entry.path) {
                    None => new.push(format!("{}/{}", self.name, entry.path)),
                    Some(known) if known.modified != entry.modified => {
                        new.push(format!("{}/{} (changed since)", self.name, entry.path));
                    }
                    Some(_) => {}
                }
            }
        }
        if let (Some(then), Some(now)) = (then.bytes, self.bytes)
            && now > then.saturating_add(NOISE_BYTES.max(then / 10))
            && new.is_empty()
        {
            let detail = self.detail.as_deref().unwrap_or("much more than it was");
            new.push(format!("{} (grew to {detail})", self.name));
        }
        new
    }
}
