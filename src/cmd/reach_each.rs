//! Reaches servers before anything is done on them, for a plan or for a run: several at the same time, with a line that
//! tells how far it is, and a person who is asked nothing twice.

use crate::error::Result;
use crate::plan::secret::Secret;
use crate::prompt::{Remembering, Terminal};
use crate::reporter::Reaching;
use crate::runtime::{AskSecret, Runtime};
use crate::store::Server;
use std::num::NonZeroUsize;

/// Does `work` for each server. What goes wrong with one server only is in its place in the list.
///
/// # Errors
/// As [`Runtime::on_each`].
pub(super) fn reach_each<R: Send>(
    runtime: &Runtime,
    servers: &[Server],
    parallel: NonZeroUsize,
    work: &(dyn Fn(&Runtime, &Server, &dyn AskSecret) -> Result<R> + Sync),
) -> Result<Vec<Result<R>>> {
    let progress = Reaching::new("planning", servers.len());
    let aside = Aside { progress: &progress };
    let person = Remembering::new(&aside);
    runtime.on_each(
        servers,
        parallel,
        &|runtime, server| work(runtime, server, &person.one()),
        &mut |done| progress.done(done),
    )
}

/// A person who is asked while the line of progress is out of the way.
struct Aside<'a> {
    progress: &'a Reaching,
}

impl AskSecret for Aside<'_> {
    fn ask(&self, prompt: &str) -> Result<Option<Secret>> {
        self.progress.aside(|| Terminal.ask(prompt))
    }

    fn tell(&self, remark: &str) {
        self.progress.aside(|| Terminal.tell(remark));
    }
}
