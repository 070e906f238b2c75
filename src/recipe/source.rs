//! Where recipes come from: a path, the user's own folder, or the ones that infrakt ships. It reads text; it does not
//! know what the text means.

use super::shipped::{shipped, shipped_folder, shipped_in};
use crate::error::{Error, RecipeError, Result, nearest};
use crate::ownership::{Unusable, follow};
use crate::plan::Keeper;
use crate::plan::shell::quote;
use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// The most bytes that a recipe's file may have.
const MAX_BYTES: u64 = 1 << 20;

/// Before the name of a recipe: infrakt's own one, also where the user has one of the same name.
const SHIPPED_ONLY: &str = "shipped:";

/// Before the name of an example that infrakt ships: `examples/swap`. A file is named with its `.rhai`.
const EXAMPLES: &str = "examples/";

/// A recipe's text, and where its imports may come from.
#[derive(Debug, Clone)]
pub struct Recipe {
    /// The file name with `.rhai`; what plans, errors and the journal call it.
    pub name: String,
    pub keeper: Keeper,
    pub text: String,
    /// The recipe's own folder, for a recipe that is a file.
    pub(super) folder: Option<PathBuf>,
    pub(super) library: Library,
}

/// A recipe's text and whose it is: what it takes to evaluate it, but for its imports.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub struct Script {
    pub name: String,
    pub kept_by: Keeper,
    pub overrides_shipped: bool,
    pub text: String,
}

impl Recipe {
    pub fn script(&self) -> Script {
        Script {
            name: self.name.clone(),
            kept_by: self.keeper,
            overrides_shipped: self.overrides_shipped(),
            text: self.text.clone(),
        }
    }

    /// Its first line of documentation; empty if it has none.
    pub fn description(&self) -> &str {
        let first = self.text.lines().find_map(|line| line.strip_prefix("//!"));
        first.unwrap_or_default().trim()
    }

    /// What finds the recipe again, wherever one stands: its name, or the whole path of a file that was named by a path.
    pub fn reference(&self) -> String {
        match (&self.folder, self.keeper) {
            (Some(folder), Keeper::Path) => folder.join(&self.name).display().to_string(),
            (_, Keeper::Shipped) => format!("{SHIPPED_ONLY}{}", self.name),
            _ => self.name.clone(),
        }
    }

    /// The text of the file beside the recipe that has its name and another ending: `shop.test.toml` of `shop.rhai`.
    ///
    /// # Errors
    /// If it is there and can't be read, or can be changed by other users.
    pub fn beside(&self, ending: &str) -> Result<Option<String>> {
        let file = self.name_beside(ending);
        match &self.folder {
            Some(folder) => read_below(folder, &file),
            None => Ok(shipped(&file).map(str::to_owned)),
        }
    }

    /// The files of the folder that has the name of a recipe that infrakt ships, with their paths from its own folder.
    pub fn shipped_folder(&self) -> Vec<(&'static Path, &'static [u8])> {
        match self.keeper {
            Keeper::Shipped => shipped_folder(self.name.strip_suffix(".rhai").unwrap_or(&self.name)),
            Keeper::User | Keeper::Path => Vec::new(),
        }
    }

    /// The name of that file.
    pub fn name_beside(&self, ending: &str) -> String {
        format!("{}{ending}", self.name.strip_suffix(".rhai").unwrap_or(&self.name))
    }

    /// The path of that file; none of a recipe that infrakt ships.
    pub fn path_beside(&self, ending: &str) -> Option<PathBuf> {
        self.folder.as_ref().map(|folder| folder.join(self.name_beside(ending)))
    }

    /// The recipe's own folder, if it is a file.
    pub fn folder(&self) -> Option<&Path> {
        self.folder.as_deref()
    }

    /// The folder of the user's own recipes, from which it may import.
    pub fn library_folder(&self) -> &Path {
        &self.library.user
    }

    /// Whether this is the user's own in place of a shipped one.
    pub fn overrides_shipped(&self) -> bool {
        self.keeper == Keeper::User && shipped(&self.name).is_some()
    }
}

/// The folder of the user's own recipes (which may not exist) and the shipped ones behind it.
#[derive(Debug, Clone)]
pub struct Library {
    pub(super) user: PathBuf,
}

