//! The files beside a recipe, as its evaluation asks for them. It must not know what the evaluation makes of them.

use super::source::Recipe;
use crate::error::{Error, Result};
use crate::local_files::{self, MeasuredFile, Pattern};
use crate::plan::Plan;
use std::path::Path;

/// Answers questions about the files in the recipe's own folder. Paths are from there.
pub trait LocalFiles: Send {
    /// # Errors
    /// As [`local_files::text`].
    fn read(&self, file: &str) -> Result<String>;

    /// # Errors
    /// As [`local_files::measure`].
    fn measure(&self, file: &str) -> Result<MeasuredFile>;

    /// # Errors
    /// As [`local_files::list`], or if an exclude is not a pattern.
    fn list(&self, folder: &str, excludes: &[String]) -> Result<Vec<String>>;
}

impl LocalFiles for Recipe {
    fn read(&self, file: &str) -> Result<String> {
        local_files::text(self.own_folder()?, file)
    }

    fn measure(&self, file: &str) -> Result<MeasuredFile> {
        local_files::measure(self.own_folder()?, file)
    }

    fn list(&self, folder: &str, excludes: &[String]) -> Result<Vec<String>> {
        let excludes: Vec<Pattern> = excludes.iter().map(|text| Pattern::new(text)).collect::<Result<_>>()?;
        local_files::list(self.own_folder()?, folder, &excludes)
    }
}

impl Recipe {
    /// The plan that this recipe has made, with the place of the files that it copies.
    #[must_use]
    pub fn with_files(&self, mut plan: Plan) -> Plan {
        if plan.copied_files().next().is_some() {
            plan.files_from = self.folder.as_ref().map(|folder| folder.display().to_string());
        }
        plan
    }

    /// # Errors
    /// If it is infrakt's own, which has no folder.
    fn own_folder(&self) -> Result<&Path> {
        self.folder.as_deref().ok_or_else(|| {
            Error::usage_with(
                format!("{} is infrakt's own, so there are no files beside it", self.name),
                "save it as a file of yours: infrakt recipe show NAME > NAME.rhai",
            )
        })
    }
}
