//! How this process can be found on the machine that it runs on, through containers and network translation alike: one
//! of its threads has a random, unique name, and the probe looks for that name on the server.

use crate::error::{Error, Result};
use std::sync::{Mutex, PoisonError};

/// The name, once its thread was started.
static NAME: Mutex<Option<String>> = Mutex::new(None);

/// The name of the thread, `ik-` and 12 hexadecimal digits: what fits into a thread's name on Linux (15 bytes, see
/// PR_SET_NAME in prctl(2)). The thread is started with the first call and lives as long as the process.
///
/// # Errors
/// If there is no randomness or no thread: without them, infrakt could not protect the machine that it runs on.
pub fn thread_name() -> Result<String> {
    let mut known = NAME.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(name) = &*known {
        return Ok(name.clone());
    }
    #[expect(clippy::string_slice, reason = "a nonce has 34 characters, all of ASCII")]
    let name: String = format!("ik-{}", &crate::executor::nonce()?[2..14]);
    start(&name)?;
    Ok(known.insert(name).clone())
}

/// Starts a thread, and returns once it has its name: a new thread sets its own, which on a busy computer may be after the
/// probe has looked.
fn start(name: &str) -> Result<()> {
    let unusable = |reason: String| Error::usage(format!("cannot start a thread: {reason}"));
    let (started, has_started) = std::sync::mpsc::sync_channel(1);
    std::thread::Builder::new()
        .name(name.to_owned())
        .stack_size(64 * 1024)
        .spawn(move || {
            // Nothing waits for it only if the caller is gone.
            let _ = started.send(());
            loop {
                std::thread::park();
            }
        })
        .map_err(|error| unusable(error.to_string()))?;
    has_started.recv().map_err(|error| unusable(error.to_string()))
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::{start, thread_name};

    #[test]
    fn all_who_ask_at_once_get_one_name_of_one_thread() {
        let names: Vec<String> = std::thread::scope(|scope| {
            let asking: Vec<_> = (0..16).map(|_| scope.spawn(|| thread_name().unwrap())).collect();
            asking.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(names.iter().all(|name| *name == names[0]), "{names:?}");
        // Other tests of this process start such threads with names of their own.
        let others = ["ik-test".to_owned(), format!("ik-{:012x}", std::process::id())];
        let tasks = std::fs::read_dir("/proc/self/task").unwrap();
        let named = tasks.filter(|task| {
            let comm = std::fs::read_to_string(task.as_ref().unwrap().path().join("comm"));
            comm.is_ok_and(|comm| comm.starts_with("ik-") && !others.iter().any(|other| comm.starts_with(other)))
        });
        assert_eq!(named.count(), 1);
    }

    #[test]
    fn the_thread_has_its_name_as_soon_as_it_is_used() {
        for number in 0..100 {
            let name = format!("ik-test{number}");
            start(&name).unwrap();
            let mut tasks = std::fs::read_dir("/proc/self/task").unwrap();
            let is_named = tasks.any(|task| {
                let comm = std::fs::read_to_string(task.unwrap().path().join("comm"));
                comm.is_ok_and(|comm| comm.trim_end() == name)
            });
            assert!(is_named, "{name}");
        }
    }
}
