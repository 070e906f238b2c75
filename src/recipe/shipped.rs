//! The files that infrakt ships, which are a part of the program: recipes, the library, examples and templates.

use crate::plan::digest::sha256;
use include_dir::{Dir, include_dir};
use std::path::Path;

static SHIPPED: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/recipes");

/// The modules of the shipped library, `lib/apt` and so on; sorted.
pub fn shipped_library() -> Vec<String> {
    shipped_in("lib")
}

/// The recipes in a folder that infrakt ships, without `.rhai`; sorted. The folder `""` holds those that can be run by name.
pub fn shipped_in(folder: &str) -> Vec<String> {
    let dir = if folder.is_empty() {
        Some(&SHIPPED)
    } else {
        SHIPPED.get_dir(folder)
    };
    let mut names: Vec<String> = dir
        .into_iter()
        .flat_map(Dir::files)
        .filter_map(|file| file.path().to_str()?.strip_suffix(".rhai").map(str::to_owned))
        .collect();
    names.sort();
    names
}

/// Whether a plan's source is, to the byte, a recipe or a module that this infrakt ships.
pub fn is_shipped(name: &str, sum: &str) -> bool {
    shipped(name).is_some_and(|text| sha256(text.as_bytes()) == sum)
}

pub fn shipped(file: &str) -> Option<&'static str> {
    SHIPPED.get_file(file)?.contents_utf8()
}

/// All files below a folder, with their paths from the folder that it is in.
pub fn shipped_folder(folder: &str) -> Vec<(&'static Path, &'static [u8])> {
    let parent = Path::new(folder).parent().unwrap_or(Path::new(""));
    let mut folders: Vec<&Dir<'_>> = SHIPPED.get_dir(folder).into_iter().collect();
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        folders.extend(folder.dirs());
        let below = folder.files();
        files.extend(below.filter_map(|file| Some((file.path().strip_prefix(parent).ok()?, file.contents()))));
    }
    files
}
