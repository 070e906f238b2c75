//! Comparisons that Rhai answers with `false` although the question is a mistake: of values of different types, of a
//! secret, and of texts that hold numbers. Here they are errors.

use super::api::given::{FactsHandle, ServerHandle};
use super::api::inventory::VarsHandle;
use super::api::parameters::{Params, SecretRef};
use super::api::step::{StepHandle, StepOutput};
use super::data::kind;
use super::draft::Problem;
use super::version;
use rhai::{Array, Dynamic, Engine, FnPtr, FuncRegistration, ImmutableString, Map, Module, NativeCallContext, Shared};
use std::any::TypeId;
use std::cmp::Ordering;
use std::sync::LazyLock;

const EQUAL: [&str; 2] = ["==", "!="];
const ORDER: [&str; 4] = ["<", "<=", ">", ">="];

/// Made once: it holds some hundred functions.
static MODULE: LazyLock<Shared<Module>> = LazyLock::new(|| Shared::new(module()));

/// Makes what all engines share.
pub fn prepare() {
    LazyLock::force(&MODULE);
}

/// Makes mistaken comparisons errors in an engine.
pub fn register(engine: &mut Engine) {
    // Otherwise Rhai compares numbers and texts itself, and never asks for a function.
    engine.set_fast_operators(false);
    engine.register_global_module(MODULE.clone());
}

fn module() -> Module {
    let text = TypeId::of::<ImmutableString>();
    let numbers = [TypeId::of::<i64>(), TypeId::of::<f64>()];
    let plain = [text, numbers[0], numbers[1], TypeId::of::<bool>(), TypeId::of::<char>()];
    let others = [
        TypeId::of::<Array>(),
        TypeId::of::<Map>(),
        TypeId::of::<FnPtr>(),
        TypeId::of::<StepHandle>(),
        TypeId::of::<StepOutput>(),
        TypeId::of::<ServerHandle>(),
        TypeId::of::<FactsHandle>(),
        TypeId::of::<Params>(),
        TypeId::of::<VarsHandle>(),
    ];
    let (secret, nothing) = (TypeId::of::<SecretRef>(), TypeId::of::<()>());
    let all: Vec<TypeId> = plain.iter().chain(&others).copied().collect();
    let mut module = Module::new();
    let refusal = refusal();
    let mut refuse = |name: &str, a: TypeId, b: TypeId| {
        FuncRegistration::new(name).set_into_module_raw(&mut module, [a, b], refusal.clone());
    };
    for name in EQUAL.iter().chain(&ORDER) {
        for &a in &all {
            for &b in &all {
                // A character is compared as a text of one, and numbers of both kinds are numbers.
                let alike = a == b
                    || numbers.contains(&a) && numbers.contains(&b)
                    || [a, b].iter().all(|one| [text, TypeId::of::<char>()].contains(one));
                if !alike {
                    refuse(name, a, b);
                }
            }
        }
        for &a in all.iter().chain([&secret, &nothing]) {
            refuse(name, secret, a);
            refuse(name, a, secret);
        }
    }
    // Whether there is a value at all is asked with == and !=.
    for name in ORDER {
        for &a in &all {
            refuse(name, a, nothing);
            refuse(name, nothing, a);
        }
        refuse(name, nothing, nothing);
    }
    for (name, holds) in [
        ("<", Ordering::is_lt as fn(Ordering) -> bool),
        ("<=", Ordering::is_le),
        (">", Ordering::is_gt),
        (">=", Ordering::is_ge),
    ] {
        let compare = move |context: NativeCallContext, a: ImmutableString, b: ImmutableString| {
            let order = a.as_str().cmp(b.as_str());
            match is_number(&a) && is_number(&b) && holds(version::compare(&a, &b)) != holds(order) {
                true => Err(Problem::new(format!(
                    "{a:?} {name} {b:?} compares texts, letter by letter, and not numbers"
                ))
                .label("text and text")
                .help("for versions: version_at_least(a, b); for numbers: parse_int(a)")
                .at(&context)),
                false => Ok(holds(order)),
            }
        };
        FuncRegistration::new(name).set_into_module(&mut module, compare);
    }
    module
}

/// `13`, `24.04`.
fn is_number(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit()) && text.chars().all(|c| c.is_ascii_digit() || c == '.')
}

fn refusal() -> rhai::RhaiFunc {
    rhai::RhaiFunc::Pure {
        func: Shared::new(|context: Option<NativeCallContext>, arguments: &mut [&mut Dynamic]| {
            let (a, b) = match arguments {
                [a, b] => (&**a, &**b),
                _ => return Ok(Dynamic::FALSE),
            };
            let problem = problem(a, b);
            Err(match context {
                Some(context) => problem.at(&context),
                None => rhai::EvalAltResult::ErrorRuntime(Dynamic::from(problem), rhai::Position::NONE).into(),
            })
        }),
        has_context: true,
        is_pure: true,
        is_volatile: false,
    }
}

fn problem(a: &Dynamic, b: &Dynamic) -> Problem {
    let kinds = [kind(a), kind(b)];
    if kinds.contains(&"secret") {
        return Problem::new("a secret can't be compared, since a recipe never sees its value")
            .label("compared here")
            .help("test it on the server: ssh::check(\"The secret is set\", \"test -n \\\"$S\\\"\").env(\"S\", secret(\"S\"))");
    }
    let problem = Problem::new(format!(
        "a {} can't be compared with a {}: {} and {}",
        kinds[0],
        kinds[1],
        shown(a),
        shown(b)
    ))
    .label(format!("{} and {}", kinds[0], kinds[1]));
    let has = |one: &str| kinds.contains(&one);
    problem.help(match () {
        () if has("text") && has("number") => {
            "for versions: version_at_least(text, \"11\") or facts.os.major; for numbers: parse_int(text); a parameter has the \
             type of its default, so param(\"port\", 80) is a number"
        }
        () if has("text") && has("bool") => "write the bool without quotes: true",
        () if has("step") || has("output of a step") => "a step runs later, so its result is not known here; ask the server with ssh::query(\"…\")",
        () if has("()") => "() is no value; ask first whether there is one: if x != () { … }, or x ?? 0",
        () => "compare values of the same kind; x == () asks whether there is a value",
    })
}

fn shown(value: &Dynamic) -> String {
    match kind(value) {
        "text" => format!("{:?}", value.to_string().chars().take(30).collect::<String>()),
        "number" | "bool" | "()" => value.to_string(),
        other => format!("the {other}"),
    }
}
