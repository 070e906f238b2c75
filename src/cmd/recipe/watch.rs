//! Looks whether files have changed, about three times a second. Editors replace files in many ways; the time and the length
//! of each file tell of all of them.

use crate::cmd::output;
use crate::error::{Error, Exit, Result};
use crate::recipe::Library;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, SystemTime};

/// The time between two looks.
const PAUSE: Duration = Duration::from_millis(300);
/// The most files that are looked at, and how deep below a recipe's folder.
const MOST: (usize, usize) = (2000, 3);

/// The folders of recipes.
pub struct Watched {
    folders: BTreeSet<PathBuf>,
}

/// The files of the folders, each with its time and length.
type Seen = BTreeSet<(PathBuf, Option<SystemTime>, u64)>;

impl Watched {
    /// # Errors
    /// If there is no such recipe, or it is not a file.
    pub fn of(library: &Library, names: &[String]) -> Result<Self> {
        let mut folders = BTreeSet::new();
        for name in names {
            let recipe = library.find(name)?;
            match recipe.folder() {
                Some(folder) => folders.insert(folder.to_owned()),
                None => return Err(Error::usage(format!("{name} is infrakt's own, and does not change"))),
            };
        }
        Ok(Self { folders })
    }

    fn look(&self) -> Seen {
        let mut seen = Seen::new();
        for folder in &self.folders {
            look_below(folder, MOST.1, &mut seen);
        }
        seen
    }
}

fn look_below(folder: &Path, depth: usize, seen: &mut Seen) {
    // A file that is gone between two calls is seen at the next look.
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let Ok(metadata) = entry.metadata() else { continue };
        let hidden = entry.file_name().to_string_lossy().starts_with('.');
        if seen.len() >= MOST.0 || hidden {
            continue;
        }
        if metadata.is_dir() && depth > 0 {
            look_below(&entry.path(), depth - 1, seen);
        } else if metadata.is_file() {
            seen.insert((entry.path(), metadata.modified().ok(), metadata.len()));
        }
    }
}

/// Works now, and again after each change, until Ctrl-C ends infrakt.
pub fn watch(watched: &Watched, mut work: impl FnMut()) -> Result<Exit> {
    loop {
        let before = watched.look();
        work();
        output::note("waiting for changes; Ctrl-C ends this");
        while watched.look() == before {
            sleep(PAUSE);
        }
        output::note("");
    }
}
