//! The primitives that recipes call, one module per word. They only write into the draft of a plan (and ask read-only
//! questions through its `Answers`): a recipe never acts by itself.
//!
//! The doc comments in here are the reference that `infrakt recipe docs` prints. Every one has an example, and a test
//! evaluates each of them.

pub mod confirm;
pub mod db;
pub mod parameters;
pub mod plan;
pub mod ssh;
pub mod step;

use rhai::{Engine, Shared};

/// Makes the primitives known to an engine.
pub fn register(engine: &mut Engine) {
    engine
        .register_type_with_name::<step::StepHandle>("Step")
        .register_type_with_name::<parameters::SecretRef>("Secret")
        .register_type_with_name::<parameters::Params>("Parameters");
    engine.register_static_module("ssh", Shared::new(rhai::exported_module!(ssh::ssh)));
    engine.register_static_module("db", Shared::new(rhai::exported_module!(db::db)));
    engine.register_static_module("confirm", Shared::new(rhai::exported_module!(confirm::confirm)));
    engine.register_global_module(Shared::new(rhai::exported_module!(step::step)));
    engine.register_global_module(Shared::new(rhai::exported_module!(plan::plan)));
    engine.register_global_module(Shared::new(rhai::exported_module!(parameters::parameters)));
    parameters::forbid_joining_secrets(engine);
}
