//! Files beside a recipe: found, measured and opened. They must lie below the recipe's folder even when links are
//! followed, and other users must not be able to change them.
//!
//! It must not know what the files are for.

mod patterns;

use crate::error::{Error, Result};
use crate::ownership::{Unusable, follow};
use crate::plan::digest::hexadecimal;
use crate::plan::shell::quote;
use crate::plan::{FileIdentity, form};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::io::{ErrorKind, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

pub use patterns::Pattern;

/// The most bytes of a file that a recipe reads as a text.
const MAX_TEXT: u64 = 4 << 20;
/// The most bytes of a script that the lint reads.
const MAX_SCRIPT: u64 = 1 << 20;
/// The most files in one folder with all its subfolders.
pub const MAX_FILES: usize = 500;
/// How deep folders may nest.
const MAX_DEPTH: usize = 32;

/// What a plan needs to know of a file whose content is copied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MeasuredFile {
    pub identity: FileIdentity,
    /// Whether its owner may execute it.
    pub executable: bool,
    /// The text of a small text file, for the lint.
    pub script: Option<String>,
}

/// The text of a file.
///
/// # Errors
/// If it is not below the folder, other users can change it, it is too large, or is no UTF-8.
pub fn text(folder: &Path, file: &str) -> Result<String> {
    let path = find(folder, file)?;
    let length = regular(&path, file)?.len();
    if length > MAX_TEXT {
        return Err(Error::usage_with(
            format!("{file} is larger than {} MiB", MAX_TEXT >> 20),
            format!("copy it without reading it: ssh::copy(\"Copy it\", {file:?}, \"/srv/…\")"),
        ));
    }
    let mut bytes = Vec::new();
    let read = File::open(&path).and_then(|opened| opened.take(MAX_TEXT).read_to_end(&mut bytes));
    read.map_err(Error::file("read", &path))?;
    String::from_utf8(bytes).map_err(|error| {
        let place = error.utf8_error().valid_up_to() + 1;
        Error::usage_with(
            format!("byte {place} of {file} is not UTF-8, so it is no text"),
            format!("copy it without reading it: ssh::copy(\"Copy it\", {file:?}, \"/srv/…\")"),
        )
    })
}

/// Hash, size and mode of a file of any kind. Its content is read once, in pieces.
///
/// # Errors
/// If it is not below the folder, other users can change it, or it is too large.
pub fn measure(folder: &Path, file: &str) -> Result<MeasuredFile> {
    let path = find(folder, file)?;
    let metadata = regular(&path, file)?;
    if metadata.len() > form::MOST_BYTES_OF_A_FILE {
        return Err(Error::usage_with(
            format!("{file} is larger than {} GiB", form::MOST_BYTES_OF_A_FILE >> 30),
            "let the server fetch it in a step: ssh::run(\"Fetch it\", \"curl -fsSLo … https://…\")",
        ));
    }
    let mut opened = File::open(&path).map_err(Error::file("read", &path))?;
    let mut sum = Sha256::new();
    let (mut bytes, mut piece, mut kept) = (0, vec![0; 256 << 10], Vec::new());
    loop {
        let count = match opened.read(&mut piece) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(Error::file("read", &path)(error)),
        };
        let read = piece.get(..count).unwrap_or_default();
        sum.update(read);
        bytes += count as u64;
        if bytes <= MAX_SCRIPT {
            kept.extend_from_slice(read);
        }
    }
    let script = (bytes <= MAX_SCRIPT).then(|| String::from_utf8(kept).ok()).flatten();
    Ok(MeasuredFile {
        identity: FileIdentity {
            sha256: hexadecimal(&sum.finalize()),
            bytes,
        },
        executable: metadata.permissions().mode() & 0o100 != 0,
        script,
    })
}

/// The files below a subfolder, by their paths from there, sorted; without those that a pattern covers.
///
/// # Errors
/// If the subfolder is not below the folder, holds too many files, or something that is neither a file nor a folder.
pub fn list(folder: &Path, subfolder: &str, excludes: &[Pattern]) -> Result<Vec<String>> {
    let path = find(folder, subfolder)?;
    let metadata = fs::metadata(&path).map_err(Error::file("read", &path))?;
    if !metadata.is_dir() {
        return Err(Error::usage_with(
            format!("{subfolder} is not a folder"),
            "copy a file with ssh::copy",
        ));
    }
    let mut listing = FolderListing {
        folder,
        subfolder,
        excludes,
        files: Vec::new(),
    };
    listing.collect("", MAX_DEPTH)?;
    listing.files.sort_unstable();
    Ok(listing.files)
}

