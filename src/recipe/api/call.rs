//! What every primitive needs to know about the call that made it.

use crate::plan::Origin;
use crate::plan::lint;
use crate::recipe::draft::{Draft, Problem, SharedDraft};
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
    let shared = SharedDraft::of(context)?;
    let draft = shared.lock();
    if let Some((shown, kind)) = draft.shown.iter().find(|(shown, _)| text.contains(shown.as_str())) {
        let shown: String = shown.chars().take(40).collect();
        return Err(Problem::new(format!("a {kind} became a part of {what}: {shown}"))
            .label(format!("a {kind} in a text"))
            .help(match *kind {
                "list" => "make words of it: list.map(|word| quote(word)).join(\" \")",
                _ => "write which part of it: ${map.key}; for JSON: ${quote(json::line(map))}",
            })
            .at(context));
    }
    Ok(())
}

/// Refuses a command whose here-document never ends.
pub(super) fn check_documents(context: &NativeCallContext, command: &str) -> RhaiResult<()> {
    match lint::endless_document(command).filter(|_| command.contains("<<")) {
        Some(mark) => Err(Problem::new(format!(
            "the text after <<{mark} never ends: the line with {mark} is indented"
        ))
        .label("swallows the rest of the command")
        .help(format!(
            "put the command into dedent(`…`), or write {mark} at the beginning of its line"
        ))
        .at(context)),
        None => Ok(()),
    }
}
