//! The options that every command has.

use std::path::PathBuf;

/// What every command is given beside its own arguments.
#[derive(Debug, Clone, Default)]
pub struct Context {
    /// `--home`.
    pub home: Option<PathBuf>,
    pub json: bool,
    pub verbose: u8,
}
