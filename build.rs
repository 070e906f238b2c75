//! Puts the dashboard, if it was built, where the program takes it from.

#![allow(clippy::print_stdout, reason = "cargo reads it")]

use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").ok_or(io::ErrorKind::NotFound)?);
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or(io::ErrorKind::NotFound)?);
    let (frontend, built, page) = (root.join("frontend"), root.join("frontend/dist"), out.join("page"));

    // A page of before, of which files may be gone now.
    if page.exists() {
        fs::remove_dir_all(&page)?;
    }
    fs::create_dir_all(&page)?;
    if built.join("index.html").is_file() {
        copy(&built, &page)?;
    }

    println!("cargo::rerun-if-changed=build.rs");
    // Cargo takes a path that is not there for one that changes all the time: so only what is there is named, and the
    // folder in which the page will appear.
    let watched = [built, frontend].into_iter().find(|path| path.is_dir());
    if let Some(watched) = watched {
        println!("cargo::rerun-if-changed={}", watched.display());
    }
    Ok(())
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
