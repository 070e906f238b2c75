//! How a server remembers the handlers that still have to run: by a file for each, in folders of infrakt's own. A step writes
//! the files of its handlers before it changes anything; a handler's file goes when it has succeeded.
//!
//! It gives shell text, and must not know who runs it.

use crate::plan::shell::quote;
use crate::plan::{Action, Plan};

/// Where the files are.
const PENDING: &str = "/var/lib/infrakt/pending";
/// Where those of restarts are: any restart fulfils them.
const PENDING_RESTARTS: &str = "/run/infrakt/pending";
/// The folders that must be there.
pub const FOLDERS: [&str; 2] = [PENDING, PENDING_RESTARTS];

/// The file that says that this step still has to run; `None` if it is no handler.
pub fn pending_file(plan: &Plan, index: usize) -> Option<String> {
    let name = plan.handler_name(index)?;
    let restarts = matches!(plan.steps.get(index)?.action, Action::Reconnect { reboot: true });
    let folder = if restarts { PENDING_RESTARTS } else { PENDING };
    Some(format!("{folder}/{name}"))
}

/// Notes, before a step changes anything, that its handlers have to run; `None` if it has none. Each file holds a title.
pub fn expect(plan: &Plan, index: usize) -> Option<String> {
    let handlers = plan.handlers_of(index).filter_map(|(handler, step)| {
        let file = pending_file(plan, handler)?;
        Some(format!(" {file} {}", quote(&step.title)))
    });
    let words: String = handlers.collect();
    (!words.is_empty()).then(|| format!("ik_expect {index}{words}"))
}
