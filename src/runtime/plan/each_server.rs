//! Looks at several servers at the same time, to plan for them. Nothing is changed on any of them.
//!
//! It must not know what is done with each.

use crate::error::{Error, Exit, Result};
use crate::runtime::open::Runtime;
use crate::store::Server;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, Ordering};

/// Evaluating a recipe may go as deep as its limits allow, which takes no more than this, the usual size.
const PLANNING_STACK: usize = 2 * 1024 * 1024;

impl Runtime {
    /// Does something that changes nothing on several servers at the same time. What goes wrong with one server only is
    /// in its place in the list; `beat` is called on this thread, with the number of those that are done: when it changes,
    /// and about ten times a second in between.
    ///
    /// # Errors
    /// The first one, in the order of the servers, that would be the same for all of them, such as a broken recipe, or
    /// Ctrl-C at a question. The servers whose turn had not come are left alone then.
    pub fn on_each<R: Send>(
        &self,
        servers: &[Server],
        at_once: NonZeroUsize,
        work: &(dyn Fn(&Runtime, &Server) -> Result<R> + Sync),
        beat: &mut dyn FnMut(usize),
    ) -> Result<Vec<Result<R>>> {
        if let [server] = servers {
            // A single server is handled on this thread.
            return match work(self, server) {
                Err(error) if concerns_all(&error) => Err(error),
                result => Ok(vec![result]),
            };
        }
        let broken = AtomicBool::new(false);
        let items: Vec<&Server> = servers.iter().collect();
        let results = self.each(
            items,
            at_once,
            PLANNING_STACK,
            &|runtime, _, server| {
                if broken.load(Ordering::SeqCst) {
                    return None;
                }
                let result = work(runtime, server);
                if result.as_ref().is_err_and(concerns_all) {
                    broken.store(true, Ordering::SeqCst);
                }
                Some(result)
            },
            beat,
        )?;
        let mut given = Vec::new();
        for result in results.into_iter().flatten() {
            match result {
                Err(error) if concerns_all(&error) => return Err(error),
                result => given.push(result),
            }
        }
        Ok(given)
    }
}

/// Whether an error is not about one server only: the others would meet it too.
fn concerns_all(error: &Error) -> bool {
    !matches!(error.exit(), Exit::Refused | Exit::Unreachable)
}