impl Library {
    /// `user` is the folder of the user's own recipes.
    pub fn new(user: impl Into<PathBuf>) -> Self {
        Self { user: user.into() }
    }

    /// Finds a recipe by path (anything with a `/`, or an existing file that is named with its `.rhai`) or by name: the
    /// user's own first, then the shipped ones.
    ///
    /// # Errors
    /// If there is none (with the nearest name), or it can't be read.
    pub fn find(&self, name: &str) -> Result<Recipe> {
        if let Some(example) = name.strip_prefix(EXAMPLES).filter(|example| is_segment(example)) {
            return self.find_example(example);
        }
        if name.contains('/') && !name.starts_with(SHIPPED_ONLY) {
            return self.by_path(Path::new(name));
        }
        self.find_named(name).or_else(|error| {
            // `infrakt run hello.rhai` beside the file: a name that no library knows is then meant as a path.
            if name.ends_with(".rhai") && Path::new(name).is_file() {
                self.by_path(Path::new(name))
            } else {
                Err(error)
            }
        })
    }

    /// All recipes that can be run by name. One that can't be read does not hide the others.
    ///
    /// # Errors
    /// If the folder of the user's own recipes can't be read.
    pub fn all(&self) -> Result<Vec<(String, Result<Recipe>)>> {
        let names = self.names()?.into_iter();
        Ok(names
            .map(|name| {
                let found = self.find_named(&name);
                (name, found)
            })
            .collect())
    }

    /// Finds a recipe by its name only, never by path. `shipped:NAME` is infrakt's own one.
    ///
    /// # Errors
    /// As [`Library::find`].
    pub fn find_named(&self, name: &str) -> Result<Recipe> {
        let (only_shipped, bare) = match name.strip_prefix(SHIPPED_ONLY) {
            Some(bare) => (true, bare),
            None => (false, name),
        };
        let stem = bare.strip_suffix(".rhai").unwrap_or(bare);
        if let Some(example) = stem
            .strip_prefix(EXAMPLES)
            .filter(|example| only_shipped && is_segment(example))
        {
            return self.find_example(example);
        }
        let unknown = || {
            // Without the names there is nothing to suggest; the error itself is the same.
            let names = self.names().unwrap_or_default();
            let nearest = nearest(stem, names.iter().map(String::as_str)).map(str::to_owned);
            Error::from(RecipeError::Unknown {
                name: name.to_owned(),
                nearest,
            })
        };
        if !is_segment(stem) {
            return Err(unknown());
        }
        let file = format!("{stem}.rhai");
        if !only_shipped && let Some(text) = read_below(&self.user, &file)? {
            let folder = Some(self.user.clone());
            return Ok(Recipe {
                name: file,
                keeper: Keeper::User,
                text,
                folder,
                library: self.clone(),
            });
        }
        self.shipped(file).ok_or_else(unknown)
    }

    /// One of infrakt's examples, by its bare name.
    fn find_example(&self, name: &str) -> Result<Recipe> {
        self.shipped(format!("{EXAMPLES}{name}.rhai")).ok_or_else(|| {
            let names = shipped_in("examples");
            let whole = format!("{EXAMPLES}{name}");
            Error::from(RecipeError::Unknown {
                nearest: nearest(&whole, names.iter().map(String::as_str)).map(str::to_owned),
                name: whole,
            })
        })
    }

    /// All of infrakt's examples.
    pub fn examples(&self) -> Vec<Recipe> {
        let names = shipped_in("examples").into_iter();
        names.filter_map(|name| self.shipped(format!("{name}.rhai"))).collect()
    }

    /// What a new recipe can start from: a template, or an example by its whole name.
    pub fn template(&self, name: &str) -> Option<Recipe> {
        let bare = name.strip_prefix(EXAMPLES).unwrap_or(name);
        let folder = if bare == name { "templates/" } else { EXAMPLES };
        self.shipped(format!("{folder}{bare}.rhai"))
            .filter(|_| is_segment(bare))
    }

    fn shipped(&self, file: String) -> Option<Recipe> {
        Some(Recipe {
            text: shipped(&file)?.to_owned(),
            name: file,
            keeper: Keeper::Shipped,
            folder: None,
            library: self.clone(),
        })
    }

