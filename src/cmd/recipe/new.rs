//! `infrakt recipe new`: a recipe to start from, with its tests.

use crate::cmd::{Context, output};
use crate::document::recipe::RecipeWritten;
use crate::error::{Error, Exit, Result};
use crate::plan::shell::quote;
use crate::recipe::{Library, Recipe};
use clap::Args;
use std::ffi::OsStr;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

/// Create a recipe from a template, with its test file
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  infrakt recipe new shop                             shop.rhai and shop.test.toml
  infrakt recipe new shop --template app
  infrakt recipe new swap --template examples/swap    a copy of an example
  infrakt recipe list --examples                      the examples")]
pub struct NewArgs {
    /// File to create; .rhai is added if it is missing. An existing file is not overwritten
    #[arg(value_name = "NAME")]
    file: PathBuf,
    /// What to start from: blank, app, harden, or an example (examples/NAME)
    #[arg(long, value_name = "TEMPLATE", default_value = "blank")]
    template: String,
}

/// The files that a recipe may have beside it.
const BESIDE: [&str; 2] = [".test.toml", ".test.snap"];

pub fn run(args: &NewArgs, context: &Context) -> Result<Exit> {
    let file = match args.file.extension() {
        None => args.file.with_extension("rhai"),
        Some(extension) if extension == OsStr::new("rhai") => args.file.clone(),
        Some(_) => {
            return Err(Error::usage_with(
                format!("{} does not end in .rhai", args.file.display()),
                format!("infrakt recipe new {}", word(&args.file.with_extension("rhai"))),
            ));
        }
    };
    let template = template(&context.library()?, &args.template)?;
    let mut contents = vec![(file.clone(), template.text.clone().into_bytes())];
    for ending in BESIDE {
        if let Some(text) = template.beside(ending)? {
            let stem = file.file_stem().unwrap_or_default().to_string_lossy();
            contents.push((file.with_file_name(format!("{stem}{ending}")), text.into_bytes()));
        }
    }
    let folder = template.shipped_folder().into_iter();
    contents.extend(folder.map(|(path, bytes)| (file.with_file_name(path), bytes.to_owned())));
    if let Some((path, _)) = contents.iter().find(|(path, _)| path.exists()) {
        return Err(not_created(path, ErrorKind::AlreadyExists.into()));
    }
    for (path, bytes) in &contents {
        // The folder of the recipe itself must be there: its name may be mistyped.
        if let Some(folder) = path.parent().filter(|folder| Some(*folder) != file.parent()) {
            std::fs::create_dir_all(folder).map_err(Error::file("create", folder))?;
        }
        let mut new = std::fs::File::create_new(path).map_err(|error| not_created(path, error))?;
        new.write_all(bytes).map_err(Error::file("write", path))?;
    }
    let mut written: Vec<PathBuf> = contents.into_iter().map(|(path, _)| path).collect();
    if context.json {
        let beside = written.split_off(1);
        output::json(&RecipeWritten { file, beside })?;
        return Ok(Exit::Done);
    }
    for path in &written {
        output::line(&format!("wrote {}", path.display()))?;
    }
    // A recipe's name without a folder could also be found among the others.
    let path = if file.components().count() > 1 {
        file
    } else {
        Path::new(".").join(file)
    };
    let path = word(&path);
    output::note(&format!(
        "test it without a server:  infrakt recipe test {path}\nshow what it would do:     infrakt plan {path} --server NAME\n\
         what a recipe can say:     infrakt recipe docs"
    ));
    Ok(Exit::Done)
}

fn template(library: &Library, name: &str) -> Result<Recipe> {
    library.template(name).ok_or_else(|| {
        Error::usage_with(
            format!("there is no template '{name}'"),
            "take blank, app, harden or an example: infrakt recipe list --examples",
        )
    })
}

fn not_created(file: &Path, error: std::io::Error) -> Error {
    match (error.kind(), file.parent()) {
        (ErrorKind::AlreadyExists, _) => Error::usage_with(
            format!("{} already exists", file.display()),
            "choose another name for the new recipe",
        ),
        (ErrorKind::NotFound, Some(folder)) => Error::usage_with(
            format!("there is no folder {}", folder.display()),
            format!("mkdir -p {}", word(folder)),
        ),
        _ => Error::file("create", file)(error),
    }
}

/// A path as a word that can be pasted.
fn word(path: &Path) -> String {
    quote(&path.display().to_string()).into_owned()
}
