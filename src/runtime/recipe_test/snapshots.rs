//! The plans that a test file keeps, in one text file beside the recipe, so that a change of a plan can be read in a diff.

use super::diff::diff;
use crate::error::{Error, Result};
use crate::recipe::Recipe;
use std::collections::BTreeMap;
use std::fs::Permissions;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::PermissionsExt;

/// The ending of its name: `shop.rhai` has `shop.test.snap`.
const ENDING: &str = ".test.snap";
/// Before the name of a case, on a line of its own. No line of a plan begins like this.
const HEADING: &str = "=== ";

/// The plans of a recipe's cases, by the name of the case.
#[derive(Debug)]
pub struct Snapshots {
    kept: BTreeMap<String, String>,
    seen: BTreeMap<String, String>,
    /// Whether the plans of now become the kept ones.
    updating: bool,
}

impl Snapshots {
    /// # Errors
    /// If the file is there and can't be read.
    pub fn of(recipe: &Recipe, updating: bool) -> Result<Self> {
        let text = recipe.beside(ENDING)?.unwrap_or_default();
        let mut kept: BTreeMap<String, String> = BTreeMap::new();
        let mut case = None;
        for line in text.lines() {
            match (line.strip_prefix(HEADING), &case) {
                (Some(name), _) => {
                    kept.insert(name.to_owned(), String::new());
                    case = Some(name);
                }
                (None, Some(name)) => {
                    let plan = kept.entry((*name).to_owned()).or_default();
                    plan.push_str(line);
                    plan.push('\n');
                }
                (None, None) => {}
            }
        }
        let seen = BTreeMap::new();
        Ok(Self { kept, seen, updating })
    }

    /// Compares the plan of a case with the kept one. Gives how they differ.
    pub fn compare(&mut self, case: &str, plan: &str) -> Option<String> {
        self.seen.insert(case.to_owned(), plan.to_owned());
        match self.kept.get(case) {
            _ if self.updating => None,
            None => Some("no plan is kept for it yet; keep this one: add --update".to_owned()),
            Some(kept) if kept.trim_end() == plan.trim_end() => None,
            Some(kept) => Some(format!(
                "the plan is not the kept one (- kept, + now); if it is right: add --update\n{}",
                diff(kept, plan)
            )),
        }
    }

    /// Keeps the plans that were compared, and no others. Says whether the file changed.
    ///
    /// # Errors
    /// If infrakt ships the recipe, or the file can't be written.
    pub fn write(&self, recipe: &Recipe) -> Result<bool> {
        let same = self.kept.len() == self.seen.len()
            && self.seen.iter().all(|(case, plan)| {
                self.kept
                    .get(case)
                    .is_some_and(|kept| kept.trim_end() == plan.trim_end())
            });
        if same {
            return Ok(false);
        }
        let Some(path) = recipe.path_beside(ENDING) else {
            return Err(Error::usage_with(
                format!("the plans of {} are infrakt's own", recipe.name),
                "copy the recipe first: infrakt recipe new FILE --template NAME",
            ));
        };
        let text: Vec<String> = self
            .seen
            .iter()
            .map(|(case, plan)| format!("{HEADING}{case}\n{}\n", plan.trim_end()))
            .collect();
        let permissions = match std::fs::metadata(&path) {
            Ok(old) => old.permissions(),
            Err(error) if error.kind() == ErrorKind::NotFound => Permissions::from_mode(0o644),
            Err(error) => return Err(Error::file("read", &path)(error)),
        };
        let folder = path.parent().unwrap_or(&path);
        let mut file = tempfile::NamedTempFile::new_in(folder).map_err(Error::file("write", &path))?;
        file.write_all(text.join("\n").as_bytes())
            .and_then(|()| file.as_file().set_permissions(permissions))
            .map_err(Error::file("write", &path))?;
        file.persist(&path)
            .map_err(|error| Error::file("write", &path)(error.error))?;
        Ok(true)
    }
}