    fn by_path(&self, path: &Path) -> Result<Recipe> {
        let name = path
            .file_name()
            .and_then(|name| name.to_str())
            .unwrap_or_default()
            .to_owned();
        if !name.ends_with(".rhai") {
            return Err(Error::usage_with(
                format!("{} is not a recipe", path.display()),
                "the name of a recipe file ends in .rhai",
            ));
        }
        let real = match follow(path) {
            Err(missing) if missing.is_missing() => return Err(no_file(path)),
            real => real.map_err(|unusable| unusable.into_error(path))?,
        };
        Ok(Recipe {
            name,
            keeper: Keeper::Path,
            text: read_text(&real, path)?,
            folder: real.parent().map(Path::to_owned),
            library: self.clone(),
        })
    }

    /// The names, without `.rhai`, of all recipes that can be run by name; sorted.
    ///
    /// # Errors
    /// If the folder of the user's own recipes is there and can't be read.
    pub fn names(&self) -> Result<BTreeSet<String>> {
        let own = match recipes_in(&self.user) {
            Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
            own => own.map_err(Error::file("read", &self.user))?,
        };
        let own = own.into_iter().filter(|stem| is_segment(stem));
        let shipped = shipped_in("");
        Ok(own.chain(shipped).collect())
    }
}

/// The error for a path at which there is no recipe, with the one beside it that was probably meant.
fn no_file(path: &Path) -> Error {
    let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    // A folder that can't be read has nothing to suggest.
    let beside = recipes_in(folder).unwrap_or_default();
    let shown = |path: &Path| quote(&path.display().to_string()).into_owned();
    Error::usage_with(
        format!("there is no file {}", path.display()),
        match nearest(stem, beside.iter().map(String::as_str)) {
            Some(near) => format!("did you mean {}?", shown(&path.with_file_name(format!("{near}.rhai")))),
            None => format!("create one: infrakt recipe new {}", shown(path)),
        },
    )
}

/// The names, without `.rhai`, of the recipes in a folder.
fn recipes_in(folder: &Path) -> std::io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let name = entry?.file_name();
        if let Some(stem) = name.to_str().and_then(|name| name.strip_suffix(".rhai")) {
            names.push(stem.to_owned());
        }
    }
    Ok(names)
}

/// One name of a recipe or folder: nothing that leads elsewhere.
pub(super) fn is_segment(text: &str) -> bool {
    !text.is_empty() && text.len() <= 100 && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
}

/// Reads a file that must lie below `folder` even when links are followed. `None` if it is not there.
pub(super) fn read_below(folder: &Path, file: &str) -> Result<Option<String>> {
    let path = folder.join(file);
    let followed = |path: &Path| match follow(path) {
        Err(missing) if missing.is_missing() => Ok(None),
        real => real.map(Some).map_err(|unusable: Unusable| unusable.into_error(path)),
    };
    let (Some(real), Some(folder)) = (followed(&path)?, followed(folder)?) else {
        return Ok(None);
    };
    if !real.starts_with(&folder) {
        return Err(Error::usage(format!(
            "{} is a link out of its folder, to {}; recipes can only import from their own folder",
            path.display(),
            real.display()
        )));
    }
    read_text(&real, &path).map(Some)
}

/// Reads the file that `path` was followed to.
fn read_text(real: &Path, path: &Path) -> Result<String> {
    let metadata = std::fs::metadata(real).map_err(Error::file("read", path))?;
    if !metadata.is_file() || metadata.len() > MAX_BYTES {
        return Err(Error::usage(format!(
            "{} is not a recipe: a recipe is a file of at most 1 MiB",
            path.display()
        )));
    }
    let bytes = std::fs::read(real).map_err(Error::file("read", path))?;
    let text = String::from_utf8(bytes).map_err(|error| Error::Malformed {
        what: format!("the recipe {}", path.display()),
        reason: format!("byte {} is not UTF-8", error.utf8_error().valid_up_to() + 1),
        hint: Some("save it as UTF-8".to_owned()),
    })?;
    Ok(normal(&text))
}

/// A recipe means the same whichever editor saved it: without a byte order mark, and with line ends that a shell on the
/// server understands.
fn normal(text: &str) -> String {
    text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n")
}
