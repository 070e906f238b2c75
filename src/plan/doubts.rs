//! Steps whose guards may answer otherwise when their turn comes: an earlier step of the same plan changes a file that they
//! name. A service is restarted because a file is newer, for example.
//!
//! It must not know how guards are asked.

use super::preview::{Doubt, Mark};
use super::step::{Action, Step};

/// The doubts about the marks of a plan's steps, as far as files are concerned that uploads change.
pub fn doubts(steps: &[Step], marks: &[Mark]) -> Vec<Doubt> {
    let mut changed: Vec<(usize, &str)> = Vec::new();
    let mut doubts = Vec::new();
    for ((number, step), mark) in (1..).zip(steps).zip(marks) {
        if *mark == Mark::NoChange {
            let guards = || step.unless.iter().chain(&step.only_if);
            let named = changed
                .iter()
                .filter(|(_, path)| guards().any(|guard| names(guard, path)));
            let after: Vec<usize> = named.map(|(number, _)| *number).collect();
            if !after.is_empty() {
                doubts.push(Doubt { step: number, after });
            }
        } else if let Action::Upload { path, .. } = &step.action {
            changed.push((number, path));
        }
    }
    doubts
}

/// Whether a text has a path as a word of its own.
fn names(text: &str, path: &str) -> bool {
    let continues = |c: char| c.is_alphanumeric() || "/_-.".contains(c);
    text.match_indices(path).any(|(at, _)| {
        let (before, rest) = (text.get(..at), text.get(at + path.len()..));
        !before.is_some_and(|before| before.ends_with(continues))
            && !rest.is_some_and(|rest| rest.starts_with(continues))
    })
}

#[cfg(test)]
mod tests {
    use super::names;

    #[test]
    fn a_path_is_named_only_as_a_whole() {
        let path = "/etc/app.conf";
        for guard in [
            "test /etc/app.conf -ot /run/x",
            "grep x '/etc/app.conf'",
            "cat /etc/app.conf;",
        ] {
            assert!(names(guard, path), "{guard}");
        }
        for guard in [
            "test -e /etc/app.conf.d",
            "cat /srv/etc/app.conf",
            "cat /etc/app",
            "cat /etc/app.conf/x",
        ] {
            assert!(!names(guard, path), "{guard}");
        }
    }
}
