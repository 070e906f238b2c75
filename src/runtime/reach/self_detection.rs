//! How this process can be found on the machine that it runs on, through containers and network translation alike: one
//! of its threads has a random, unique name, and the probe looks for that name on the server.

use crate::error::{Error, Result};
use std::sync::OnceLock;

static NAME: OnceLock<String> = OnceLock::new();

/// The name of the thread, `ik-` and 12 hexadecimal digits: what fits into a thread's name on Linux (15 bytes, see
/// PR_SET_NAME in prctl(2)). The thread is started with the first call and lives as long as the process.
///
/// # Errors
/// If there is no randomness or no thread to be had: without them, destroying could not be kept from this machine.
pub fn thread_name() -> Result<&'static str> {
    if let Some(name) = NAME.get() {
        return Ok(name);
    }
    let name: String = format!("ik-{}", &crate::executor::nonce()?[2..14]);
    std::thread::Builder::new()
        .name(name.clone())
        .stack_size(64 * 1024)
        .spawn(|| {
            loop {
                std::thread::park();
            }
        })
        .map_err(|error| Error::usage(format!("cannot start a thread: {error}")))?;
    Ok(NAME.get_or_init(|| name))
}
