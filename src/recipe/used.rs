//! The texts that an evaluation has used so far.

use super::modules::Importer;
use super::optional_keys::Shifts;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A text that an evaluation used.
#[derive(Debug, Clone)]
pub struct Used {
    pub module: Importer,
    pub text: String,
    /// How the compiled text differs from it.
    pub shifts: Shifts,
}

/// The texts that an evaluation used, by name: for the digest, for the origin of steps and for errors.
pub type Sources = Arc<Mutex<BTreeMap<String, Used>>>;

/// The lock of a map that a panic can't leave half-written.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
