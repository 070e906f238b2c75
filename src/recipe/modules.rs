//! Finds the module of an import: infrakt's own, one in the recipe's folder, or one of the user's library. It reads
//! text, and does not know what the text means.

use super::shipped::shipped;
use super::source::{Recipe, is_segment, read_below};
use crate::error::{Error, Result};
use crate::plan::Keeper;
use serde::{Deserialize, Serialize};

/// Before the path of an import: a module of the user's own library.
const HOME: &str = "home:";
/// Before the path of an import: a module in the folder of the file that imports it.
const BESIDE: &str = "./";

/// Finds what an import means; see [`Recipe::import`].
pub type Find = Box<dyn Fn(&str, &Importer) -> Result<Option<Import>> + Send + Sync>;

/// A recipe or module, as the files that it imports are looked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Importer {
    pub kept_by: Keeper,
    /// Where it is below its library's or the recipe's folder: `lib/app.rhai`.
    pub file: String,
}

/// What an import means.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Import {
    /// The name that is this module's alone; see `RecipeIdentity::sources`.
    pub name: String,
    pub module: Importer,
    pub text: String,
    /// What an author should know of a file that was not taken.
    pub remark: Option<String>,
}

impl Importer {
    fn folder(&self) -> &str {
        self.file.rsplit_once('/').map_or("", |(folder, _)| folder)
    }

    /// The name of this module in plans and errors.
    fn name(&self) -> String {
        let file = &self.file;
        match self.kept_by {
            Keeper::Shipped => file.clone(),
            Keeper::Path => format!("{BESIDE}{file}"),
            Keeper::User => format!("{HOME}{file}"),
        }
    }
}

impl Import {
    fn of(module: Importer, text: String) -> Self {
        Self {
            name: module.name(),
            module,
            text,
            remark: None,
        }
    }
}

/// The path of an import, in its parts.
struct Path<'a> {
    prefix: &'a str,
    /// Without prefix and `.rhai`.
    stem: &'a str,
    /// Below the library or the recipe's folder.
    file: String,
    /// The same below the folder of the file that imports it.
    beside: String,
}

impl<'a> Path<'a> {
    /// # Errors
    /// If it is not the path of a module.
    fn of(path: &'a str, importer: &Importer) -> Result<Self> {
        let (prefix, plain) = [HOME, BESIDE]
            .iter()
            .find_map(|prefix| path.strip_prefix(prefix).map(|plain| (*prefix, plain)))
            .unwrap_or(("", path));
        let stem = plain.strip_suffix(".rhai").unwrap_or(plain);
        if !stem.split('/').all(is_segment) {
            return Err(Error::usage_with(
                format!("{path:?} can't be imported"),
                "use a name like \"lib/apt\": letters, digits, - and _, inside the recipe's own folder or the shipped \
                 library",
            ));
        }
        let file = format!("{stem}.rhai");
        let beside = match importer.folder() {
            "" => file.clone(),
            folder => format!("{folder}/{file}"),
        };
        Ok(Self {
            prefix,
            stem,
            file,
            beside,
        })
    }
}

/// The module that a file of infrakt's own imports by this path: only what infrakt ships. It needs no file.
///
/// # Errors
/// If it is not the path of a module.
pub fn import_shipped(path: &str, importer: &Importer) -> Result<Option<Import>> {
    let Path {
        prefix, file, beside, ..
    } = Path::of(path, importer)?;
    Ok(match prefix {
        HOME => None,
        BESIDE => shipped_module(beside),
        _ => shipped_module(file),
    })
}

fn shipped_module(file: String) -> Option<Import> {
    let text = shipped(&file).filter(|_| file.starts_with("lib/"))?;
    let kept_by = Keeper::Shipped;
    Some(Import::of(Importer { kept_by, file }, text.to_owned()))
}

impl Recipe {
    /// The recipe itself, as one that imports.
    pub fn importer(&self) -> Importer {
        Importer {
            kept_by: self.keeper,
            file: self.name.clone(),
        }
    }

    /// The module that a file of this recipe imports by this path. `lib/…` is infrakt's own where infrakt ships it. What
    /// else has a plain path is in the recipe's folder, or in the user's library. `./…` is in the folder of the file that
    /// imports it, and `home:…` in the user's library. What infrakt ships imports nothing but what infrakt ships.
    ///
    /// `None` if there is no such module.
    ///
    /// # Errors
    /// If a file is there but can't be read, can be changed by other users, or leads out of its folder.
    pub fn import(&self, path: &str, importer: &Importer) -> Result<Option<Import>> {
        if importer.kept_by == Keeper::Shipped {
            return import_shipped(path, importer);
        }
        let Path {
            prefix,
            stem,
            file,
            beside,
        } = Path::of(path, importer)?;
        match prefix {
            HOME => self.module(Keeper::User, file),
            BESIDE => self.module(importer.kept_by, beside),
            _ => match self.module(Keeper::Shipped, file.clone())? {
                Some(mut shipped) => {
                    shipped.remark = self.remark_on_unused(path, stem, &file, importer);
                    Ok(Some(shipped))
                }
                None => match self.module(importer.kept_by, file.clone())? {
                    None if importer.kept_by == Keeper::Path => self.module(Keeper::User, file),
                    found => Ok(found),
                },
            },
        }
    }

    fn module(&self, kept_by: Keeper, file: String) -> Result<Option<Import>> {
        let text = match kept_by {
            Keeper::Shipped => return Ok(shipped_module(file)),
            Keeper::User => read_below(&self.library.user, &file)?,
            Keeper::Path => match &self.folder {
                Some(folder) => read_below(folder, &file)?,
                None => None,
            },
        };
        Ok(text.map(|text| Import::of(Importer { kept_by, file }, text)))
    }

    /// What to say where an own file has the path of a shipped module, which is the one that is taken.
    fn remark_on_unused(&self, path: &str, stem: &str, file: &str, importer: &Importer) -> Option<String> {
        let beside = self.folder.as_ref().filter(|_| importer.kept_by == Keeper::Path);
        let beside = beside.map(|folder| folder.join(file)).filter(|own| own.exists());
        let home = Some(self.library.user.join(file)).filter(|own| own.exists());
        let instead = match (&beside, &home) {
            (Some(_), _) => {
                let folder = importer.folder();
                let below = stem.strip_prefix(folder).and_then(|below| match folder {
                    "" => Some(below),
                    _ => below.strip_prefix('/'),
                });
                below.map(|below| format!("{BESIDE}{below}"))
            }
            _ => Some(format!("{HOME}{stem}")),
        };
        let own = beside.or(home)?;
        let way = instead.map_or_else(
            || "rename that file to use it".to_owned(),
            |instead| format!("to use that file: import \"{instead}\""),
        );
        Some(format!(
            "\"{path}\" is infrakt's own module, not {}; {way}",
            own.display()
        ))
    }
}