struct FolderListing<'a> {
    folder: &'a Path,
    subfolder: &'a str,
    excludes: &'a [Pattern],
    files: Vec<String>,
}

impl FolderListing<'_> {
    /// Adds what is below `below`, a path from the subfolder.
    fn collect(&mut self, below: &str, depth: usize) -> Result<()> {
        let here = joined(self.subfolder, below);
        if depth == 0 {
            return Err(Error::usage(format!(
                "{here} is nested deeper than {MAX_DEPTH} folders"
            )));
        }
        let path = find(self.folder, &here)?;
        for entry in fs::read_dir(&path).map_err(Error::file("read", &path))? {
            let name = entry.map_err(Error::file("read", &path))?.file_name();
            let below = joined(below, &name.to_string_lossy());
            if self.excludes.iter().any(|pattern| pattern.is_for(&below)) {
                continue;
            }
            if !name.to_str().is_some_and(form::is_title) {
                return Err(Error::usage_with(
                    format!(
                        "the name of a file in {here} is not text of one line: {}",
                        name.display()
                    ),
                    "rename it, or leave it out with excludes",
                ));
            }
            let real = find(self.folder, &joined(self.subfolder, &below))?;
            match fs::metadata(&real).map_err(Error::file("read", &real))?.is_dir() {
                true => self.collect(&below, depth - 1)?,
                false => self.files.push(below),
            }
            if self.files.len() > MAX_FILES {
                return Err(Error::usage_with(
                    format!("{} has more than {MAX_FILES} files", self.subfolder),
                    "leave some out with excludes, or copy an archive and unpack it with files::unpack of lib/files",
                ));
            }
        }
        Ok(())
    }
}

fn joined(folder: &str, name: &str) -> String {
    match (folder, name) {
        ("", path) | (path, "") => path.to_owned(),
        (folder, name) => format!("{folder}/{name}"),
    }
}

/// Opens a file for reading from its beginning.
///
/// # Errors
/// If it is no longer there, is not below the folder, or other users can change it.
pub fn open(folder: &Path, file: &str) -> Result<File> {
    let path = find(folder, file)?;
    regular(&path, file)?;
    File::open(&path).map_err(Error::file("read", &path))
}

/// Follows the path of a file in a folder.
fn find(folder: &Path, file: &str) -> Result<PathBuf> {
    if !form::is_local_path(file) {
        return Err(Error::usage_with(
            format!("{file:?} is not a path beside the recipe"),
            "write it from the recipe's own folder, such as \"site/index.html\": without .. and without / at its beginning",
        ));
    }
    let path = folder.join(file);
    let followed = |path: &Path| follow(path).map_err(|unusable: Unusable| unusable.into_error(path));
    let folder = followed(folder)?;
    let real = match follow(&path) {
        Err(missing) if missing.is_missing() => {
            return Err(Error::usage_with(
                format!("{file} does not exist beside the recipe"),
                format!("the recipe's folder is {}", quote(&folder.display().to_string())),
            ));
        }
        real => real.map_err(|unusable| unusable.into_error(&path))?,
    };
    match real.starts_with(&folder) {
        true => Ok(real),
        false => Err(Error::usage(format!(
            "{file} is a link out of the recipe's folder, to {}; recipes can only use files in their own folder",
            real.display()
        ))),
    }
}

/// Refuses folders, pipes and devices.
fn regular(path: &Path, file: &str) -> Result<fs::Metadata> {
    let metadata = fs::metadata(path).map_err(Error::file("read", path))?;
    match (metadata.is_file(), metadata.is_dir()) {
        (true, _) => Ok(metadata),
        (_, true) => Err(Error::usage_with(
            format!("{file} is a folder"),
            format!("copy a folder with ssh::copy_folder(\"Copy it\", {file:?}, \"/srv/…\", #{{}})"),
        )),
        _ => Err(Error::usage(format!("{file} is not a file"))),
    }
}
