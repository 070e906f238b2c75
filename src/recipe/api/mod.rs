//! The primitives that recipes call, one Rust module per Rhai module. They only write into the draft of a plan, and ask
//! read-only questions through its `Answers`: a recipe never acts by itself.
//!
//! The doc comments in here are the reference that `infrakt recipe docs` prints. Every one has an example, and a test
//! evaluates each of them.

mod call;
pub mod confirm;
pub mod copy;
pub mod data;
pub mod db;
mod folder_options;
pub mod given;
pub mod inventory;
pub mod local;
pub mod parameters;
mod pieces;
pub mod plan;
pub mod regex;
pub mod report;
mod shown;
pub mod ssh;
pub mod step;
pub mod text;

use rhai::{Engine, Module, Shared};
use std::collections::BTreeSet;
use std::sync::LazyLock;

/// The modules of primitives.
pub const WORDS: [&str; 9] = [
    "ssh", "local", "db", "confirm", "json", "yaml", "toml", "base64", "regex",
];

/// The primitives in modules, and the global ones; built once for all evaluations.
struct Modules {
    words: [(&'static str, Shared<Module>); WORDS.len()],
    everywhere: [Shared<Module>; 7],
}

static MODULES: LazyLock<Modules> = LazyLock::new(|| {
    let everywhere = [
        Shared::new(step::modifiers()),
        Shared::new(rhai::exported_module!(plan::plan)),
        Shared::new(rhai::exported_module!(parameters::parameters)),
        Shared::new(rhai::exported_module!(given::given)),
        Shared::new(rhai::exported_module!(inventory::inventory)),
        Shared::new(rhai::exported_module!(text::text)),
        Shared::new(rhai::exported_module!(report::report)),
    ];
    Modules {
        words: [
            ("ssh", Shared::new(on_the_server())),
            ("local", Shared::new(rhai::exported_module!(local::local))),
            ("db", Shared::new(rhai::exported_module!(db::db))),
            ("confirm", Shared::new(rhai::exported_module!(confirm::confirm))),
            ("json", Shared::new(rhai::exported_module!(data::json))),
            ("yaml", Shared::new(rhai::exported_module!(data::yaml))),
            ("toml", Shared::new(rhai::exported_module!(data::toml))),
            ("base64", Shared::new(rhai::exported_module!(data::base64))),
            ("regex", Shared::new(rhai::exported_module!(regex::regex))),
        ],
        everywhere,
    }
});

/// `ssh::…`, whose functions are in two files.
fn on_the_server() -> Module {
    let mut module = rhai::exported_module!(ssh::ssh);
    module.combine_flatten(rhai::exported_module!(copy::copy));
    module
}

/// The names of the primitives that are called without a module name.
pub fn names_everywhere() -> &'static BTreeSet<String> {
    static NAMES: LazyLock<BTreeSet<String>> =
        LazyLock::new(|| MODULES.everywhere.iter().flat_map(|module| names_of(module)).collect());
    &NAMES
}

/// The names of the modifiers of a step.
pub fn modifiers() -> &'static BTreeSet<String> {
    static NAMES: LazyLock<BTreeSet<String>> = LazyLock::new(|| {
        let [modifiers, ..] = &MODULES.everywhere;
        names_of(modifiers).collect()
    });
    &NAMES
}

fn names_of(module: &Module) -> impl Iterator<Item = String> {
    let signatures = module.gen_fn_signatures_with_mapper(Into::into);
    signatures.filter_map(|signature| Some(signature.split_once('(')?.0.trim().to_owned()))
}

/// Makes what all engines share.
pub fn prepare() {
    LazyLock::force(&MODULES);
}

/// Registers the primitives with an engine.
pub fn register(engine: &mut Engine) {
    engine
        .register_type_with_name::<step::StepHandle>("Step")
        .register_type_with_name::<step::StepOutput>("Output")
        .register_type_with_name::<parameters::SecretRef>("Secret")
        .register_type_with_name::<parameters::Params>("Parameters")
        .register_type_with_name::<given::ServerHandle>("Server")
        .register_type_with_name::<given::FactsHandle>("Facts")
        .register_type_with_name::<inventory::VarsHandle>("Variables");
    for (word, module) in &MODULES.words {
        engine.register_static_module(*word, module.clone());
    }
    for module in &MODULES.everywhere {
        engine.register_global_module(module.clone());
    }
    parameters::forbid_joining_secrets(engine);
    shown::register(engine);
}
