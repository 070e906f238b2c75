//! The commands, one file each: arguments in, calls to the other rooms, results on stdout. Everything else is printed
//! to stderr.
//!
//! They must not decide anything that the HTTP API would also have to decide.

mod account;
pub mod app;
pub mod completions;
mod consent;
mod context;
pub mod env;
pub mod facts;
mod group_command;
mod meant;
mod output;
mod parallel;
mod parameters;
pub mod plan;
mod reach_each;
pub mod recipe;
mod report;
mod resume;
mod retry;
pub mod run;
pub mod runs;
pub mod serve;
pub mod server;
mod stages;
pub mod tag;
mod targets;
mod variables;

pub use context::Context;
pub use output::{error as show_error, usage as show_usage};

use crate::error::Result;
use crate::recipe::{Keeper, Library, Recipe};
use crate::runtime::Runtime;
use crate::store::Home;
use std::path::Path;

impl Context {
    /// The home, for commands that make none. That there is none is said, since the name may be mistyped.
    pub fn home(&self) -> Result<Home> {
        let home = Home::find(self.home.clone())?;
        if !home.has_inventory() {
            output::note(&format!("{} is not an infrakt home yet", home.path().display()));
        }
        Ok(home)
    }

    /// The home, made where there is none, for commands that begin to keep something in it.
    pub fn made_home(&self) -> Result<Home> {
        Home::open(self.home.clone())
    }

    /// The recipes, which are of use without an inventory.
    pub fn library(&self) -> Result<Library> {
        Ok(Library::new(Home::find(self.home.clone())?.recipes_dir()))
    }

    /// The runtime on the home.
    pub fn runtime(&self) -> Result<Runtime> {
        Runtime::open(self.home()?)
    }
}

/// Finds a recipe, and says so if a file of the same name in this folder is not the one that was found: the user may
/// have meant that file.
fn find_recipe(library: &Library, name: &str) -> Result<Recipe> {
    let found = library.find(name)?;
    let said_which = name.contains(':');
    if found.keeper != Keeper::Path && !said_which && Path::new(&found.name).is_file() {
        let keeper = if found.keeper == Keeper::User {
            "your own"
        } else {
            "infrakt's own"
        };
        output::note(&format!(
            "using {keeper} {0}; for the file in this directory use ./{0}",
            found.name
        ));
    }
    Ok(found)
}
