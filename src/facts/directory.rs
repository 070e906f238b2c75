//! What is at a path of a server: /opt/infrakt, with its entries.

use super::mountinfo::unescaped;
use super::records::{Records, number};
use super::sizes::sizes;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What is at a path.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Directory {
    /// `absent`, `directory`, `symlink` or `other`.
    pub kind: String,
    pub bytes: Option<u64>,
    /// Mount points at or below it.
    #[serde(default)]
    pub mounts: Vec<String>,
    /// Entries of its `backups` directory.
    #[serde(default)]
    pub backups: u64,
    /// Its entries, two levels deep, sorted by path: at most 20,000.
    #[serde(default)]
    pub entries: Vec<Entry>,
}

/// A file or directory in a directory.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Relative to the directory: `backups/shop.sql.gz`.
    pub path: String,
    /// `file`, `directory`, `symlink` or `other`.
    pub kind: String,
    /// When it was last modified, in seconds since 1970.
    pub modified: i64,
    /// With everything in it; `None` where it could not be measured in time.
    pub bytes: Option<u64>,
}

pub(super) fn read(records: &mut Records<'_>) -> Result<Directory, String> {
    let mut directory = Directory {
        kind: records.text("opt_kind")?,
        ..Directory::default()
    };
    if directory.kind != "directory" {
        return Ok(directory);
    }
    directory.backups = number("opt_backups", &records.text("opt_backups")?)?;
    directory.mounts = records
        .lines("opt_mounts")?
        .iter()
        .map(|path| unescaped(path))
        .collect();
    let measured = records.fields("opt_sizes")?;
    let sizes = sizes(&measured);
    directory.bytes = sizes.get("/opt/infrakt").copied();
    for fields in records.fields("opt_entries")?.chunks_exact(3) {
        let [path, kind, modified] = fields else { continue };
        directory.entries.push(Entry {
            bytes: sizes.get(format!("/opt/infrakt/{path}").as_str()).copied(),
            path: path.clone(),
            kind: match kind.as_str() {
                "f" => "file",
                "d" => "directory",
                "l" => "symlink",
                _ => "other",
            }
            .to_owned(),
            // The time has a fraction of a second, which no reader needs.
            modified: number("opt_entries", modified.split('.').next().unwrap_or_default())?,
        });
    }
    directory.entries.sort();
    Ok(directory)
}
