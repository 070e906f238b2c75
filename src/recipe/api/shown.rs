//! Values that become a part of a text, as in `${value}`. A step, or what infrakt knows of a server, has no text. Lists and
//! maps have one for people; in a command it is a mistake, so what they looked like is remembered.

use super::call::RhaiResult;
use super::given::{FactsHandle, ServerHandle};
use super::inventory::VarsHandle;
use super::parameters::Params;
use super::step::{StepHandle, StepOutput};
use crate::recipe::draft::{Problem, SharedDraft};
use rhai::{Array, Dynamic, Engine, EvalAltResult, ImmutableString, Map, NativeCallContext};

pub fn register(engine: &mut Engine) {
    engine.register_fn("to_string", |context: NativeCallContext, list: &mut Array| {
        remembered(&context, Dynamic::from_array(list.clone()), "list")
    });
    engine.register_fn("to_string", |context: NativeCallContext, map: &mut Map| {
        remembered(&context, Dynamic::from_map(map.clone()), "map")
    });
    engine.register_fn("to_string", |context: NativeCallContext, _: &mut StepHandle| {
        refuse(
            &context,
            "a step",
            "a step runs later; ask the server while planning: ssh::query(\"…\")",
        )
    });
    engine.register_fn("to_string", |context: NativeCallContext, _: &mut StepOutput| {
        refuse(
            &context,
            "the output of a step",
            "the step runs later; pass its output on: ssh::run(…).env(\"VALUE\", step.output()), and use \"$VALUE\" in the command",
        )
    });
    engine.register_fn("to_string", |context: NativeCallContext, _: &mut ServerHandle| {
        refuse(&context, "`server`", "write which part of it: ${server.name}")
    });
    engine.register_fn("to_string", |context: NativeCallContext, _: &mut FactsHandle| {
        refuse(&context, "`facts`", "write which part of it: ${facts.hostname}")
    });
    engine.register_fn("to_string", |context: NativeCallContext, _: &mut VarsHandle| {
        refuse(&context, "`vars`", "write which one: ${server.vars.NAME}")
    });
    engine.register_fn("to_string", |context: NativeCallContext, _: &mut Params| {
        refuse(&context, "`params`", "write which one: ${params.NAME}")
    });
    engine.register_fn("to_string", |context: NativeCallContext, (): &mut ()| {
        refuse_nothing(&context)
    });
    for name in ["+", "+="] {
        engine.register_fn(name, |context: NativeCallContext, _: ImmutableString, (): ()| {
            refuse_nothing(&context)
        });
    }
    engine.register_fn("+", |context: NativeCallContext, (): (), _: ImmutableString| {
        refuse_nothing(&context)
    });
    // What `catch` gets.
    engine.register_type_with_name::<Problem>("Problem");
    for name in ["to_string", "to_debug", "print", "debug"] {
        engine.register_fn(name, |problem: &mut Problem| problem.message.clone());
    }
}

fn remembered(context: &NativeCallContext, mut value: Dynamic, kind: &'static str) -> RhaiResult<ImmutableString> {
    let text: ImmutableString = context.call_native_fn_raw("to_debug", true, &mut [&mut value])?.cast();
    if let Ok(shared) = SharedDraft::of(context) {
        shared.lock().remember_shown(&text, kind);
    }
    Ok(text)
}

/// Rhai makes an empty text of it, and `rm -rf /srv/${name.trim()}` would delete more than was meant.
fn refuse_nothing(context: &NativeCallContext) -> RhaiResult<ImmutableString> {
    refuse(
        context,
        "(), which is no value,",
        "`trim`, `replace`, `sort` and their like change the variable itself: write x.trim(); on a line of its own, and use x \
         after it; an `if` in a text needs its else { \"\" }",
    )
}

/// Interpolation swallows an error and continues with the type's name, so it counts even then.
fn refuse(context: &NativeCallContext, what: &str, help: &str) -> Result<ImmutableString, Box<EvalAltResult>> {
    let problem = Problem::new(format!("{what} can't become a part of a text"))
        .label("used as text here")
        .help(help);
    if let Ok(shared) = SharedDraft::of(context) {
        let source = context.call_source().unwrap_or_default().to_owned();
        let swallowed = (problem.clone(), source, context.call_position());
        shared.lock().swallowed.get_or_insert(swallowed);
    }
    Err(problem.at(context))
}
