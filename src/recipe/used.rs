//! The texts that an evaluation has used so far.

use super::modules::Importer;
use super::optional_keys::Shifts;
use crate::plan::Keeper;
use rhai::AST;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A text that an evaluation used.
#[derive(Debug, Clone)]
pub struct Used {
    pub module: Importer,
    pub text: String,
    /// How the compiled text differs from it.
    pub shifts: Shifts,
    /// What it was compiled to, if it is the author's own: for what is checked after the evaluation.
    pub ast: Option<AST>,
}

/// The texts that an evaluation used, by name: for the digest, for the origin of steps and for errors.
pub type Sources = Arc<Mutex<BTreeMap<String, Used>>>;

/// Keeps what a text of the author's own was compiled to.
pub fn keep_ast(sources: &Sources, name: &str, ast: &AST) {
    if let Some(used) = lock(sources).get_mut(name)
        && used.module.kept_by != Keeper::Shipped
    {
        used.ast = Some(ast.clone());
    }
}

/// The lock of a map that a panic can't leave half-written.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
