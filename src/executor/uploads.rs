//! Shell text for uploads: whether a file is as it should be, how it takes its place, and how the old one is put back. The old
//! file is kept in a folder of infrakt's own until the new one is known to be good, so that no end of a run can lose it.
//!
//! It must not know when it is executed.

use crate::plan::digest::sha256;
use crate::plan::shell::{quote, without_comments};
use crate::plan::{Content, Step};
use std::borrow::Cow;

/// Where old files are kept.
pub(super) const KEPT: &str = "/var/lib/infrakt/kept";
/// The functions that place files and put them back.
pub(super) fn functions() -> String {
    without_comments(include_str!("place.sh"))
}

/// The folder in which the old file of this path is kept.
pub(super) fn kept(path: &str) -> String {
    let mut name = sha256(path.as_bytes());
    name.truncate(32);
    format!("{KEPT}/{name}")
}

/// The folder in which the step keeps the old file, if it does.
fn kept_by(step: &Step, path: &str) -> Option<String> {
    step.may_be_put_back().then(|| kept(path))
}

/// Calls the function of `place.sh` for an upload.
pub(super) fn place(step: &Step, data: &str, path: &str, mode: &str, owner: &str) -> String {
    let kept = kept_by(step, path).unwrap_or_default();
    let validate = step.validate.as_deref().unwrap_or_default();
    let check = step.restore_unless.as_deref().unwrap_or_default();
    let words = [data, path, mode, owner, validate, &kept, check].map(quote);
    format!("ik_place {}", words.join(" "))
}

/// A script that puts the old file back, and then runs a command.
pub(super) fn undo(path: &str, command: &str) -> String {
    let kept = kept(path);
    let words = [kept.as_str(), path].map(quote);
    format!("{}(ik_restore {})\n{command}", functions(), words.join(" "))
}

/// A script for the runner that puts the old file back, for an upload that was ended and could not do that itself.
pub(super) fn restore(path: &str) -> String {
    let (kept, said) = (kept(path), format!("{path} is as it was before"));
    let [kept, path, said] = [kept.as_str(), path, said.as_str()].map(quote);
    format!("ik_restore {kept} {path}\necho {said} >&2")
}

/// The hash of what an upload writes; `None` if a secret is in it.
pub fn sum_of(content: &Content) -> Option<Cow<'_, str>> {
    match content.file() {
        Some(file) => Some(Cow::Borrowed(&file.sha256)),
        None => content.as_text().map(|text| Cow::Owned(sha256(text.as_bytes()))),
    }
}

/// A read-only command that succeeds if the file already is as it should be, and no end of a run has kept it from being
/// checked. `sum`: the SHA-256 of its content.
pub fn is_in_place(step: &Step, path: &str, sum: &str, mode: &str, owner: &str) -> String {
    let unchecked = kept_by(step, path).map(|kept| format!("[ ! -e {kept}/whole ] && "));
    let path = quote(path);
    let mode = mode.trim_start_matches('0');
    let mode = if mode.is_empty() { "0" } else { mode };
    let owner = if owner.contains(':') {
        owner.to_owned()
    } else {
        format!("{owner}:")
    };
    let format = if owner.ends_with(':') { "%a %U:" } else { "%a %U:%G" };
    format!(
        "{}[ -f {path} ] && [ \"$(stat -L -c '{format}' -- {path})\" = {} ] && [ \"$(sha256sum <{path})\" = '{sum}  -' ]",
        unchecked.unwrap_or_default(),
        quote(&format!("{mode} {owner}")),
    )
}
