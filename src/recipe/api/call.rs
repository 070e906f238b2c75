//! What every primitive needs of the call it was made by.

use crate::plan::Origin;
use crate::recipe::draft::{Draft, Problem};
use rhai::{EvalAltResult, NativeCallContext};

/// The place in a recipe or module that makes this call.
pub(super) fn origin(context: &NativeCallContext, draft: &Draft) -> Origin {
    let file = context.call_source().unwrap_or_default();
    Origin {
        file: file.to_owned(),
        kept_by: draft.keeper_of(file),
        line: context.call_position().line().unwrap_or_default(),
        altered_by: None,
    }
}

/// Refuses what can't be a shell text or a path.
pub(super) fn check_text(context: &NativeCallContext, what: &str, text: &str) -> Result<(), Box<EvalAltResult>> {
    if text.trim().is_empty() {
        return Err(Problem::new(format!("{what} must not be empty")).at(context));
    }
    if text.contains('\0') {
        return Err(Problem::new(format!("{what} must not hold a NUL character")).at(context));
    }
    Ok(())
}
