//! Whether the files that a plan copies are what they were when it was made.

use crate::error::{Error, RecipeError, Refusal, Result};
use crate::local_files;
use crate::plan::{LocalFile, Plan, lint};
use crate::reason::StaleReason;
use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;

/// Reads each file of a plan that was kept for some time: in a file, or in the journal.
///
/// # Errors
/// If one is not there, other users can change it, it has another content, or it is a script that destroys without saying
/// so.
pub(in crate::runtime) fn check(plan: &Plan) -> Result<()> {
    let mut known = BTreeMap::new();
    for (index, file) in plan.copied_files() {
        if !known.contains_key(&file.file) {
            known.insert(&file.file, local_files::measure(folder_of(plan)?, &file.file)?);
        }
        let Some((step, measured)) = plan.steps.get(index).zip(known.get(&file.file)) else {
            continue;
        };
        if measured.identity.sha256 != file.sha256 {
            return Err(Refusal::StalePlan {
                server: plan.server.name.clone(),
                reason: StaleReason::FileChanged {
                    file: file.file.clone(),
                },
            }
            .into());
        }
        let found = measured
            .script
            .as_ref()
            .and_then(|text| lint::script_destroys(step, text));
        if let Some(found) = found {
            return Err(RecipeError::Lint {
                message: format!(
                    "step {}: line {} of {} destroys data: `{}`",
                    index + 1,
                    found.line.unwrap_or(1),
                    file.file,
                    found.what
                ),
                label: String::new(),
                position: None,
                help: "say why in the recipe, with .allow_destroying(\"…\"), and make a new plan".to_owned(),
            }
            .into());
        }
    }
    Ok(())
}

/// Opens a file of a plan to send its content.
///
/// # Errors
/// If it can't be read, or other users can change it.
pub(in crate::runtime) fn open(plan: &Plan, file: &LocalFile) -> Result<File> {
    local_files::open(folder_of(plan)?, &file.file)
}

fn folder_of(plan: &Plan) -> Result<&Path> {
    let folder = plan.files_from.as_deref().map(Path::new);
    folder.ok_or_else(|| {
        Error::usage_with(
            "the plan does not say which folder its files are in",
            "make a new plan: infrakt plan RECIPE --server NAME --out FILE",
        )
    })
}
