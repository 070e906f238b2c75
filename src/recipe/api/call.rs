//! What every primitive needs to know about the call that made it.

use crate::plan::Origin;
use crate::recipe::draft::{Draft, Problem};
use rhai::{EvalAltResult, NativeCallContext};

/// The position of this call in a recipe or module.
pub(super) fn origin(context: &NativeCallContext, draft: &Draft) -> Origin {
    let file = context.call_source().unwrap_or_default();
    Origin {
        file: file.to_owned(),
        kept_by: draft.keeper_of(file),
        line: context.call_position().line().unwrap_or_default(),
        altered_by: None,
    }
}

/// What a primitive gives back to Rhai.
pub(super) type RhaiResult<T> = Result<T, Box<EvalAltResult>>;

/// Refuses text that can't be shell text or a path.
pub(super) fn check_text(context: &NativeCallContext, what: &str, text: &str) -> RhaiResult<()> {
    if text.trim().is_empty() {
        return Err(Problem::new(format!("{what} must not be empty")).at(context));
    }
    if text.contains('\0') {
        return Err(Problem::new(format!("{what} must not hold a NUL character")).at(context));
    }
    Ok(())
}
